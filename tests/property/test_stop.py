"""Stop always wins: two hundred schedules of races, each by its seed, on the virtual loop.

A person, a signal, a failing callback and a dead task stop at random instants, while sensors,
bursts, answers, polls, reconnections, arming and cancellations go on, over a cable that delays,
loses and corrupts. What counts is what reaches the electrode; and, since a P24 that was stopped
would refuse a stray pulse, what leaves the host at all.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import NamedTuple

import pytest

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import LINK_BLOCKED, RIGHT, Operator, Record, Setpoint
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.clock import ORDER_INJECTION, ORDER_OPERATOR
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.virtual import VirtualLoop, run, virtual_clock
from fes_ctrl.safety.arming import DISARMED
from fes_ctrl.sensors.metronome import Metronome
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.conversation import ARMING, READY
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage, Points
from hil.config import CableConfig
from hil.links import SimCable

SEEDS = range(200)
PROGRAM = ProgramConfig()
# Two channels, so that one pulse waits for the other's answer.
CONTROL = ControlConfig(
    program=replace(PROGRAM, channel=(PROGRAM.channel[0], replace(PROGRAM.channel[0], channel=1)))
)
DURATION_US = 5_000_000
LIFE_US = 10_000
"""A pause takes back no pulse that was let through before; each is void after so long."""
LONGEST_FRAME = 64
"""Bytes; a pulse takes 24, or some more where they must be escaped."""


class InterruptedRun(BaseException):
    """What a signal handler raises in the middle of whatever was under way."""


class BrokenError(Exception):
    """What a listener or callback raises."""


class Stop(NamedTuple):
    t_us: int
    how: str


class Bench:
    """Controller, driver, cable and device on one loop, and who may disturb them."""

    def __init__(self, loop: VirtualLoop, seed: int) -> None:
        self.loop = loop
        self.random = Random(f"{seed}:races")
        random = self.random
        self.cable_config = CableConfig(
            byte_us=random.choice([1.0, 10.0, 87.0]),
            latency_us=random.choice([1, 300, 3_000]),
            jitter_us=random.choice([0, 700, 5_000]),
            loss=random.choice([0.0, 0.0, 0.02]),
            corruption=random.choice([0.0, 0.0, 0.02]),
        )
        self.pulses_us: list[int] = []
        self.stops: list[Stop] = []
        self.arms_us: list[int] = []
        self.story: list[str] = []
        self.strays: list[str] = []
        output = OutputStage(sm4.CHANNELS)
        output.sinks.append(self._pulse)
        self.device = SimulatedP24(output, Random(f"{seed}:device"))
        self.device_wake_us = NEVER_US
        self.cable = SimCable(loop, self.cable_config, Random(f"{seed}:cable"))
        self.cable.device = self._to_device
        self.driver = P24Session(capabilities_of(StimulatorConfig()), 0, 20_000, 100_000)
        self.session = ControlSession(
            loop,
            assemble((RIGHT,), CONTROL),
            [(self.driver, self.cable)],
            {RIGHT: 0},
            NullLog(),
        )
        self.write = self.cable.write
        self.cable.write = self._write  # type: ignore[method-assign]
        self.in_next_write: Callable[[], None] | None = None
        self.in_next_record: Callable[[], None] | None = None
        self.in_next_setpoint: Callable[[], None] | None = None
        self.session.listeners.append(self._records)
        self.session.on_setpoint = self._setpoint
        self.feeding: asyncio.Task[None] | None = None

    # -- the far end ------------------------------------------------------------------------------

    def _pulse(self, t_us: int, _channel: int, _points: Points) -> None:
        self.pulses_us.append(t_us)

    def _to_device(self, data: bytes) -> None:
        step = self.device.receive(self.loop.now_us(), data)
        self._device(step.out, step.wake_at_us)

    def _device(self, out: bytes, wake_at_us: int) -> None:
        if out:
            self.cable.answer(out)
        if wake_at_us < self.device_wake_us:
            self.device_wake_us = wake_at_us
            self.loop.call_at_us(wake_at_us, 1, self._device_rings)

    def _device_rings(self) -> None:
        self.device_wake_us = NEVER_US
        step = self.device.tick(self.loop.now_us())
        self._device(step.out, step.wake_at_us)

    # -- where somebody breaks in -----------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        breaks_in, self.in_next_write = self.in_next_write, None
        if breaks_in is not None and self.random.random() < 0.5:
            breaks_in()
            breaks_in = None
        if not self.cable._seized and self.cable.pulled_us is None:
            self._leaves(data)
        self.write(data)
        if breaks_in is not None:
            breaks_in()

    def _leaves(self, data: bytes) -> None:
        """Note what leaves the host after a stop and before somebody arms again."""
        last = self.story[-1] if self.story else "stop"
        for frame in sm4.Decoder().feed(data):
            pulse = frame.command == sm4.LL_CHANNEL_CONFIG
            late = last == "stop" or (last == "pause" and self._since_us() > LIFE_US)
            if (pulse and late) or (frame.command == sm4.LL_INIT and last == "stop"):
                self.strays.append(f"command {frame.command} at {self.loop.now_us()} us")

    def _records(self, _now_us: int, _records: tuple[Record, ...]) -> None:
        breaks_in, self.in_next_record = self.in_next_record, None
        if breaks_in is not None:
            breaks_in()

    def _setpoint(self, _setpoint: Setpoint) -> None:
        breaks_in, self.in_next_setpoint = self.in_next_setpoint, None
        if breaks_in is not None:
            breaks_in()

    def _since_us(self) -> int:
        return self.loop.now_us() - self.stops[-1].t_us

    # -- stops ------------------------------------------------------------------------------------

    def stopped(self, how: str) -> None:
        self.stops.append(Stop(self.loop.now_us(), how))
        only_paused = how == "pause" and self.story[-1:] != ["stop"]
        self.story.append("pause" if only_paused else "stop")

    def signal(self) -> None:
        self.stopped("signal")
        self.session.stop_now()
        raise InterruptedRun

    def watchdog(self) -> None:
        """Another thread, as if it ran in the middle of this one."""
        self.stopped("watchdog")
        self.session.stop_now(LINK_BLOCKED, "test")

    def broken(self) -> None:
        self.stopped("exception")
        raise BrokenError

    def guarded(self, what: Callable[[], object]) -> None:
        """Do what the loop would do; it goes on after what is raised, as a winding-down does."""
        with contextlib.suppress(BrokenError, InterruptedRun):
            what()
        if self.story[-1:] == ["stop"] and not self.session.halted:
            armed = self.session.controller._authorities[0].arming.state
            if armed != DISARMED or self.driver.state in {ARMING, READY}:
                self.strays.append(f"{armed}, driver {self.driver.state} at {self.loop.now_us()}")

    # -- what happens at random -------------------------------------------------------------------

    def operate(self, action: str, value: int = 0) -> None:
        now_us = self.loop.now_us()
        if action == "arm":
            self.arms_us.append(now_us)
            self.story.append("arm")
        self.session.take(Operator(now_us, action, value))
        if action in {"stop", "disarm", "pause"}:
            self.stopped(action)

    def arm_and_raise(self) -> None:
        self.operate("resume")
        self.operate("clear")
        self.operate("arm")
        self.soon(lambda: self.operate("level", 100), 20_000, 60_000)

    def reconnect(self) -> None:
        self.cable.pulled_us = None
        self.session.open()

    def pull(self) -> None:
        self.cable.pull("pulled")

    def cancel_sensors(self) -> None:
        assert self.feeding is not None
        self.feeding.cancel()

    def in_write(self, what: Callable[[], None]) -> Callable[[], None]:
        def later() -> None:
            self.in_next_write = what

        return later

    def in_record(self) -> None:
        self.in_next_record = self.broken

    def in_setpoint(self) -> None:
        self.in_next_setpoint = self.broken

    def at_once(self, *what: Callable[[], None]) -> Callable[[], None]:
        """Several things at one instant, in random order."""

        def all_of_them() -> None:
            for one in self.random.sample(what, len(what)):
                self.guarded(one)

        return all_of_them

    def disturbances(self) -> list[Callable[[], None]]:
        stop = partial(self.operate, "stop")
        return [
            stop,
            lambda: self.operate("disarm"),
            lambda: self.operate("pause"),
            self.signal,
            self.watchdog,
            self.broken_listener,
            self.in_write(self.signal),
            self.in_write(self.watchdog),
            self.in_record,
            self.in_setpoint,
            self.at_once(stop, self.arm_and_raise),
            self.at_once(self.reconnect, stop),
            self.at_once(self.reconnect, self.signal),
            self.at_once(self.watchdog, self.pull),
            self.at_once(self.cancel_sensors, self.signal),
            self.at_once(self.watchdog, self.signal, stop),
            self.pull,
            self.cancel_sensors,
        ]

    def broken_listener(self) -> None:
        self.in_next_record = self.broken
        self.stopped("stop")
        self.session.take(Operator(self.loop.now_us(), "stop", 0))

    def soon(self, what: Callable[[], None], from_us: int, to_us: int) -> None:
        at_us = self.loop.now_us() + self.random.randint(from_us, to_us)
        order = self.random.choice([ORDER_INJECTION, ORDER_OPERATOR, 9])
        self.loop.call_at_us(at_us, order, self.guarded, what)

    # -- the run ----------------------------------------------------------------------------------

    async def feed(self) -> None:
        metronome = Metronome(RIGHT, 0.6, 0.35, self.loop.now_us)
        async for sample in metronome.samples():
            self.guarded(lambda sample=sample: self.session.take(sample))

    async def beat(self) -> None:
        """The watchdog's beat, which settles what was stopped from outside."""
        while True:
            await asyncio.sleep(0.02)
            self.guarded(self.session.settle)

    async def people(self) -> None:
        """Bring it up, let it give, break in; again and again."""
        while True:
            self.guarded(self.reconnect)
            if self.feeding is None or self.feeding.done():
                self.feeding = asyncio.create_task(self.feed(), name="feed")
            # Long enough for a handshake, or not.
            await asyncio.sleep(self.random.choice([0.01, 0.15, 0.3]))
            self.guarded(self.arm_and_raise)
            await asyncio.sleep(self.random.choice([0.002, 0.03, 0.7, 0.9]))
            disturbances = self.disturbances()
            for _ in range(self.random.randint(1, 3)):
                what = self.random.choice(disturbances)
                self.soon(what, 0, self.random.choice([0, 2_000, 300_000]))
            await asyncio.sleep(self.random.choice([0.4, 0.8]))

    def bound_us(self) -> int:
        """The longest that a frame which has left may take, behind a frame before it."""
        cable = self.cable_config
        return round(2 * LONGEST_FRAME * cable.byte_us) + cable.latency_us + cable.jitter_us


