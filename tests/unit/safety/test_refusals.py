"""The reasons: whose burst ends, which are stalls, which are clipped, which latch."""

from fes_ctrl.safety.refusals import REFUSAL_WINDOW_US, REFUSALS, REFUSALS_TO_LATCH, ROWS, Refusal

STALLS = {"late", "interval", "sensor_age", "answer_age"}
BURST_GOES_ON = {"late", "interval", "answer_age"}


def test_every_reason_is_told_by_its_word() -> None:
    assert [row.reason for row in ROWS] == [
        *("not_armed", "unknown_channel", "unknown_leg", "waveform", "current", "voltage"),
        *("pulse_width", "charge", "net_charge", "pulse_energy", "step", "life", "early", "late"),
        *("interval", "sensor_age", "answer_age", "burst_length", "ramp", "level_step", "rms"),
        *("density", "power", "duty", "dose", "session"),
    ]
    assert list(REFUSALS.values()) == list(ROWS)
    assert list(REFUSALS) == [row.reason for row in ROWS]


def test_what_a_refusal_does_is_what_the_hazard_analysis_says() -> None:
    for row in ROWS:
        assert row.stall is (row.reason in STALLS), row
        assert row.ends_burst is (row.reason not in BURST_GOES_ON), row
        assert row.clips is (row.reason in {"ramp", "level_step"}), row
        assert row.latches == ("F32" if row.reason in {"dose", "session"} else ""), row


def test_a_reason_of_which_nothing_else_is_said_ends_the_burst_and_no_more() -> None:
    assert Refusal("x", "y") == ("x", "y", True, False, False, "")


def test_five_in_ten_seconds_are_too_many() -> None:
    assert (REFUSALS_TO_LATCH, REFUSAL_WINDOW_US) == (5, 10_000_000)
