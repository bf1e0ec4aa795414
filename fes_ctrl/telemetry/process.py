"""Starting the process that speaks to the broker, and starting it again where it dies."""

import asyncio
import contextlib
import errno
import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

from fes_ctrl.telemetry.backoff import Backoff
from fes_ctrl.telemetry.handover import Handover

POSIX: Final = os.name == "posix"
"""Elsewhere no socket can be a process's standard input."""

GOODBYE_S: Final = 2.0
HUNG_S: Final = 20.0
"""A process that has said nothing for so long hangs; it says something every two seconds."""


class AgentProcess:
    """An agent and the line to it, on the running loop.

    Parameters
    ----------
    module : str
        What is run: ``python -m MODULE``, with a socket as its standard input.
    hello : dict
        Its first line; secrets travel here and not on a command line.
    on_line : callable
        Called with each line it says, parsed.
    on_up : callable
        Called whenever it has been started: it knows nothing yet.
    on_down : callable
        Called when it has died; it is started again after a while.
    """

    def __init__(
        self,
        module: str,
        hello: dict[str, Any],
        on_line: Callable[[dict[str, Any]], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
    ) -> None:
        self._module = module
        self._hello = hello
        self._on_line = on_line
        self._on_up = on_up
        self._on_down = on_down
        self._loop = asyncio.get_running_loop()
        self._backoff = Backoff(random.Random())
        self._started_s = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._dead: subprocess.Popen[bytes] | None = None
        self._handover: Handover | None = None
        self._again: asyncio.TimerHandle | None = None
        self._alive: asyncio.TimerHandle | None = None
        self._heard_s = 0.0
        self._closed = False
        self._lost = 0
        self.starts = 0

    def start(self) -> None:
        """Start it.

        Raises
        ------
        OSError
            If there is no process to be had.
        """
        self._up(*_start(self._module))

    @property
    def pid(self) -> int | None:
        """The process, where there is one."""
        return None if self._process is None else self._process.pid

    @property
    def lost(self) -> int:
        """Lines that it did not get."""
        return self._lost + (0 if self._handover is None else self._handover.lost)

    def send(self, text: str) -> None:
        """Hand over a line, with its end; never waits."""
        if self._handover is None:
            self._lost += 1
        else:
            self._handover.send(text)

    def _up(self, process: "subprocess.Popen[bytes]", line: socket.socket) -> None:
        if self._closed:
            line.close()
            _end(process)
            return
        self._process = process
        self._started_s = self._heard_s = self._loop.time()
        self.starts += 1
        self._handover = Handover(line, self._heard, self._down)
        hello = json.dumps({**self._hello, "starts": self.starts})
        self._handover.send(hello + "\n")
        self._alive = self._loop.call_later(HUNG_S, self._look)
        self._on_up()

    def _look(self) -> None:
        """End a process that hangs; another one is started."""
        left_s = self._heard_s + HUNG_S - self._loop.time()
        if left_s > 0.0:
            self._alive = self._loop.call_later(left_s, self._look)
        elif self._process is not None:
            # Its end of the line closes with it.
            self._process.kill()

    def _heard(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        try:
            line = json.loads(data)
        except ValueError:
            return
        if isinstance(line, dict):
            self._on_line(line)

    def _down(self) -> None:
        if self._handover is not None:
            self._lost += self._handover.lost
            self._handover = None
        self._dead, self._process = self._process, None
        if self._alive is not None:
            self._alive.cancel()
        if self._closed:
            return
        wait_s = self._backoff.failed(self._loop.time() - self._started_s)
        self._again = self._loop.call_later(wait_s, self._start_again)
        self._on_down()

    def _start_again(self) -> None:
        dead, self._dead = self._dead, None

        # Starting a process takes milliseconds, which the loop does not have.
        def start() -> None:
            _end(dead)
            try:
                found = _start(self._module)
            except OSError:
                self._call(self._down)
                return
            self._call(self._up, *found)

        threading.Thread(target=start, name="telemetry", daemon=True).start()

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):
            # The run is over.
            self._loop.call_soon_threadsafe(callback, *arguments)

    def close(self) -> None:
        """Let it say good-bye, and end it where it does not; waits two seconds at most."""
        self._closed = True
        for timer in (self._again, self._alive):
            if timer is not None:
                timer.cancel()
        if self._handover is not None:
            self._handover.send('{"kind":"bye"}\n')
            # Its end of the line stays readable until it has read all of it.
            self._handover.close()
            self._handover = None
        _end(self._process)
        _end(self._dead)
        self._process = self._dead = None


def _start(module: str) -> "tuple[subprocess.Popen[bytes], socket.socket]":
    if not POSIX:
        raise OSError(errno.ENOSYS, "a broker is spoken to on Linux and macOS only")
    ours, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module
            # -P: a random.py of the folder in which somebody works is none of Python's.
            [sys.executable, "-P", "-m", module],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


def _end(process: "subprocess.Popen[bytes] | None") -> None:
    if process is None:
        return
    try:
        process.wait(GOODBYE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
