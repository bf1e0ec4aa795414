"""The person at the bench is told of every change from afar that was taken, in few lines."""

import itertools
from typing import Any

from fes_ctrl.runtime.remote_bench import SAID_EVERY_US
from helpers.told_walk import ToldWalk

FAR = ": asked for from afar"
DIAL = "program.extension_ms"
SEQS = itertools.count(1)
A_SECOND = SAID_EVERY_US / 1e6
WALKS_S = 8.25
"""By then the level is up; it is between two ticks of telemetry."""


def walking() -> ToldWalk:
    walk = ToldWalk()
    walk.until(WALKS_S)
    walk.said.clear()
    return walk


def taken(walk: ToldWalk, **fields: Any) -> None:
    """Ask for a change that is accepted, perhaps at the instant of another."""
    assert walk.ask(seq=next(SEQS), **fields)[0]["verdict"] == "accepted"


def lower(walk: ToldWalk, percent: int) -> None:
    taken(walk, change={"level_percent": percent})


def narrow(walk: ToldWalk, burst_ms: float) -> None:
    taken(walk, change={"limits.burst_ms": burst_ms})


def test_all_that_one_command_changes_is_one_line() -> None:
    walk = walking()
    change = {"level_percent": 30, "limits.burst_ms": 1900.0, DIAL: 120.0}
    taken(walk, change=change)
    assert walk.said == [f"level 30 %, limits.burst_ms = 1900, extension_ms = 120{FAR}"]


def test_what_is_changed_within_a_second_is_told_in_the_next_line() -> None:
    walk = walking()
    lower(walk, 40)
    lower(walk, 30)
    narrow(walk, 1800.0)
    assert walk.said == [f"level 40 %{FAR}"]
    walk.until(WALKS_S + 2 * A_SECOND)
    assert walk.said == [f"level 40 %{FAR}", f"level 30 %, limits.burst_ms = 1800{FAR}"]
    walk.until(WALKS_S + 5 * A_SECOND)
    assert len(walk.said) == 2, "each once"


def test_a_flood_is_a_line_a_second_that_says_what_holds_and_how_many_there_were() -> None:
    walk = walking()
    lower(walk, 50)
    for percent in range(49, 20, -1):
        lower(walk, percent)
    narrow(walk, 1800.0)
    lower(walk, 20)
    walk.until(WALKS_S + 2 * A_SECOND)
    assert walk.said[1:] == [f"limits.burst_ms = 1800, level 20 % (the last of 30){FAR}"]


def test_a_leg_that_is_named_is_told_apart() -> None:
    walk = walking()
    taken(walk, leg="right", change={DIAL: 120.0})
    assert walk.said == [f"right extension_ms = 120{FAR}"]


def test_what_was_not_told_yet_is_told_when_the_run_is_over() -> None:
    walk = walking()
    lower(walk, 40)
    narrow(walk, 1800.0)
    walk.telling.close()
    assert walk.said == [f"level 40 %{FAR}", f"limits.burst_ms = 1800{FAR}"]


def test_what_was_refused_is_no_change() -> None:
    walk = walking()
    assert walk.ask(change={"level_percent": 101})[0]["verdict"] == "refused"
    walk.until(WALKS_S + 2 * A_SECOND)
    walk.telling.close()
    assert walk.said == []
