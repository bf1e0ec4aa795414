"""What a program asks of devices that repeat by themselves, take their time, or know one form."""

from dataclasses import replace

import pytest

from fes_ctrl.stim.config import ChannelConfig, MuscleSetup
from fes_ctrl.stim.quantise import infeasible
from helpers.walker import DEVICE, STANDARD, Walker

SETUPS = {"dorsiflexors": MuscleSetup()}
REPEATS = DEVICE._replace(device="box", mode="list", period_us=25_000)
SLOW = DEVICE._replace(device="box", mode="slow", latency_us=10_000, frame_spacing_us=12_500)
SYMMETRIC_ALONE = DEVICE._replace(device="box", mode="plain", one_form=True)


def channels(*numbers: int, rate_hz: float = 40.0) -> tuple[ChannelConfig, ...]:
    return tuple([ChannelConfig(channel=number, rate_hz=rate_hz) for number in numbers])


def test_a_device_that_repeats_has_one_rate() -> None:
    assert infeasible(channels(0), SETUPS, REPEATS) == []
    assert infeasible(channels(0, rate_hz=50.0), SETUPS, REPEATS) == [
        "program.channel.0.rate_hz = 50: the box in list repeats every 25 ms "
        "(stimulator.list_interval_ms); set one to match the other"
    ]
    assert infeasible(channels(0, rate_hz=50.0), SETUPS, DEVICE) == []


@pytest.mark.parametrize(
    ("form", "fits"),
    [
        ({}, True),
        ({"waveform": "asymmetric"}, False),
        ({"polarity": "inverted"}, False),
        ({"waveform": "asymmetric", "polarity": "inverted"}, False),
    ],
)
def test_a_device_with_one_form_gives_no_other(form: dict[str, str], *, fits: bool) -> None:
    asked = (ChannelConfig(**form),)
    assert infeasible(asked, SETUPS, DEVICE) == []
    assert infeasible(asked, SETUPS, SYMMETRIC_ALONE) == (
        []
        if fits
        else [
            "program.channel.0: the box in plain gives symmetric pulses of normal polarity only; "
            "choose waveform = 'symmetric' and polarity = 'normal'"
        ]
    )


def test_a_device_that_takes_its_time_has_to_have_it_for_all_channels() -> None:
    assert infeasible(channels(0, 1), SETUPS, SLOW) == [], "25 ms for both, and there are 25"
    late = SLOW._replace(frame_spacing_us=12_501)
    assert infeasible(channels(0, 1), SETUPS, late) == [
        f"program.channel.{index}.rate_hz = 40: the box in slow takes 12.501 ms for a pulse, "
        "25.002 ms for all 2 channels; lower rate_hz or leave channels out"
        for index in (0, 1)
    ]
    assert len(infeasible(channels(0, 1, 2), SETUPS, SLOW)) == 3
    # One channel is its own rate's affair, and one without latency writes as fast as the line.
    assert infeasible(channels(0), SETUPS, SLOW._replace(frame_spacing_us=30_000)) == []
    assert infeasible(channels(0, 1), SETUPS, late._replace(latency_us=0)) == []


def currents(walker: Walker, from_us: int) -> list[int]:
    return [pulse.current_ua for pulse in walker.setpoints if pulse.at_us >= from_us]


@pytest.mark.parametrize(
    ("current_ua", "charge_pc", "most_ua"),
    [
        (30_000, 40_000_000, 30_000),
        (90_000, 9_000_100, 30_000),
        (25_000, 9_000_000, 25_000),
        (90_000, 40_000_000, 43_000),
    ],
)
def test_a_running_burst_gives_no_more_than_it_is_bound_to(
    current_ua: int, charge_pc: int, most_ua: int
) -> None:
    walker = Walker(STANDARD)
    walker.heel_off(0)
    walker.until(500_000)
    assert max(currents(walker, 0)) == 43_000, "its plateau, at 300 us"
    walker.program.burst.trains.bound(current_ua, charge_pc)
    walker.until(600_000)
    assert set(currents(walker, 500_001)) == {most_ua}
    assert {type(pulse.current_ua) for pulse in walker.setpoints} == {int}, "whole steps"


def test_a_bound_holds_for_every_channel_and_for_later_levels_and_a_wider_one_lifts_none() -> None:
    two = replace(
        STANDARD, channel=(ChannelConfig(channel=0), ChannelConfig(channel=1, current_mA=28.0))
    )
    walker = Walker(two)
    walker.program.burst.trains.bound(20_000, 40_000_000)
    walker.program.burst.trains.bound(35_000, 40_000_000)
    walker.heel_off(0)
    walker.until(500_000)
    assert {pulse.channel for pulse in walker.setpoints} == {0, 1}
    for channel in (0, 1):
        given = [pulse.current_ua for pulse in walker.setpoints if pulse.channel == channel]
        assert max(given) == 20_000
