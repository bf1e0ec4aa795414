"""The limiter's every boundary on both sides, and where it stands after each call."""

import pytest

from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim import limiter as module
from firmware_sim import outlet
from firmware_sim.ceilings import Ceilings
from firmware_sim.limiter import Limiter
from firmware_sim.output import Points

GOOD: Points = ((200, 25_000), (200, -25_000))
SQUARE = 2 * 25_000**2 * 200  # a quarter of a mA2, for a second


def limiter(**ceilings: float) -> Limiter:
    """Return one that the host has made ready, under the caps and what is given here."""
    most = Ceilings(None)
    for name, value in ceilings.items():
        setattr(most, name, value)
    found = Limiter(most, [1_000] * 8)
    found.hear(0, sm4.ll_init(1))
    return found


def put(target: Limiter, t_us: int, points: Points = GOOD, channel: int = 0) -> str:
    """Return why it is latched after a pulse; the host speaks just before."""
    target.hear(t_us, sm4.get_stim_status(1))
    target.pulse(t_us, channel, points)
    return target.latched


def stands(target: Limiter) -> tuple[str, int, int, int]:
    return (target.latched, target.latched_us, target.latched_channel, target.blocked)


def test_the_figures_and_words_of_the_module_are_these() -> None:
    figures = (module.DEAD_MAN_US, module.SHIFTS_IN_TEN_SECONDS, module.EARLY_MOST)
    assert figures == (150_000, 10, 5)
    assert (module.DC_PC, outlet.PAUSE_US, outlet.TWITCH_US) == (10_000_000, 100_000, 500_000)
    words = (module.RATE, module.DEAD_MAN, module.STOPPED, module.DC)
    assert words == ("rate_hz", "dead_man", "stopped", "dc_uA")


def test_a_new_one_is_shut_and_blocks_from_the_first_pulse_on() -> None:
    found = Limiter(Ceilings(None), [1_000] * 2)
    assert stands(found) == ("", NEVER_US, -1, 0)
    assert found.sinks == []
    assert found.on_latch is None
    assert found.as_dict() == {"reason": None, "t_s": None, "channel": None, "blocked": 0}
    found.hear(1_000_000, sm4.get_stim_status(1))
    found.pulse(1_000_000, 1, GOOD)
    assert stands(found) == ("stopped", 1_000_000, 1, 1)
    assert found.as_dict() == {"reason": "stopped", "t_s": 1.0, "channel": 1, "blocked": 1}
    found.pulse(2_500_000, 0, GOOD)
    assert stands(found) == ("stopped", 1_000_000, 1, 2)


def test_a_reset_opens_the_latch_keeps_the_count_and_asks_the_host_to_begin_anew() -> None:
    found = limiter(width_us=100)
    assert put(found, 1_000_000, channel=3) == "pulse_width_us"
    assert stands(found) == ("pulse_width_us", 1_000_000, 3, 1)
    found.reset()
    assert stands(found) == ("", NEVER_US, -1, 1)
    assert put(found, 2_000_000) == "stopped"
    found.reset()
    found.hear(3_000_000, sm4.ml_init(1, stop_all_on_error=True))
    assert put(found, 3_000_000, ((100, 9), (100, -9))) == ""


def test_every_electrode_gets_what_passes_and_nobody_what_does_not() -> None:
    found = limiter(width_us=200)
    first: list[object] = []
    second: list[object] = []
    found.sinks += [lambda *pulse: first.append(pulse), lambda *pulse: second.append(pulse)]
    put(found, 1_000_000, channel=2)
    assert first == second == [(1_000_000, 2, GOOD)]
    put(found, 2_000_000, ((201, 9), (201, -9)))
    put(found, 3_000_000)
    assert len(first) == len(second) == 1


def test_a_pulse_without_current_is_none() -> None:
    found = Limiter(Ceilings(None), [1_000])
    found.pulse(1_000_000, 0, ((500, 0),))
    assert stands(found) == ("", NEVER_US, -1, 0)


