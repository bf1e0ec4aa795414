"""Where a patient goes: when each part of the way begins, and how the legs walk it."""

import statistics
from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate, pairwise
from math import atan, degrees
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.config.errors import ConfigError
from fes_ctrl.model import RIGHT
from hil.patient.config import GaitConfig, LegConfig, PatientConfig, VoluntaryConfig
from hil.patient.leg import PatientLeg
from hil.patient.pace import steps_of
from hil.patient.plan import FOREVER_MS, LEVEL, Plan, manner_of, stand_then_walk
from hil.patient.way import SegmentConfig, SegmentKind
from hil.scenarios import load_scenario

KINDS: tuple[SegmentKind, ...] = get_args(SegmentKind)
RESTING = ("stand", "sit", "tap")
MOVING = tuple(kind for kind in KINDS if kind not in RESTING)
BODY = PatientConfig(
    stride_s=1.1, stride_cv_percent=0, leg=(LegConfig(voluntary=VoluntaryConfig(drive=0.3)),)
)


def part(kind: SegmentKind, duration_s: float, **how: float) -> SegmentConfig:
    return SegmentConfig(kind, duration_s, **how)


def walked(*way: SegmentConfig, until_s: float | None = None, index: int = 0) -> PatientLeg:
    steps = steps_of(BODY, Plan(way), Random(1), index)
    body = PatientLeg(BODY, BODY.leg[0], Random(1), steps, RIGHT)
    body.advance_to(round(1e6 * (until_s or sum(segment.duration_s for segment in way))))
    return body


def times_s(body: PatientLeg, kind: str) -> list[float]:
    return [event.t_us / 1e6 for event in body.events if event.kind == kind]


def steady_strides_s(kind: SegmentKind, **how: float) -> list[float]:
    contacts = times_s(walked(part("stand", 1), part(kind, 12, **how)), "ic")
    return [b - a for a, b in pairwise(contacts)]


# -- the plan -----------------------------------------------------------------------------------

SEGMENTS = st.lists(
    st.one_of(
        st.builds(SegmentConfig, st.sampled_from(("stand", *MOVING)), st.floats(0.001, 900)),
        st.builds(SegmentConfig, st.sampled_from(("sit", "tap")), st.floats(8.0, 900)),
    ),
    min_size=1,
    max_size=8,
)


@given(SEGMENTS, st.lists(st.integers(0, 10_000_000), max_size=30))
def test_every_part_of_the_way_lasts_as_long_as_it_says(
    segments: list[SegmentConfig], instants_ms: list[int]
) -> None:
    ends = [round(1000 * end_s) for end_s in accumulate(s.duration_s for s in segments)]
    plan = Plan(segments)
    around = [end + shift for end in ends for shift in (-1, 0, 1)]
    for t_ms in sorted(t for t in (*instants_ms, *around) if t >= 0):
        index = min(bisect_right(ends, t_ms), len(segments) - 1)
        assert plan.at(t_ms) == manner_of(segments[index])
        assert plan.end_ms() == (ends[index] if index < len(segments) - 1 else FOREVER_MS)


def test_the_plainest_way_stands_and_then_walks_for_ever() -> None:
    plan = stand_then_walk(2.5)
    assert plan.at(2499).standing
    assert plan.at(2500) == LEVEL == plan.at(36_000_000)


def test_manners_differ_from_level_walking_in_the_right_direction() -> None:
    manner = {kind: manner_of(part(kind, 10, slope_percent=8)) for kind in KINDS}
    assert manner["walk"] == LEVEL
    assert manner["stand"].standing
    assert [kind for kind in KINDS if manner[kind].standing] == list(RESTING)
    assert manner["shuffle"].amplitude < manner["turn"].amplitude < 1
    assert manner["shuffle"].period < 1 < manner["turn"].period < manner["stairs_up"].period
    assert manner["shuffle"].stance > manner["turn"].stance > 0
    assert manner["slope_up"].slope_rad == pytest.approx(atan(0.08))
    assert manner["slope_down"].slope_rad == -manner["slope_up"].slope_rad
    assert [kind for kind in KINDS if manner[kind].turn_deg_per_s] == ["turn"]
    assert [kind for kind in KINDS if manner[kind].flat] == [
        "stairs_up",
        "stairs_down",
        "turn_on_spot",
    ]
    assert manner["stairs_up"].lift_m > manner["stairs_down"].lift_m > 0


