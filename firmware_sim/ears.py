"""What a box on the host's line hears: signs of life, the device made ready, the device stopped.

One ear for each protocol; whole frames count, noise does not.
"""

from typing import Final, Protocol

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode4 as sm4

LIFE: Final = 0
READY: Final = 1
STOPPED: Final = 2

READIES: Final = frozenset({sm4.LL_INIT, sm4.ML_INIT})
STOPS: Final = frozenset({sm4.LL_STOP, sm4.ML_STOP, sm4.RESET})


class Ear(Protocol):
    """Listens to one line."""

    def hear(self, data: bytes) -> list[int]:
        """Return what each whole frame means: ``LIFE``, ``READY`` or ``STOPPED``."""
        ...


class ScienceMode4Ear:
    """Listens to the host of a P24."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = sm4.Decoder()

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


class FeslinkEar:
    """Listens to the host of a feslink device."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = feslink.Decoder()

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
