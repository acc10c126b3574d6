"""Which files are made of a video."""

import av

from functions.core.jobs.ascii_options import Engine
from gpu_worker.pictures.h264.encoder import DirectEncoder
from gpu_worker.pictures.h264.frame import VideoEncoder
from gpu_worker.pictures.palette import rgb
from gpu_worker.pictures.sinks.cast import CastSink
from gpu_worker.pictures.sinks.gif import GifSink
from gpu_worker.pictures.sinks.mp4 import Mp4Sink
from gpu_worker.pictures.sinks.png import PngSink
from gpu_worker.pictures.sinks.sink import Scene, Sink
from gpu_worker.pictures.sinks.text import TextSink
from gpu_worker.pictures.sinks.x264 import X264Encoder


def sinks_for(scene: Scene, sound: av.AudioStream | None) -> list[Sink]:
    """Return one for each file that is asked for."""
    wanted = scene.options
    sinks: list[Sink] = []
    if wanted.save_mp4:
        sinks.append(Mp4Sink(scene, _encoder(scene), sound))
    if wanted.save_png:
        sinks.append(PngSink(scene))
    if wanted.save_txt:
        sinks.append(TextSink(scene))
    if wanted.save_gif:
        sinks.append(GifSink(scene))
    if wanted.save_cast:
        sinks.append(CastSink(scene))
    return sinks


def _encoder(scene: Scene) -> VideoEncoder:
    text, background = rgb(scene.options.text_color), rgb(scene.options.bg_color)
    if scene.layout.engine is Engine.DIRECT:
        return DirectEncoder(scene.layout, scene.atlas, text=text, background=background, rate=scene.rate)
    return X264Encoder(scene.layout, scene.atlas, text=text, background=background, crf=scene.options.crf)
