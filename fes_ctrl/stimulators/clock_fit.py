"""The device's clock as the host knows it: an offset, a drift, and a bound of the error.

A clock that stands in an answer lies between the host's sending and its receiving. So each
exchange says between which two values the offset was; together, with a drift of which only a
bound is known beforehand, they leave a range. Its middle is the estimate, half its width the
residual: a bound that holds, not a deviation that is likely.
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us

SPAN_US: Final = 1_000_000
SPANS: Final = 16
"""The sharpest bounds of each of so many spans are kept."""

WHOLE: Final = 1 << 32
HALF: Final = 1 << 31
BILLION: Final = 1_000_000_000

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
        How often an exchange contradicted those before it: the device's clock was set.
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
        low_us, high_us = clock_us - received_us, clock_us - sent_us
        agrees = self._agrees(received_us, low_us, high_us)
        if agrees and self._sharper(sent_us, low_us, high_us):
            # In whole contradiction only where a drift is beyond what clocks may have.
            agrees = self._solve(received_us)
        if not agrees:
            self._restart()
            self._sharper(sent_us, low_us, high_us)
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

    def _agrees(self, now_us: Us, low_us: Us, high_us: Us) -> bool:
        if self._half_us == NEVER_US:
            return True
        middle_us = self.device_us(now_us) - now_us
        residual_us = self.residual_us(now_us) + 1
        return low_us <= middle_us + residual_us and high_us >= middle_us - residual_us

    def _sharper(self, at_us: Us, low_us: Us, high_us: Us) -> bool:
        """Enter the bounds; return whether they say more than those of their span."""
        if not self._lows or at_us // SPAN_US != self._lows[-1][0] // SPAN_US:
            self._lows.append((at_us, low_us))
            self._highs.append((at_us, high_us))
            if len(self._lows) > SPANS:
                del self._lows[0], self._highs[0]
            return True
        higher = low_us > self._lows[-1][1]
        lower = high_us < self._highs[-1][1]
        if higher:
            self._lows[-1] = (at_us, low_us)
        if lower:
            self._highs[-1] = (at_us, high_us)
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
