"""Every injection is acknowledged by the part that was hit, and answered in the time allowed."""

from bisect import bisect_right
from dataclasses import replace
from functools import cache
from itertools import pairwise
from random import Random

import pytest

from fes_ctrl.model import Operator
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.injection_text import parse
from firmware_sim.injections import ROWS, Injection, InjectionRow
from hil.noise import damaged
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate

# At full level a burst of this seed is under way: in its fall, and, after a pause, in mid-swing of
# the next stride.
AT_S = 9.65
BETWEEN_S = 9.95
MID_SWING_S = 10.25

LIFE_US = 20_000
WIRE_US = 2_000


@cache
def injected(
    text: str, duration_s: float = 19.0, detector: str = "heel", scenario: str = "standard"
) -> WalkResult:
    walk = load_scenario(scenario, {}, (f"detector.name={detector}",)).walk
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


@pytest.mark.parametrize("at_s", [AT_S, MID_SWING_S])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_reached_and_its_fault_ends_the_output_in_time(
    row: InjectionRow, at_s: float
) -> None:
    scenario = "rehastim2" if row.devices else "standard"
    lasts_s = max(19.0, at_s + row.seen_after_ms / 1000 + 2.0)
    result = injected(f"{row.name}@{at_s}", lasts_s, row.detector, scenario)
    hit_us = acknowledged_us(result, row.name)
    assert hit_us >= at_s * 1e6
    # A clock that went back dates its fault by the time it had before.
    after = [known for known in result.walk.faults if known.t_us >= hit_us - 30_000]
    # What the witness sees of a device that does not obey is that it does not.
    allowed = {"silence"} if row.name == "device_stuck_on" else set()
    assert {violation["limit"] for violation in result.walk.violations} == allowed
    assert result.walk.unreached_injections == []
    if not row.fault:
        assert {known.id for known in after} <= {"F30"}
        return
    assert row.fault in {known.id for known in after}
    fault = BY_ID[row.fault]
    if fault.reaction != "warn" or row.fault == "F02":
        last_us = last_pulse_of_the_burst_us(result, hit_us)
        assert last_us - hit_us <= (row.seen_after_ms + fault.limit_ms) * 1000


def test_a_silent_sensor_ends_the_burst_in_time() -> None:
    result = injected(f"sensor_dropout@{AT_S}")
    hit_us = acknowledged_us(result, "sensor_dropout")
    assert last_pulse_of_the_burst_us(result, hit_us) - hit_us <= BY_ID["F04"].limit_ms * 1000
    assert reactions(result, "F04") == ["inhibit", "cleared"]
    assert result.walk.legs[0].pulses_us[-1] > 17e6, "it goes on by itself"


def test_a_sensor_that_stays_silent_latches_until_the_operator_clears_it() -> None:
    result = injected(f"sensor_dropout@{AT_S}+3", duration_s=29.0)
    assert reactions(result, "F04L") == ["latch", "cleared"]
    assert result.walk.legs[0].pulses_us[-1] > 27e6, "a fault of availability keeps level and arms"


def test_an_imu_that_is_silent_beside_a_heel_is_told_of_once_and_cleared() -> None:
    result = injected(f"imu_silent@{AT_S}+3", detector="fused")
    hit_us = acknowledged_us(result, "imu_silent")
    told, back = [known for known in result.walk.faults if known.id == "F05"]
    assert (told.reaction, back.reaction) == ("warn", "cleared")
    assert told.detail.startswith("foot_imu: no believable sample for 500 ms")
    assert 0 <= told.t_us - hit_us <= (500 + BY_ID["F05"].limit_ms) * 1000
    assert 500_000 <= back.t_us - (AT_S + 3) * 1e6 <= 600_000
    assert reactions(result, "F04") == []
    onsets_us = [burst.start.t_us for burst in result.walk.legs[0].bursts]
    assert [t_us for t_us in onsets_us if hit_us + 500_000 < t_us < hit_us + 3_000_000]


def test_sensors_that_are_all_silent_are_told_of_as_one() -> None:
    result = injected(f"sensor_dropout@{AT_S}+1.2", detector="fused")
    assert reactions(result, "F04") == ["inhibit", "cleared"]
    assert reactions(result, "F05") == []


def test_an_imu_that_is_silent_before_and_after_a_dropout_is_told_of_once_it_is_over() -> None:
    walk = load_scenario("standard", {}, ("detector.name=fused",)).walk
    inject = (parse(f"imu_silent@{AT_S}"), parse(f"sensor_dropout@{AT_S + 0.1}+1"))
    result = simulate(replace(walk, duration_s=14.0, inject=inject))
    told = [(f.id, f.reaction) for f in result.walk.faults if f.id != "F30"]
    assert told == [("F04", "inhibit"), ("F04", "cleared"), ("F05", "warn")]
    times_us = [f.t_us for f in result.walk.faults if f.id in {"F04", "F05"}]
    assert times_us[1] == times_us[2], "no half second is waited for again"