# -- standing, starting, stopping ---------------------------------------------------------------


def test_there_is_no_stride_in_standing() -> None:
    body = walked(part("stand", 5), part("walk", 6), part("stand", 8), part("walk", 6))
    assert min(event.t_us for event in body.events) > 5e6
    # The stride that is under way when the stop comes is walked to its end.
    still = [event for event in body.events if 11e6 + 2.2e6 <= event.t_us <= 19e6]
    assert still == []
    assert any(event.t_us > 19e6 for event in body.events)


def test_a_start_and_a_stop_are_whole_strides_in_order() -> None:
    body = walked(*[part("stand", 3), part("walk", 5)] * 4)
    kinds = [event.kind for event in body.events]
    for index, kind in enumerate(kinds):
        assert kind == ("ho", "tc", "ic", "ff")[index % 4]
    assert [event.t_us for event in body.events] == sorted(event.t_us for event in body.events)


def test_the_first_heel_off_comes_within_a_stride_and_the_last_contact_too() -> None:
    body = walked(part("stand", 2), part("walk", 10), part("stand", 10))
    assert 2 < times_s(body, "ho")[0] < 2 + 1.1
    assert 12 <= times_s(body, "ic")[-1] < 12 + 1.1 + 1e-9


def test_a_standing_leg_is_at_rest_on_its_whole_sole() -> None:
    body = walked(part("stand", 2), part("walk", 5), part("stand", 10), until_s=14)
    before = body.motion(), body.shank_motion(), body.loads(), body.toe_height_mm()
    assert body.standing_or_stance
    assert body.motion()[1:] == (0, 0, 0, 0)
    assert abs(degrees(body.shank_motion()[0])) < 3, "upright"
    assert sum(body.loads()) == pytest.approx(BODY.mass_kg * 9.81 / 2)
    body.advance_to(16_000_000)
    assert (body.motion(), body.shank_motion(), body.loads(), body.toe_height_mm()) == before


def test_the_other_leg_follows_half_a_stride_later() -> None:
    way = (part("stand", 2), part("walk", 8), part("stand", 4), part("walk", 6))
    first, second = (walked(*way, index=index) for index in (0, 1))
    shifted = [(event.kind, event.t_us + 550_000) for event in first.events]
    found = [(event.kind, event.t_us) for event in second.events]
    assert found == shifted[: len(found)]
    assert len(found) > len(shifted) - 5


@pytest.mark.parametrize("seed", range(6))
def test_a_way_of_very_short_parts_is_walked_without_a_fault(seed: int) -> None:
    random = Random(seed)
    kinds = [random.choice(KINDS) for _ in range(30)]
    way = [part(k, 8.0 if k == "sit" else random.choice([0.001, 0.05, 0.3, 1.0])) for k in kinds]
    body = walked(*way, part("walk", 5))
    found = [event.kind for event in body.events]
    assert all(kind == ("ho", "tc", "ic", "ff")[index % 4] for index, kind in enumerate(found))
    assert found.count("ic") >= 3


# -- how each kind is walked --------------------------------------------------------------------


@pytest.mark.parametrize("kind", MOVING)
def test_every_kind_of_way_is_walked(kind: SegmentKind) -> None:
    body = walked(part("stand", 1), part(kind, 10))
    assert len(body.swings) >= 5
    for swing in body.swings:
        assert -60 < swing.clearance_mm < 100
        assert -30 < swing.ankle_at_contact_deg < 20


