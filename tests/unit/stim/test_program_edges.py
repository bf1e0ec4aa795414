"""Where a burst begins and ends to the microsecond, and what is said of it."""

from dataclasses import replace
from itertools import pairwise

import pytest

from fes_ctrl.model import ASYMMETRIC, BurstEnd, BurstStart, GaitEvent, Setpoint
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stim.program import Program
from fes_ctrl.stim.timing import BURST_PAUSE_US, FELT_LATE_US
from fes_ctrl.units import NEVER_US
from helpers.walker import DEVICE, SETUP, STANDARD, Walker, burst, event

PLATEAU_UA = 43_000
LOCK_OUT_US = 200_000


def test_a_program_tells_how_its_burst_stands() -> None:
    walker = Walker(level=70)
    idle = {
        "active": False,
        "onset_us": NEVER_US,
        "fall_from_us": NEVER_US,
        "next_at_us": NEVER_US,
        "level_percent": 70,
        "lock_until_us": -NEVER_US,
    }
    assert walker.program.burst.snapshot() == idle
    assert walker.program.unconfirmed is False
    walker.heel_off(100_000)
    walker.until(110_000)
    assert walker.program.burst.snapshot() == idle | {
        "active": True,
        "onset_us": 100_000,
        "fall_from_us": 1_900_000,
        "next_at_us": 125_000,
    }
    walker.program.cut(111_000, "fault")
    assert walker.program.burst.snapshot() == idle | {
        "lock_until_us": 111_000 + LOCK_OUT_US,
    }


def test_the_records_of_a_burst_name_its_leg_its_channels_and_its_contact() -> None:
    walker = burst()
    start, end = walker.records
    assert start == BurstStart(0, 1, 0, "ho", 0, PLATEAU_UA)
    assert end == BurstEnd(walker.times[-1], 1, 0, "initial_contact", 0, 700_000)


def test_a_contact_without_a_burst_is_nothing_and_a_second_one_in_a_burst_no_news() -> None:
    walker = Walker()
    for t_us in (0, 10_000):
        assert walker.program.contact(event("ic", t_us), 0) == ()
    walker.heel_off(100_000)
    walker.contact(700_000)
    walker.contact(750_000)
    walker.until(5_000_000)
    assert [r.contact_us for r in walker.records if isinstance(r, BurstEnd)] == [700_000]
    assert walker.program.contact(event("ic", 5_000_000), 0) == ()
    walker.heel_off(6_000_000)
    walker.until(6_200_000)
    assert len(walker.times) > len(burst().times)


@pytest.mark.parametrize("confidence", [0.499, 0.5])
def test_a_trigger_out_of_standing_is_a_step_from_an_even_chance_on(confidence: float) -> None:
    walker = Walker()
    walker.heel_off(0, walking=False, confidence=confidence)
    assert walker.program.burst.active == (confidence >= 0.5)


def test_what_is_no_trigger_or_is_not_allowed_begins_nothing() -> None:
    program = Walker().program
    for kind in ("ic", "ff", "tc"):
        assert program.trigger(event(kind, 0), walking=True, allowed=True) == ()
    assert program.trigger(event("ho", 0), walking=True, allowed=False) == ()
    assert not program.burst.active


def test_a_trigger_while_the_burst_still_holds_is_forgotten_and_one_in_its_fall_is_not() -> None:
    for heel_off_us, bursts in ((799_999, 1), (800_000, 2)):
        walker = Walker()
        walker.heel_off(0)
        walker.contact(700_000)
        walker.heel_off(heel_off_us)
        walker.until(5_000_000)
        assert len(walker.ends) == bursts


@pytest.mark.parametrize(
    ("config", "cut_us", "lock_us"),
    [
        (STANDARD, 301_000, 501_000),
        (replace(STANDARD, lock_out_ms=0.0), 301_000, 300_000 + BURST_PAUSE_US),
        (replace(STANDARD, lock_out_ms=50.0, delay_ms=100.0), 50_000, 50_000 + BURST_PAUSE_US),
    ],
)
def test_after_a_burst_the_next_waits_out_the_lock_out_and_the_pause(
    config: ProgramConfig, cut_us: int, lock_us: int
) -> None:
    walker = Walker(config)
    walker.heel_off(0)
    walker.until(cut_us)
    walker.program.cut(cut_us, "fault")
    assert walker.program.burst.lock_until_us == lock_us


def test_slow_pulses_leave_a_pause_that_stands_out_from_two_of_their_periods() -> None:
    (channel,) = STANDARD.channel
    slow = replace(STANDARD, lock_out_ms=0.0, channel=(replace(channel, rate_hz=10.0),))
    walker = Walker(slow)
    walker.heel_off(0)
    walker.until(300_000)
    walker.program.cut(300_001, "fault")
    assert walker.program.burst.lock_until_us == 300_000 + 2 * 100_000 + FELT_LATE_US


