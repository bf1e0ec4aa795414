"""From what a person wrote to what a device can give, and what is said where it cannot."""

import pytest

from fes_ctrl.model import ASYMMETRIC, SYMMETRIC
from fes_ctrl.stim.config import ChannelConfig, MuscleSetup, SetupConfig
from fes_ctrl.stim.dials import CHANGEABLE, check_dial
from fes_ctrl.stim.envelope import envelope_ua
from fes_ctrl.stim.quantise import (
    ChannelPlan,
    ceil_to_grid,
    infeasible,
    plan_channel,
    set_current_ua,
    threshold_at_width,
)
from helpers.walker import DEVICE

SETUPS = {"dorsiflexors": MuscleSetup()}


def plan_of(channel: ChannelConfig, index: int = 0) -> ChannelPlan:
    return plan_channel(channel, MuscleSetup(), DEVICE, index)


def test_a_channel_is_planned_in_the_devices_units() -> None:
    assert plan_of(ChannelConfig(channel=2)) == ChannelPlan(
        channel=2,
        motor_ua=18_000,
        full_ua=43_200,
        width_us=300,
        period_us=25_000,
        waveform=SYMMETRIC,
        sign=1,
        step_ua=500,
        stagger_us=0,
    )


def test_a_long_shallow_second_phase_takes_a_step_that_both_phases_can_be_given_in() -> None:
    plan = plan_of(ChannelConfig(waveform="asymmetric", polarity="inverted"), index=2)
    assert (plan.waveform, plan.step_ua, plan.sign) == (ASYMMETRIC, 2_000, -1)
    assert plan.stagger_us == 2 * DEVICE.frame_spacing_us


def test_a_current_of_its_own_is_independent_of_the_setup_and_of_the_width() -> None:
    plan = plan_of(ChannelConfig(current_mA=31.5, pulse_width_us=150, intensity=0.1))
    assert plan.full_ua == 31_500
    assert plan.motor_ua == round(18_000 * (1 + 200 / 150) / (1 + 200 / 300))


def test_the_range_between_the_thresholds_is_carried_to_the_width_as_a_whole() -> None:
    plan = plan_of(ChannelConfig(pulse_width_us=150, intensity=0.5))
    factor = (1 + 200 / 150) / (1 + 200 / 300)
    assert plan.full_ua == round(1_000 * factor * (18 + 0.5 * (60 - 18)))


def test_a_width_between_two_steps_of_the_device_is_rounded_down_before_it_is_reckoned_with() -> (
    None
):
    coarse = DEVICE._replace(width_step_us=100)
    plan = plan_channel(ChannelConfig(pulse_width_us=290), MuscleSetup(), coarse, 0)
    assert plan.width_us == 200
    assert plan.motor_ua == round(1_000 * threshold_at_width(18, 300, 200))


@pytest.mark.parametrize(
    ("rate_hz", "grid_us", "period_us"),
    [
        (1.0, 1, 1_000_000),
        (30.0, 1, 33_333),
        (30.0, 250, 33_500),
        (40.0, 250, 25_000),
        (100.0, 7, 10_003),
    ],
)
def test_a_period_is_never_shorter_than_was_asked_for(
    rate_hz: float, grid_us: int, period_us: int
) -> None:
    device = DEVICE._replace(time_grid_us=grid_us)
    plan = plan_channel(ChannelConfig(rate_hz=rate_hz), MuscleSetup(), device, 0)
    assert plan.period_us == period_us


@pytest.mark.parametrize(("t_us", "there_us"), [(0, 0), (1, 250), (250, 250), (251, 500)])
def test_an_instant_is_moved_to_the_grid_and_never_back(t_us: int, there_us: int) -> None:
    assert ceil_to_grid(t_us, 250) == there_us


@pytest.mark.parametrize(
    ("full_ua", "level", "current_ua"),
    [
        (43_200, 100, 43_200),
        (43_200, 50, 18_000 + 12_600),
        (43_200, 1, 18_000 + 252),
        (43_210, 33, 18_000 + 8_319),
        (43_200, 0, 0),
        (43_200, -1, 0),
        (18_000, 50, 9_000),
        (18_001, 50, 18_000),
        (10_001, 50, 5_000),
        (10_000, 100, 10_000),
    ],
)
def test_the_level_scales_what_is_above_the_motor_threshold_or_the_whole_below_it(
    full_ua: int, level: int, current_ua: int
) -> None:
    plan = plan_of(ChannelConfig())._replace(full_ua=full_ua)
    assert set_current_ua(plan, level) == current_ua


# -- what a device cannot give ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "device", "says"),
    [
        (
            ChannelConfig(channel=2),
            {"channels": 2},
            "program.channel.0.channel = 2: the p24 in low_level has channels 0 to 1; "
            "choose one of them",
        ),
        (
            ChannelConfig(current_mA=30.001),
            {"current_max_ua": 30_000},
            "program.channel.0: 30.001 mA is above the 30 mA of the p24 in low_level; "
            "lower intensity or current_mA",
        ),
        (
            ChannelConfig(pulse_width_us=201),
            {"width_max_us": 200},
            "program.channel.0.pulse_width_us = 201: the p24 in low_level gives 10 to 200 us; "
            "choose a width in that range",
        ),
        (
            ChannelConfig(pulse_width_us=199),
            {"width_min_us": 200},
            "program.channel.0.pulse_width_us = 199: the p24 in low_level gives 200 to 4095 us; "
            "choose a width in that range",
        ),
        (
            ChannelConfig(rate_hz=35.5),
            {"rate_max_hz": 35.0},
            "program.channel.0.rate_hz = 35.5: the p24 in low_level gives at most 35 Hz; "
            "lower rate_hz or choose another stimulator or mode",
        ),
        (
            ChannelConfig(rate_hz=50.0),
            {"min_interval_us": 20_001},
            "program.channel.0.rate_hz = 50: the p24 in low_level gives at most 200 Hz; "
            "lower rate_hz or choose another stimulator or mode",
        ),
    ],
)
def test_what_the_device_cannot_give_is_said_with_the_way_out(
    channel: ChannelConfig, device: dict[str, int], says: str
) -> None:
    assert infeasible((channel,), SETUPS, DEVICE._replace(**device)) == [says]


