"""A bench of simulated parts: any driver of the table, its simulated device, any link and clock."""

import errno
from collections.abc import Callable
from random import Random
from typing import Final, Literal, TypeAlias, cast

from fes_ctrl.controller import Controller
from fes_ctrl.links.link import Link
from fes_ctrl.links.relay import RelayLink
from fes_ctrl.model import Operator, Setpoint
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.reconnect import ReopeningLink
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import MODES, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.drivers import HELLOS, LINES, driver_for
from fes_ctrl.stimulators.line import PLAIN
from fes_ctrl.stimulators.same_device import SameDevice
from fes_ctrl.units import MicroAmp, Us
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.output import OutputStage, Points
from hil.config import CableConfig
from hil.links import Cable, SimCable
from hil.real_cable import RealCable
from hil.suite.bench import Answers, BenchFailure, Pulse, Who
from hil.suite.far_end import NAMELESS, FarEnd
from hil.suite.hands import PERIOD_US, Hands
from hil.suite.lines import BorrowedLink
from hil.suite.times import StepperTime, Time, real_time, virtual_time

LinkName: TypeAlias = Literal["stepper", "virtual", "pty", "tcp", "guarded"]

TIMES: Final[dict[LinkName, Callable[[], Time]]] = {
    "stepper": StepperTime,
    "virtual": virtual_time,
    "pty": real_time,
    "tcp": real_time,
    "guarded": real_time,
}

REAL: Final[frozenset[LinkName]] = frozenset({"pty", "tcp", "guarded"})
"""Links that the kernel carries."""

SLACK_US: Final = 5_000
"""A simulated line takes 1 ms and the wire time of two frames."""

REAL_SLACK_US: Final = 100_000
"""A machine may be busy."""

REOPENED_MS: Final = 500
"""A link that was lost is tried every 250 ms; what is there is told once it is open."""

HELLO_MS: Final = 800

GOES_ON_MS: Final = 1_000
"""A device that may be left alone for so long repeats pulses by itself."""


