"""A person at the console of a setup: what is armed, given, stopped and said; on the stepper."""

from dataclasses import replace

import pytest

from fes_ctrl.assembly import ControlConfig
from fes_ctrl.model import RIGHT, BurstStart, StateChange
from fes_ctrl.runtime.seated import HELP, KEYS, control_for_search
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig
from fes_ctrl.stimulators.config import StimulatorConfig
from hil.patient.config import PatientConfig
from hil.seated_setup import SeatedConfig, SeatedRig

SHORT = ControlConfig(program=ProgramConfig(rise_ms=0.0, fall_ms=0.0, time_out_ms=200.0))


def rig(control: ControlConfig = SHORT, start_ma: int = 20) -> SeatedRig:
    config = SeatedConfig(PatientConfig(), control, start_ma=start_ma)
    return SeatedRig(config, answering=False)


def played(seat: SeatedRig, *words: tuple[float, str]) -> list[str]:
    """Return what is said where words come at their seconds."""
    for t_s, word in words:
        seat.say_at(t_s, word)
    return seat.run_until(words[-1][0] + 1.8).said


def starts(seat: SeatedRig) -> list[int]:
    return [
        record.set_current_ua // 1000
        for record in seat.result.records
        if isinstance(record, BurstStart)
    ]


def reasons(seat: SeatedRig) -> list[str]:
    found = [record for record in seat.result.records if isinstance(record, StateChange)]
    return [record.reason for record in found]


def test_the_first_burst_arms_and_the_next_ones_need_no_more() -> None:
    seat = rig()
    said = played(seat, (1.0, "next"), (2.0, "n"), (3.0, "back"), (4.0, "repeat"))
    assert said == [
        *("20 mA", "20 mA given", "21 mA", "21 mA given"),
        *("20 mA", "20 mA given", "20 mA", "20 mA given"),
    ]
    assert reasons(seat) == ["device ready", "level"]
    assert starts(seat) == [20, 21, 20, 20]
    assert seat.result.strongest_ua == 21_000


def test_nothing_is_given_before_the_device_has_answered() -> None:
    seat = rig()
    assert played(seat, (0.0, "next")) == []
    assert reasons(seat) == ["not armed: no device has answered"]
    assert seat.result.strongest_ua == 0
    assert played(seat, (2.0, "next")) == ["20 mA", "20 mA given"]


def test_a_stop_ends_the_burst_and_the_climb_begins_anew() -> None:
    seat = rig()
    said = played(seat, (1.0, "next"), (2.0, "next"), (2.1, "stop"), (3.0, "felt"), (4.0, "next"))
    assert said[2:] == [
        "21 mA",
        "21 mA does not count: it was cut off (stop)",
        "no burst was given yet: say next",
        "20 mA",
        "20 mA given",
    ]
    assert reasons(seat) == ["device ready", "level", "stop", "device ready", "level"]
    assert not seat.result.violations


def test_a_stop_takes_back_a_burst_that_waits_for_the_device() -> None:
    seat = rig()
    seat.say_at(1.0, "next")
    seat.say_at(1.0, "stop")
    assert played(seat, (3.0, "felt")) == ["no burst was given yet: say next"]
    assert starts(seat) == []


def test_enough_in_a_burst_stops_it_at_once() -> None:
    seat = rig()
    said = played(seat, (1.0, "next"), (2.0, "next"), (2.1, "enough"))
    assert said[-2:] == [
        "felt -, moved -, enough 20 mA",
        "21 mA does not count: it was cut off (stop)",
    ]
    assert reasons(seat)[-1] == "stop"
    assert not seat.hand.quit.is_set()


def test_enough_after_a_burst_stops_nothing_and_ends_it_all_where_all_is_known() -> None:
    seat = rig()
    played(seat, (1.0, "next"), (2.0, "enough"))
    assert "stop" not in reasons(seat)
    assert not seat.hand.quit.is_set()
    seat = rig()
    played(seat, (1.0, "n"), (2.0, "f"), (3.0, "m"), (4.0, "n"), (5.0, "x"))
    assert seat.hand.quit.is_set()
    found = seat.result.found
    assert found is not None
    assert (found.sensory_mA, found.motor_mA, found.tolerated_mA) == (20, 20, 21)


