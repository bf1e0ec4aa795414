"""Lines to another process never wait for it, whatever it does or does not do."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from fes_ctrl.runtime.realtime import real_time_loop
from fes_ctrl.telemetry import process
from fes_ctrl.telemetry.handover import MOST_BEGUN, MOST_LINES, Handover
from fes_ctrl.telemetry.process import AgentProcess

pytestmark = pytest.mark.real_time

DEADLINE_S = 10.0


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(3 * DEADLINE_S):
            await test()

    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        runner.run(bounded())


class Ends:
    """A handover and the socket of the process that is not there."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        self.theirs.setblocking(False)
        self.heard: list[bytes] = []
        self.gone = 0
        self.handover = Handover(ours, self.heard.append, self._lost)

    def _lost(self) -> None:
        self.gone += 1

    def read(self) -> bytes:
        found = b""
        with contextlib.suppress(BlockingIOError):
            while data := self.theirs.recv(1 << 20):
                found += data
        return found


@contextlib.asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    both = Ends()
    try:
        yield both
    finally:
        both.handover.close()
        both.theirs.close()


async def until(known: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not known():  # noqa: ASYNC110 - what another process does sets no event here
            await asyncio.sleep(0.005)


def test_a_peer_that_reads_nothing_costs_old_lines_and_no_time() -> None:
    async def test() -> None:
        async with ends() as both:
            count = 20_000
            text = "{}" + "x" * 200
            for number in range(count):
                both.handover.send(f"{number} {text}\n")
                if number % 1000 == 0:
                    await asyncio.sleep(0)
            assert len(both.handover._waiting) == MOST_LINES
            data = b""
            while not data.endswith(f"{count - 1} {text}\n".encode()):
                data += both.read()
                await asyncio.sleep(0.001)
            numbers = [int(line.split()[0]) for line in data.decode().splitlines()]
            assert numbers == sorted(set(numbers)), "whole lines, in order, none twice"
            assert len(numbers) + both.handover.lost == count
            assert numbers[-MOST_LINES:] == list(range(count - MOST_LINES, count))

    run(test)


def test_a_peer_that_dies_is_told_of_once_and_sending_goes_on() -> None:
    async def test() -> None:
        async with ends() as both:
            both.theirs.send(b'{"half": ')
            both.theirs.close()
            for _ in range(20):
                both.handover.send("a line\n")
                await asyncio.sleep(0)
            await until(lambda: both.gone)
            lost = both.handover.lost
            both.handover.send("a line\n")
            assert both.handover.lost == lost + 1
            assert both.gone == 1
            assert both.heard == [], "half a line is none"

    run(test)


def test_lines_come_back_whole_however_they_are_cut() -> None:
    async def test() -> None:
        async with ends() as both:
            for piece in (b"on", b"e\ntw", b"o\n", b"\nthr", b"ee\n"):
                both.theirs.send(piece)
                await asyncio.sleep(0.01)
            await until(lambda: len(both.heard) == 4)
            assert both.heard == [b"one", b"two", b"", b"three"]

    run(test)


def test_a_peer_that_floods_takes_turns_with_everybody_else() -> None:
    async def test() -> None:
        async with ends() as both:
            both.theirs.setblocking(True)
            over = asyncio.Event()

            def flood() -> None:
                with contextlib.suppress(OSError):
                    while not over.is_set():
                        both.theirs.send(b"x" * 100_000)

            flooding = asyncio.get_running_loop().run_in_executor(None, flood)
            for _ in range(50):
                await asyncio.sleep(0.01)
                assert len(both.handover._heard) <= MOST_BEGUN
            over.set()
            both.handover.close()
            both.theirs.shutdown(socket.SHUT_RDWR)
            await flooding
            assert both.heard == [], "a line that never ends is none of ours"

    run(test)


# -- a process ------------------------------------------------------------------------------------

PEER = """
import os, signal, socket, sys, time
line = socket.socket(fileno=0)
told = line.makefile("r")
hello = told.readline()
line.sendall(b'{"kind": "up", "hello": ' + hello.strip().encode() + b'}\\n')
line.sendall(b'no json\\n[1]\\n\\xff\\n')
for heard in told:
    if "bye" in heard:
        break
    if "hang" in heard:
        time.sleep(60)
    line.sendall(b'{"kind": "echo", "heard": ' + heard.strip().encode() + b'}\\n')
"""


class Peer:
    """A process that echoes, started as the agent is."""

    def __init__(self, module: str) -> None:
        self.lines: list[dict[str, object]] = []
        self.ups = 0
        self.downs = 0
        self.agent = AgentProcess(module, {"secret": "s"}, self.lines.append, self._up, self._down)

    def _up(self) -> None:
        self.ups += 1

    def _down(self) -> None:
        self.downs += 1

    def told(self, kind: str) -> list[dict[str, object]]:
        return [line for line in self.lines if line["kind"] == kind]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "a_peer.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "a_peer"


def test_a_process_that_dies_is_started_again_and_told_everything_anew(module: str) -> None:
    async def test() -> None:
        peer = Peer(module)
        peer.agent.start()
        try:
            await until(lambda: peer.told("up"))
            peer.agent.send('{"n": 1}\n')
            await until(lambda: peer.told("echo"))
            first = peer.agent.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await until(lambda: peer.downs == 1)
            peer.agent.send('{"n": 2}\n')
            assert peer.agent.lost >= 1, "between the two it is counted"
            await until(lambda: len(peer.told("up")) == 2)
            assert peer.ups == 2
            assert [line["hello"]["starts"] for line in peer.told("up")] == [1, 2]  # type: ignore[index]
            assert peer.agent.pid != first
        finally:
            peer.agent.close()

    run(test)


def test_a_process_that_hangs_is_ended_and_started_again(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        peer = Peer(module)
        peer.agent.start()
        try:
            await until(lambda: peer.told("up"))
            peer.agent.send('"hang"\n')
            await until(lambda: len(peer.told("up")) == 2)
            assert peer.downs == 1
        finally:
            peer.agent.close()

    monkeypatch.setattr(process, "HUNG_S", 0.7)
    run(test)


def test_the_end_waits_for_no_process_that_hangs(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        peer = Peer(module)
        peer.agent.start()
        await until(lambda: peer.told("up"))
        pid = peer.agent.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        peer.agent.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    monkeypatch.setattr(process, "GOODBYE_S", 0.2)
    run(test)


def test_no_secret_is_on_a_command_line(module: str) -> None:
    async def test() -> None:
        peer = Peer(module)
        peer.agent.start()
        try:
            await until(lambda: peer.told("up"))
            command = Path(f"/proc/{peer.agent.pid}/cmdline").read_bytes()  # noqa: ASYNC240 - the kernel's, which is there at once
            assert b"secret" not in command
            assert json.dumps(peer.told("up")[0]["hello"]).count("secret") == 1
        finally:
            peer.agent.close()

    run(test)
