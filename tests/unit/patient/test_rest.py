"""What a leg does while it does not walk: what it loads, how it moves, and that it is no step."""

from itertools import pairwise
from math import degrees, radians
from random import Random
from typing import NamedTuple

import pytest

from fes_ctrl.model import RIGHT
from hil.patient.config import LegConfig, PatientConfig
from hil.patient.leg import PatientLeg
from hil.patient.pace import steps_of
from hil.patient.plan import Plan
from hil.patient.rest.course import Course
from hil.patient.way import SegmentConfig as Part

BODY = PatientConfig(mass_kg=70.0, stride_cv_percent=0.0)
HALF_N = 70.0 * 9.81 / 2.0


class Row(NamedTuple):
    t_s: float
    pitch: float
    pitch_rate: float
    pitch_change: float
    tilt: float
    tilt_rate: float
    tilt_change: float
    heel_N: float
    fore_N: float
    spin: float
    roll: float


def rested(*parts: Part, seed: int = 2) -> tuple[PatientLeg, list[Row]]:
    """Return a leg that has gone a way, and what it was at every millisecond."""
    steps = steps_of(BODY, Plan(parts), Random(seed))
    leg = PatientLeg(BODY, LegConfig(), Random(seed), steps, RIGHT)
    rows = []
    for t_ms in range(round(1000 * sum(part.duration_s for part in parts))):
        leg.advance_to(1000 * t_ms)
        aside = leg.shank_aside()
        spin, roll = (0.0, 0.0) if aside is None else (aside.spin, aside.roll)
        foot, shank = leg.motion(), leg.shank_motion()
        rows.append(Row(t_ms / 1000, *foot[:3], *shank[:3], *leg.loads(), spin, roll))
    return leg, rows


def between(rows: list[Row], begin_s: float, end_s: float) -> list[Row]:
    return [row for row in rows if begin_s <= row.t_s < end_s]


def times_below(loads: list[float], low: float, high: float) -> int:
    """Return how often a load has fallen below one bound since it was above another."""
    count, above = 0, True
    for load in loads:
        if above and load < low:
            count, above = count + 1, False
        elif load > high:
            above = True
    return count


