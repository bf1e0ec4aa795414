"""How much of the last ten seconds was under stimulation, exactly and in constant memory."""

from collections import deque
from typing import Final

from fes_ctrl.units import Us

WINDOW_US: Final = 10_000_000


class DutyWindow:
    """The union of the intervals from each pulse to the next one of its burst."""

    __slots__ = ("_on_us", "_spans")

    def __init__(self) -> None:
        self._spans: deque[tuple[Us, Us]] = deque()
        self._on_us: Us = 0

    def add(self, from_us: Us, to_us: Us) -> None:
        """Add the time from one pulse to the next; spans come in order and do not overlap."""
        self._spans.append((from_us, to_us))
        self._on_us += to_us - from_us

    def percent(self, now_us: Us) -> float:
        """Return the share of the last ten seconds, 0 to 100."""
        oldest_us = now_us - WINDOW_US
        spans = self._spans
        while spans and spans[0][1] <= oldest_us:
            from_us, to_us = spans.popleft()
            self._on_us -= to_us - from_us
        cut_us = 0
        if spans and spans[0][0] < oldest_us:
            cut_us = oldest_us - spans[0][0]
        return (self._on_us - cut_us) * 100.0 / WINDOW_US