@pytest.mark.parametrize("speed_percent", [40.0, 80.0, 100.0, 160.0])
@pytest.mark.parametrize("kind", ["walk", "turn", "stairs_up"])
def test_strides_last_as_their_kind_and_speed_say(kind: SegmentKind, speed_percent: float) -> None:
    segment = part(kind, 1, speed_percent=speed_percent)
    expected = 1.1 * manner_of(segment).period
    for stride_s in steady_strides_s(kind, speed_percent=speed_percent):
        assert stride_s == pytest.approx(expected, abs=0.0006)
    assert manner_of(segment).period == pytest.approx(
        manner_of(part(kind, 1)).period * (100 / speed_percent) ** 0.5
    )
    # Steps are shorter as they are slower.
    assert manner_of(segment).amplitude * manner_of(segment).period == pytest.approx(
        manner_of(part(kind, 1)).amplitude * manner_of(part(kind, 1)).period
    )


def stance_share(kind: SegmentKind) -> float:
    body = walked(part("stand", 1), part(kind, 14))
    contacts, offs = times_s(body, "ic"), times_s(body, "tc")
    last = contacts[-2]
    return (next(off for off in offs if off > last) - last) / (contacts[-1] - last)


def test_who_shuffles_or_turns_stays_longer_on_each_foot() -> None:
    assert stance_share("shuffle") > stance_share("turn") > stance_share("walk") + 0.02


def test_the_longest_stance_can_still_be_shuffled() -> None:
    slow = replace(BODY, leg=(replace(BODY.leg[0], gait=GaitConfig(stance_percent=78)),))
    way = Plan((part("stand", 1), part("shuffle", 10)))
    body = PatientLeg(slow, slow.leg[0], Random(1), steps_of(slow, way, Random(1)), RIGHT)
    body.advance_to(11_000_000)
    assert len(body.swings) >= 8


def stance_ankle_deg(kind: SegmentKind) -> float:
    """Return the most dorsiflexed ankle of a stance."""
    body = walked(part("stand", 1), part(kind, 20, slope_percent=12), until_s=8)
    largest = -90.0
    for t_ms in range(8_000, 9_500):
        body.advance_to(1000 * t_ms)
        if body.standing_or_stance:
            pitch, shank = body.motion()[0], body.shank_motion()[0]
            largest = max(largest, degrees(pitch - shank))
    return largest


def test_uphill_dorsiflexes_the_standing_foot_and_downhill_plantarflexes_it() -> None:
    down, level, up = (stance_ankle_deg(kind) for kind in ("slope_down", "walk", "slope_up"))
    slope_deg = degrees(atan(0.12))
    assert up == pytest.approx(level + slope_deg, abs=2)
    assert down == pytest.approx(level - slope_deg, abs=2)


def test_a_foot_flat_on_a_slope_is_tilted_as_the_ground_is() -> None:
    flat = {}
    for kind in ("slope_up", "walk", "slope_down"):
        body = walked(part("stand", 1), part(kind, 20, slope_percent=12), until_s=8)
        seen = len(body.events)
        while len(body.events) == seen or body.events[-1].kind != "ff":
            body.advance_to(1000 * (body.now_ms + 1))
        body.advance_to(1000 * (body.now_ms + 100))
        flat[kind] = degrees(body.motion()[0])
    assert flat["slope_up"] - flat["walk"] == pytest.approx(degrees(atan(0.12)), abs=0.2)
    assert flat["slope_down"] - flat["walk"] == pytest.approx(-degrees(atan(0.12)), abs=0.2)


@pytest.mark.parametrize("kind", ["walk", "slope_up", "shuffle"])
def test_the_shank_turns_as_fast_as_its_tilt_changes(kind: SegmentKind) -> None:
    body = walked(part("stand", 1), part(kind, 20), until_s=5)
    tilts, rates = [], []
    for t_ms in range(5_001, 7_500):
        body.advance_to(1000 * t_ms)
        tilts.append(body.shank_motion()[0])
        rates.append(body.shank_motion()[1])
    turned = [(b - a) * 1000 for a, b in pairwise(tilts)]
    off = [abs(t - r) for t, r in zip(turned, rates[1:], strict=True)]
    assert statistics.median(off) < 0.1, "rad/s"
    assert max(rates) > 2 or kind == "shuffle"


