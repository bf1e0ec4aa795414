"""The fault table: what is observed, what is done, how fast, and how it clears.

A fault is a row here, so that adding one is adding a row and the part that observes it. The
identifiers are those of the hazard analysis.
"""

from typing import Final, NamedTuple

from fes_ctrl.model import ALL_LEGS

INHIBIT: Final = "inhibit"  # end the burst, allow no other until it clears by itself
STOP: Final = "stop"  # stop the device, level to zero, disarm; arm again by hand
LATCH: Final = "latch"  # as stop, and stays with its reason until someone clears it
WARN: Final = "warn"  # tell, change nothing
CLEARED: Final = "cleared"


class FaultRow(NamedTuple):
    """One fault.

    ``limit_ms`` is the time allowed from the observation's condition to the last pulse.
    ``keeps_level`` marks faults of availability: once cleared, walking goes on as before.
    ``proof`` names the test that shows the reaction. ``part`` is the module that must exist for
    the fault to be possible, empty where it always is; a row whose part does not exist yet has no
    proof. ``covers`` names further identifiers of the hazard analysis that this row answers.
    """

    id: str
    name: str
    observed: str
    reaction: str
    limit_ms: int
    clears: str
    keeps_level: bool
    proof: str
    part: str = ""
    covers: tuple[str, ...] = ()


INJECTED: Final = "tests/contract/test_injections.py"
HAZARDS: Final = "tests/contract/test_hazards.py"
REAL_TIME: Final = "tests/contract/test_real_time_faults.py"
TELEMETRY: Final = "tests/contract/test_telemetry.py"

