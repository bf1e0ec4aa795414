"""Framing of HASOMED's ScienceMode2: byte stuffing, length, CRC-8, resynchronisation.

A frame is ``F0``, CRC and length behind an ``81`` each, the stuffed number, command and data,
``0F``. The length counts the stuffed bytes, the CRC (polynomial 07, start 0) covers them. Eight
bits of CRC let about one in 256 of badly damaged frames through; the length and the commands'
own shapes stop most of those.

References
----------
HASOMED ScienceMode2 protocol description (github.com/ScienceMode/ScienceMode2).
"""

from typing import Final, NamedTuple

from fes_ctrl.wire.stuffing import END_BYTE, ESCAPE, MASK, START, START_BYTE, stuff, unstuff

HEADER_LENGTH: Final = 5
DATA_MAX: Final = 60
BODY_MAX: Final = 2 * (2 + DATA_MAX)
"""Every byte of the longest message escaped."""

POLYNOMIAL: Final = 0x07
DAMAGED_KEPT: Final = 16


def _table() -> bytes:
    table = bytearray(256)
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = ((crc << 1) ^ POLYNOMIAL) & 0xFF if crc & 0x80 else crc << 1
        table[value] = crc
    return bytes(table)


_TABLE: Final = _table()


class Frame(NamedTuple):
    """One message: packet number 0-255, command 0-255, and the data behind them."""

    number: int
    command: int
    payload: bytes


def crc8(data: bytes) -> int:
    """Return the check of some bytes: polynomial 07, start 0, nothing reflected."""
    table = _TABLE
    crc = 0
    for byte in data:
        crc = table[crc ^ byte]
    return crc


def encode(number: int, command: int, payload: bytes = b"") -> bytes:
    """Return one frame as it goes on the wire.

    Parameters
    ----------
    number : int
        Packet number, 0-255.
    command : int
        0-255.
    payload : bytes
        Data behind it, at most 60 bytes.

    Raises
    ------
    ValueError
        If a number is out of range or there is too much data.
    """
    if not 0 <= number <= 255:
        message = f"packet number {number}: must be 0 to 255"
        raise ValueError(message)
    if not 0 <= command <= 255:
        message = f"command {command}: must be 0 to 255"
        raise ValueError(message)
    if len(payload) > DATA_MAX:
        message = f"{len(payload)} bytes of data: at most {DATA_MAX} fit"
        raise ValueError(message)
    body = stuff(bytes((number, command)) + payload)
    table = _TABLE
    crc = 0
    for byte in body:
        crc = table[crc ^ byte]
    return bytes((START, ESCAPE, crc ^ MASK, ESCAPE, len(body) ^ MASK)) + body + b"\x0f"


class Decoder:
    """Takes a byte stream in any pieces and gives the frames whose length and CRC are right.

    The header is read by position, since CRC and length behind their escapes may themselves be
    ``F0`` or ``0F``; the body ends at the next bare ``0F``, and a bare ``F0`` in it drops the
    partial frame. After anything that cannot be a frame the search goes on with the next byte,
    so a damaged frame never hides the one behind it.

    Attributes
    ----------
    rejected : int
        Candidates that began like a frame and were not one.
    junk : int
        Bytes that belonged to no frame.
    damaged : list of Frame
        What the last rejected ones of right shape and wrong check seem to have said: a device
        answers those with an error. For whoever wants them, and empties the list.
    """

    __slots__ = ("_buffer", "damaged", "junk", "rejected")

    def __init__(self) -> None:
        self._buffer = b""
        self.rejected = 0
        self.junk = 0
        self.damaged: list[Frame] = []

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
            end = _body_end(buffer, position, size)
            if end == WAIT:
                break
            frame = None if end == NONE else self._frame(buffer, position, end)
            if frame is None:
                self.rejected += 1
                self.junk += 1
                position += 1
                continue
            frames.append(frame)
            position = end + 1
        self._buffer = buffer[position:]
        return frames

    def _frame(self, buffer: bytes, position: int, end: int) -> Frame | None:
        body = buffer[position + HEADER_LENGTH : end]
        plain = unstuff(body)
        if plain is None or not 2 <= len(plain) <= DATA_MAX + 2:
            return None
        frame = Frame(plain[0], plain[1], plain[2:])
        if buffer[position + 2] ^ MASK == crc8(body) and buffer[position + 4] ^ MASK == len(body):
            return frame
        if buffer[position + 2] != START != buffer[position + 4]:
            # With one in it, what looks like a header may be half a frame before a whole one.
            self.damaged.append(frame)
            del self.damaged[:-DAMAGED_KEPT]
        return None


WAIT: Final = 0
NONE: Final = -1


def _body_end(buffer: bytes, position: int, size: int) -> int:
    """Return where a candidate's end byte is; ``WAIT`` if it may yet come, ``NONE`` if not."""
    available = size - position
    if available > 1 and buffer[position + 1] != ESCAPE:
        return NONE
    if available > 3 and buffer[position + 3] != ESCAPE:
        return NONE
    start = position + HEADER_LENGTH
    end = buffer.find(END_BYTE, start)
    if START in buffer[start : size if end == -1 else end]:
        return NONE
    if end != -1:
        return end
    return WAIT if size - start <= BODY_MAX else NONE
