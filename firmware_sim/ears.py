"""What a box on the host's line hears: signs of life, the device made ready, the device stopped.

One ear for each protocol; whole frames count, noise does not.
"""

from typing import Final, Protocol

from fes_ctrl.units import Us
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode4 as sm4

LIFE: Final = 0
READY: Final = 1
"""Pulses may come, and the first of them begins from zero."""

STOPPED: Final = 2
"""None may come any more."""

ENDS: Final = 3
"""None may come, but for what is on its way within the device for ``latency_us``."""

GOES_ON: Final = 4
"""Pulses may come, as strong as before."""

ANEW: Final = 5
"""The next pulse begins from zero."""

READIES: Final = frozenset({sm4.LL_INIT, sm4.ML_INIT})
STOPS: Final = frozenset({sm4.LL_STOP, sm4.ML_STOP, sm4.RESET})


class Ear(Protocol):
    """Listens to one line.

    ``latency_us`` is how long a pulse may still come after a frame that ends them.
    """

    latency_us: Us

    def hear(self, data: bytes) -> list[int]:
        """Return what each whole frame means: one of the constants of this module."""
        ...


class ScienceMode4Ear:
    """Listens to the host of a P24."""

    __slots__ = ("_decoder", "latency_us")

    def __init__(self) -> None:
        self._decoder = sm4.Decoder()
        self.latency_us: Us = 0

    def hear(self, data: bytes) -> list[int]:
        """Return what each whole frame means."""
        found = []
        for _, command, _ in self._decoder.feed(data):
            meaning = LIFE
            if command in STOPS:
                meaning = STOPPED
            elif command in READIES:
                meaning = READY
            found.append(meaning)
        return found


class ScienceMode2Ear:
    """Listens to the host of a RehaStim2, which takes up to 24 ms for a command.

    It knows no command that arms, so a stop may end a burst or more than that.
    """

    __slots__ = ("_decoder", "latency_us")

    def __init__(self) -> None:
        self._decoder = sm2.Decoder()
        self.latency_us: Us = 25_000

    def hear(self, data: bytes) -> list[int]:
        """Return what each whole frame means."""
        found = []
        for _, command, _ in self._decoder.feed(data):
            meaning = LIFE
            if command == sm2.STOP_CHANNEL_LIST:
                meaning = ENDS
            elif command in {sm2.SINGLE_PULSE, sm2.START_CHANNEL_LIST}:
                meaning = GOES_ON
            elif command == sm2.INIT_ACK:
                meaning = ANEW
            found.append(meaning)
        return found


class FeslinkEar:
    """Listens to the host of a feslink device."""

    __slots__ = ("_decoder", "latency_us")

    def __init__(self) -> None:
        self._decoder = feslink.Decoder()
        self.latency_us: Us = 0

    def hear(self, data: bytes) -> list[int]:
        """Return what each whole frame means."""
        found = []
        for message in self._decoder.feed(data):
            meaning = LIFE
            if isinstance(message, fm.Stop):
                meaning = STOPPED
            elif isinstance(message, fm.Arm):
                meaning = READY
            found.append(meaning)
        return found
