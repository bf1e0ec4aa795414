"""The device's clock as the host knows it: an offset, a drift, and a bound of the error.

With D(t) what the device's clock shows at an instant t of the host's, the offset o(t) = D(t) - t
grows by the drift d: o(t + a) = o(t) + d a. How large d may be is known.

An answer's clock c was read at an instant T that the host does not know, after it sent (s) and
before it received (r): c = D(T), s <= T <= r. A clock does not go back, so D(s) <= c <= D(r), which
is

- o(s) <= c - s: at most so much *when it was sent*,
- o(r) >= c - r: at least so much *when it was received*,

give or take the one microsecond in which either clock's reading is whole.

Each holds at its own instant and at no other: taken to the other end of the round, it is off by
d (r - s), which is 20 us for 100 ms and 200 parts in a million. From a lower bound L of one
exchange and an upper one U of another follows the drift, U - L >= o(s) - o(r) = d (s - r): at most
(U - L) / (s - r) where s is the later, at least that where it is the earlier. And from every bound
follows one of the offset now, with the most that the drift may be for an upper one and the least
for a lower. The middle of what they leave is the estimate, half its width the residual: a bound
that holds, not a deviation that is likely.
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us

SPAN_US: Final = 1_000_000
SPANS: Final = 16
"""The sharpest bounds of each of so many spans are kept."""

WHOLE: Final = 1 << 32
HALF: Final = 1 << 31
BILLION: Final = 1_000_000_000

READING_US: Final = 1
"""Of two clocks that are read in whole microseconds the difference is off by less."""

Bound = tuple[Us, Us]
"""Instant of the host, and what the offset was at most or at least."""


class ClockFit:
    """Offset and drift of a device's clock against the host's.

    Parameters
    ----------
    ppm : int
        How far apart the two may run, parts in a million.

    Attributes
    ----------
    exchanges : int
        Since it began, or began anew.
    round_us : int
        The fastest of them.
    restarts : int
        How often an exchange contradicted those before it: the clock was set, or is another.
    """

    __slots__ = (
        "_at_us",
        "_half_us",
        "_highs",
        "_lows",
        "_offset_us",
        "_ppb",
        "_ppb_most",
        "_unsure_ppb",
        "exchanges",
        "restarts",
        "round_us",
    )

    def __init__(self, ppm: int) -> None:
        self._ppb_most = ppm * 1000
        self.restarts = -1
        self._restart()

    def _restart(self) -> None:
        self._lows: list[Bound] = []
        self._highs: list[Bound] = []
        self._at_us: Us = 0
        self._offset_us: Us = 0
        self._half_us: Us = NEVER_US
        self._ppb = 0
        self._unsure_ppb = self._ppb_most
        self.exchanges = 0
        self.round_us: Us = NEVER_US
        self.restarts += 1

    def begin(self) -> None:
        """Forget everything: this is another device, or the same once more."""
        self._restart()

    def limit_ppm(self, ppm: int) -> None:
        """Take the device's word how far its clock may be off."""
        self._ppb_most = ppm * 1000

    def exchange(self, sent_us: Us, clock: int, received_us: Us) -> bool:
        """Take one exchange.

        Parameters
        ----------
        sent_us, received_us : int
            When the host wrote the question, and when it had the answer.
        clock : int
            The device's in between, its low 32 bits.

        Returns
        -------
        bool
            False where it contradicts those before it; the fit then begins anew with this one.
        """
        clock_us = self.whole_us(clock, received_us)
        low = received_us, clock_us - received_us - READING_US
        high = sent_us, clock_us - sent_us + READING_US
        agrees = self._agrees(low, high)
        if agrees and self._sharper(low, high):
            # In whole contradiction only where a drift is beyond what clocks may have.
            agrees = self._solve(received_us)
        if not agrees:
            self._restart()
            self._sharper(low, high)
            self._solve(received_us)
        self.exchanges += 1
        self.round_us = min(self.round_us, received_us - sent_us)
        return agrees

    def whole_us(self, clock: int, now_us: Us) -> Us:
        """Return the device's whole time of 32 bits of it that were told about now."""
        if not self.exchanges:
            return clock
        expected_us = self.device_us(now_us)
        return expected_us + (clock - expected_us + HALF) % WHOLE - HALF

    def device_us(self, host_us: Us) -> Us:
        """Return what the device's clock shows at an instant of the host's."""
        return host_us + self._offset_us + self._ppb * (host_us - self._at_us) // BILLION

    def residual_us(self, now_us: Us) -> Us:
        """Return how far off that may be now at most; ``NEVER_US`` where nothing is known."""
        if self._half_us == NEVER_US:
            return NEVER_US
        return self._half_us + self._unsure_ppb * abs(now_us - self._at_us) // BILLION

    # -- bounds ---------------------------------------------------------------------------------

    def _agrees(self, low: Bound, high: Bound) -> bool:
        """Return whether what was known leaves room for both bounds, each at its own instant."""
        if self._half_us == NEVER_US:
            return True
        at_us, low_us = low
        if low_us > self.device_us(at_us) - at_us + self.residual_us(at_us):
            return False
        at_us, high_us = high
        return high_us >= self.device_us(at_us) - at_us - self.residual_us(at_us)

    def _sharper(self, low: Bound, high: Bound) -> bool:
        """Enter the bounds; return whether they say more than those of their span."""
        if not self._lows or high[0] // SPAN_US != self._highs[-1][0] // SPAN_US:
            self._lows.append(low)
            self._highs.append(high)
            if len(self._lows) > SPANS:
                del self._lows[0], self._highs[0]
            return True
        higher = low[1] > self._lows[-1][1]
        lower = high[1] < self._highs[-1][1]
        if higher:
            self._lows[-1] = low
        if lower:
            self._highs[-1] = high
        return higher or lower

    def _solve(self, now_us: Us) -> bool:
        """Find what the bounds leave; return whether they leave anything."""
        least_ppb, most_ppb = -self._ppb_most, self._ppb_most
        for low_at_us, low_us in self._lows:
            for high_at_us, high_us in self._highs:
                apart_us = high_at_us - low_at_us
                if apart_us > 0:
                    most_ppb = min(most_ppb, (high_us - low_us) * BILLION // apart_us + 1)
                elif apart_us < 0:
                    least_ppb = max(least_ppb, (high_us - low_us) * BILLION // apart_us - 1)
        highest_us, lowest_us = NEVER_US, -NEVER_US
        for at_us, high_us in self._highs:
            highest_us = min(highest_us, high_us + most_ppb * (now_us - at_us) // BILLION + 1)
        for at_us, low_us in self._lows:
            lowest_us = max(lowest_us, low_us + least_ppb * (now_us - at_us) // BILLION)
        if least_ppb > most_ppb or lowest_us > highest_us:
            return False
        self._at_us = now_us
        self._offset_us = (highest_us + lowest_us) // 2
        self._half_us = (highest_us - lowest_us + 1) // 2
        self._ppb = (least_ppb + most_ppb) // 2
        self._unsure_ppb = (most_ppb - least_ppb + 1) // 2
        return True
