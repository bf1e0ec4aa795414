"""A lost link that is opened again, under whatever name it comes back."""

import asyncio
from collections.abc import Callable

import pytest

from fes_ctrl.links import ports
from fes_ctrl.links.ports import PortInfo, again
from fes_ctrl.runtime.reconnect import RETRY_S, SILENT_S, ReopeningLink


class End:
    """A link, and what was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.on_bytes: Callable[[bytes], None] = lambda _: None
        self.on_lost: Callable[[str], None] = lambda _: None

    def write(self, data: bytes) -> None:
        self.done.append(f"write {data!r}")

    def discard(self) -> bool:
        self.done.append("discard")
        return False

    def seize(self, stop: bytes) -> None:
        self.done.append("seize")

    def release(self) -> None:
        self.done.append("release")

    def drop(self) -> None:
        self.done.append("drop")

    def close(self) -> None:
        self.done.append("close")


class Bench:
    def __init__(self, fails: int = 0) -> None:
        self.ends = [End()]
        self.fails = fails
        self.tries = 0
        self.lost: list[str] = []
        self.back = 0
        self.link = ReopeningLink(self.ends[0], self.reopen, self.come_back)
        self.link.on_lost = self.lost.append

    async def reopen(self) -> End:
        self.tries += 1
        assert "close" in self.ends[-1].done, "its name would not become free"
        if self.fails:
            self.fails -= 1
            raise OSError("not there")
        self.ends.append(End())
        return self.ends[-1]

    def come_back(self) -> None:
        self.back += 1


@pytest.mark.asyncio
async def test_it_is_opened_again_once_it_can_be_and_the_driver_begins_anew() -> None:
    bench = Bench(fails=3)
    bench.ends[0].on_lost("hung up")
    assert bench.lost == ["hung up"], "told at once"
    await asyncio.sleep(3.5 * RETRY_S)
    assert (bench.tries, bench.back) == (3, 0)
    await asyncio.sleep(RETRY_S)
    assert bench.back == 1
    bench.link.write(b"x")
    bench.link.seize(b"stop")
    assert bench.ends[1].done == ["write b'x'", "seize"]
    bench.ends[1].on_lost("again")
    assert bench.lost == ["hung up", "again"]
    bench.link.close()


@pytest.mark.asyncio
async def test_one_that_came_back_and_says_nothing_is_tried_again_later() -> None:
    bench = Bench()
    bench.ends[0].on_lost("hung up")
    await asyncio.sleep(2 * RETRY_S)
    bench.link.drop()
    await asyncio.sleep(SILENT_S - 0.01)
    assert bench.back == 1
    await asyncio.sleep(0.02)
    assert bench.back == 2
    bench.link.close()


@pytest.mark.asyncio
async def test_a_line_that_was_cut_because_stops_went_unanswered_stays_cut() -> None:
    bench = Bench()
    bench.link.drop()
    await asyncio.sleep(10 * SILENT_S)
    assert bench.tries == 0
    bench.ends[0].on_lost("hung up")
    await asyncio.sleep(2 * RETRY_S)
    bench.ends[1].on_bytes(b"hello")
    bench.link.drop()
    await asyncio.sleep(10 * SILENT_S)
    assert bench.tries == 1
    bench.link.close()


@pytest.mark.asyncio
async def test_once_closed_it_is_left_alone() -> None:
    bench = Bench()
    bench.ends[0].on_lost("hung up")
    bench.link.close()
    await asyncio.sleep(10 * RETRY_S)
    assert (bench.tries, bench.back) == (0, 0)


@pytest.mark.parametrize(
    ("plugged", "expected"),
    [
        (("/dev/ttyACM0", "A"), "/dev/ttyACM0"),
        (("/dev/ttyACM1", "A"), "/dev/ttyACM1"),
        (("/dev/ttyACM1", "B"), "/dev/ttyACM0"),
    ],
)
def test_it_is_found_by_its_serial_number_under_whatever_name(
    monkeypatch: pytest.MonkeyPatch, plugged: tuple[str, str], expected: str
) -> None:
    def port(name: str, number: str) -> PortInfo:
        return PortInfo(name, "0483:5740", number, "", "you")

    monkeypatch.setattr(ports, "plugged_in", lambda: [port("/dev/ttyACM7", "C"), port(*plugged)])
    assert again("/dev/ttyACM0", port("/dev/ttyACM0", "A")) == expected
    assert again("/dev/ttyACM0", None) == "/dev/ttyACM0"
