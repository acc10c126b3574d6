"""What a decoder has to know before the first macroblock: parameter sets (7.3.2.1, 7.3.2.2) and slice headers (7.3.3).

A sequence parameter set (SPS) is about the whole video, a picture parameter set (PPS) about each picture, and a slice
header about one; here a picture is always one slice.
"""

from typing import Final

import numpy as np

from gpu_worker.pictures.h264 import bits
from gpu_worker.pictures.h264.geometry import HORIZONTAL_BITS, VERTICAL_BITS, Geometry

QP: Final = 22
"""Quantisation of a macroblock (8.5): with each 6 more, steps are twice as large. Why 22: see `lattice`."""

CHROMA_QP_OFFSET: Final = -12

_START_CODE: Final = b"\0\0\0\1"
_CONSTRAINED_BASELINE: Final = (66, 0b11000000)
_SQUARE: Final = 1
_BT709: Final = 1
_P, _I = 5, 7
_IDR: Final = 5

# nal_ref_idc and nal_unit_type (7.4.1): later pictures may refer to each of these.
UNIT_OF_SPS: Final = 0x67
UNIT_OF_PPS: Final = 0x68
UNIT_OF_KEY: Final = 0x65
UNIT_OF_P: Final = 0x41

FRAME_NUMBERS: Final = 256
"""frame_num counts up to this (log2_max_frame_num) and begins again."""


class Syntax:
    """A header in the making, as text of zeros and ones."""

    def __init__(self) -> None:
        self.text = ""

    def u(self, count: int, value: int) -> None:
        """Append a number of so many bits."""
        self.text += f"{value:0{count}b}"

    def ue(self, *values: int) -> None:
        """Append Exp-Golomb codes of numbers from 0."""
        for value in values:
            digits = f"{value + 1:b}"
            self.text += "0" * (len(digits) - 1) + digits

    def se(self, value: int) -> None:
        """Append the Exp-Golomb code of a number of either sign."""
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def flags(self, *values: bool | int) -> None:
        """Append a bit each."""
        self.text += "".join("1" if value else "0" for value in values)

    def closed(self) -> bytes:
        """Give it as bytes, ended by rbsp_trailing_bits."""
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def unit(kind: int, payload: bytes) -> bytes:
    """Make a NAL unit with its start code (Annex B)."""
    room = np.empty(len(payload) * 3 // 2 + 1, np.uint8)
    size = bits.escape(np.frombuffer(payload, np.uint8), room)
    return _START_CODE + bytes([kind]) + room[:size].tobytes()


def sequence(geometry: Geometry, level: int) -> bytes:
    """Write the SPS."""
    out = Syntax()
    for value in (*_CONSTRAINED_BASELINE, level):
        out.u(8, value)
    out.ue(0)  # seq_parameter_set_id
    out.ue(FRAME_NUMBERS.bit_length() - 1 - 4)  # log2_max_frame_num_minus4
    out.ue(2)  # pic_order_cnt_type: frames are shown in the order in which they are decoded
    out.ue(1)  # max_num_ref_frames
    out.flags(0)  # gaps_in_frame_num_value_allowed_flag
    out.ue(geometry.coded_columns - 1, geometry.rows - 1)
    out.flags(1, 1)  # frame_mbs_only_flag, direct_8x8_inference_flag
    out.flags(1)  # frame_cropping_flag, then in pairs of pixels: left, right, top, bottom
    hidden_right = geometry.coded_columns * 16 - geometry.shown_width
    hidden_below = geometry.rows * 16 - geometry.shown_height
    out.ue(0, hidden_right // 2, 0, hidden_below // 2)
    out.flags(1)
    _usability(out)
    return unit(UNIT_OF_SPS, out.closed())


def _usability(out: Syntax) -> None:
    """Say how to show it (VUI, E.1.1). Nothing of its frame rate: times are the container's."""
    out.flags(1)  # aspect_ratio_info_present_flag
    out.u(8, _SQUARE)
    out.flags(0)  # overscan_info_present_flag
    out.flags(1)  # video_signal_type_present_flag
    out.u(3, 5)  # video_format: unspecified
    out.flags(0, 1)  # video_full_range_flag, colour_description_present_flag
    for _ in ("primaries", "transfer", "matrix"):
        out.u(8, _BT709)
    out.flags(0, 0, 0, 0, 0)  # positions of chroma, timing, both HRD, pic_struct_present_flag
    out.flags(1)  # bitstream_restriction_flag
    out.flags(0)  # motion_vectors_over_pic_boundaries_flag
    out.ue(0, 0)  # max_bytes_per_pic_denom, max_bits_per_mb_denom: not said
    out.ue(HORIZONTAL_BITS, VERTICAL_BITS)
    out.ue(0)  # max_num_reorder_frames
    out.ue(1)  # max_dec_frame_buffering


def picture() -> bytes:
    """Write the PPS."""
    out = Syntax()
    out.ue(0, 0)  # pic_parameter_set_id, seq_parameter_set_id
    out.flags(0, 0)  # entropy_coding_mode_flag: CAVLC; bottom_field_pic_order_in_frame_present_flag
    out.ue(0)  # num_slice_groups_minus1
    out.ue(0, 0)  # num_ref_idx_l0_default_active_minus1 and l1: one picture to refer to
    out.flags(0)  # weighted_pred_flag
    out.u(2, 0)  # weighted_bipred_idc
    out.se(QP - 26)  # pic_init_qp_minus26
    out.se(0)  # pic_init_qs_minus26
    out.se(CHROMA_QP_OFFSET)
    out.flags(1, 0, 0)  # deblocking_filter_control_present_flag, constrained_intra_pred_flag, redundant pictures
    return unit(UNIT_OF_PPS, out.closed())


def key_slice(idr_id: int) -> Syntax:
    """Begin a slice of a key frame. Of two keys in succession, each has another `idr_id` (7.4.3)."""
    out = _slice(_I, frame_number=0)
    out.ue(idr_id)
    out.flags(0, 0)  # no_output_of_prior_pics_flag, long_term_reference_flag
    return _without_deblocking(out)


def p_slice(frame_number: int) -> Syntax:
    """Begin a slice of any other frame."""
    out = _slice(_P, frame_number=frame_number)
    out.flags(0)  # num_ref_idx_active_override_flag
    out.flags(0)  # ref_pic_list_modification_flag_l0
    out.flags(0)  # adaptive_ref_pic_marking_mode_flag
    return _without_deblocking(out)


def _slice(kind: int, *, frame_number: int) -> Syntax:
    out = Syntax()
    out.ue(0, kind, 0)  # first_mb_in_slice, slice_type, pic_parameter_set_id
    out.u(FRAME_NUMBERS.bit_length() - 1, frame_number)
    return out


def _without_deblocking(out: Syntax) -> Syntax:
    out.se(0)  # slice_qp_delta
    out.ue(1)  # disable_deblocking_filter_idc
    return out