ROWS: Final = (
    FaultRow(
        "F01",
        "heel switch chatters",
        "edges of a heel switch within the lock-out after one: bounce of 1 to 20 ms",
        INHIBIT,
        20,
        "by itself; one burst a step, and none later than without chatter",
        keeps_level=True,
        proof=f"{HAZARDS}::test_a_heel_that_bounces_gets_one_burst_a_step_and_none_later",
        part="fes_ctrl.gait.contact",
    ),
    FaultRow(
        "F02",
        "no contact after a burst",
        "a burst reached its time-out without a contact of its leg",
        WARN,
        2000,
        "by itself, at the next contact",
        keeps_level=True,
        proof="tests/unit/test_controller.py::test_a_heel_that_never_lands_ends_by_the_time_out",
    ),
    FaultRow(
        "F03",
        "steps faster than anyone walks",
        "five heel-offs of the leg that triggers within 2.0 s: strides shorter than half a second",
        INHIBIT,
        100,
        "by itself, at the first heel-off that is not the fifth within 2.0 s",
        keeps_level=True,
        proof=f"{INJECTED}::test_a_heel_that_chatters_for_ever_gets_no_burst_after_a_few",
    ),
    FaultRow(
        "F04",
        "sensor silent",
        "no believable sample of a leg's detector, or of the other leg's where that triggers its "
        "bursts, for longer than sensor_max_age_ms: none came, or it is old, from the future, no "
        "number, impossible, has been the same for 0.2 s, or an axis has through half a second of "
        "movement",
        INHIBIT,
        100,
        "by itself, after 0.5 s of fresh samples",
        keeps_level=True,
        proof=f"{INJECTED}::test_a_silent_sensor_ends_the_burst_in_time",
    ),
    FaultRow(
        "F04L",
        "sensor silent for long, or again and again",
        "silent for more than 2 s, or three times within 10 s",
        LATCH,
        100,
        "by hand",
        keeps_level=True,
        proof="tests/unit/test_controller.py::test_three_dropouts_in_ten_seconds_latch",
    ),
    FaultRow(
        "F05",
        "one of a leg's sensors silent",
        "no believable sample of a sensor that a leg's detector reads for 0.5 s, where it has had "
        "some before and the leg's other sensors go on; or all those of a leg that only senses and "
        "that no burst rests on",
        WARN,
        100,
        "by itself, after 0.5 s of fresh samples of that sensor",
        keeps_level=True,
        proof=f"{INJECTED}::test_an_imu_that_is_silent_beside_a_heel_is_told_of_once_and_cleared",
    ),
    FaultRow(
        "F07",
        "gyroscope drifts",
        "a rate at rest that is not zero: the detector takes it off",
        INHIBIT,
        0,
        "by itself",
        keeps_level=True,
        proof=f"{HAZARDS}::test_a_drifting_gyroscope_triggers_nothing_in_ten_minutes_of_standing",
        part="fes_ctrl.gait.foot_imu",
    ),
    FaultRow(
        "F08",
        "weight shifted while standing",
        "a heel that is unloaded, or a foot that moves, without a step; a heel switch alone, "
        "without one under the forefoot, takes two shifts in ten for steps",
        INHIBIT,
        0,
        "by itself, at the first step: that one is stimulated",
        keeps_level=True,
        proof=f"{HAZARDS}::test_shifted_weight_is_no_step_and_the_first_step_is_one",
        part="fes_ctrl.gait.readiness",
    ),
    FaultRow(
        "F10",
        "bursts without contacts",
        "three bursts on end without a contact of their leg, the first of them by its time-out",
        INHIBIT,
        2000,
        "by itself, at the next contact",
        keeps_level=True,
        proof="tests/unit/test_controller.py::test_a_foot_that_never_lands_gets_three_bursts",
    ),
    FaultRow(
        "F12",
        "electrode open or shorted",
        "the device reports an electrode error; a P24 does from 15 mA up",
        LATCH,
        100,
        "by hand; intensity starts at zero",
        keeps_level=False,
        proof=f"{INJECTED}::test_an_open_electrode_stops_the_device",
        covers=("F14",),
    ),
    FaultRow(
        "F15",
        "link lost",
        "the connection hung up",
        LATCH,
        50,
        "by hand, after a full handshake",
        keeps_level=False,
        proof=f"{REAL_TIME}::test_a_device_that_vanishes_in_mid_burst_latches_and_nothing_resumes",
    ),
    FaultRow(
        "F17",
        "frames damaged",
        "bytes of the device that are no whole frame with a right check sum; what is lost by it "
        "becomes F18",
        WARN,
        10_000,
        "by itself; told of every 10 s at most",
        keeps_level=True,
        proof=f"{INJECTED}::test_damaged_frames_alter_no_pulse",
    ),
    FaultRow(
        "F18",
        "answer late or lost",
        "a frame is unanswered for longer than the device's deadline; one that may have been taken "
        "back before it left, only if nothing behind it is answered in that time either",
        LATCH,
        150,
        "by hand; intensity starts at zero",
        keeps_level=False,
        proof=f"{INJECTED}::test_lost_answers_stop_the_device",
    ),
    FaultRow(
        "F20",
        "device ignores stop",
        "three stops were not answered; the line is cut. Counted from the first, which a silent "
        "device gets within poll_ms and ack_deadline_ms; within three times ack_deadline_ms more "
        "where it is being armed",
        LATCH,
        300,
        "by hand, after the device was seen silent",
        keeps_level=False,
        proof=f"{INJECTED}::test_a_device_that_is_stuck_on_is_cut_off",
    ),
    FaultRow(
        "F21",
        "host killed",
        "the host's process is gone; the device sees no more commands",
        STOP,
        100,
        "by hand: a new run is not armed, and stops the device before it asks it anything",
        keeps_level=False,
        proof=f"{REAL_TIME}::test_a_killed_host_leaves_a_silent_device_and_the_next_is_not_armed",
    ),
    FaultRow(
        "F24",
        "log not written",
        "the disk refuses the run log or does not keep up: lines are dropped and counted",
        WARN,
        10_000,
        "by itself, where the disk takes lines again",
        keeps_level=True,
        proof=f"{REAL_TIME}::test_a_disk_that_takes_nothing_touches_no_step",
        part="fes_ctrl.runlog.log",
    ),
    FaultRow(
        "F25",
        "broker down, half open or slow",
        "telemetry is not taken",
        WARN,
        10_000,
        "by itself",
        keeps_level=True,
        proof=f"{TELEMETRY}::test_a_broker_that_stalls_and_dies_is_not_in_the_way",
        part="fes_ctrl.telemetry",
    ),
    FaultRow(
        "F26",
        "remote command stale, retained or repeated",
        "a remote command that is not new",
        WARN,
        0,
        "refused with its reason; nothing is applied",
        keeps_level=True,
        proof=f"{INJECTED}::test_a_remote_command_that_is_not_new_changes_no_pulse",
        part="fes_ctrl.telemetry",
    ),
    FaultRow(
        "F27",
        "configuration refused",
        "a value that is no number, infinite, negative, of another type, unknown or above its cap",
        INHIBIT,
        0,
        "by the key that the refusal names; nothing starts before",
        keeps_level=True,
        proof="tests/property/test_config.py::test_no_value_anywhere_may_be_nan_or_infinite",
        part="fes_ctrl.config.build",
    ),
    FaultRow(
        "F30",
        "duty high",
        "more than duty_warn_percent of the last 10 s under stimulation",
        WARN,
        10_000,
        "by itself, five per cent lower",
        keeps_level=True,
        proof="tests/unit/safety/test_guard.py::test_duty_is_warned_of_once_per_crossing",
    ),
    FaultRow(
        "F31",
        "device refuses",
        "the device refused a command or reported an error",
        LATCH,
        100,
        "by hand; intensity starts at zero",
        keeps_level=False,
        proof="tests/unit/test_controller.py::test_a_device_error_latches",
    ),
    FaultRow(
        "F29",
        "a part of the program failed",
        "a task or callback raised, or a task that feeds the controller ended",
        LATCH,
        50,
        "by hand, where the run goes on at all",
        keeps_level=False,
        proof="tests/contract/test_watchdog.py::test_a_controller_that_raises_is_stopped_in_time",
    ),
    FaultRow(
        "F37",
        "program blocked",
        "the event loop did not turn, or process or machine were halted",
        LATCH,
        200,
        "by hand; intensity starts at zero",
        keeps_level=False,
        proof="tests/contract/test_watchdog.py::test_a_blocked_loop_is_stopped_in_time",
    ),
    FaultRow(
        "F32",
        "dose or session over",
        "the session's charge reached dose_mC, or its length session_min",
        LATCH,
        0,
        "by hand, which begins a new session; intensity starts at zero",
        keeps_level=False,
        proof="tests/unit/safety/test_guard_latches.py::test_a_session_that_is_over_needs_a_hand",
    ),
    FaultRow(
        "F33",
        "guard keeps refusing",
        "five bursts ended by refusals within 10 s",
        LATCH,
        0,
        "by hand; intensity starts at zero",
        keeps_level=False,
        proof="tests/unit/safety/test_guard_latches.py::test_five_bursts_refused_in_ten_seconds_latch",
    ),
    FaultRow(
        "F34",
        "device changed",
        "the device to be armed is not the one that answered before: serial number or version",
        LATCH,
        0,
        "by hand, after a full handshake; a run in real time goes on with the first one only",
        keeps_level=False,
        proof=f"{INJECTED}::test_another_device_is_not_armed",
    ),
    FaultRow(
        "F35",
        "answer to nobody",
        "an answer that belongs to no frame: repeated, of another number, or unasked",
        WARN,
        10_000,
        "by itself; told of every 10 s at most, and never taken for a sign of life",
        keeps_level=True,
        proof=f"{INJECTED}::test_answers_to_nobody_are_told_of_and_keep_nothing_alive",
    ),
    FaultRow(
        "F36",
        "clock jumped, or the host slept",
        "the clock went back by more than 10 ms, or a call came more than 1 s later than asked for",
        LATCH,
        100,
        "by hand, once the clock has caught up; intensity starts at zero",
        keeps_level=False,
        proof=f"{INJECTED}::test_what_was_planned_before_a_clock_jump_is_never_given",
    ),
)

BY_ID: Final[dict[str, FaultRow]] = {row.id: row for row in ROWS}


def opens_latch(cleared: str, leg: int) -> bool:
    """Return whether a hand cleared a fault: that opens the latch, whatever closed it.

    Parameters
    ----------
    cleared : str
        The fault that cleared; of several latched ones, the one that closed the latch.
    leg : int
        Of which leg, or of all.
    """
    return leg == ALL_LEGS and _latches(cleared)


def is_over(fault: str, leg: int, cleared: str, of_leg: int) -> bool:
    """Return whether a fault holds no longer once another, or itself, has cleared.

    Parameters
    ----------
    fault, leg : str, int
        The one that may be over, and of which leg it is, or of all.
    cleared, of_leg : str, int
        The one that cleared, and of which leg, or of all.
    """
    if of_leg not in (ALL_LEGS, leg):
        return False
    return fault == cleared or (_latches(fault) and opens_latch(cleared, of_leg))


def _latches(fault: str) -> bool:
    row = BY_ID.get(fault)
    return row is not None and row.reaction == LATCH
