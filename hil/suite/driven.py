"""What every bench has: a driver in its session, on a line and a clock, and a person's hands."""

import json
from dataclasses import replace
from typing import Final, cast

from fes_ctrl.controller import Controller
from fes_ctrl.links import exchange
from fes_ctrl.links.exchange import header_line
from fes_ctrl.links.link import Link
from fes_ctrl.links.recorder import NotedDriver, Recorder, RecordingLink
from fes_ctrl.links.relay import RelayLink
from fes_ctrl.model import Operator, Setpoint
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.reconnect import ReopeningLink
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import MODES, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.drivers import HELLOS, driver_for
from fes_ctrl.stimulators.same_device import SameDevice
from fes_ctrl.units import MicroAmp, Us
from hil.suite.bench import SEES, BenchFailure, Pulse, Source
from hil.suite.hands import PERIOD_US, Hands
from hil.suite.lines import BorrowedLink
from hil.suite.masks import NAMELESS
from hil.suite.times import Time

REOPENED_MS: Final = 500
"""A link that was lost is tried every 250 ms; what is there is told once it is open."""

HELLO_MS: Final = 800

GOES_ON_MS: Final = 1_000
"""A device that may be left alone for so long repeats pulses by itself."""

ARMED_IN_US: Final = 300_000


class DrivenBench:
    """A driver in its session, on whatever line the bench has: what benches have in common.

    Whoever inherits gives the line and what is at its end; ``join`` comes last.

    Parameters
    ----------
    config : StimulatorConfig
        Device and mode: a row of ``drivers.DRIVERS``.
    time : Time
        A clock, and who lets it run.
    slack_us : int
        What line and clock add to any figure.
    """

    def __init__(self, config: StimulatorConfig, time: Time, slack_us: Us) -> None:
        device = config.device
        self._time = time
        self._config = config
        self._terms = config
        self._limits = Limits(LimitsConfig())
        self.capabilities = capabilities_of(config)
        self.hello_ms = HELLOS[device].listen_ms if device in HELLOS else HELLO_MS
        self.watchdog_ms = 0
        if device not in HELLOS or not HELLOS[device].question:
            self.watchdog_ms = max(mode.unattended_ms for mode in MODES[device].values())
        self.slack_us = slack_us
        self.reopened_us: Us = REOPENED_MS * 1000 if time.has_loop else 0
        self.names_itself = device not in NAMELESS
        self.current_ma = 10
        self.more_ma = 14
        self.doubt_us: Us = 0
        self.eye_us: Us = 0
        self.eye_share = 0.0
        self.eye_ua: MicroAmp = 0
        self.look_us: Us = 2_000_000
        self.endurance_us: Us = 30_000_000
        self.walk_us: Us = 20_000_000
        self.source: Source = "electrode"
        self.pulses: list[Pulse] = []
        self.written: list[tuple[Us, Setpoint]] = []
        self._hands = Hands(self._limits, self.capabilities)
        self.reports = self._hands.reports
        self.refused = self._hands.refused
        self._lines: list[str] = []
        self._opened = False
        self._recorder = Recorder(time.clock.now_us, self._lines.append)
        self._driver = driver_for(config, self._limits.min_interval_us)
        self._same = SameDevice(NotedDriver(self._driver, self._recorder))
        self._line: RelayLink
        self._held: BorrowedLink
        self._session: ControlSession

    async def _next_link(self) -> Link:
        """Return a link; the next one where the last was lost.

        Raises
        ------
        OSError
            If nothing is plugged in.
        """
        raise NotImplementedError

    def _join(self) -> None:
        self._session = self._time.complete(self._joined())

    async def _joined(self) -> ControlSession:
        link = await self._next_link()
        if self._time.has_loop:
            self._line = ReopeningLink(link, self._next_link, self._begin_anew)
        else:
            self._line = RelayLink(link)
        self._held = BorrowedLink(self._line)
        session = self._session_of(
            self._same, self._hands, RecordingLink(self._held, self._recorder)
        )
        session.on_written = self._write
        return session

    def _session_of(self, driver: SameDevice, hands: Hands, link: Link) -> ControlSession:
        # The session asks its controller for steps and for nothing else.
        controller = cast("Controller", hands)
        return ControlSession(self._time.clock, controller, [(driver, link)], {0: 0}, NullLog())

    def _write(self, now_us: Us, setpoint: Setpoint) -> None:
        self.written.append((now_us, setpoint))

    def _begin_anew(self) -> None:
        self._session.reopen(0)

    def close(self) -> None:
        """Stop, and let go of everything."""
        self._time.do(self._close)
        self._time.close()

    def _close(self) -> None:
        if self._held.gone:
            # Whoever froze does not stop the device: the bench does.
            self._line.seize(self._driver.stop_bytes)
        self._session.close()

    # -- time -----------------------------------------------------------------------------------

    def now_us(self) -> Us:
        """Return the present."""
        return self._time.clock.now_us()

    def run(self, for_us: Us) -> None:
        """Let time pass."""
        self._time.run(for_us)

    def settle(self) -> None:
        """Let no time pass: what is given is known at once."""

    # -- the host -------------------------------------------------------------------------------

    def open(self) -> None:
        """Let the driver begin."""
        self._record(self._config)
        self._time.do(self._session.open)

    def _record(self, terms: StimulatorConfig) -> None:
        """Keep what passes on the line from now on, with a stimulator on these terms."""
        self._lines.clear()
        self._terms = terms
        self._opened = True

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

    def freeze(self) -> None:
        """Let the host say and hear nothing more."""
        self._time.do(self._held.vanish)

    def leave_running(self) -> None:
        """Let an earlier host, in the mode that goes on for longest, start output and vanish."""
        modes = MODES[self._config.device].values()
        longest = max(modes, key=lambda mode: mode.unattended_ms)
        config = replace(self._config, mode=longest.mode)
        hands = Hands(self._limits, capabilities_of(config))
        link = BorrowedLink(self._line)
        driver = SameDevice(driver_for(config, self._limits.min_interval_us))
        session = self._session_of(driver, hands, link)
        session.on_written = self._left

        def operate(action: str, value: int = 0) -> None:
            self._time.do(lambda: session.take(Operator(self.now_us(), action, value)))

        self._time.do(session.open)
        self._time.run(self.hello_ms * 1000 + self.slack_us)
        operate("arm")
        self._time.run(ARMED_IN_US)
        operate("level", self.current_ma)
        self._time.run(ARMED_IN_US)
        if not self.pulses:
            told = [(report.kind, report.detail) for report in hands.reports]
            message = f"the earlier host brought the device to no output: {told}"
            raise BenchFailure(message)
        self._time.do(link.vanish)
        operate("pause")
        from_us = self.now_us()
        self._time.run(2 * PERIOD_US)
        goes_on = longest.unattended_ms >= GOES_ON_MS and self.source in SEES
        if goes_on and self.pulses[-1].t_us < from_us:
            message = "the device does not go on without its host"
            raise BenchFailure(message)

    def _left(self, now_us: Us, setpoint: Setpoint) -> None:
        """Take note of what an earlier host asked for: nothing, where pulses are seen."""

    # -- the account ----------------------------------------------------------------------------

    @property
    def identity(self) -> str:
        """What the device called itself first; empty before that."""
        return self._same.identity

    def blind(self) -> str:
        """Return why what was seen of the output so far is not the whole of it, or nothing."""
        if self.source in SEES:
            return ""
        counts = "; the device counts its pulses, and nobody sees when they come"
        return "there is no probe across the load" + (counts if self.source == "device" else "")

    def answered_us(self, from_us: Us) -> list[Us]:
        """Return how long each word of the host since then waited for the device's next one."""
        waited: list[Us] = []
        said_us: Us | None = None
        for entry in [json.loads(line) for text in self._lines for line in text.splitlines()]:
            if entry["what"] == exchange.OUT and entry["t_us"] >= from_us:
                said_us = entry["t_us"] if said_us is None else said_us
            elif entry["what"] == exchange.IN and said_us is not None:
                waited.append(entry["t_us"] - said_us)
                said_us = None
        return waited

    def transcript(self) -> str:
        """Return what passed on the line since it was opened, as ``run --record`` writes it."""
        if not self._opened:
            return ""
        header = header_line(self._terms, self._limits.min_interval_us)
        return header + "".join(self._lines)
