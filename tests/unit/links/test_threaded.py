"""The link by way of threads, forced on a system without need of it, over pseudo-terminals."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fes_ctrl.cli.console import read_lines
from fes_ctrl.links import url
from fes_ctrl.links.carriers import PyserialCarrier, WatchedCarrier
from fes_ctrl.links.serial_port import SerialLinkError, SerialSettings
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

        def left(self) -> None:
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
