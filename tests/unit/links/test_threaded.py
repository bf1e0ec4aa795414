"""The link by way of threads, forced on a system without need of it, over pseudo-terminals."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fes_ctrl.cli.console import read_lines
from fes_ctrl.links import url
from fes_ctrl.links.carriers import PyserialCarrier, WatchedCarrier
from fes_ctrl.links.serial_port import LAST_BYTES_S, SerialLinkError, SerialSettings
from fes_ctrl.links.threaded import ThreadedLink
from fes_ctrl.links.url import SerialAddress, open_link
from helpers.far_end import DEADLINE_S, FarEnd

pytestmark = pytest.mark.real_time
FLOOD = b"\xaa" * 200_000
"""More than any tty takes at once."""


@pytest.fixture
def far() -> Iterator[FarEnd]:
    end = FarEnd()
    yield end
    end.unplug()


def threaded(far: FarEnd) -> ThreadedLink:
    return ThreadedLink(far.port, SerialSettings(), WatchedCarrier)


@pytest.mark.asyncio
async def test_bytes_go_both_ways(far: FarEnd) -> None:
    link = threaded(far)
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
    link = threaded(far)
    before = time.perf_counter()
    link.write(FLOOD)
    link.write(b"end")
    assert time.perf_counter() - before < 0.5
    assert await far.take_until(b"end") == FLOOD + b"end"
    link.close()


@pytest.mark.asyncio
async def test_discarded_bytes_never_arrive_and_a_stop_after_them_does(far: FarEnd) -> None:
    link = threaded(far)
    link.write(FLOOD)
    link.discard()
    link.write(b"stop")
    data = await far.take_until(b"stop")
    assert len(data) < len(FLOOD) // 2
    link.close()


@pytest.mark.asyncio
async def test_a_stop_from_another_thread_passes_what_waits_and_nothing_follows(
    far: FarEnd,
) -> None:
    link = threaded(far)
    link.write(FLOOD)
    await asyncio.to_thread(link.seize, b"stop")
    link.discard()
    link.write(b"late pulse")
    data = await far.take_until(b"stop")
    assert len(data) < len(FLOOD) // 2
    await asyncio.sleep(0.05)
    assert far.take() == b""
    link.release()
    link.write(b"anew")
    assert await far.take_until(b"anew") == b"anew"
    link.close()


class Buffer:
    """A port that has sent nothing yet: whatever was handed over can still be dropped."""

    def __init__(self, name: str, settings: SerialSettings) -> None:
        self.holds = b""
        self.handed_over = threading.Event()
        self.on_flush: Callable[[], None] = lambda: None

    def read(self) -> bytes:
        self.handed_over.wait(0.01)
        return b""

    def write(self, data: bytes) -> int:
        self.holds += data
        self.handed_over.set()
        return len(data)

    def flush(self) -> None:
        self.on_flush()
        self.holds = b""

    def hang_up(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.asyncio
async def test_a_seizure_in_the_middle_of_a_discard_loses_no_stop() -> None:
    link = ThreadedLink("COM3", SerialSettings(), Buffer)
    port = link._carrier
    assert isinstance(port, Buffer)

    def seized_meanwhile() -> None:
        port.on_flush = lambda: None
        link.seize(b"stop")
        assert port.handed_over.wait(DEADLINE_S), "and what was handed over is dropped after this"

    port.on_flush = seized_meanwhile
    link.discard()
    link.close()
    assert port.holds == b"stop"


@pytest.mark.asyncio
async def test_whatever_the_loop_is_writing_when_it_is_seized_the_stop_is_the_last_word(
    far: FarEnd,
) -> None:
    for _ in range(50):
        link = threaded(far)
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


@pytest.mark.asyncio
async def test_a_pulled_cable_is_told_once_and_writing_on_is_harmless(far: FarEnd) -> None:
    link = threaded(far)
    reasons: list[str] = []
    lost = asyncio.Event()

    def tell(reason: str) -> None:
        reasons.append(reason)
        lost.set()

    link.on_lost = tell
    far.unplug()
    async with asyncio.timeout(DEADLINE_S):
        await lost.wait()
    link.write(b"again")
    link.seize(b"and again")
    link.discard()
    await asyncio.sleep(0.05)
    assert len(reasons) == 1
    assert far.port in reasons[0]
    link.close()


@pytest.mark.asyncio
async def test_a_stop_written_just_before_closing_still_arrives(far: FarEnd) -> None:
    for _ in range(50):
        link = threaded(far)
        link.seize(b"stop")
        link.close()
        assert await far.take_until(b"stop") == b"stop"


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["drop", "close"])
async def test_leaving_a_stalled_line_is_quick_and_frees_it(far: FarEnd, how: str) -> None:
    link = threaded(far)
    link.write(FLOOD)
    before = time.perf_counter()
    getattr(link, how)()
    assert time.perf_counter() - before < 2 * LAST_BYTES_S + 0.5
    link.write(b"nothing")
    assert b"nothing" not in far.take()
    threaded(far).close()


@pytest.mark.asyncio
async def test_it_is_what_is_opened_where_descriptors_cannot_be_watched(
    far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url, "WATCHABLE", False)
    link = await open_link(SerialAddress("p24", far.port), SerialSettings())
    assert isinstance(link, ThreadedLink)
    heard = asyncio.get_running_loop().create_future()
    link.on_bytes = heard.set_result
    os.write(far.fd, b"a")
    async with asyncio.timeout(DEADLINE_S):
        assert await heard == b"a"
    link.write(b"ask")
    assert await far.take_until(b"ask") == b"ask"
    link.close()
    with pytest.raises(SerialLinkError, match="a guardian needs"):
        await open_link(SerialAddress("p24", far.port), SerialSettings(), b"stop")


def test_a_port_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SerialLinkError, match="no such port"):
        PyserialCarrier(str(tmp_path / "COM3"), SerialSettings())


@pytest.mark.asyncio
async def test_typed_lines_come_from_a_thread_where_they_cannot_be_watched() -> None:
    said: list[str] = []
    done = asyncio.Event()

    class Hand:
        def line(self, line: str) -> None:
            said.append(line)
            if len(said) == 2:
                done.set()

    loop = asyncio.get_running_loop()
    lines = ["arm\n", "stop\n"]
    threading.Thread(target=read_lines, args=(lines, loop, Hand()), daemon=True).start()
    async with asyncio.timeout(DEADLINE_S):
        await done.wait()
    assert said == lines


WITHOUT_UNIX = """
import signal, sys, time
import asyncio, subprocess, click  # these, and pyserial, look after themselves
import serial, serial.tools.list_ports
for name in ("fcntl", "termios", "tty", "grp", "pwd", "resource", "pty"):
    sys.modules[name] = None
for module, names in ((signal, ("SIGHUP", "SIGQUIT")), (time, ("clock_gettime_ns", "CLOCK_BOOTTIME",
        "CLOCK_MONOTONIC", "clock_gettime"))):
    for name in names:
        delattr(module, name)
import fes_ctrl.cli.run, fes_ctrl.cli.doctor, fes_ctrl.cli.console
import fes_ctrl.links.url, fes_ctrl.links.ports, fes_ctrl.links.guarded
import fes_ctrl.runtime.live, fes_ctrl.runtime.realtime, fes_ctrl.runtime.watchdog
import fes_ctrl.sensors.url, fes_ctrl.sensors.manual
from fes_ctrl.links.liveness import boottime_us
assert boottime_us() > 0
"""


def test_everything_of_a_run_can_be_imported_without_what_only_unix_has() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_UNIX], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
