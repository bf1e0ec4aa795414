"""Time series of a walk, for pictures, and what its folder keeps of the patient."""

import numpy as np

from fes_ctrl.analysis.truth import SERIES, Truth, TruthLeg
from fes_ctrl.report.strides import Trace
from hil.simulate import WalkResult


def trace_of(result: WalkResult, leg: int = 0) -> Trace:
    """Return what one affected leg did; empty series where the walk kept no trace."""
    patient_leg = result.rig.patient.legs[leg]
    walk = result.walk.legs[leg]
    rows = patient_leg.trace
    return Trace(
        t_us=[row.t_us for row in rows],
        ankle_deg=[row.ankle_deg for row in rows],
        toe_mm=[row.toe_mm for row in rows],
        pulses=[
            (t_us, abs(current_ua) / 1000.0)
            for t_us, current_ua in zip(walk.pulses_us, walk.pulses_ua, strict=True)
        ],
        swings=[(swing.toe_off_us, swing.contact_us) for swing in walk.swings],
    )


def truth_of(result: WalkResult) -> Truth:
    """Return what the patient really did; empty series where the walk kept no trace."""
    walk = result.walk
    legs = []
    for body, about in zip(result.rig.patient.walking, (*walk.legs, *walk.sensing), strict=True):
        rows = body.trace
        legs.append(
            TruthLeg(
                leg=body.leg,
                t_us=np.array([row.t_us for row in rows], dtype=np.int64),
                series={
                    name: np.array([getattr(row, name) for row in rows], dtype=np.float64)
                    for name in SERIES
                },
                swings=about.swings,
                events=about.truth,
            )
        )
    return Truth(legs)


def few_strides(result: WalkResult, count: int) -> tuple[int, int]:
    """Return the span of the last few strides before the middle of the settled ones.

    Returns
    -------
    tuple of int
        From and to, microseconds; the whole walk where it has too few strides.
    """
    walk = result.walk
    swings = [swing for swing in walk.legs[0].swings if swing.heel_off_us >= walk.settled_from_us]
    if len(swings) <= count:
        return 0, walk.duration_us
    first = (len(swings) - count) // 2
    margin_us = 200_000
    return (
        max(0, swings[first].heel_off_us - margin_us),
        min(walk.duration_us, swings[first + count - 1].contact_us + 2 * margin_us),
    )
