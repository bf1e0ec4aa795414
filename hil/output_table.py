"""What the simulated device emits into the loads that regulators name, pulse by pulse."""

from dataclasses import replace
from typing import Final

from fes_ctrl.analysis.output_table import EmittedPulse
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.units import Us, us_from_s
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage, Points
from hil.config import WalkConfig
from hil.rig import Rig
from hil.streams import stream

LOADS_OHM: Final = (500, 2_000, 10_000)


class Tap:
    """Keeps every pulse that an output stage delivers, by channel."""

    def __init__(self) -> None:
        self.channels: dict[int, list[EmittedPulse]] = {}

    def see(self, t_us: Us, channel: int, points: Points) -> None:
        """Take one delivered pulse."""
        self.channels.setdefault(channel, []).append(EmittedPulse(t_us, points))


def emitted_in_walk(config: WalkConfig, load_ohm: int) -> dict[int, list[EmittedPulse]]:
    """Return what a walk's stimulator emits, by channel, with a resistor for each electrode.

    Parameters
    ----------
    config : WalkConfig
        The walk; device, cable, controller and guard are as in any other.
    load_ohm : int
        In place of skin and electrode.
    """
    legs = tuple(
        [
            replace(leg, electrode=replace(leg.electrode, impedance_ohm=float(load_ohm)))
            for leg in config.patient.leg
        ]
    )
    loaded = replace(config, patient=replace(config.patient, leg=legs))
    clock = Stepper()
    tap = Tap()
    rig = Rig(loaded, clock, NullLog())
    rig.watch_electrodes(tap.see)
    rig.session.open()
    clock.run_until_us(us_from_s(config.duration_s))
    return tap.channels


def emitted_train(
    points: Points, rate_hz: float, load_ohm: int, duration_s: float
) -> list[EmittedPulse]:
    """Return what a simulated P24 emits when it is told one pulse after another.

    Parameters
    ----------
    points : tuple of (int, int)
        Duration in us and current in uA, as the host asks for them.
    rate_hz : float
        Pulses a second.
    load_ohm : int
        At its first channel.
    duration_s : float
        How long.
    """
    output = OutputStage(sm4.CHANNELS)
    output.impedance_ohm[0] = load_ohm
    tap = Tap()
    output.sinks.append(tap.see)
    device = SimulatedP24(output, stream(1, "device"))
    device.receive(0, sm4.ll_init(0))
    for index in range(round(duration_s * rate_hz)):
        at_us = 10_000 + round(index * 1e6 / rate_hz)
        device.receive(at_us, sm4.low_level_pulse(index % 64, 0, points))
    return tap.channels.get(0, [])