@pytest.mark.parametrize("hz", [2.5, 3.4, 5, 7, 20])
def test_a_heel_that_chatters_for_ever_gets_no_burst_after_a_few(hz: float) -> None:
    result = injected(f"heel_chatters={hz}@{AT_S}+6")
    hit_us = acknowledged_us(result, "heel_chatters")
    told, cleared = [known for known in result.walk.faults if known.id == "F03"]
    assert (told.reaction, cleared.reaction) == ("inhibit", "cleared")
    assert told.detail.startswith("5 heel-offs of the right within 1.")
    pulses_us = result.walk.legs[0].pulses_us
    assert last_pulse_of_the_burst_us(result, hit_us) <= told.t_us
    to_us = round((AT_S + 6) * 1e6)
    assert not [t_us for t_us in pulses_us if told.t_us + WIRE_US < t_us < to_us]
    onsets_us = [burst.start.t_us for burst in result.walk.legs[0].bursts]
    assert len([t_us for t_us in onsets_us if hit_us <= t_us < to_us]) <= 4
    # The first step that is one again is stimulated.
    assert [t_us for t_us in onsets_us if cleared.t_us <= t_us <= cleared.t_us + 10_000]
    assert cleared.t_us <= to_us + 2_500_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("broker_down@5+13", ["warn", "cleared"]),
        ("broker_down@5+4", []),
        ("broker_slow@5+4", ["warn", "cleared"]),
    ],
)
def test_nobody_who_takes_telemetry_changes_no_pulse(text: str, told: list[str]) -> None:
    result = injected(text, 20.0)
    assert reactions(result, "F25") == told
    assert result.setpoints_sha256 == undisturbed().setpoints_sha256


@pytest.mark.parametrize("name", ["retained", "late", "repeated", "replayed"])
def test_a_remote_command_that_is_not_new_changes_no_pulse(name: str) -> None:
    result = injected(f"command_{name}@5", 20.0)
    assert reactions(result, "F26") == ["warn"]
    assert result.setpoints_sha256 == undisturbed().setpoints_sha256


@cache
def undisturbed() -> WalkResult:
    return simulate(replace(load_scenario("standard").walk, duration_s=20.0))


def test_a_heel_switch_stuck_open_ends_the_burst_by_its_time_out() -> None:
    result = injected(f"heel_stuck_open@{AT_S}")
    (fault,) = [found for found in result.walk.faults if found.id == "F02"]
    assert result.walk.legs[0].pulses_us[-1] <= fault.t_us + 10_000
    (burst,) = [found for found in result.walk.legs[0].bursts if found.start.t_us > AT_S * 1e6]
    assert fault.t_us - burst.start.t_us <= BY_ID["F02"].limit_ms * 1000
    assert result.walk.violations == []


def test_a_heel_switch_stuck_closed_gives_no_burst_until_it_is_free_again() -> None:
    result = injected(f"heel_stuck_closed@{AT_S}+4")
    hit_us = acknowledged_us(result, "heel_stuck_closed")
    pulses_us = result.walk.legs[0].pulses_us
    last_us = last_pulse_of_the_burst_us(result, hit_us)
    assert last_us - hit_us <= 500_000, "closed in the air is taken for a contact"
    assert not [t_us for t_us in pulses_us if last_us < t_us < (AT_S + 4) * 1e6]
    assert pulses_us[-1] > 17e6, "it goes on by itself"


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


def test_shorted_electrodes_stop_the_device() -> None:
    result = injected(f"electrode_short@{MID_SWING_S}")
    hit_us = acknowledged_us(result, "electrode_short")
    assert reactions(result, "F12") == ["latch"]
    assert result.walk.legs[0].pulses_us[-1] - hit_us <= BY_ID["F12"].limit_ms * 1000
    # The one that showed it, and none after that.
    assert len([t_us for t_us in result.walk.legs[0].pulses_us if t_us >= hit_us]) <= 2


@pytest.mark.parametrize("delay_ms", [50, 150, 500])
def test_late_answers_stop_the_output_or_only_thin_it(delay_ms: int) -> None:
    result = injected(f"answers_delayed={delay_ms}@{MID_SWING_S}")
    hit_us = acknowledged_us(result, "answers_delayed")
    pulses_us = [t_us for t_us in result.walk.legs[0].pulses_us if t_us >= hit_us]
    if delay_ms < 100:
        assert reactions(result, "F18") == []
        # One on its way at a time: no two are closer than the answer takes.
        assert min(b - a for a, b in pairwise(pulses_us)) >= 50_000
    else:
        assert reactions(result, "F18") == ["latch"]
        assert pulses_us[-1] - hit_us <= 100_000 + BY_ID["F18"].limit_ms * 1000