def test_a_channel_that_is_used_twice_is_named_by_its_second_use() -> None:
    asked = (ChannelConfig(channel=1), ChannelConfig(), ChannelConfig(channel=1))
    assert infeasible(asked, SETUPS, DEVICE) == [
        "program.channel.2.channel = 1: used twice; give each its own"
    ]


def test_the_last_of_what_the_device_can_give_is_feasible() -> None:
    asked = ChannelConfig(channel=1, current_mA=30.0, pulse_width_us=200, rate_hz=50.0)
    just = DEVICE._replace(
        channels=2,
        current_max_ua=30_000,
        width_min_us=200,
        width_max_us=200,
        rate_max_hz=50.0,
        min_interval_us=20_000,
    )
    assert infeasible((asked,), SETUPS, just) == []


# -- the shape of a burst -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since_onset_us", "since_fall_us", "current_ua"),
    [
        (-1, -1, 0),
        (0, -1, 10_000),
        (1, -1, 10_100),
        (99, -1, 19_900),
        (100, -1, 20_000),
        (500, 0, 20_000),
        (501, 1, 19_800),
        (549, 49, 10_200),
        (550, 50, 0),
        (30, 0, 13_000),
        (55, 25, 15_000),
    ],
)
def test_a_burst_rises_by_its_rise_and_falls_by_its_fall(
    since_onset_us: int, since_fall_us: int, current_ua: int
) -> None:
    assert envelope_ua(10_000, 20_000, 100, 50, since_onset_us, since_fall_us) == current_ua


@pytest.mark.parametrize(
    ("set_ua", "since_onset_us", "since_fall_us", "current_ua"),
    [
        (10_000, 0, -1, 10_000),
        (8_000, 0, -1, 8_000),
        (8_000, 30, 49, 8_000),
        (8_000, 30, 50, 0),
        (1, 0, -1, 1),
        (0, 0, -1, 0),
    ],
)
def test_a_plateau_that_is_not_above_the_motor_threshold_has_no_ramps(
    set_ua: int, since_onset_us: int, since_fall_us: int, current_ua: int
) -> None:
    assert envelope_ua(10_000, set_ua, 100, 50, since_onset_us, since_fall_us) == current_ua


def test_a_ramp_is_rounded_down_to_the_microampere() -> None:
    assert envelope_ua(10_000, 20_000, 300, 70, 1, -1) == 10_033
    assert envelope_ua(10_000, 20_000, 300, 70, 500, 1) == 19_857


def test_a_burst_without_ramps_is_its_plateau() -> None:
    assert envelope_ua(10_000, 20_000, 0, 0, 0, -1) == 20_000
    assert envelope_ua(10_000, 20_000, 0, 0, 500, 0) == 0


# -- setups and dials ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sensory_ma", "motor_ma", "tolerated_ma"), [(19.0, 18.0, 60.0), (10.0, 60.0, 60.0)]
)
def test_thresholds_that_do_not_rise_are_refused(
    sensory_ma: float, motor_ma: float, tolerated_ma: float
) -> None:
    with pytest.raises(ValueError, match=" ") as refused:
        MuscleSetup(sensory_ma, motor_ma, tolerated_ma)
    assert str(refused.value) == (
        f"sensory_mA {sensory_ma:g}, motor_mA {motor_ma:g} and tolerated_mA {tolerated_ma:g} "
        "must rise in this order"
    )


def test_a_current_that_is_felt_when_it_moves_the_foot_is_a_setup() -> None:
    assert MuscleSetup(18.0, 18.0, 18.1).sensory_mA == 18.0


MUSCLES = ("dorsiflexors", "evertors", "hamstrings", "quadriceps", "calf")


def test_each_muscle_has_its_own_thresholds_and_others_are_refused() -> None:
    each = {name: MuscleSetup(10.0, 20.0 + k, 60.0) for k, name in enumerate(MUSCLES)}
    setup = SetupConfig(**each)
    assert {name: setup.of(name) for name in MUSCLES} == each
    with pytest.raises(ValueError, match=" ") as refused:
        setup.of("biceps")
    assert str(refused.value) == (
        "muscle 'biceps' is unknown: choose dorsiflexors, evertors, hamstrings, quadriceps or calf"
    )


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_dial_may_be_turned_to_either_end(name: str) -> None:
    for value in CHANGEABLE[name]:
        check_dial(name, value)


def test_a_dial_that_is_turned_too_far_is_named_with_its_ends() -> None:
    with pytest.raises(ValueError, match=" ") as refused:
        check_dial("time_out_ms", 49.5)
    assert str(refused.value) == "program.time_out_ms = 49.5: must be 50 to 3000"
    with pytest.raises(ValueError, match=" ") as refused:
        check_dial("colour", 1.0)
    assert str(refused.value) == (
        f"program.colour cannot be changed in a walk: choose {', '.join(CHANGEABLE)}"
    )
