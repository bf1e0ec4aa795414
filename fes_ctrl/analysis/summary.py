"""From a finished walk to the figures of ``summary.json``: the promise is in the documentation.

Unknown is ``None``, never NaN.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from fes_ctrl.analysis.adaptations import adaptation_figures
from fes_ctrl.analysis.bad_strides import bad_stride_figures
from fes_ctrl.analysis.event_errors import TOLERANCE_US, event_errors
from fes_ctrl.analysis.percentiles import percentile, spread
from fes_ctrl.analysis.refusals import by_reason
from fes_ctrl.analysis.walk import Burst, Charge, LegWalk, Swing, Walk
from fes_ctrl.model import ALL_LEGS, EVENT_KINDS, LEG_NAMES
from fes_ctrl.units import Us, ms_from_us, s_from_us

FORMAT: Final = 1
CHARGE_WINDOW_US: Final = 1_000_000


def leg_summary(walk: Walk, leg: LegWalk) -> dict[str, object]:
    """Return the figures of one leg; outcomes are of settled strides only."""
    settled = walk.settled(leg)
    clearance = [swing.clearance_mm for swing in settled]
    lost = [swing.lost_push_off_percent for swing in settled]
    slaps = [swing.slap for swing in settled]
    return {
        "strides": len(leg.swings),
        "bursts": len({burst.start.t_us for burst in leg.bursts if burst.setpoints}),
        "setpoints": leg.setpoints,
        "pulses": len(leg.pulses_us),
        "settled_from_stride": settled[0].stride if settled else None,
        "toe_clearance_mm": spread(clearance, min=0, p05=5, median=50),
        "drag_strides": sum(value < 0.0 for value in clearance) if settled else None,
        "foot_slap_percent": round(100.0 * sum(slaps) / len(slaps), 1) if slaps else None,
        "compensation_mm": percentile([swing.compensation_mm for swing in settled], 50),
        "circumduction_mm": percentile([swing.circumduction_mm for swing in settled], 50),
        "push_off": {"lost_work_percent": percentile(lost, 50)},
        "fatigue_percent": (None if leg.fitness is None else round(100.0 * (1.0 - leg.fitness), 3)),
        "ankle_at_contact_deg": spread(
            [swing.ankle_at_contact_deg for swing in settled], p05=5, median=50, p95=95
        ),
        "eversion_at_contact_deg": spread(
            [swing.eversion_at_contact_deg for swing in settled], p05=5, median=50, p95=95
        ),
        "foot_flat_ms": spread([swing.foot_flat_ms for swing in settled], median=50, p95=95),
        "forefoot_fall_deg_per_s": spread(
            [swing.fall_deg_per_s for swing in settled], median=50, p95=95
        ),
        "reflex_Nm": spread([swing.reflex_Nm for swing in settled], median=50, p95=95),
        "peak_swing_dorsiflexion_deg": spread(
            [swing.peak_dorsiflexion_deg for swing in settled], median=50
        ),
        "ankle_at_toe_off_deg": spread(
            [swing.ankle_at_toe_off_deg for swing in settled], median=50
        ),
        "peak_knee_flexion_deg": spread(
            [swing.peak_knee_flexion_deg for swing in settled], median=50
        ),
        "speed_m_per_s": percentile([swing.speed_m_per_s for swing in settled], 50),
        "detection": detection(leg),
        "onset_delay_ms": onset_delay(settled, leg.bursts),
        "burst": burst_figures(walk, leg),
        "adaptation": adaptation_figures(leg, walk.settled_from_us),
        "bad_strides": bad_stride_figures(walk, leg),
        "pulse_interval_ms": pulse_intervals(leg.pulses_us),
        "charge": phase_figures(leg.charge_per_phase_max_pc, leg.charge_pc),
        "skipped_pulses": leg.skipped,
        "late_ms": spread([ms_from_us(late) for late in leg.written_late_us], p99=99, max=100),
    }


def detection(leg: LegWalk) -> dict[str, object]:
    """Return accuracy and latency of each kind of event against the patient's truth."""
    figures: dict[str, object] = {}
    for kind in EVENT_KINDS:
        told = event_errors(leg, kind)
        if told.found:
            figures[kind] = {
                "n": told.found,
                "f1": told.f1,
                "mean_ms": told.mean_ms,
                "sd_ms": told.sd_ms,
                "latency_ms": spread(told.latency_ms, p50=50, p95=95),
            }
    return figures


def onset_delay(swings: Sequence[Swing], bursts: Sequence[Burst]) -> dict[str, float | None]:
    """Return true heel-off to the first pulse of at least half the plateau; negative kept."""
    delays_ms = [onset_ms(swing, bursts) for swing in swings]
    return spread([each for each in delays_ms if each is not None], p50=50, p95=95, max=100)


def onset_ms(swing: Swing, bursts: Sequence[Burst]) -> float | None:
    """Return one swing's delay from heel-off to the first strong pulse; ``None`` without one."""
    burst = burst_of(swing, bursts)
    if burst is None:
        return None
    half_ua = burst.start.set_current_ua / 2
    strong = [p.at_us for p in burst.setpoints if abs(p.current_ua) >= half_ua]
    return ms_from_us(strong[0] - swing.heel_off_us) if strong else None


