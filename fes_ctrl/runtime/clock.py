"""The clock seam: who says what time it is, and calls back when a time has come.

Three clocks fit it: the stepper (an event queue), the virtual loop (asyncio without waiting) and
the real loop. Timers that are due at the same instant ring in the order of their kind, then in
the order in which they were set, on every clock.
"""

from collections.abc import Callable
from typing import Final, Protocol

from fes_ctrl.units import Us

# The kinds, in the order in which simultaneous things happen: causes before those who see them.
ORDER_INJECTION: Final = 0
ORDER_DEVICE: Final = 1
ORDER_LINK: Final = 2
ORDER_SENSOR: Final = 3
ORDER_DRIVER: Final = 4
ORDER_OPERATOR: Final = 5
ORDER_CONTROLLER: Final = 6
ORDER_ASYNCIO: Final = 7


class Handle(Protocol):
    """A timer that can still be taken back."""

    def cancel(self) -> None:
        """Never ring; nothing happens if it already has."""
        ...


class Clock(Protocol):
    """Integer microseconds since the walk began."""

    def now_us(self) -> Us:
        """Return the present."""
        ...

    def call_at_us(
        self, when_us: Us, order: int, callback: Callable[..., None], *args: object
    ) -> Handle:
        """Call back at ``when_us``, or as soon as possible if that has passed."""
        ...