class SimulatedBench:
    """The bench of one driver: see ``Bench``.

    Parameters
    ----------
    device, mode : str
        A row of ``drivers.DRIVERS``.
    link : str
        ``stepper`` or ``virtual``: a simulated cable on that clock. In real time ``pty``: the
        serial link and a pseudo-terminal; ``guarded``: the same behind a guardian; ``tcp``.
    seed : int
        Of the cable and the device.
    """

    def __init__(self, device: str, mode: str, link: LinkName, seed: int = 1) -> None:
        self._time = TIMES[link]()
        self._link: LinkName = link
        self._random = Random(seed)
        self._name = device
        self._config = StimulatorConfig(device=device, mode=mode, list_interval_ms=PERIOD_US / 1000)
        self._limits = Limits(LimitsConfig())
        self.capabilities = capabilities_of(self._config)
        self.hello_ms = HELLOS[device].listen_ms if device in HELLOS else HELLO_MS
        self.watchdog_ms = 0
        if device not in HELLOS or not HELLOS[device].question:
            self.watchdog_ms = max(mode.unattended_ms for mode in MODES[device].values())
        self.slack_us = REAL_SLACK_US if link in REAL else SLACK_US
        self.reopened_us: Us = REOPENED_MS * 1000 if self._time.has_loop else 0
        self.names_itself = device not in NAMELESS
        self.pulses: list[Pulse] = []
        self.written: list[tuple[Us, Setpoint]] = []
        self._hands = Hands(self._limits, self.capabilities)
        self.reports = self._hands.reports
        self.refused = self._hands.refused
        self._cables: list[Cable] = []
        self._plugged = True
        self._far = self._new_far("the same")
        self._line: RelayLink
        self._driver = SameDevice(driver_for(self._config, self._limits.min_interval_us))
        self._session = self._time.complete(self._join())

    def _new_far(self, who: Who) -> FarEnd:
        output = OutputStage(self.capabilities.channels)
        output.sinks.append(self._pulse)
        device = DEVICES[self._name].make(output, Random(self._random.random()))
        return self._time.do(lambda: FarEnd(self._time.clock, device, self._name, who))

    def _pulse(self, t_us: Us, channel: int, points: Points) -> None:
        self.pulses.append(Pulse(t_us, channel, points[0][1]))

    async def _join(self) -> ControlSession:
        link = (await self._new_cable()).link
        if self._time.has_loop:
            self._line = ReopeningLink(link, self._reopen, self._begin_anew)
        else:
            self._line = RelayLink(link)
        return self._session_of(self._driver, self._hands, self._line)

    def _session_of(self, driver: SameDevice, hands: Hands, link: Link) -> ControlSession:
        # The session asks its controller for steps and for nothing else.
        controller = cast("Controller", hands)
        clock = self._time.clock
        session = ControlSession(clock, controller, [(driver, link)], {0: 0}, NullLog())
        session.on_written = self._write
        return session

    def _write(self, now_us: Us, setpoint: Setpoint) -> None:
        self.written.append((now_us, setpoint))

    async def _new_cable(self) -> Cable:
        cable: Cable
        line = LINES.get(self._name, PLAIN)
        now_us = self._time.clock.now_us
        if self._link == "pty":
            cable = RealCable.pty(now_us)
        elif self._link == "tcp":
            cable = RealCable.tcp(now_us)
        elif self._link == "guarded":
            cable = await RealCable.guarded(now_us, line, self._driver.stop_bytes)
        else:
            terms = CableConfig() if line == PLAIN else CableConfig(byte_us=11e6 / line.baud)
            cable = SimCable(self._time.clock, terms, Random(self._random.random()))
        self._cables.append(cable)
        self._far.join(cable)
        return cable

    async def _reopen(self) -> Link:
        if not self._plugged:
            raise OSError(errno.ENODEV, "nothing is plugged in")
        return (await self._new_cable()).link

    def _begin_anew(self) -> None:
        self._session.reopen(0)

    def close(self) -> None:
        """Stop, and let go of everything."""
        self._time.do(self._close)
        self._time.close()

    def _close(self) -> None:
        self._plugged = False
        self._session.close()
        for cable in self._cables:
            if isinstance(cable, RealCable):
                cable.unplug()

    # -- time -----------------------------------------------------------------------------------

    def now_us(self) -> Us:
        """Return the present."""
        return self._time.clock.now_us()

    def run(self, for_us: Us) -> None:
        """Let time pass."""
        self._time.run(for_us)

    # -- the host -------------------------------------------------------------------------------

    def open(self) -> None:
        """Let the driver begin."""
        self._time.do(self._session.open)

    def operate(self, action: str, value: int = 0) -> None:
        """Let a person act."""
        self._time.do(lambda: self._session.take(Operator(self.now_us(), action, value)))

    def stop_now(self) -> None:
        """Stop as a signal handler does."""
        self._session.stop_now()
        self._time.do(self._session.settle)

    def unguarded(self, current_ua: MicroAmp) -> None:
        """Hand the driver one setpoint that no guard has seen."""
        self._hands.bypass = current_ua
        self.operate("level", 1)
        self.operate("pause")

    # -- the far end ----------------------------------------------------------------------------

    def cut(self) -> None:
        """Pull the cable."""
        self._plugged = False
        self._time.do(lambda: self._cables[-1].inject("cable_pulled"))

    def plug(self, who: Who) -> None:
        """Plug a device in, and let the driver begin anew."""
        if who != "the same":
            self._far = self._new_far(who)
        self._plugged = True
        if not self._time.has_loop:
            self._line.take(self._time.complete(self._new_cable()).link)
            self._begin_anew()

    def answer(self, how: Answers, by_us: Us = 0) -> None:
        """Let the device answer so from now on."""
        self._far.answer(how, by_us)

    def restart(self) -> None:
        """Let the device start anew."""
        self._far.restart()

    def leave_running(self) -> None:
        """Let an earlier host start output and vanish."""
        modes = MODES[self._name].values()
        longest = max(modes, key=lambda mode: mode.unattended_ms)
        config = StimulatorConfig(
            device=self._name, mode=longest.mode, list_interval_ms=PERIOD_US / 1000
        )
        hands = Hands(self._limits, capabilities_of(config))
        link = BorrowedLink(self._line)
        driver = SameDevice(driver_for(config, self._limits.min_interval_us))
        session = self._session_of(driver, hands, link)
        session.on_written = None

        def operate(action: str, value: int = 0) -> None:
            self._time.do(lambda: session.take(Operator(self.now_us(), action, value)))

        self._time.do(session.open)
        self._time.run(self.hello_ms * 1000 + self.slack_us)
        operate("arm")
        self._time.run(300_000)
        operate("level", 10)
        self._time.run(300_000)
        if not self.pulses:
            told = [(report.kind, report.detail) for report in hands.reports]
            message = f"the earlier host brought the device to no output: {told}"
            raise BenchFailure(message)
        self._time.do(link.vanish)
        operate("pause")
        from_us = self.now_us()
        self._time.run(2 * PERIOD_US)
        if longest.unattended_ms >= GOES_ON_MS and self.pulses[-1].t_us < from_us:
            message = "the device does not go on without its host"
            raise BenchFailure(message)
