"""The line that is up while a burst is given: when it moves, and that nobody waits for it."""

import os
import threading

import pytest

from fes_ctrl.model import LEFT, RIGHT, BurstEnd, Setpoint
from fes_ctrl.runtime.sync_line import PortWire, SyncError, SyncLine
from fes_ctrl.units import NEVER_US


class Moves:
    """A wire that remembers, and may be held or broken."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.moved: list[str] = []
        self.breaks = breaks
        self.free = threading.Event()
        self.free.set()

    def move(self, *, up: bool) -> None:
        assert self.free.wait(30)
        if self.breaks:
            raise OSError(5, "Input/output error")
        self.moved.append("up" if up else "down")

    def close(self) -> None:
        self.moved.append("closed")


def pulse(at_us: int, leg: int = RIGHT) -> Setpoint:
    return Setpoint(at_us, leg, 0, 20_000, 300, at_us + 10_000, 0)


def end(at_us: int, leg: int = RIGHT) -> BurstEnd:
    return BurstEnd(at_us, leg, 0, "initial_contact", 0, NEVER_US)


def nothing(line: str) -> None:
    raise AssertionError(line)


def test_it_is_up_from_the_first_pulse_to_the_end_of_a_burst() -> None:
    moves = Moves()
    line = SyncLine(moves, nothing)
    for begin_us in (0, 1_000_000):
        line.written(begin_us, pulse(begin_us))
        line.written(begin_us + 25_000, pulse(begin_us + 25_000))
        line.see(begin_us + 30_000, (end(begin_us + 25_000),))
        # The last one may come late, and its end may be told for each channel.
        line.written(begin_us + 31_000, pulse(begin_us + 25_000))
        line.see(begin_us + 32_000, (end(begin_us + 25_000),))
    line.close()
    assert moves.moved == ["up", "down", "up", "down", "down", "closed"]
    assert line.risen == 2


def test_of_two_legs_the_line_is_up_while_either_is_given() -> None:
    moves = Moves()
    line = SyncLine(moves, nothing)
    line.written(0, pulse(0, RIGHT))
    line.written(1, pulse(1, LEFT))
    line.see(2, (end(2, RIGHT),))
    line.see(3, (end(3, LEFT),))
    line.close()
    assert moves.moved == ["up", "down", "down", "closed"]


def test_nobody_waits_for_a_line_that_takes_its_time() -> None:
    moves = Moves()
    moves.free.clear()
    line = SyncLine(moves, nothing)
    line.written(0, pulse(0))
    line.see(1, (end(1),))
    assert moves.moved == []
    moves.free.set()
    line.close()
    assert moves.moved == ["up", "down", "down", "closed"]


def test_a_line_that_cannot_be_moved_is_told_of_once() -> None:
    said: list[str] = []
    line = SyncLine(Moves(breaks=True), said.append)
    line.written(0, pulse(0))
    line.see(1, (end(1),))
    line.close()
    assert said == ["sync line: [Errno 5] Input/output error; the walk goes on without it"]


def test_a_port_that_is_not_there_or_has_no_such_line_is_refused() -> None:
    with pytest.raises(SyncError, match=r"/dev/none: there is no such port.*RTS is needed"):
        PortWire("/dev/none", "rts")
    far, near = os.openpty()
    try:
        with pytest.raises(SyncError, match="DTR is needed"):
            PortWire(os.ttyname(near), "dtr")
    finally:
        os.close(far)
        os.close(near)
