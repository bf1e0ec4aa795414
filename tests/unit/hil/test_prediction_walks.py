"""Prediction in closed loop: what it wins, and that no step is stimulated that does not come."""

from dataclasses import replace

import pytest

from fes_ctrl.analysis.summary import burst_of
from fes_ctrl.analysis.walk import LegWalk, Walk
from hil.patient.sensors.config import SensorName
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

KITS: dict[str, tuple[SensorName, ...]] = {
    "foot-imu": ("foot_imu",),
    "heel": ("heel_force", "fore_force"),
}


def walked(
    detector: str, lead_ms: int, way: tuple[SegmentConfig, ...], patient: str, cv_percent: float
) -> Walk:
    sets = (
        f"detector.name={detector}",
        f"program.trigger_lead_ms={lead_ms}",
        f"patient.stride_cv_percent={cv_percent}",
    )
    walk = load_scenario("standard", {"patient": patient, "seed": 3}, sets).walk
    legs = tuple(
        replace(leg, sensors=replace(leg.sensors, worn=KITS[detector])) for leg in walk.patient.leg
    )
    person = replace(walk.patient, leg=legs)
    duration_s = sum(part.duration_s for part in way)
    return simulate(replace(walk, patient=person, way=way, duration_s=duration_s)).walk


def ahead(leg: LegWalk) -> list[int]:
    return [b.start.t_us for b in leg.bursts if b.start.trigger.startswith("predicted")]


def onsets_ms(walk: Walk) -> list[float]:
    leg = walk.legs[0]
    found = [(swing, burst_of(swing, leg.bursts)) for swing in walk.settled(leg)]
    return sorted(
        (burst.setpoints[0].at_us - swing.heel_off_us) / 1000.0
        for swing, burst in found
        if burst is not None
    )


def without_a_swing(walk: Walk) -> list[int]:
    """Return when bursts began on a prediction that no swing followed."""
    leg = walk.legs[0]
    given = [burst for burst in leg.bursts if burst.setpoints]
    used = {id(burst_of(swing, given)) for swing in leg.swings}
    over_us = leg.swings[-1].contact_us
    return [
        burst.start.t_us
        for burst in given
        if burst.start.trigger.startswith("predicted")
        and id(burst) not in used
        and (burst.start.t_us <= over_us or (burst.end and burst.end.ended_by == "no_step"))
    ]


STEADY = (SegmentConfig("stand", 2.0), SegmentConfig("walk", 28.0))


@pytest.mark.parametrize("detector", KITS)
def test_half_the_bursts_of_a_steady_walk_begin_with_the_heel(detector: str) -> None:
    """A foot IMU tells heel-off so soon that little is left to win; the insole's lead is whole."""
    plain = onsets_ms(walked(detector, 0, STEADY, "flaccid", 2.0))
    early = onsets_ms(walked(detector, 80, STEADY, "flaccid", 2.0))
    assert len(plain) == len(early)
    assert early[len(early) // 2] < 15.0
    assert early[len(early) // 2] < plain[len(plain) // 2] - 20.0


@pytest.mark.parametrize("detector", KITS)
@pytest.mark.parametrize("cv_percent", [4.0, 10.0])
def test_no_step_is_stimulated_that_does_not_come(detector: str, cv_percent: float) -> None:
    way = [SegmentConfig("stand", 2.0)]
    for walk_s in (9.0, 10.1, 11.3, 9.7):
        way.append(SegmentConfig("walk", walk_s))
        way.append(SegmentConfig("stand", 3.0, weight_shifts_per_min=20.0))
    walk = walked(detector, 150, tuple(way), "stroke_moderate", cv_percent)
    assert len(ahead(walk.legs[0])) >= (5 if cv_percent < 5.0 else 1)
    assert without_a_swing(walk) == []
