"""Sums over the last second and the last ten, in integers: nothing drifts, nothing is averaged."""

from collections import deque
from typing import Final

SECOND_US: Final = 1_000_000
DUTY_US: Final = 10_000_000


class Second:
    """Squared current and net charge of the pulses of any one second.

    A pulse of which any part lies in the second that ends with the newest pulse counts whole.

    Parameters
    ----------
    jitter_us : int
        So much less than a second is looked at.

    Attributes
    ----------
    squared_uA2_us : int
        Integral of the squared current.
    net_pC : int
        Sum of the net charges.
    """

    __slots__ = ("_pulses", "_window_us", "net_pC", "squared_uA2_us")

    def __init__(self, jitter_us: int) -> None:
        self._window_us = SECOND_US - jitter_us
        self._pulses: deque[tuple[int, int, int]] = deque()
        self.squared_uA2_us: int = 0
        self.net_pC: int = 0

    def add(self, end_us: int, squared_uA2_us: int, net_pC: int) -> None:
        """Take a pulse by its end."""
        pulses = self._pulses
        pulses.append((end_us, squared_uA2_us, net_pC))
        self.squared_uA2_us += squared_uA2_us
        self.net_pC += net_pC
        while pulses[0][0] <= end_us - self._window_us:
            _, squared, net = pulses.popleft()
            self.squared_uA2_us -= squared
            self.net_pC -= net


class Duty:
    """Time in bursts within the ten seconds that end with the newest pulse."""

    __slots__ = ("_bursts", "_from_us", "_on_us", "_to_us")

    def __init__(self) -> None:
        self._bursts: deque[tuple[int, int]] = deque()
        self._on_us: int = 0
        self._from_us: int = 0
        self._to_us: int = 0

    def begin(self, t_us: int) -> None:
        """Take the first pulse of a burst."""
        if self._to_us > self._from_us:
            self._bursts.append((self._from_us, self._to_us))
            self._on_us += self._to_us - self._from_us
        self._from_us = t_us
        self._to_us = t_us

    def go_on(self, t_us: int) -> int:
        """Take a later pulse of the same burst; return microseconds of the last ten seconds."""
        self._to_us = t_us
        oldest_us = t_us - DUTY_US
        bursts = self._bursts
        while bursts and bursts[0][1] <= oldest_us:
            from_us, to_us = bursts.popleft()
            self._on_us -= to_us - from_us
        on_us = self._on_us + t_us - max(self._from_us, oldest_us)
        if bursts and bursts[0][0] < oldest_us:
            on_us -= oldest_us - bursts[0][0]
        return on_us
