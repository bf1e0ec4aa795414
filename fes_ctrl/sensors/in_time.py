"""Readings that came over a network: which of them are of the present.

A network may hold a reading for any time, hand it on twice, or lose it; and what a queue holds
comes all at once when it moves again. So a reading counts only where its own stamp says that it is
in time: late data is no data, and data of unknown age is none either.

One way alone, a delay that is always there cannot be told from clocks that differ. What can be had
is this: readings are compared with the fastest of their line of readings, and that comparison is
never given up for slower ones, but for what two clocks may drift apart.
"""

from typing import Final

from fes_ctrl.units import Us

MAX_AGE_US: Final = 60_000
"""With it and a period of 20 ms, a stream that is only just in time is still within the 100 ms
(``limits.sensor_max_age_ms``) after which a sensor is silent; the rest is for the least delay of
the network, which nobody sees."""

CLOCK_PPM: Final = 200
"""Two crystals, each wrong by 100 ppm at worst."""

SETTLE_US: Final = 1_000_000
"""A line of readings is believed when it has gone on for so long without growing younger."""

WITHOUT_US: Final = 200_000
"""Before a line is believed it may not pause for longer."""

YOUNGER_US: Final = 20_000
"""Readings that come faster than the fastest before by more than this say that those were old."""

FORGET_US: Final = 60_000_000
"""After such a silence whatever comes is new; until then clocks part by 12 ms at most."""

RESTART_US: Final = 1_000_000
"""How far a board's clock may be ahead of its restart as it is known here."""

STAMP_WRAP_US: Final = 1 << 32
"""The microseconds of many boards begin anew after 71 minutes."""

COUNT_WRAPS: Final = (1 << 16, 1 << 32)
MOST_OVER_A_WRAP: Final = 1000


class Line:
    """Readings that go on: number and stamp rise from each to the next.

    Attributes
    ----------
    seq : int
        Of the last one.
    device_us, arrive_us : int
        Its stamp, without the wraps of its counter, and when it came.
    least_us : int
        The least difference of arrival and stamp: clocks and least delay.
    """

    __slots__ = (
        "_drift",
        "_least_then_us",
        "_ppm",
        "_since_us",
        "_timely_us",
        "_waited_us",
        "_wraps_us",
        "arrive_us",
        "device_us",
        "least_us",
        "seq",
    )

    def __init__(self, seq: int, device_us: Us, arrive_us: Us, clock_ppm: int) -> None:
        self.seq = seq
        self.device_us = device_us
        self.arrive_us = arrive_us
        self.least_us = self._least_then_us = arrive_us - device_us
        self._ppm = clock_ppm
        self._since_us = self._timely_us = arrive_us
        self._drift = 0
        self._waited_us: Us = 0
        self._wraps_us: Us = 0

    def unwrapped(self, device_us: Us) -> Us:
        """Return a stamp as if its counter had no end."""
        whole_us = device_us + self._wraps_us
        back_us = self.device_us - whole_us
        if 0 <= STAMP_WRAP_US - back_us < FORGET_US and device_us < STAMP_WRAP_US:
            whole_us += STAMP_WRAP_US
        return whole_us

    def rise(self, seq: int) -> int:
        """Return how far a number is above the last one, over the end of a counter too."""
        rise = seq - self.seq
        for wrap in COUNT_WRAPS:
            if rise <= 0 and self.seq < wrap and 0 < rise + wrap <= MOST_OVER_A_WRAP:
                return rise + wrap
        return rise

    def younger(self, device_us: Us, arrive_us: Us) -> bool:
        """Return whether a reading came so fast that those of before were old ones."""
        return arrive_us - self.unwrapped(device_us) < self._least_then_us - YOUNGER_US

    def goes_on(self, seq: int, device_us: Us) -> bool:
        """Return whether a reading belongs after the last one."""
        return self.rise(seq) > 0 and self.unwrapped(device_us) > self.device_us

    def take(self, seq: int, device_us: Us, arrive_us: Us) -> Us:
        """Take the next reading; return how much older it is than the fastest."""
        whole_us = self.unwrapped(device_us)
        self._wraps_us = whole_us - device_us
        self._waited_us = arrive_us - self.arrive_us
        self.seq, self.device_us, self.arrive_us = seq, whole_us, arrive_us
        return arrive_us - whole_us - self.least_us

    def learn(self) -> None:
        """Let the last reading, which was in time, say how the clocks differ.

        Only such a reading lets their difference rise: were it so with late ones, a queue that
        stands for long would be taken for a clock.
        """
        drift = self._drift + (self.arrive_us - self._timely_us) * self._ppm
        risen_us, self._drift = divmod(drift, 1_000_000)
        self._timely_us = self.arrive_us
        self.least_us = min(self.least_us + risen_us, self.arrive_us - self.device_us)
        if self.arrive_us - self._since_us >= SETTLE_US:
            self._since_us, self._least_then_us = self.arrive_us, self.least_us

    def settled(self) -> bool:
        """Take note of the last reading; return whether what it says of the clocks has settled."""
        difference_us = self.arrive_us - self.device_us
        self.least_us = min(self.least_us, difference_us)
        self._timely_us = self.arrive_us
        younger = self.least_us < self._least_then_us - YOUNGER_US
        settled = self.arrive_us - self._since_us >= SETTLE_US
        if younger or settled or self._waited_us > WITHOUT_US:
            self._since_us, self._least_then_us = self.arrive_us, self.least_us
        return settled and not younger and self._waited_us <= WITHOUT_US


