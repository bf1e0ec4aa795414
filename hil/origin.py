"""Where a walk's figures come from: which stimulator, model or not, and who knows what it gave."""

from typing import Final, Literal

from fes_ctrl.stimulators.models import LIMITED, SIMULATED
from hil.config import WalkConfig

COUNTS: Final = frozenset({"feslink"})
"""Devices that count pulses and charge themselves: their driver holds that against what it asked
for, and tells a difference, which is a fault."""


def simulated_name(device: str, config: WalkConfig) -> str:
    """Return what a walk's stimulator is called: that it is simulated, and what is fitted to it."""
    if config.address:
        return device
    return SIMULATED + device + (LIMITED if config.limiter.fitted else "")


def source_of(config: WalkConfig) -> str:
    """Return where what reaches a walk's electrodes is known from: the best there is."""
    if config.probe:
        return "probe"
    if not config.address:
        return "electrode"
    return source_on_desk(config.control.stimulator.device)


def source_on_desk(device: str) -> Literal["device", "commanded"]:
    """Return where what is given on the desk is known from, where nothing measures it."""
    return "device" if device in COUNTS else "commanded"
