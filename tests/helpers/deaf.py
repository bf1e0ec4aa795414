"""A driver with a device that hears nothing more from an instant on, and a controller's reflexes.

The controller's part is what it does to a device whatever gait does: it stops one that was silent
or complained, as ``Authority`` does, and gives setpoints while the device is ready.
"""

from random import Random
from typing import Final

from fes_ctrl.authority import FAULT_OF_REPORT, STOP_AGAIN_US
from fes_ctrl.model import LINK_READY, LINK_UP, Arm, Command, Setpoint, Stop
from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.clock import ORDER_CONTROLLER, ORDER_DEVICE, ORDER_DRIVER, ORDER_LINK
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.faults import LATCH, ROWS
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.devices.device import DeviceStep
from firmware_sim.output import OutputStage

WIRE_US: Final = 200
LATCHING: Final = frozenset({row.id for row in ROWS if row.reaction == LATCH})
LIFE_US: Final = 20_000
ANSWERS_US: Final = 30_000
"""No device takes longer to answer."""


class DeafBench:
    """One driver, and its device at the end of a line.

    Parameters
    ----------
    config : StimulatorConfig
        Which driver, and the terms of its link.
    late_us : int
        Answers come so much later than the device gives them.

    Attributes
    ----------
    up_us, cut_us : int
        When the device was first greeted, and when its line was cut; ``NEVER_US`` before.
    deaf_us : int
        From then on the device hears nothing.
    ready : bool
        The device is armed.
    given : int
        Setpoints so far.
    """

    def __init__(self, config: StimulatorConfig, late_us: Us = 0) -> None:
        self.clock = Stepper()
        self.capabilities = capabilities_of(config)
        period_us = round(1e6 / self.capabilities.rate_max_hz)
        self._period_us = self.capabilities.period_us or max(period_us, 25_000)
        self._driver = driver_for(config, self.capabilities.min_interval_us)
        output = OutputStage(self.capabilities.channels)
        self._device = DEVICES[config.device].make(output, Random(3))
        self._late_us = late_us
        self._wakes = Alarm(self.clock, ORDER_DRIVER, self._tick)
        self._device_wakes = Alarm(self.clock, ORDER_DEVICE, self._device_tick)
        self._told_us: Us = -NEVER_US
        self._heard_us: Us = 0
        self._until_us: Us = 0
        self._giving = False
        self._loses = False
        self._latched = False
        self.up_us: Us = NEVER_US
        self.cut_us: Us = NEVER_US
        self.deaf_us: Us = NEVER_US
        self.ready = False
        self.given = 0
        self._device_wakes.move(0)
        self._take(self._driver.open(0))

    def at(self, at_us: Us, what: str) -> None:
        """Let a hand ``arm`` or ``stop``, or pulses be wanted for 0.2 s, or a frame get lost.

        ``give`` and ``lose``.
        """
        self.clock.call_at_us(at_us, ORDER_CONTROLLER, self._do, what)

    def run(self, until_us: Us) -> None:
        self.clock.run_until_us(until_us)

    @property
    def silent_us(self) -> Us:
        """For how long the device had not been heard, and was deaf, when its line was cut."""
        return self.cut_us - max(self.deaf_us, self._heard_us)

    # -- controller -------------------------------------------------------------------------------

    def _do(self, what: str) -> None:
        now_us = self.clock.now_us()
        if what == "give":
            self._until_us = now_us + 200_000
            if not self._giving:
                self._give()
        elif what == "lose":
            self._loses = True
        elif what == "arm":
            self._command(Arm(now_us, 0))
        else:
            self._command(Stop(now_us, 0, "operator"))

    def _give(self) -> None:
        now_us = self.clock.now_us()
        self._giving = now_us < self._until_us
        if not self._giving:
            return
        if self.ready:
            self.given += 1
            self._command(Setpoint(now_us, 0, 0, 20_000, 200, now_us + LIFE_US, 0))
        self.clock.call_at_us(now_us + self._period_us, ORDER_CONTROLLER, self._give)

    def _command(self, command: Command) -> None:
        if isinstance(command, Stop):
            self.ready = False
        self._take(self._driver.command(self.clock.now_us(), command))

    def _take(self, step: DriverStep) -> None:
        now_us = self.clock.now_us()
        for data in step.out:
            self.clock.call_at_us(now_us + WIRE_US, ORDER_LINK, self._arrive, data)
        if step.drop:
            self.cut_us = min(self.cut_us, now_us)
        self._wakes.move(step.wake_at_us)
        for report in step.reports:
            kind = report.kind
            if kind == LINK_UP:
                self.up_us = min(self.up_us, now_us)
            elif kind == LINK_READY:
                self.ready = True
            elif FAULT_OF_REPORT.get(kind) in LATCHING and self._stops(now_us):
                self._command(Stop(now_us, 0, kind))

    def _stops(self, now_us: Us) -> bool:
        """Return whether the device is stopped for what it did: a second time not at once."""
        if self._latched and now_us - self._told_us < STOP_AGAIN_US:
            return False
        self._latched = True
        self._told_us = now_us
        return True

    def _tick(self, now_us: Us) -> None:
        self._take(self._driver.tick(now_us))

    # -- device -----------------------------------------------------------------------------------

    def _arrive(self, data: bytes) -> None:
        if self._loses:
            self._loses = False
        elif self.clock.now_us() < self.deaf_us:
            self._carry_out(self._device.receive(self.clock.now_us(), data))

    def _device_tick(self, now_us: Us) -> None:
        self._carry_out(self._device.tick(now_us))

    def _carry_out(self, step: DeviceStep) -> None:
        now_us = self.clock.now_us()
        if step.out and now_us < self.deaf_us + ANSWERS_US:
            at_us = now_us + WIRE_US + self._late_us
            self.clock.call_at_us(at_us, ORDER_LINK, self._hear, step.out)
        self._device_wakes.move(step.wake_at_us)

    def _hear(self, data: bytes) -> None:
        self._heard_us = self.clock.now_us()
        self._take(self._driver.receive(self.clock.now_us(), data))
