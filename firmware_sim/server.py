"""A simulated device as a process of its own, on a pseudo-terminal or a TCP port, in real time.

This is the imperative shell: it alone reads a clock and touches descriptors. The device behind it
is the one that simulations use.
"""

import contextlib
import json
import os
import selectors
import socket
import termios
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, Protocol

from fes_ctrl.units import NEVER_US, Us
from firmware_sim.devices.device import Device, DeviceStep
from firmware_sim.injections import BY_NAME, Injection
from firmware_sim.limiter import Limiter
from firmware_sim.output import OutputStage, Points

READ_SIZE: Final = 4096
LONGEST_WAIT_S: Final = 0.5
ISPEED: Final = 4
OSPEED: Final = 5
"""Places in what ``termios.tcgetattr`` returns."""


class ServeError(OSError):
    """A port that cannot be served."""


class Port(Protocol):
    """Where a client connects; one at a time."""

    name: str

    def files(self) -> list[int]:
        """Return the descriptors to wait on."""
        ...

    def read(self, fd: int) -> bytes:
        """Return what has come in on one of them; takes a connection where that is what came."""
        ...

    def write(self, data: bytes) -> None:
        """Send what the client takes at once; the rest is lost, as on a full line."""
        ...

    def unplug(self) -> None:
        """Vanish: the client's port hangs up."""
        ...


class PtyPort:
    """A pseudo-terminal; clients may come and go.

    Parameters
    ----------
    link : Path or None
        A symbolic link to make to it.

    Raises
    ------
    ServeError
        If the link cannot be made.
    """

    def __init__(self, link: Path | None) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)
        self._link = link
        if link is not None:
            try:
                if link.is_symlink():
                    link.unlink()
                link.symlink_to(self.name)
            except OSError as error:
                message = f"--pty {link}: {error.strerror}; choose a path that can be made"
                raise ServeError(message) from error
            self.name = str(link)

    def files(self) -> list[int]:
        """Return the terminal's near end."""
        if self._master < 0:
            return []
        self._slow_down()
        return [self._master]

    def read(self, fd: int) -> bytes:
        """Return what has come in."""
        try:
            return os.read(fd, READ_SIZE)
        except OSError:
            return b""

    def _slow_down(self) -> None:
        """Forget the rate that a client has set; a pseudo-terminal has none.

        It drops the parity that a client asks for as well, and glibc calls that an error where
        nothing else has changed: the second client with the same settings could not open it.
        """
        attributes = termios.tcgetattr(self._slave)
        if attributes[ISPEED] != termios.B50:
            attributes[ISPEED] = attributes[OSPEED] = termios.B50
            termios.tcsetattr(self._slave, termios.TCSANOW, attributes)

    def write(self, data: bytes) -> None:
        """Send what the client takes at once."""
        if self._master >= 0:
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def unplug(self) -> None:
        """Close both ends and take the link away."""
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = -1
        if self._link is not None and self._link.is_symlink():
            self._link.unlink()


class TcpPort:
    """A listening socket; one client at a time.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        0 for any that is free.

    Raises
    ------
    ServeError
        If nothing can listen there.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            message = f"--tcp {host}:{port}: {error.strerror or error}; choose a free port"
            raise ServeError(message) from error
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        address = self._listener.getsockname()
        self.name = f"{address[0]}:{address[1]}"

    def files(self) -> list[int]:
        """Return the client's socket, or the listening one while there is none."""
        if self._listener.fileno() < 0:
            return []
        return [self._listener.fileno() if self._client is None else self._client.fileno()]

    def read(self, fd: int) -> bytes:  # noqa: ARG002 - there is but one
        """Return what has come in, or take the client that has come."""
        if self._client is None:
            self._client, _ = self._listener.accept()
            self._client.setblocking(False)
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b""
        try:
            data = self._client.recv(READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._client.close()
            self._client = None
        return data

    def write(self, data: bytes) -> None:
        """Send what the client takes at once."""
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.send(data)

    def unplug(self) -> None:
        """Close the connection and listen no more."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._listener.close()


class Beside(Protocol):
    """What is on the bench beside a stimulator, and talks on a port of its own."""

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:
        """Take bytes of the host, none as well; return what leaves now, and when it wakes."""
        ...


class PulseFile:
    """Writes each delivered pulse as a line of JSON."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def see(self, t_us: Us, channel: int, points: Points) -> None:
        """Take one delivered pulse."""
        line = {"t_us": t_us, "channel": channel, "points": points}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def inject(injections: list[Injection], device: Device, output: OutputStage) -> list[Injection]:
    """Hand each injection to the part it hits; return those that hit the link.

    Raises
    ------
    ValueError
        If one hits a part that a stimulator alone does not have.
    """
    links = []
    for injection in injections:
        name, from_us, to_us, amount = injection
        part = BY_NAME[name].part
        if part == "device":
            device.inject(name, from_us, to_us, amount)
        elif part == "electrode":
            output.inject(name, from_us, to_us, amount)
        elif name == "cable_pulled":
            links.append(injection)
        else:
            message = (
                f"--inject {name}: hits the {part}, and a stimulator alone has none of that kind; "
                "leave it out"
            )
            raise ValueError(message)
    return links


def serve(
    port: Port,
    device: Device,
    links: list[Injection],
    stopped: Callable[[], bool],
    limiter: Limiter | None = None,
    besides: Sequence[tuple[Port, Beside]] = (),
) -> None:
    """Serve until told to stop or unplugged.

    Parameters
    ----------
    port : Port
        Where the client is.
    device : Device
        Whom it talks to.
    links : list of Injection
        What happens to the connection, and when, from now.
    stopped : callable
        Asked at least twice a second.
    limiter : Limiter or None
        Listens on the line, where one is fitted.
    besides : sequence of (Port, Beside)
        What else is there, each on a port of its own: a probe sees a pulse before it says that it
        lives, and a board on its pin comes after it.
    """
    start_ns = time.monotonic_ns()
    wake_us: Us = NEVER_US
    pull_us = min([link.from_us for link in links], default=NEVER_US)
    while not stopped():
        now_us = (time.monotonic_ns() - start_ns) // 1000
        if now_us >= pull_us:
            port.unplug()
            return
        wait_s = min(LONGEST_WAIT_S, max(0, min(wake_us, pull_us) - now_us) / 1e6)
        files = port.files()
        ready = list(_ready(files + [fd for near, _ in besides for fd in near.files()], wait_s))
        data = b"".join([port.read(fd) for fd in ready if fd in files])
        now_us = (time.monotonic_ns() - start_ns) // 1000
        if limiter is not None and data:
            limiter.hear(now_us, data)
        step = device.receive(now_us, data) if data else device.tick(now_us)
        wake_us = step.wake_at_us
        if step.out:
            port.write(step.out)
        for near, beside in besides:
            ours = near.files()
            said = b"".join([near.read(fd) for fd in ready if fd in ours])
            told = beside.receive(now_us, said)
            wake_us = min(wake_us, told.wake_at_us)
            if told.out:
                near.write(told.out)


def _ready(files: list[int], wait_s: float) -> Iterator[int]:
    with selectors.DefaultSelector() as selector:
        for fd in files:
            selector.register(fd, selectors.EVENT_READ)
        for key, _ in selector.select(wait_s):
            yield key.fd
