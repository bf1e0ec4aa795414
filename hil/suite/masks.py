"""What a device says, said as another one would say it, or once more to a number nobody asked with.

A mask is made for one line and fed what comes on it, in any pieces; the frames are whole again
behind it.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from fes_ctrl.wire import feslink, sciencemode2, sciencemode4
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode4_answers as answers
from firmware_sim.devices.p24 import BUILD, OTHER_NAME, VERSIONS
from hil.suite.bench import Who

OTHER_SERIAL: Final = int.from_bytes(b"SIMF0009", "little")
OTHER_NUMBER: Final = 17
"""So far from a frame's own number that no frame under way has it."""

Mask: TypeAlias = Callable[[bytes], bytes]


def _p24(who: Who) -> Mask:
    decoder = sciencemode4.Decoder()

    def worn(data: bytes) -> bytes:
        out = b""
        for number, command, payload in decoder.feed(data):
            body = payload
            if command == sciencemode4.GET_DEVICE_ID + 1 and who == "another":
                body = bytes((sciencemode4.NO_ERROR,)) + OTHER_NAME
            elif command == sciencemode4.GET_EXTENDED_VERSION + 1 and who == "other firmware":
                newer = VERSIONS._replace(firmware=(9, 9, 9))
                body = answers.encode_extended_version(sciencemode4.NO_ERROR, newer, BUILD)
            out += sciencemode4.encode(number, command, body)
        return out

    return worn


def _feslink(who: Who) -> Mask:
    decoder = feslink.Decoder()

    def worn(data: bytes) -> bytes:
        out = b""
        for message in decoder.feed(data):
            if isinstance(message, fm.Identity) and who == "another":
                out += feslink.encode(message._replace(serial=OTHER_SERIAL))
            elif isinstance(message, fm.Identity) and who == "other firmware":
                out += feslink.encode(message._replace(firmware_patch=9))
            else:
                out += feslink.encode(message)
        return out

    return worn


def _rehastim2(who: Who) -> Mask:
    decoder = sciencemode2.Decoder()

    def worn(data: bytes) -> bytes:
        out = b""
        for number, command, payload in decoder.feed(data):
            if command == sciencemode2.INIT and who == "other firmware":
                out += sciencemode2.init(number, sciencemode2.VERSION + 1)
            else:
                out += sciencemode2.encode(number, command, payload)
        return out

    return worn


def _p24_strays() -> Mask:
    decoder = sciencemode4.Decoder()

    def worn(data: bytes) -> bytes:
        return b"".join(
            sciencemode4.encode((number + OTHER_NUMBER) % 64, command, payload)
            for number, command, payload in decoder.feed(data)
        )

    return worn


def _feslink_strays() -> Mask:
    decoder = feslink.Decoder()

    def worn(data: bytes) -> bytes:
        out = b""
        for message in decoder.feed(data):
            if isinstance(message, fm.Status | fm.Account) and message.number:
                out += feslink.encode(message._replace(number=_other(message.number)))
        return out

    return worn


def _other(number: int) -> int:
    return (number + OTHER_NUMBER) % 62 + 1


def _rehastim2_strays() -> Mask:
    decoder = sciencemode2.Decoder()

    def worn(data: bytes) -> bytes:
        return b"".join(
            sciencemode2.encode((number + OTHER_NUMBER) % 256, command, payload)
            for number, command, payload in decoder.feed(data)
        )

    return worn


MASKS: Final[dict[str, Callable[[Who], Mask]]] = {
    "p24": _p24,
    "feslink": _feslink,
    "rehastim2": _rehastim2,
}
"""How each device's answers read where another one gives them; a RehaStim2 has no serial number."""

STRAYS: Final[dict[str, Callable[[], Mask]]] = {
    "p24": _p24_strays,
    "feslink": _feslink_strays,
    "rehastim2": _rehastim2_strays,
}
"""Each answer once more, with another number."""

NAMELESS: Final = frozenset({"rehastim2"})
"""Devices of which the protocol cannot tell one from another."""
