"""The guard's every boundary on both sides, and what is in its account after each call."""

from dataclasses import replace
from typing import Any

import pytest

from fes_ctrl.model import ASYMMETRIC, SYMMETRIC, Capabilities, Setpoint
from fes_ctrl.safety import guard as module
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US

P24 = P24_MODES["low_level"]
COARSE = P24._replace(current_step_ua=2_000, width_step_us=10, channels=2)
FREE = LimitsConfig(start_mA=50, level_step_mA=50, ramp_min_ms=0)
AT_US = 5_000_000


def guard(config: LimitsConfig = FREE, device: Capabilities = P24) -> Guard:
    found = Guard(Limits(config), device)
    found.arm()
    return found


def pulse(
    at_us: int = AT_US, current_ua: int = 20_000, width_us: int = 200, **other: Any
) -> Setpoint:
    return Setpoint(at_us, 0, 0, current_ua, width_us, at_us + 10_000, SYMMETRIC)._replace(**other)


def put(target: Guard, point: Setpoint) -> str:
    """Check a setpoint in time, with fresh samples of both legs and a link that answers."""
    for leg in (0, 1):
        target.sensor_seen(leg, point.at_us)
    target.link_seen(NEVER_US)
    return target.check(point, point.at_us)


def train(target: Guard, from_us: int, count: int, gap_us: int, current_ua: int) -> list[str]:
    return [
        put(target, pulse(from_us + index * gap_us, current_ua)) or "allowed"
        for index in range(count)
    ]


def account(target: Guard) -> dict[str, Any]:
    return target.snapshot()


# -- what it begins with, and what it is told ---------------------------------------------------


def test_a_new_guard_has_an_empty_account_and_is_not_armed() -> None:
    found = Guard(Limits(LimitsConfig()), COARSE)
    assert found.snapshot() == {
        "armed": False,
        "last_us": [-NEVER_US, -NEVER_US],
        "burst_from_us": [-NEVER_US, -NEVER_US],
        "peak_ua": [0, 0],
        "last_peak_ua": [0, 0],
        "pending_since_us": NEVER_US,
        "sensor_us": [-NEVER_US, -NEVER_US],
        "rests_on": [(0,), (1,)],
        "duty_high": [False, False],
        "dose_pc": 0,
        "session_from_us": NEVER_US,
        "refused_us": [],
    }
    assert found.given is None
    assert found.fault == ""
    assert found.duty_turned is False
    assert found.duty_warning is False
    assert found.duty_percent == 0.0
    assert len(Guard(Limits(LimitsConfig()), P24).snapshot()["last_us"]) == 8  # type: ignore[arg-type]
    assert Guard(Limits(LimitsConfig()), P24, 1).snapshot()["sensor_us"] == [-NEVER_US]


def test_the_account_after_two_channels_gave_pulses_and_a_refusal_came() -> None:
    found = guard(device=COARSE)
    assert put(found, pulse(channel=0)) == ALLOWED
    assert put(found, pulse(AT_US + 25_000, 24_000, channel=0)) == ALLOWED
    assert put(found, pulse(AT_US + 200_000, 22_000, 100, channel=0)) == ALLOWED
    assert put(found, pulse(AT_US + 210_000, 8_000, 300, channel=1)) == ALLOWED
    found.sensor_seen(0, AT_US + 215_000)
    assert found.check(pulse(AT_US + 240_000, 90_000, channel=1), AT_US + 240_000) == "current"
    assert found.snapshot() == {
        "armed": True,
        "last_us": [AT_US + 200_000, AT_US + 210_000],
        "burst_from_us": [AT_US + 200_000, AT_US + 210_000],
        "peak_ua": [22_000, 8_000],
        "last_peak_ua": [24_000, 0],
        "pending_since_us": AT_US + 210_000,
        "sensor_us": [AT_US + 215_000, AT_US + 210_000],
        "rests_on": [(0,), (1,)],
        "duty_high": [False, False],
        "dose_pc": (20_000 + 24_000) * 200 + 22_000 * 100 + 8_000 * 300,
        "session_from_us": AT_US,
        "refused_us": [AT_US + 240_000],
    }
    assert found.given is None
    assert found.fault == ""