STAND = Part("stand", 2.0)
ACTS = {
    "sit": Part("sit", 40.0, fidgets_per_min=20.0),
    "toe": Part("tap", 20.0),
    "heel": Part("tap", 20.0, taps_with="heel"),
    "seated": Part("tap", 20.0, taps_with="heel", on_chair=True),
    "pivot": Part("turn_on_spot", 30.0, pivots_per_min=20.0),
    "shift": Part("stand", 30.0, weight_shifts_per_min=20.0),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("seed", range(1, 6))
def test_nothing_of_it_is_a_step_and_in_the_end_one_stands_as_before(act: str, seed: int) -> None:
    leg, rows = rested(STAND, ACTS[act], STAND, seed=seed)
    before, last, after = rows[1000], rows[-2001], rows[-500]
    assert before[1:] == pytest.approx(after[1:], abs=1e-12)
    assert before[1:7] == pytest.approx(last[1:7], abs=0.1), "a millisecond before the end"
    if act != "shift":
        assert before[7:] == pytest.approx(last[7:], abs=1.0), "N; a shift may be under way"
    assert any(row[1:] != before[1:] for row in rows), "something was done"
    assert leg.events == []
    assert leg.toe_height_mm() == pytest.approx(rested(STAND)[0].toe_height_mm(), abs=1e-9)


@pytest.mark.parametrize("act", ACTS)
def test_angle_rate_and_acceleration_belong_together(act: str) -> None:
    _, rows = rested(STAND, ACTS[act], STAND)
    for angle, rate, change in (
        ("pitch", "pitch_rate", "pitch_change"),
        ("tilt", "tilt_rate", "tilt_change"),
    ):
        off_rate, off_change = 0.0, []
        for a, b in pairwise(rows):
            mean = (getattr(a, rate) + getattr(b, rate)) / 2
            off_rate = max(off_rate, abs((getattr(b, angle) - getattr(a, angle)) * 1000 - mean))
            mean = (getattr(a, change) + getattr(b, change)) / 2
            off_change.append(abs((getattr(b, rate) - getattr(a, rate)) * 1000 - mean))
        assert off_rate < 0.12, "rad/s; a foot that thuds stops within a millisecond"
        assert sorted(off_change)[round(0.99 * len(off_change))] < 0.3, "rad/s2"


def test_who_walks_off_after_any_of_it_takes_the_step_he_would_have_taken() -> None:
    walk = Part("walk", 4.0)
    plain = rested(STAND, Part("stand", 20.0), walk)[0].events
    for act in ("toe", "heel", "seated"):
        found = rested(STAND, ACTS[act], walk)[0].events
        assert [event.kind for event in found] == [event.kind for event in plain]
        assert [e.t_us for e in found] == pytest.approx([e.t_us for e in plain], abs=20_000)


# -- sitting ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(1, 6))
def test_sitting_down_and_rising_load_the_feet_more_and_the_chair_takes_most_of_it(
    seed: int,
) -> None:
    _, rows = rested(STAND, Part("sit", 20.0, fidgets_per_min=0.0), STAND, seed=seed)
    load = [row.heel_N + row.fore_N for row in rows]
    seated = load[5000:19_000]
    assert 0.1 * HALF_N <= min(seated) <= max(seated) <= 0.2 * HALF_N
    assert max(seated) - min(seated) < 1e-9
    for begin, end in ((2000, 5000), (19_000, 22_000)):
        assert 1.1 * HALF_N <= max(load[begin:end]) <= 1.3 * HALF_N
    down = load[2000:5000]
    assert down.index(max(down)) > down.index(min(down[: down.index(max(down))])), "first a dip"
    tilts = [degrees(row.tilt - rows[0].tilt) for row in rows]
    assert -22 <= min(tilts[2000:5000]) <= -12, "the shank leans forward, and back"
    assert tilts[4600] > min(tilts[2000:4600])
    assert all(abs(row.pitch - rows[0].pitch) < radians(3.1) for row in rows)


def test_who_comes_too_late_to_the_chair_stays_standing() -> None:
    walk = Part("walk", 5.0)
    # The stride under way is finished first, which takes nearly all of a quick seat.
    slow = PatientConfig(mass_kg=70.0, stride_cv_percent=0.0, stride_s=4.0)
    parts = (Part("stand", 1.0), walk, Part("sit", 8.0), Part("walk", 8.0))
    leg = PatientLeg(slow, LegConfig(), Random(1), steps_of(slow, Plan(parts), Random(1)), RIGHT)
    leg.advance_to(22_000_000)
    kinds = [event.kind for event in leg.events]
    assert kinds == [("ho", "tc", "ic", "ff")[k % 4] for k in range(len(kinds))]


def test_on_the_chair_a_foot_slides_and_lifts_its_heel_now_and_then() -> None:
    _, rows = rested(STAND, Part("sit", 300.0, fidgets_per_min=10.0), STAND)
    seated = between(rows, 6.0, 295.0)
    unloaded = times_below([row.heel_N for row in seated], 0.001, 1.0)
    assert 7 <= unloaded <= 30, "about three of ten fidgets"
    assert min(row.pitch - rows[0].pitch for row in seated) < radians(-15)
    assert max(row.tilt for row in seated) - min(row.tilt for row in seated) > radians(8)
    assert max(row.heel_N + row.fore_N for row in seated) <= 0.2 * HALF_N + 1e-9


# -- tapping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_min", [20.0, 100.0, 240.0])
def test_toes_tap_as_often_as_was_asked_for_and_the_heel_bears_on(per_min: float) -> None:
    _, rows = rested(STAND, Part("tap", 62.0, taps_per_min=per_min), STAND)
    tapping = between(rows, 3.0, 63.0)
    taps = times_below([row.fore_N for row in tapping], 0.001, 1.0)
    assert taps == pytest.approx(per_min, rel=0.05, abs=1.5)
    assert min(row.heel_N for row in tapping) > 0.3 * HALF_N
    assert all(row.pitch >= rows[0].pitch - 1e-12 for row in tapping)
    assert max(row.pitch - rows[0].pitch for row in tapping) <= radians(20.0)


@pytest.mark.parametrize("on_chair", [False, True])
def test_a_heel_that_taps_leaves_the_ground_by_centimetres(on_chair: bool) -> None:
    part = Part("tap", 66.0, taps_with="heel", taps_per_min=60.0, on_chair=on_chair)
    _, rows = rested(STAND, part, STAND)
    tapping = between(rows, 5.0, 65.0)
    taps = times_below([row.heel_N for row in tapping], 0.001, 1.0)
    assert taps == pytest.approx(60, abs=4)
    assert min(row.heel_N for row in tapping) == 0.0
    assert min(row.fore_N for row in tapping) > 0.0
    lowest = min(row.pitch - rows[0].pitch for row in tapping)
    assert radians(-16) < lowest < radians(-8)
    leans = min(row.tilt for row in tapping) - max(row.tilt for row in tapping)
    assert leans < 0.4 * lowest, "the knee goes forward"


# -- turning on the spot ------------------------------------------------------------------------


def test_a_pivot_turns_a_foot_that_bears() -> None:
    _, rows = rested(STAND, Part("turn_on_spot", 60.0, pivots_per_min=10.0), STAND)
    turning = [row for row in rows if row.spin != 0.0]
    pivots = times_below([-row.spin for row in rows], -0.01, -0.001)
    assert pivots == pytest.approx(10, abs=3)
    assert 20 <= degrees(sum(row.spin for row in rows) * 0.001) / pivots <= 60, "to the left"
    assert min(row.heel_N + row.fore_N for row in turning) > 0.49 * HALF_N
    assert max(degrees(row.spin) for row in turning) > 50


def test_steps_on_the_spot_are_steps_and_turn_the_foot_in_the_air() -> None:
    leg, rows = rested(STAND, Part("turn_on_spot", 20.0), Part("stand", 4.0))
    kinds = [event.kind for event in leg.events]
    assert kinds == [("ho", "tc", "ic", "ff")[k % 4] for k in range(len(kinds))]
    assert kinds.count("ic") == pytest.approx(20 / BODY.stride_s, abs=1.5)
    for row in rows:
        if row.heel_N + row.fore_N > 0.0:
            assert row.spin == 0.0
    for a, b in pairwise(rows):
        assert abs(b.spin - a.spin) < 0.1, "smoothly"
        assert abs(b.tilt - a.tilt) < 0.03, "stopping as well"
    turned = degrees(sum(row.spin for row in rows) * 0.001)
    assert turned == pytest.approx(kinds.count("ic") * 60 * BODY.stride_s, rel=0.01)
    assert max(swing.speed_m_per_s for swing in leg.swings) < 0.1
    assert min(swing.toe_off_us - swing.heel_off_us for swing in leg.swings) > 30_000


# -- weight shifts ------------------------------------------------------------------------------


def test_a_leg_that_is_relieved_leans_and_rolls_and_its_load_is_what_it_was() -> None:
    _, rows = rested(STAND, Part("stand", 120.0, weight_shifts_per_min=12.0), STAND)
    shifts = times_below([row.heel_N for row in rows], 0.9 * rows[0].heel_N, rows[0].heel_N - 1e-6)
    leaning = times_below([row.tilt - rows[0].tilt for row in rows], radians(-1.0), radians(-0.01))
    assert 15 <= shifts <= 30
    assert shifts / 2 < leaning <= shifts
    for row in rows:
        moved = abs(row.tilt - rows[0].tilt) + abs(row.pitch - rows[0].pitch) + abs(row.roll)
        if row.heel_N == rows[0].heel_N:
            assert moved < 1e-3
        assert abs(row.pitch - rows[0].pitch) <= radians(2.0) or row.heel_N == 0.0
        assert row.heel_N * rows[0].fore_N == pytest.approx(row.fore_N * rows[0].heel_N, abs=1e-6)
    assert radians(2) < max(row.roll for row in rows) <= radians(6.3)


def test_a_heel_that_is_free_for_a_moment_turns_the_foot_down() -> None:
    _, rows = rested(STAND, Part("stand", 200.0, weight_shifts_per_min=20.0), STAND)
    lifted = [row for row in rows if row.pitch - rows[0].pitch < radians(-2.01)]
    assert lifted
    assert all(row.heel_N == 0.0 for row in lifted)


# -- a course -----------------------------------------------------------------------------------


def test_a_course_goes_its_ways_in_order_and_rests_between_them() -> None:
    course = Course(1.0)
    course.go(3.0, 100, 200)
    course.go(0.0, 400, 100, thuds=True)
    seen = {}
    for t_ms in range(600):
        course.advance(t_ms)
        seen[t_ms] = course.value, course.rate
    assert seen[50] == (1.0, 0.0)
    assert seen[200][0] == pytest.approx(2.0)
    assert seen[200][1] == pytest.approx(1.875 * 2.0 / 0.2)
    assert seen[350] == (3.0, 0.0)
    # A foot that falls is fastest late.
    assert min(seen, key=lambda t_ms: seen[t_ms][1]) == pytest.approx(467, abs=1)
    assert seen[500] == (0.0, 0.0)
