"""Which detected event belongs to which true one: one to one, nearest first."""

from collections.abc import Sequence


def match(found: Sequence[int], true: Sequence[int], tolerance: int) -> list[tuple[int, int]]:
    """Return pairs of indices.

    Parameters
    ----------
    found, true : sequence of int
        Instants, each in order.
    tolerance : int
        Largest distance of a pair.

    Returns
    -------
    list of (int, int)
        Index in ``found`` and in ``true``, in order; the closest pairs are made first, and no
        instant belongs to two.
    """
    pairs: list[tuple[int, int, int]] = []
    start = 0
    for i, instant in enumerate(found):
        while start < len(true) and true[start] < instant - tolerance:
            start += 1
        j = start
        while j < len(true) and true[j] <= instant + tolerance:
            pairs.append((abs(true[j] - instant), i, j))
            j += 1
    pairs.sort()
    used_found: set[int] = set()
    used_true: set[int] = set()
    chosen: list[tuple[int, int]] = []
    for _, i, j in pairs:
        if i not in used_found and j not in used_true:
            used_found.add(i)
            used_true.add(j)
            chosen.append((i, j))
    return sorted(chosen)
