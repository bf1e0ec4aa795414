"""What is wrong with a simulated device, from when to when, and since when it shows."""

from typing import Final

from fes_ctrl.units import NEVER_US, Us
from firmware_sim.injections import Acknowledgement, amount_of
from firmware_sim.output import Points

LOST: Final = "answers_lost"
DELAYED: Final = "answers_delayed"
TO_NOBODY: Final = "answers_to_nobody"
RESET: Final = "device_reset"
SWAPPED: Final = "device_swapped"
STUCK_ON: Final = "device_stuck_on"
EMERGENCY: Final = "emergency_switch"
MODULE: Final = "module_failed"
KNOWN: Final = (LOST, DELAYED, TO_NOBODY, RESET, SWAPPED, STUCK_ON)

REPEAT_US: Final = 25_000
"""A device that is stuck repeats its last pulse at this distance."""


class Defects:
    """The injections of one device.

    Parameters
    ----------
    own : tuple of str
        What can go wrong with this kind of device besides, and begins and ends by itself.

    Attributes
    ----------
    any : bool
        Whether there is one at all.
    acknowledgements : list of Acknowledgement
        Those that have had an effect.
    other : bool
        The device is another one by now.
    stuck_next_us : int
        When a device that is stuck gives its next pulse; ``NEVER_US`` while it is not.
    """

    __slots__ = (
        "_channel",
        "_own",
        "_points",
        "_pulse_us",
        "_spans",
        "_turns",
        "acknowledgements",
        "any",
        "other",
        "stuck_next_us",
    )

    def __init__(self, own: tuple[str, ...] = ()) -> None:
        self._own = own
        self._turns: list[tuple[Us, str, bool]] = []
        self._spans: list[tuple[str, Us, Us, float]] = []
        self._pulse_us: Us = -NEVER_US
        self._channel = 0
        self._points: Points = ()
        self.acknowledgements: list[Acknowledgement] = []
        self.any = False
        self.other = False
        self.stuck_next_us: Us = NEVER_US

    def add(self, name: str, from_us: Us, to_us: Us, amount: float) -> None:
        """Take one more.

        Raises
        ------
        ValueError
            If devices do not know it.
        """
        if name in self._own:
            if from_us < to_us:
                self._turns = sorted([*self._turns, (from_us, name, True), (to_us, name, False)])
            return
        if name not in KNOWN:
            message = f"the device does not know the injection {name!r}"
            raise ValueError(message)
        self._spans.append((name, from_us, to_us, amount_of(name, amount)))
        self.any = True

    def holds(self, name: str, now_us: Us) -> float:
        """Return how much of it holds now, 0 for not at all; that it has had an effect is noted."""
        for known, from_us, to_us, amount in self._spans:
            if known == name and from_us <= now_us < to_us:
                self.reach(name, now_us)
                return amount or 1.0
        return 0.0

    def starts(self, now_us: Us) -> bool:
        """Return whether the device starts anew now, maybe as another: once for each injection."""
        for index, (name, from_us, _, _) in enumerate(self._spans):
            if name in {RESET, SWAPPED} and from_us <= now_us:
                del self._spans[index]
                self.other = self.other or name == SWAPPED
                self.reach(name, now_us)
                return True
        return False

    @property
    def turn_us(self) -> Us:
        """When something of the device's own begins or ends next."""
        return self._turns[0][0] if self._turns else NEVER_US

    def turn(self) -> tuple[str, bool]:
        """Take what begins or ends then: which, and whether it begins."""
        _, name, begins = self._turns.pop(0)
        return name, begins

    def reach(self, name: str, now_us: Us) -> None:
        """Take note that one has had an effect."""
        for known in self.acknowledgements:
            if known.name == name:
                return
        self.acknowledgements.append(Acknowledgement(name, now_us))

    def gave(self, now_us: Us, channel: int, points: Points) -> None:
        """Remember the last pulse."""
        self._pulse_us = now_us
        self._channel = channel
        self._points = points

    def stuck(self, now_us: Us) -> bool:
        """Return whether the device is stuck; it becomes so once it has given a pulse."""
        if self.stuck_next_us != NEVER_US:
            return True
        if not self._points:
            return False
        if not self.holds(STUCK_ON, now_us):
            return False
        self.stuck_next_us = max(now_us, self._pulse_us + REPEAT_US)
        return True

    def repeat(self) -> tuple[Us, int, Points]:
        """Return the pulse that is due: instant, channel and points."""
        at_us = self.stuck_next_us
        self.stuck_next_us = at_us + REPEAT_US
        return at_us, self._channel, self._points

    def cut(self) -> None:
        """End what only a cut line ends."""
        self.stuck_next_us = NEVER_US
        self._spans = [span for span in self._spans if span[0] != STUCK_ON]
