"""Recorded exchanges with devices, as contracts that a driver keeps."""

from pathlib import Path

from fes_ctrl.links.exchange import Exchange, read_exchange
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.stimulators.session import DriverSession

FOLDER = Path(__file__).resolve().parents[1] / "exchanges"


def exchange(name: str) -> Exchange:
    """Return one of those in ``tests/exchanges``."""
    return read_exchange(FOLDER / name)


def driver_of(recorded: Exchange) -> DriverSession:
    """Return a new driver on the terms of an exchange."""
    return driver_for(recorded.stimulator, recorded.min_interval_us)
