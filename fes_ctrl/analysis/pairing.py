"""Which new burst stands for which old one, and by what the two differ.

Two bursts of the same leg and channel belong together if the same event triggered them; else if
they overlap, the longest overlap first; else if their onsets are nearer to each other than half a
stride, for then no other swing's burst is nearer. No burst belongs to two, and no two pairs cross.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl.analysis.windows import RUNNING, Window
from fes_ctrl.units import Us, s_from_us

LATE: Final = "late"
EARLY: Final = "early"
ENDS_LATE: Final = "ends_late"
ENDS_EARLY: Final = "ends_early"
STRONGER: Final = "stronger"
WEAKER: Final = "weaker"
MISSING: Final = "missing"
EXTRA: Final = "extra"
MARKS: Final = (LATE, EARLY, ENDS_LATE, ENDS_EARLY, STRONGER, WEAKER, MISSING, EXTRA)
"""What is told of a pair, in the order in which it is listed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An old burst and the new one in its place; either may be lacking.

    Attributes
    ----------
    old, new : Window or None
        At least one is there.
    marks : tuple of str
        Of ``MARKS``; none where nothing moved by more than the tolerance.
    why : str
        What is known about a burst that is lacking; empty where nothing is.
    """

    old: Window | None
    new: Window | None
    marks: tuple[str, ...]
    why: str = ""

    @property
    def at_us(self) -> Us:
        """The earlier onset: where the pair is listed."""
        return min(each.onset_us for each in (self.old, self.new) if each is not None)


def pair_bursts(
    old: Sequence[Window],
    new: Sequence[Window],
    tolerance_us: Us,
    reach_us: Us,
    kept_back_us: tuple[Sequence[Us], Sequence[Us]] = ((), ()),
) -> list[Pair]:
    """Return every burst once, in order of time.

    Parameters
    ----------
    old, new : sequence of Window
        Of one leg and channel, in order of time; none overlaps another of its side.
    tolerance_us : int
        An edge that moved by no more has not moved.
    reach_us : int
        Onsets of bursts that nothing else joins may be so far apart: half a stride.
    kept_back_us : (sequence of int, sequence of int)
        Triggers, old and new, of bursts that were planned and of which no pulse was given.
    """
    found = _together(old, new, reach_us)
    pairs = [Pair(old[i], new[j], _marks(old[i], new[j], tolerance_us)) for i, j in found]
    paired_old, paired_new = {i for i, _ in found}, {j for _, j in found}
    for i, window in enumerate(old):
        if i not in paired_old:
            pairs.append(Pair(window, None, (MISSING,), _why(window, new, kept_back_us[1])))
    for j, window in enumerate(new):
        if j not in paired_new:
            pairs.append(Pair(None, window, (EXTRA,), _why(window, old, kept_back_us[0])))
    return sorted(pairs, key=lambda pair: pair.at_us)


def overlap_us(one: tuple[Us, Us], other: tuple[Us, Us]) -> Us:
    """Return for how long two spans overlap, both ends included: at least 1 if they touch."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]) + 1)


def overlapping(span: tuple[Us, Us], windows: Sequence[Window]) -> list[int]:
    """Return which windows overlap a span; they are in order of time."""
    found: list[int] = []
    first = bisect_left(windows, span[0], key=lambda window: window.end_us)
    for index in range(first, len(windows)):
        if windows[index].onset_us > span[1]:
            break
        found.append(index)
    return found


def span_of(window: Window) -> tuple[Us, Us]:
    """Return the first and the last pulse."""
    return window.onset_us, window.end_us


def _together(old: Sequence[Window], new: Sequence[Window], reach_us: Us) -> list[tuple[int, int]]:
    """Return pairs of indices, in order of both: the surest are made first."""
    triggered = {window.trigger_us: j for j, window in enumerate(new)}
    possible: list[tuple[int, Us, int, int]] = []
    for i, window in enumerate(old):
        if window.trigger_us is not None and window.trigger_us in triggered:
            possible.append((0, 0, i, triggered[window.trigger_us]))
        span = span_of(window)
        possible += [(1, -overlap_us(span, span_of(new[j])), i, j) for j in overlapping(span, new)]
        first = bisect_left(new, window.onset_us - reach_us, key=lambda each: each.onset_us)
        for j in range(first, len(new)):
            apart_us = abs(new[j].onset_us - window.onset_us)
            if apart_us > reach_us:
                break
            possible.append((2, apart_us, i, j))
    chosen: list[tuple[int, int]] = []
    for _, _, i, j in sorted(possible):
        at = bisect_left(chosen, (i, j))
        after = at == 0 or (chosen[at - 1][0] < i and chosen[at - 1][1] < j)
        before = at == len(chosen) or (i < chosen[at][0] and j < chosen[at][1])
        if after and before:
            chosen.insert(at, (i, j))
    return chosen


def _marks(old: Window, new: Window, tolerance_us: Us) -> tuple[str, ...]:
    onset_us, end_us = new.onset_us - old.onset_us, new.end_us - old.end_us
    holds = {
        LATE: onset_us > tolerance_us,
        EARLY: onset_us < -tolerance_us,
        ENDS_LATE: end_us > tolerance_us,
        ENDS_EARLY: end_us < -tolerance_us,
        STRONGER: new.peak_ua > old.peak_ua,
        WEAKER: new.peak_ua < old.peak_ua,
    }
    return tuple(mark for mark in MARKS if holds.get(mark))


def _why(window: Window, others: Sequence[Window], kept_back_us: Sequence[Us]) -> str:
    """Return why the other side has no burst there, as far as its own bursts tell."""
    if window.ended_by == RUNNING:
        return "the recording ends"
    since_us = window.onset_us if window.trigger_us is None else window.trigger_us
    index = bisect_left(kept_back_us, min(since_us, window.onset_us))
    if index < len(kept_back_us) and kept_back_us[index] <= window.end_us:
        return "planned by the other, too, but without a pulse"
    for index in overlapping((since_us, since_us), others):
        return f"the burst from {s_from_us(others[index].onset_us):.2f} s was still on"
    for index in overlapping(span_of(window), others):
        return f"the burst from {s_from_us(others[index].onset_us):.2f} s covers it too"
    return ""
