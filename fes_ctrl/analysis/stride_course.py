"""A run stride by stride: what was given in it, and, of a simulated patient, what came of it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.stride_spans import StrideSpan
from fes_ctrl.analysis.summary import onset_ms
from fes_ctrl.analysis.truth import TruthLeg
from fes_ctrl.analysis.walk import LegWalk, Swing
from fes_ctrl.units import Us, charge_pc


@dataclass(frozen=True, slots=True)
class StrideRow:
    """One stride.

    Attributes
    ----------
    span : StrideSpan
        Where it is.
    pulses : int
        That were commanded in it, on every channel of the leg.
    charge_uC : float
        Of their first phases.
    peak_mA : float or None
        The largest; ``None`` where there were none.
    onset_ms : float or None
        From the true heel-off to the first pulse of at least half the plateau; ``None`` where
        there is no truth or no such pulse.
    swing : Swing or None
        As it truly was.
    fitness : float or None
        What fatigue had left of the dorsiflexors at its end.
    """

    span: StrideSpan
    pulses: int
    charge_uC: float
    peak_mA: float | None
    onset_ms: float | None
    swing: Swing | None
    fitness: float | None


def stride_course(
    leg: LegWalk, spans: Sequence[StrideSpan], truth: TruthLeg | None
) -> list[StrideRow]:
    """Return the rows of one leg.

    Parameters
    ----------
    leg : LegWalk
        With its bursts.
    spans : sequence of StrideSpan
        Its strides, in order.
    truth : TruthLeg or None
        What the leg truly did.
    """
    pulses = sorted(
        [pulse for burst in leg.bursts for pulse in burst.setpoints], key=lambda each: each.at_us
    )
    times_us = [pulse.at_us for pulse in pulses]
    swings = {swing.stride: swing for swing in leg.swings}
    rows = []
    for span in spans:
        given = pulses[bisect_left(times_us, span.start_us) : bisect_left(times_us, span.end_us)]
        swing = swings.get(span.number)
        rows.append(
            StrideRow(
                span=span,
                pulses=len(given),
                charge_uC=sum(charge_pc(p.current_ua, p.width_us) for p in given) / 1e6,
                peak_mA=max(abs(p.current_ua) for p in given) / 1e3 if given else None,
                onset_ms=None if swing is None else onset_ms(swing, leg.bursts),
                swing=swing,
                fitness=_at(truth, "fitness", span.end_us),
            )
        )
    return rows


def _at(truth: TruthLeg | None, name: str, t_us: Us) -> float | None:
    """Return the last reading at or before an instant."""
    if truth is None or not len(truth.t_us):
        return None
    index = int(np.searchsorted(truth.t_us, t_us, side="right")) - 1
    value = float(truth.series[name][max(0, index)])
    return value if np.isfinite(value) else None


def envelope(
    leg: LegWalk, channel: int, start_us: Us, end_us: Us
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the current of one channel as a course: a point a pulse, zero between bursts.

    Parameters
    ----------
    leg : LegWalk
        With its bursts.
    channel : int
        Of the stimulator.
    start_us, end_us : int
        Of the run: from the one to the other all is known.

    Returns
    -------
    tuple of ndarray
        Instants in microseconds and milliamperes, without sign.
    """
    t_us: list[Us] = [start_us]
    current_mA: list[float] = [0.0]
    bursts = [b for b in leg.bursts if b.start.channel == channel and b.setpoints]
    for burst in sorted(bursts, key=lambda each: each.setpoints[0].at_us):
        pulses = burst.setpoints
        # One that follows at once does not begin from zero.
        first_us = max(pulses[0].at_us - 1, t_us[-1])
        t_us += [first_us, *[p.at_us for p in pulses], pulses[-1].at_us + 1]
        current_mA += [0.0, *[abs(p.current_ua) / 1000.0 for p in pulses], 0.0]
    t_us.append(max(end_us, t_us[-1]))
    current_mA.append(0.0)
    return np.array(t_us, dtype=np.int64), np.array(current_mA, dtype=np.float64)


def channels_of(leg: LegWalk) -> list[int]:
    """Return the channels that gave pulses to a leg."""
    return sorted({burst.start.channel for burst in leg.bursts if burst.setpoints})
