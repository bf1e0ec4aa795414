"""A simulated probe and its reader on the stepper, with a line between them that takes its time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.clock import ORDER_DEVICE, ORDER_LINK
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.units import Us
from firmware_sim.output import OutputStage, Points
from firmware_sim.probe import ProbeConfig, SimProbe
from hil.probe import Probe, ProbePulse

PULSE: Points = ((300, 40_000), (100, 0), (300, -40_000))


class Line:
    """The host's end of a line whose far end is a function; every piece is late at random."""

    def __init__(self, stepper: Stepper, random: Random, latency_us: Us, jitter_us: Us) -> None:
        self.on_bytes: Callable[[bytes], None] = lambda _: None
        self.on_lost: Callable[[str], None] = lambda _: None
        self.far: Callable[[bytes], None] = lambda _: None
        self._stepper = stepper
        self._random = random
        self._latency_us = latency_us
        self._jitter_us = jitter_us
        self._due_us: Us = 0
        self.held_until_us: Us = 0

    def _late(self, not_before_us: Us) -> Us:
        late_us = self._latency_us + self._random.randint(0, self._jitter_us)
        return max(not_before_us, self.held_until_us, self._stepper.now_us() + late_us)

    def write(self, data: bytes) -> None:
        at_us = self._late(0)
        self._stepper.call_at_us(at_us, ORDER_LINK, lambda: self.far(data))

    def answer(self, data: bytes) -> None:
        self._due_us = self._late(self._due_us)
        self._stepper.call_at_us(self._due_us, ORDER_LINK, lambda: self.on_bytes(data))

    def close(self) -> None:
        self.on_bytes = lambda _: None

    def discard(self) -> bool:
        return False

    def seize(self, stop: bytes) -> None: ...

    def release(self) -> None: ...

    def drop(self) -> None: ...


@dataclass
class Bench:
    """Output stage, probe, line and reader, joined."""

    config: ProbeConfig = field(default_factory=ProbeConfig)
    seed: int = 1
    latency_us: Us = 200
    jitter_us: Us = 700
    host_offset_us: Us = 0

    def __post_init__(self) -> None:
        self.stepper = Stepper()
        self.output = OutputStage(8)
        self.sim = SimProbe(self.config, Random(f"{self.seed}:probe"))
        self.output.sinks.append(self.sim.see)
        self.line = Line(self.stepper, Random(self.seed), self.latency_us, self.jitter_us)
        self.line.far = self._hear
        self.probe = Probe(self.line, self.now_us)
        self.pulses: list[ProbePulse] = []
        self.edges: list[tuple[Us, bool]] = []
        self.given: list[Us] = []
        self.on = True
        self.doubts_us: list[Us] = []
        self.probe.on_pulse = self._pulse
        self.probe.on_edge = lambda t_us, loaded: self.edges.append((t_us, loaded))
        self._alarm = Alarm(self.stepper, ORDER_DEVICE, self._ring)
        self._alarm.move(0)
        self.probe.open()

    def now_us(self) -> Us:
        """Return the host's time, whose beginning is another than that of the truth."""
        return self.stepper.now_us() + self.host_offset_us

    def run(self, until_s: float) -> None:
        self.stepper.run_until_us(round(until_s * 1e6))

    def give(self, at_s: float, points: Points = PULSE, channel: int = 0) -> None:
        at_us = round(at_s * 1e6)
        self.given.append(at_us)
        self.stepper.call_at_us(at_us, ORDER_DEVICE, self._give, channel, points)

    def at(self, at_s: float, what: Callable[[], None]) -> None:
        self.stepper.call_at_us(round(at_s * 1e6), ORDER_DEVICE, what)

    def restart(self) -> None:
        self.sim.restart(self.stepper.now_us())
        self._alarm.move(self.sim.wake_at_us)

    def switch_off(self) -> None:
        """Take the probe's power."""
        self.on = False

    def _pulse(self, pulse: ProbePulse) -> None:
        self.pulses.append(pulse)
        self.doubts_us.append(self.probe.doubt_us)

    def _give(self, channel: int, points: Points) -> None:
        self.output.deliver(self.stepper.now_us(), channel, points)
        self._alarm.move(self.sim.wake_at_us)

    def _hear(self, data: bytes) -> None:
        if self.on:
            step = self.sim.receive(self.stepper.now_us(), data)
            self._carry(step.out, step.wake_at_us)

    def _ring(self, now_us: Us) -> None:
        if self.on:
            step = self.sim.tick(now_us)
            self._carry(step.out, step.wake_at_us)

    def _carry(self, out: bytes, wake_at_us: Us) -> None:
        if out:
            self.line.answer(out)
        self._alarm.move(wake_at_us)
