"""Frames of feslink: zero-free bodies between zeros, CRC-32 over what is on the wire.

A frame is the body stuffed with COBS, five check bytes and a zero. A zero stands nowhere else, so
a receiver that has lost its place finds it with the next frame. The check covers the stuffed
bytes: a flipped bit of the line is a flipped bit of the code word. Each type has one length.

References
----------
Cheshire S., Baker M., Consistent Overhead Byte Stuffing, IEEE/ACM Trans. Networking 7(2), 1999.
"""

import struct
from binascii import crc32
from collections.abc import Callable
from typing import Final

from fes_ctrl.wire import feslink_messages as fm

ZERO: Final = b"\x00"
CHECK_LENGTH: Final = 5
MAX_BODY: Final = 32
MAX_FRAME: Final = 1 + MAX_BODY + CHECK_LENGTH
"""Bytes between two zeros at most."""

_LENGTH_CODES: Final = tuple([bytes((length + 1,)) for length in range(MAX_BODY + 1)])
_TYPE_BYTES: Final = tuple([bytes((code,)) for code in range(256)])
_STOP_BODY: Final = bytes((fm.STOP,)) + fm.STOP_WORD

_Make = Callable[[tuple[int, ...]], fm.Message]

_TYPE_OF: Final[dict[type, int]] = {
    fm.Identify: fm.IDENTIFY,
    fm.AskCapabilities: fm.CAPABILITIES,
    fm.AskLimits: fm.LIMITS,
    fm.AskStatus: fm.STATUS,
    fm.Offer: fm.OFFER,
    fm.Arm: fm.ARM,
    fm.Clear: fm.CLEAR,
    fm.Keep: fm.KEEP,
    fm.Setpoint: fm.SETPOINT,
    fm.Identity: fm.ANSWER | fm.IDENTIFY,
    fm.DeviceCapabilities: fm.ANSWER | fm.CAPABILITIES,
    fm.DeviceLimits: fm.ANSWER | fm.LIMITS,
    fm.Offered: fm.ANSWER | fm.OFFER,
}
_MAKE: Final[dict[int, _Make]] = {
    fm.IDENTIFY: fm.Identify._make,
    fm.CAPABILITIES: fm.AskCapabilities._make,
    fm.LIMITS: fm.AskLimits._make,
    fm.STATUS: fm.AskStatus._make,
    fm.OFFER: fm.Offer._make,
    fm.ARM: fm.Arm._make,
    fm.CLEAR: fm.Clear._make,
    fm.KEEP: fm.Keep._make,
    fm.SETPOINT: fm.Setpoint._make,
    fm.ANSWER | fm.IDENTIFY: fm.Identity._make,
    fm.ANSWER | fm.CAPABILITIES: fm.DeviceCapabilities._make,
    fm.ANSWER | fm.LIMITS: fm.DeviceLimits._make,
    fm.ANSWER | fm.OFFER: fm.Offered._make,
}
_MAKE_ASKED: Final[dict[int, _Make]] = {
    fm.ANSWER | fm.STATUS: fm.Status._make,
    fm.ANSWER | fm.STOP: fm.Status._make,
    fm.ANSWER | fm.ARM: fm.Status._make,
    fm.ANSWER | fm.CLEAR: fm.Status._make,
    fm.ANSWER | fm.UNKNOWN: fm.Status._make,
    fm.ANSWER | fm.SETPOINT: fm.Account._make,
    fm.ANSWER | fm.KEEP: fm.Account._make,
}
"""Answers whose first field is the type that they answer."""

_ANSWERS: Final[dict[type, tuple[int, ...]]] = {
    fm.Status: (0x80 | fm.STATUS, 0x80 | fm.STOP, 0x80 | fm.ARM, 0x80 | fm.CLEAR, 0xFF),
    fm.Account: (0x80 | fm.SETPOINT, 0x80 | fm.KEEP),
}


# -- framing ------------------------------------------------------------------------------------


def stuff(body: bytes) -> bytes:
    """Return ``body`` without zeros: each has become the distance to the next, one byte longer."""
    return b"".join([_LENGTH_CODES[len(part)] + part for part in body.split(ZERO)])


def unstuff(stuffed: bytes) -> bytes | None:
    """Return the body; ``None`` where the distances do not end with the bytes."""
    plain = bytearray(stuffed)
    end = len(plain)
    place = 0
    while place < end:
        distance = plain[place]
        if not distance:
            return None
        plain[place] = 0
        place += distance
    return bytes(plain[1:]) if place == end else None


