"""The strides of a run by number, and which burst belongs to which.

Where the truth is known the number is the truth's, the same one that ``strides.csv`` has. Where it
is not, a stride ends with each contact that the detector told, and the first of them ends stride 1;
a leg of which none was told is counted by the events that trigger it. What comes after the last
contact is the next stride, unfinished.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Literal

from fes_ctrl.analysis.walk import Burst, LegWalk, Swing
from fes_ctrl.model import (
    HEEL_OFF,
    INITIAL_CONTACT,
    TERMINAL_CONTACT,
    GaitEvent,
)
from fes_ctrl.units import Us

CountedBy = Literal["truth", "contacts", "triggers"]

NEAR_US: Final = 100_000
"""A contact that is told so near to a true one is that one."""


@dataclass(frozen=True, slots=True)
class Stride:
    """One stride of one leg: a stance and the swing that ends it.

    Attributes
    ----------
    number : int
        From 1.
    from_us, to_us : int
        From the contact before it (or the start of the run) to the contact that ends it (or the
        end of the run, where it is not finished).
    lift_us : int or None
        When the heel left the ground, truly or as told; ``None`` where nobody told.
    finished : bool
        A contact ends it.
    truth : Swing or None
        Its swing as it really was.
    """

    number: int
    from_us: Us
    to_us: Us
    lift_us: Us | None
    finished: bool = True
    truth: Swing | None = None

    def overlap_us(self, from_us: Us, to_us: Us) -> Us:
        """Return how much of its swing an interval covers; of the whole, where no lift is known."""
        lift_us = self.from_us if self.lift_us is None else self.lift_us
        return min(to_us, self.to_us) - max(from_us, lift_us)


@dataclass(slots=True)
class Strides:
    """All strides of one leg in order, and how they were counted."""

    leg: int
    counted_by: CountedBy
    strides: list[Stride]
    _ends_us: list[Us] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Note when each ends."""
        self._ends_us = [stride.to_us for stride in self.strides]

    def number(self, number: int) -> Stride | None:
        """Return one of them, or ``None``."""
        return next((each for each in self.strides if each.number == number), None)

    def of_burst(self, bursts: Sequence[Burst]) -> int | None:
        """Return the number of the stride that a burst on one or several channels belongs to.

        It is the one that its trigger was in, where the burst reaches into that swing; else the one
        whose swing it covers most of; where it covers none, that of its trigger again. ``None``
        where there is no stride at all.
        """
        start = bursts[0].start
        last_us = max([_last_us(burst) for burst in bursts])
        asked = self._at(start.trigger_us)
        if asked is None or asked.overlap_us(start.t_us, last_us) > 0:
            return None if asked is None else asked.number
        best, most_us = asked, 0
        for stride in self.strides[bisect_left(self._ends_us, start.t_us) :]:
            if stride.from_us > last_us:
                break
            overlap_us = stride.overlap_us(start.t_us, last_us)
            if overlap_us > most_us:
                best, most_us = stride, overlap_us
        return best.number

    def of_event(self, event: GaitEvent) -> int | None:
        """Return the number of the stride that an event belongs to: a contact ends its stride."""
        if event.kind == INITIAL_CONTACT:
            index = bisect_left(self._ends_us, event.t_event_us)
            ended = [each for each in self.strides[max(0, index - 1) : index + 1] if each.finished]
            near = min(ended, key=lambda each: abs(each.to_us - event.t_event_us), default=None)
            if near is not None and abs(near.to_us - event.t_event_us) <= NEAR_US:
                return near.number
        if self.strides and event.t_event_us > self._ends_us[-1]:
            return None
        stride = self._at(event.t_event_us)
        return None if stride is None else stride.number

    def _at(self, t_us: Us) -> Stride | None:
        """Return the stride that an instant is in, or the last one before it."""
        if not self.strides:
            return None
        return self.strides[min(bisect_left(self._ends_us, t_us), len(self.strides) - 1)]


def _last_us(burst: Burst) -> Us:
    if burst.setpoints:
        return burst.setpoints[-1].at_us
    return burst.start.t_us if burst.end is None else max(burst.start.t_us, burst.end.t_us)


def as_given(bursts: Sequence[Burst]) -> list[list[Burst]]:
    """Return bursts as a leg felt them: those of several channels that began together, joined.

    Channels stay in the order of the program, which is the one in which they were told.
    """
    ordered = sorted(bursts, key=lambda burst: burst.start.t_us)
    return [list(group) for _, group in groupby(ordered, key=lambda burst: burst.start.t_us)]


def number_strides(
    leg: LegWalk, start_us: Us, end_us: Us, triggers: Sequence[GaitEvent] = ()
) -> Strides:
    """Return the strides of a leg.

    Parameters
    ----------
    leg : LegWalk
        With its true swings, where they are known.
    start_us, end_us : int
        Of the run.
    triggers : sequence of GaitEvent
        Those that start its bursts, of whichever leg.
    """
    if leg.swings:
        counted_by: CountedBy = "truth"
        strides = _true(leg.swings, start_us)
    else:
        contacts = [event for event in leg.detected if event.kind == INITIAL_CONTACT]
        counted_by = "contacts" if contacts or not triggers else "triggers"
        strides = (
            _told(contacts, leg.detected, start_us)
            if counted_by == "contacts"
            else _between(triggers, start_us, end_us)
        )
    last_us = strides[-1].to_us if strides else start_us
    begun = [event.t_event_us for event in leg.detected if event.kind == HEEL_OFF]
    begun += [burst.start.trigger_us for burst in leg.bursts]
    begun = [t_us for t_us in begun if t_us > last_us]
    if begun and counted_by != "triggers":
        number = strides[-1].number + 1 if strides else 1
        strides.append(Stride(number, last_us, max(end_us, last_us), min(begun), finished=False))
    return Strides(leg.leg, counted_by, strides)


def _true(swings: Sequence[Swing], start_us: Us) -> list[Stride]:
    strides: list[Stride] = []
    from_us = start_us
    for swing in swings:
        strides.append(
            Stride(swing.stride, from_us, swing.contact_us, swing.heel_off_us, truth=swing)
        )
        from_us = swing.contact_us
    return strides


def _told(contacts: Sequence[GaitEvent], events: Sequence[GaitEvent], start_us: Us) -> list[Stride]:
    lifts_us = [
        sorted([event.t_event_us for event in events if event.kind == kind])
        for kind in (HEEL_OFF, TERMINAL_CONTACT)
    ]
    strides: list[Stride] = []
    from_us = start_us
    for number, contact in enumerate(contacts, 1):
        contact_us = contact.t_event_us
        known = [_last_before(times_us, contact_us, from_us) for times_us in lifts_us]
        lift_us = next((t_us for t_us in known if t_us is not None), None)
        strides.append(Stride(number, from_us, contact_us, lift_us))
        from_us = contact_us
    return strides


def _last_before(times_us: Sequence[Us], before_us: Us, after_us: Us) -> Us | None:
    index = bisect_left(times_us, before_us) - 1
    return times_us[index] if index >= 0 and times_us[index] > after_us else None


def _between(triggers: Sequence[GaitEvent], start_us: Us, end_us: Us) -> list[Stride]:
    """Return a stride for each trigger: it lasts until the next one."""
    times_us = [event.t_event_us for event in triggers]
    ends_us = [*times_us[1:], end_us]
    return [
        Stride(
            number, start_us if number == 1 else t_us, end, t_us, finished=number < len(times_us)
        )
        for number, (t_us, end) in enumerate(zip(times_us, ends_us, strict=True), 1)
    ]
