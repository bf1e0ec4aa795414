"""Telemetry that is not taken is told of in time, once, and so is its end; the walk goes on."""

import pytest

from helpers.told_walk import ToldWalk

SECOND_US = 1_000_000


def reactions(walk: ToldWalk) -> list[tuple[float, str]]:
    return [(round(fault.t_us / 1e6, 1), fault.reaction) for fault in walk.faults("F25")]


def link(walk: ToldWalk, *, up: bool, silent_us: int = 0) -> None:
    why = "MQTT 5" if up else "hung up"
    walk.telling.heard({"kind": "link", "up": up, "why": why, "silent_us": silent_us})


def test_a_broker_that_is_never_there_is_told_of_after_ten_seconds() -> None:
    walk = ToldWalk()
    walk.until(9.5)
    assert reactions(walk) == []
    walk.until(20.0)
    assert reactions(walk) == [(10.0, "warn")]


def test_silence_counts_from_the_last_answer_and_not_from_when_it_was_noticed() -> None:
    walk = ToldWalk()
    link(walk, up=True)
    walk.until(10.0)
    link(walk, up=False, silent_us=5 * SECOND_US)
    walk.until(20.0)
    assert reactions(walk) == [(15.0, "warn")]


def test_its_end_is_told_and_attempts_that_fail_do_not_begin_it_anew() -> None:
    walk = ToldWalk()
    for second in range(12):
        walk.until(float(second))
        link(walk, up=False, silent_us=second * SECOND_US)
    assert reactions(walk) == [(10.0, "warn")]
    walk.until(12.5)
    link(walk, up=True)
    assert reactions(walk) == [(10.0, "warn"), (12.5, "cleared")]


def test_a_process_that_hangs_is_told_of_though_it_never_said_that_it_lost_the_broker() -> None:
    walk = ToldWalk()
    link(walk, up=True)
    for second in range(0, 6, 2):
        walk.until(float(second))
        walk.telling.heard({"kind": "alive"})
    walk.until(20.0)
    assert reactions(walk) == [(14.0, "warn")]
    assert walk.faults("F25")[0].detail.endswith("hangs")
    walk.telling.heard({"kind": "alive"})
    walk.telling.heard({"kind": "carried", "dropped": 0, "sent": 1})
    assert reactions(walk)[-1] == (20.0, "cleared")


def test_a_broker_that_is_slow_is_told_of_until_it_keeps_up() -> None:
    walk = ToldWalk()
    link(walk, up=True)
    for second, dropped in enumerate((0, 0, 5, 9, 9, 9)):
        walk.until(float(second))
        walk.telling.heard({"kind": "carried", "dropped": dropped, "sent": 1})
    assert reactions(walk) == [(2.0, "warn"), (4.0, "cleared")]
    walk.telling.heard({"kind": "carried", "dropped": 0, "sent": 0})
    assert len(reactions(walk)) == 2, "another process counts anew"


def test_what_was_dropped_while_there_was_no_broker_is_no_slowness_of_the_one_that_is_back() -> (
    None
):
    walk = ToldWalk()
    link(walk, up=True)
    walk.telling.heard({"kind": "carried", "dropped": 0, "sent": 1})
    link(walk, up=False)
    walk.until(15.0)
    link(walk, up=True)
    for second, dropped in enumerate((400, 400, 401), 16):
        walk.telling.heard({"kind": "carried", "dropped": dropped, "sent": 1})
        walk.until(float(second))
    # What it drops from then on is.
    assert reactions(walk) == [(10.0, "warn"), (15.0, "cleared"), (17.0, "warn")]


def carried(walk: ToldWalk, refused: str | None) -> None:
    line = {"kind": "carried", "dropped": 0, "sent": 1}
    walk.telling.heard(line if refused is None else {**line, "refused": refused})


def test_what_the_broker_refuses_is_said_once_and_is_no_telemetry_that_is_taken() -> None:
    walk = ToldWalk()
    link(walk, up=True)
    for second in range(14):
        walk.until(float(second))
        walk.telling.heard({"kind": "alive"})
        carried(walk, None if second == 0 else "the broker refuses fes/b/status")
    assert reactions(walk) == [(11.0, "warn")], "ten seconds after the first refusal"
    assert walk.faults("F25")[0].detail == (
        "telemetry is not taken: the broker refuses fes/b/status"
    )
    assert sum("refuses" in said for said in walk.said) == 1
    # A connection that is made anew, or a process that knows nothing yet, is no end of it.
    link(walk, up=False)
    link(walk, up=True)
    carried(walk, None)
    assert len(reactions(walk)) == 1
    carried(walk, "")
    assert reactions(walk)[1:] == [(13.0, "cleared")]
    assert walk.said[-1] == "telemetry: the broker takes it again"
    walk.until(14.0)
    carried(walk, "the broker refuses fes/b/status")
    assert walk.said[-1].startswith("telemetry: the broker refuses")


def test_a_refusal_that_passes_is_no_fault() -> None:
    walk = ToldWalk()
    link(walk, up=True)
    for second in range(30):
        walk.until(float(second))
        carried(walk, "refused" if second % 9 < 8 else "")
        walk.telling.heard({"kind": "alive"})
    assert reactions(walk) == []


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"kind": "link"},
        {"kind": "link", "up": 1, "why": "x"},
        {"kind": "link", "up": False, "why": "x", "silent_us": "long"},
        {"kind": "carried", "dropped": None},
        {"kind": "carried", "dropped": 0, "refused": 7},
        {"kind": "stops", "way": 1, "why": "x"},
        {"kind": "request", "what": "stop"},
        {"kind": "request", "what": 1, "sender": 2, "retained": 3, "payload": 4, "correlation": 5},
        {"kind": "arm"},
    ],
)
def test_lines_that_make_no_sense_change_nothing(line: dict[str, object]) -> None:
    walk = ToldWalk()
    walk.until(2.0)
    known = len(walk.records)
    walk.telling.heard(line)
    assert len(walk.records) == known
    assert walk.answers() == []


def test_the_walk_is_the_same_whoever_listens_or_does_not() -> None:
    deaf, told = ToldWalk(), ToldWalk()
    link(told, up=True)
    deaf.until(15.0)
    told.until(15.0)
    assert deaf.setpoints == told.setpoints
    assert deaf.setpoints