def check_of(stuffed: bytes) -> bytes:
    """Return the five check bytes: CRC-32 in groups of seven bits, the lowest first, each | 80."""
    crc = crc32(stuffed)
    spread = (
        (crc & 0x7F)
        | (crc & 0x3F80) << 1
        | (crc & 0x1F_C000) << 2
        | (crc & 0xFE0_0000) << 3
        | (crc & 0xF000_0000) << 4
        | 0x80_8080_8080
    )
    return spread.to_bytes(5, "little")


def frame_of(body: bytes) -> bytes:
    """Return a body as it goes on the wire, the ending zero included.

    Raises
    ------
    ValueError
        If it is empty or too long.
    """
    if not 0 < len(body) <= MAX_BODY:
        message = f"a body of {len(body)} bytes: must be 1 to {MAX_BODY}"
        raise ValueError(message)
    stuffed = stuff(body)
    return stuffed + check_of(stuffed) + ZERO


def body_of(frame: bytes) -> bytes | None:
    """Return the body of what stood between two zeros; ``None`` where it is no whole frame."""
    if not CHECK_LENGTH + 2 <= len(frame) <= MAX_FRAME:
        return None
    stuffed = frame[:-CHECK_LENGTH]
    if check_of(stuffed) != frame[-CHECK_LENGTH:]:
        return None
    return unstuff(stuffed)


STOP_FRAME: Final = frame_of(_STOP_BODY)
STOP_BYTES: Final = ZERO + STOP_FRAME + ZERO + STOP_FRAME
"""Works in any state: the zero ends whatever half frame is on the line, and damage to one of the
two, its ending zero included, leaves the other."""


# -- messages -----------------------------------------------------------------------------------


def type_of(message: fm.Message) -> int:
    """Return a message's type, as its first byte says it."""
    if isinstance(message, (fm.Status, fm.Account)):
        return fm.ANSWER | message.asked
    if isinstance(message, fm.Unknown):
        return message.type
    return _TYPE_OF.get(type(message), fm.STOP)


def encode(message: fm.Message) -> bytes:
    """Return a message as it goes on the wire.

    Parameters
    ----------
    message : Message
        Any but ``Unknown``.

    Raises
    ------
    ValueError
        If a field does not fit: which one, and what may stand there.
    """
    values: tuple[int, ...] = message
    code = _TYPE_OF.get(type(message), 0)
    if not code:
        if isinstance(message, fm.Stop):
            return STOP_FRAME
        code = fm.ANSWER | values[0]
        if code not in _ANSWERS.get(type(message), ()):
            text = f"a {type(message).__name__} for type {values[0]}: it has no such layout"
            raise ValueError(text)
        values = values[1:]
    for place, field in fm.NARROWED[code]:
        if not field.least <= values[place] <= field.most:
            raise _misfit(code, values)
    try:
        body = _TYPE_BYTES[code] + fm.STRUCTS[code].pack(*values)
    except struct.error:
        raise _misfit(code, values) from None
    # As frame_of, whose check of the length no layout can fail.
    stuffed = b"".join([_LENGTH_CODES[len(part)] + part for part in body.split(ZERO)])
    return stuffed + check_of(stuffed) + ZERO


def _misfit(code: int, values: tuple[int, ...]) -> ValueError:
    for field, value in zip(fm.LAYOUTS[code], values, strict=True):
        if not field.least <= value <= field.most:
            return ValueError(f"{field.name} = {value}: must be {field.least} to {field.most}")
    return ValueError(f"message {code:02X}: a field is no integer")


def decode(body: bytes) -> fm.Message:
    """Return the message of a body whose check was right."""
    code = body[0]
    layout = fm.STRUCTS.get(code)
    if layout is None:
        if body == _STOP_BODY:
            return fm.Stop()
    elif len(body) == layout.size + 1:
        values = layout.unpack_from(body, 1)
        for place, field in fm.NARROWED[code]:
            if not field.least <= values[place] <= field.most:
                break
        else:
            make = _MAKE.get(code)
            if make is not None:
                return make(values)
            return _MAKE_ASKED[code]((code & 0x7F, *values))
    return fm.Unknown(code, body[1] if len(body) > 1 else 0)


class Decoder:
    """Takes a byte stream in any pieces and gives the messages whose check is right.

    Attributes
    ----------
    rejected : int
        What stood between two zeros and was no whole frame.
    """

    __slots__ = ("_rest", "rejected")

    def __init__(self) -> None:
        self._rest = b""
        self.rejected = 0

    def feed(self, data: bytes) -> list[fm.Message]:
        """Take bytes; return the messages they complete, oldest first."""
        parts = (self._rest + data).split(ZERO)
        # What is too long already stays so, and need not be kept whole.
        self._rest = parts.pop()[: MAX_FRAME + 1]
        found: list[fm.Message] = []
        for part in parts:
            if not part:
                continue
            body = body_of(part)
            if body is None:
                self.rejected += 1
            else:
                found.append(decode(body))
        return found
