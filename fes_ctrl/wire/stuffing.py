"""Byte stuffing of HASOMED's ScienceMode, the same in its second, third and fourth edition.

A frame begins with ``F0`` and ends with ``0F``. Inside, these and the escape itself stand as
``81`` and the byte masked with ``55``; some bytes of a header always do.

References
----------
HASOMED ScienceMode2 protocol description; ScienceMode4 C library, packet layer
(github.com/ScienceMode).
"""

from typing import Final

START: Final = 0xF0
END: Final = 0x0F
ESCAPE: Final = 0x81
MASK: Final = 0x55

START_BYTE: Final = bytes((START,))
END_BYTE: Final = bytes((END,))

FRAME_ENDS: Final = bytes((END, END))
"""Ends whatever half frame may be on the line, so that the next frame is understood."""


def stuff(data: bytes) -> bytes:
    """Return ``data`` with every special byte escaped."""
    if ESCAPE in data:
        data = data.replace(b"\x81", b"\x81\xd4")
    if START in data:
        data = data.replace(b"\xf0", b"\x81\xa5")
    if END in data:
        data = data.replace(b"\x0f", b"\x81\x5a")
    return data


def unstuff(data: bytes) -> bytes | None:
    """Return ``data`` without its escapes; ``None`` where an escape ends the data."""
    if ESCAPE not in data:
        return data
    parts = data.split(b"\x81")
    out = bytearray(parts[0])
    for part in parts[1:]:
        # After an escape stands at least the escaped byte, itself never an escape.
        if not part:
            return None
        out.append(part[0] ^ MASK)
        out += part[1:]
    return bytes(out)
