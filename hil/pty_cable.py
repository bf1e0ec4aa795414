"""A cable that is real as far as the kernel goes: a pseudo-terminal between driver and device."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from typing import Final

from fes_ctrl.links.serial import SerialLink
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.injections import Acknowledgement

INJECTIONS: Final[tuple[str, ...]] = ("cable_pulled",)
"""What can be made to go wrong with a pseudo-terminal: the rest lies in the kernel's hands."""


class PtyCable:
    """The host's serial link and the far end of its pseudo-terminal, on the running loop.

    Attributes
    ----------
    device : callable
        The device's ear.
    cut : callable
        Called when the line is gone.
    injections : tuple of str
        Those that this cable knows.
    """

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._now_us = now_us
        self._link = SerialLink(os.ttyname(slave))
        os.close(slave)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._readable)
        self._plugged = True
        self.device: Callable[[bytes], None] = _nowhere
        self.cut: Callable[[], None] = _nobody
        self.injections: tuple[str, ...] = INJECTIONS
        self.acknowledgements: list[Acknowledgement] = []

    @property
    def link(self) -> SerialLink:
        """The host's end."""
        return self._link

    def answer(self, data: bytes) -> None:
        """Send bytes from the device towards the host."""
        if self._plugged:
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def inject(self, name: str, to_us: Us = NEVER_US, amount: float = 0.0) -> None:  # noqa: ARG002
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
            self._loop.remove_reader(self._master)
            os.close(self._master)
            self.cut()

    def _readable(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError:
            # The host has closed its end.
            self.unplug()
            return
        self.device(data)


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody() -> None:
    """Drop news that nobody listens to."""
