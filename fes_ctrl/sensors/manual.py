"""The space bar as a heel switch: each press lifts the heel or puts it down."""

import asyncio
import atexit
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Callable

from fes_ctrl.model import HEEL_SWITCH, Sample
from fes_ctrl.sensors.source import NowUs, SensorError, Worn, until
from fes_ctrl.units import Us

with contextlib.suppress(ImportError):  # Windows has neither, and no terminal to watch
    import termios
    import tty

PERIOD_US: Us = 10_000
HEEL_KEY = " "


class KeyTerminal:
    """A terminal that hands over keys as they are pressed, until it is restored.

    Keys do not show. Ctrl-C stays an interrupt. Restored on ``restore`` and, failing that, when
    the interpreter ends.

    Parameters
    ----------
    fd : int
        The terminal.

    Raises
    ------
    SensorError
        If it is none.
    """

    def __init__(self, fd: int) -> None:
        if not os.isatty(fd):
            message = "manual: the space bar needs a terminal; do not redirect the input"
            raise SensorError(message)
        self._fd = fd
        self._before = termios.tcgetattr(fd)
        self._changed = True
        atexit.register(self.restore)
        tty.setcbreak(fd)

    def read(self) -> str:
        """Return the keys that were pressed; nothing if the terminal is gone."""
        try:
            return os.read(self._fd, 64).decode(errors="replace")
        except OSError:
            return ""

    def restore(self) -> None:
        """Give the terminal back as it was."""
        if self._changed:
            self._changed = False
            atexit.unregister(self.restore)
            try:
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
            except termios.error:
                # The terminal is gone, and its settings with it.
                return


class Manual:
    """A ``SensorSource`` of one heel switch under the thumb, on the real loop.

    It begins with the heel on the ground.

    Parameters
    ----------
    leg : int
        Whose heel.
    now_us : callable
        The walk's clock.
    fd : int or None
        The terminal; standard input by default.

    Attributes
    ----------
    on_key : callable
        Takes every other key.

    Raises
    ------
    SensorError
        If there is no terminal.
    """

    def __init__(self, leg: int, now_us: NowUs, fd: int | None = None) -> None:
        self._leg = leg
        self._now_us = now_us
        self._loaded = True
        self._gone = False
        self._fd = sys.stdin.fileno() if fd is None else fd
        self.on_key: Callable[[str], None] = _nobody
        self._loop = asyncio.get_running_loop()
        self._terminal: KeyTerminal | None = KeyTerminal(self._fd)
        self._loop.add_reader(self._fd, self._pressed)

    @property
    def sensors(self) -> tuple[Worn, ...]:
        """The one switch."""
        return (Worn(self._leg, HEEL_SWITCH),)

    async def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield a reading every 10 ms; those that were missed are missing."""
        seq = 0
        next_us = self._now_us()
        while True:
            now_us = await until(next_us, self._now_us)
            if self._terminal is None:
                return
            if self._gone:
                message = "manual: the terminal is gone; start again in another"
                raise SensorError(message)
            value = 1.0 if self._loaded else 0.0
            yield Sample(now_us, now_us, seq, self._leg, HEEL_SWITCH, (value,))
            seq += 1
            next_us = max(next_us + PERIOD_US, now_us)

    def close(self) -> None:
        """Give the terminal back."""
        if self._terminal is not None:
            self._loop.remove_reader(self._fd)
            self._terminal.restore()
            self._terminal = None

    def _pressed(self) -> None:
        keys = self._terminal.read() if self._terminal is not None else ""
        if not keys:
            self._gone = True
            self._loop.remove_reader(self._fd)
        for key in keys:
            if key == HEEL_KEY:
                self._loaded = not self._loaded
            else:
                self.on_key(key)


def _nobody(key: str) -> None:
    """Drop keys that nobody listens to."""
