"""One walk: inputs to the controller, its commands to the drivers, their bytes to the links.

The session is the same on every clock. It never waits: whatever happens calls one of its
methods, and everything that follows is done before that call returns. Inputs that come up on the
way (a driver's reports) queue behind the one in hand, so their order is the order of their
causes.

A clock that goes back takes every driver's deadlines with it: each begins anew, with a stop.

Stop always wins. ``stop_now`` may come from anywhere at any time, in the middle of all this too;
from then on nothing but stops leaves, until drivers and controller have been told, and then it
takes a person to arm again.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from fes_ctrl.controller import CLOCK_BACK_US, Controller
from fes_ctrl.links.link import Link
from fes_ctrl.model import (
    LINK_DEAD,
    Command,
    Input,
    LinkReport,
    Operator,
    Record,
    Setpoint,
    Stop,
)
from fes_ctrl.runlog.log import RunLog
from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.clock import ORDER_CONTROLLER, ORDER_DRIVER, Clock
from fes_ctrl.stimulators.session import DriverSession, DriverStep
from fes_ctrl.units import NEVER_US, Us

Listener = Callable[[Us, tuple[Record, ...]], None]

STOP: Final = "stop"


class _Halt(NamedTuple):
    """Why output was stopped past the controller: ``STOP``, or a kind of ``LinkReport``."""

    kind: str
    detail: str


class _Port:
    """A driver, its link and the driver's alarm."""

    __slots__ = ("_session", "alarm", "driver", "index", "link", "open")

    def __init__(
        self, session: "ControlSession", index: int, driver: DriverSession, link: Link
    ) -> None:
        self._session = session
        self.index = index
        self.driver = driver
        self.link = link
        self.open = False
        self.alarm = Alarm(session.clock, ORDER_DRIVER, self._ring)
        link.on_bytes = self._bytes
        link.on_lost = self._lost

    def _ring(self, now_us: Us) -> None:
        session = self._session
        try:
            session.settle()
            session.mind(now_us)
            session.drive(now_us, self, self.driver.tick(now_us))
        except BaseException as error:
            session.fail(error)
            raise

    def _bytes(self, data: bytes) -> None:
        session = self._session
        try:
            session.settle()
            now_us = session.now_us()
            session.log.frame("in", now_us, None, data)
            session.drive(now_us, self, self.driver.receive(now_us, data))
        except BaseException as error:
            session.fail(error)
            raise

    def begin(self, now_us: Us) -> None:
        """Start the driver's handshake, from the start."""
        self.open = True
        self._session.drive(now_us, self, self.driver.open(now_us))

    def _lost(self, reason: str) -> None:
        session = self._session
        self.open = False
        try:
            session.settle()
            now_us = session.now_us()
            session.drive(now_us, self, self.driver.hang_up(now_us, reason))
        except BaseException as error:
            session.fail(error)
            raise


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
    closing : bool
        Nobody has to interrupt it any more: it is stopping for good.
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
        self._alarm = Alarm(clock, ORDER_CONTROLLER, self._ring)
        self._inbox: deque[LinkReport] = deque()
        self._busy = False
        self._halts: deque[_Halt] = deque()
        self._settling = False
        self._latest_us: Us = -NEVER_US
        self.closing = False

    def open(self) -> None:
        """Start every driver's handshake."""
        self.settle()
        now_us = self.now_us()
        for port in self._ports:
            port.begin(now_us)

    def reopen(self, index: int) -> None:
        """Start one driver's handshake anew, on a link that has come back."""
        self.settle()
        now_us = self.now_us()
        self._ports[index].begin(now_us)

    def now_us(self) -> Us:
        """Return the present."""
        now_us = self.clock.now_us()
        if now_us < self._latest_us:
            self.mind(now_us)
        else:
            self._latest_us = now_us
        return now_us

    def mind(self, now_us: Us) -> None:
        """Let every driver begin anew where the clock has gone back.

        What they wait for was set by a clock that is no more, above all the repetition of a stop.
        The controller sees the jump itself, and latches.
        """
        back = now_us < self._latest_us - CLOCK_BACK_US
        self._latest_us = now_us
        if back:
            for port in self._ports:
                if port.open:
                    port.begin(now_us)

    def take(self, item: Input) -> None:
        """Hand one input to the controller and carry out what it says."""
        try:
            if self._halts:
                self.settle()
            self._hand_in(item)
        except BaseException as error:
            self.fail(error)
            raise

    def _hand_in(self, item: Input) -> None:
        now_us = self.now_us()
        self.log.input(now_us, item)
        step = self.controller.step(now_us, item)
        if step.records or step.commands:
            self._carry_out(now_us, step.commands, step.records)
        alarm = self._alarm
        if step.wake_at_us != alarm.wake_us:
            alarm.move(step.wake_at_us)

    # -- stop -------------------------------------------------------------------------------------

    def stop_now(self, kind: str = STOP, detail: str = "") -> None:
        """Stop every stimulator: one call that waits for nobody, as often as you like.

        From any thread, signal handler or callback, whatever the session was doing. It takes the
        lines from the drivers and writes the stops itself; drivers and controller are told by
        ``settle``.

        Parameters
        ----------
        kind : str
            ``STOP``, or the kind of ``LinkReport`` that the controller is to be given.
        detail : str
            Of that report.
        """
        halt = _Halt(kind, detail)
        # Once before, so that from now on nothing counts as written; once after, so that each
        # seizing is followed by a settling that gives the line back.
        self._halts.append(halt)
        for port in self._ports:
            port.link.seize(port.driver.stop_bytes)
        self._halts.append(halt)

    def fail(self, error: BaseException) -> None:
        """Stop because something was raised on the way."""
        if isinstance(error, Exception):
            self.stop_now(LINK_DEAD, f"{type(error).__name__}: {error}")
        else:
            # An interruption is no fault of ours.
            self.stop_now()

    @property
    def halted(self) -> bool:
        """Whether output was stopped of which drivers and controller do not know yet."""
        return bool(self._halts)

    def settle(self) -> None:
        """Give the lines back and tell drivers and controller what ``stop_now`` did.

        From the clock's own calls alone. The session does so by itself before whatever it does
        next.
        """
        if not self._halts or self._settling:
            return
        self._settling = True
        try:
            told: _Halt | None = None
            while self._halts:
                for port in self._ports:
                    port.link.release()
                halt = self._halts[0]
                if halt is not told:
                    self._tell(halt)
                    told = halt
                self._halts.popleft()
        finally:
            self._settling = False

    def _tell(self, halt: _Halt) -> None:
        now_us = self.now_us()
        for port in self._ports:
            # The driver first: it forgets what it held, whatever the controller makes of it.
            stop = Stop(now_us, port.index, halt.kind)
            self.drive(now_us, port, port.driver.command(now_us, stop))
            if halt.kind != STOP:
                self._hand_in(LinkReport(now_us, port.index, halt.kind, NEVER_US, halt.detail))
        if halt.kind == STOP:
            self._hand_in(Operator(now_us, STOP, 0))

    def close(self) -> None:
        """Stop, forget every alarm and close the links."""
        self.closing = True
        self.stop_now()
        self._alarm.cancel()
        for port in self._ports:
            port.alarm.cancel()
            port.link.close()

    def drive(self, now_us: Us, port: _Port, step: DriverStep) -> None:
        """Carry out what a driver wants done and pass its reports on."""
        taken_back = step.discard and port.link.discard()
        if step.drop:
            port.open = False
            port.link.drop()
        for frame in step.out:
            if self._halts and frame != port.driver.stop_bytes:
                continue
            self.log.frame("out", now_us, None, frame)
            port.link.write(frame)
        for setpoint in step.written:
            if self._halts:
                break
            self.log.written(now_us, setpoint)
            if self.on_written is not None:
                self.on_written(now_us, setpoint)
        port.alarm.move(step.wake_at_us)
        if taken_back:
            self.drive(now_us, port, port.driver.taken_back(now_us))
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
        try:
            if self._halts:
                self.settle()
            self.mind(now_us)
            step = self.controller.step(now_us, None)
            if step.commands or step.records:
                self.log.wake(now_us)
                self._carry_out(now_us, step.commands, step.records)
            self._alarm.move(step.wake_at_us)
        except BaseException as error:
            self.fail(error)
            raise

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
