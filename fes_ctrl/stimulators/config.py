"""Which stimulator, in which mode, on which link terms; the table of devices and modes."""

from dataclasses import dataclass
from typing import Annotated, Final

from annotated_types import Ge, Le

from fes_ctrl.model import Capabilities


@dataclass(frozen=True, slots=True)
class StimulatorConfig:
    """One stimulator.

    Attributes
    ----------
    device : str
        The device family: one of this program's, or of a driver that was installed beside it.
    mode : str
        ``low_level``: the host times every pulse. ``mid_level``: the device repeats pulses until
        told otherwise or until its live signal stays away.
    ack_deadline_ms : float
        An answer later than this is a fault of the link.
    poll_ms : float
        An idle link is asked for the device's state this often, so that its health is known.
    guardian : bool
        A guardian's process holds the serial port, and stops the device when the host dies or
        freezes: then it goes on for no longer than that takes.
    """

    device: str = "p24"
    mode: str = "low_level"
    ack_deadline_ms: Annotated[float, Ge(5), Le(1000)] = 100.0
    poll_ms: Annotated[float, Ge(10), Le(1000)] = 100.0
    guardian: bool = False

    def __post_init__(self) -> None:
        """Refuse a device that there is not, and a mode of another one."""
        if self.device not in MODES:
            why = UNUSABLE.get(self.device, "there is no such device")
            message = f"device = {self.device!r}: {why}; choose {' or '.join(sorted(MODES))}"
            raise ValueError(message)
        modes = MODES[self.device]
        if self.mode not in modes:
            message = (
                f"mode = {self.mode!r}: a {self.device} has none of that name; choose "
                f"{' or '.join(modes)}"
            )
            raise ValueError(message)


GUARDED_MS: Final = 200
"""Within this a guardian has stopped a device whose host is gone."""


# HASOMED ScienceMode4 library headers: current 0..130 mA in 0.5 mA, points of 10..4095 us,
# electrode detection from 15 mA up, live signal of the mid level 2 s. Not stated by the vendor
# and assumed: at least 2 ms between two low-level pulses of a channel. frame_spacing_us keeps
# two frames with current apart by more than an answer takes.
_LOW_LEVEL: Final = Capabilities(
    device="p24",
    mode="low_level",
    channels=8,
    current_step_ua=500,
    current_max_ua=130_000,
    width_step_us=1,
    width_min_us=10,
    width_max_us=4095,
    time_grid_us=1,
    min_interval_us=2_000,
    frame_spacing_us=5_000,
    rate_max_hz=200.0,
    unattended_ms=0,
    ack_deadline_us=100_000,
    electrode_detection_ua=15_000,
)

P24_MODES: Final[dict[str, Capabilities]] = {
    "low_level": _LOW_LEVEL,
    "mid_level": _LOW_LEVEL._replace(
        mode="mid_level",
        time_grid_us=250,
        min_interval_us=500,
        rate_max_hz=2000.0,
        unattended_ms=2_000,
    ),
}


MODES: Final[dict[str, dict[str, Capabilities]]] = {"p24": P24_MODES}
"""Capabilities by device and mode: a new device is a row. Drivers from elsewhere add theirs."""

UNUSABLE: Final[dict[str, str]] = {}
"""Devices of drivers that are installed and cannot be used, and why."""


def capabilities_of(config: StimulatorConfig) -> Capabilities:
    """Return what the configured device can do in the configured mode."""
    found = MODES[config.device][config.mode]
    unattended_ms = found.unattended_ms
    if config.guardian:
        unattended_ms = min(unattended_ms, GUARDED_MS)
    return found._replace(
        ack_deadline_us=round(config.ack_deadline_ms * 1000), unattended_ms=unattended_ms
    )