def test_a_latched_fault_is_cleared_by_a_word_and_by_nothing_else() -> None:
    seat = rig()
    played(seat, (1.0, "next"))
    seat.session.stop_now("dead", "for a test")
    played(seat, (3.0, "next"))
    assert reasons(seat)[-1] == "not armed: fault F29 is latched"
    said = played(seat, (5.0, "clear"), (6.0, "next"))
    assert said[-2:] == ["20 mA", "20 mA given"]


def test_what_the_guard_clips_is_told_and_does_not_count() -> None:
    # With no ramp, no burst may begin above limits.start_mA.
    seat = rig(start_ma=30)
    said = played(seat, (1.0, "next"), (2.0, "next"), (3.0, "next"), (4.0, "felt"))
    clipped = "31 mA does not count: the guard clips it (ramp)"
    assert said[1:] == [
        *("30 mA given", "31 mA", clipped, "31 mA", clipped),
        "felt 30 mA, moved -, enough -",
    ]


def test_ramps_let_the_climb_go_on_past_the_start_current() -> None:
    seat = rig(ControlConfig(), start_ma=30)
    said = played(seat, *[(1.0 + 3.0 * number, "next") for number in range(8)])
    assert said[-1] == "37 mA given"
    assert seat.result.strongest_ua == 37_000
    assert not seat.result.violations


def test_a_quit_and_nobody_left_end_it() -> None:
    seat = rig()
    seat.hand.key("q")
    assert seat.hand.quit.is_set()
    seat = rig()
    seat.hand.left()
    assert seat.hand.quit.is_set()


@pytest.mark.parametrize("typed", ["dance", "next next", "Q", "²"])
def test_what_is_no_word_is_said_and_changes_nothing(typed: str) -> None:
    seat = rig()
    seat.hand.line("  ")
    assert seat.result.said == []
    seat.hand.line(typed)
    (said,) = seat.result.said
    assert "is no word of a setup: say next, repeat" in said
    seat.hand.key("z")
    assert seat.result.said[-1] == HELP
    assert all(f"{key} {word}" in HELP for key, word in KEYS.items())
    assert not seat.hand.quit.is_set()


# -- what it is given with ------------------------------------------------------------------------


def test_the_strongest_burst_is_what_limits_and_device_allow() -> None:
    def most(limits: LimitsConfig, width_us: int = 300) -> int:
        control = ControlConfig(limits=limits)
        return control_for_search(control, RIGHT, "dorsiflexors", width_us, 40.0)[1]

    assert most(LimitsConfig()) == 80
    assert most(LimitsConfig(current_mA=42.5)) == 42
    assert most(LimitsConfig(charge_per_phase_uC=9)) == 30
    assert most(LimitsConfig(charge_per_phase_uC=9), width_us=200) == 45
    assert most(LimitsConfig(voltage_V=25)) == 25
    weak = replace(LimitsConfig(), density_mA_per_cm2=0.25)  # 4 mA r.m.s.
    assert 20 < most(weak) < 30


def test_the_bursts_are_those_that_were_asked_for_on_the_programs_output() -> None:
    program = ProgramConfig(rise_ms=321.0, channel=(ChannelConfig(channel=3), ChannelConfig()))
    control, _ = control_for_search(ControlConfig(program=program), RIGHT, "evertors", 250, 35.0)
    (channel,) = control.program.channel
    assert (channel.muscle, channel.pulse_width_us, channel.rate_hz) == ("evertors", 250, 35.0)
    assert (channel.channel, channel.waveform) == (3, "symmetric")
    assert control.program.rise_ms == 321.0
    assert control.setup.evertors.pulse_width_us == 250


@pytest.mark.parametrize(
    ("control", "muscle", "width_us", "rate_hz", "says"),
    [
        (ControlConfig(), "biceps", 300, 40.0, "muscle 'biceps' is unknown"),
        (ControlConfig(), "dorsiflexors", 301, 40.0, "above limits.pulse_width_us = 300"),
        (ControlConfig(), "dorsiflexors", 300, 51.0, "above limits.rate_hz = 50"),
        (
            ControlConfig(stimulator=StimulatorConfig(device="rehastim2", mode="single_pulse")),
            *("dorsiflexors", 300, 40.0, "the rehastim2 in single_pulse gives at most 25 Hz"),
        ),
    ],
)
def test_what_fits_at_no_current_is_refused(
    control: ControlConfig, muscle: str, width_us: int, rate_hz: float, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        control_for_search(control, RIGHT, muscle, width_us, rate_hz)