@pytest.mark.parametrize(
    ("ceilings", "reason"),
    [
        ({"rms_ma": 0.5}, "rms_mA"),
        ({"density_ma_per_cm2": 0.25, "area_cm2": 2.0}, "density_mA_per_cm2"),
    ],
)
def test_a_second_holds_its_limit_to_the_last_square_microampere(
    ceilings: dict[str, float], reason: str
) -> None:
    assert put(limiter(**ceilings), 1_000_000) == ""
    assert put(limiter(**ceilings), 1_000_000, (*GOOD, (1, 1))) == reason


def test_a_second_holds_its_power_to_the_last_square_microampere() -> None:
    # 15.625 mA through 1 kohm, twice 500 us, are 2 ** -12 J.
    points: Points = ((500, 15_625), (500, -15_625))
    ceilings = {"power_w_per_cm2": 2.0**-13, "area_cm2": 2.0}
    assert put(limiter(**ceilings), 1_000_000, points) == ""
    found = limiter(**ceilings)
    assert put(found, 1_000_000, (*points, (1, 1))) == "power_density_W_per_cm2"


def test_the_voltage_is_held_to_the_last_microvolts() -> None:
    found = limiter()
    found._impedance_ohm[0] = 5_000_000
    assert put(found, 1_000_000, ((200, 100), (200, -100))) == ""
    found._impedance_ohm[0] = 5_000_001
    assert put(found, 2_000_000, ((200, 100), (200, -100))) == "voltage_V"


