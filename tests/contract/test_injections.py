"""Every injection is acknowledged by the part that was hit, and answered in the time allowed."""

from dataclasses import replace

import pytest

from fes_ctrl.safety.faults import BY_ID
from firmware_sim.injections import ROWS, Injection, parse
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate

# In mid-swing of a settled stride of this seed: a burst is under way.
AT_S = 20.6


def injected(text: str, duration_s: float = 30.0) -> WalkResult:
    walk = load_scenario("standard").walk
    return simulate(replace(walk, duration_s=duration_s, inject=(parse(text),)))


def acknowledged_us(result: WalkResult, name: str) -> int:
    found = [known.t_us for known in result.rig.acknowledgements() if known.name == name]
    assert len(found) == 1
    return found[0]


def reactions(result: WalkResult, fault: str) -> list[str]:
    return [found.reaction for found in result.walk.faults if found.id == fault]


def last_pulse_of_the_burst_us(result: WalkResult, hit_us: int) -> int:
    """Return the last pulse before the first pause of 300 ms after the hit."""
    last = hit_us
    for t_us in result.walk.legs[0].pulses_us:
        if t_us < hit_us:
            continue
        if t_us - last > 300_000:
            break
        last = t_us
    return last


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_reached_and_raises_the_fault_it_names(row: object) -> None:
    name, fault = row.name, row.fault  # type: ignore[attr-defined]
    result = injected(f"{name}@{AT_S}")
    assert acknowledged_us(result, name) >= AT_S * 1e6
    found = {known.id for known in result.walk.faults if known.t_us >= AT_S * 1e6}
    assert fault in found if fault else not found
    assert result.walk.violations == []


def test_a_silent_sensor_ends_the_burst_in_time() -> None:
    result = injected(f"sensor_dropout@{AT_S}")
    hit_us = acknowledged_us(result, "sensor_dropout")
    assert last_pulse_of_the_burst_us(result, hit_us) - hit_us <= BY_ID["F04"].limit_ms * 1000
    assert reactions(result, "F04") == ["inhibit", "cleared"]
    assert result.walk.legs[0].pulses_us[-1] > 28e6, "it goes on by itself"


def test_a_sensor_that_stays_silent_latches_until_the_operator_clears_it() -> None:
    result = injected(f"sensor_dropout@{AT_S}+3", duration_s=40.0)
    assert reactions(result, "F04L") == ["latch", "cleared"]
    assert result.walk.legs[0].pulses_us[-1] > 38e6, "a fault of availability keeps level and arms"


def test_a_heel_switch_stuck_open_ends_the_burst_by_its_time_out() -> None:
    result = injected(f"heel_stuck_open@{AT_S}")
    (fault,) = [found for found in result.walk.faults if found.id == "F02"]
    assert result.walk.legs[0].pulses_us[-1] <= fault.t_us + 10_000
    assert fault.t_us / 1000 - AT_S * 1000 <= BY_ID["F02"].limit_ms + 500
    assert result.walk.violations == []


def test_a_heel_switch_stuck_closed_gives_no_burst_until_it_is_free_again() -> None:
    result = injected(f"heel_stuck_closed@{AT_S}+4")
    hit_us = acknowledged_us(result, "heel_stuck_closed")
    pulses_us = result.walk.legs[0].pulses_us
    last_us = last_pulse_of_the_burst_us(result, hit_us)
    assert last_us - hit_us <= 500_000, "closed in the air is taken for a contact"
    assert not [t_us for t_us in pulses_us if last_us < t_us < (AT_S + 4) * 1e6]
    assert pulses_us[-1] > 28e6, "it goes on by itself"


def test_a_pulled_cable_latches() -> None:
    result = injected(f"cable_pulled@{AT_S}")
    hit_us = acknowledged_us(result, "cable_pulled")
    assert reactions(result, "F15") == ["latch"]
    assert result.walk.legs[0].pulses_us[-1] - hit_us <= BY_ID["F15"].limit_ms * 1000


def test_lost_answers_stop_the_device() -> None:
    result = injected(f"answers_lost@{AT_S}")
    hit_us = acknowledged_us(result, "answers_lost")
    deadline_us = 100_000
    assert reactions(result, "F18") == ["latch"]
    last_us = result.walk.legs[0].pulses_us[-1]
    assert last_us - hit_us <= deadline_us + BY_ID["F18"].limit_ms * 1000
    # At most one frame with current is ever unanswered: the one whose answer was lost.
    assert last_us <= hit_us + 25_000
    assert reactions(result, "F20") == ["latch"], "it does not answer the stop either"


def test_answers_that_come_late_stop_the_device_which_then_confirms() -> None:
    result = injected(f"answers_delayed@{AT_S}+0.4")
    assert reactions(result, "F18") == ["latch"]
    hit_us = acknowledged_us(result, "answers_delayed")
    assert result.walk.legs[0].pulses_us[-1] - hit_us <= 100_000 + BY_ID["F18"].limit_ms * 1000


def test_an_open_electrode_stops_the_device() -> None:
    result = injected(f"electrode_off@{AT_S}")
    hit_us = acknowledged_us(result, "electrode_off")
    assert reactions(result, "F12") == ["latch"]
    tried = [t_us for t_us in result.walk.legs[0].written_late_us if t_us >= 0]
    assert tried
    fault = next(found for found in result.walk.faults if found.id == "F12")
    assert fault.t_us - hit_us <= BY_ID["F12"].limit_ms * 1000
    assert result.walk.legs[0].pulses_us[-1] < hit_us


def test_an_injection_that_is_never_reached_is_told() -> None:
    walk = load_scenario("standard").walk
    # While standing at level zero no pulse is asked for, so the open electrode is never noticed.
    late = Injection("electrode_off", 100_000, 400_000)
    result = simulate(replace(walk, duration_s=5.0, inject=(late,)))
    assert result.walk.unreached_injections == ["electrode_off"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("electrode_off", "NAME@T"),
        ("nonsense@3", "choose sensor_dropout"),
        ("electrode_off@nan", "no time"),
        ("electrode_off@-1", "no time"),
        ("electrode_off@inf", "no time"),
        ("electrode_off@3+x", "no time"),
    ],
)
def test_a_bad_injection_is_refused_with_the_way_out(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(text)