class InTime:
    """Judges the readings of one sensor, one after the other.

    Parameters
    ----------
    max_age_us : int
        A reading that is older when it comes is late.
    clock_ppm : int
        So much slower than the host's may the sensor's clock be.

    Attributes
    ----------
    counted : int
        Readings that were in time.
    late, lost, disordered, unstamped : int
        Readings that were late; that never came; that came again or out of order, or whose number
        does not rise; that bear no time. Each is counted once.
    last_late_us : int
        The age of the last late one.
    held : int
        Readings that only told how the clocks differ.
    lines : int
        How often readings began anew and were believed again, the first time too.
    """

    __slots__ = (
        "_bare",
        "_bare_seq",
        "_known",
        "_max_age_us",
        "_new",
        "_ppm",
        "counted",
        "disordered",
        "held",
        "last_late_us",
        "late",
        "lines",
        "lost",
        "unstamped",
    )

    def __init__(self, max_age_us: Us = MAX_AGE_US, clock_ppm: int = CLOCK_PPM) -> None:
        self._max_age_us = max_age_us
        self._ppm = clock_ppm
        self._known: Line | None = None
        self._new: Line | None = None
        self.counted = self.late = self.lost = self.disordered = self.unstamped = 0
        self.last_late_us: Us = 0
        self.held = self.lines = 0
        # Without their time since the last reading: they came, and are not lost.
        self._bare = self._bare_seq = 0

    def place(self, seq: int, device_us: Us | None, arrive_us: Us) -> Us | None:
        """Return when a reading was taken, on the host's clock; ``None`` where it does not count.

        Parameters
        ----------
        seq : int
            Its number.
        device_us : int or None
            The sensor's own time; of unknown age is a reading that bears none.
        arrive_us : int
            When it came; never before the last one.
        """
        if device_us is None:
            self.unstamped += 1
            self._came_bare(seq)
            return None
        known = self._known
        if known is not None and arrive_us - known.arrive_us > FORGET_US:
            known = self._known = None
        if known is not None:
            if known.goes_on(seq, device_us):
                if not known.younger(device_us, arrive_us):
                    self._new = None
                    return self._judge(known, seq, device_us, arrive_us)
            elif known.rise(seq) <= 0 and not _began_anew(known, device_us, arrive_us):
                self.disordered += 1
                return None
        self._try(seq, device_us, arrive_us)
        return None

    def _came_bare(self, seq: int) -> None:
        known = self._known
        if known is not None and known.rise(seq) > (
            known.rise(self._bare_seq) if self._bare else 0
        ):
            self._bare += 1
            self._bare_seq = seq

    def _judge(self, line: Line, seq: int, device_us: Us, arrive_us: Us) -> Us | None:
        rise = line.rise(seq)
        if self._bare and line.rise(self._bare_seq) < rise:
            self.lost -= self._bare
            self._bare = 0
        self.lost += rise - 1
        age_us = line.take(seq, device_us, arrive_us)
        if age_us > self._max_age_us:
            self.late += 1
            self.last_late_us = age_us
            return None
        line.learn()
        self.counted += 1
        return line.device_us + line.least_us

    def _try(self, seq: int, device_us: Us, arrive_us: Us) -> None:
        """Let a line of readings begin, or go on until it is believed."""
        self.held += 1
        new = self._new
        if new is None or not new.goes_on(seq, device_us):
            if new is not None and new.rise(seq) <= 0:
                self.disordered += 1
            self._new = Line(seq, device_us, arrive_us, self._ppm)
            return
        new.take(seq, device_us, arrive_us)
        if new.settled():
            self._known, self._new = new, None
            self._bare = 0
            self.lines += 1


def _began_anew(known: Line, device_us: Us, arrive_us: Us) -> bool:
    """Return whether a reading whose number does not rise can be of a board that was restarted.

    Its clock goes on, or it began after the last reading was taken: what is older than that was
    handed on late, or twice.
    """
    since_us = arrive_us - (known.device_us + known.least_us)
    return known.unwrapped(device_us) > known.device_us or device_us <= since_us + RESTART_US
