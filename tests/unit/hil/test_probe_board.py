"""A simulated heel switch's board: what it tells is what a real one's lines are, and when."""

from fes_ctrl.model import RIGHT
from fes_ctrl.sensors.lines import SensorLines
from fes_ctrl.sensors.source import Worn
from fes_ctrl.units import Us
from firmware_sim.board import EVERY_US, SimBoard

HEEL = Worn(RIGHT, "heel_switch")


def told_by(board: SimBoard, until_us: Us, edges: dict[Us, bool]) -> list[tuple[Us, int, float]]:
    """Return when each reading came, its number and its value."""
    lines = SensorLines((HEEL,))
    found: list[tuple[Us, int, float]] = []
    now_us: Us = 0
    while now_us <= until_us:
        for at_us in [at_us for at_us in edges if at_us <= now_us]:
            board.edge(at_us, edges.pop(at_us))
        step = board.tick(now_us)
        samples = lines.feed(now_us, step.out)
        found += [(now_us, sample.seq, sample.values[0]) for sample in samples]
        assert step.wake_at_us > now_us
        now_us = min(step.wake_at_us, min(edges, default=until_us + 1))
    assert lines.bad == 0
    return found


def test_it_reads_its_pin_a_hundred_times_a_second_and_tells_in_a_line_s_time() -> None:
    told = told_by(SimBoard(offset_us=123), 1_000_000, {302_000: False, 700_000: True})
    # The first line may be half of one, for all that a host knows.
    assert [number for _, number, _ in told] == list(range(1, 100))
    for came_us, number, loaded in told:
        read_us = number * EVERY_US
        assert 2_000 < came_us - read_us < 4_000, "thirty bytes at 115200 baud"
        assert loaded == (read_us < 302_000 or read_us >= 700_000)


def test_whoever_calls_late_gets_what_was_due() -> None:
    board = SimBoard(byte_us=0.0)
    lines = board.receive(5 * EVERY_US, b"nothing it hears").out.splitlines()
    assert len(lines) == 6
    assert board.tick(5 * EVERY_US).out == b""
