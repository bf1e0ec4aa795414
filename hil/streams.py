"""Randomness by name: one stream a part, so that adding a part shifts no other."""

import hashlib
from random import Random


def stream(seed: int, part: str) -> Random:
    """Return the random stream of one part.

    Parameters
    ----------
    seed : int
        Of the walk.
    part : str
        Its name, unique in the rig.

    Returns
    -------
    random.Random
        Seeded by a hash of both; equal on every platform.
    """
    return Random(stream_seed(seed, part))


def stream_seed(seed: int, part: str) -> int:
    """Return the 64-bit seed of one part's stream."""
    digest = hashlib.sha256(f"{seed}:{part}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
