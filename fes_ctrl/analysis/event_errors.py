"""Detected events against true ones, one by one: how far off, which were missed, which extra."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fes_ctrl.analysis.matching import match
from fes_ctrl.analysis.walk import LegWalk, TrueEvent
from fes_ctrl.model import GaitEvent
from fes_ctrl.units import Us, ms_from_us

TOLERANCE_US: Final = 100_000
"""What is told further from every true event than this belongs to none."""


@dataclass(frozen=True, slots=True)
class EventErrors:
    """One kind of event of one leg.

    Attributes
    ----------
    found, true : int
        How many were told, and how many there were.
    at_us : tuple of int
        True instants of those that were found.
    errors_ms : tuple of float
        Told minus true of each of those; positive is late.
    missed_us, extra_us : tuple of int
        True instants that nobody told, and told ones that were none.
    latency_ms : tuple of float
        From the event's own time to when it was told, of every told one.
    """

    found: int
    true: int
    at_us: tuple[Us, ...]
    errors_ms: tuple[float, ...]
    missed_us: tuple[Us, ...]
    extra_us: tuple[Us, ...]
    latency_ms: tuple[float, ...]

    @property
    def f1(self) -> float | None:
        """Harmonic mean of sensitivity and precision; ``None`` of nothing."""
        total = self.found + self.true
        return round(2.0 * len(self.errors_ms) / total, 4) if total else None

    @property
    def mean_ms(self) -> float | None:
        """Mean error."""
        return round(float(np.mean(self.errors_ms)), 3) if self.errors_ms else None

    @property
    def sd_ms(self) -> float | None:
        """Standard deviation of the errors."""
        return round(float(np.std(self.errors_ms)), 3) if self.errors_ms else None


def event_errors(leg: LegWalk, kind: str) -> EventErrors:
    """Return how one kind of event was told."""
    return errors_of(leg.detected, leg.truth, kind)


def errors_of(detected: Sequence[GaitEvent], truth: Sequence[TrueEvent], kind: str) -> EventErrors:
    """Return how one kind of event was told.

    Parameters
    ----------
    detected, truth : sequence of GaitEvent, of TrueEvent
        Of one leg, in order.
    kind : str
        ``ic``, ``ff``, ``ho`` or ``tc``.
    """
    true_us = [event.t_us for event in truth if event.kind == kind]
    found = [event for event in detected if event.kind == kind]
    pairs = match([event.t_event_us for event in found], true_us, TOLERANCE_US)
    told, matched = {i for i, _ in pairs}, {j for _, j in pairs}
    return EventErrors(
        found=len(found),
        true=len(true_us),
        at_us=tuple([true_us[j] for _, j in pairs]),
        errors_ms=tuple([ms_from_us(found[i].t_event_us - true_us[j]) for i, j in pairs]),
        missed_us=tuple([t_us for j, t_us in enumerate(true_us) if j not in matched]),
        extra_us=tuple([event.t_event_us for i, event in enumerate(found) if i not in told]),
        latency_ms=tuple([ms_from_us(event.t_emit_us - event.t_event_us) for event in found]),
    )
