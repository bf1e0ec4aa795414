"""The simulated devices there are, by name: a new one is a row."""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from fes_ctrl.wire import sciencemode4
from firmware_sim.devices.device import Device
from firmware_sim.devices.feslink import SimulatedFeslink
from firmware_sim.devices.feslink_account import CHANNELS
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.ears import Ear, FeslinkEar, ScienceMode4Ear
from firmware_sim.output import OutputStage


class DeviceRow(NamedTuple):
    """How many outputs a device has, and how one is made: from its outputs and its own stream.

    ``ear`` makes what understands its host, for a box on the line.
    """

    channels: int
    make: Callable[[OutputStage, Random], Device]
    ear: Callable[[], Ear] = ScienceMode4Ear


DEVICES: Final[dict[str, DeviceRow]] = {
    "p24": DeviceRow(sciencemode4.CHANNELS, SimulatedP24),
    "feslink": DeviceRow(CHANNELS, SimulatedFeslink, FeslinkEar),
}
