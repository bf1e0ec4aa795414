"""What every link to a port promises, on real pseudo-terminals and the real loop.

The port is watched by the loop, or by threads, which are forced here on a system without need of
them.
"""

import asyncio
import fcntl
import os
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from fes_ctrl.links.carriers import WatchedCarrier
from fes_ctrl.links.serial import SerialLink
from fes_ctrl.links.serial_port import LAST_BYTES_S, SerialSettings
from fes_ctrl.links.threaded import ThreadedLink
from helpers.far_end import DEADLINE_S, FarEnd

pytestmark = [pytest.mark.real_time, pytest.mark.asyncio]

FLOOD = b"\xaa" * 200_000
"""More than any tty takes at once."""

BUSY_S = 0.5
"""For a busy machine; a blocked write would never return."""

PortLink = SerialLink | ThreadedLink


def threaded(port: str) -> ThreadedLink:
    return ThreadedLink(port, SerialSettings(), WatchedCarrier)


@pytest.fixture
def far() -> Iterator[FarEnd]:
    end = FarEnd()
    yield end
    end.unplug()


@pytest.fixture(params=[SerialLink, threaded], ids=["watched", "threaded"])
def opened(request: pytest.FixtureRequest, far: FarEnd) -> Callable[[], PortLink]:
    return lambda: request.param(far.port)


async def test_bytes_go_both_ways(opened: Callable[[], PortLink], far: FarEnd) -> None:
    link = opened()
    heard = asyncio.get_running_loop().create_future()
    link.on_bytes = heard.set_result
    link.write(b"\xf0ask\x0f")
    assert await far.take_until(b"\x0f") == b"\xf0ask\x0f"
    os.write(far.fd, b"\xf0answer\x0f")
    async with asyncio.timeout(DEADLINE_S):
        assert await heard == b"\xf0answer\x0f"
    link.close()


async def test_a_stalled_device_does_not_block_and_bytes_stay_in_order(
    opened: Callable[[], PortLink], far: FarEnd
) -> None:
    link = opened()
    before = time.perf_counter()
    link.write(FLOOD)
    link.write(b"end")
    assert time.perf_counter() - before < BUSY_S
    if isinstance(link, SerialLink):
        assert link.unsent > len(FLOOD) // 2
    assert await far.take_until(b"end") == FLOOD + b"end"
    if isinstance(link, SerialLink):
        assert link.unsent == 0
    link.close()


async def test_discarded_bytes_never_arrive_and_a_stop_after_them_does(
    opened: Callable[[], PortLink], far: FarEnd
) -> None:
    link = opened()
    link.write(FLOOD)
    link.discard()
    link.write(b"stop")
    data = await far.take_until(b"stop")
    # What the kernel had already handed over is beyond recall; nothing of the rest follows.
    assert len(data) < len(FLOOD) // 2
    link.close()


async def test_a_pseudo_terminal_and_a_thread_cannot_say_that_all_has_left(
    opened: Callable[[], PortLink], far: FarEnd
) -> None:
    link = opened()
    link.write(b"pulse")
    assert link.discard()
    link.close()


async def test_a_port_that_says_what_it_holds_is_believed(
    far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    held = [0, 7]

    def ioctl(fd: int, request: int, _argument: bytes) -> bytes:
        asked.append(request)
        return struct.pack("i", held[0] if request == termios.TIOCOUTQ else 0)

    link = SerialLink(far.port)
    with monkeypatch.context() as patch:
        # As a port with lines for modems answers.
        patch.setattr(fcntl, "ioctl", ioctl)
        assert not link.discard()
        held.pop(0)
        assert link.discard()
    assert asked == [termios.TIOCMGET, termios.TIOCOUTQ] * 2
    link.close()


@pytest.mark.parametrize("writing", [True, False])
async def test_a_pulled_cable_is_told_once_and_writing_on_is_harmless(
    opened: Callable[[], PortLink], far: FarEnd, *, writing: bool
) -> None:
    link = opened()
    reasons: list[str] = []
    lost = asyncio.Event()

    def tell(reason: str) -> None:
        reasons.append(reason)
        lost.set()

    link.on_lost = tell
    far.unplug()
    if writing:
        link.write(b"into the void")
    assert reasons == [], "never from within the call"
    async with asyncio.timeout(DEADLINE_S):
        await lost.wait()
    link.write(b"again")
    link.seize(b"and again")
    link.discard()
    await asyncio.sleep(0.05)
    assert len(reasons) == 1
    assert far.port in reasons[0]
    link.close()


async def test_a_closed_link_tells_nothing_any_more(
    opened: Callable[[], PortLink], far: FarEnd
) -> None:
    link = opened()
    heard: list[object] = []
    link.on_bytes = heard.append
    link.on_lost = heard.append
    far.unplug()
    link.write(b"fails")
    link.close()
    link.close()
    await asyncio.sleep(0.02)
    assert heard == []


@pytest.mark.parametrize("how", ["write", "seize"])
async def test_a_stop_written_just_before_closing_still_arrives(
    opened: Callable[[], PortLink], far: FarEnd, how: str
) -> None:
    for _ in range(25):
        link = opened()
        getattr(link, how)(b"stop")
        link.close()
        assert await far.take_until(b"stop") == b"stop"


@pytest.mark.parametrize("how", ["drop", "close"])
async def test_leaving_a_stalled_line_is_quick_and_frees_it(
    opened: Callable[[], PortLink], far: FarEnd, how: str
) -> None:
    link = opened()
    link.write(FLOOD)
    before = time.perf_counter()
    getattr(link, how)()
    # A thread may be in the middle of one more write.
    waits = 1 if isinstance(link, SerialLink) else 2
    assert time.perf_counter() - before < waits * LAST_BYTES_S + BUSY_S
    link.write(b"nothing")
    assert b"nothing" not in far.take()
    opened().close()


async def test_a_stop_from_another_thread_passes_what_waits_and_nothing_follows(
    opened: Callable[[], PortLink], far: FarEnd
) -> None:
    link = opened()
    link.write(FLOOD)
    await asyncio.to_thread(link.seize, b"stop")
    link.discard()
    link.write(b"late pulse")
    link.discard()  # what the loop takes back is not the stop
    data = await far.take_until(b"stop")
    assert len(data) < len(FLOOD) // 2
    await asyncio.sleep(0.05)
    assert far.take() == b""
    link.release()
    link.write(b"anew")
    assert await far.take_until(b"anew") == b"anew"
    link.close()


async def test_whatever_the_loop_is_writing_when_it_is_seized_the_stop_is_the_last_word(
    opened: Callable[[], PortLink], far: FarEnd
) -> None:
    for _ in range(100):
        link = opened()
        thread = threading.Thread(target=link.seize, args=(b"stop",))
        thread.start()
        while thread.is_alive():
            link.write(b"pulse")
            far.take()
        thread.join()
        link.discard()
        link.write(b"pulse")
        link.close()
        data = b"".join(iter(far.take, b""))
        assert data.endswith(b"stop") or data == b"", data[-20:]
