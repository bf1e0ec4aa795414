"""Who is at the other end: a question that harms no device, and how its answer is read."""

from collections.abc import Callable
from typing import Final, NamedTuple

from fes_ctrl.stimulators.feslink_terms import identity_text
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode4 as sm4


class Hello(NamedTuple):
    """How to find out whether a device speaks a protocol, without a driver session.

    ``question`` must neither start nor change any output, whatever state the device is in; empty
    where the device speaks first. ``recognise`` takes all that has come so far and returns what
    the device says it is, or nothing yet. It is given ``listen_ms``.
    """

    question: bytes
    recognise: Callable[[bytes], str]
    listen_ms: int = 300


ASK_NUMBER: Final = 1


def _p24(data: bytes) -> str:
    for frame in sm4.Decoder().feed(data):
        if frame.command == sm4.GET_DEVICE_ID + 1 and frame.payload[:1] == b"\0":
            return sm4.decode_device_id(frame.payload)
    return ""


P24_HELLO: Final = Hello(sm4.FRAME_ENDS + sm4.get_device_id(ASK_NUMBER), _p24)


def _rehastim2(data: bytes) -> str:
    for frame in sm2.Decoder().feed(data):
        if frame.command == sm2.INIT and len(frame.payload) == 1:
            return f"ScienceMode2 version {frame.payload[0]}"
    return ""


REHASTIM2_HELLO: Final = Hello(b"", _rehastim2, listen_ms=1_800)
"""It says Init every 500 ms, from 1.2 s after the last word of a host, until one takes it up."""


def _feslink(data: bytes) -> str:
    for message in feslink.Decoder().feed(data):
        if isinstance(message, fm.Identity):
            return identity_text(message)
    return ""


FESLINK_HELLO: Final = Hello(b"\0" + feslink.encode(fm.Identify(ASK_NUMBER)), _feslink)