def burst_of(swing: Swing, bursts: Sequence[Burst]) -> Burst | None:
    """Return the burst with current that overlaps this swing the longest, if any does.

    Parameters
    ----------
    swing : Swing
        From its heel-off to its contact.
    bursts : sequence of Burst
        In order of time.
    """
    best: Burst | None = None
    longest_us: Us = 0
    first = bisect_left(bursts, swing.heel_off_us, key=_last_us)
    for burst in bursts[first:]:
        if burst.start.t_us > swing.contact_us:
            break
        if not burst.setpoints:
            continue
        from_us = max(burst.setpoints[0].at_us, swing.heel_off_us)
        to_us = min(burst.setpoints[-1].at_us, swing.contact_us)
        if to_us - from_us > longest_us:
            best, longest_us = burst, to_us - from_us
    return best


def _last_us(burst: Burst) -> Us:
    return burst.setpoints[-1].at_us if burst.setpoints else burst.start.t_us


def burst_figures(walk: Walk, leg: LegWalk) -> dict[str, object]:
    """Return missed and extra bursts, what ended them, and their lengths."""
    given = [burst for burst in leg.bursts if burst.setpoints]
    settled = [swing for swing in leg.swings if swing.heel_off_us >= walk.settled_from_us]
    found = [burst_of(swing, given) for swing in leg.swings]
    used = {id(burst) for burst in found if burst is not None}
    # A walk may end in the middle of a swing, whose burst is not one too many.
    over_us = leg.swings[-1].contact_us if leg.swings else walk.duration_us
    ended_by: dict[str, int] = {}
    after_ms: list[float] = []
    lengths_ms: list[float] = []
    for burst in given:
        lengths_ms.append(ms_from_us(burst.setpoints[-1].at_us - burst.setpoints[0].at_us))
        if burst.end is None:
            continue
        ended_by[burst.end.ended_by] = ended_by.get(burst.end.ended_by, 0) + 1
    for swing, match_ in zip(leg.swings, found, strict=True):
        if match_ is not None:
            after_ms.append(ms_from_us(match_.setpoints[-1].at_us - swing.contact_us))
    # Bursts that were planned and not given say what evaluation keeps back, not what was missed.
    known = bool(given) or not leg.bursts
    return {
        "missed_swings": (
            sum(burst_of(swing, given) is None for swing in settled) if known else None
        ),
        "extra": (
            sum(id(burst) not in used and burst.start.t_us <= over_us for burst in given)
            if known
            else None
        ),
        "first_step_missed": first_step_missed(leg),
        "ended_by": dict(sorted(ended_by.items())),
        "duration_ms": spread(lengths_ms, p50=50, p95=95, max=100),
        "after_contact_ms": spread(after_ms, p50=50, p95=95, max=100),
    }


def first_step_missed(leg: LegWalk) -> bool | None:
    """Return whether no burst was planned for the first swing; armed or not."""
    if not leg.swings:
        return None
    first = leg.swings[0]
    return not any(
        first.heel_off_us - TOLERANCE_US <= burst.start.t_us <= first.contact_us
        for burst in leg.bursts
    )


def pulse_intervals(pulses_us: Sequence[Us]) -> dict[str, float | None]:
    """Return the distances of pulses within bursts."""
    gaps_ms = [
        ms_from_us(later - earlier)
        for earlier, later in pairwise(pulses_us)
        if later - earlier < 200_000
    ]
    return spread(gaps_ms, p50=50, p95=95, max=100)


def phase_figures(per_phase_max_pc: int, total_pc: int) -> dict[str, float]:
    """Return the largest charge of a phase and the sum of first phases."""
    return {
        "per_phase_uC_max": round(per_phase_max_pc / 1e6, 4),
        "total_mC": round(total_pc / 1e9, 4),
    }


def charge_figures(charge: Charge) -> dict[str, object]:
    """Return charge per phase, total charge, and the highest current density over one second."""
    return {
        **phase_figures(charge.per_phase_max_pc, charge.total_pc),
        "rms_mA_per_cm2_max": rms_density(charge),
        "source": charge.source,
    }


def rms_density(charge: Charge) -> float | None:
    """Return the highest r.m.s. current density of any one second, mA/cm2."""
    if charge.source == "commanded":
        return None
    rms_ma = math.sqrt(charge.squared_max_ua2_us / CHARGE_WINDOW_US) / 1000.0
    return round(rms_ma / charge.electrode_area_cm2, 4)


def summarise(walk: Walk) -> dict[str, object]:
    """Return the figures of a walk that depend on nothing but what happened in it.

    Parameters
    ----------
    walk : Walk
        As filled in by whoever ran it.

    Returns
    -------
    dict
        ``duration_s``, ``legs``, ``sensing``, ``charge`` and ``safety`` of the summary.
    """
    return {
        "duration_s": s_from_us(walk.duration_us),
        "legs": {LEG_NAMES[leg.leg]: leg_summary(walk, leg) for leg in walk.legs},
        "sensing": {
            LEG_NAMES[leg.leg]: {"detection": detection(leg), "strides": len(leg.swings)}
            for leg in walk.sensing
        },
        "charge": charge_figures(walk.charge),
        "safety": {
            "faults": [
                {
                    "id": fault.id,
                    "t_s": s_from_us(fault.t_us),
                    "reaction": fault.reaction,
                    "leg": None if fault.leg == ALL_LEGS else LEG_NAMES[fault.leg],
                    "detail": fault.detail,
                }
                for fault in walk.faults
            ],
            "refused_setpoints": len(walk.refusals),
            "refused": by_reason(walk.refusals),
            "clipped": by_reason(walk.clips),
            "witness_violations": walk.violations,
            "limiter": walk.limiter,
        },
    }
