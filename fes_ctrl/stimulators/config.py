"""Which stimulator, in which mode, on which link terms; the table of devices and modes."""

from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from annotated_types import Ge, Gt, Le, MaxLen

from fes_ctrl.model import Capabilities
from fes_ctrl.stimulators.shape import WHOLE_MAX, ShapeError, shape_of, shaped

DurationShare: TypeAlias = Annotated[float, Gt(0), Le(WHOLE_MAX)]
CurrentShare: TypeAlias = Annotated[float, Ge(-1), Le(1)]


@dataclass(frozen=True, slots=True)
class StimulatorConfig:
    """One stimulator.

    Attributes
    ----------
    device : str
        The device family: one of this program's, or of a driver that was installed beside it.
    mode : str
        ``low_level``, ``single_pulse``: the host times every pulse. ``mid_level``,
        ``channel_list``: the device repeats pulses until told otherwise or until its live signal
        stays away. ``scheduled``: each pulse is given at its instant of the device's clock.
    ack_deadline_ms : float
        An answer later than this is a fault of the link.
    poll_ms : float
        An idle link is asked for the device's state this often, so that its health is known.
    guardian : bool
        A guardian's process holds the serial port, and stops the device when the host dies or
        freezes: then it goes on for no longer than that takes.
    dead_man_ms : int
        What a feslink device is armed with: so long after the last frame of its host it latches,
        and no pulse lies further ahead.
    list_interval_ms : float
        Of a channel list: the distance of two rounds, which the program's rate must match; rounded
        up to the device's half milliseconds.
    shape : tuple of (float, float)
        Of a P24: what its symmetric pulses look like at the electrode, instead of two phases alike.
        A pair for each point, 2 to 16 of them: its duration as a share of the pulse width, and its
        current as a share of the pulse's. Nowhere more than the symmetric pulse, and balanced.
    """

    device: str = "p24"
    mode: str = "low_level"
    ack_deadline_ms: Annotated[float, Ge(5), Le(1000)] = 100.0
    poll_ms: Annotated[float, Ge(10), Le(1000)] = 100.0
    guardian: bool = False
    dead_man_ms: Annotated[int, Ge(50), Le(150)] = 150
    list_interval_ms: Annotated[float, Ge(8), Le(1025)] = 25.0
    shape: Annotated[tuple[tuple[DurationShare, CurrentShare], ...], MaxLen(16)] = ()

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
        if self.shape:
            self._require_shape(modes[self.mode].points_max)

    def _require_shape(self, points_max: int) -> None:
        """Refuse a shape that the device does not know, or that nobody could give."""
        if not points_max:
            able = [name for name, its in MODES.items() for row in its.values() if row.points_max]
            message = (
                f"shape: a {self.device} in {self.mode} gives its own form of pulse and no other; "
                f"leave the shape out, or choose a {' or '.join(sorted(set(able)))}"
            )
            raise ShapeError(message)
        if not 2 <= len(self.shape) <= points_max:
            message = (
                f"shape: a pulse of {len(self.shape)} points, and a {self.device} balances 2 to "
                f"{points_max}; give so many"
            )
            raise ShapeError(message)
        shape_of(self.shape)


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
    points_max=16,
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


# docs/reference/feslink.md and the limits of the reference firmware: what is asked of any device
# that is driven as one. unattended_ms is the dead-man, set at arming.
FESLINK_MODES: Final[dict[str, Capabilities]] = {
    "scheduled": Capabilities(
        device="feslink",
        mode="scheduled",
        channels=8,
        current_step_ua=500,
        current_max_ua=80_000,
        width_step_us=1,
        width_min_us=20,
        width_max_us=300,
        time_grid_us=1,
        min_interval_us=20_000,
        frame_spacing_us=5_000,
        rate_max_hz=50.0,
        unattended_ms=150,
        ack_deadline_us=100_000,
        electrode_detection_ua=2_000,
    )
}

# HASOMED ScienceMode2 protocol description and README: 1 mA and 1 us, at most 126 mA into 1 kohm,
# widths below 20 us count as 20 us, a command takes 10 to 24 ms, an answer 100 ms at most, the
# watchdog fires after 1200 ms, a list has intervals of 0.5 ms. A test impulse feels for the
# electrodes before every pulse, whatever its current. Single pulses go one at a time, each after
# the answer to the last: 24 ms of latency, the line both ways, and what a host is late make 40 ms.
_SINGLE_PULSE: Final = Capabilities(
    device="rehastim2",
    mode="single_pulse",
    channels=8,
    current_step_ua=1_000,
    current_max_ua=126_000,
    width_step_us=1,
    width_min_us=20,
    width_max_us=500,
    time_grid_us=1,
    min_interval_us=10_000,
    frame_spacing_us=26_000,
    rate_max_hz=25.0,
    unattended_ms=0,
    ack_deadline_us=100_000,
    electrode_detection_ua=0,
    latency_us=24_000,
    spread_us=14_000,
    one_form=True,
)

REHASTIM2_MODES: Final[dict[str, Capabilities]] = {
    "single_pulse": _SINGLE_PULSE,
    # README: up to 50 Hz on eight channels. An update each round must be answered before the
    # next, which bounds the rate as well. After the last setpoint the driver waits a round and
    # a setpoint's life for the next one, and its stop takes a command's time.
    "channel_list": _SINGLE_PULSE._replace(
        mode="channel_list",
        time_grid_us=500,
        min_interval_us=8_000,
        frame_spacing_us=0,
        rate_max_hz=40.0,
        unattended_ms=1_200,
        spread_us=0,
    ),
}

MODES: Final[dict[str, dict[str, Capabilities]]] = {
    "p24": P24_MODES,
    "feslink": FESLINK_MODES,
    "rehastim2": REHASTIM2_MODES,
}
"""Capabilities by device and mode: a new device is a row. Drivers from elsewhere add theirs."""

UNUSABLE: Final[dict[str, str]] = {}
"""Devices of drivers that are installed and cannot be used, and why."""

LIST_STEP_US: Final = 500

LIFE_US: Final = 20_000
"""No setpoint lives longer: what an unwritten one, or the next of a list, may be late."""


def capabilities_of(config: StimulatorConfig) -> Capabilities:
    """Return what the configured device can do in the configured mode."""
    found = MODES[config.device][config.mode]
    unattended_ms = config.dead_man_ms if config.device == "feslink" else found.unattended_ms
    if config.guardian:
        unattended_ms = min(unattended_ms, GUARDED_MS)
    if config.mode == "channel_list":
        period_us = -(-round(config.list_interval_ms * 1000) // LIST_STEP_US) * LIST_STEP_US
        lingers_us = period_us + LIFE_US + found.latency_us
        found = found._replace(period_us=period_us, lingers_us=lingers_us)
    if config.shape:
        found = shaped(found, shape_of(config.shape))
    return found._replace(
        ack_deadline_us=round(config.ack_deadline_ms * 1000), unattended_ms=unattended_ms
    )
