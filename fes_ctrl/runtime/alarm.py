"""A wake-up that is moved often and rings seldom.

A deadline moves with every sample; the timer behind it is only set anew when the deadline comes
nearer. A timer that rings too early is set anew as well, and nobody is called.
"""

from collections.abc import Callable

from fes_ctrl.runtime.clock import Clock, Handle
from fes_ctrl.units import NEVER_US, Us


class Alarm:
    """One wake-up, on one timer of a clock.

    Parameters
    ----------
    clock : Clock
        Whose timer.
    order : int
        Its kind.
    callback : callable
        Called with the present when it rings.

    Attributes
    ----------
    wake_us : int
        When it rings; ``NEVER_US`` for never.
    """

    __slots__ = ("_callback", "_clock", "_handle", "_order", "_set_us", "wake_us")

    def __init__(self, clock: Clock, order: int, callback: Callable[[Us], None]) -> None:
        self._clock = clock
        self._order = order
        self._callback = callback
        self._handle: Handle | None = None
        self._set_us: Us = NEVER_US
        self.wake_us: Us = NEVER_US

    def move(self, wake_us: Us) -> None:
        """Ring at ``wake_us``, or never."""
        self.wake_us = wake_us
        if wake_us < self._set_us:
            if self._handle is not None:
                self._handle.cancel()
            self._set_us = wake_us
            self._handle = self._clock.call_at_us(wake_us, self._order, self._ring)

    def _ring(self) -> None:
        self._handle = None
        self._set_us = NEVER_US
        if self.wake_us == NEVER_US:
            return
        now_us = self._clock.now_us()
        if now_us < self.wake_us:
            self.move(self.wake_us)
            return
        self._callback(now_us)

    def cancel(self) -> None:
        """Never ring again."""
        self.wake_us = NEVER_US
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
