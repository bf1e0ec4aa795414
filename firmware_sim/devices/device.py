"""The seam of a simulated device: what whoever owns the cable's far end calls and gets."""

from typing import NamedTuple, Protocol

from fes_ctrl.units import Us
from firmware_sim.injections import Acknowledgement


class DeviceStep(NamedTuple):
    """Bytes to send now, and when to call ``tick`` at the latest."""

    out: bytes
    wake_at_us: Us


class Device(Protocol):
    """A simulated stimulator; its pulses go to the output stage that it was built with."""

    @property
    def acknowledgements(self) -> list[Acknowledgement]:
        """Injections that have had an effect."""
        ...

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:
        """Fire what is due, then take bytes."""
        ...

    def tick(self, now_us: Us) -> DeviceStep:
        """Fire what is due up to now, in order and at its own time."""
        ...

    def cut(self, now_us: Us) -> None:
        """Lose the host's line, or the power that a relay on it switches."""
        ...

    def inject(self, name: str, from_us: Us, to_us: Us, amount: float = 0.0) -> None:
        """Make something go wrong in this device from one instant to another."""
        ...
