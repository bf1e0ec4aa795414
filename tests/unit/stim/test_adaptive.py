"""The law by which a program learns: it finds the least that does, and never asks for too much."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import LEFT
from fes_ctrl.stim.adaptive import WITHIN_DEG, WITHIN_SCATTERS, Adapted, AdaptiveLaw, Times, ramp_to
from fes_ctrl.stim.adaptive_config import AdaptiveConfig
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stim.envelope import envelope_ua
from fes_ctrl.stim.quantise import WHOLE_PPM
from helpers.walker import STANDARD, Walker

WANTED = AdaptiveConfig(learn=True)
SPAN_UA = 42_000
EXTENSION_US = 100_000
TIMES = Times(EXTENSION_US, 200_000, 100_000, 12_000)
UP_PPM = WHOLE_PPM * round(1000 * WANTED.step_mA) // SPAN_UA


def put_off_us(law: AdaptiveLaw) -> int:
    """Return how much later the onset is than goes with its ramp."""
    return law.now.later_us - law.now.shorter_us // 2


class Foot:
    """A foot that answers to current less and less, and in mid-swing to a late onset as well."""

    def __init__(self, low_deg: float, high_deg: float, mid_less_deg: float = 33.0) -> None:
        self.low_deg = low_deg
        self.span_deg = high_deg - low_deg
        self.mid_less_deg = mid_less_deg
        self.strength = 1.0

    def lands(self, adapted: Adapted) -> tuple[float, float]:
        share = adapted.share_ppm / WHOLE_PPM
        lift_deg = self.strength * self.span_deg * (1.0 - (1.0 - share) ** 3)
        late_deg = 0.04 * adapted.later_us / 1000.0 * lift_deg / 10.0
        return self.low_deg + lift_deg - self.mid_less_deg - late_deg, self.low_deg + lift_deg

    def walk(
        self, law: AdaptiveLaw, strides: int, scatter_deg: float = 0.0, seed: int = 1
    ) -> list[float]:
        random = Random(seed)
        found = []
        for _ in range(strides):
            mid_deg, contact_deg = self.lands(law.now)
            contact_deg += random.gauss(0.0, scatter_deg)
            found.append(contact_deg)
            law.learn(mid_deg, contact_deg, 400.0, TIMES)
        return found


@pytest.mark.parametrize("start", [0.0, 1.0], ids=["too weak", "too strong"])
@pytest.mark.parametrize(("low", "high"), [(-12, 15), (3, 29), (9, 16)])
def test_the_target_is_just_met_after_ten_strides(low: float, high: float, start: float) -> None:
    law = AdaptiveLaw(replace(WANTED, start=start), SPAN_UA)
    landed = Foot(low, high).walk(law, 40)
    assert all(WANTED.contact_deg - 0.5 <= deg <= WANTED.contact_deg + 3.0 for deg in landed[10:])
    assert 0 < law.now.share_ppm < WHOLE_PPM


def test_a_muscle_that_tires_is_given_more_and_one_that_recovers_less() -> None:
    law = AdaptiveLaw(WANTED, SPAN_UA)
    foot = Foot(3, 25)
    foot.walk(law, 30)
    fresh_ppm = law.now.share_ppm
    for _ in range(150):
        foot.strength -= 0.003
        landed = foot.walk(law, 1)[-1]
    assert landed >= WANTED.contact_deg - 0.5
    assert law.now.share_ppm > 1.3 * fresh_ppm
    foot.strength = 1.0
    foot.walk(law, 60)
    assert law.now.share_ppm == pytest.approx(fresh_ppm, rel=0.2)


@pytest.mark.parametrize("scatter_deg", [0.2, 0.4, 0.6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_steers_above_its_target_by_what_the_scatter_asks_for(
    scatter_deg: float, seed: int
) -> None:
    law = AdaptiveLaw(WANTED, SPAN_UA)
    landed = Foot(3, 25, mid_less_deg=30.0).walk(law, 800, scatter_deg, seed)[100:]
    wanted = WANTED.contact_deg
    missed = sum(deg < wanted - WITHIN_DEG for deg in landed) / len(landed)
    assert missed < 0.075, "one of twenty is meant"
    spare_deg = WITHIN_SCATTERS * scatter_deg - WITHIN_DEG
    assert sum(landed) / len(landed) - wanted < max(0.0, spare_deg) + 0.35, "and no more than that"


def test_the_onset_comes_later_where_mid_swing_has_room_and_back_where_it_has_not() -> None:
    law = AdaptiveLaw(WANTED, SPAN_UA)
    foot = Foot(3, 25, mid_less_deg=30.0)
    foot.walk(law, 40)
    assert put_off_us(law) > 30_000
    foot.mid_less_deg = 36.0
    foot.walk(law, 20)
    assert put_off_us(law) == 0


def test_a_forefoot_that_falls_too_fast_gets_its_extension_back() -> None:
    law = AdaptiveLaw(WANTED, SPAN_UA)
    Foot(3, 25).walk(law, 40)
    assert law.now.sooner_us == EXTENSION_US - 30_000, "the least extension is left"
    law.learn(-20.0, 12.5, 900.0, TIMES)
    assert law.now.sooner_us == EXTENSION_US - 50_000
    law.learn(-20.0, 12.5, 400.0, TIMES._replace(extension_us=40_000))
    assert law.now.sooner_us <= 10_000, "the program's own was made shorter meanwhile"


def test_what_is_out_of_reach_is_said_to_be() -> None:
    law = AdaptiveLaw(WANTED, SPAN_UA)
    Foot(-1, 1).walk(law, 12)
    assert law.now.share_ppm == WHOLE_PPM
    assert law.out_of_reach


@given(
    start=st.floats(0, 1),
    strides=st.lists(
        st.tuples(st.floats(), st.floats(), st.floats(), st.integers(0, 1_000_000), st.booleans()),
        max_size=12,
    ),
)
def test_whatever_is_measured_it_stays_within_its_bounds_and_steps(
    start: float, strides: list[tuple[float, float, float, int, bool]]
) -> None:
    law = AdaptiveLaw(replace(WANTED, start=start), SPAN_UA)
    for mid_deg, contact_deg, fall_dps, extension_us, reverts in strides:
        was = law.now
        if reverts:
            law.revert()
        else:
            law.learn(mid_deg, contact_deg, fall_dps, TIMES._replace(extension_us=extension_us))
            assert law.now.sooner_us <= max(0, extension_us - 30_000)
        assert 0 <= law.now.share_ppm <= WHOLE_PPM
        assert -2 * UP_PPM <= law.now.share_ppm - was.share_ppm <= UP_PPM
        assert 0 <= law.now.later_us - law.now.shorter_us // 2 <= 100_000
        assert 0 <= law.now.shorter_us <= 100_000
        assert law.now.sooner_us >= 0


def test_it_goes_back_to_its_start_step_by_step_and_stays_there() -> None:
    law = AdaptiveLaw(WANTED, SPAN_UA)
    Foot(3, 40, mid_less_deg=20.0).walk(law, 40)
    low_ppm = law.now.share_ppm
    assert law.revert()
    assert law.now.share_ppm == low_ppm + UP_PPM
    while law.revert():
        pass
    assert law.now == Adapted(600_000, 0, 0)


# -- what a program makes of it -------------------------------------------------------------------


def given_burst(config: ProgramConfig, adapted: Adapted, level: int = 100) -> Walker:
    walker = Walker(config, level)
    walker.program.burst.adapted = adapted
    walker.heel_off(0)
    walker.contact(700_000)
    walker.until(5_000_000)
    return walker


def test_a_share_scales_what_is_above_the_motor_threshold() -> None:
    half = given_burst(STANDARD, Adapted(500_000, 0, 0))
    assert max(s.current_ua for s in half.setpoints) == 30_500, "18 + 0.5 * 25.2 = 30.6 mA"
    none = given_burst(STANDARD, Adapted(0, 0, 0))
    assert {s.current_ua for s in none.setpoints} == {18_000}


def test_onset_and_fall_move_as_was_learnt() -> None:
    walker = given_burst(STANDARD, Adapted(WHOLE_PPM, 60_000, 70_000))
    assert walker.times[0] == 60_000
    plateau = [s.at_us for s in walker.setpoints if s.current_ua == 43_000]
    assert plateau[-1] <= 730_000


def test_a_shorter_ramp_reaches_the_plateau_so_much_sooner_after_the_onset() -> None:
    for shorter_us, reached_us in ((0, 200_000), (100_000, 100_000), (999_000, 0)):
        walker = given_burst(STANDARD, Adapted(500_000, 50_000, 0, shorter_us))
        plateau = [s.at_us for s in walker.setpoints if s.current_ua == 30_500]
        assert plateau[0] == 50_000 + reached_us


@given(
    share_ppm=st.integers(0, WHOLE_PPM),
    was_ppm=st.integers(0, WHOLE_PPM),
    put_off_us=st.integers(0, 100_000),
    least_rise_us=st.integers(0, 300_000),
    step_ppm=st.integers(0, WHOLE_PPM),
)
def test_at_no_instant_is_more_given_than_the_program_gives(
    share_ppm: int, was_ppm: int, put_off_us: int, least_rise_us: int, step_ppm: int
) -> None:
    rise_us = 200_000
    ramp_us = ramp_to(share_ppm, was_ppm, Times(0, rise_us, least_rise_us, step_ppm))
    shorter_us = rise_us - ramp_us
    adapted = Adapted(share_ppm, put_off_us + shorter_us // 2, 0, shorter_us)
    for setpoint in given_burst(STANDARD, adapted).setpoints:
        whole_ua = envelope_ua(18_000, 43_200, rise_us, 1, setpoint.at_us, -1)
        assert setpoint.current_ua <= whole_ua


def test_a_ramp_that_was_made_shorter_meanwhile_is_no_shorter_than_the_guard_allows() -> None:
    walker = Walker(replace(STANDARD, rise_ms=120.0))
    walker.program.burst.least_rise_us = 100_000
    walker.program.burst.adapted = Adapted(500_000, 50_000, 0, 100_000)
    walker.heel_off(0)
    walker.until(500_000)
    assert walker.program.burst.rise_us == 100_000
    walker.program.burst.least_rise_us = 150_000
    walker.contact(700_000)
    walker.until(3_000_000)
    walker.heel_off(4_000_000)
    assert walker.program.burst.rise_us == 120_000, "the program's own, which the guard may cut"


def test_a_burst_that_a_person_asks_for_keeps_the_programs_ramp() -> None:
    walker = Walker(STANDARD)
    walker.program.burst.adapted = Adapted(500_000, 50_000, 0, 100_000)
    walker.program.burst.test(0, 0)
    walker.until(5_000_000)
    assert next(s.at_us for s in walker.setpoints if s.current_ua == 30_500) == 200_000


def test_a_level_that_is_lowered_in_a_burst_lowers_the_share_of_it() -> None:
    walker = Walker(STANDARD)
    walker.program.burst.adapted = Adapted(500_000, 0, 0)
    walker.heel_off(0)
    walker.until(400_000)
    walker.program.burst.lower(50)
    walker.contact(700_000)
    walker.until(5_000_000)
    late = [s.current_ua for s in walker.setpoints if s.at_us > 400_000]
    assert max(late) == 24_000, "18 + 0.5 * 0.5 * 25.2 = 24.3 mA"


@given(
    share_ppm=st.integers(0, WHOLE_PPM),
    later_us=st.integers(0, 500_000),
    sooner_us=st.integers(0, 1_000_000),
    level=st.integers(0, 100),
)
def test_what_was_learnt_never_gives_more_than_the_program_at_that_level(
    share_ppm: int, later_us: int, sooner_us: int, level: int
) -> None:
    ours = given_burst(STANDARD, Adapted(share_ppm, later_us, sooner_us), level)
    whole = given_burst(STANDARD, Adapted(WHOLE_PPM, 0, 0), level)
    most_ua = max([s.current_ua for s in whole.setpoints], default=0)
    assert all(s.current_ua <= most_ua for s in ours.setpoints)
    assert len(ours.setpoints) <= len(whole.setpoints) + 1
    assert all(s.leg != LEFT for s in ours.setpoints)
