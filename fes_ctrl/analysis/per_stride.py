"""What each stride of a run amounts to, in numbers: of the foot where it is known, of the burst."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan
from typing import Final

from fes_ctrl.analysis.explain import strides_of
from fes_ctrl.analysis.numbered import Stride, as_given
from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.summary import burst_of
from fes_ctrl.analysis.walk import Burst, LegWalk, Swing
from fes_ctrl.model import HEEL_OFF, INITIAL_CONTACT
from fes_ctrl.units import Us

Foot = Callable[[Swing], float]

FOOT: Final[dict[str, tuple[str, Foot]]] = {
    "clearance_mm": ("toe clearance, mm", lambda swing: swing.clearance_mm),
    "ankle_at_contact_deg": ("ankle at contact, deg", lambda swing: swing.ankle_at_contact_deg),
    "peak_dorsiflexion_deg": (
        "peak swing dorsiflexion, deg",
        lambda swing: swing.peak_dorsiflexion_deg,
    ),
    "drag_percent": ("strides that drag, %", lambda swing: 100.0 * (swing.clearance_mm < 0.0)),
    "slap_percent": ("strides with foot slap, %", lambda swing: 100.0 * swing.slap),
    "lost_push_off_percent": ("push-off work lost, %", lambda swing: swing.lost_push_off_percent),
    "compensation_mm": ("compensation, mm", lambda swing: swing.compensation_mm),
    "circumduction_mm": ("circumduction, mm", lambda swing: swing.circumduction_mm),
    "eversion_at_contact_deg": (
        "eversion at contact, deg",
        lambda swing: swing.eversion_at_contact_deg,
    ),
    "foot_flat_ms": ("contact to foot flat, ms", lambda swing: swing.foot_flat_ms),
    "fall_deg_per_s": ("fall of the forefoot, deg/s", lambda swing: swing.fall_deg_per_s),
    "reflex_Nm": ("stretch reflex, Nm", lambda swing: swing.reflex_Nm),
    "speed_m_per_s": ("walking speed, m/s", lambda swing: swing.speed_m_per_s),
}
"""Of the swing as it really was."""

STIMULATION: Final[dict[str, str]] = {
    "stimulated_percent": "swings with a burst, %",
    "onset_delay_ms": "heel-off to half the plateau, ms",
    "duration_ms": "burst, ms",
    "after_contact_ms": "last pulse after contact, ms",
    "pulses": "pulses",
    "charge_uC": "charge, uC",
}
"""Of the bursts, and what the detector told when."""

TOLD: Final[dict[str, str]] = {
    "heel_off_told_ms": "heel-off told after, ms",
    "contact_told_ms": "contact told after, ms",
}

LABELS: Final[dict[str, str]] = {
    **{name: label for name, (label, _) in FOOT.items()},
    **STIMULATION,
    **TOLD,
}


@dataclass(frozen=True, slots=True)
class StrideRow:
    """One stride: its number, when its foot was down, and its numbers; NaN is unknown."""

    number: int
    contact_us: Us
    values: dict[str, float]


def as_told(run: Run) -> Run:
    """Return a run as it would be read if nobody knew what the foot really did.

    Its strides are then those that the detector told, and times count from what was told: as of a
    run whose truth was not kept, beside which this one is put.
    """
    legs = [replace(leg, truth=[], swings=[]) for leg in run.walk.legs]
    return replace(run, truth=None, walk=replace(run.walk, legs=legs))


def rows_of(run: Run, leg: LegWalk) -> list[StrideRow]:
    """Return a leg's finished strides after the warm-up, in order."""
    counted = strides_of(run, leg.leg)
    of_stride: dict[int, list[Burst]] = {}
    for group in as_given(leg.bursts):
        number = counted.of_burst(group)
        if number is not None:
            of_stride.setdefault(number, []).extend(group)
    rows: list[StrideRow] = []
    for stride in counted.strides:
        began_us = stride.to_us if stride.lift_us is None else stride.lift_us
        if stride.finished and began_us >= run.walk.settled_from_us:
            bursts = of_stride.get(stride.number, [])
            rows.append(StrideRow(stride.number, stride.to_us, _values(stride, leg, bursts)))
    return rows


def _values(stride: Stride, leg: LegWalk, bursts: list[Burst]) -> dict[str, float]:
    values: dict[str, float] = {}
    swing = stride.truth
    if swing is not None:
        values.update({name: of(swing) for name, (_, of) in FOOT.items()})
    pulses = sorted([pulse for burst in bursts for pulse in burst.setpoints])
    values["pulses"] = float(len(pulses))
    values["charge_uC"] = sum([abs(p.current_ua) * p.width_us for p in pulses]) / 1e6
    covered = [burst for burst in bursts if _reaches(stride, burst)]
    # A burst that went on from the stride before is one too, as the summary counts.
    reached = any(_reaches(stride, burst) for burst in leg.bursts)
    values["stimulated_percent"] = 100.0 if reached else 0.0
    times_us = [pulse.at_us for burst in covered for pulse in burst.setpoints]
    values["duration_ms"] = (max(times_us) - min(times_us)) / 1000 if times_us else nan
    values["after_contact_ms"] = (max(times_us) - stride.to_us) / 1000 if times_us else nan
    values["onset_delay_ms"] = nan if swing is None else _onset_delay_ms(swing, covered)
    for name, kind, at_us in (
        ("heel_off_told_ms", HEEL_OFF, stride.lift_us),
        ("contact_told_ms", INITIAL_CONTACT, stride.to_us),
    ):
        values[name] = _told_ms(leg, kind, at_us)
    return values


def _reaches(stride: Stride, burst: Burst) -> bool:
    """Return whether a burst gave a pulse in a stride's swing."""
    given = burst.setpoints
    return bool(given) and stride.overlap_us(given[0].at_us, given[-1].at_us) > 0


def _onset_delay_ms(swing: Swing, bursts: list[Burst]) -> float:
    """Return true heel-off to the first pulse of at least half the plateau, as the summary does."""
    burst = burst_of(swing, sorted(bursts, key=lambda each: each.start.t_us))
    if burst is None:
        return nan
    half_ua = burst.start.set_current_ua / 2
    strong = [pulse.at_us for pulse in burst.setpoints if abs(pulse.current_ua) >= half_ua]
    return (strong[0] - swing.heel_off_us) / 1000 if strong else nan


def _told_ms(leg: LegWalk, kind: str, at_us: Us | None) -> float:
    """Return how long after it really happened an event was told, where it was detected."""
    if at_us is None:
        return nan
    near = [e for e in leg.detected if e.kind == kind and abs(e.t_event_us - at_us) <= 100_000]
    return (min([e.t_emit_us for e in near]) - at_us) / 1000 if near else nan
