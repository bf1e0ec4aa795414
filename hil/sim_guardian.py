"""A guardian between a simulated host and its cable: what the real one does, on the walk's clock.

It runs on the machine and not in the host's process: a process that is halted leaves it awake, a
machine that sleeps takes it along.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.links.guard_channel import STOP_REPEAT_S, STOPS
from fes_ctrl.links.link import Link
from fes_ctrl.links.liveness import BEAT_S, LOOK_S, Liveness
from fes_ctrl.runtime.clock import ORDER_LINK, Clock
from fes_ctrl.units import Us
from hil.host import SUSPENDED, SimHost

BEAT_US: Final[Us] = round(BEAT_S * 1e6)
LOOK_US: Final[Us] = round(LOOK_S * 1e6)
STOP_REPEAT_US: Final[Us] = round(STOP_REPEAT_S * 1e6)


class SimGuardian:
    """The host's end of a cable, behind a guardian.

    Parameters
    ----------
    clock : Clock
        The walk's.
    host : SimHost
        Whose beats count.
    link : Link
        The cable's end.
    stop : bytes
        What ends the device's output, in any state.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``.
    tripped_us : int or None
        When it stopped the device.
    """

    def __init__(self, clock: Clock, host: SimHost, link: Link, stop: bytes) -> None:
        self._clock = clock
        self._host = host
        self._link = link
        self._stop = stop
        self._beats = 0
        self._over = False
        self._liveness = Liveness(0, 0)
        self.tripped_us: Us | None = None
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        link.on_bytes = self._bytes
        link.on_lost = self._lost

    # -- the host's side ----------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes; with the first of them it begins to watch."""
        if self._over:
            return
        if not self._beats:
            now_us = self._clock.now_us()
            self._liveness = Liveness(now_us, now_us)
            self._beat()
            self._clock.call_at_us(now_us + LOOK_US, ORDER_LINK, self._look)
        self._link.write(data)

    def discard(self) -> bool:
        """Take back what has not left."""
        return not self._over and self._link.discard()

    def seize(self, stop: bytes) -> None:
        """Let nothing else leave from now on, and write a stop."""
        self._link.seize(stop)

    def release(self) -> None:
        """Give the line back."""
        if not self._over:
            self._link.release()

    def drop(self) -> None:
        """Let the line go."""
        self._over = True
        self._link.drop()

    def close(self) -> None:
        """Close the line."""
        self._over = True
        self._link.close()

    def _beat(self) -> None:
        self._beats += 1
        self._host.call_at_us(self._host.now_us() + BEAT_US, ORDER_LINK, self._beat)

    # -- its own ------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._over:
            return
        now_us = self._clock.now_us()
        if self._host.halted != SUSPENDED:
            wrong = self._liveness.look(now_us, now_us, self._beats)
            if wrong:
                self.tripped_us = now_us
                self._over = True
                self._stop_device(STOPS)
                reason = f"the guardian stopped the device: {wrong}"
                self._host.call(lambda: self.on_lost(reason))
                return
        self._clock.call_at_us(now_us + LOOK_US, ORDER_LINK, self._look)

    def _stop_device(self, left: int) -> None:
        if left == 0:
            self._link.drop()
            return
        self._link.discard()
        self._link.write(self._stop)
        at_us = self._clock.now_us() + STOP_REPEAT_US
        self._clock.call_at_us(at_us, ORDER_LINK, self._stop_device, left - 1)

    def _bytes(self, data: bytes) -> None:
        if not self._over:
            self.on_bytes(data)

    def _lost(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self.on_lost(reason)


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
