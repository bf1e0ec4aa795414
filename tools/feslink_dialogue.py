"""One dialogue with a feslink device, for its test vectors: see tools/feslink_vectors.py."""

from random import Random

from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH
from firmware_sim.devices.feslink_core import FeslinkCore
from firmware_sim.output import Points

SERIAL = b"SIMF0001"
BOOTED_US = 60_000

Json = dict[str, object]


class Dialogue:
    """One device, and everything that is said to it."""

    def __init__(
        self, name: str, says: str, *, boot_us: int = 0, seed: int = 1, **table: int
    ) -> None:
        self.steps: list[Json] = []
        self.given: list[tuple[int, int, Points]] = []
        self.ohm = 1000
        self.nonces: list[int] = []
        self.number = 0
        self.sequence = 0
        self.nonce = 0
        self.answers: list[fm.Message] = []
        self._random = Random(seed)
        self._about = {"name": name, "says": says, "boot_us": boot_us, "table": table}
        self.core = FeslinkCore(
            BENCH._replace(**table), SERIAL, self._next_nonce, self._give, boot_us
        )

    def _next_nonce(self) -> int:
        self.nonces.append(self._random.randrange(1, 1 << 32))
        return self.nonces[-1]

    def _give(self, at_us: int, channel: int, points: Points) -> int:
        self.given.append((at_us, channel, points))
        return self.ohm

    def _step(self, t_us: int, what: Json, out: bytes | None) -> None:
        core = self.core
        wake_us = core.wake_us
        step: Json = {"t": t_us, **what}
        if out is not None:
            step["out"] = out.hex()
        step |= {
            "state": fm.STATE_NAMES[core.state],
            "fault": core.fault,
            "wake": wake_us if wake_us < NEVER_US else None,
        }
        if self.given:
            step["pulses"] = [[at, channel, points] for at, channel, points in self.given]
        self.given = []
        self.steps.append(step)

    def raw(self, t_us: int, data: bytes) -> list[fm.Message]:
        """Let the device have these bytes."""
        out = self.core.receive(t_us, data)
        self._step(t_us, {"in": data.hex()}, out)
        self.answers = feslink.Decoder().feed(out)
        return self.answers

    def send(self, t_us: int, *messages: fm.Message) -> list[fm.Message]:
        """Let it have these messages, in one piece."""
        return self.raw(t_us, b"".join([feslink.encode(message) for message in messages]))

    def tick(self, t_us: int) -> None:
        """Let time pass."""
        self.core.tick(t_us)
        self._step(t_us, {"tick": True}, None)

    def load(self, t_us: int, ohm: int) -> None:
        """Change every electrode's impedance, for the pulses that begin from now on."""
        self.core.tick(t_us)
        self.ohm = ohm
        self._step(t_us, {"ohm": ohm}, None)

    def next(self) -> int:
        """Return the next frame's number."""
        self.number = self.number % 255 + 1
        return self.number

    def offer(self, t_us: int) -> int:
        """Ask for a nonce, and return it."""
        offered = self.send(t_us, fm.Offer(self.next()))[-1]
        return offered.nonce if isinstance(offered, fm.Offered) else 0

    def arm(self, t_us: int, dead_man_ms: int = 100) -> None:
        """Take an offer and arm with it."""
        self.nonce = self.offer(t_us)
        self.sequence = 0
        self.send(t_us + 2_000, fm.Arm(self.next(), self.nonce, dead_man_ms))

    def pulse(self, at_us: int, steps: int = 40, width_us: int = 300, **other: int) -> fm.Setpoint:
        """Return the next setpoint of the session."""
        self.sequence += 1
        setpoint = fm.Setpoint(
            self.next(), self.nonce, self.sequence, at_us % (1 << 32), 0, 0, steps, width_us
        )
        return setpoint._replace(**other)

    def keep(self) -> fm.Keep:
        """Return the next life sign."""
        self.sequence += 1
        return fm.Keep(self.next(), self.nonce, self.sequence)

    def train(
        self, from_us: int, pulses: int, every_us: int = 25_000, steps: int = 40, **other: int
    ) -> int:
        """Give so many pulses, each asked for 5 ms ahead; return when the next would be."""
        for _ in range(pulses):
            self.send(from_us - 5_000, self.pulse(from_us, steps, **other))
            from_us += every_us
        self.tick(from_us - every_us + 2_000)
        return from_us

    def as_json(self) -> Json:
        """Return it as the file has it."""
        return {**self._about, "nonces": self.nonces, "steps": self.steps}


def at_random(seed: int, steps: int) -> Dialogue:
    """Say anything at any time: what no one thought of."""
    random = Random(seed)
    d = Dialogue(
        f"random {seed}", "anything at any time", seed=seed, boot_us=random.randrange(1 << 33)
    )
    t_us = d.core.wake_us
    lines: list[bytes] = [feslink.STOP_BYTES]
    for _ in range(steps):
        t_us += random.choice((0, 1, 100, 1_000, 5_000, 12_000, 25_000))
        kind = random.random()
        if d.core.state != fm.ARMED and kind < 0.6:
            answers = d.send(t_us, fm.Offer(d.next()))
            offered = answers[-1] if answers else None
            if isinstance(offered, fm.Offered) and offered.nonce:
                d.nonce, d.sequence = offered.nonce, 0
                fault = d.core.fault if random.random() < 0.9 else random.randrange(20)
                if d.core.state == fm.LATCHED:
                    d.send(t_us + 500, fm.Clear(d.next(), d.nonce, fault))
                else:
                    d.send(t_us + 500, fm.Arm(d.next(), d.nonce, random.randint(45, 155)))
            t_us += 500
        elif kind < 0.7:
            ahead_us = random.choice((0, 2_000, 5_000, 5_000, 20_000, 40_000, 160_000, -1))
            setpoint = d.pulse(
                t_us + ahead_us,
                random.choice(
                    (4, 20, 40, 40, 40, 56, 60, 60, 64, 161) if random.random() < 0.2 else (40, 56)
                ),
                random.choice(
                    (20, 100, 200, 300, 300, 300, 301) if random.random() < 0.2 else (300,)
                ),
                channel=random.choice((0, 0, 0, 1, 2, 7, 8) if random.random() < 0.3 else (0, 1)),
                waveform=random.choice((0, 0, 1, 2, 3, 4) if random.random() < 0.3 else (0,)),
            )
            data = feslink.encode(setpoint)
            lines.append(data)
            if random.random() < 0.1:
                bits = bytearray(data)
                bits[random.randrange(len(bits))] ^= 1 << random.randrange(8)
                data = bytes(bits)
            d.raw(t_us, data)
        elif kind < 0.8:
            d.send(t_us, d.keep())
        elif kind < 0.86:
            d.raw(t_us, random.choice(lines))
        elif kind < 0.9:
            d.load(t_us, random.choice((1_000, 1_000, 500, 99, 3_000, 9_000, 1_000_000_000)))
        elif kind < 0.93:
            d.raw(t_us, random.randbytes(random.randrange(40)))
        elif kind < 0.95:
            d.raw(t_us, feslink.STOP_BYTES)
        else:
            d.tick(t_us)
    return d
