"""One coordinate of a limb: at rest, or on smooth ways from value to value.

Value, rate and acceleration are those of one function of time, so they belong together.

References
----------
Point-to-point movements are of minimum jerk: Flash and Hogan, J Neurosci 5:1688, 1985.
"""

from collections import deque


class Course:
    """A coordinate and the ways that it has yet to go.

    Attributes
    ----------
    value, rate, change : float
        At the instant it was last advanced to; per second and per second squared.
    """

    __slots__ = (
        "_from",
        "_span_ms",
        "_start_ms",
        "_thuds",
        "_to",
        "_under_way",
        "_ways",
        "change",
        "rate",
        "value",
    )

    def __init__(self, value: float = 0.0) -> None:
        self.value: float = value
        self.rate: float = 0.0
        self.change: float = 0.0
        self._ways: deque[tuple[float, int, int, bool]] = deque()
        self._under_way: bool = False
        self._from: float = value
        self._to: float = value
        self._start_ms: int = 0
        self._span_ms: int = 1
        self._thuds: bool = False

    def go(self, to: float, start_ms: int, span_ms: int, *, thuds: bool = False) -> None:
        """Go to a value; ways are gone in the order in which they are given.

        Parameters
        ----------
        to : float
            Where to.
        start_ms, span_ms : int
            From when, and for how long; not before the way before is done.
        thuds : bool
            Arrive at speed and be stopped, as a foot by the ground; else come to rest smoothly.
        """
        self._ways.append((to, start_ms, max(1, span_ms), thuds))

    def advance(self, t_ms: int) -> None:
        """Go on to an instant; instants never go backwards."""
        while True:
            if self._under_way:
                if t_ms < self._start_ms + self._span_ms:
                    break
                self._under_way = False
                self._from = self._to
            if not self._ways or t_ms < self._ways[0][1]:
                self.value = self._from
                self.rate = 0.0
                self.change = 0.0
                return
            self._to, self._start_ms, self._span_ms, self._thuds = self._ways.popleft()
            self._under_way = True
        span_s = 0.001 * self._span_ms
        u = (t_ms - self._start_ms) / self._span_ms
        v = 1.0 - u
        if self._thuds:
            # Fastest at two thirds of the time, stopped in the last.
            share = u * u * u * (4.0 - 3.0 * u)
            rate = 12.0 * u * u * v
            change = 12.0 * u * (2.0 - 3.0 * u)
        else:
            share = u * u * u * (10.0 - u * (15.0 - 6.0 * u))
            rate = 30.0 * u * u * v * v
            change = 60.0 * u * v * (1.0 - 2.0 * u)
        way = self._to - self._from
        self.value = self._from + way * share
        self.rate = way * rate / span_s
        self.change = way * change / (span_s * span_s)
