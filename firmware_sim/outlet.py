"""One output of the limiter: what has gone through it, in exact windows."""

from collections import deque
from typing import Final

from fes_ctrl.units import NEVER_US, MicroAmp, PicoCoulomb, Us
from firmware_sim.output import Points

SHIFT_US: Final = 2_000
"""Two pulses may come so much closer together, or burst ends apart, than the host planned them:
up to 0.7 ms by the bench's cable, about as much again by a device's and a real-time loop's turn."""

PAUSE_US: Final = 100_000
"""A burst is over after so long without a pulse, unless its pulses came as far apart before."""

TWITCH_US: Final = 500_000
"""So far apart, each pulse is a burst."""

SECOND_US: Final = 1_000_000
TEN_SECONDS_US: Final = 10_000_000


class Outlet:
    """One output: what has gone through it."""

    __slots__ = (
        "apart_us",
        "burst_us",
        "gaps",
        "gaps_us",
        "held_ua",
        "last_ua",
        "last_us",
        "level_ua",
        "net_pc",
        "peak_ua",
        "pulses",
        "square",
    )

    def __init__(self) -> None:
        self.last_us: Us = -NEVER_US
        self.burst_us: Us = -NEVER_US
        self.pulses: deque[tuple[Us, int, PicoCoulomb]] = deque()
        self.square = 0
        self.net_pc: PicoCoulomb = 0
        self.apart_us: Us = 0
        self.gaps: deque[tuple[Us, Us]] = deque()
        self.gaps_us: Us = 0
        self.restart()

    def restart(self) -> None:
        """Begin at zero again."""
        self.level_ua: MicroAmp = 0
        self.peak_ua: MicroAmp = 0
        self.held_ua: MicroAmp = 0
        self.last_ua: MicroAmp = 0

    def forget(self, t_us: Us, end_us: Us) -> None:
        """Drop what no window reaches any more that ends with a pulse from ``t_us`` to ``end_us``.

        A pulse of which any part lies in its second counts whole.
        """
        second_us = end_us - SECOND_US + SHIFT_US
        while self.pulses and self.pulses[0][0] <= second_us:
            _, square, net_pc = self.pulses.popleft()
            self.square -= square
            self.net_pc -= net_pc
        oldest_us = t_us - TEN_SECONDS_US
        while self.gaps and self.gaps[0][1] <= oldest_us:
            from_us, to_us = self.gaps.popleft()
            self.gaps_us -= to_us - from_us

    def pauses(self, t_us: Us) -> bool:
        """Return whether a pulse at ``t_us`` comes after a pause, and so begins a burst."""
        gap_us = t_us - self.last_us
        if gap_us <= PAUSE_US:
            return False
        return gap_us > TWITCH_US or gap_us * 2 > self.apart_us * 3

    def on_us(self, t_us: Us) -> Us:
        """Return the time in bursts of the ten seconds before, a pulse at ``t_us`` included."""
        oldest_us = t_us - TEN_SECONDS_US
        on_us = self.gaps_us + t_us - self.last_us
        if self.gaps:
            on_us -= max(0, oldest_us - self.gaps[0][0])
        return on_us

    def enter(self, t_us: Us, peak_ua: MicroAmp, *, begins: bool) -> None:
        """Take a pulse that goes through."""
        gap_us = t_us - self.last_us
        self.apart_us = gap_us if gap_us <= TWITCH_US else 0
        if begins:
            self.burst_us = t_us
            self.peak_ua = peak_ua
            self.held_ua = 0
        else:
            self.gaps.append((self.last_us, t_us))
            self.gaps_us += t_us - self.last_us
            if peak_ua == self.last_ua:
                self.held_ua = max(self.held_ua, peak_ua)
            self.peak_ua = max(self.peak_ua, peak_ua)
        self.last_ua = peak_ua
        self.last_us = t_us

    def level(self, *, begins: bool) -> MicroAmp:
        """Return the level of the bursts before; 0 where none was.

        A peak that was held for two pulses is the level. A burst that was cut in its rise says
        nothing of it, and lowers no bar.
        """
        if not begins or not self.peak_ua:
            return self.level_ua
        if self.held_ua == self.peak_ua:
            return self.peak_ua
        return max(self.level_ua, self.peak_ua)


def phases_of(points: Points) -> list[tuple[Us, PicoCoulomb]]:
    """Return length and charge of each phase: from one change of the current's sign to the next."""
    phases: list[tuple[Us, PicoCoulomb]] = []
    for duration_us, current_ua in points:
        if current_ua == 0:
            continue
        if phases and phases[-1][1] * current_ua >= 0:
            before_us, before_pc = phases[-1]
            phases[-1] = (before_us + duration_us, before_pc + current_ua * duration_us)
        else:
            phases.append((duration_us, current_ua * duration_us))
    return phases
