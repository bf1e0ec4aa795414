"""What the guard remembers of one channel: its last pulse, its burst, its last second and ten.

Both windows are exact, for they hold the pulses and bursts themselves: as many as the least
interval of two pulses lets through, so never more than the caps allow.
"""

from collections import deque
from itertools import pairwise
from typing import Final

from fes_ctrl.model import Capabilities
from fes_ctrl.safety.felt import BEGINS, GOES_ON, UNCLEAR, Felt
from fes_ctrl.units import NEVER_US, MicroAmp, Us

SECOND_US: Final = 1_000_000
"""The window of r.m.s. current, density and power."""

DUTY_WINDOW_US: Final = 10_000_000


class ChannelAccount:
    """One channel.

    Parameters
    ----------
    device : Capabilities
        Whose output it is.

    Attributes
    ----------
    last_us : int
        Its last pulse.
    felt : Felt
        When its pulses were felt, and so whether the next one begins a burst.
    burst_from_us : int
        The first pulse of its burst.
    rises_from_us : int
        What its rise counts from: its first pulse, or a later one that may have been felt as one,
        or the first after one that was skipped while it rose; ``NEVER_US`` where that is still to
        come.
    peak_ua, last_peak_ua : int
        Highest current surely felt of its burst so far, and of the burst before; 0 after
        ``start_over``. Where it is unclear which is which, the lower. A device that repeats may
        give an update in none of its rounds, but of two in turn it gives one.
    square : int
        The square of its current, integrated over the second that ends with ``forget``'s instant,
        uA2 us; a pulse counts as a whole, from its instant until a second later.
    on_us : int
        How much of the ten seconds until then was from one pulse to the next of the same burst.
    duty_high : bool
        It has been warned of.
    """

    __slots__ = (
        "_began_us",
        "_bursts",
        "_bursts_us",
        "_pulses",
        "_repeats",
        "burst_from_us",
        "duty_high",
        "felt",
        "last_peak_ua",
        "last_us",
        "on_us",
        "peak_ua",
        "rises_from_us",
        "square",
    )

    def __init__(self, device: Capabilities) -> None:
        self._pulses: deque[tuple[Us, int]] = deque()
        self._bursts: deque[list[Us]] = deque()
        self._bursts_us: Us = 0
        self._repeats = bool(device.period_us)
        self.felt = Felt(device)
        self.last_us: Us = -NEVER_US
        self.burst_from_us: Us = -NEVER_US
        self.rises_from_us: Us = -NEVER_US
        self.square = 0
        self.on_us: Us = 0
        self.duty_high = False
        self.start_over()

    def __len__(self) -> int:
        """Return how much is held: pulses and bursts."""
        return len(self._pulses) + len(self._bursts)

    def start_over(self) -> None:
        """Forget how strong it was; the next pulse begins a first burst."""
        self.peak_ua: MicroAmp = 0
        self.last_peak_ua: MicroAmp = 0
        self._began_us: Us = NEVER_US

    def skipped(self, at_us: Us, ramp_us: Us) -> None:
        """Take note that a pulse was not given: its burst counts for what was felt of it.

        What comes after one that was missing in the rise would be felt as a steeper rise: it
        begins anew.

        Parameters
        ----------
        at_us : int
            The pulse's planned instant.
        ramp_us : int
            How long a rise takes at least.
        """
        if at_us < self.rises_from_us + ramp_us:
            self.rises_from_us = NEVER_US
        began_us = self._began_us
        if self.felt.skipped(at_us) < began_us:
            # Of an earlier burst, or nobody knows which: how strong the last was is not known.
            self.start_over()
            return
        self.peak_ua = self._surely_felt_ua(self.felt.currents_ua(began_us))

    def _surely_felt_ua(self, currents_ua: list[MicroAmp]) -> MicroAmp:
        """Return the highest current that was felt of some in turn, whichever of them were.

        If none of a burst was felt, the next one is measured by the burst before.
        """
        if not currents_ua:
            return self.last_peak_ua
        if not self._repeats:
            return max(currents_ua)
        in_turn_ua = pairwise([self.last_peak_ua, *currents_ua])
        return max([min(pair_ua) for pair_ua in in_turn_ua])

    def forget(self, at_us: Us) -> None:
        """Let go of what is older than the windows that end at an instant."""
        pulses = self._pulses
        oldest_us = at_us - SECOND_US
        while pulses and pulses[0][0] <= oldest_us:
            self.square -= pulses.popleft()[1]
        bursts = self._bursts
        oldest_us = at_us - DUTY_WINDOW_US
        while bursts and bursts[0][1] <= oldest_us:
            from_us, to_us = bursts.popleft()
            self._bursts_us -= to_us - from_us
        self.on_us = self._bursts_us
        if bursts:
            self.on_us -= max(0, oldest_us - bursts[0][0])

    def enter(
        self, at_us: Us, now_us: Us, expires_us: Us, current_ua: MicroAmp, square: int, parting: int
    ) -> None:
        """Enter a pulse that is let through; they come in order.

        Parameters
        ----------
        at_us, now_us, expires_us : int
            Its planned instant, when it is let through, and until when it holds.
        current_ua : int
            Without sign.
        square : int
            Its square of the current, integrated.
        parting : int
            Whether it begins a burst, as ``felt.parting`` has it. Where that is unclear, it rises
            as if it did, and counts as long as if it did not.
        """
        if parting == GOES_ON:
            if self.rises_from_us == NEVER_US:
                self.rises_from_us = at_us
            # Most pulses are as strong as the one before.
            if current_ua != self.peak_ua:
                before_ua = self.felt.current_ua if self._repeats else current_ua
                self.peak_ua = max(self.peak_ua, min(before_ua, current_ua))
        else:
            self._began_us = now_us
            self.rises_from_us = at_us
            before_ua = self.peak_ua
            if parting == UNCLEAR:
                before_ua = min(before_ua, self.last_peak_ua)
            self.last_peak_ua = before_ua
            self.peak_ua = min(current_ua, before_ua) if self._repeats else current_ua
        if parting == BEGINS or not self._bursts:
            self.burst_from_us = at_us
            self._bursts.append([at_us, at_us])
        else:
            self._bursts[-1][1] = at_us
            self._bursts_us += at_us - self.last_us
        self.last_us = at_us
        self.felt.enter(at_us, now_us, expires_us, current_ua)
        self._pulses.append((at_us, square))
        self.square += square
