"""However a run ends, the device is stopped the instant it ends; in virtual time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from random import Random

import pytest

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import RIGHT, Fault, Operator, Record, Sample, StateChange
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.live import Hand, live
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.virtual import run, virtual_clock
from fes_ctrl.sensors.metronome import Metronome
from fes_ctrl.sensors.source import SensorError, Worn
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage
from hil.config import CableConfig
from hil.device_end import DeviceEnd
from hil.links import SimCable

ENDS_US = 2_600_000
"""In the middle of a burst: 0.2 s after the heel of the third stride has risen."""
WINDING_DOWN_S = 5.0


class Ending:
    """A heel switch that ends a run in its own way, and is in no hurry to let go."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error
        self._now_us = virtual_clock().now_us
        self._metronome = Metronome(RIGHT, 1.0, 0.4, self._now_us)
        self.closed = False

    @property
    def sensors(self) -> tuple[Worn, ...]:
        return self._metronome.sensors

    async def samples(self) -> AsyncGenerator[Sample, None]:
        try:
            async for sample in self._metronome.samples():
                if self._now_us() >= ENDS_US:
                    break
                yield sample
            if self._error is not None:
                raise self._error
        finally:
            if self._now_us() < ENDS_US:
                await asyncio.sleep(WINDING_DOWN_S)

    def close(self) -> None:
        self.closed = True


class Prompt(Ending):
    """The same that hands each sample on in the call in which it arrives."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__(error)
        self.on_sample: Callable[[Sample], None] | None = None

    async def samples(self) -> AsyncGenerator[Sample, None]:
        async with contextlib.aclosing(super().samples()) as samples:
            async for sample in samples:
                if self.on_sample is None:
                    yield sample
                else:
                    self.on_sample(sample)


class Telling(SimulatedP24):
    """A device that tells when it is made ready, and when it is stopped."""

    __slots__ = ("told",)

    def __init__(self, output: OutputStage, told: list[tuple[int, int]]) -> None:
        super().__init__(output, Random(1))
        self.told = told

    def receive(self, now_us: int, data: bytes) -> DeviceStep:
        before = self.status
        step = super().receive(now_us, data)
        if self.status != before:
            self.told.append((now_us, self.status))
        return step


class Walk:
    """A run against a simulated device, and what came of it."""

    def __init__(self) -> None:
        self.statuses: list[tuple[int, int]] = []
        self.pulses_us: list[int] = []
        self.faults: list[Fault] = []

    async def go(
        self, error: Exception | None, duration_s: float | None, make: type[Ending] = Ending
    ) -> None:
        clock = virtual_clock()
        cable = SimCable(clock, CableConfig(), Random(1))
        output = OutputStage(sm4.CHANNELS)
        output.sinks.append(lambda t_us, _channel, _points: self.pulses_us.append(t_us))
        DeviceEnd(clock, Telling(output, self.statuses), cable, None)
        driver = P24Session(capabilities_of(StimulatorConfig()), 0, 20_000, 100_000)
        session = ControlSession(
            clock, assemble((RIGHT,), ControlConfig()), [(driver, cable)], {RIGHT: 0}, NullLog()
        )
        session.listeners.append(self._see)
        for at_us, action, value in ((200_000, "arm", 0), (300_000, "level", 100)):
            clock.call_at_us(at_us, 5, session.take, Operator(at_us, action, value))
        source = make(error)
        hand = Hand(session, clock, print, may_arm=True)
        try:
            await live(session, source, hand, None, duration_s)
        finally:
            assert source.closed
            assert getattr(source, "on_sample", None) is None, "nobody is handed anything any more"
            # What was written has yet to arrive.
            await asyncio.sleep(0.05)

    def _see(self, _now_us: int, records: tuple[Record, ...]) -> None:
        self.faults += [record for record in records if isinstance(record, Fault)]

    def assert_stopped_at(self, t_us: int) -> None:
        stopped_us, status = self.statuses[-1]
        assert status == sm4.STATUS_NONE
        assert t_us <= stopped_us <= t_us + 5_000
        assert self.pulses_us[-1] <= t_us + 5_000
        assert any(t_us - 60_000 < pulse_us for pulse_us in self.pulses_us), "in mid-burst"


def test_a_source_that_fails_stops_the_device_at_once_and_is_a_fault() -> None:
    walk = Walk()
    with pytest.raises(ExceptionGroup) as caught:
        run(walk.go(ZeroDivisionError("sensor task"), None))
    assert caught.group_contains(ZeroDivisionError)
    walk.assert_stopped_at(ENDS_US)
    (fault,) = [known for known in walk.faults if known.id == "F29"]
    assert fault.reaction == "latch"
    assert "sensor task" in fault.detail


def test_a_source_that_is_lost_stops_the_device_at_once() -> None:
    walk = Walk()
    with pytest.raises(ExceptionGroup) as caught:
        run(walk.go(SensorError("lost"), None))
    assert caught.group_contains(SensorError)
    walk.assert_stopped_at(ENDS_US)


@pytest.mark.parametrize("duration_s", [None, ENDS_US / 1e6 - 0.1])
def test_an_end_in_mid_burst_stops_the_device_at_once(duration_s: float | None) -> None:
    walk = Walk()
    run(walk.go(None, duration_s))
    walk.assert_stopped_at(ENDS_US if duration_s is None else round(duration_s * 1e6))
    assert [known for known in walk.faults if known.id == "F29"] == []


def test_a_source_that_hands_samples_on_at_once_gives_the_same_walk() -> None:
    pulled, prompt = Walk(), Walk()
    run(pulled.go(None, None))
    run(prompt.go(None, None, Prompt))
    prompt.assert_stopped_at(ENDS_US)
    assert prompt.pulses_us == pulled.pulses_us


@pytest.mark.parametrize("typed", ["level ²", "level " + 5000 * "9", "level -5", "level 5 5"])
def test_what_is_no_level_is_said_and_changes_nothing(typed: str) -> None:
    said: list[str] = []

    async def type_it() -> None:
        clock = virtual_clock()
        session = ControlSession(clock, assemble((RIGHT,), ControlConfig()), [], {}, NullLog())
        Hand(session, clock, said.append, may_arm=True).line(typed)

    run(type_it())
    assert len(said) == 1
    assert "is no action" in said[0]


@pytest.mark.parametrize("typed", ["t", "test"])
def test_a_test_burst_is_a_key_and_a_word(typed: str) -> None:
    """It reaches the controller, which here has nobody to give it to, and says so."""
    told: list[str] = []

    def see(_now_us: int, records: tuple[Record, ...]) -> None:
        told.extend(record.reason for record in records if isinstance(record, StateChange))

    async def type_it() -> None:
        clock = virtual_clock()
        session = ControlSession(clock, assemble((RIGHT,), ControlConfig()), [], {}, NullLog())
        session.listeners.append(see)
        hand = Hand(session, clock, told.append, may_arm=True)
        (hand.key if len(typed) == 1 else hand.line)(typed)

    run(type_it())
    assert told == ["no test burst: not armed"]
