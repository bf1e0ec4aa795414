"""The serial link on real pseudo-terminals and the real loop."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fes_ctrl.links.serial import SerialLink
from fes_ctrl.links.serial_port import LAST_BYTES_S, SerialLinkError, SerialSettings
from helpers.far_end import DEADLINE_S, FarEnd

pytestmark = pytest.mark.real_time
FLOOD = b"\xaa" * 200_000
"""More than any tty takes at once."""


@pytest.fixture
def far() -> Iterator[FarEnd]:
    end = FarEnd()
    yield end
    end.unplug()


@pytest.mark.asyncio
async def test_bytes_go_both_ways(far: FarEnd) -> None:
    link = SerialLink(far.port)
    heard = asyncio.get_running_loop().create_future()
    link.on_bytes = heard.set_result
    link.write(b"\xf0ask\x0f")
    assert await far.take_until(b"\x0f") == b"\xf0ask\x0f"
    os.write(far.fd, b"\xf0answer\x0f")
    async with asyncio.timeout(DEADLINE_S):
        assert await heard == b"\xf0answer\x0f"
    link.close()


@pytest.mark.asyncio
async def test_a_stalled_device_does_not_block_and_bytes_stay_in_order(far: FarEnd) -> None:
    link = SerialLink(far.port)
    before = time.perf_counter()
    link.write(FLOOD)
    link.write(b"end")
    # Half a second is for a busy machine; a blocked write would never return.
    assert time.perf_counter() - before < 0.5
    assert link.unsent > len(FLOOD) // 2
    assert await far.take_until(b"end") == FLOOD + b"end"
    assert link.unsent == 0
    link.close()


@pytest.mark.asyncio
async def test_discarded_bytes_never_arrive_and_a_stop_after_them_does(far: FarEnd) -> None:
    link = SerialLink(far.port)
    link.write(FLOOD)
    link.discard()
    link.write(b"stop")
    data = await far.take_until(b"stop")
    # What the kernel had already handed over is beyond recall; nothing of the rest follows.
    assert len(data) < len(FLOOD) // 2
    assert link.unsent == 0
    link.close()


@pytest.mark.asyncio
async def test_a_pulled_cable_is_told_once_and_writing_on_is_harmless(far: FarEnd) -> None:
    link = SerialLink(far.port)
    reasons: list[str] = []
    lost = asyncio.Event()

    def tell(reason: str) -> None:
        reasons.append(reason)
        lost.set()

    link.on_lost = tell
    far.unplug()
    link.write(b"into the void")
    assert reasons == []  # never from within the call
    async with asyncio.timeout(DEADLINE_S):
        await lost.wait()
    link.write(b"again")
    link.seize(b"and again")
    link.discard()
    await asyncio.sleep(0.02)
    assert len(reasons) == 1
    assert far.port in reasons[0]
    link.close()


@pytest.mark.asyncio
async def test_a_closed_link_tells_nothing_any_more(far: FarEnd) -> None:
    link = SerialLink(far.port)
    heard: list[object] = []
    link.on_bytes = heard.append
    link.on_lost = heard.append
    far.unplug()
    link.write(b"fails")
    link.close()
    link.close()
    await asyncio.sleep(0.02)
    assert heard == []


@pytest.mark.asyncio
async def test_a_stop_written_just_before_closing_still_arrives(far: FarEnd) -> None:
    link = SerialLink(far.port)
    link.write(b"stop")
    link.close()
    assert await far.take_until(b"stop") == b"stop"


@pytest.mark.asyncio
async def test_dropping_a_stalled_line_is_quick_and_closes_it(far: FarEnd) -> None:
    link = SerialLink(far.port)
    link.write(FLOOD)
    before = time.perf_counter()
    link.drop()
    assert time.perf_counter() - before < LAST_BYTES_S + 0.5
    link.write(b"nothing")
    assert b"nothing" not in far.take()
    SerialLink(far.port).close()  # it is free again


@pytest.mark.asyncio
async def test_a_stop_from_another_thread_passes_what_waits_and_nothing_follows(
    far: FarEnd,
) -> None:
    link = SerialLink(far.port)
    link.write(FLOOD)
    waiting = link.unsent
    await asyncio.to_thread(link.seize, b"stop")
    link.write(b"late pulse")
    link.discard()  # what the loop takes back is not the stop
    data = await far.take_until(b"stop")
    assert len(data) < waiting
    await asyncio.sleep(0.02)
    assert far.take() == b""
    link.close()


@pytest.mark.asyncio
async def test_a_seized_line_is_given_back_without_what_was_written_meanwhile(
    far: FarEnd,
) -> None:
    link = SerialLink(far.port)
    heard = asyncio.get_running_loop().create_future()
    link.on_bytes = heard.set_result
    link.seize(b"stop")
    link.write(FLOOD)
    os.write(far.fd, b"stopped")
    async with asyncio.timeout(DEADLINE_S):
        assert await heard == b"stopped", "the device is still heard"
    link.release()
    link.write(b"anew")
    assert await far.take_until(b"anew") == b"stopanew"
    link.close()


@pytest.mark.asyncio
async def test_a_closed_line_cannot_be_seized_nor_anything_that_has_its_number_now(
    far: FarEnd,
) -> None:
    link = SerialLink(far.port)
    link.close()
    # The next file gets the number that the port had.
    left, right = socket.socketpair()
    with left, right:
        link.seize(b"stop")
        link.release()
        left.send(b"untouched")
        right.settimeout(DEADLINE_S)
        assert right.recv(100) == b"untouched"


@pytest.mark.asyncio
async def test_whatever_the_loop_is_writing_when_it_is_seized_the_stop_is_the_last_word(
    far: FarEnd,
) -> None:
    """A loop that writes as fast as it can, and another thread that takes the line from it."""
    for _ in range(200):
        link = SerialLink(far.port)
        begun = threading.Event()

        def take(link: SerialLink = link, begun: threading.Event = begun) -> None:
            begun.wait()
            link.seize(b"stop")

        thread = threading.Thread(target=take)
        thread.start()
        begun.set()
        while thread.is_alive():
            link.write(b"pulse")
            far.take()
        thread.join()
        link.write(b"pulse")
        link.close()
        data = b"".join(iter(far.take, b""))
        assert data.endswith(b"stop") or data == b"", data[-20:]


@pytest.mark.asyncio
async def test_a_port_in_use_is_refused(far: FarEnd) -> None:
    link = SerialLink(far.port)
    with pytest.raises(SerialLinkError, match="in use by another program"):
        SerialLink(far.port)
    link.close()


@pytest.mark.asyncio
async def test_what_is_no_port_is_refused_with_what_to_do(tmp_path: Path, far: FarEnd) -> None:
    with pytest.raises(SerialLinkError, match="no such port"):
        SerialLink(str(tmp_path / "ttyACM9"))
    with pytest.raises(SerialLinkError, match="not a serial port"):
        SerialLink(os.devnull)
    with pytest.raises(SerialLinkError, match="check the name"):
        SerialLink(far.port, SerialSettings(baud=-1))