def test_arming_starts_the_strength_and_the_count_of_refusals_over_and_nothing_else() -> None:
    found = guard()
    assert put(found, pulse()) == ALLOWED
    assert put(found, pulse(AT_US + 25_000, 90_000)) == "current"
    before = account(found)
    found.armed = False
    found.arm()
    after = account(found)
    assert found.armed is True
    assert (after["peak_ua"], after["last_peak_ua"]) == ([0] * 8, [0] * 8)
    assert after["refused_us"] == []
    same = ("last_us", "burst_from_us", "dose_pc", "session_from_us", "sensor_us")
    assert [after[key] for key in same] == [before[key] for key in same]


def test_a_new_session_begins_with_no_dose_and_at_its_first_pulse() -> None:
    found = guard()
    assert put(found, pulse()) == ALLOWED
    found.new_session()
    assert (account(found)["dose_pc"], account(found)["session_from_us"]) == (0, NEVER_US)
    assert put(found, pulse(AT_US + 25_000)) == ALLOWED
    assert account(found)["dose_pc"] == 20_000 * 200
    assert account(found)["session_from_us"] == AT_US + 25_000


def test_an_answer_frees_the_link_until_the_next_pulse() -> None:
    found = guard()
    assert put(found, pulse()) == ALLOWED
    assert account(found)["pending_since_us"] == AT_US
    found.link_seen(AT_US - 7)
    assert account(found)["pending_since_us"] == AT_US - 7
    found.sensor_seen(0, AT_US + 25_000)
    assert found.check(pulse(AT_US + 25_000), AT_US + 25_000) == ALLOWED
    assert account(found)["pending_since_us"] == AT_US - 7, "the oldest counts"
    found.link_seen(NEVER_US)
    assert account(found)["pending_since_us"] == NEVER_US


def test_a_narrower_limit_counts_from_when_the_guard_is_told() -> None:
    limits = Limits(FREE)
    found = Guard(limits, P24)
    found.arm()
    assert limits.narrow("current_mA", 19.5) == ""
    found.limits_changed()
    assert put(found, pulse()) == "current"
    assert put(found, pulse(current_ua=19_500)) == ALLOWED


# -- one pulse by itself ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"channel": -1}, "unknown_channel"),
        ({"channel": 0}, ALLOWED),
        ({"channel": 7}, ALLOWED),
        ({"channel": 8}, "unknown_channel"),
        ({"leg": -1}, "unknown_leg"),
        ({"leg": 1}, ALLOWED),
        ({"leg": 2}, "unknown_leg"),
        ({"waveform": -1}, "waveform"),
        ({"waveform": ASYMMETRIC}, ALLOWED),
        ({"waveform": 2}, "waveform"),
        ({"current_ua": 0}, "current"),
        ({"current_ua": 1}, "step"),
        ({"current_ua": -1}, "step"),
        ({"current_ua": 500}, ALLOWED),
        ({"current_ua": -20_000}, ALLOWED),
        ({"current_ua": 20_001}, "step"),
        ({"current_ua": 80_001}, "current"),
        ({"current_ua": -80_001}, "current"),
        ({"width_us": P24.width_min_us}, ALLOWED),
        ({"width_us": P24.width_min_us - 1}, "pulse_width"),
        ({"width_us": 300}, ALLOWED),
        ({"width_us": 301}, "pulse_width"),
        ({"expires_us": AT_US - 1}, "life"),
        ({"expires_us": AT_US}, "life"),
        ({"expires_us": AT_US + 1}, ALLOWED),
        ({"expires_us": AT_US + 20_000}, ALLOWED),
        ({"expires_us": AT_US + 20_001}, "life"),
    ],
)
def test_a_pulse_by_itself(changed: dict[str, int], reason: str) -> None:
    found = guard()
    point = pulse(**changed)
    assert put(found, point) == reason
    assert found.given is (point if reason == ALLOWED else None)
    assert found.fault == ""


