"""How a program does in strides that go astray, and in those right after them.

They are among the settled strides of every other figure as well; here they stand alone, for a few
of them among many ordinary ones move no median.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from fes_ctrl.analysis.percentiles import spread
from fes_ctrl.analysis.walk import LegWalk, Swing, Walk
from fes_ctrl.units import Us

OUTLASTS_US: Final = 100_000
"""Stimulation outlasts its last pulse by about a tenth of a second: a swing with a longer hole
between pulses, or before contact, was let go meanwhile."""

WORDS: Final[Mapping[str, str]] = {
    "short": "short stride",
    "long": "long stride",
    "hesitation": "hesitation in swing",
    "stumble": "stumble, the foot comes down early",
    "late_contact": "the heel bears late",
    "missed_contact": "the heel does not bear",
    "chatter": "the heel switch chatters",
    "gap": "no samples for a while",
}
"""What goes astray, as people read it."""


class Served(NamedTuple):
    """How a swing was served: no pulse at all; strong only after toe-off; let go before contact."""

    missed: bool
    late: bool
    cut: bool

    @property
    def poor(self) -> bool:
        """Whether anything is wrong with it."""
        return self.missed or self.late or self.cut


def bad_stride_figures(walk: Walk, leg: LegWalk) -> dict[str, object] | None:
    """Return the figures of a leg's bad strides and of those right after; ``None`` without any.

    Parameters
    ----------
    walk : Walk
        When it had settled.
    leg : LegWalk
        With its true swings and its bursts.
    """
    settled = walk.settled(leg)
    # What came before one is known of strides that were not settled yet, too.
    kinds = {swing.stride: swing.bad for swing in leg.swings}
    both = [swing for swing in settled if swing.bad or kinds.get(swing.stride - 1)]
    inside = [swing for swing in both if swing.bad]
    after = [swing for swing in both if not swing.bad]
    if not inside:
        return None
    # Bursts that were planned and not given say what evaluation keeps back, not how it served.
    given = any(burst.setpoints for burst in leg.bursts) or not leg.bursts
    how = served_of(both, leg) if given else []
    served = dict(zip([swing.stride for swing in both], how, strict=given))
    by_kind: dict[str, object] = {}
    for kind in WORDS:
        of_kind = [
            swing for swing in both if (swing.bad or kinds.get(swing.stride - 1, "")) == kind
        ]
        if any(swing.bad for swing in of_kind):
            by_kind[kind] = _figures(of_kind, served)
    return {
        **_figures(both, served),
        "in": _figures(inside, served),
        "after": _figures(after, served),
        "by_kind": by_kind,
    }


def unknown_figures(kinds: Iterable[str]) -> dict[str, object]:
    """Return the figures that there may be where such strides go astray, all of them of none.

    Parameters
    ----------
    kinds : iterable of str
        Of ``WORDS``.
    """
    return {
        **_figures((), {}),
        "in": _figures((), {}),
        "after": _figures((), {}),
        "by_kind": {kind: _figures((), {}) for kind in kinds},
    }


def _figures(swings: Sequence[Swing], served: Mapping[int, Served]) -> dict[str, object]:
    how = [served[swing.stride] for swing in swings if served]
    count, known = len(swings), bool(served)
    slaps = sum(swing.slap for swing in swings)
    poor = sum(each.poor for each in how)
    return {
        "strides": count,
        "toe_clearance_mm": spread([each.clearance_mm for each in swings], min=0, p05=5, median=50),
        "drag_strides": sum(each.clearance_mm < 0.0 for each in swings),
        "ankle_at_contact_deg": spread(
            [each.ankle_at_contact_deg for each in swings], p05=5, median=50
        ),
        "foot_slap_percent": round(100.0 * slaps / count, 1) if count else None,
        "lost_push_off_percent": spread(
            [each.lost_push_off_percent for each in swings], median=50, p95=95
        ),
        "missed_swings": sum(each.missed for each in how) if known else None,
        "late_swings": sum(each.late for each in how) if known else None,
        "cut_swings": sum(each.cut for each in how) if known else None,
        "poor_percent": round(100.0 * poor / count, 1) if count and known else None,
    }


def served_of(swings: Sequence[Swing], leg: LegWalk) -> list[Served]:
    """Return how stimulation served each swing, by whichever bursts.

    Parameters
    ----------
    swings : sequence of Swing
        As they really were.
    leg : LegWalk
        Whose bursts.
    """
    pulses: list[Us] = []
    strong: list[Us] = []
    for burst in leg.bursts:
        half_ua = burst.start.set_current_ua / 2
        for pulse in burst.setpoints:
            pulses.append(pulse.at_us)
            if abs(pulse.current_ua) >= half_ua:
                strong.append(pulse.at_us)
    pulses.sort()
    strong.sort()
    found = []
    for swing in swings:
        toe_off_us, contact_us = swing.toe_off_us, swing.contact_us
        missed = not _any(pulses, toe_off_us, contact_us)
        late = not missed and not _any(strong, swing.heel_off_us - OUTLASTS_US, toe_off_us)
        cut = not missed and _hole_us(pulses, toe_off_us, contact_us) > OUTLASTS_US
        found.append(Served(missed, late, cut))
    return found


def _hole_us(times_us: Sequence[Us], from_us: Us, to_us: Us) -> Us:
    """Return the longest time without a pulse, from the first one of a swing to its end."""
    first, end = bisect_left(times_us, from_us), bisect_left(times_us, to_us)
    inside = [*times_us[first:end], to_us]
    return max((later - earlier for earlier, later in pairwise(inside)), default=0)


def _any(times_us: Sequence[Us], from_us: Us, to_us: Us) -> bool:
    at = bisect_left(times_us, from_us)
    return at < len(times_us) and times_us[at] <= to_us
