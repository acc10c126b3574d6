"""What FFmpeg may be used for. It knows hundreds of formats; those of old games are read by nobody but attackers."""

import functools
from typing import Final

import av

# Playlists and lists of files (hls, concat, dash, sdp, image2 ...) name other files and hosts, and FFmpeg opens them
# even when it was given a file object. They are not on this list, so that FFmpeg refuses before it reads what they
# name.
CONTAINERS: Final = (
    "apng,asf,av1,avi,dv,flv,gif,h261,h263,h264,hevc,ivf,m4v,matroska,webm,mjpeg,mov,mp4,m4a,3gp,3g2,mj2"
    ",mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,rm,vc1,vvc,webp,yuv4mpegpipe"
    # Stills.
    ",bmp_pipe,gif_pipe,j2k_pipe,jpeg_pipe,pam_pipe,pbm_pipe,pgm_pipe,png_pipe,ppm_pipe,qoi_pipe,tiff_pipe"
    ",webp_pipe"
    # Sound, so that it is told what it is.
    ",aac,ac3,aiff,amr,ape,caf,dts,eac3,flac,mp3,w64,wav,wv"
)


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


PICTURES: Final = _names(
    "apng av1 bmp cfhd cinepak dnxhd dvvideo ffv1 ffvhuff flashsv flashsv2 flv1 gif h261 h263 h263p h264 hap hevc",
    "huffyuv jpeg2000 magicyuv mjpeg mjpegb mpeg1video mpeg2video mpeg4 msmpeg4v1 msmpeg4v2",
    "msmpeg4v3 msrle msvideo1 pam pbm pgm png ppm prores prores_raw qoi qtrle rawvideo rpza rv10 rv20 rv30 rv40 smc",
    "svq1 svq3 theora tiff tscc tscc2 utvideo v210 v408 v410 vc1 vp6 vp6a vp6f vp7 vp8 vp9 vvc webp wmv1 wmv2 wmv3",
    "wrapped_avframe zmbv",
)
SOUNDS: Final = _names(
    "aac aac_latm ac3 adpcm_ima_qt adpcm_ima_wav adpcm_ms adpcm_swf alac amr_nb amr_wb ape cook dts eac3 flac gsm",
    "gsm_ms mlp mp1 mp2 mp3 nellymoser opus sipr speex truehd tta vorbis wavpack wmalossless wmapro wmav1 wmav2",
)


def is_known_sound(codec: str) -> bool:
    """Whether sound of this codec is read."""
    return codec in SOUNDS or codec.startswith("pcm_")


@functools.cache
def decoders_of_sound() -> str:
    """Return the names of FFmpeg's decoders for it, as FFmpeg wants them."""
    return ",".join(sorted(name for name in av.codecs_available if _is_decoder_of_sound(name)))


def _is_decoder_of_sound(name: str) -> bool:
    try:
        codec = av.Codec(name, "r")
    except ValueError:
        return False
    return codec.type == "audio" and is_known_sound(codec.canonical_name)
