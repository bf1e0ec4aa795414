"""When the pulses of one channel were felt, and where that parts two bursts.

A train goes on, however slow, for as long as no pause stands out from it. A *pause* is a distance
from one pulse to the next at the electrode of more than ``BURST_GAP_US`` that is also more than
half as long again as the distance before it, or of more than ``SLOWEST_US``. Pulses further apart
than ``SLOWEST_US`` are no train: the distance after such a one is measured against nothing. A pulse
that was skipped is none, so distances reach over it.

The host knows no instant at the electrode, only bounds: a pulse is felt when it is let through at
the earliest, and at the latest ``DRAWN_OUT_US``, and what the device's own time varies by, after it
has expired. So whether there was a pause may stay unclear, and whoever asks takes it both ways.

A device that repeats by itself gives the last pulse again and again, a period apart, until its list
has lingered to its end: a setpoint that never came need not have been missed by anybody.
"""

from collections import deque
from typing import Final

from fes_ctrl.model import Capabilities
from fes_ctrl.units import NEVER_US, MicroAmp, Us

BURST_GAP_US: Final = 100_000
"""No shorter distance is a pause."""

SLOWEST_US: Final = 500_000
"""Pulses further apart than this are no train, each is a twitch of its own."""

DRAWN_OUT_US: Final = 5_000
"""So long after its time is over a pulse may still be felt: line, device and a late turn of the
loop. What all pulses take alike is no matter."""

NO_TRAIN_US: Final = 0
"""Stands for a distance that nothing is measured by."""

REMEMBERED_US: Final = 1_000_000
"""For so long a pulse may still turn out to have been skipped."""

GOES_ON: Final = 0
UNCLEAR: Final = 1
BEGINS: Final = 2


def stands_out(since_us: Us, before_us: Us) -> bool:
    """Return whether a distance of more than ``BURST_GAP_US`` is a pause.

    Parameters
    ----------
    since_us : int
        From one pulse that was felt to the next.
    before_us : int
        From the one before to the first of the two, or ``NO_TRAIN_US``.
    """
    return since_us > SLOWEST_US or 2 * since_us > 3 * before_us


