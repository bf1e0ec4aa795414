"""A cable that is real as far as the kernel goes, between driver and simulated device.

A pseudo-terminal, the same with a guardian's process at the host's end, or a TCP connection.
"""

import asyncio
import contextlib
import os
import socket
import tty
from collections.abc import Callable
from typing import Final

from fes_ctrl.links.guarded import open_guarded
from fes_ctrl.links.link import Link
from fes_ctrl.links.serial import SerialLink
from fes_ctrl.links.tcp import TcpLink
from fes_ctrl.stimulators.line import SerialSettings
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.injections import Acknowledgement

INJECTIONS: Final[tuple[str, ...]] = ("cable_pulled",)
"""What can be made to go wrong with such a cable: the rest lies in the kernel's hands."""


class RealCable:
    """The host's link and the far end, on the running loop.

    Parameters
    ----------
    far : int
        Descriptor of the far end, which does not block; it belongs to the cable from now on.
    link : Link
        The host's end.
    now_us : callable
        The present.

    Attributes
    ----------
    device : callable
        The device's ear.
    cut : callable
        Called when the line is gone.
    injections : tuple of str
        Those that this cable knows.
    """

    def __init__(self, far: int, link: Link, now_us: Callable[[], int]) -> None:
        self._far = far
        self._link = link
        self._now_us = now_us
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(far, self._readable)
        self._plugged = True
        self.device: Callable[[bytes], None] = _nowhere
        self.cut: Callable[[], None] = _nobody
        self.injections: tuple[str, ...] = INJECTIONS
        self.acknowledgements: list[Acknowledgement] = []

    @classmethod
    def pty(cls, now_us: Callable[[], int]) -> "RealCable":
        """Return a pseudo-terminal with the serial link at its near end."""
        far, name, near = _pty()
        link = SerialLink(name)
        os.close(near)
        return cls(far, link, now_us)

    @classmethod
    def tcp(cls, now_us: Callable[[], int]) -> "RealCable":
        """Return a TCP connection within this machine."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            near = socket.create_connection(listening.getsockname())
            far, _ = listening.accept()
        near.setblocking(False)
        far.setblocking(False)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(far.detach(), TcpLink(near, "tcp"), now_us)

    @classmethod
    async def guarded(
        cls, now_us: Callable[[], int], settings: SerialSettings, stop: bytes
    ) -> "RealCable":
        """Return a pseudo-terminal whose near end is held by a guardian.

        Parameters
        ----------
        now_us : callable
            The present.
        settings : SerialSettings
            Of the line.
        stop : bytes
            What the guardian writes where its host is gone.
        """
        far, name, near = _pty()
        try:
            link = await open_guarded(name, settings, stop)
        finally:
            os.close(near)
        return cls(far, link, now_us)

    @property
    def link(self) -> Link:
        """The host's end."""
        return self._link

    def answer(self, data: bytes) -> None:
        """Send bytes from the device towards the host."""
        if self._plugged:
            with contextlib.suppress(OSError):
                os.write(self._far, data)

    def inject(self, name: str, to_us: Us = NEVER_US, amount: float = 0.0) -> None:  # noqa: ARG002 - the cables' signature
        """Make something go wrong with the cable, now.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        if name not in INJECTIONS:
            message = f"the cable does not know the injection {name!r}"
            raise ValueError(message)
        if self._plugged:
            self.acknowledgements.append(Acknowledgement(name, self._now_us()))
        self.unplug()

    def unplug(self) -> None:
        """Close the far end: the host's port hangs up."""
        if self._plugged:
            self._plugged = False
            self._loop.remove_reader(self._far)
            os.close(self._far)
            self.cut()

    def _readable(self) -> None:
        try:
            data = os.read(self._far, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.device(data)
        else:
            # The host has closed its end.
            self.unplug()


class DeskCable:
    """The cable of a stimulator on the desk: nobody of ours holds its far end.

    Parameters
    ----------
    link : Link
        The host's end.

    Attributes
    ----------
    device, cut, injections, acknowledgements
        As of every ``Cable``; nothing comes of them.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self.device: Callable[[bytes], None] = _nowhere
        self.cut: Callable[[], None] = _nobody
        self.injections: tuple[str, ...] = ()
        self.acknowledgements: list[Acknowledgement] = []

    @property
    def link(self) -> Link:
        """The host's end."""
        return self._link

    def answer(self, data: bytes) -> None:
        """Answer nothing: the device does."""

    def inject(self, name: str, to_us: Us = NEVER_US, amount: float = 0.0) -> None:  # noqa: ARG002 - the cables' signature
        """Refuse: what is on the desk cannot be made to go wrong from here.

        Raises
        ------
        ValueError
            Always.
        """
        message = f"the cable on the desk does not know the injection {name!r}"
        raise ValueError(message)


def _pty() -> tuple[int, str, int]:
    """Return far end, name and near end of a pseudo-terminal; the far end does not block."""
    far, near = os.openpty()
    tty.setraw(near)
    os.set_blocking(far, False)
    return far, os.ttyname(near), near


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody() -> None:
    """Drop news that nobody listens to."""
