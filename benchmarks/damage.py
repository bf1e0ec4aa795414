"""What a line does to frames: each way takes a frame, the next one, and chance."""

from collections.abc import Callable
from random import Random

Way = Callable[[bytes, bytes, Random], bytes]


def flipped(line: bytes, positions: list[int]) -> bytes:
    """Return the line with these bits turned over."""
    bits = bytearray(line)
    for position in positions:
        bits[position // 8] ^= 0x80 >> position % 8
    return bytes(bits)


def few(line: bytes, _other: bytes, random: Random) -> bytes:
    """Flip one to three bits."""
    return flipped(line, random.sample(range(8 * len(line)), random.randint(1, 3)))


def run(line: bytes, _other: bytes, random: Random) -> bytes:
    """Damage one run of up to 16 bits: its ends are wrong, what lies between is anything."""
    length = random.randint(1, 16)
    first = random.randrange(8 * len(line) - length + 1)
    ends = {first, first + length - 1}
    inside = {p for p in range(first, first + length) if random.random() < 0.5}
    return flipped(line, sorted(ends | inside))


def many(line: bytes, _other: bytes, random: Random) -> bytes:
    """Flip four to forty bits anywhere."""
    return flipped(line, random.sample(range(8 * len(line)), random.randint(4, 40)))


def cut(line: bytes, other: bytes, random: Random) -> bytes:
    """Lose the end, and go on with the next frame."""
    return line[: random.randrange(1, len(line))] + other


def spliced(line: bytes, other: bytes, random: Random) -> bytes:
    """Go on in the middle of another frame."""
    return line[: random.randrange(1, len(line))] + other[random.randrange(len(other)) :]


def lost(line: bytes, _other: bytes, random: Random) -> bytes:
    """Lose a byte, or have one twice, or one too many."""
    at = random.randrange(len(line))
    kind = random.randrange(3)
    if kind == 0:
        return line[:at] + line[at + 1 :]
    extra = line[at : at + 1] if kind == 1 else random.randbytes(1)
    return line[:at] + extra + line[at:]


def body(header: int) -> Way:
    """Return what replaces the data behind an intact header: the check alone has to find it."""

    def replaced(line: bytes, _other: bytes, random: Random) -> bytes:
        inside = bytearray(line)
        for at in range(header, len(line) - 1):
            if random.random() < 0.5:
                inside[at] = random.choice((random.randrange(1, 15), random.randrange(16, 129)))
        return bytes(inside)

    return replaced


WAYS: dict[str, Way] = {
    "1 to 3 bits": few,
    "a run of up to 16 bits": run,
    "4 to 40 bits": many,
    "cut short": cut,
    "spliced": spliced,
    "a byte lost, doubled or added": lost,
}
REPLACED = "data replaced"
