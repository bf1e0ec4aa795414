"""Strides whose reference labels contradict each other: what no detector of motion can agree with.

Insoles lose strides, and their sensors stay pressed when a shoe is tight or a heel drags. Such
labels show in themselves, whatever a detector says: a stride twice as long as the others, a swing
of a third, a heel-off just before the next contact. Scores with and without those strides stand
side by side, so that a reader can tell what a detector misses from what its reference does.
"""

import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from fes_ctrl.model import FOOT_FLAT, HEEL_OFF, INITIAL_CONTACT, TERMINAL_CONTACT
from fes_ctrl.recordings import ReferenceEvent
from fes_ctrl.units import Us

FEWEST: Final = 10
"""Of so many strides one can tell what is usual."""

LEAST: Final = 0.5
MOST: Final = 1.5
"""Of the recording's own median duration: beyond, a label is missing or out of place."""

LATE_FLAT: Final = 0.1
"""Of a stride: a foot that is flat so much later after contact than usual landed later."""

MARGIN_US: Final = 150_000


class Contradiction(NamedTuple):
    """A stride whose labels do not fit those of the other strides of the recording."""

    begin_us: Us
    end_us: Us
    what: str


def contradictions(reference: Sequence[ReferenceEvent]) -> list[Contradiction]:
    """Return the strides of one foot whose labels contradict those of the others.

    Parameters
    ----------
    reference : sequence of ReferenceEvent
        Of one recording and one foot; kinds that it does not have are not asked for.

    Returns
    -------
    list of Contradiction
        In order; from one contact to the next with a margin of 0.15 s. ``what`` is *stride*,
        *order*, *swing*, *heel-off* or *flat*. Nothing where fewer than ten strides are labelled.
    """
    at = {
        kind: [event.t_us for event in reference if event.kind == kind]
        for kind in (INITIAL_CONTACT, FOOT_FLAT, HEEL_OFF, TERMINAL_CONTACT)
    }
    contacts = at[INITIAL_CONTACT]
    if len(contacts) <= FEWEST:
        return []
    kinds = [kind for kind in (FOOT_FLAT, HEEL_OFF, TERMINAL_CONTACT) if at[kind]]
    strides = [
        (begin, end, {kind: [t_us for t_us in at[kind] if begin < t_us < end] for kind in kinds})
        for begin, end in pairwise(contacts)
    ]
    usual_us = statistics.median(end - begin for begin, end, _ in strides)
    to_end = {
        kind: _usual([end - t[kind][-1] for _, end, t in strides if t[kind]]) for kind in kinds
    }
    to_flat = _usual([t[FOOT_FLAT][0] - b for b, _, t in strides if t.get(FOOT_FLAT)])
    found = []
    for begin, end, within in strides:
        what = ""
        if not LEAST * usual_us < end - begin < MOST * usual_us:
            what = "stride"
        elif any(len(within[kind]) != 1 for kind in kinds) or _disordered(within):
            what = "order"
        elif _odd(within, TERMINAL_CONTACT, end, to_end):
            what = "swing"
        elif _odd(within, HEEL_OFF, end, to_end):
            what = "heel-off"
        elif FOOT_FLAT in kinds and within[FOOT_FLAT][0] - begin > to_flat + LATE_FLAT * usual_us:
            what = "flat"
        if what:
            found.append(Contradiction(begin - MARGIN_US, end + MARGIN_US, what))
    return found


def _usual(durations: list[Us]) -> float:
    return statistics.median(durations) if durations else 0.0


def _disordered(within: dict[str, list[Us]]) -> bool:
    """Return whether flat, heel-off and toe-off do not come in this order."""
    order = [within[kind][0] for kind in (FOOT_FLAT, HEEL_OFF, TERMINAL_CONTACT) if kind in within]
    return order != sorted(order)


def _odd(within: dict[str, list[Us]], kind: str, end: Us, usual: dict[str, float]) -> bool:
    if kind not in within:
        return False
    return not LEAST * usual[kind] < end - within[kind][0] < MOST * usual[kind]
