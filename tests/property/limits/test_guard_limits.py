"""Every limit of the guard, at its boundary, armed and unarmed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import ASYMMETRIC, SYMMETRIC, Capabilities, Setpoint
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limit_rows import ROWS
from fes_ctrl.safety.limits import (
    CAP_BURST_US,
    CAP_CHARGE_PC,
    CAP_CURRENT_UA,
    CAP_WIDTH_US,
    LEAST_INTERVAL_US,
    Limits,
    LimitsConfig,
)
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US
from helpers.boundaries import around, charges, currents, integers, widths
from helpers.reference_guard import ReferenceGuard

DEVICE = P24_MODES["low_level"]
STEP_UA = DEVICE.current_step_ua


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
# Limits of one pulse by itself, each in turn narrower than all that stand beside it.
ALONE = {
    "bench": LimitsConfig(),
    "voltage": LimitsConfig(voltage_V=40),
    "energy": LimitsConfig(pulse_energy_mJ=0.24),
    "load": LimitsConfig(pulse_energy_mJ=0.24, load_ohm=2000),
    "net": LimitsConfig(net_charge_uC=0.1),
    "caps": LimitsConfig(
        current_mA=100, pulse_width_us=500, charge_per_phase_uC=40, setpoint_max_life_ms=100
    ),
}
COARSE = DEVICE._replace(current_step_ua=2_000, width_step_us=10, channels=2)


def sent(device: Capabilities) -> list[Setpoint]:
    """Return setpoints dense about every limit of a pulse, on the device's steps and off."""
    found = [
        *[setpoint(current_ua=v, width_us=100) for v in currents(device, 80_000, 40_000)],
        *[setpoint(current_ua=v, waveform=ASYMMETRIC) for v in currents(device, 20_000, 30_000)],
        *[setpoint(width_us=v) for v in widths(device, LIMITS.width_us)],
        *[setpoint(current_ua=i, width_us=us) for i, us in charges(device, LIMITS.charge_pc)],
        *[setpoint(channel=v) for v in integers(device.channels)],
        *[setpoint()._replace(leg=v) for v in integers(1)],
        *[setpoint()._replace(waveform=v) for v in integers(1)],
        *[setpoint(life_us=v) for v in integers(20_000, 100_000)],
    ]
    # Whole energy limits: I2 w 2 R.
    for current_ua in (20_000, 40_000):
        base_us = 240_000_000_000 // (2 * current_ua * current_ua // 1_000)
        found += [setpoint(current_ua=current_ua, width_us=v) for v in around(base_us)]
    return found


@pytest.mark.parametrize("device", [DEVICE, COARSE], ids=["p24", "coarse"])
@pytest.mark.parametrize("name", ALONE)
def test_a_pulse_is_let_through_up_to_each_limit_and_not_beyond(
    name: str, device: Capabilities
) -> None:
    let_through = 0
    for point in sent(device):
        reference = ReferenceGuard(ALONE[name], device)
        reference.armed = True
        reference.sensor_us = {0: 1_000_000, 1: 1_000_000}
        reasons, pulse = reference.speaks_against(point, point.at_us)
        found = Guard(Limits(ALONE[name]), device)
        for leg in (0, 1):
            found.sensor_seen(leg, 1_000_000)
        assert found.check(point, point.at_us) == "not_armed"
        assert found.given is None
        found.arm()
        reason = found.check(point, point.at_us)
        if pulse is None:
            assert reason in reasons, (point, reasons)
            assert found.given is None
            continue
        let_through += 1
        assert reason in (reasons or {ALLOWED}), (point, reasons)
        assert found.given is not None
        assert abs(found.given.current_ua) == pulse.current_ua <= abs(point.current_ua)
    assert let_through > 5


def test_charge_is_limited_where_current_and_width_alone_are_not() -> None:
    tight = LimitsConfig(charge_per_phase_uC=6.0)
    for current_ua in (10_000, 19_500, 20_000, 20_500, 70_000):
        point = setpoint(current_ua=current_ua, width_us=300)
        expected = ALLOWED if current_ua * 300 <= 6_000_000 else "charge"
        assert guard(tight).check(point, point.at_us) == expected


@pytest.mark.parametrize("second_us", [4 * 200, 4 * 300])
def test_the_charge_of_the_second_phase_counts_as_the_first_does(second_us: int) -> None:
    """Whatever rounding a device does, neither phase may carry more than the limit."""
    width_us = second_us // 4
    for current_ua in around(20_000, 4 * STEP_UA):
        if not 0 < current_ua <= 80_000:
            continue
        limit_uC = current_ua * width_us / 1e6
        point = setpoint(current_ua=current_ua, width_us=width_us, waveform=ASYMMETRIC)
        exactly = guard(LimitsConfig(charge_per_phase_uC=limit_uC))
        exactly.check(point, point.at_us)
        assert exactly.given is not None
        less = guard(LimitsConfig(charge_per_phase_uC=limit_uC - 1e-6))
        assert less.check(point, point.at_us) == "charge"


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


@pytest.mark.parametrize("late_us", [-20_000, -1, 0, 1, 9_999, 10_000, 10_001, 1_000_000])
def test_a_setpoint_before_its_time_or_past_its_expiry_is_left_out(late_us: int) -> None:
    point = setpoint(life_us=10_000)
    expected = ALLOWED if late_us <= 10_000 else "late"
    expected = "early" if late_us < 0 else expected
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


HUGE = st.sampled_from([0.001, 1.0, 99.0, 100.0, 101.0, 1e3, 1e6, 1e9])


@given(st.fixed_dictionaries({row.key: HUGE for row in ROWS}))
def test_no_file_raises_an_absolute_cap(values: dict[str, float]) -> None:
    config = LimitsConfig(**{**values, "pulse_width_us": int(values["pulse_width_us"])})  # type: ignore[arg-type]
    limits = Limits(config)
    assert limits.current_ua <= CAP_CURRENT_UA == 100_000
    assert limits.width_us <= CAP_WIDTH_US == 500
    assert limits.min_interval_us >= LEAST_INTERVAL_US == 10_000
    assert limits.charge_pc <= CAP_CHARGE_PC == 40_000_000
    assert limits.burst_us <= CAP_BURST_US == 3_000_000
    assert limits.rms_square <= 50_000**2 * 1_000_000
    # 10 mA/cm2 and 0.25 W/cm2 at the largest area and the least load.
    assert limits.density_square <= (10_000 * 200) ** 2 * 1_000_000
    assert limits.power_square <= 0.25 * 200 / 500 * 1e18
    assert limits.square == min(limits.rms_square, limits.density_square, limits.power_square)
    assert limits.energy_square <= 300e-3 / 500 * 1e18
    assert limits.voltage_ua <= 500 / 500 * 1e6
    assert limits.net_pc <= 1_000_000
    assert limits.start_ua <= 50_000
    assert limits.level_step_ua <= 50_000
    assert limits.duty_percent <= 100
    assert limits.duty_warn_percent <= 100
    assert limits.dose_pc <= 100_000 * 10**9
    assert limits.session_us <= 24 * 3600 * 10**6
    assert limits.sensor_max_age_us <= 500_000
    assert limits.answer_max_age_us <= 500_000
    assert limits.life_us <= 100_000


def test_a_limit_of_thirty_hertz_lets_no_higher_rate_through() -> None:
    assert Limits(LimitsConfig(rate_hz=30.0)).min_interval_us == 33_334
