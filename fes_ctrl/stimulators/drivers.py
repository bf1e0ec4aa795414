"""The drivers there are, by device and mode: a new one is a row, or is installed from elsewhere."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from fes_ctrl.model import Capabilities
from fes_ctrl.stimulators.config import MODES, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.feslink import FeslinkSession
from fes_ctrl.stimulators.hello import FESLINK_HELLO, P24_HELLO, REHASTIM2_HELLO, Hello
from fes_ctrl.stimulators.line import PLAIN, SerialSettings
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.rehastim2 import Rehastim2Session
from fes_ctrl.stimulators.session import DriverSession
from fes_ctrl.units import Us, us_from_ms

DriverFactory: TypeAlias = Callable[[Capabilities, int, Us, Us], DriverSession]
"""Takes the device's capabilities, the stimulator's number in reports, the least distance of two
pulses of a channel, and how often an idle link is asked for its state; both in us."""

DRIVERS: Final[dict[tuple[str, str], DriverFactory]] = {
    ("p24", "low_level"): P24Session,
    ("p24", "mid_level"): P24Session,
    ("feslink", "scheduled"): FeslinkSession,
    ("rehastim2", "single_pulse"): Rehastim2Session,
    ("rehastim2", "channel_list"): Rehastim2Session,
}

LINES: Final[dict[str, SerialSettings]] = {
    "p24": PLAIN,
    "rehastim2": SerialSettings(baud=460_800, parity="E"),
    "feslink": SerialSettings(baud=115_200),
}
"""What each device's serial port is opened with."""

HELLOS: Final[dict[str, Hello]] = {
    "p24": P24_HELLO,
    "rehastim2": REHASTIM2_HELLO,
    "feslink": FESLINK_HELLO,
}
"""How each device is asked who it is."""


class Stimulator(NamedTuple):
    """A device with its drivers, as somebody else's package gives it.

    Attributes
    ----------
    modes : mapping of str to Capabilities
        What it can do, mode by mode; the first is the one that is taken.
    drivers : mapping of str to callable
        A factory of driver sessions for each mode that is driven.
    line : SerialSettings
        What its serial port is opened with.
    hello : Hello or None
        How it is asked who it is; without one ``doctor --ports`` cannot find it.
    """

    modes: Mapping[str, Capabilities]
    drivers: Mapping[str, DriverFactory]
    line: SerialSettings = PLAIN
    hello: Hello | None = None


def problem_of(name: str, stimulator: Stimulator) -> str:
    """Return why a device cannot be taken, or nothing."""
    if name in MODES:
        return "there is a device of that name already"
    if not stimulator.modes:
        return "it has no mode"
    for mode, capabilities in stimulator.modes.items():
        if (capabilities.device, capabilities.mode) != (name, mode):
            return f"its mode {mode!r} is called {capabilities.device} {capabilities.mode}"
        least = (
            capabilities.channels,
            capabilities.current_step_ua,
            capabilities.current_max_ua,
            capabilities.width_step_us,
            capabilities.width_min_us,
            capabilities.width_max_us,
            capabilities.time_grid_us,
            capabilities.min_interval_us,
            capabilities.rate_max_hz,
            capabilities.ack_deadline_us,
        )
        if min(least) <= 0 or min(capabilities.frame_spacing_us, capabilities.unattended_ms) < 0:
            return f"its mode {mode!r} has a step, a range or a time that is not above zero"
    unknown = [mode for mode in stimulator.drivers if mode not in stimulator.modes]
    return f"it drives a mode {unknown[0]!r} that it does not have" if unknown else ""


def add(name: str, stimulator: Stimulator) -> None:
    """Take a device into the tables, beside those of this program.

    Raises
    ------
    ValueError
        If it cannot be taken: why.
    """
    problem = problem_of(name, stimulator)
    if problem:
        raise ValueError(problem)
    MODES[name] = dict(stimulator.modes)
    for mode, make in stimulator.drivers.items():
        DRIVERS[name, mode] = make
    LINES[name] = stimulator.line
    if stimulator.hello is not None:
        HELLOS[name] = stimulator.hello


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
