"""A segment that is known exactly, and a sensor strapped on it anyhow."""

import math
import random
from collections.abc import Iterable

Vector = tuple[float, float, float]
Axes = tuple[Vector, Vector, Vector]
"""Where forward, left and up point in the sensor's frame."""


def lobes(t_s: float, parts: Iterable[Vector]) -> tuple[float, float]:
    """Return angle and rate of half-sines of the rate: begin, length (s) and peak (deg/s)."""
    angle = rate = 0.0
    for begin_s, length_s, peak_dps in parts:
        u = min(1.0, max(0.0, (t_s - begin_s) / length_s))
        angle += peak_dps * length_s / math.pi * (1.0 - math.cos(math.pi * u))
        if 0.0 < u < 1.0:
            rate += peak_dps * math.sin(math.pi * u)
    return angle, rate


def mounting(stream: random.Random) -> Axes:
    """Return where the segment's axes lie in the frame of a sensor strapped on anyhow."""
    first = [stream.gauss(0, 1) for _ in range(3)]
    length = math.hypot(*first)
    a, b, c = (component / length for component in first)
    length = math.hypot(a, b)
    d, e = -b / length, a / length
    return (a, b, c), (d, e, 0.0), (-c * e, c * d, a * e - b * d)