def test_on_stairs_the_foot_is_lifted_more_and_set_down_without_a_slap() -> None:
    level = walked(part("stand", 1), part("walk", 12)).swings[-1]
    stairs = walked(part("stand", 1), part("stairs_up", 12)).swings
    assert stairs[-1].clearance_mm > level.clearance_mm
    assert not any(swing.slap for swing in stairs)


def test_a_body_turns_only_while_it_turns() -> None:
    body = walked(part("stand", 1), part("walk", 5), part("turn", 6), part("walk", 6), until_s=0.5)
    turning = []
    for t_ms in range(500, 18_000, 10):
        body.advance_to(1000 * t_ms)
        if body.turn_rad_per_s() != 0.0:
            assert body.turn_rad_per_s() > 0, "to the left"
            turning.append(t_ms / 1000)
    assert 6 <= turning[0] < 6 + 1.2
    assert 12 <= turning[-1] < 12 + 1.3


# -- a scenario's way ---------------------------------------------------------------------------


def refusal(path: Path, lines: list[str]) -> str:
    path.write_text("\n".join(["[walk]", "duration_s = 20", *lines]) + "\n")
    with pytest.raises(ConfigError) as caught:
        load_scenario(str(path))
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("lines", "line", "told"),
    [
        (["[[walk.segment]]", 'kind = "hop"'], 4, "walk.segment.0.kind = \"hop\": must be 'stand'"),
        (["[[walk.segment]]", "duration_s = 0"], 4, "duration_s = 0: must be above 0"),
        (["[[walk.segment]]", "duration_s = inf"], 4, "must be a finite number"),
        (["[[walk.segment]]", "speed_percent = 20"], 4, "speed_percent = 20: must be at least 40"),
        (["[[walk.segment]]", "slope_percent = -8"], 4, "slope_percent = -8: must be at least 0"),
        (["[[walk.segment]]", "weight_shifts_per_min = 99"], 4, "must be at most 60"),
        (["[[walk.segment]]", "taps_per_min = 0"], 4, "must be at least 1"),
        (["[[walk.segment]]", 'taps_with = "knee"'], 4, "must be 'toe' or 'heel'"),
        (["[[walk.segment]]", "pivots_per_min = 41"], 4, "must be at most 40"),
        (["[[walk.segment]]", "fidgets_per_min = 31"], 4, "must be at most 30"),
        (
            ["[[walk.segment]]", 'kind = "sit"', "duration_s = 4"],
            5,
            "duration_s 4 is too short to sit down and rise; sit for at least 8 s",
        ),
        (["[[walk.segment]]", "speed = 90"], 4, "unknown key; known are kind, duration_s"),
        (
            ["[[walk.segment]]", "[[walk.segment]]", "duration = 3"],
            5,
            "walk.segment.1.duration: unknown key",
        ),
        (["segment = 3"], 3, "must be an array of tables ([[walk.segment]])"),
        (['segment = ["walk"]'], 3, "must be a table"),
        (["standing_s = 0"], 3, "walk.standing_s = 0: must be at least 0.001"),
    ],
)
def test_a_bad_part_of_the_way_is_refused_with_file_line_and_what_it_must_be(
    tmp_path: Path, lines: list[str], line: int, told: str
) -> None:
    path = tmp_path / "way.toml"
    message = refusal(path, lines)
    assert told in message
    assert f"({path}:{line})" in message


def test_a_scenario_stands_first_and_then_goes_its_way_in_order(tmp_path: Path) -> None:
    path = tmp_path / "way.toml"
    parts = '[[walk.segment]]\nkind = "turn"\nduration_s = 3\n[[walk.segment]]\nkind = "shuffle"\n'
    path.write_text("[walk]\nduration_s = 20\nstanding_s = 4\n" + parts)
    way = load_scenario(str(path)).walk.way
    assert [(segment.kind, segment.duration_s) for segment in way] == [
        ("stand", 4),
        ("turn", 3),
        ("shuffle", 10),
    ]
