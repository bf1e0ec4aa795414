"""A whole controller at the desk whose steps a probe plays: from the heel's edge to the pulse.

The probe's pin is the heel switch; a sensor's board reads it and tells the host; the controller
times a burst; the probe sees the pulses across the load. Edge and pulse stand on its one clock.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from fes_ctrl.assembly import assemble
from fes_ctrl.links.link import Link
from fes_ctrl.links.recorder import NotedDriver, Recorder
from fes_ctrl.model import Operator, Record, StateChange
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.clock import Clock
from fes_ctrl.runtime.live import feed
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.safety.limits import Limits
from fes_ctrl.sensors.source import SensorError
from fes_ctrl.sensors.url import SensorUrlError, open_source, parse_sensor_url
from fes_ctrl.stimulators.config import StimulatorConfig
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.units import Us
from hil.desk import most_ua_of
from hil.probe import Probe, ProbePulse
from hil.suite.bench import BenchFailure, NotProvenError
from hil.suite.walking import delays_of, scenario_of

STRIDE_US: Final = 1_100_000
SWING_US: Final = 420_000
STANDS_US: Final = 500_000
ARMED_WITHIN_S: Final = 8.0
ASK_EVERY_S: Final = 0.25
TOLD_WITHIN_S: Final = 0.5

OpenLink = Callable[[StimulatorConfig], Awaitable[Link]]


class PlayedHeel:
    """The heel, the board and the controller of one walk.

    Parameters
    ----------
    clock : Clock
        The bench's, of a loop that waits.
    probe : Probe
        Plays the heel and sees the pulses.
    sensor : str
        Address of the board.
    """

    def __init__(self, clock: Clock, probe: Probe, sensor: str) -> None:
        self._clock = clock
        self._probe = probe
        self._sensor = sensor
        self._left_us: list[Us] = []
        self._pulses_us: list[Us] = []
        self._armed = False
        self._said = ""

    async def walk(
        self,
        open_link: OpenLink,
        recorder: Recorder,
        config: StimulatorConfig,
        current_ma: int,
        strides: int,
    ) -> list[Us]:
        """Walk; return from each heel-off to the first pulse of its burst, in us.

        Parameters
        ----------
        open_link : callable
            Opens the stimulator's port.
        recorder : Recorder
            Takes what the driver is told.
        config : StimulatorConfig
            Device and mode.
        current_ma : int
            At most.
        strides : int
            How many.

        Raises
        ------
        NotProvenError
            If the board cannot be had.
        BenchFailure
            If the device is not armed in time.
        """
        try:
            source = open_source(parse_sensor_url(self._sensor), self._clock.now_us)
        except (SensorUrlError, SensorError) as error:
            message = f"sensor {error}"
            raise NotProvenError(message) from error
        control = scenario_of(config, STRIDE_US).walk.control
        legs = tuple(sorted({worn.leg for worn in source.sensors}))
        driver = driver_for(control.stimulator, Limits(control.limits).min_interval_us)
        link = await open_link(control.stimulator)
        session = ControlSession(
            self._clock,
            assemble(legs, control),
            [(NotedDriver(driver, recorder), link)],
            dict.fromkeys(legs, 0),
            NullLog(),
        )
        session.listeners.append(self._see)
        self._probe.on_edge = self._edge
        self._probe.on_pulse = self._pulse
        feeding = asyncio.create_task(feed(source, session), name="the board's readings")
        try:
            self._probe.edge(loaded=True)
            session.open()
            await self._arm(session)
            level = max(1, 100_000 * current_ma // most_ua_of(control))
            self._act(session, "level", min(100, level))
            await self._step(strides)
        finally:
            session.close()
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeding
            source.close()
        return delays_of(self._left_us, self._pulses_us)

    async def _arm(self, session: ControlSession) -> None:
        until_us = self._clock.now_us() + ARMED_WITHIN_S * 1e6
        while not self._armed:
            if self._clock.now_us() > until_us:
                message = f"not armed within {ARMED_WITHIN_S:g} s: {self._said}"
                raise BenchFailure(message)
            self._act(session, "arm", 0)
            await asyncio.sleep(ASK_EVERY_S)

    def _act(self, session: ControlSession, action: str, value: int) -> None:
        session.take(Operator(self._clock.now_us(), action, value))

    async def _step(self, strides: int) -> None:
        """Play stride after stride, each a little ahead, by the probe's clock."""
        at_us = self._clock.now_us() + STANDS_US
        for _ in range(strides):
            for loaded, edge_us in ((False, at_us), (True, at_us + SWING_US)):
                self._probe.edge(loaded=loaded, at_probe_us=self._probe.on_probe(edge_us))
            at_us += STRIDE_US
            await asyncio.sleep(max(0, at_us - STANDS_US - self._clock.now_us()) / 1e6)
        await asyncio.sleep(TOLD_WITHIN_S)

    def _edge(self, t_us: Us, loaded: bool) -> None:  # noqa: FBT001 - a probe's word
        if not loaded:
            self._left_us.append(t_us)

    def _pulse(self, pulse: ProbePulse) -> None:
        self._pulses_us.append(pulse.probe_us)

    def _see(self, _now_us: Us, records: tuple[Record, ...]) -> None:
        for record in records:
            if isinstance(record, StateChange):
                self._armed = record.armed
                self._said = record.reason