def test_the_limit_s_highest_current_may_be_given_and_the_device_s_too() -> None:
    config = replace(FREE, start_mA=50, current_mA=40)
    assert put(guard(config), pulse(current_ua=40_000)) == ALLOWED
    assert put(guard(config), pulse(current_ua=40_500)) == "current"
    weak = P24._replace(current_max_ua=30_000)
    assert put(guard(device=weak), pulse(current_ua=30_000)) == ALLOWED
    assert put(guard(device=weak), pulse(current_ua=30_500)) == "current"


def test_nothing_passes_a_guard_that_is_not_armed() -> None:
    found = Guard(Limits(FREE), P24)
    assert put(found, pulse()) == "not_armed"
    assert found.given is None


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"voltage_V": 20.0}, ALLOWED),
        ({"voltage_V": 19.999}, "voltage"),
        ({"charge_per_phase_uC": 4.0}, ALLOWED),
        ({"charge_per_phase_uC": 3.999_999}, "charge"),
        ({"pulse_energy_mJ": 0.16}, ALLOWED),  # 20 mA through 1 kohm, twice 200 us
        ({"pulse_energy_mJ": 0.159_999}, "pulse_energy"),
    ],
)
def test_what_a_pulse_carries_up_to_each_limit(config: dict[str, float], reason: str) -> None:
    assert put(guard(replace(FREE, **config)), pulse()) == reason  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "current_ua", "reason"),
    [
        ({}, 20_000, ALLOWED),
        ({}, 22_000, ALLOWED),
        ({"net_charge_uC": 0.0}, 22_000, ALLOWED),
        # 20.5 mA want a second phase of 5.125 mA; the device gives 5: 0.1 uC are left.
        ({"net_charge_uC": 0.1}, 20_500, "step"),
        ({"net_charge_uC": 0.099_999}, 20_500, "net_charge"),
        ({"net_charge_uC": 0.0}, 20_500, "net_charge"),
        # Its first phase carries 4.1 uC, its second 4.
        ({"charge_per_phase_uC": 4.1}, 20_500, "step"),
        ({"charge_per_phase_uC": 4.05}, 20_500, "charge"),
        ({"charge_per_phase_uC": 4.0}, 20_000, ALLOWED),
        # 20 mA for 200 us and 5 mA for 800 us through 1 kohm: 80 uJ and 20.
        ({"pulse_energy_mJ": 0.1}, 20_000, ALLOWED),
        ({"pulse_energy_mJ": 0.099_999}, 20_000, "pulse_energy"),
    ],
)
def test_an_asymmetric_pulse(config: dict[str, float], current_ua: int, reason: str) -> None:
    point = pulse(current_ua=current_ua, waveform=ASYMMETRIC)
    found = guard(replace(FREE, **config))  # type: ignore[arg-type]
    assert put(found, point) == reason


@pytest.mark.parametrize(
    ("current_ua", "width_us", "waveform", "reason"),
    [
        (20_000, 200, SYMMETRIC, ALLOWED),
        (21_000, 200, SYMMETRIC, "step"),
        (20_000, 205, SYMMETRIC, "step"),
        (16_000, 200, ASYMMETRIC, ALLOWED),
        (20_000, 200, ASYMMETRIC, "step"),
    ],
)
def test_a_pulse_is_on_the_steps_of_current_and_of_width(
    current_ua: int, width_us: int, waveform: int, reason: str
) -> None:
    found = guard(device=COARSE)
    point = pulse(current_ua=current_ua, width_us=width_us, waveform=waveform)
    assert put(found, point) == reason


# -- its time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now_us", "reason"),
    [
        (AT_US - 1, "early"),
        (AT_US, ALLOWED),
        (AT_US + 10_000, ALLOWED),
        (AT_US + 10_001, "late"),
    ],
)
def test_now_is_between_a_setpoint_s_instant_and_its_expiry(now_us: int, reason: str) -> None:
    found = guard()
    found.sensor_seen(0, AT_US)
    assert found.check(pulse(), now_us) == reason


