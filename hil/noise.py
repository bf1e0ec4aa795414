"""What a bad line makes of a write: bits flipped, cut short, spliced with another, doubled."""

from random import Random
from typing import Final

FLIPS_MAX: Final = 8


def damaged(data: bytes, before: bytes, random: Random) -> bytes:
    """Return what arrives of a write.

    Parameters
    ----------
    data, before : bytes
        The write, and the one before it on the same wire.
    random : random.Random
        Draws kind and place.
    """
    kind = int(random.random() * 4)
    if kind == 0:
        bits = bytearray(data)
        for _ in range(1 + int(random.random() * FLIPS_MAX)):
            position = int(random.random() * len(bits) * 8)
            bits[position // 8] ^= 1 << (position % 8)
        return bytes(bits)
    cut = int(random.random() * len(data))
    if kind == 1:
        return data[:cut]
    if kind == 2:
        return before[: len(before) // 2] + data[cut:]
    return data + data