def test_a_device_that_is_stuck_on_is_cut_off() -> None:
    result = injected(f"device_stuck_on@{MID_SWING_S}")
    hit_us = acknowledged_us(result, "device_stuck_on")
    (late,) = [known.t_us for known in result.walk.faults if known.id == "F18"]
    last_us = result.walk.legs[0].pulses_us[-1]
    assert last_us - late <= BY_ID["F20"].limit_ms * 1000, "from the first stop"
    assert last_us - hit_us >= 100_000, "it did go on by itself"
    assert reactions(result, "F20") == ["latch"]


@pytest.mark.parametrize("lasts_s", [0.05, 0.15, 0.3, 0.9, 1.5])
@pytest.mark.parametrize("at_s", [AT_S, BETWEEN_S, MID_SWING_S])
@pytest.mark.parametrize("name", ["host_paused", "sensor_backlog"])
def test_a_stall_is_not_answered_with_old_work(name: str, at_s: float, lasts_s: float) -> None:
    result = injected(f"{name}@{at_s}+{lasts_s}", 13.0)
    assert result.walk.unreached_injections == []
    leg = result.walk.legs[0]
    to_us = round((at_s + lasts_s) * 1e6)
    assert max(leg.written_late_us) <= LIFE_US
    for burst in leg.bursts:
        if burst.start.t_us >= to_us - 1_000:
            assert burst.start.trigger_us >= to_us - 100_000, "triggered by what had passed"
    if name == "host_paused":
        paused = [t for t in leg.pulses_us if at_s * 1e6 + WIRE_US < t < to_us]
        assert paused == []
        assert len([t for t in leg.pulses_us if to_us <= t < to_us + 20_000]) <= 1
    assert result.walk.violations == []


@pytest.mark.parametrize("lasts_s", [0.03, 0.06, 0.09, 0.12])
@pytest.mark.parametrize("at_s", [20.6, 21.2])
def test_a_pulse_that_a_line_holds_back_is_void_when_its_time_is_over(
    at_s: float, lasts_s: float
) -> None:
    walk = load_scenario("standard").walk
    walk = replace(walk, duration_s=24.0, inject=(parse(f"write_blocked@{at_s}+{lasts_s}"),))
    stepper = Stepper()
    rig = Rig(walk, stepper, NullLog())
    planned_us: list[int] = []
    rig.session.on_setpoint = lambda setpoint: planned_us.append(setpoint.at_us)
    rig.session.open()
    stepper.run_until_us(24_000_000)
    assert [known.name for known in rig.acknowledgements()] == ["write_blocked"]
    pulses_us = rig.finish().legs[0].pulses_us
    assert len(pulses_us) > 300
    for t_us in pulses_us:
        assert t_us - planned_us[bisect_right(planned_us, t_us) - 1] <= LIFE_US + WIRE_US


@pytest.mark.parametrize("scenario", ["standard", "rehastim2"])
@pytest.mark.parametrize("at_s", [AT_S, MID_SWING_S])
def test_a_line_that_is_blocked_for_a_moment_costs_pulses_and_no_walk(
    at_s: float, scenario: str
) -> None:
    # Longer than a pulse may wait, and over before an answer is overdue.
    result = injected(f"write_blocked@{at_s}+0.045", scenario=scenario)
    hit_us = acknowledged_us(result, "write_blocked")
    assert reactions(result, "F18") == []
    assert [known for known in result.walk.faults if known.id != "F30"] == []
    pulses_us = result.walk.legs[0].pulses_us
    free_us = round((at_s + 0.045) * 1e6)
    assert not [t_us for t_us in pulses_us if hit_us + WIRE_US + 25_000 < t_us < free_us]
    assert pulses_us[-1] > 17e6
    assert result.walk.violations == []


def test_a_line_that_is_blocked_until_an_answer_is_overdue_latches_as_soon_as_ever() -> None:
    for lasts_s in (0.2, 3.0):
        result = injected(f"write_blocked@{MID_SWING_S}+{lasts_s}")
        hit_us = acknowledged_us(result, "write_blocked")
        (fault,) = [known for known in result.walk.faults if known.id == "F18"]
        assert 0 <= fault.t_us - hit_us - 100_000 <= 1_000


@pytest.mark.parametrize("name", ["write_blocked", "answers_held"])
def test_what_a_blocked_line_lets_go_gives_no_pulse(name: str) -> None:
    result = injected(f"{name}@{MID_SWING_S}+0.3")
    hit_us = acknowledged_us(result, name)
    assert reactions(result, "F18") == ["latch"]
    after_us = [t_us for t_us in result.walk.legs[0].pulses_us if t_us > hit_us + 25_000]
    assert after_us == []