@pytest.mark.parametrize(
    ("gap_us", "reason"), [(-1, "interval"), (0, "interval"), (19_999, "interval"), (20_000, "")]
)
def test_two_pulses_are_twenty_milliseconds_apart(gap_us: int, reason: str) -> None:
    found = guard()
    assert put(found, pulse()) == ALLOWED
    assert put(found, pulse(AT_US + gap_us)) == reason


@pytest.mark.parametrize(("age_us", "reason"), [(99_999, ""), (100_000, "sensor_age")])
def test_the_leg_s_newest_sample_is_younger_than_its_limit(age_us: int, reason: str) -> None:
    found = guard()
    found.sensor_seen(0, AT_US - age_us)
    found.sensor_seen(1, AT_US)
    assert found.check(pulse(), AT_US) == reason


@pytest.mark.parametrize(
    ("on", "ages_us", "reason"),
    [
        ((0, 1), (99_999, 99_999), ""),
        ((0, 1), (100_000, 0), "sensor_age"),
        ((0, 1), (0, 100_000), "sensor_age"),
        ((1,), (100_000, 99_999), ""),
        ((1,), (0, 100_000), "sensor_age"),
    ],
)
def test_pulses_rest_on_every_leg_s_samples_that_the_guard_was_told_of(
    on: tuple[int, ...], ages_us: tuple[int, int], reason: str
) -> None:
    found = guard()
    found.rest(0, on)
    for leg, age_us in enumerate(ages_us):
        found.sensor_seen(leg, AT_US - age_us)
    assert found.check(pulse(), AT_US) == reason
    found.rest(1, (0,))
    assert found.snapshot()["rests_on"] == [on, (0,)]


@pytest.mark.parametrize(("age_us", "reason"), [(99_999, ""), (100_000, "answer_age")])
def test_the_oldest_unanswered_frame_is_younger_than_its_limit(age_us: int, reason: str) -> None:
    found = guard()
    found.sensor_seen(0, AT_US)
    found.link_seen(AT_US - age_us)
    assert found.check(pulse(), AT_US) == reason


@pytest.mark.parametrize(
    ("gap_us", "begins", "peaks"),
    [
        (85_000, False, (0, 20_000)),
        (85_001, False, (0, 18_000)),
        (115_000, False, (0, 18_000)),
        (115_001, True, (20_000, 18_000)),
    ],
)
def test_a_pause_that_is_felt_as_a_tenth_of_a_second_parts_two_bursts(
    gap_us: int, begins: bool, peaks: tuple[int, int]
) -> None:
    found = guard()
    assert put(found, pulse()) == ALLOWED
    assert put(found, pulse(AT_US + gap_us, 18_000)) == ALLOWED
    after = account(found)
    assert after["burst_from_us"][0] == AT_US + begins * gap_us
    assert (after["last_peak_ua"][0], after["peak_ua"][0]) == peaks


@pytest.mark.parametrize(("late_us", "begins"), [(5_000, False), (5_001, True)])
def test_a_pulse_that_is_let_through_late_ends_a_pause_late(late_us: int, begins: bool) -> None:
    found = guard()
    assert put(found, pulse()) == ALLOWED
    late = pulse(AT_US + 110_000)
    found.sensor_seen(0, late.at_us)
    found.link_seen(NEVER_US)
    assert found.check(late, late.at_us + late_us) == ALLOWED
    assert account(found)["burst_from_us"][0] == AT_US + begins * 110_000


def test_a_pause_counts_from_the_last_pulse_that_was_felt() -> None:
    found = guard(RISE)
    for after_us in (0, 25_000, 50_000, 75_000):
        assert put(found, pulse(AT_US + after_us, 10_000)) == ALLOWED
    for after_us in (25_000, 50_000, 75_000):
        found.skipped(0, AT_US + after_us)
    assert put(found, pulse(AT_US + 120_000, 10_000)) == ALLOWED
    assert account(found)["burst_from_us"][0] == AT_US + 120_000


