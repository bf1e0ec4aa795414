"""The simulated devices there are, by name: a new one is a row."""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from fes_ctrl.wire import sciencemode2, sciencemode4
from firmware_sim.devices.device import Device
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.devices.rehastim2 import SimulatedRehastim2
from firmware_sim.limiter import SCIENCEMODE2, SCIENCEMODE4, Ear
from firmware_sim.output import OutputStage


class DeviceRow(NamedTuple):
    """How many outputs a device has, how one is made, and what a limiter on its line has to know.

    It is made from its outputs and its own stream.
    """

    channels: int
    make: Callable[[OutputStage, Random], Device]
    ear: Ear


DEVICES: Final[dict[str, DeviceRow]] = {
    "p24": DeviceRow(sciencemode4.CHANNELS, SimulatedP24, SCIENCEMODE4),
    "rehastim2": DeviceRow(sciencemode2.CHANNELS, SimulatedRehastim2, SCIENCEMODE2),
}
