"""What the guard remembers of one channel: its last pulse, its burst, its last second and ten.

Both windows are exact, for they hold the pulses and spans themselves: as many as the least interval
of two pulses lets through, so never more than the caps allow.
"""

from collections import deque
from typing import Final

from fes_ctrl.units import NEVER_US, MicroAmp, Us

SECOND_US: Final = 1_000_000
"""The window of r.m.s. current, density and power."""

DUTY_WINDOW_US: Final = 10_000_000

REMEMBERED: Final = 16
"""Pulses that may still turn out to have been skipped; the first of so many is more than a pause
ago, at the highest rate that any limit allows."""

SLOWEST_US: Final = 500_000
"""Pulses further apart than this are no train, each is a twitch of its own."""


class ChannelAccount:
    """One channel.

    Attributes
    ----------
    last_us : int
        Its last pulse.
    given_us : int
        When the last pulse was let through that is not known to have been skipped.
    burst_from_us : int
        The first pulse of its burst.
    rises_from_us : int
        What its rise counts from: its first pulse, or the first after one that was skipped while it
        rose; ``NEVER_US`` where that is still to come.
    peak_ua, last_peak_ua : int
        Highest current of its burst so far, and of the burst before; 0 after ``start_over``.
    square : int
        The square of its current, integrated over the second that ends with ``forget``'s instant,
        uA2 us; a pulse counts as a whole, from its instant until a second later.
    on_us : int
        How much of the ten seconds until then was from one pulse to the next of the same burst.
    slow_us : int
        From the last pulse but one to the last; 0 where that is more than ``SLOWEST_US``, or one
        was skipped since. A train of pulses so far apart is one burst.
    duty_high : bool
        It has been warned of.
    """

    __slots__ = (
        "_began_us",
        "_given",
        "_pulses",
        "_spans",
        "_spans_us",
        "burst_from_us",
        "duty_high",
        "given_us",
        "last_peak_ua",
        "last_us",
        "on_us",
        "peak_ua",
        "rises_from_us",
        "slow_us",
        "square",
    )

    def __init__(self) -> None:
        self._pulses: deque[tuple[Us, int]] = deque()
        self._spans: deque[tuple[Us, Us]] = deque()
        self._spans_us: Us = 0
        self._began_us: Us = -NEVER_US
        self._given: deque[tuple[Us, Us]] = deque(maxlen=REMEMBERED)
        self.given_us: Us = -NEVER_US
        self.last_us: Us = -NEVER_US
        self.burst_from_us: Us = -NEVER_US
        self.rises_from_us: Us = -NEVER_US
        self.peak_ua: MicroAmp = 0
        self.last_peak_ua: MicroAmp = 0
        self.square = 0
        self.on_us: Us = 0
        self.slow_us: Us = 0
        self.duty_high = False

    def __len__(self) -> int:
        """Return how much is held: pulses and spans."""
        return len(self._pulses) + len(self._spans)

    def start_over(self) -> None:
        """Forget how strong it was; the next pulse begins a first burst."""
        self.peak_ua = 0
        self.last_peak_ua = 0

    def skipped(self, at_us: Us, ramp_us: Us) -> None:
        """Take note that a pulse was not given: its burst counts for no more than the last one.

        What comes after one that was missing in the rise would be felt as a steeper rise: it
        begins anew. So does a burst of which so much was missing that it was felt as a pause.

        Parameters
        ----------
        at_us : int
            The pulse's planned instant.
        ramp_us : int
            How long a rise takes at least.
        """
        self.peak_ua = min(self.peak_ua, self.last_peak_ua)
        if at_us < self.rises_from_us + ramp_us:
            self.rises_from_us = NEVER_US
        for given in self._given:
            if given[0] == at_us:
                self._given.remove(given)
                break
        self.given_us = self._given[-1][1] if self._given else -NEVER_US
        # A train that lacks a pulse is none.
        self.slow_us = 0
        if self.given_us < self._began_us:
            # Nothing of it was felt: the next one is measured by the burst before.
            self.peak_ua = self.last_peak_ua

    def forget(self, at_us: Us) -> None:
        """Let go of what is older than the windows that end at an instant."""
        pulses = self._pulses
        oldest_us = at_us - SECOND_US
        while pulses and pulses[0][0] <= oldest_us:
            self.square -= pulses.popleft()[1]
        spans = self._spans
        oldest_us = at_us - DUTY_WINDOW_US
        while spans and spans[0][1] <= oldest_us:
            from_us, to_us = spans.popleft()
            self._spans_us -= to_us - from_us
        self.on_us = self._spans_us
        if spans:
            self.on_us -= max(0, oldest_us - spans[0][0])

    def enter(
        self, at_us: Us, now_us: Us, current_ua: MicroAmp, square: int, *, begins: bool
    ) -> None:
        """Enter a pulse that is let through; they come in order.

        Parameters
        ----------
        at_us, now_us : int
            Its planned instant, and when it is let through.
        current_ua : int
            Without sign.
        square : int
            Its square of the current, integrated.
        begins : bool
            It is the first of a burst.
        """
        since_us = at_us - self.last_us
        self.slow_us = since_us if since_us <= SLOWEST_US else 0
        if begins or self.rises_from_us == NEVER_US:
            self.rises_from_us = at_us
        if begins:
            self._began_us = now_us
            self.burst_from_us = at_us
            self.last_peak_ua = self.peak_ua
            self.peak_ua = current_ua
        else:
            last_us = self.last_us
            self._spans.append((last_us, at_us))
            self._spans_us += at_us - last_us
            self.peak_ua = max(self.peak_ua, current_ua)
        self.last_us = at_us
        self.given_us = now_us
        self._given.append((at_us, now_us))
        self._pulses.append((at_us, square))
        self.square += square