def test_what_may_be_a_burst_of_its_own_rises_like_one_and_ends_with_the_last() -> None:
    found = guard(replace(RISE, burst_ms=400))
    for onset_us, peak_ua in ((-1_000_000, 15_000), (-500_000, 15_000)):
        for after_us in (0, 50_000, 100_000, 150_000):
            put(
                found, pulse(AT_US + onset_us + after_us, 10_000 if after_us < 100_000 else peak_ua)
            )
    for after_us, sent_ua, given_ua in (
        (0, 10_000, 10_000),
        (50_000, 12_000, 12_000),
        (150_000, 15_000, 10_000),  # 85 to 115 ms after the last
        (200_000, 15_000, 11_000),  # half of the way to the 12 of its first part, not to 15
        (250_000, 20_000, 17_000),
        (300_000, 20_000, 17_000),
        (400_000, 10_000, 10_000),
    ):
        put(found, pulse(AT_US + after_us, sent_ua))
        assert found.given is not None
        assert (after_us, found.given.current_ua) == (after_us, given_ua)
    assert account(found)["burst_from_us"][0] == AT_US
    assert put(found, pulse(AT_US + 425_000, 10_000)) == "burst_length"


def test_a_train_is_as_slow_as_it_was_felt() -> None:
    found = guard(LimitsConfig(level_step_mA=10))
    for after_us in range(0, 1_000_000, 117_509):
        put(found, pulse(AT_US + after_us, 30_000))
    lone_us = AT_US + 8 * 117_509 + 445_978
    # Of the train's last pulse nothing was felt; 563 ms after the one before comes one alone.
    found.skipped(0, AT_US + 8 * 117_509)
    assert put(found, pulse(lone_us, 25_000)) == ALLOWED
    sent = pulse(lone_us + 117_509, 40_000)
    assert put(found, sent) == "ramp"
    assert found.given == sent._replace(current_ua=30_000)
    assert account(found)["burst_from_us"][0] == sent.at_us


def test_the_last_pulse_of_a_burst_comes_at_its_limit_at_the_latest() -> None:
    config = replace(FREE, burst_ms=200)
    for last_us, reason in ((200_000, ALLOWED), (200_001, "burst_length")):
        found = guard(config)
        assert train(found, AT_US, 3, 50_000, 20_000) == ["allowed"] * 3
        assert put(found, pulse(AT_US + 150_000)) == ALLOWED
        assert put(found, pulse(AT_US + last_us)) == reason
        assert found.given is None or reason == ALLOWED


# -- its rise -----------------------------------------------------------------------------------

RISE = LimitsConfig(start_mA=10, level_step_mA=5, ramp_min_ms=100)


def test_a_first_burst_stays_at_the_start_however_long_it_is() -> None:
    found = guard(replace(RISE, level_step_mA=50))
    assert put(found, pulse(current_ua=10_000)) == ALLOWED
    for since_us, reason in ((50_000, "ramp"), (99_999, "ramp"), (150_000, "level_step")):
        sent = pulse(AT_US + since_us, 20_000)
        assert put(found, sent) == reason
        assert found.given == sent._replace(current_ua=10_000)


