"""One walk: inputs to the controller, its commands to the drivers, their bytes to the links.

The session is the same on every clock. It never waits: whatever happens calls one of its
methods, and everything that follows is done before that call returns. Inputs that come up on the
way (a driver's reports) queue behind the one in hand, so their order is the order of their
causes.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from fes_ctrl.controller import Controller
from fes_ctrl.links.link import Link
from fes_ctrl.model import Command, Input, LinkReport, Record, Setpoint
from fes_ctrl.runlog.log import RunLog
from fes_ctrl.runtime.clock import ORDER_CONTROLLER, ORDER_DRIVER, Clock, Handle
from fes_ctrl.stimulators.session import DriverSession, DriverStep
from fes_ctrl.units import NEVER_US, Us

Listener = Callable[[Us, tuple[Record, ...]], None]


class _Alarm:
    """A wake-up that is moved often and rings seldom.

    A deadline moves with every sample; a timer is only re-armed when the deadline comes nearer.
    When it rings too early it is set anew and nobody is called.
    """

    __slots__ = ("_callback", "_clock", "_handle", "_order", "_set_us", "wake_us")

    def __init__(self, clock: Clock, order: int, callback: Callable[[Us], None]) -> None:
        self._clock = clock
        self._order = order
        self._callback = callback
        self._handle: Handle | None = None
        self._set_us: Us = NEVER_US
        self.wake_us: Us = NEVER_US

    def move(self, wake_us: Us) -> None:
        """Ring at ``wake_us``, or never."""
        self.wake_us = wake_us
        if wake_us < self._set_us:
            if self._handle is not None:
                self._handle.cancel()
            self._set_us = wake_us
            self._handle = self._clock.call_at_us(wake_us, self._order, self._ring)

    def _ring(self) -> None:
        self._handle = None
        self._set_us = NEVER_US
        if self.wake_us == NEVER_US:
            return
        now_us = self._clock.now_us()
        if now_us < self.wake_us:
            self.move(self.wake_us)
            return
        self._callback(now_us)

    def cancel(self) -> None:
        """Never ring again."""
        self.wake_us = NEVER_US
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class _Port:
    """A driver, its link and the driver's alarm."""

    __slots__ = ("_session", "alarm", "driver", "index", "link")

    def __init__(
        self, session: "ControlSession", index: int, driver: DriverSession, link: Link
    ) -> None:
        self._session = session
        self.index = index
        self.driver = driver
        self.link = link
        self.alarm = _Alarm(session.clock, ORDER_DRIVER, self._ring)
        link.on_bytes = self._bytes
        link.on_lost = self._lost

    def _ring(self, now_us: Us) -> None:
        self._session.drive(now_us, self, self.driver.tick(now_us))

    def _bytes(self, data: bytes) -> None:
        now_us = self._session.clock.now_us()
        self._session.log.frame("in", now_us, None, data)
        self._session.drive(now_us, self, self.driver.receive(now_us, data))

    def _lost(self, reason: str) -> None:
        now_us = self._session.clock.now_us()
        self._session.drive(now_us, self, self.driver.hang_up(now_us, reason))


class ControlSession:
    """Controller, drivers and links on one clock.

    Parameters
    ----------
    clock : Clock
        Any of the three.
    controller : Controller
        The core.
    drivers : list of (DriverSession, Link)
        As the legs' ``stimulator`` numbers them.
    stimulator_of_leg : dict of int to int
        Where each leg's setpoints go.
    log : RunLog
        Takes every input with its ``now``, every step and every frame.

    Attributes
    ----------
    listeners : list of callable
        Called with ``(now_us, records)`` after each step that has records.
    on_setpoint : callable or None
        Called with each allowed setpoint, in order.
    on_written : callable or None
        Called with ``(now_us, setpoint)`` when its frame went to the link.
    """

    def __init__(
        self,
        clock: Clock,
        controller: Controller,
        drivers: list[tuple[DriverSession, Link]],
        stimulator_of_leg: dict[int, int],
        log: RunLog,
    ) -> None:
        self.clock: Final = clock
        self.controller: Final = controller
        self.log: Final = log
        self.listeners: list[Listener] = []
        self.on_setpoint: Callable[[Setpoint], None] | None = None
        self.on_written: Callable[[Us, Setpoint], None] | None = None
        self._stimulator_of_leg = stimulator_of_leg
        self._ports = [
            _Port(self, index, driver, link) for index, (driver, link) in enumerate(drivers)
        ]
        self._alarm = _Alarm(clock, ORDER_CONTROLLER, self._ring)
        self._inbox: deque[LinkReport] = deque()
        self._busy = False

    def open(self) -> None:
        """Start every driver's handshake."""
        now_us = self.clock.now_us()
        for port in self._ports:
            self.drive(now_us, port, port.driver.open(now_us))

    def take(self, item: Input) -> None:
        """Hand one input to the controller and carry out what it says."""
        now_us = self.clock.now_us()
        self.log.input(now_us, item)
        step = self.controller.step(now_us, item)
        if step.records or step.commands:
            self._carry_out(now_us, step.commands, step.records)
        alarm = self._alarm
        if step.wake_at_us != alarm.wake_us:
            alarm.move(step.wake_at_us)

    def stop_now(self) -> None:
        """Stop every stimulator: one synchronous call that waits for nobody.

        It goes round controller and driver; both learn of it from the answers that stop coming
        or from the operator's input that the caller hands in afterwards.
        """
        for port in self._ports:
            port.link.discard()
            port.link.write(port.driver.stop_bytes)

    def close(self) -> None:
        """Stop, forget every alarm and close the links."""
        self.stop_now()
        self._alarm.cancel()
        for port in self._ports:
            port.alarm.cancel()
            port.link.close()

    def drive(self, now_us: Us, port: _Port, step: DriverStep) -> None:
        """Carry out what a driver wants done and pass its reports on."""
        if step.discard:
            port.link.discard()
        if step.drop:
            port.link.drop()
        for frame in step.out:
            self.log.frame("out", now_us, None, frame)
            port.link.write(frame)
        for setpoint in step.written:
            self.log.written(now_us, setpoint)
            if self.on_written is not None:
                self.on_written(now_us, setpoint)
        port.alarm.move(step.wake_at_us)
        if step.reports:
            self._inbox.extend(step.reports)
            if not self._busy:
                self._empty_inbox()

    def _empty_inbox(self) -> None:
        self._busy = True
        try:
            while self._inbox:
                self.take(self._inbox.popleft())
        finally:
            self._busy = False

    def _ring(self, now_us: Us) -> None:
        step = self.controller.step(now_us, None)
        if step.commands or step.records:
            self.log.wake(now_us)
            self._carry_out(now_us, step.commands, step.records)
        self._alarm.move(step.wake_at_us)

    def _carry_out(
        self, now_us: Us, commands: tuple[Command, ...], records: tuple[Record, ...]
    ) -> None:
        self.log.step(now_us, commands, records)
        for command in commands:
            if isinstance(command, Setpoint):
                port = self._ports[self._stimulator_of_leg[command.leg]]
                if self.on_setpoint is not None:
                    self.on_setpoint(command)
            else:
                port = self._ports[command.stimulator]
            self.drive(now_us, port, port.driver.command(now_us, command))
        if records:
            for listener in self.listeners:
                listener(now_us, records)
