"""Strides that go astray: the same for whatever is given, each as its kind says, none when off."""

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import HEEL_SWITCH, Sample
from hil.patient.bad_strides import KINDS, BadKind, BadStrides, BadStridesConfig
from hil.patient.config import LegConfig, PatientConfig
from hil.patient.patient import VirtualPatient
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario

STEADY = PatientConfig(stride_cv_percent=0.0)
VARIED = PatientConfig(stride_cv_percent=4.0)
BOTH = replace(STEADY, leg=(LegConfig(), LegConfig(side="left", channel=1)))
WAY = (SegmentConfig("stand", 1.0), SegmentConfig("walk", 1.0))
SEED = 3


def body(
    config: BadStridesConfig,
    patient: PatientConfig = STEADY,
    seconds: float = 60.0,
    seed: int = SEED,
    sensors: tuple[str, ...] = (),
) -> VirtualPatient:
    someone = VirtualPatient(patient, seed, WAY, sensors or (HEEL_SWITCH,), bad=config)
    for leg in someone.legs:
        leg.advance_to(round(seconds * 1e6))
    return someone


def of(*kinds: BadKind, percent: float = 20.0) -> BadStridesConfig:
    return BadStridesConfig(percent=percent, kinds=kinds or KINDS)


def told(someone: VirtualPatient) -> list[tuple[int, int, str]]:
    return [(s.toe_off_us, s.contact_us, s.bad) for leg in someone.legs for s in leg.swings]


# -- which strides --------------------------------------------------------------------------------


@given(
    percent=st.floats(1.0, 50.0),
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=8, unique=True),
    seed=st.integers(0, 10**6),
)
def test_kinds_are_dealt_like_cards_as_often_as_asked_for_and_never_twice_in_a_row(
    percent: float, kinds: list[BadKind], seed: int
) -> None:
    astray = BadStrides(BadStridesConfig(percent=percent, kinds=tuple(kinds)), 2, Random(seed))
    drawn = [astray.next() for _ in range(round(60 * 100 / percent))]
    struck = [kind for kind, _ in drawn if kind]
    assert 50 <= len(struck) <= 70
    assert not any(one and other for (one, _), (other, _) in pairwise(drawn))
    for first in range(0, len(struck) - len(kinds) + 1, len(kinds)):
        assert sorted(struck[first : first + len(kinds)]) == sorted(kinds)
    assert {leg for kind, leg in drawn if kind} == {0, 1}


def test_equal_seeds_give_equal_bad_strides_and_others_do_not() -> None:
    assert told(body(of(), VARIED)) == told(body(of(), VARIED))
    assert told(body(of(), VARIED)) != told(body(of(), VARIED, seed=SEED + 1))


def test_none_are_there_unless_asked_for() -> None:
    plain = body(BadStridesConfig(), VARIED)
    assert {bad for *_, bad in told(plain)} == {""}
    # What happens to sensors alone leaves every stride where it was.
    sensed = body(of("gap", "chatter", "late_contact", "missed_contact"), VARIED)
    assert [each[:2] for each in told(sensed)] == [each[:2] for each in told(plain)]
    assert Counter(bad for *_, bad in told(sensed))["gap"] >= 2


def test_what_is_given_changes_no_stride() -> None:
    still, moved = body(of(), seconds=0.0), body(of(), seconds=0.0)
    for t_us in range(0, 30_000_000, 25_000):
        still.legs[0].advance_to(t_us)
        moved.legs[0].advance_to(t_us)
        moved.legs[0].stimulate(t_us, ((300, 40_000), (300, -40_000)))
    assert told(still) == told(moved)
    angles = [
        [swing.ankle_at_contact_deg for swing in one.legs[0].swings] for one in (still, moved)
    ]
    assert angles[0] != angles[1]


# -- how each is walked ---------------------------------------------------------------------------


def spans(someone: VirtualPatient, leg: int = 0) -> dict[str, list[tuple[float, float]]]:
    """Return stance and swing of each kind of stride, seconds; what follows one is ``after``."""
    found: dict[str, list[tuple[float, float]]] = {}
    swings = someone.legs[leg].swings
    for before, swing in pairwise(swings):
        kind = swing.bad or ("after" if before.bad else "")
        stance_s = (swing.toe_off_us - before.contact_us) / 1e6
        swing_s = (swing.contact_us - swing.toe_off_us) / 1e6
        found.setdefault(kind, []).append((stance_s, swing_s))
    return found


def middle(parts: list[tuple[float, float]]) -> tuple[float, float]:
    return median([stance for stance, _ in parts]), median([swing for _, swing in parts])


@pytest.mark.parametrize(
    ("kind", "share"), [("hesitation", 1.82), ("stumble", 0.6), ("short", 0.0), ("long", 0.0)]
)
def test_a_stride_is_as_long_as_its_kind_says(kind: BadKind, share: float) -> None:
    found = spans(body(of(kind)))
    stance_s, swing_s = middle(found[""])
    bad_stance_s, bad_swing_s = middle(found[kind])
    if share:
        # Only the swing; the foot has stood as long as ever.
        assert bad_swing_s == pytest.approx(share * swing_s, rel=0.02)
        assert bad_stance_s == pytest.approx(stance_s, rel=0.02)
    else:
        whole = 0.71 if kind == "short" else 1.27
        bad_s = bad_stance_s + bad_swing_s
        assert bad_s == pytest.approx(whole * (stance_s + swing_s), abs=0.002)
    assert middle(found["after"])[1] == pytest.approx(swing_s, rel=0.02)


