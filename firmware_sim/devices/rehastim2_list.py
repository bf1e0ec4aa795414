"""Channel lists of a RehaStim2: which pulses each round gives, and when.

A round begins every main interval. The two sources (channels 1 to 4, and 5 to 8) work side by
side; the channels of one take turns, a slot of 1.5 ms each. Fixed execution leaves the slots of
channels empty that are not active, fast execution closes up. A doublet or triplet repeats its
slot at the inter-pulse interval. A channel of the low-frequency group sits out so many rounds as
the factor says. What slots mean in detail is not stated by the vendor, and assumed so.

References
----------
HASOMED ScienceMode2 protocol description (github.com/ScienceMode/ScienceMode2).
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode2 as sm2

SLOT_US: Final = 1_500
SOURCE_CHANNELS: Final = 4
MAIN_MIN_US: Final = 8_000

Due = tuple[Us, int, sm2.ListPulse]


class ChannelList:
    """A list that has been initialised: its rounds, once it is started.

    Parameters
    ----------
    setup : ListSetup
        What the host has set up.

    Attributes
    ----------
    running : bool
        It has been started.
    next_us : int
        When the next pulse is due; ``NEVER_US`` if none.
    """

    __slots__ = ("_due", "_pulses", "_round", "_round_us", "_setup", "channels", "running")

    def __init__(self, setup: sm2.ListSetup) -> None:
        self._setup = setup
        self.channels: list[int] = [
            channel for channel in range(sm2.CHANNELS) if setup.channels >> channel & 1
        ]
        self._pulses: tuple[sm2.ListPulse, ...] = ()
        self._round = 0
        self._round_us: Us = NEVER_US
        self._due: list[Due] = []
        self.running = False

    def start(self, now_us: Us, pulses: tuple[sm2.ListPulse, ...]) -> int:
        """Start, or update what the next round gives; return the result.

        An update overwrites the one before it, whether a round has given that or not.
        """
        setup = self._setup
        if len(pulses) != len(self.channels):
            return sm2.PARAMETER_ERROR
        for pulse in pulses:
            group_us = (pulse.mode + 1) * setup.group_us + SLOT_US
            if setup.main_us != sm2.ONE_SHOT_US and pulse.mode and group_us > setup.main_us:
                return sm2.PARAMETER_ERROR
        if setup.main_us == sm2.ONE_SHOT_US:
            if self._due:
                return sm2.BUSY
            self._round_us = now_us
        elif not self.running:
            self._round_us = now_us
        self._pulses = pulses
        self.running = True
        return sm2.NO_ERROR

    @property
    def next_us(self) -> Us:
        """When something of it is due."""
        return self._due[0][0] if self._due else self._round_us

    def take(self) -> Due | None:
        """Return what is due at ``next_us``: instant, channel and pulse; nothing as a round begins.

        A round begins with the list as it is then.
        """
        if self._due:
            return self._due.pop(0)
        at_us = self._round_us
        setup = self._setup
        for position, channel in enumerate(self.channels):
            pulse = self._pulses[position]
            low = setup.low_channels >> channel & 1
            if low and self._round % (setup.factor + 1):
                continue
            begin_us = at_us + SLOT_US * self._slot(channel)
            for repeat in range(pulse.mode + 1):
                self._due.append((begin_us + repeat * setup.group_us, channel, pulse))
        self._due.sort()
        self._round += 1
        self._round_us = NEVER_US if setup.main_us == sm2.ONE_SHOT_US else at_us + setup.main_us
        return None

    def _slot(self, channel: int) -> int:
        first = channel // SOURCE_CHANNELS * SOURCE_CHANNELS
        if self._setup.execution == sm2.FIXED:
            return channel - first
        return len([other for other in self.channels if first <= other < channel])


def valid(setup: sm2.ListSetup) -> bool:
    """Return whether a device takes such a list: rounds and groups that fit into each other."""
    if setup.low_channels & ~setup.channels or not setup.channels:
        return False
    if setup.main_us == sm2.ONE_SHOT_US:
        return True
    most = max(
        (setup.channels & 0x0F).bit_count(),
        (setup.channels >> SOURCE_CHANNELS).bit_count(),
    )
    return setup.main_us >= max(MAIN_MIN_US, most * SLOT_US + SLOT_US)
