"""Programs: when pulses come, how strong, and what ends them."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import BurstStart
from fes_ctrl.stim.config import ChannelConfig, MuscleSetup, ProgramConfig
from fes_ctrl.stim.dials import CHANGEABLE
from fes_ctrl.stim.envelope import envelope_ua
from fes_ctrl.stim.program import Program
from fes_ctrl.stim.quantise import (
    floor_to_step,
    infeasible,
    plan_channel,
    set_current_ua,
    threshold_at_width,
)
from fes_ctrl.stim.timing import BURST_PAUSE_US
from fes_ctrl.units import NEVER_US
from helpers.walker import DEVICE, SETUP, STANDARD, Walker, burst, event


def test_the_standard_burst_rises_holds_and_falls() -> None:
    walker = burst()
    currents = [setpoint.current_ua for setpoint in walker.setpoints]
    assert currents[0] == 18_000, "it begins at the motor threshold"
    assert max(currents) == 43_000, "18 + 0.6 * (60 - 18) = 43.2 mA, in steps of half a milliampere"
    plateau = [s.at_us for s in walker.setpoints if s.current_ua == 43_000]
    assert plateau[0] == 200_000
    assert plateau[-1] == 800_000, "contact and 100 ms"
    assert walker.times[-1] < 950_000
    assert walker.ends == ["initial_contact"]


@given(
    contact_us=st.integers(250_000, 1_500_000),
    late_us=st.integers(0, 60_000),
    rate_hz=st.sampled_from([20.0, 25.0, 33.3, 40.0, 50.0]),
)
def test_a_contact_moves_the_fall_and_never_a_pulse(
    contact_us: int, late_us: int, rate_hz: float
) -> None:
    config = replace(STANDARD, channel=(ChannelConfig(rate_hz=rate_hz),))
    walker = burst(config, contact_us, late_us=late_us)
    free = Walker(config)
    free.heel_off(0)
    free.until(5_000_000)
    assert walker.times == free.times[: len(walker.times)]
    fall_from = max(contact_us + 100_000, contact_us + late_us)
    assert walker.times[-1] < fall_from + 150_000
    for ours, plain in zip(walker.setpoints, free.setpoints, strict=False):
        if ours.at_us < fall_from:
            assert ours == plain


def test_a_foot_that_is_flat_without_a_contact_ends_the_burst_as_one() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.until(700_000)
    walker.records += walker.program.contact(event("ff", 700_000), 0)
    walker.until(5_000_000)
    assert walker.ends == ["foot_flat"]
    assert walker.times == burst().times


def test_a_foot_that_was_flat_before_the_trigger_ends_nothing() -> None:
    walker = Walker()
    walker.heel_off(100_000)
    walker.records += walker.program.contact(event("ff", 90_000, late_us=20_000), 0)
    walker.until(5_000_000)
    assert walker.ends == ["time_out"]


def test_a_flat_foot_after_its_contact_leaves_the_extension_and_a_queued_step_alone() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.contact(700_000)
    walker.records += walker.program.contact(event("ff", 760_000), 0)
    walker.until(810_000)
    walker.heel_off(810_000)
    walker.records += walker.program.contact(event("ff", 800_000, late_us=20_000), 0)
    walker.until(5_000_000)
    assert walker.ends == ["initial_contact", "time_out"]


def test_without_a_contact_the_time_out_ends_it() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.until(5_000_000)
    assert walker.ends == ["time_out"]
    assert 1_800_000 <= walker.times[-1] < 1_950_000


def test_a_contact_before_the_least_duration_waits_for_it() -> None:
    walker = burst(replace(STANDARD, min_on_ms=400.0), contact_us=100_000)
    full = [s.at_us for s in walker.setpoints if s.current_ua == 43_000]
    assert full[-1] == 400_000


def test_the_extension_can_be_a_share_of_the_last_stance() -> None:
    config = replace(STANDARD, extension_percent_stance=25.0)
    walker = burst(config, contact_us=700_000, stance_us=800_000)
    full = [s.at_us for s in walker.setpoints if s.current_ua == 43_000]
    assert full[-1] == 900_000
    unknown = burst(config, contact_us=700_000, stance_us=0)
    assert [s.at_us for s in unknown.setpoints if s.current_ua == 43_000][-1] == 800_000


def test_a_delay_moves_the_onset_and_a_contact_before_it_cancels_the_burst() -> None:
    config = replace(STANDARD, delay_ms=300.0)
    walker = burst(config)
    assert walker.times[0] == 300_000
    cancelled = burst(config, contact_us=200_000)
    assert cancelled.times == []
    assert cancelled.ends == ["initial_contact"]


def test_a_delay_counts_from_the_event_not_from_its_detection() -> None:
    program = Program(1, replace(STANDARD, delay_ms=100.0), SETUP, DEVICE)
    (start,) = program.trigger(event("ho", 0, late_us=60_000), walking=True, allowed=True)
    assert start.t_us == 100_000
    program = Program(1, STANDARD, SETUP, DEVICE)
    (start,) = program.trigger(event("ho", 0, late_us=60_000), walking=True, allowed=True)
    assert start.t_us == 60_000, "never before it is known"


def test_a_trigger_within_the_lock_out_waits_for_its_end() -> None:
    walker = Walker(replace(STANDARD, lock_out_ms=600.0))
    walker.heel_off(0)
    walker.contact(700_000)
    walker.heel_off(1_050_000)
    walker.until(1_500_000)
    starts = [record.t_us for record in walker.records if isinstance(record, BurstStart)]
    assert starts == [0, 800_000 + 600_000]


def test_a_trigger_in_the_fall_follows_the_old_burst_after_a_pause() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.contact(500_000)
    walker.heel_off(700_000)
    walker.contact(1_300_000)
    walker.until(5_000_000)
    gaps = [b - a for a, b in pairwise(walker.times)]
    assert max(gaps) >= BURST_PAUSE_US
    assert walker.ends == ["initial_contact", "initial_contact"]


def test_a_foot_that_lands_again_within_the_lock_out_gets_no_burst() -> None:
    walker = Walker(replace(STANDARD, lock_out_ms=600.0))
    walker.heel_off(0)
    walker.contact(700_000)
    walker.heel_off(1_050_000)
    walker.contact(1_200_000)
    walker.until(5_000_000)
    assert walker.times[-1] < 1_000_000


def test_a_second_trigger_in_a_burst_changes_nothing() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.heel_off(300_000)
    walker.contact(700_000)
    walker.until(5_000_000)
    assert walker.times == burst().times


@pytest.mark.parametrize(
    ("standing", "walking", "confidence", "stimulated"),
    [
        ("inhibit", True, 0.1, True),
        ("inhibit", False, 0.4, False),
        ("inhibit", False, 1.0, True),
        ("stimulate", False, 0.4, True),
    ],
)
def test_a_doubtful_trigger_out_of_standing_is_a_choice(
    standing: str, walking: bool, confidence: float, stimulated: bool
) -> None:
    walker = Walker(replace(STANDARD, standing=standing))  # type: ignore[arg-type]
    walker.heel_off(0, walking=walking, confidence=confidence)
    walker.until(1_000_000)
    assert bool(walker.times) == stimulated


def test_level_zero_gives_no_pulse_at_all_and_still_plans() -> None:
    walker = Walker(level=0)
    walker.heel_off(0)
    walker.contact(700_000)
    walker.until(5_000_000)
    assert walker.times == []
    assert walker.ends == ["initial_contact"]


def test_the_dials_of_a_walk_have_the_bounds_of_their_configuration() -> None:
    hints = get_type_hints(ProgramConfig, include_extras=True)
    for name, bounds in CHANGEABLE.items():
        low, high = hints[name].__metadata__
        assert bounds == (low.ge, high.le), name


@pytest.mark.parametrize("value", [-0.001, 1000.001, math.nan, math.inf, -math.inf])
def test_a_dial_is_not_turned_beyond_its_bounds(value: float) -> None:
    walker = Walker()
    with pytest.raises(ValueError, match=r"program\.fall_ms = .*must be 0 to 1000"):
        walker.program.change("fall_ms", value)
    walker.heel_off(0)
    walker.contact(700_000)
    walker.until(5_000_000)
    assert walker.times == burst().times


def test_what_is_no_dial_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"program\.trigger cannot .*delay_ms, rise_ms"):
        Walker().program.change("trigger", 1.0)


@pytest.mark.parametrize("name", CHANGEABLE)
def test_every_dial_of_a_walk_is_taken_over_after_the_burst(name: str) -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.program.change(name, 123.0)
    assert getattr(walker.program.config, name) == getattr(STANDARD, name)
    walker.contact(700_000)
    walker.until(5_000_000)
    assert walker.times == burst().times
    assert walker.program.config == replace(STANDARD, **{name: 123.0})  # type: ignore[arg-type]
    fresh = Walker(walker.program.config)
    for one in (walker, fresh):
        one.setpoints.clear()
        one.heel_off(6_000_000)
        one.contact(6_700_000)
        one.until(9_000_000)
    assert walker.setpoints == fresh.setpoints


def test_a_cut_leaves_nothing_behind() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.until(300_000)
    walker.records += walker.program.cut(310_000, "fault")
    walker.until(5_000_000)
    assert walker.times[-1] == 300_000
    assert walker.ends == ["fault"]
    assert walker.program.burst.next_at_us == NEVER_US


def test_an_asymmetric_pulse_is_rounded_so_that_both_phases_weigh_the_same() -> None:
    config = replace(STANDARD, channel=(ChannelConfig(waveform="asymmetric"),))
    assert all(setpoint.current_ua % 2_000 == 0 for setpoint in burst(config).setpoints)


def test_an_inverted_polarity_turns_the_first_phase() -> None:
    config = replace(STANDARD, channel=(ChannelConfig(polarity="inverted"),))
    assert [-s.current_ua for s in burst(config).setpoints] == [
        s.current_ua for s in burst().setpoints
    ]


def test_two_channels_never_ask_for_the_same_instant() -> None:
    channels = (ChannelConfig(), ChannelConfig(muscle="evertors", channel=1, rate_hz=30.0))
    walker = burst(replace(STANDARD, channel=channels))
    assert {setpoint.channel for setpoint in walker.setpoints} == {0, 1}
    first = {s.channel: s.at_us for s in reversed(walker.setpoints)}
    assert first[1] - first[0] == DEVICE.frame_spacing_us


CURRENTS = st.integers(1_000, 100_000)
RAMPS = st.integers(0, 1_000_000)


@given(
    CURRENTS, CURRENTS, RAMPS, RAMPS, st.integers(-100_000, 3_000_000), st.integers(0, 2_000_000)
)
def test_the_envelope_never_exceeds_the_plateau(
    motor_ua: int, set_ua: int, rise_us: int, fall_us: int, t_us: int, fall_from_us: int
) -> None:
    current_ua = envelope_ua(motor_ua, set_ua, rise_us, fall_us, t_us, t_us - fall_from_us)
    assert 0 <= current_ua <= set_ua
    inside = 0 <= t_us < fall_from_us + fall_us
    assert (current_ua > 0) == inside
    if inside and set_ua > motor_ua:
        assert current_ua >= motor_ua


@given(RAMPS, RAMPS, st.integers(0, 1_500_000))
def test_the_envelope_rises_and_then_falls(rise_us: int, fall_us: int, fall_from_us: int) -> None:
    times = range(0, fall_from_us + fall_us + 20_000, 10_000)
    shape = [envelope_ua(18_000, 43_000, rise_us, fall_us, t, t - fall_from_us) for t in times]
    top = shape.index(max(shape))
    assert shape[: top + 1] == sorted(shape[: top + 1])
    assert shape[top:] == sorted(shape[top:], reverse=True)


@given(st.integers(0, 200_000), st.integers(1, 5_000))
def test_rounding_to_a_step_goes_down_and_less_than_one_step(value: int, step: int) -> None:
    rounded = floor_to_step(value, step)
    assert rounded % step == 0
    assert 0 <= value - rounded < step


@given(st.floats(0, 1), st.integers(0, 100))
def test_the_set_current_is_between_threshold_and_tolerated_and_zero_at_level_zero(
    intensity: float, level: int
) -> None:
    plan = plan_channel(ChannelConfig(intensity=intensity), MuscleSetup(), DEVICE, 0)
    current_ua = set_current_ua(plan, level)
    if level == 0:
        assert current_ua == 0
    else:
        assert 18_000 * level // 100 <= current_ua <= 60_000
        assert current_ua <= plan.full_ua


def test_thresholds_are_carried_to_another_pulse_width_by_strength_duration() -> None:
    assert threshold_at_width(18, 300, 300) == 18
    assert threshold_at_width(18, 300, 200) == pytest.approx(18 * 2 / (1 + 2 / 3))
    assert threshold_at_width(18, 300, 400) < 18


@pytest.mark.parametrize(
    "channel",
    [ChannelConfig(channel=7), ChannelConfig(rate_hz=100.0), ChannelConfig(current_mA=100.0)],
)
def test_what_the_device_can_give_is_feasible(channel: ChannelConfig) -> None:
    assert infeasible((channel,), {"dorsiflexors": MuscleSetup()}, DEVICE) == []


def test_what_the_device_cannot_give_is_named_with_the_way_out() -> None:
    small = DEVICE._replace(
        channels=2, current_max_ua=30_000, width_max_us=200, rate_max_hz=35.0, device="small"
    )
    asked = (ChannelConfig(channel=3), ChannelConfig(channel=3))
    found = infeasible(asked, {"dorsiflexors": MuscleSetup()}, small)
    text = "\n".join(found)
    for word in ("channels 0 to 1", "30 mA", "10 to 200 us", "35 Hz", "used twice", "small"):
        assert word in text


def test_a_contact_that_is_known_late_begins_the_fall_when_it_is_known() -> None:
    config = replace(STANDARD, extension_ms=0.0)
    walker = burst(config, contact_us=700_000, late_us=60_000)
    currents = {s.at_us: s.current_ua for s in walker.setpoints}
    assert currents[750_000] == 43_000, "given before anybody knew"
    assert currents[775_000] >= 38_000, "and no step down when they did"
    assert walker.times[-1] == 900_000


@given(RAMPS, RAMPS, st.integers(0, 1_500_000), st.integers(0, 1_500_000))
def test_a_fall_that_begins_in_the_rise_begins_where_the_rise_is(
    rise_us: int, fall_us: int, fall_from_us: int, later_us: int
) -> None:
    t_us = fall_from_us + later_us
    falling = envelope_ua(18_000, 43_000, rise_us, fall_us, t_us, later_us)
    rising = envelope_ua(18_000, 43_000, rise_us, fall_us, t_us, -1)
    assert falling <= rising