class Felt:
    """The pulses of one channel that are not known to have been skipped.

    Parameters
    ----------
    device : Capabilities
        What their times vary by, and whether it repeats them by itself.

    Attributes
    ----------
    earliest_us, expires_us : int
        When the last of them was let through, and until when it may be written.
    """

    __slots__ = (
        "_drawn_out_us",
        "_given",
        "_lingers_us",
        "_outlasted_us",
        "_period_us",
        "_soon_us",
        "earliest_us",
        "expires_us",
    )

    def __init__(self, device: Capabilities) -> None:
        self._period_us = device.period_us
        # A list that is begun comes sooner or later, one that runs comes in its rounds.
        varies_us = device.latency_us if device.period_us else device.spread_us
        self._drawn_out_us = DRAWN_OUT_US + varies_us
        self._lingers_us = DRAWN_OUT_US + (device.lingers_us or device.spread_us)
        # What expires so soon after another was let through comes after no pause.
        self._soon_us = BURST_GAP_US - self._drawn_out_us
        self._outlasted_us: Us = -NEVER_US
        self._given: deque[tuple[Us, Us, Us, MicroAmp]] = deque()
        self._forget(-NEVER_US)

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._given)

    def _forget(self, expires_us: Us) -> None:
        """Take it that one pulse was felt at some time or other, and no later than this."""
        self.earliest_us: Us = -NEVER_US
        self.expires_us: Us = expires_us
        self._given.clear()
        self._given.append((NEVER_US, -NEVER_US, expires_us, 0))

    def parting(self, now_us: Us, expires_us: Us) -> int:
        """Return whether a pulse that is let through now comes after a pause.

        Parameters
        ----------
        now_us, expires_us : int
            The present, and until when the pulse may be written.

        Returns
        -------
        int
            ``GOES_ON``, ``BEGINS``, or ``UNCLEAR``: it depends on when they are felt.
        """
        if self.expires_us >= now_us:
            # What may not even be written yet may turn out to be skipped.
            soon = expires_us - self._settled_us(now_us) <= self._soon_us
            return GOES_ON if soon else UNCLEAR
        since_us = expires_us - self.earliest_us + self._drawn_out_us
        goes_on = expires_us - self.expires_us <= self._period_us
        if goes_on:
            # The device repeats until then: its next round is the one that comes.
            since_us = self._period_us + DRAWN_OUT_US
        if since_us <= BURST_GAP_US:
            return GOES_ON
        least_us, most_us = self._before()
        if self._period_us and not goes_on:
            # The list may begin anew, at any distance, and that is what its rounds follow.
            least_us = NO_TRAIN_US
        if not stands_out(since_us, least_us):
            return GOES_ON
        since_us = now_us - self._until_us(self.expires_us)
        if since_us > BURST_GAP_US and stands_out(since_us, most_us):
            return BEGINS
        return UNCLEAR

    def _until_us(self, expires_us: Us) -> Us:
        """Return until when one that expired then was felt at the latest, again and again."""
        if expires_us == -NEVER_US:
            return expires_us
        return max(expires_us + self._lingers_us, self._outlasted_us + DRAWN_OUT_US)

    def _before(self) -> tuple[Us, Us]:
        """Return the least and the most that the distance before the last may have been."""
        if len(self._given) == 1:
            return NO_TRAIN_US, SLOWEST_US
        _, earliest_us, expires_us, _ = self._given[-2]
        least_us = self.earliest_us - self._until_us(expires_us)
        most_us = self.expires_us + self._drawn_out_us - earliest_us
        period_us = self._period_us
        if period_us:
            # The last may be one that was repeated; it is where the device went on until then.
            in_turn = self.expires_us - expires_us <= period_us
            if in_turn:
                least_us, most_us = period_us, period_us + DRAWN_OUT_US
            least_us = min(least_us, period_us)
        if most_us <= SLOWEST_US:
            return least_us, most_us
        return NO_TRAIN_US, SLOWEST_US if least_us <= SLOWEST_US else NO_TRAIN_US

    def outlasted(self, until_us: Us) -> None:
        """Take it that what a device repeats was felt until then, later than it was to linger."""
        self._outlasted_us = max(self._outlasted_us, until_us)

    def _settled_us(self, now_us: Us) -> Us:
        """Return when the last was let through whose time is over."""
        for _, earliest_us, expires_us, _ in reversed(self._given):
            if expires_us < now_us:
                return earliest_us
        return -NEVER_US

    def enter(self, at_us: Us, now_us: Us, expires_us: Us, current_ua: MicroAmp) -> None:
        """Enter a pulse that is let through now: when it was planned, and until when it holds."""
        given = self._given
        given.append((at_us, now_us, expires_us, current_ua))
        # One that is older stays: from it the distance to the next is known.
        while given[1][1] <= now_us - REMEMBERED_US:
            given.popleft()
        self.earliest_us = now_us
        self.expires_us = expires_us

    def skipped(self, at_us: Us) -> Us:
        """Take note that the pulse of this planned instant was not given.

        Returns
        -------
        int
            When it had been let through. Long ago where there is none: it may have been any of
            them then, and nothing is known of what was felt.
        """
        given = self._given
        # The oldest is remembered for the distance after it, and was felt.
        for index in range(1, len(given)):
            if given[index][0] == at_us:
                now_us = given[index][1]
                del given[index]
                _, self.earliest_us, self.expires_us, _ = given[-1]
                return now_us
        self._forget(self.expires_us)
        return -NEVER_US

    @property
    def current_ua(self) -> MicroAmp:
        """Current of the last of them; 0 where none is known."""
        return self._given[-1][3]

    def currents_ua(self, since_us: Us) -> list[MicroAmp]:
        """Return the currents of those that were let through since then."""
        return [ua for _, now_us, _, ua in self._given if now_us >= since_us]