@pytest.mark.parametrize(
    ("trigger", "kind"), [("heel_off", "ho"), ("tilt", "ho"), ("initial_contact", "ic")]
)
def test_each_trigger_is_a_kind_of_event(trigger: str, kind: str) -> None:
    walker = Walker(replace(STANDARD, trigger=trigger))  # type: ignore[arg-type]
    assert walker.program.trigger_kind == kind
    begun = walker.program.trigger(GaitEvent(kind, 1, 0, 0, 1.0), walking=True, allowed=True)
    assert [record.trigger for record in begun if isinstance(record, BurstStart)] == [kind]


def test_a_trigger_that_no_detector_gives_is_refused_with_those_that_one_does() -> None:
    with pytest.raises(ValueError, match=" ") as refused:
        Walker(replace(STANDARD, trigger="phase"))
    assert str(refused.value) == (
        "program.trigger = 'phase': no detector gives it yet; "
        "choose heel_off or initial_contact or tilt"
    )


def test_a_pulse_says_all_that_the_device_and_the_guard_have_to_know() -> None:
    (channel,) = STANDARD.channel
    config = replace(
        STANDARD,
        channel=(replace(channel, channel=3, waveform="asymmetric", pulse_width_us=250),),
    )
    walker = Walker(config)
    walker.heel_off(40_000)
    walker.until(40_000)
    motor_ua = round(18_000 * (1 + 200 / 250) / (1 + 200 / 300))
    assert walker.setpoints == [
        Setpoint(40_000, 1, 3, motor_ua // 2_000 * 2_000, 250, 50_000, ASYMMETRIC)
    ]


def test_a_second_channel_rises_from_its_own_first_pulse() -> None:
    (channel,) = STANDARD.channel
    both = replace(STANDARD, rise_ms=100.0, channel=(channel, replace(channel, channel=1)))
    walker = Walker(both)
    walker.heel_off(3_000_000)
    walker.until(3_150_000)
    shapes = {k: [s.current_ua for s in walker.setpoints if s.channel == k][:5] for k in (0, 1)}
    assert shapes[0] == shapes[1] == [18_000, 24_000, 30_500, 36_500, 43_000]


def test_a_burst_is_over_when_its_fall_is_even_if_a_pulse_would_be_due_then() -> None:
    walker = Walker()
    walker.heel_off(0)
    walker.contact(700_000)
    walker.until(949_999)
    assert walker.ends == []
    walker.until(950_000)
    assert walker.ends == ["initial_contact"]
    assert walker.times[-1] == 925_000


def test_a_contact_at_the_onset_is_one_within_the_burst() -> None:
    walker = Walker(replace(STANDARD, delay_ms=300.0))
    walker.heel_off(0)
    walker.until(299_999)
    assert walker.program.contact(event("ic", 300_000), 0) == ()
    walker.until(5_000_000)
    assert walker.times[0] == 300_000
    assert walker.times[-1] < 300_000 + 200_000 + 150_000


def test_a_burst_that_its_contact_ends_no_sooner_than_the_time_out_is_timed_out() -> None:
    for contact_us, says in ((1_699_999, "initial_contact"), (1_700_000, "time_out")):
        assert burst(contact_us=contact_us).ends == [says]


def test_a_burst_that_gave_no_pulse_ended_when_it_was_ended() -> None:
    walker = Walker(replace(STANDARD, delay_ms=300.0))
    walker.heel_off(0)
    assert walker.program.cut(123_000, "fault") == (
        BurstEnd(123_000, 1, 0, "fault", 300_000, NEVER_US),
    )
    assert walker.program.cut(124_000, "fault") == ()


def test_a_foot_that_is_flat_before_anything_began_is_nothing() -> None:
    assert Walker().program.contact(event("ff", 10_000), 0) == ()


def test_a_program_that_nobody_set_a_level_for_gives_nothing() -> None:
    program = Program(1, STANDARD, SETUP, DEVICE)
    assert program.burst.level_percent == 0
    (start,) = program.trigger(event("ho", 0), walking=True, allowed=True)
    assert isinstance(start, BurstStart)
    assert start.set_current_ua == 0


def test_each_of_three_channels_keeps_its_own_period() -> None:
    (channel,) = STANDARD.channel
    rates = (40.0, 25.0, 50.0)
    channels = tuple(replace(channel, channel=k, rate_hz=rate) for k, rate in enumerate(rates))
    walker = burst(replace(STANDARD, channel=channels))
    for k, period_us in enumerate((25_000, 40_000, 20_000)):
        times = [s.at_us for s in walker.setpoints if s.channel == k]
        assert times[0] == k * DEVICE.frame_spacing_us
        assert {b - a for a, b in pairwise(times)} == {period_us}
    assert walker.times == sorted(walker.times)
