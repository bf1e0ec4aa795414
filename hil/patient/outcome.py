"""What a swing amounts to."""

from collections.abc import Sequence


def mid_swing_clearance(toe_mm: Sequence[float]) -> float:
    """Return the toe clearance of one swing, mm.

    Parameters
    ----------
    toe_mm : sequence of float
        Toe height at every millisecond of the swing.

    Returns
    -------
    float
        The lowest local minimum at 20-80 % of swing; where there is none, the minimum there.
        Negative values are virtual: the floor holds the toe.
    """
    n = len(toe_mm)
    low, high = n // 5, n - n // 5
    minima = [
        toe_mm[k]
        for k in range(max(low, 1), min(high, n - 1))
        if toe_mm[k] <= toe_mm[k - 1] and toe_mm[k] < toe_mm[k + 1]
    ]
    return min(minima) if minima else min(toe_mm[low:high])