@pytest.mark.parametrize(
    "text", ["clock_forward=2", "clock_back=2", "host_suspended", "clock_back=0.1"]
)
@pytest.mark.parametrize("at_s", [AT_S, MID_SWING_S])
def test_what_was_planned_before_a_clock_jump_is_never_given(text: str, at_s: float) -> None:
    result = injected(f"{text}@{at_s}")
    assert reactions(result, "F36") == ["latch"]
    assert result.walk.legs[0].pulses_us[-1] <= at_s * 1e6 + WIRE_US


def test_answers_to_nobody_are_told_of_and_keep_nothing_alive() -> None:
    result = injected(f"answers_to_nobody@{MID_SWING_S}+2")
    assert reactions(result, "F35") == ["warn"]
    assert reactions(result, "F18") == []
    walk = load_scenario("standard").walk
    both = (parse(f"answers_to_nobody@{MID_SWING_S}"), parse(f"answers_delayed=500@{MID_SWING_S}"))
    result = simulate(replace(walk, duration_s=14.0, inject=both))
    assert reactions(result, "F18") == ["latch"]


def test_another_device_is_not_armed() -> None:
    walk = load_scenario("standard").walk
    walk = replace(walk, duration_s=19.0, inject=(parse(f"device_swapped@{MID_SWING_S}"),))
    stepper = Stepper()
    rig = Rig(walk, stepper, NullLog())
    rig.session.open()
    for until_s, action in ((13.0, "clear"), (14.0, "arm"), (15.0, "level"), (17.0, "")):
        stepper.run_until_us(round(until_s * 1e6))
        if action:
            rig.session.take(Operator(stepper.now_us(), action, 100))
    found = [(known.id, known.reaction) for known in rig.finish().faults]
    assert found == [("F31", "latch"), ("F31", "cleared"), ("F34", "latch")]
    assert rig.account.walk.legs[0].pulses_us[-1] <= MID_SWING_S * 1e6


@pytest.mark.parametrize("seed", range(12))
def test_damaged_frames_alter_no_pulse(seed: int) -> None:
    walk = load_scenario("standard", {"seed": seed}).walk
    share = (1, 5, 30, 100)[seed % 4]
    inject = (parse(f"frames_corrupted={share}@7+10"),)
    rigs: list[Rig] = []
    stepper = Stepper()
    rigs.append(Rig(replace(walk, duration_s=12.0, inject=inject), stepper, NullLog()))
    (rig,) = rigs
    written: list[tuple[int, int]] = []
    rig.session.on_written = lambda now_us, setpoint: written.append((now_us, setpoint.current_ua))
    rig.session.open()
    stepper.run_until_us(12_000_000)
    leg = rig.finish().legs[0]
    assert [known.name for known in rig.acknowledgements()] == ["frames_corrupted"]
    times = [now_us for now_us, _ in written]
    for t_us, current_ua in zip(leg.pulses_us, leg.pulses_ua, strict=True):
        index = bisect_right(times, t_us) - 1
        assert current_ua in {current for _, current in written[max(0, index - 1) : index + 1]}
        assert t_us - times[index] <= WIRE_US + LIFE_US
    assert rig.witness.violations == []


def test_no_damage_to_a_frame_of_a_pulse_makes_another_one_of_it() -> None:
    random = Random(17)
    before = sm4.get_stim_status(3)
    good = [
        sm4.low_level_pulse(n % 62, n % 8, ((300, 1000 * n), (300, -1000 * n))) for n in range(60)
    ]
    known = {frame[1:] for data in good for frame in sm4.Decoder().feed(data)}
    known |= {frame[1:] for frame in sm4.Decoder().feed(before)}
    for index in range(40_000):
        data = damaged(good[index % 60], before, random)
        for frame in sm4.Decoder().feed(data):
            assert frame[1:] in known


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
        ("electrode_off=3@3", "has no amount"),
        ("answers_delayed=49@3", "write 50 to 500"),
        ("answers_delayed=nan@3", "write 50 to 500"),
        ("answers_delayed=x@3", "write 50 to 500"),
        ("gyro_bias=@3", "write 0.1 to 50"),
    ],
)
def test_a_bad_injection_is_refused_with_the_way_out(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(text)


def test_an_amount_is_taken_and_the_rows_own_holds_without_one() -> None:
    assert parse("answers_delayed=120@3+2") == Injection(
        "answers_delayed", 3_000_000, 5_000_000, 120
    )
    assert parse("answers_delayed@3+2").amount == 300
