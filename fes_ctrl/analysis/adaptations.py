"""What a program learnt while it was walked with: in figures, by stride, and why it was frozen.

A stride's record comes when its foot is flat again, after the contact that ends it; what it says is
given from the next burst.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from fes_ctrl.analysis.percentiles import percentile
from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.learning import FROZEN, HELD, LEARNT, NOT_SEEN, REVERTED
from fes_ctrl.model import Adaptation, StateChange
from fes_ctrl.units import Us, ms_from_us

VERDICTS: Final = (LEARNT, HELD, FROZEN, REVERTED)

UNTAUGHT: Final = frozenset({FROZEN, REVERTED})
"""Verdicts of strides that taught nothing."""

START_OVER: Final = "device ready"
"""Of the state change with which what was learnt is forgotten."""

_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_IN_A_ROW: Final = re.compile(r"^\d+ strides that teach nothing: ")


class Taken(NamedTuple):
    """What holds for a burst: the share left of its plateau, onset and fall moved, ramp cut."""

    share: float
    later_us: Us
    sooner_us: Us
    shorter_us: Us = 0

    @property
    def ramp_later_us(self) -> Us:
        """What of the later onset goes with the shorter ramp."""
        return self.shorter_us // 2

    @property
    def put_off_us(self) -> Us:
        """What of it was learnt from mid-swing."""
        return self.later_us - self.ramp_later_us


def taken_by(told: Adaptation) -> Taken:
    """Return what holds from a record on."""
    return Taken(told.share, told.later_us, told.sooner_us, told.shorter_us)


def kind_of(reason: str) -> str:
    """Return a reason without its numbers, as reasons are counted: ``it landed n deg off …``."""
    return _NUMBER.sub("n", _IN_A_ROW.sub("", reason))


def frozen_by(adaptations: Sequence[Adaptation]) -> dict[str, int]:
    """Return how many strides taught nothing, by the kind of reason; the most frequent first."""
    counts: dict[str, int] = {}
    for told in adaptations:
        if told.verdict in UNTAUGHT:
            kind = kind_of(told.reason)
            counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def adaptation_figures(leg: LegWalk, settled_from_us: Us) -> dict[str, object] | None:
    """Return what a leg learnt; ``None`` where no stride was told of, as where it does not learn.

    Parameters
    ----------
    leg : LegWalk
        With what it was told.
    settled_from_us : int
        From when on the median share counts.
    """
    told = leg.adaptations
    if not told:
        return None
    last = told[-1]
    settled = [each.share for each in told if each.t_us >= settled_from_us]
    return {
        "strides": {name: sum(each.verdict == name for each in told) for name in VERDICTS},
        "frozen": frozen_by(told),
        "share": {
            "first": round(told[0].share, 4),
            "last": round(last.share, 4),
            "median": percentile(settled, 50),
        },
        "later_ms": ms_from_us(last.later_us),
        "sooner_ms": ms_from_us(last.sooner_us),
        "shorter_ms": ms_from_us(last.shorter_us),
    }


def stride_of(told: Adaptation, ends_us: Sequence[Us], leg: LegWalk) -> int | None:
    """Return the index of the stride that a record is about; ``None`` where it is not there.

    Parameters
    ----------
    told : Adaptation
        Of this leg.
    ends_us : sequence of int
        The contacts that end its strides, in order.
    leg : LegWalk
        With its bursts: where the foot was not seen, the record came with the end of the burst
        after that stride.
    """
    until_us = told.t_us
    if told.reason.endswith(NOT_SEEN):
        begun_us = [b.start.t_us for b in leg.bursts if b.start.t_us < told.t_us]
        until_us = max(begun_us, default=until_us)
    index = bisect_right(ends_us, until_us) - 1
    return index if index >= 0 else None


def course(
    adaptations: Sequence[Adaptation], states: Sequence[StateChange], start: float
) -> list[tuple[Us, Taken]]:
    """Return from when on what had been learnt, in order; before all of it nothing had.

    Parameters
    ----------
    adaptations : sequence of Adaptation
        Of one leg, in order.
    states : sequence of StateChange
        Of the run: arming forgets.
    start : float
        Share with which it begins.
    """
    steps = [(each.t_us, taken_by(each)) for each in adaptations]
    steps += [(each.t_us, Taken(start, 0, 0)) for each in states if each.reason == START_OVER]
    return sorted(steps, key=lambda step: step[0])


def in_force(
    at_us: Us,
    adaptations: Sequence[Adaptation],
    states: Sequence[StateChange],
    start: float,
) -> Taken:
    """Return what had been learnt at an instant; what was told before it counts.

    Parameters
    ----------
    at_us : int
        The instant.
    adaptations, states, start
        As ``course`` takes them.
    """
    before = [taken for t_us, taken in course(adaptations, states, start) if t_us < at_us]
    return before[-1] if before else Taken(start, 0, 0)