@pytest.mark.parametrize(
    ("since_us", "sent_ua", "given_ua", "reason"),
    [
        (0, 10_000, 10_000, ALLOWED),
        (0, 10_500, 10_000, "ramp"),
        (25_000, 14_000, 14_000, ALLOWED),  # a quarter of the way from 10 to 26 mA
        (25_000, 14_500, 14_000, "ramp"),
        (50_000, 40_000, 18_000, "ramp"),
        (53_125, 40_000, 18_500, "ramp"),
        (53_124, 40_000, 18_000, "ramp"),
        (99_999, 26_000, 25_500, "ramp"),
        (100_000, 26_000, 26_000, ALLOWED),
        (100_000, 31_000, 31_000, ALLOWED),  # 5 mA above the last burst's 26
        (100_000, 31_500, 31_000, "level_step"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_burst_rises_to_the_last_one_s_peak_and_then_a_step_above(
    since_us: int, sent_ua: int, given_ua: int, reason: str, sign: int
) -> None:
    found = guard(replace(RISE, rate_hz=100))
    for index, peak_ua in enumerate((10_000, 15_000, 20_000, 25_000, 26_000)):
        onset_us = AT_US - 5_000_000 + index * 500_000
        for after_us, current_ua in ((0, 10_000), (50_000, 10_000), (100_000, peak_ua)):
            assert put(found, pulse(onset_us + after_us, current_ua)) == ALLOWED
    for before_us in (0, 60_000):
        if since_us > before_us:
            assert put(found, pulse(AT_US + before_us, 10_000)) == ALLOWED
    dose_pc = account(found)["dose_pc"]
    sent = pulse(AT_US + since_us, sign * sent_ua)
    found._accounts[0].forget(sent.at_us)
    square = found._accounts[0].square
    assert put(found, sent) == reason
    assert found.given == sent._replace(current_ua=sign * given_ua)
    assert account(found)["dose_pc"] == dose_pc + given_ua * 200
    assert account(found)["peak_ua"][0] == max(given_ua, 10_000 if since_us else 0)
    added = found._accounts[0].square - square
    assert added == 2 * given_ua * given_ua * 200
    assert isinstance(added, int), "kept in whole numbers, or the sum would drift"


def test_a_last_burst_below_the_start_holds_nobody_below_it() -> None:
    found = guard(replace(RISE, start_mA=20))
    assert put(found, pulse(AT_US - 500_000, 5_000)) == ALLOWED
    assert put(found, pulse(AT_US, 5_000)) == ALLOWED
    assert put(found, pulse(AT_US + 25_000, 20_000)) == ALLOWED
    for since_us, reason in ((50_000, "ramp"), (99_999, "ramp"), (150_000, "level_step")):
        sent = pulse(AT_US + since_us, 30_000)
        assert put(found, sent) == reason
        assert found.given == sent._replace(current_ua=20_000)


def test_without_a_ramp_a_burst_may_begin_a_step_above_the_last() -> None:
    found = guard(replace(RISE, ramp_min_ms=0))
    assert put(found, pulse(AT_US - 500_000, 10_000)) == ALLOWED
    sent = pulse(AT_US, 15_500)
    assert put(found, sent) == "level_step"
    assert found.given == sent._replace(current_ua=15_000)


def test_the_shortest_ramp_begins_at_the_start_too() -> None:
    config = replace(RISE, ramp_min_ms=0.001)
    found = guard(config)
    assert put(found, pulse(AT_US - 500_000, 10_000)) == ALLOWED
    sent = pulse(AT_US, 12_000)
    assert put(found, sent) == "ramp"
    assert found.given == sent._replace(current_ua=10_000)


@pytest.mark.parametrize(("channel", "now_at_start"), [(0, (True, False)), (-1, (True, True))])
def test_a_pulse_that_was_skipped_in_the_rise_lets_its_channel_rise_anew(
    channel: int, now_at_start: tuple[bool, bool]
) -> None:
    found = guard(LimitsConfig(start_mA=20, level_step_mA=5, ramp_min_ms=100), COARSE)
    for from_us in (AT_US, AT_US + 1_000_000):
        for index in range(4):
            for own in (0, 1):
                put(found, pulse(from_us + index * 25_000, 20_000, channel=own))
    for index in range(8):
        put(found, pulse(AT_US + 2_000_000 + index * 25_000, 24_000))
        put(found, pulse(AT_US + 2_000_000 + index * 25_000, 24_000, channel=1))
    next_us = AT_US + 3_000_000
    for own in (0, 1):
        put(found, pulse(next_us, 20_000, channel=own))
    found.skipped(channel, next_us)
    for own, anew in zip((0, 1), now_at_start, strict=True):
        reason = put(found, pulse(next_us + 75_000, 22_000, channel=own))
        assert reason == ("ramp" if anew else ALLOWED)
        assert found.given is not None
        assert found.given.current_ua == (20_000 if anew else 22_000)
    for own in (0, 1):
        assert put(found, pulse(next_us + 150_000, 22_000, channel=own)) == ALLOWED


def test_while_a_rise_waits_to_begin_anew_no_more_than_the_start_is_given() -> None:
    for last_ua in (5_000, 25_000):
        found = guard(replace(RISE, start_mA=20))
        assert put(found, pulse(AT_US - 1_000_000, 20_000)) == ALLOWED
        for after_us in (0, 100_000):
            put(found, pulse(AT_US - 500_000 + after_us, last_ua))
        assert put(found, pulse(AT_US, 5_000)) == ALLOWED
        assert put(found, pulse(AT_US + 25_000, 5_000)) == ALLOWED
        found.skipped(0, AT_US + 25_000)
        sent = pulse(AT_US + 50_000, 30_000)
        assert put(found, sent) == "ramp"
        assert found.given == sent._replace(current_ua=20_000)


def test_what_is_clipped_stays_on_the_device_s_steps() -> None:
    found = guard(replace(RISE, start_mA=11), device=COARSE)
    sent = pulse(current_ua=16_000)
    assert put(found, sent) == "ramp"
    assert found.given == sent._replace(current_ua=10_000)
    asymmetric = pulse(AT_US + 200_000, 16_000, waveform=ASYMMETRIC)
    assert put(found, asymmetric) == "ramp"
    assert found.given == asymmetric._replace(current_ua=8_000)
    nothing = guard(replace(RISE, start_mA=7.5), device=COARSE)
    assert put(nothing, asymmetric) == "ramp"
    assert nothing.given is None


# -- its part of a second, of ten, of the session -----------------------------------------------

PULSE_SQUARE = 2 * 20_000**2 * 200  # 0.16 uA2 s
SECONDS = {
    # Two pulses in a second are 2 * 1.6e11 uA2 us; each limit holds exactly so many, or one less.
    "rms": lambda square: {"rms_mA": (square / 1e6) ** 0.5 / 1e3},
    "density": lambda square: {
        "density_mA_per_cm2": (square / 1e6) ** 0.5 / 1e3 / 2,
        "electrode_area_cm2": 2,
    },
    "power": lambda square: {
        "power_density_W_per_cm2": square / 1e18 * 1000 / 2,
        "electrode_area_cm2": 2,
    },
}


@pytest.mark.parametrize("reason", SECONDS)
def test_what_a_second_may_hold_to_the_last_square_microampere(reason: str) -> None:
    limits = Limits(replace(FREE, **SECONDS[reason](2 * PULSE_SQUARE)))
    name = f"{reason}_square"
    assert abs(getattr(limits, name) - 2 * PULSE_SQUARE) <= 1
    for spare, third in ((0, ALLOWED), (-1, reason)):
        setattr(limits, name, 2 * PULSE_SQUARE + spare)
        limits.square = 2 * PULSE_SQUARE + spare
        found = Guard(limits, P24)
        found.arm()
        assert put(found, pulse()) == ALLOWED
        assert put(found, pulse(AT_US + 999_999)) == third
        if spare == 0:
            assert put(found, pulse(AT_US + 999_999 + 20_000)) == ALLOWED, "the first has left"
            assert put(found, pulse(AT_US + 999_999 + 40_000)) == reason
            assert found.given is None


@pytest.mark.parametrize(
    ("rms", "density", "power", "reason"),
    [
        (1, 0, 0, "density"),  # just what r.m.s. allows, and one too much for the density
        (0, 0, 0, "rms"),
        (1, 1, 0, "power"),
        (2, 2, 0, "power"),
        (2, 0, 2, "density"),
    ],
)
def test_a_refusal_names_the_first_limit_that_is_exceeded(
    rms: int, density: int, power: int, reason: str
) -> None:
    limits = Limits(FREE)
    below = PULSE_SQUARE - 1
    limits.rms_square, limits.density_square = below + rms, below + density
    limits.power_square = below + power
    limits.square = below
    found = Guard(limits, P24)
    found.arm()
    assert put(found, pulse()) == reason


DUTY = replace(FREE, duty_percent=10, duty_warn_percent=8)


def test_duty_is_reckoned_warned_of_and_refused_to_the_microsecond() -> None:
    found = guard(replace(DUTY, burst_ms=3000))
    told = []
    for index in range(42):
        reason = put(found, pulse(AT_US + index * 25_000))
        told.append((reason, found.duty_warning, found.duty_turned))
        assert found.duty_percent == min(index, 40) * 0.25
    # A quarter of a per cent each: 8 at the 33rd pulse, 10 at the 41st, more at the 42nd.
    assert told[:32] == [(ALLOWED, False, False)] * 32
    assert told[32] == (ALLOWED, True, True)
    assert told[33:41] == [(ALLOWED, True, False)] * 8
    assert told[41][0] == "duty"
    assert found.given is None
    assert account(found)["duty_high"] == [True] + [False] * 7


@pytest.mark.parametrize(("since_us", "high"), [(10_500_000, True), (10_500_001, False)])
def test_exactly_five_per_cent_lower_it_still_stands(since_us: int, high: bool) -> None:
    found = guard(replace(DUTY, duty_warn_percent=10))
    for index in range(41):
        put(found, pulse(AT_US + index * 25_000))
    assert (found.duty_percent, found.duty_warning) == (10.0, True)
    assert put(found, pulse(AT_US + since_us)) == ALLOWED
    assert found.duty_warning is high
    assert found.duty_turned is not high
    assert account(found)["duty_high"][0] is high


def test_a_session_s_dose_is_given_to_its_last_picocoulomb() -> None:
    for dose_mC, reason in ((0.008, ALLOWED), (0.007_999_999, "dose")):
        found = guard(replace(FREE, dose_mC=dose_mC))
        assert put(found, pulse()) == ALLOWED
        assert put(found, pulse(AT_US + 20_000)) == reason
        assert found.fault == ("F32" if reason else "")
        assert found.armed is (reason == ALLOWED)
        assert account(found)["armed"] is (reason == ALLOWED)


def test_a_session_lasts_to_its_last_microsecond() -> None:
    for since_us, reason in ((600_000, ALLOWED), (600_001, "session")):
        found = guard(replace(FREE, session_min=0.01))
        assert put(found, pulse()) == ALLOWED
        assert put(found, pulse(AT_US + since_us)) == reason
        assert found.fault == ("F32" if reason else "")


# -- refusals -----------------------------------------------------------------------------------


def test_a_fault_and_what_was_given_are_of_the_last_setpoint_alone() -> None:
    found = guard(replace(FREE, dose_mC=0.004))
    assert put(found, pulse()) == ALLOWED
    assert put(found, pulse(AT_US + 25_000)) == "dose"
    assert (found.given, found.fault) == (None, "F32")
    assert put(found, pulse(AT_US + 50_000)) == "not_armed"
    assert (found.given, found.fault) == (None, "")
    found.arm()
    found.new_session()
    assert put(found, pulse(AT_US + 75_000)) == ALLOWED
    assert found.fault == ""


def test_a_used_up_dose_is_told_as_such_though_it_is_the_fifth_refusal() -> None:
    found = guard(replace(FREE, dose_mC=0.004))
    assert put(found, pulse()) == ALLOWED
    for index in range(4):
        assert put(found, pulse(AT_US + 25_000 + index, 90_000)) == "current"
        assert found.fault == ""
    assert put(found, pulse(AT_US + 50_000)) == "dose"
    assert found.fault == "F32"
    assert found.armed is False


def test_a_refusal_counts_for_ten_seconds_and_stalls_never() -> None:
    found = guard()
    for now_us in (0, 1, 2, 3):
        found.check(pulse(current_ua=90_000), now_us)
    found.sensor_seen(0, 0)
    assert found.check(pulse(), AT_US) == "sensor_age"
    assert found.check(pulse(), AT_US + 10_001) == "late"
    assert account(found)["refused_us"] == [0, 1, 2, 3]
    found.check(pulse(current_ua=90_000), 10_000_000)
    assert account(found)["refused_us"] == [0, 1, 2, 3, 10_000_000]
    assert (found.fault, found.armed) == ("", True)
    found.check(pulse(current_ua=90_000), 10_000_000)
    assert (found.fault, found.armed) == ("F33", False)
    assert account(found)["armed"] is False


def test_the_figures_of_the_module_are_these() -> None:
    assert module.DUTY_HYSTERESIS_PERCENT == 5.0
    assert ALLOWED == ""
