"""When packets are measured and when they arrive: late, lost, twice, or after a stall at once.

A reading keeps its true time of measurement whatever happens on the way, and arrivals never go
backwards.
"""

from typing import Final

from fes_ctrl.units import NEVER_US
from hil.patient.sensors.config import PacketConfig
from hil.streams import stream

LONGEST_US: Final = 1e15
"""Whoever stalls more rarely than this never stalls."""

AGAIN_US: Final = 1_000
"""A duplicate follows so long after the first. Assumption."""

BACKLOG_MIN: Final = 2.0
BACKLOG_MAX: Final = 3.0
"""A backlog comes at between two and three times the ordinary rate. In the recordings named at
``PacketConfig`` the middle half lies between 1.7 and 3.2, the median at 2.4."""


class Packets:
    """The course of one leg's packets.

    Host stalls are drawn from one stream for the whole host, so legs with equal terms stall
    together.

    Parameters
    ----------
    config : PacketConfig
        The terms.
    seed : int
        Of the walk.
    part : str
        Whose packets, unique in the rig; names the streams.

    Attributes
    ----------
    measured_us, arrive_us : int
        Of the present packet.
    lost : bool
        The present packet never arrives.
    again : bool
        The present packet is the last one once more.
    period_us : float
        From one measurement to the next.
    """

    __slots__ = (
        "_base_us",
        "_count",
        "_doubled",
        "_doubling",
        "_jitter",
        "_jitter_us",
        "_losing",
        "_loss",
        "_repeats",
        "_spacing_us",
        "_stall",
        "_stall_from_us",
        "_stall_long_us",
        "_stall_mean_us",
        "_stall_short_us",
        "_stall_to_us",
        "again",
        "arrive_us",
        "lost",
        "measured_us",
        "period_us",
    )

    def __init__(self, config: PacketConfig, seed: int, part: str) -> None:
        self.period_us: float = 1e6 / (config.rate_hz * (1.0 + 1e-6 * config.clock_error_ppm))
        self.measured_us: int = 0
        self.arrive_us: int = 0
        self.lost: bool = False
        self.again: bool = False
        self._count: int = 0
        self._base_us: int = max(1, round(config.latency_ms * 1000.0))
        self._jitter_us: float = config.latency_jitter_ms * 1000.0
        self._jitter = stream(seed, f"{part}.arrival")
        self._losing: float = config.loss_probability
        self._loss = stream(seed, f"{part}.loss")
        self._doubling: float = config.duplicate_probability
        self._doubled = stream(seed, f"{part}.duplicate")
        self._repeats: bool = False
        self._stall = stream(seed, "host.stall")
        self._stall_short_us: float = config.stall_min_s * 1e6
        self._stall_long_us: float = config.stall_max_s * 1e6
        self._stall_mean_us: float = 0.0
        self._stall_from_us: int = NEVER_US
        self._stall_to_us: int = NEVER_US
        self._spacing_us: float = 0.0
        if config.stalls_per_min > 0.0:
            self._stall_mean_us = 60e6 / config.stalls_per_min
            self._next_stall(0)

    def next_us(self) -> int:
        """Go on to the next packet; return when it arrives."""
        if self._repeats:
            self._repeats = False
            self.again = True
            due_us = self.arrive_us + AGAIN_US
        else:
            self.again = False
            self._count += 1
            measured_us = int(self._count * self.period_us + 0.5)
            self.measured_us = measured_us
            due_us = measured_us + self._base_us + int(self._jitter.random() * self._jitter_us)
            self.lost = self._losing > 0.0 and self._loss.random() < self._losing
            doubled = self._doubling > 0.0 and self._doubled.random() < self._doubling
            self._repeats = doubled and not self.lost
        if due_us < self.arrive_us:
            due_us = self.arrive_us
        if self._spacing_us > 0.0:
            soonest_us = self.arrive_us + int(self._spacing_us)
            if due_us <= soonest_us:
                due_us = soonest_us
            else:
                self._spacing_us = 0.0  # the backlog is worked off
        while due_us >= self._stall_from_us:
            to_us = self._stall_to_us
            faster = self._next_stall(to_us)
            if due_us < to_us:
                due_us = to_us
                self._spacing_us = self.period_us / faster
        self.arrive_us = due_us
        return due_us

    def _next_stall(self, after_us: int) -> float:
        """Draw the next stall; return how much faster than usual the backlog before it comes."""
        random = self._stall
        faster = BACKLOG_MIN + (BACKLOG_MAX - BACKLOG_MIN) * random.random()
        length_us = self._stall_short_us
        length_us += (self._stall_long_us - self._stall_short_us) * random.random()
        pause_us = min(random.expovariate(1.0) * self._stall_mean_us, LONGEST_US)
        self._stall_from_us = after_us + 1 + int(pause_us)
        self._stall_to_us = self._stall_from_us + int(length_us)
        return faster
