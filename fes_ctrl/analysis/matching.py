"""Which detected event belongs to which reference event."""

from collections.abc import Sequence

from fes_ctrl.units import Us


def match(found_us: Sequence[Us], true_us: Sequence[Us], tolerance_us: Us) -> list[tuple[int, int]]:
    """Pair two rows of instants one to one.

    As many pairs as possible, and of those pairings the one with the least total error. On a
    line the best pairs never cross, so the two sorted rows can be aligned like two sequences;
    they fall apart into short blocks wherever nothing happens for longer than the tolerance.

    Parameters
    ----------
    found_us, true_us : sequence of int
        Instants, in any order.
    tolerance_us : int
        Largest distance of a pair, microseconds.

    Returns
    -------
    list of (int, int)
        Indices into ``found_us`` and ``true_us``, in order of time.
    """
    found = sorted(range(len(found_us)), key=lambda i: found_us[i])
    true = sorted(range(len(true_us)), key=lambda j: true_us[j])
    instants = sorted([*found_us, *true_us])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    for earlier_us, later_us in zip(instants, [*instants[1:], None], strict=True):
        if later_us is not None and later_us - earlier_us <= tolerance_us:
            continue
        i_end, j_end = i, j
        while i_end < len(found) and found_us[found[i_end]] <= earlier_us:
            i_end += 1
        while j_end < len(true) and true_us[true[j_end]] <= earlier_us:
            j_end += 1
        block_found, block_true = found[i:i_end], true[j:j_end]
        local = _align(
            [found_us[k] for k in block_found], [true_us[k] for k in block_true], tolerance_us
        )
        pairs += [(block_found[a], block_true[b]) for a, b in local]
        i, j = i_end, j_end
    return pairs


def _align(found_us: list[Us], true_us: list[Us], tolerance_us: Us) -> list[tuple[int, int]]:
    """Align two short sorted rows: most pairs first, then least total error."""
    rows, columns = len(found_us), len(true_us)
    # best[a][b] is (pairs, -error) of the first a found and the first b true instants.
    best = [[(0, 0)] * (columns + 1) for _ in range(rows + 1)]
    for a in range(1, rows + 1):
        for b in range(1, columns + 1):
            choice = max(best[a - 1][b], best[a][b - 1])
            error_us = abs(found_us[a - 1] - true_us[b - 1])
            if error_us <= tolerance_us:
                count, cost = best[a - 1][b - 1]
                choice = max(choice, (count + 1, cost - error_us))
            best[a][b] = choice
    pairs: list[tuple[int, int]] = []
    a, b = rows, columns
    while a and b:
        if best[a][b] == best[a - 1][b]:
            a -= 1
        elif best[a][b] == best[a][b - 1]:
            b -= 1
        else:
            a, b = a - 1, b - 1
            pairs.append((a, b))
    pairs.reverse()
    return pairs
