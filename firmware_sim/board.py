"""A simulated sensor board: a heel switch on the probe's pin, read and told every 10 ms.

It does what ``firmware/sensor/sensor.ino`` does, on a clock of its own.
"""

from typing import Final

from fes_ctrl.units import Us
from fes_ctrl.wire.lines import seal
from firmware_sim.devices.device import DeviceStep

EVERY_US: Final = 10_000
LEG: Final = "right"
SENSOR: Final = "heel_switch"


class SimBoard:
    """A board at a heel switch.

    Parameters
    ----------
    offset_us : int
        What its clock shows at the start.
    byte_us : float
        What a byte takes on its line.
    """

    def __init__(self, offset_us: Us = 0, byte_us: float = 10e6 / 115_200) -> None:
        self._offset_us = offset_us
        self._byte_us = byte_us
        self._loaded = True
        self._number = 0
        self._read_at_us: Us = 0
        self._leaves: list[tuple[Us, bytes]] = []

    def edge(self, t_us: Us, loaded: bool) -> None:  # noqa: ARG002, FBT001 - a probe's pin
        """Take the level of its pin."""
        self._loaded = loaded

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:  # noqa: ARG002 - it hears nothing
        """Take bytes of the host, and do nothing about them."""
        return self.tick(now_us)

    def tick(self, now_us: Us) -> DeviceStep:
        """Read the switch where that is due; return what the line has taken by now."""
        while self._read_at_us <= now_us:
            clock_us = self._read_at_us + self._offset_us
            body = f"{LEG},{SENSOR},{self._number},{clock_us},{int(self._loaded)}"
            line = seal(body.encode())
            self._leaves.append((self._read_at_us + round(len(line) * self._byte_us), line))
            self._number += 1
            self._read_at_us += EVERY_US
        left = b"".join([line for at_us, line in self._leaves if at_us <= now_us])
        self._leaves = [leaf for leaf in self._leaves if leaf[0] > now_us]
        return DeviceStep(left, min([self._read_at_us, *[at_us for at_us, _ in self._leaves]]))
