"""Every limit of the guard, at its boundary, armed and unarmed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import ASYMMETRIC, ASYMMETRY, SYMMETRIC, Setpoint
from fes_ctrl.safety.guard import ALLOWED, REFUSALS, Guard
from fes_ctrl.safety.limits import (
    CAP_BURST_US,
    CAP_CHARGE_PC,
    CAP_CURRENT_UA,
    CAP_RATE_HZ,
    CAP_WIDTH_US,
    Limits,
    LimitsConfig,
)
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US

DEVICE = P24_MODES["low_level"]
STEP_UA = DEVICE.current_step_ua


def around(limit: int, step: int = 1) -> list[int]:
    """Return values dense about a boundary: below, at and above it, and far off."""
    return [limit - 100 * step, limit - step, limit, limit + step, limit + 100 * step]


def guard(config: LimitsConfig | None = None, *, armed: bool = True) -> Guard:
    found = Guard(Limits(config or LimitsConfig()), DEVICE)
    found.armed = armed
    found.sensor_seen(0, 1_000_000)
    return found


def setpoint(
    at_us: int = 1_000_000,
    current_ua: int = 20_000,
    width_us: int = 200,
    life_us: int = 10_000,
    channel: int = 0,
    waveform: int = SYMMETRIC,
) -> Setpoint:
    return Setpoint(at_us, 0, channel, current_ua, width_us, at_us + life_us, waveform)


LIMITS = Limits(LimitsConfig())
VALUES = [
    *[
        ("current", setpoint(current_ua=v, width_us=100), v <= LIMITS.current_ua, "current")
        for v in around(LIMITS.current_ua, STEP_UA)
    ],
    *[
        ("inverted", setpoint(current_ua=-v, width_us=100), v <= LIMITS.current_ua, "current")
        for v in around(LIMITS.current_ua, STEP_UA)
    ],
    ("no current", setpoint(current_ua=0), False, "current"),
    *[
        ("width", setpoint(width_us=v), v <= LIMITS.width_us, "pulse_width")
        for v in around(LIMITS.width_us)
    ],
    *[
        ("short", setpoint(width_us=v), v >= DEVICE.width_min_us, "pulse_width")
        for v in (0, 9, 10, 11)
    ],
    *[
        ("charge", setpoint(current_ua=v, width_us=300), v * 300 <= LIMITS.charge_pc, "charge")
        for v in around(80_000, STEP_UA)
        if v <= 80_000
    ],
    *[("step", setpoint(current_ua=v), v % STEP_UA == 0, "step") for v in around(20_000)],
    *[
        (
            "balance",
            setpoint(current_ua=sign * v, waveform=ASYMMETRIC),
            v % (STEP_UA * ASYMMETRY) == 0,
            "step",
        )
        for v in around(20_000, STEP_UA)
        for sign in (1, -1)
        if v > 0
    ],
    *[
        ("life", setpoint(life_us=v), 0 < v <= LIMITS.life_us, "life")
        for v in (-1, 0, 1, *around(LIMITS.life_us))
    ],
    *[("channel", setpoint(channel=v), 0 <= v < 8, "unknown_channel") for v in (-1, 0, 7, 8)],
]


@pytest.mark.parametrize(("name", "point", "allowed", "reason"), VALUES)
def test_a_setpoint_is_allowed_up_to_its_limit_and_not_beyond(
    name: str, point: Setpoint, allowed: bool, reason: str
) -> None:
    assert guard().check(point, point.at_us) == (ALLOWED if allowed else reason)
    assert guard(armed=False).check(point, point.at_us) == "not_armed", name


def test_charge_is_limited_where_current_and_width_alone_are_not() -> None:
    tight = LimitsConfig(charge_per_phase_uC=6.0)
    for current_ua in (10_000, 19_500, 20_000, 20_500, 70_000):
        point = setpoint(current_ua=current_ua, width_us=300)
        expected = ALLOWED if current_ua * 300 <= 6_000_000 else "charge"
        assert guard(tight).check(point, point.at_us) == expected


@pytest.mark.parametrize("gap_us", around(LIMITS.min_interval_us))
def test_two_pulses_of_a_channel_keep_their_distance(gap_us: int) -> None:
    found = guard()
    assert found.check(setpoint(), 1_000_000) == ALLOWED
    found.link_seen(NEVER_US)
    later = setpoint(at_us=1_000_000 + gap_us)
    expected = ALLOWED if gap_us >= LIMITS.min_interval_us else "interval"
    assert found.check(later, later.at_us) == expected
    other = setpoint(at_us=1_000_000 + gap_us, channel=1)
    assert found.check(other, other.at_us) == ALLOWED, "each channel has its own account"


@pytest.mark.parametrize("age_us", around(LIMITS.sensor_max_age_us))
def test_a_pulse_needs_a_sample_that_is_young_enough(age_us: int) -> None:
    point = setpoint(at_us=1_000_000 + age_us)
    expected = ALLOWED if age_us < LIMITS.sensor_max_age_us else "sensor_age"
    assert guard().check(point, point.at_us) == expected


def test_a_leg_whose_sensor_never_spoke_gets_nothing() -> None:
    point = setpoint()._replace(leg=1)
    assert guard().check(point, point.at_us) == "sensor_age"


@pytest.mark.parametrize("age_us", around(LIMITS.answer_max_age_us))
def test_a_pulse_needs_a_link_that_answers(age_us: int) -> None:
    found = guard()
    found.link_seen(1_000_000)
    found.sensor_seen(0, 1_000_000 + age_us)
    point = setpoint(at_us=1_000_000 + age_us)
    expected = ALLOWED if age_us < LIMITS.answer_max_age_us else "answer_age"
    assert found.check(point, point.at_us) == expected


def test_a_setpoint_that_was_let_through_counts_as_unanswered_itself() -> None:
    found = guard()
    assert found.check(setpoint(), 1_000_000) == ALLOWED
    found.sensor_seen(0, 1_150_000)
    late = setpoint(at_us=1_150_000)
    assert found.check(late, late.at_us) == "answer_age"


@pytest.mark.parametrize("late_us", [0, 1, 9_999, 10_000, 10_001, 1_000_000])
def test_a_setpoint_past_its_expiry_is_left_out(late_us: int) -> None:
    point = setpoint(life_us=10_000)
    expected = ALLOWED if late_us <= 10_000 else "late"
    assert guard().check(point, point.at_us + late_us) == expected


@given(
    period_us=st.integers(20_000, 90_000),
    burst_ms=st.integers(100, 3_000),
)
def test_no_burst_outlasts_its_limit_by_a_single_pulse(period_us: int, burst_ms: int) -> None:
    found = guard(LimitsConfig(burst_ms=burst_ms))
    at_us, last_us = 1_000_000, 0
    for _ in range(400):
        found.sensor_seen(0, at_us)
        found.link_seen(NEVER_US)
        if found.check(setpoint(at_us=at_us), at_us) == ALLOWED:
            last_us = at_us
        else:
            break
        at_us += period_us
    assert last_us - 1_000_000 <= burst_ms * 1000
    assert last_us + period_us - 1_000_000 > burst_ms * 1000


@given(
    st.builds(
        LimitsConfig,
        current_mA=st.floats(0.1, 1e9),
        pulse_width_us=st.integers(1, 10**9),
        rate_hz=st.floats(1, 1e9),
        charge_per_phase_uC=st.floats(0.1, 1e9),
        burst_ms=st.floats(50, 1e9),
    )
)
def test_no_file_raises_an_absolute_cap(config: LimitsConfig) -> None:
    limits = Limits(config)
    assert limits.current_ua <= CAP_CURRENT_UA == 100_000
    assert limits.width_us <= CAP_WIDTH_US == 500
    assert limits.min_interval_us >= 1_000_000 // CAP_RATE_HZ == 10_000
    assert limits.charge_pc <= CAP_CHARGE_PC == 40_000_000
    assert limits.burst_us <= CAP_BURST_US == 3_000_000


def test_a_limit_of_thirty_hertz_lets_no_higher_rate_through() -> None:
    assert Limits(LimitsConfig(rate_hz=30.0)).min_interval_us == 33_334


def test_every_refusal_is_in_the_table() -> None:
    reasons = {reason for _, _, allowed, reason in VALUES if not allowed}
    over_time = {
        "not_armed",
        "charge",
        "interval",
        "sensor_age",
        "answer_age",
        "late",
        "burst_length",
    }
    assert reasons | over_time == set(REFUSALS)
