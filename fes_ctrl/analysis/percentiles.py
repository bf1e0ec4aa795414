"""Percentiles of figures: linear between order statistics; ``None`` of nothing."""

from collections.abc import Sequence


def percentile(values: Sequence[float], q: float) -> float | None:
    """Return one percentile, rounded to 0.001; ``None`` of nothing."""
    return _percentile(sorted(values), q)


def spread(values: Sequence[float], **named: float) -> dict[str, float | None]:
    """Return named percentiles: ``spread(x, p05=5, median=50)``."""
    ordered = sorted(values)
    return {name: _percentile(ordered, q) for name, q in named.items()}


def _percentile(ordered: Sequence[float], q: float) -> float | None:
    # Forty for each walk, of a few dozen values each: numpy takes a tenth of a compiled walk.
    if not ordered:
        return None
    place = q / 100.0 * (len(ordered) - 1)
    below = int(place)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    return round(float(low + (high - low) * (place - below)), 3)