def test_ten_microcoulombs_a_second_may_be_left_over() -> None:
    found = limiter()
    uneven: Points = ((200, 25_000), (160, -25_000))  # 1 uC
    for k in range(10):
        assert put(found, 1_000_000 + 25_000 * k, uneven) == ""
    assert put(found, 1_250_000) == "", "an even one adds nothing"
    assert put(found, 1_275_000, ((1, 1),)) == "dc_uA"
    found = limiter()
    for k in range(30):  # ten a second for three seconds: each second has its own
        # In pairs: evenly spaced they would be one slow burst.
        assert put(found, 1_000_000 + k // 2 * 220_000 + k % 2 * 60_000, uneven) == ""


@pytest.mark.parametrize(("since_us", "reason"), [(92_000, ""), (92_001, "burst_ms")])
def test_a_burst_ends_with_what_a_wire_may_shift(since_us: int, reason: str) -> None:
    found = limiter(burst_us=90_000)
    assert put(found, 1_000_000) == ""
    assert put(found, 1_000_000 + since_us) == reason


@pytest.mark.parametrize(("since_us", "reason"), [(120_000, ""), (120_001, "duty_percent")])
def test_duty_ends_with_what_ten_shifts_may_make(since_us: int, reason: str) -> None:
    found = limiter(duty_percent=1)
    assert put(found, 1_000_000) == ""
    assert put(found, 1_060_000) == ""
    assert put(found, 1_000_000 + since_us) == reason


@pytest.mark.parametrize(("last_us", "reason"), [(1_000_000, ""), (999_999, "rate_hz")])
def test_five_early_pulses_within_a_second_are_too_many(last_us: int, reason: str) -> None:
    found = limiter(interval_us=40_000)
    early_us = [0, 200_000, 400_000, 600_000, last_us]
    told: list[tuple[int, str]] = []
    found.on_latch = lambda t_us, why: told.append((t_us, why))
    for at_us in early_us:
        assert put(found, 5_000_000 + at_us - 37_999) == ""
        put(found, 5_000_000 + at_us)
    assert found.latched == reason
    assert found.blocked == 5
    assert told == [(5_000_000 + last_us, "rate_hz")] * bool(reason)


@pytest.mark.parametrize(("gap_us", "blocked"), [(38_000, 0), (37_999, 1)])
def test_a_pulse_may_come_two_milliseconds_early(gap_us: int, blocked: int) -> None:
    found = limiter(interval_us=40_000)
    put(found, 1_000_000)
    put(found, 1_000_000 + gap_us)
    assert (found.latched, found.blocked) == ("", blocked)


def train(target: Limiter, from_us: int, *currents_ua: int) -> str:
    for k, current_ua in enumerate(currents_ua):
        put(target, from_us + 25_000 * k, ((200, current_ua), (200, -current_ua)))
    return target.latched


RISE = {"start_ua": 20_000, "first_ua": 20_000, "step_ua": 5_000, "ramp_us": 100_000}


def test_a_first_burst_stays_at_the_start() -> None:
    assert train(limiter(**RISE), 1_000_000, 20_000, 20_000) == ""
    assert train(limiter(**RISE), 1_000_000, 20_001) == "start_mA"
    assert train(limiter(**RISE), 1_000_000, *[20_000] * 6, 20_001) == "start_mA"


def test_a_later_burst_begins_at_the_start_and_rises_to_a_step_above_the_last() -> None:
    rise = (20_000, 21_250, 22_500, 23_750, 25_000)
    for beyond, reason in ((25_000, ""), (25_001, "level_step_mA")):
        found = limiter(**RISE)
        assert train(found, 1_000_000, 20_000, 20_000) == ""
        assert train(found, 2_000_000, *rise, beyond) == reason
    found = limiter(**RISE)
    assert train(found, 1_000_000, 20_000, 20_000) == ""
    assert train(found, 2_000_000, 20_001) == "start_mA"


@pytest.mark.parametrize(("second_ua", "reason"), [(21_350, ""), (21_351, "ramp_min_ms")])
def test_a_ramp_is_as_slow_as_its_limit_but_for_two_milliseconds(
    second_ua: int, reason: str
) -> None:
    found = limiter(**RISE)
    assert train(found, 1_000_000, 20_000, 20_000) == ""
    # 5 mA in 100 ms, 27 of which have passed.
    assert train(found, 2_000_000, 20_000, second_ua) == reason


def test_without_a_ramp_a_burst_may_begin_at_its_top() -> None:
    found = limiter(**{**RISE, "ramp_us": 0})
    assert train(found, 1_000_000, 20_000, 20_000) == ""
    assert train(found, 2_000_000, 25_000) == ""
    assert train(found, 3_000_000, 30_001) == "level_step_mA"


def test_a_level_far_below_the_start_lowers_it_for_nobody() -> None:
    found = limiter(**RISE)
    assert train(found, 1_000_000, 5_000, 5_000) == ""
    assert train(found, 2_000_000, 20_000) == ""


def test_the_device_made_ready_anew_begins_at_the_start_on_every_output() -> None:
    found = limiter(**RISE)
    for channel in (0, 7):
        for k in range(2):
            put(found, 1_000_000 + 25_000 * k, ((200, 20_000), (200, -20_000)), channel)
    found.hear(1_500_000, sm4.ll_init(2))
    for channel in (0, 7):
        assert found._outlets[channel].level(begins=True) == 0


def test_the_dose_is_that_of_all_outputs_and_of_the_first_phases() -> None:
    found = limiter(dose_pc=2 * 200 * 25_000)
    less: Points = ((200, 25_000), (160, -25_000))
    assert put(found, 1_000_000, less, channel=0) == ""
    assert put(found, 1_000_000, less, channel=1) == ""
    assert put(found, 1_000_000, ((1, 1), (1, -1)), channel=2) == "dose_mC"


@pytest.mark.parametrize(("since_us", "reason"), [(5_000_000, ""), (5_000_001, "session_min")])
def test_a_session_ends_to_the_microsecond(since_us: int, reason: str) -> None:
    found = limiter(session_us=5_000_000)
    assert put(found, 1_000_000) == ""
    assert put(found, 3_000_000, channel=1) == ""
    assert put(found, 1_000_000 + since_us, channel=2) == reason


def test_what_is_blocked_alone_leaves_no_trace() -> None:
    found = limiter(interval_us=40_000)
    assert put(found, 1_000_000) == ""
    before = {name: getattr(found._outlets[0], name) for name in ("square", "net_pc", "last_us")}
    assert put(found, 1_010_000) == ""
    after = {name: getattr(found._outlets[0], name) for name in ("square", "net_pc", "last_us")}
    assert (before, found.blocked) == (after, 1)
    assert before["square"] == SQUARE