def test_a_stumble_lands_flat_and_the_next_step_is_lifted_higher() -> None:
    someone = body(of("stumble"))
    swings = someone.legs[0].swings
    stumbles = [swing for swing in swings if swing.bad]
    assert stumbles
    after = [later for swing, later in pairwise(swings) if swing.bad]
    usual = median([swing.clearance_mm for swing in swings if not swing.bad])
    assert all(swing.fall_deg_per_s == 0.0 for swing in stumbles), "no heel rocker"
    assert all(swing.clearance_mm > usual + 5 for swing in after)


def test_two_legs_err_each_in_turn_and_stay_in_step() -> None:
    someone = body(of("hesitation"), BOTH, seconds=240.0)
    struck = [{s.stride for s in leg.swings if s.bad} for leg in someone.legs]
    assert all(struck)
    assert not struck[0] & struck[1], "each hesitates for itself"
    for leg in (0, 1):
        found = spans(someone, leg)
        assert middle(found["hesitation"])[1] > 1.6 * middle(found[""])[1]
    first, second = ([s.contact_us for s in leg.swings] for leg in someone.legs)
    assert abs(len(first) - len(second)) <= 1
    # The other leg stands while one hesitates: its next contact comes after that one's.
    order = sorted([(t, 0) for t in first] + [(t, 1) for t in second])
    assert all(one != other for (_, one), (_, other) in pairwise(order))


# -- what its sensors tell ------------------------------------------------------------------------


def read(config: BadStridesConfig, seconds: float = 60.0) -> tuple[VirtualPatient, list[Sample]]:
    someone = VirtualPatient(STEADY, SEED, WAY, (HEEL_SWITCH,), bad=config)
    (hub,) = someone.hubs
    samples: list[Sample] = []
    while hub.next_arrival_us() < seconds * 1e6:
        samples += hub.read()
    return someone, samples


def closes_after_us(samples: list[Sample], contact_us: int) -> int:
    at = [s.t_meas_us for s in samples if s.t_meas_us >= contact_us and s.values[0] == 1.0]
    return at[0] - contact_us


def test_a_heel_that_bears_late_is_told_late_and_one_that_does_not_is_not_told() -> None:
    late, samples = read(of("late_contact"))
    assert sum(swing.bad == "late_contact" for swing in late.legs[0].swings[1:-1]) >= 2
    for swing in late.legs[0].swings[1:-1]:
        delay_us = closes_after_us(samples, swing.contact_us)
        # This foot lands on its whole sole, or its toes: the heel is down within 60 ms.
        assert (120_000 <= delay_us <= 180_000) if swing.bad else delay_us <= 60_000
    missed, samples = read(of("missed_contact"))
    assert sum(swing.bad == "missed_contact" for swing in missed.legs[0].swings[:-1]) >= 2
    for swing, after in pairwise(missed.legs[0].swings):
        stance = [s for s in samples if swing.contact_us <= s.t_meas_us < after.toe_off_us]
        assert any(s.values[0] for s in stance) == (not swing.bad)


def test_a_gap_is_as_long_as_asked_for_and_chatter_is_in_its_stride() -> None:
    gaps, samples = read(of("gap"))
    holes = [b.t_meas_us - a.t_meas_us for a, b in pairwise(samples)]
    long = [hole for hole in holes if hole > 20_000]
    assert len(long) >= len([s for s in gaps.legs[0].swings if s.bad]) >= 2
    assert all(hole == pytest.approx(300_000, abs=20_000) for hole in long)
    chatter, samples = read(of("chatter"))
    _, plain = read(BadStridesConfig())
    wrong = [s.t_meas_us for s, p in zip(samples, plain, strict=True) if s.values != p.values]
    assert wrong
    begun = chatter.legs[0].bad
    for t_us in wrong:
        assert any(bad.from_us <= t_us <= bad.contact_us + 400_000 for bad in begun)


# -- whoever and whatever is accepted -------------------------------------------------------------

PRESETS = ("cerebral_palsy_child", "stroke_severe_spastic", "bilateral", "healthy")
SEGMENTS = ("walk", "turn", "shuffle", "stairs_up", "slope_down", "turn_on_spot", "stand")


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("worst", [False, True])
def test_every_preset_walks_every_kind_wherever_it_goes(name: str, worst: bool) -> None:
    patient = load_scenario("standard", {"patient": name}).walk.patient
    config = of(percent=50.0)
    if worst:
        config = replace(
            config,
            short_percent=50.0,
            long_percent=160.0,
            hesitation_percent=300.0,
            stumble_percent=40.0,
        )
    for speed in (40.0, 160.0):
        way = [SegmentConfig("stand", 0.5)]
        way += [SegmentConfig(kind, 12.0, speed) for kind in SEGMENTS]  # type: ignore[arg-type]
        someone = VirtualPatient(patient, SEED, way, bad=config)
        for leg in someone.legs:
            leg.advance_to(90_000_000)
            assert any(swing.bad for swing in leg.swings)
            for swing in leg.swings:
                numbers = [value for value in swing if not isinstance(value, str)]
                assert all(map(math.isfinite, numbers)), swing
                assert swing.heel_off_us <= swing.toe_off_us < swing.contact_us
