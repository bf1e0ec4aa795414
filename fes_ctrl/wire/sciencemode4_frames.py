"""Framing of HASOMED's ScienceMode3 and 4: byte stuffing, length, CRC, resynchronisation.

A frame is ``F0``, four escaped header bytes (length and CRC, each behind ``81``), the stuffed
head and data, ``0F``. The length counts the whole frame as it is on the wire; the CRC (XMODEM:
polynomial 1021, start 0) covers the stuffed head and data.

References
----------
HASOMED ScienceMode4 C library, packet layer (github.com/ScienceMode/ScienceMode4_c_library).
"""

from binascii import crc_hqx
from typing import Final, NamedTuple

from fes_ctrl.units import made
from fes_ctrl.wire.stuffing import END, END_BYTE, ESCAPE, MASK, START, START_BYTE, stuff, unstuff

HEADER_LENGTH: Final = 9
MIN_FRAME: Final = 12
MAX_FRAME: Final = 1200

_HEADER: Final = 0xF0_8155_8155_8155_8155

_INCOMPLETE: Final = 0
_NO_HEADER: Final = -1
"""Lengths that are none: the header is not all there yet, or is none."""


class Frame(NamedTuple):
    """One message: packet number 0-63, command, and the data behind the head."""

    number: int
    command: int
    payload: bytes


def encode(number: int, command: int, payload: bytes = b"") -> bytes:
    """Return one frame as it goes on the wire.

    Parameters
    ----------
    number : int
        Packet number, 0-63.
    command : int
        0-1023.
    payload : bytes
        Data behind the head.

    Raises
    ------
    ValueError
        If a number is out of range or the frame would be too long.
    """
    if not 0 <= number <= 63:
        message = f"packet number {number}: must be 0 to 63"
        raise ValueError(message)
    if not 0 <= command <= 1023:
        message = f"command {command}: must be 0 to 1023"
        raise ValueError(message)
    head = (number << 10) | command
    body = stuff(bytes((head >> 8, head & 0xFF)) + payload)
    length = len(body) + HEADER_LENGTH + 1
    if length > MAX_FRAME:
        message = f"a frame of {length} bytes: at most {MAX_FRAME} fit"
        raise ValueError(message)
    # Each of the four bytes stands behind an escape and is masked: one exclusive or for all.
    header = _HEADER ^ ((length & 0xFF00) << 40 | (length & 0xFF) << 32)
    crc = crc_hqx(body, 0)
    header ^= (crc & 0xFF00) << 8 | crc & 0xFF
    return header.to_bytes(HEADER_LENGTH, "big") + body + END_BYTE


class Decoder:
    """Takes a byte stream in any pieces and gives the frames whose length and CRC are right.

    The header is read by position, not by looking for start and end bytes, since a header byte
    behind its escape may itself be ``F0`` or ``0F``. After anything that cannot be a frame the
    search goes on with the next byte, so a damaged frame never hides the one behind it.

    Attributes
    ----------
    rejected : int
        Candidates that began like a frame and were not one.
    junk : int
        Bytes that belonged to no frame.
    """

    __slots__ = ("_buffer", "junk", "rejected")

    def __init__(self) -> None:
        self._buffer = b""
        self.rejected = 0
        self.junk = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes; return the frames they complete, oldest first."""
        buffer = self._buffer + data
        frames: list[Frame] = []
        position = 0
        size = len(buffer)
        while position < size:
            if buffer[position] != START:
                start = buffer.find(START_BYTE, position)
                if start == -1:
                    start = size
                self.junk += start - position
                position = start
                continue
            length = _frame_length(buffer, position, size)
            if length == _INCOMPLETE:
                break
            frame = None
            if length != _NO_HEADER:
                if size - position >= length:
                    frame = _frame(buffer, position, length)
                elif _may_go_on(buffer, position + HEADER_LENGTH):
                    # An unfinished frame is waited for, unless its bytes cannot be a frame's.
                    break
            if frame is None:
                self.rejected += 1
                self.junk += 1
                position += 1
                continue
            frames.append(frame)
            position += length
        self._buffer = buffer[position:]
        return frames


def _frame_length(buffer: bytes, position: int, size: int) -> int:
    """Return the length that a header states; or that it is not complete, or none."""
    available = size - position
    if available < HEADER_LENGTH:
        for offset in (1, 3, 5, 7):
            if offset < available and buffer[position + offset] != ESCAPE:
                return _NO_HEADER
        return _INCOMPLETE
    if (
        buffer[position + 1] != ESCAPE
        or buffer[position + 3] != ESCAPE
        or buffer[position + 5] != ESCAPE
        or buffer[position + 7] != ESCAPE
    ):
        return _NO_HEADER
    length = ((buffer[position + 2] ^ MASK) << 8) | (buffer[position + 4] ^ MASK)
    return length if MIN_FRAME <= length <= MAX_FRAME else _NO_HEADER


def _may_go_on(buffer: bytes, start: int) -> bool:
    """Return whether the part of a frame that is here holds no bare start or end byte."""
    body = buffer[start:]
    return START not in body and END not in body


def _frame(buffer: bytes, position: int, length: int) -> Frame | None:
    end = position + length - 1
    if buffer[end] != END:
        return None
    body = buffer[position + HEADER_LENGTH : end]
    if START in body or END in body:
        return None
    crc = ((buffer[position + 6] ^ MASK) << 8) | (buffer[position + 8] ^ MASK)
    if crc_hqx(body, 0) != crc:
        return None
    plain = unstuff(body)
    if plain is None or len(plain) < 2:
        return None
    head = (plain[0] << 8) | plain[1]
    return made(Frame, (head >> 10, head & 0x3FF, plain[2:]))
