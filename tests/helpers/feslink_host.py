"""A host of a feslink device, for tests: says what it is told to and keeps what comes back."""

from collections.abc import Callable
from random import Random

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH, Table
from firmware_sim.devices.feslink_core import FeslinkCore
from firmware_sim.output import Points

Given = tuple[int, int, Points]


class Host:
    """A device on its own clock, and the host's side of the line.

    Attributes
    ----------
    given : list of (int, int, points)
        Pulses that the device gave.
    ohm : int
        What the next ones meet.
    lines : list of bytes
        Everything that was sent.
    """

    def __init__(self, table: Table = BENCH, seed: int = 1, boot_us: int = 0) -> None:
        random = Random(seed)
        self.given: list[Given] = []
        self.sinks: list[Callable[[int, int, Points], None]] = []
        self.ohm = 1_000
        self.lines: list[bytes] = []
        self.nonce = 0
        self.sequence = 0
        self.number = 0
        self.core = FeslinkCore(
            table, b"TEST0001", lambda: random.randrange(1, 1 << 32), self._give, boot_us
        )
        self.core.tick(boot_us + 50_000)

    def _give(self, at_us: int, channel: int, points: Points) -> int:
        self.given.append((at_us, channel, points))
        for sink in self.sinks:
            sink(at_us, channel, points)
        return self.ohm

    def raw(self, t_us: int, data: bytes) -> list[fm.Message]:
        self.lines.append(data)
        return feslink.Decoder().feed(self.core.receive(t_us, data))

    def send(self, t_us: int, message: fm.Message) -> fm.Message:
        (answer,) = self.raw(t_us, feslink.encode(message))
        return answer

    def next(self) -> int:
        self.number = self.number % 255 + 1
        return self.number

    def offer(self, t_us: int) -> int:
        answer = self.send(t_us, fm.Offer(self.next()))
        assert isinstance(answer, fm.Offered)
        return answer.nonce

    def arm(self, t_us: int, dead_man_ms: int = 150) -> fm.Message:
        self.nonce, self.sequence = self.offer(t_us), 0
        return self.send(t_us, fm.Arm(self.next(), self.nonce, dead_man_ms))

    def clear(self, t_us: int) -> fm.Message:
        return self.send(t_us, fm.Clear(self.next(), self.offer(t_us), self.core.fault))

    def keep(self, t_us: int) -> fm.Message:
        self.sequence += 1
        return self.send(t_us, fm.Keep(self.next(), self.nonce, self.sequence))

    def pulse(
        self, t_us: int, at_us: int, steps: int = 40, width_us: int = 300, **other: int
    ) -> fm.Message:
        self.sequence += 1
        setpoint = fm.Setpoint(
            self.next(), self.nonce, self.sequence, at_us & fm.U32, 0, 0, steps, width_us
        )
        return self.send(t_us, setpoint._replace(**other))

    def stop(self, t_us: int) -> None:
        answers = self.raw(t_us, feslink.STOP_BYTES)
        assert answers
        assert all(answer.asked == fm.STOP for answer in answers)

    @property
    def instants(self) -> list[int]:
        return [at_us for at_us, _, _ in self.given]
