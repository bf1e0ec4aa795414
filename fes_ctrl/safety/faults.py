"""The fault table: what is observed, what is done, how fast, and how it clears.

A fault is a row here, so that adding one is adding a row and the part that observes it. The
identifiers are those of the hazard analysis.
"""

from typing import Final, NamedTuple

INHIBIT: Final = "inhibit"  # end the burst, allow no other until it clears by itself
STOP: Final = "stop"  # stop the device, level to zero, disarm; arm again by hand
LATCH: Final = "latch"  # as stop, and stays with its reason until someone clears it
WARN: Final = "warn"  # tell, change nothing
CLEARED: Final = "cleared"


class FaultRow(NamedTuple):
    """One fault.

    ``limit_ms`` is the time allowed from the observation's condition to the last pulse.
    ``keeps_level`` marks faults of availability: once cleared, walking goes on as before.
    ``proof`` names the test that shows the reaction.
    """

    id: str
    name: str
    observed: str
    reaction: str
    limit_ms: int
    clears: str
    keeps_level: bool
    proof: str


ROWS: Final = (
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
        "F04",
        "sensor silent",
        "no fresh sample of a leg's detector for longer than sensor_max_age_ms",
        INHIBIT,
        100,
        "by itself, after 0.5 s of fresh samples",
        keeps_level=True,
        proof="tests/contract/test_injections.py::test_a_silent_sensor_ends_the_burst_in_time",
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
        "F12",
        "electrode open",
        "the device reports an electrode error",
        LATCH,
        100,
        "by hand; intensity starts at zero",
        keeps_level=False,
        proof="tests/contract/test_injections.py::test_an_open_electrode_stops_the_device",
    ),
    FaultRow(
        "F15",
        "link lost",
        "the connection hung up",
        LATCH,
        50,
        "by hand, after a full handshake",
        keeps_level=False,
        proof="tests/contract/test_injections.py::test_a_pulled_cable_latches",
    ),
    FaultRow(
        "F18",
        "answer late or lost",
        "a frame is unanswered for longer than the device's deadline",
        LATCH,
        150,
        "by hand; intensity starts at zero",
        keeps_level=False,
        proof="tests/contract/test_injections.py::test_lost_answers_stop_the_device",
    ),
    FaultRow(
        "F20",
        "device ignores stop",
        "three stops were not answered",
        LATCH,
        300,
        "by hand, after the device was seen silent",
        keeps_level=False,
        proof="tests/unit/stimulators/test_p24_session.py::test_a_deaf_device_is_cut_off_after_three_stops",
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
)

BY_ID: Final[dict[str, FaultRow]] = {row.id: row for row in ROWS}