async def races(seed: int) -> Bench:
    loop = virtual_clock()
    # What a timer of ours raises is the loop's business; here everything goes on afterwards.
    bench = Bench(loop, seed)
    tasks = [
        asyncio.create_task(bench.people(), name="people"),
        asyncio.create_task(bench.beat(), name="beat"),
    ]
    ring = loop._ring_next

    def ringing() -> None:
        bench.guarded(ring)

    loop._ring_next = ringing  # type: ignore[method-assign]
    await asyncio.sleep(DURATION_US / 1e6)
    if bench.feeding is not None:
        tasks.append(bench.feeding)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        assert task.cancelled(), task
    bench.session.close()
    return bench


def violations(bench: Bench) -> list[str]:
    """Return every pulse that came after a stop, beyond the wire's bound and before an arming."""
    found = []
    for stop in bench.stops:
        bound_us = bench.bound_us() + (LIFE_US if stop.how == "pause" else 0)
        again_us = min([t_us for t_us in bench.arms_us if t_us >= stop.t_us], default=NEVER_US)
        found += [
            f"{stop.how} at {stop.t_us} us, a pulse {pulse_us - stop.t_us} us later"
            for pulse_us in bench.pulses_us
            if stop.t_us + bound_us < pulse_us < again_us
        ]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_stop_nothing_is_given_until_somebody_arms_again(seed: int) -> None:
    bench = run(races(seed), jitter_seed=seed)
    assert bench.strays == [], f"seed {seed}"
    assert violations(bench) == [], f"seed {seed}"


def test_the_schedules_stop_in_every_way_and_in_the_middle_of_stimulation() -> None:
    ways: dict[str, int] = {}
    while_giving = 0
    for seed in range(40):
        bench = run(races(seed), jitter_seed=seed)
        for stop in bench.stops:
            ways[stop.how] = ways.get(stop.how, 0) + 1
            while_giving += any(-60_000 < t - stop.t_us <= 0 for t in bench.pulses_us)
    assert set(ways) == {"stop", "disarm", "pause", "signal", "watchdog", "exception"}
    assert min(ways.values()) >= 10, ways
    assert while_giving >= 40
