"""The drivers there are, by device and mode: a new one is a row."""

from collections.abc import Callable
from typing import Final, TypeAlias

from fes_ctrl.model import Capabilities
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.feslink import FeslinkSession
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.session import DriverSession
from fes_ctrl.units import Us, us_from_ms

DriverFactory: TypeAlias = Callable[[Capabilities, int, Us, Us], DriverSession]
"""Takes the device's capabilities, the stimulator's number in reports, the least distance of two
pulses of a channel, and how often an idle link is asked for its state; both in us."""

DRIVERS: Final[dict[tuple[str, str], DriverFactory]] = {
    ("p24", "low_level"): P24Session,
    ("feslink", "scheduled"): FeslinkSession,
}


def is_driven(config: StimulatorConfig) -> bool:
    """Return whether there is a driver for the device in that mode."""
    return (config.device, config.mode) in DRIVERS


def driver_for(config: StimulatorConfig, min_interval_us: Us, stimulator: int = 0) -> DriverSession:
    """Return a session for the configured device in the configured mode.

    Parameters
    ----------
    config : StimulatorConfig
        Device, mode and the terms of its link.
    min_interval_us : int
        Least distance of two pulses of a channel as they are written, whatever the jitter.
    stimulator : int
        Its number in the reports.

    Raises
    ------
    KeyError
        If there is no such driver: ask ``is_driven`` first.
    """
    make = DRIVERS[config.device, config.mode]
    return make(capabilities_of(config), stimulator, min_interval_us, us_from_ms(config.poll_ms))
