"""A stimulator on the desk: how its port is opened, and how much it may give into what."""

from typing import Final

from fes_ctrl.assembly import ControlConfig
from fes_ctrl.links.link import Link
from fes_ctrl.links.url import SerialAddress, TcpAddress, open_link
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.quantise import plan_channel
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.drivers import LINES, driver_for
from fes_ctrl.units import MicroAmp

WITHOUT_LOAD_UA: Final = 10_000
"""More is given only where somebody has said into what: nobody is to be at the electrodes."""


async def open_desk(
    address: SerialAddress | TcpAddress, stimulator: StimulatorConfig, limits: LimitsConfig
) -> Link:
    """Open its port on the running loop, behind a guardian where the configuration has one.

    Parameters
    ----------
    address : SerialAddress or TcpAddress
        Where it is.
    stimulator : StimulatorConfig
        Device, mode and terms.
    limits : LimitsConfig
        In force: they are part of what its driver is made with.

    Raises
    ------
    OSError
        If it cannot be opened: which, why, and what to do.
    """
    driver = driver_for(stimulator, Limits(limits).min_interval_us)
    guarded_by = driver.stop_bytes if stimulator.guardian else b""
    return await open_link(address, LINES[stimulator.device], guarded_by)


def most_ua_of(control: ControlConfig) -> MicroAmp:
    """Return the highest current that a program sets at full level, on any of its channels."""
    device = capabilities_of(control.stimulator)
    return max(
        plan_channel(channel, control.setup.of(channel.muscle), device, index).full_ua
        for index, channel in enumerate(control.program.channel)
    )
