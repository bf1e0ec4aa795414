"""A RehaStim2's driver session and a simulated device, on a cable that takes 0.3 ms each way."""

import heapq
from random import Random

from fes_ctrl.model import Arm, Command, LinkReport, Setpoint
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.conversation import DEAD, READY, STOPPING
from fes_ctrl.stimulators.rehastim2 import Rehastim2Session
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode2 as sm2
from firmware_sim.devices.rehastim2 import SimulatedRehastim2
from firmware_sim.output import OutputStage
from helpers.steps import held

CABLE_US = 300
LIFE_US = 10_000
INTERVAL_US = 20_000
PERIOD_US = 25_000
WHICH = 2


class Bench:
    """Both ends, and what passed between them."""

    def __init__(self, mode: str = "single_pulse", seed: int = 1, poll_us: int = 100_000) -> None:
        config = StimulatorConfig(device="rehastim2", mode=mode)  # type: ignore[arg-type]
        self.session = Rehastim2Session(capabilities_of(config), WHICH, INTERVAL_US, poll_us)
        self.output = OutputStage(8)
        self.device = SimulatedRehastim2(self.output, Random(seed))
        self.pulses: list[tuple[int, int, int]] = []
        self.output.sinks.append(
            lambda t, channel, points: self.pulses.append((t, channel, points[0][1]))
        )
        self.reports: list[LinkReport] = []
        self.sent: list[tuple[int, sm2.Frame]] = []
        self.written: list[tuple[int, Setpoint]] = []
        self.answered: list[tuple[int, sm2.Frame]] = []
        self.now_us = 0
        self.dropped_us = NEVER_US
        self.deaf = False
        self._wire: list[tuple[int, int, str, bytes]] = []
        self._count = 0
        self._session_us = NEVER_US
        self._device_us = self.device.tick(0).wake_at_us
        self._heard = sm2.Decoder()
        self._said = sm2.Decoder()

    # -- time -----------------------------------------------------------------------------------

    def until(self, t_us: int) -> None:
        """Let everything happen up to then."""
        at_once = 0
        while True:
            wire_us = self._wire[0][0] if self._wire else NEVER_US
            at_us = min(wire_us, self._session_us, self._device_us)
            if at_us > t_us:
                break
            at_once = at_once + 1 if at_us <= self.now_us else 0
            assert at_once < 20, "it never rests"
            self.now_us = max(self.now_us, at_us)
            if wire_us <= at_us:
                _, _, where, data = heapq.heappop(self._wire)
                self._arrive(where, data)
            elif self._device_us <= at_us:
                step = self.device.tick(self.now_us)
                self._from_device(step.out, step.wake_at_us)
            else:
                self.take(self.session.tick(self.now_us))
        self.now_us = max(self.now_us, t_us)

    def _arrive(self, where: str, data: bytes) -> None:
        if where == "device":
            step = self.device.receive(self.now_us, data)
            self._from_device(step.out, step.wake_at_us)
        else:
            self.answered += [(self.now_us, frame) for frame in self._heard.feed(data)]
            self.take(self.session.receive(self.now_us, data))

    def _from_device(self, out: bytes, wake_us: int) -> None:
        self._device_us = wake_us
        if out and not self.deaf and self.dropped_us == NEVER_US:
            self._send("host", out)

    def _send(self, where: str, data: bytes) -> None:
        self._count += 1
        heapq.heappush(self._wire, (self.now_us + CABLE_US, self._count, where, data))

    def take(self, step: DriverStep) -> DriverStep:
        """Carry out what the session wants."""
        held(step, self.now_us, WHICH)
        self._session_us = step.wake_at_us
        if step.drop:
            self.dropped_us = self.now_us
        for data in step.out:
            self.sent += [(self.now_us, frame) for frame in self._said.feed(data)]
            if self.dropped_us == NEVER_US:
                self._send("device", data)
        self.written += [(self.now_us, setpoint) for setpoint in step.written]
        self.reports += step.reports
        return step

    # -- what a controller does -----------------------------------------------------------------

    def open(self) -> None:
        """Begin."""
        self.take(self.session.open(self.now_us))

    def command(self, command: Command) -> DriverStep:
        """Hand it one command now."""
        return self.take(self.session.command(self.now_us, command))

    def ready(self) -> "Bench":
        """Bring it up and arm it."""
        self.open()
        self.until(1_000_000)
        assert self.kinds() == ["up", *["answer"] * (len(self.reports) - 1)], self.reports
        self.command(Arm(self.now_us, 0))
        self.until(1_050_000)
        assert self.session.state == READY
        self.reports.clear()
        self.sent.clear()
        self.answered.clear()
        return self

    def pulse(self, current_ua: int = 20_000, channel: int = 0) -> Setpoint:
        """Ask for a pulse now."""
        setpoint = Setpoint(self.now_us, 1, channel, current_ua, 300, self.now_us + LIFE_US, 0)
        self.command(setpoint)
        return setpoint

    def burst(self, pulses: int, period_us: int = 40_000, channel: int = 0) -> None:
        """Ask for a train, from now."""
        for k in range(pulses):
            self.pulse(20_000 + 1_000 * (k % 5), channel)
            self.until(self.now_us + period_us)

    # -- what is to be seen ---------------------------------------------------------------------

    def kinds(self) -> list[str]:
        """Return the kinds of the reports so far."""
        return [report.kind for report in self.reports]

    def faults(self) -> list[str]:
        """Return the reports that are none of an ordinary day."""
        return [kind for kind in self.kinds() if kind not in {"answer", "idle", "up", "ready"}]

    def commands(self) -> list[int]:
        """Return the commands that were sent so far."""
        return [frame.command for _, frame in self.sent]

    @property
    def silent(self) -> bool:
        """Whether the session can give nothing now."""
        return self.session.state in {STOPPING, DEAD}
