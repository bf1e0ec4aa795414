"""Where each stride of a leg begins and ends, by the number that it has everywhere.

A stride runs from one initial contact to the next. Where the truth is known its numbers are the
truth's; where it is not, each told contact ends a stride, and the first of them stride 1.
"""

from typing import NamedTuple

from fes_ctrl.analysis.cycle import LONGEST_US
from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.model import HEEL_OFF, INITIAL_CONTACT, TERMINAL_CONTACT
from fes_ctrl.units import Us


class StrideSpan(NamedTuple):
    """One stride.

    ``lift_us`` is where its swing begins: toe-off, else heel-off, else ``None``. The first stride
    begins with the run; it is not ``whole``, and neither is one that holds a pause.
    """

    number: int
    start_us: Us
    end_us: Us
    lift_us: Us | None
    whole: bool


def stride_spans(leg: LegWalk, start_us: Us) -> list[StrideSpan]:
    """Return the strides of one leg, in order.

    Parameters
    ----------
    leg : LegWalk
        With its true swings, where they are known.
    start_us : int
        Of the run.
    """
    known = _true(leg) if leg.swings else _told(leg)
    spans = []
    from_us = start_us
    for place, (number, contact_us, lift_us) in enumerate(known):
        whole = place > 0 and contact_us - from_us <= LONGEST_US
        spans.append(StrideSpan(number, from_us, contact_us, lift_us, whole))
        from_us = contact_us
    return spans


def _true(leg: LegWalk) -> list[tuple[int, Us, Us | None]]:
    return [(swing.stride, swing.contact_us, swing.toe_off_us) for swing in leg.swings]


def _told(leg: LegWalk) -> list[tuple[int, Us, Us | None]]:
    known: list[tuple[int, Us, Us | None]] = []
    latest: dict[str, Us] = {}
    for event in sorted(leg.detected, key=lambda each: each.t_event_us):
        if event.kind == INITIAL_CONTACT:
            lift_us = latest.get(TERMINAL_CONTACT, latest.get(HEEL_OFF))
            known.append((len(known) + 1, event.t_event_us, lift_us))
            latest.clear()
        else:
            latest[event.kind] = event.t_event_us
    return known
