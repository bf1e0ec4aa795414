"""Pulses that wait for their turn, and when each may be written.

A pulse is written at its instant, or as soon after as the line and the channel's last pulse let
it, and never after its time is over.
"""

from collections import deque
from typing import Final

from fes_ctrl.model import Setpoint
from fes_ctrl.units import NEVER_US, Us

PROMPT_US: Final = 5_000
"""An answer that takes longer than this is late, however slow those before it were."""

WAVERS_US: Final = 1_500
"""Answers differ by so much with nothing wrong: 0.7 ms either way on the bench's cable."""


class PulseQueue:
    """The pulses of one stimulator that were let through and are not written yet.

    Parameters
    ----------
    channels : int
        Outputs of the device.
    min_interval_us : int
        Least distance of two pulses of a channel as they are written, whatever the jitter.
    prompt_us, wavers_us : int
        An answer that takes longer is late, and by how much answers differ with nothing wrong.
    """

    __slots__ = (
        "_channel",
        "_fastest_us",
        "_held",
        "_last_us",
        "_min_interval_us",
        "_wavers_us",
    )

    def __init__(
        self,
        channels: int,
        min_interval_us: Us,
        prompt_us: Us = PROMPT_US,
        wavers_us: Us = WAVERS_US,
    ) -> None:
        self._min_interval_us = min_interval_us
        self._held: deque[Setpoint] = deque()
        self._last_us: list[Us] = [-NEVER_US] * channels
        self._channel = 0
        self._fastest_us: Us = prompt_us
        self._wavers_us = wavers_us

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._held)

    def hold(self, setpoint: Setpoint) -> None:
        """Take a pulse that is to be written."""
        self._held.append(setpoint)

    def clear(self) -> None:
        """Let go of all that wait."""
        self._held.clear()

    def drop(self) -> Setpoint:
        """Let go of the first that waits, and return it."""
        return self._held.popleft()

    def expired(self, now_us: Us) -> Setpoint | None:
        """Let go of the first that waits if its time is over, and return it."""
        if self._held and now_us > self._held[0].expires_us:
            return self._held.popleft()
        return None

    def due(self, now_us: Us) -> Setpoint | None:
        """Take the first that waits if it is its turn: it counts as written now."""
        if not self._held or now_us < self._earliest_us(self._held[0]):
            return None
        setpoint = self._held.popleft()
        self._channel = setpoint.channel
        self._last_us[setpoint.channel] = now_us
        return setpoint

    def answered(self, sent_us: Us, now_us: Us) -> None:
        """Take note of the answer to the pulse that was written last.

        A line that was blocked gives the pulse late, and its answer as late. The next must keep its
        distance from when the pulse may have been given, not from when it was written.
        """
        took_us = now_us - sent_us
        self._fastest_us = min(self._fastest_us, took_us)
        late_us = took_us - self._fastest_us - self._wavers_us
        self._last_us[self._channel] = sent_us + max(0, late_us)

    def missed(self, now_us: Us) -> int:
        """Take note that the last pulse was given by now, or never; return its channel."""
        self._last_us[self._channel] = now_us
        return self._channel

    def wake_at_us(self, *, blocked: bool) -> Us:
        """Return when something is to be done: the first is due, or it has expired.

        Parameters
        ----------
        blocked : bool
            Nothing may be written now.
        """
        if not self._held:
            return NEVER_US
        setpoint = self._held[0]
        earliest_us = self._earliest_us(setpoint)
        if blocked or earliest_us > setpoint.expires_us:
            return setpoint.expires_us + 1
        return earliest_us

    def _earliest_us(self, setpoint: Setpoint) -> Us:
        return max(setpoint.at_us, self._last_us[setpoint.channel] + self._min_interval_us)
