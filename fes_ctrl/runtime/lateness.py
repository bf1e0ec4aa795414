"""How late a loop's timers ring on this machine, and whether that holds the timing of pulses."""

import asyncio
from typing import Final, NamedTuple

from fes_ctrl.runtime.clock import ORDER_CONTROLLER
from fes_ctrl.runtime.realtime import RealClock
from fes_ctrl.stim.trains import SETPOINT_LIFE_US
from fes_ctrl.units import Us

TICK_US: Final = 5_000
"""Between two timers, set for absolute instants."""

USUAL_US: Final = 1_000
"""So late may one of a hundred ring: a fiftieth of the least distance of pulses at 20 Hz, and less
than a serial port adds."""

RARE_US: Final = SETPOINT_LIFE_US // 2
"""So late may none ring: half of what a pulse lives after its instant is the line's."""


class Lateness(NamedTuple):
    """How late timers rang, microseconds.

    Attributes
    ----------
    ticks : int
        How many there were.
    p50, p99, most : int
    drift_us : int
        By how much the last one was later than the first: nothing that adds up.
    """

    ticks: int
    p50: Us
    p99: Us
    most: Us
    drift_us: Us

    @property
    def holds(self) -> bool:
        """Whether a machine that is like this holds the timing of pulses."""
        return self.p99 <= USUAL_US and self.most <= RARE_US

    @property
    def verdict(self) -> str:
        """That in one sentence."""
        if self.holds:
            return "holds the timing"
        if self.most <= RARE_US:
            often = f"one timer in a hundred was {self.p99 / 1e3:.1f} ms late"
            return f"holds the timing loosely: {often}, {USUAL_US / 1e3:g} ms are good"
        return (
            f"does not hold the timing: a timer was {self.most / 1e3:.1f} ms late, "
            f"{RARE_US / 1e3:g} ms are half of a pulse's life"
        )


def lateness_of(late_us: list[Us]) -> Lateness:
    """Return the figures of some timers' lateness, at least one.

    Parameters
    ----------
    late_us : list of int
        In their order.
    """
    ordered = sorted(late_us)
    last = len(ordered) - 1
    return Lateness(
        len(ordered),
        ordered[round(last * 0.5)],
        ordered[round(last * 0.99)],
        ordered[-1],
        late_us[-1] - late_us[0],
    )


async def measured(seconds: float) -> Lateness:
    """Let timers ring on the running loop for a while; return how late they were.

    Parameters
    ----------
    seconds : float
        At least one tick long.
    """
    clock = RealClock(asyncio.get_running_loop())
    late_us: list[Us] = []
    over = asyncio.Event()
    begin_us = clock.now_us() + TICK_US
    count = max(1, round(seconds * 1e6) // TICK_US)

    def tick(planned_us: Us) -> None:
        late_us.append(clock.now_us() - planned_us)
        if len(late_us) == count:
            over.set()
            return
        next_us = planned_us + TICK_US
        clock.call_at_us(next_us, ORDER_CONTROLLER, tick, next_us)

    clock.call_at_us(begin_us, ORDER_CONTROLLER, tick, begin_us)
    await over.wait()
    return lateness_of(late_us)
