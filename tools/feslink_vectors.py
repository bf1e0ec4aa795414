"""Make the test vectors of feslink, which every implementation is held to.

    python tools/feslink_vectors.py [--check]

Frames with their meaning, damaged streams with what comes out of them, and dialogues: instants of
the device's clock, bytes in, bytes out, pulses given, state after. docs/reference/feslink.md says
how to read them. With ``--check`` nothing is written, and it fails if the file is stale.
"""

import argparse
import json
import sys
from pathlib import Path
from random import Random

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH
from firmware_sim.devices.feslink_core import FeslinkCore
from firmware_sim.output import Points

FILE = Path(__file__).resolve().parents[1] / "tests/vectors/feslink.json"
SERIAL = b"SIMF0001"
BOOTED_US = 60_000

Json = dict[str, object]


def said(message: fm.Message) -> Json:
    """Return a message as the file says it: its type in hex, then its fields."""
    return {**message._asdict(), "type": f"{feslink.type_of(message):02x}"}


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
            "wake": wake_us if wake_us < 1 << 62 else None,
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

    def arm(self, t_us: int, dead_man_ms: int = 100) -> None:
        """Take an offer and arm with it."""
        (offered,) = self.send(t_us, fm.Offer(self.next()))
        assert isinstance(offered, fm.Offered)
        self.nonce = offered.nonce
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


# -- dialogues ----------------------------------------------------------------------------------


def booting() -> Dialogue:
    d = Dialogue("boot", "while it boots it answers, offers nothing and takes no pulse")
    d.send(1_000, fm.AskStatus(1))
    d.send(2_000, fm.Offer(2))
    d.send(3_000, fm.Arm(3, 1, 100), fm.Setpoint(4, 1, 1, 8_000, 0, 0, 40, 300))
    d.raw(4_000, feslink.STOP_BYTES)
    d.tick(49_999)
    d.tick(50_000)
    d.send(51_000, fm.AskStatus(5))
    return d


def walk_through() -> Dialogue:
    d = Dialogue("walk-through", "the exchange of docs/reference/feslink.md")
    d.raw(BOOTED_US, feslink.STOP_BYTES)
    d.send(70_000, fm.Identify(1))
    d.send(72_000, fm.AskCapabilities(2))
    d.send(74_000, fm.AskLimits(3))
    d.send(76_000, fm.AskStatus(4))
    d.number = 4
    d.arm(80_000)
    d.send(100_000, d.pulse(104_000))
    d.tick(104_000)
    d.tick(110_000)
    d.send(125_000, d.pulse(129_000))
    d.send(150_000, d.keep())
    d.raw(160_000, feslink.STOP_BYTES)
    d.tick(400_000)
    return d


def dead_man() -> Dialogue:
    d = Dialogue("dead-man", "50 ms after the last valid frame it latches; only its name clears it")
    d.arm(BOOTED_US, 50)
    d.send(100_000, d.pulse(150_000), d.pulse(150_001, channel=1))
    d.tick(149_999)
    d.send(149_999, fm.AskStatus(90))
    d.tick(150_000)
    d.tick(150_001)
    d.tick(150_600)
    d.send(152_000, fm.AskStatus(91))
    d.send(153_000, d.pulse(155_000), d.keep())
    d.send(154_000, fm.Arm(92, d.nonce, 50))
    d.raw(155_000, feslink.STOP_BYTES)
    (offered,) = d.send(160_000, fm.Offer(93))
    assert isinstance(offered, fm.Offered)
    d.send(161_000, fm.Clear(94, offered.nonce ^ 1, fm.FAULT_DEAD_MAN))
    d.send(162_000, fm.Clear(95, offered.nonce, fm.FAULT_OPEN))
    d.send(163_000, fm.Clear(96, offered.nonce, fm.FAULT_DEAD_MAN))
    d.send(164_000, fm.Clear(97, offered.nonce, fm.FAULT_DEAD_MAN))
    d.send(165_000, fm.Arm(98, offered.nonce, 50))
    d.arm(170_000, 50)
    d.send(180_000, d.pulse(185_000))
    d.send(200_000, d.keep())
    d.send(240_000, d.keep())
    d.tick(290_000)
    d.tick(290_001)
    return d


def stop_overtakes() -> Dialogue:
    d = Dialogue(
        "stop", "stop drops all that waits, behind half a frame too; a pulse ends balanced"
    )
    d.arm(BOOTED_US)
    d.send(100_000, d.pulse(105_000), d.pulse(130_000), d.pulse(110_000, channel=1))
    half = feslink.encode(d.pulse(155_000))[:13]
    d.raw(104_000, half)
    d.tick(105_000)
    d.raw(105_100, feslink.STOP_BYTES)
    d.tick(200_000)
    late = d.pulse(205_000)
    d.send(200_000, late)
    d.arm(210_000)
    d.send(220_000, late._replace(at_us=225_000))
    d.send(221_000, d.pulse(225_000))
    damaged = bytearray(feslink.STOP_BYTES)
    damaged[4] ^= 0x10
    d.raw(223_000, bytes(damaged))
    d.tick(400_000)
    return d


def replayed() -> Dialogue:
    d = Dialogue("replay", "a whole recorded session, played again, starts nothing")
    d.arm(BOOTED_US)
    d.send(100_000, d.pulse(105_000))
    d.send(130_000, d.pulse(135_000))
    recorded = [bytes.fromhex(str(step["in"])) for step in d.steps]
    for index, data in enumerate(recorded):
        d.raw(140_000 + index * 100, data)
    d.raw(150_000, feslink.STOP_BYTES)
    for index, data in enumerate(recorded * 2):
        d.raw(160_000 + index * 1_000, data)
    d.tick(400_000)
    return d


def sequences() -> Dialogue:
    d = Dialogue("sequence", "numbers must rise, gaps are allowed, another session's nonce is not")
    d.arm(BOOTED_US, 150)
    first = d.pulse(105_000)
    d.send(100_000, first)
    d.send(101_000, first)
    d.send(102_000, d.pulse(127_000, sequence=1))
    d.send(103_000, d.pulse(127_000, sequence=0))
    d.send(104_000, d.pulse(127_000, nonce=d.nonce ^ 0x8000_0000))
    d.send(105_000, d.pulse(127_000, nonce=0))
    d.send(106_000, d.pulse(127_000, sequence=9))
    d.send(107_000, d.pulse(160_000, sequence=8))
    d.send(108_000, fm.Keep(50, d.nonce, 9))
    d.send(109_000, fm.Keep(51, d.nonce, 0xFFFF_FFFF))
    d.send(110_000, fm.Keep(52, d.nonce, 1))
    d.tick(259_000)
    d.tick(259_001)
    return d


def times() -> Dialogue:
    d = Dialogue("instants", "not before now, not beyond the dead-man, at once where it is now")
    d.arm(BOOTED_US, 100)
    d.send(100_000, d.pulse(99_999))
    d.send(100_000, d.pulse(200_001))
    d.send(100_000, d.pulse(100_000 + (1 << 31)))
    d.send(100_000, d.pulse(100_000 + (1 << 31) - 1))
    d.send(100_000, d.pulse(100_000))
    d.send(110_000, d.pulse(210_000))
    d.send(120_000, d.pulse(150_000))
    d.send(130_000, d.pulse(229_999))
    d.send(130_000, d.pulse(230_000))
    d.tick(300_000)
    return d


def wrapped() -> Dialogue:
    boot_us = (1 << 32) - 150_000
    d = Dialogue("wrap", "the 32 bits of the clock turn over between two pulses", boot_us=boot_us)
    d.arm(boot_us + 60_000)
    for at_us in range(boot_us + 100_000, boot_us + 300_000, 25_000):
        d.send(at_us - 20_000, d.pulse(at_us))
    d.tick(boot_us + 280_000)
    d.tick(boot_us + 600_000)
    return d


def malformed() -> Dialogue:
    d = Dialogue("fields", "what the device has not, it refuses; the session goes on")
    d.arm(BOOTED_US, 150)
    for index, other in enumerate(
        (
            {"channel": 8},
            {"channel": 255},
            {"waveform": 4},
            {"waveform": 255},
            {"steps": 0},
            {"width_us": 19},
            {"width_us": 0},
            {"waveform": 1, "steps": 41},
            {"waveform": 1, "steps": 40},
            {"waveform": 3, "steps": 40, "channel": 1},
            {"waveform": 2, "channel": 2},
        )
    ):
        at_us = 110_000 + index * 5_000
        d.send(at_us - 5_000, d.pulse(at_us)._replace(**other))
    d.tick(200_000)
    return d


def arming() -> Dialogue:
    d = Dialogue("arming", "only with what was offered last, once, within a second")
    d.send(BOOTED_US, fm.Arm(1, 0, 100))
    (first,) = d.send(61_000, fm.Offer(2))
    (second,) = d.send(62_000, fm.Offer(3))
    assert isinstance(first, fm.Offered)
    assert isinstance(second, fm.Offered)
    d.send(63_000, fm.Arm(4, first.nonce, 100))
    d.send(64_000, fm.Arm(5, second.nonce, 49))
    d.send(65_000, fm.Arm(6, second.nonce, 151))
    d.send(1_062_001, fm.Arm(7, second.nonce, 100))
    (third,) = d.send(1_070_000, fm.Offer(8))
    assert isinstance(third, fm.Offered)
    d.send(2_070_000, fm.Arm(9, third.nonce, 150))
    d.send(2_071_000, fm.Offer(10))
    d.send(2_072_000, fm.Arm(11, third.nonce, 150))
    d.send(2_073_000, fm.Clear(12, third.nonce, 0))
    d.raw(2_074_000, feslink.STOP_BYTES)
    d.send(2_075_000, fm.Arm(13, third.nonce, 150))
    (fourth,) = d.send(2_080_000, fm.Offer(14))
    assert isinstance(fourth, fm.Offered)
    d.raw(2_081_000, feslink.STOP_BYTES)
    d.send(2_082_000, fm.Arm(15, fourth.nonce, 150))
    d.send(2_083_000, fm.Identify(16, 2, 0))
    d.send(2_084_000, fm.Identify(17, 1, 9))
    return d


def electrodes() -> list[Dialogue]:
    found = []
    for name, ohm, steps in (
        ("open", 1_000_000_000, 4),
        ("short", 99, 4),
        ("compliance", 7_501, 40),
    ):
        d = Dialogue(f"electrode {name}", "measured with each pulse from 2 mA up")
        d.arm(BOOTED_US)
        d.send(100_000, d.pulse(105_000, steps))
        d.load(110_000, ohm)
        d.send(125_000, d.pulse(130_000, 3), d.pulse(135_000, steps, channel=1))
        d.send(126_000, d.pulse(150_000, steps))
        d.tick(134_000)
        d.send(134_500, d.keep())
        d.tick(200_000)
        d.send(201_000, fm.AskStatus(99))
        found.append(d)
    return found


def pulse_limits() -> list[Dialogue]:
    found = []
    for name, table, other in (
        ("current", {"current_steps": 50}, {"steps": 50}),
        ("width", {"width_us": 250}, {"width_us": 250}),
        ("charge", {"charge_nc": 6_000}, {"steps": 40}),
        ("start", {}, {"steps": 60}),
    ):
        ((key, most),) = other.items()
        d = Dialogue(f"limit {name}", "given at the limit; above it refused and latched", **table)
        d.arm(BOOTED_US)
        d.send(100_000, d.pulse(104_000, 39, 200), d.pulse(114_000, 39, 200, channel=1))
        at_limit = d.pulse(124_000, channel=2)._replace(**other)
        d.send(105_000, at_limit)
        d.send(106_000, d.pulse(150_000)._replace(**{"channel": 3, key: most + 1}))
        d.send(107_000, d.keep())
        d.tick(300_000)
        found.append(d)
    return found


def limits_over_time() -> list[Dialogue]:
    found = []
    d = Dialogue("limit rate", "too soon is refused, five times in a second is latched")
    d.arm(BOOTED_US, 150)
    d.send(100_000, d.pulse(110_000))
    for index in range(6):
        d.send(101_000 + index * 1_000, d.pulse(129_999))
    d.tick(300_000)
    found.append(d)
    d = Dialogue("limit rate not", "five times, but not within a second")
    d.arm(BOOTED_US, 150)
    at_us = 110_000
    for _ in range(6):
        d.send(at_us - 5_000, d.pulse(at_us))
        d.send(at_us - 4_000, d.pulse(at_us + 19_999))
        for _ in range(5):
            at_us += 50_000
            d.send(at_us - 40_000, d.keep())
    found.append(d)
    d = Dialogue("limit burst", "a burst of two seconds is over", burst_ms=300)
    d.arm(BOOTED_US)
    d.train(100_000, 16)
    found.append(d)
    d = Dialogue("limit burst and pause", "after a pause it begins anew", burst_ms=300)
    d.arm(BOOTED_US, 150)
    at_us = d.train(100_000, 12)
    d.send(at_us + 50_000, d.keep())
    d.train(at_us - 25_000 + 100_001, 12)
    found.append(d)
    d = Dialogue("limit ramp", "from 30 mA upward not before its time")
    d.arm(BOOTED_US, 150)
    at_us = d.train(100_000, 4, steps=60)
    for _ in range(3):
        d.send(at_us + 60_000, d.keep())
        at_us = d.train(at_us + 120_000, 2, steps=50)
        at_us = d.train(at_us, 1, steps=60)
        at_us = d.train(at_us, 3, steps=64)
    d.send(at_us + 60_000, d.keep())
    d.train(at_us + 120_000, 1, steps=60)
    d.send(at_us + 122_500, d.pulse(at_us + 125_000 + 15_000, 68))
    found.append(d)
    d = Dialogue("limit level", "one burst above the last by 5 mA at most", ramp_ms=0)
    d.arm(BOOTED_US, 150)
    at_us = d.train(100_000, 3, steps=30)
    at_us = d.train(at_us, 2, steps=60)
    d.send(at_us + 60_000, d.keep())
    at_us = d.train(at_us + 120_000, 1, steps=60)
    at_us = d.train(at_us, 2, steps=70)
    d.send(at_us + 60_000, d.keep())
    at_us = d.train(at_us + 120_000, 1, steps=60)
    at_us = d.train(at_us, 1, steps=80)
    d.train(at_us, 1, steps=81)
    found.append(d)
    d = Dialogue("limit rms", "what a second may carry on one channel", rms_steps=7)
    d.arm(BOOTED_US)
    d.train(100_000, 60, 20_000, 60)
    found.append(d)
    d = Dialogue("limit dose", "a dose that is used up; clearing begins another", dose_100mc=0)
    d.arm(BOOTED_US)
    d.send(100_000, d.pulse(105_000))
    (offered,) = d.send(110_000, fm.Offer(80))
    assert isinstance(offered, fm.Offered)
    d.send(111_000, fm.Clear(81, offered.nonce, fm.FAULT_DOSE))
    found.append(d)
    d = Dialogue("limit session", "its length counts from the first pulse", session_min=1)
    d.arm(BOOTED_US)
    d.send(100_000, d.pulse(105_000))
    d.raw(110_000, feslink.STOP_BYTES)
    for from_us in (60_100_000, 60_200_000):
        d.arm(from_us - 20_000)
        d.send(from_us, d.pulse(from_us + 5_000))
        d.raw(from_us + 6_000, feslink.STOP_BYTES)
    found.append(d)
    return found


def crowded() -> Dialogue:
    d = Dialogue("queue", "eight wait at most, and no two overlap", interval_us=1_000)
    d.arm(BOOTED_US, 150)
    d.send(100_000, d.pulse(140_000), d.pulse(140_799, channel=1), d.pulse(139_201, channel=1))
    d.send(101_000, d.pulse(140_800, channel=1), d.pulse(139_200, channel=2))
    for channel in range(3, 8):
        d.send(102_000, d.pulse(150_000 - channel * 1_000, channel=channel))
    d.send(103_000, d.pulse(160_000, channel=3), d.pulse(170_000, channel=4))
    d.tick(139_200)
    d.send(139_300, d.pulse(139_900, channel=4), d.pulse(175_000, channel=5))
    d.tick(300_000)
    return d


def line() -> Dialogue:
    d = Dialogue("line", "bytes one by one, noise, echoes, unknown messages, joined frames")
    d.arm(BOOTED_US)
    whole = feslink.encode(d.pulse(130_000))
    for index in range(len(whole)):
        d.raw(100_000 + index * 100, whole[index : index + 1])
    for bit in (0, 9, 77, 160, 207, 215):
        data = bytearray(feslink.encode(d.pulse(160_000)))
        data[bit // 8] ^= 1 << bit % 8
        d.raw(110_000 + bit, bytes(data))
    d.raw(111_000, feslink.ZERO)
    d.raw(112_000, b"\x55" * 300)
    d.raw(113_000, feslink.ZERO + feslink.encode(fm.AskStatus(77)))
    d.raw(114_000, feslink.frame_of(bytes((0x70, 78))))
    d.raw(115_000, feslink.frame_of(bytes((0x70,))))
    d.raw(116_000, feslink.frame_of(bytes((fm.SETPOINT, 79, 1))))
    d.raw(117_000, feslink.frame_of(b"\x74STOQ"))
    status = fm.Status(fm.STATUS, 1, 0, 2, 0, 5, 255, 0, 0, 0)
    d.raw(118_000, feslink.encode(status) + feslink.frame_of(bytes((0xFE, 3))))
    d.raw(119_000, feslink.encode(d.keep()) + feslink.encode(fm.AskStatus(80))[:-1])
    d.raw(120_000, b"\x00\x00\x00")
    d.tick(140_000)
    d.send(150_000, fm.AskStatus(81))
    return d


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


def dialogues() -> list[Dialogue]:
    """Return all of them."""
    return [
        booting(),
        walk_through(),
        dead_man(),
        stop_overtakes(),
        replayed(),
        sequences(),
        times(),
        wrapped(),
        malformed(),
        arming(),
        *electrodes(),
        *pulse_limits(),
        *limits_over_time(),
        crowded(),
        line(),
        *[at_random(seed, 150) for seed in range(12)],
    ]


# -- frames -------------------------------------------------------------------------------------


def frames() -> list[Json]:
    """Return one of each message, and those with the most and the fewest zeros."""
    head = {"result": 0, "state": 1, "fault": 0, "clock_us": 123_456_789}
    status = fm.Status(fm.STATUS, 9, 0, 3, 1, 5_000_000, 2, 0, 17, 3)
    messages: list[fm.Message] = [
        fm.Stop(),
        fm.Identify(1),
        fm.AskCapabilities(2),
        fm.AskLimits(3),
        fm.AskStatus(4),
        fm.Offer(5),
        fm.Arm(6, 0xDEADBEEF, 100),
        fm.Arm(255, 1, 150),
        fm.Clear(7, 0x0100_0000, fm.FAULT_OPEN),
        fm.Keep(8, 0xFFFF_FFFF, 0xFFFF_FFFF),
        fm.Keep(8, 1, 0),
        fm.Setpoint(9, 0xDEADBEEF, 1, 104_000, 0, 0, 40, 300),
        fm.Setpoint(10, 0x0000_0001, 256, 0, 7, 3, 160, 256),
        fm.Setpoint(11, 0x7F7F_7F7F, 0x0101_0101, 0xFFFF_FFFF, 255, 255, 0xFFFF, 0xFFFF),
        status,
        status._replace(asked=fm.STOP, number=0),
        status._replace(asked=fm.ARM, result=fm.REFUSED_LATCHED),
        status._replace(asked=fm.CLEAR, refused=65_535, damaged=65_535),
        status._replace(asked=fm.UNKNOWN, result=fm.REFUSED_UNKNOWN),
        fm.Identity(1, **head, major=1, minor=0, firmware_major=1, firmware_minor=0,
                    firmware_patch=0, serial=int.from_bytes(SERIAL, "little")),
        fm.DeviceCapabilities(2, *head.values(), *BENCH[:13]),
        fm.DeviceLimits(3, *head.values(), *BENCH[14:]),
        fm.Offered(5, *head.values(), nonce=0xDEADBEEF),
        fm.Account(fm.SETPOINT, 9, *head.values(), 12, 72_000, 12, 2_000, 1_000),
        fm.Account(fm.KEEP, 8, 4, 2, 0, 0, 0, 0, 0, 0, 0),
    ]  # fmt: skip
    return [
        {"message": said(message), "wire": feslink.encode(message).hex()} for message in messages
    ]


def damaged() -> list[Json]:
    """Return streams that a line has hurt, with what a decoder makes of each."""
    pulse = feslink.encode(fm.Setpoint(9, 0xDEADBEEF, 1, 104_000, 0, 0, 40, 300))
    keep = feslink.encode(fm.Keep(8, 0xDEADBEEF, 2))
    streams: list[tuple[str, bytes]] = [
        ("nothing but ends", bytes(5)),
        ("an end is missing: two frames become one, and the third is whole", pulse[:-1] + keep + pulse),
        ("a byte is lost", pulse[:4] + pulse[5:] + keep),
        ("a byte comes twice", pulse[:4] + pulse[3:] + keep),
        ("a byte is zero", pulse[:4] + b"\x00" + pulse[5:] + keep),
        ("cut short, then an end and the next", pulse[:12] + b"\x00" + keep),
        ("spliced", pulse[:12] + keep[5:] + keep),
        ("check bytes without their top bits", pulse[:-6] + bytes([b & 0x7F for b in pulse[-6:]]) + keep),
        ("the unused bits of the check are set", pulse[:-2] + bytes((pulse[-2] | 0x10, 0)) + keep),
        ("a distance leads past the end", bad_distance(pulse, 200) + keep),
        ("a distance is too short", bad_distance(pulse, 1) + keep),
        ("longer than any frame", b"\x11" * 4000 + b"\x00" + keep),
        ("too short", b"\x02\x1e\x80\x80\x80\x00" + keep),
        ("right check, unknown type", feslink.frame_of(b"\x70\x05") + keep),
        ("right check, wrong length", feslink.frame_of(bytes((fm.KEEP, 5, 1, 2))) + keep),
        ("right check, state out of range", feslink.frame_of(bytes((0x9E, 5, 0, 4)) + bytes(11)) + keep),
        ("stop without its word", feslink.frame_of(b"\x74STOQ") + feslink.STOP_BYTES),
        ("stop behind half a frame", pulse[:10] + feslink.STOP_BYTES),
        ("the first stop is hurt", feslink.STOP_BYTES[:5] + b"\x7f" + feslink.STOP_BYTES[6:]),
    ]  # fmt: skip
    random = Random(5)
    for bit in sorted(random.sample(range(8 * len(pulse)), 24)):
        data = bytearray(pulse)
        data[bit // 8] ^= 1 << bit % 8
        streams.append((f"bit {bit} of a setpoint is flipped", bytes(data) + keep))
    found = []
    for name, stream in streams:
        decoder = feslink.Decoder()
        messages = [said(message) for message in decoder.feed(stream)]
        found.append(
            {"name": name, "wire": stream.hex(), "messages": messages, "rejected": decoder.rejected}
        )
    return found


def bad_distance(frame: bytes, distance: int) -> bytes:
    """Return a frame whose first distance is wrong, and whose check is right."""
    stuffed = bytes((distance,)) + frame[1 : -1 - feslink.CHECK_LENGTH]
    return stuffed + feslink.check_of(stuffed) + feslink.ZERO


def text() -> str:
    """Return the whole file: one frame, one stream, one step of a dialogue a line."""
    lines = ['{"feslink": "1.0",', f'"serial": "{SERIAL.decode()}",']
    lines.append(f'"stop": "{feslink.STOP_BYTES.hex()}",')
    lines.append(f'"table": {json.dumps(BENCH._asdict())},')
    for key, rows in (("frames", frames()), ("damaged", damaged())):
        lines += [f'"{key}": [', ",\n".join([json.dumps(row) for row in rows]), "],"]
    told = []
    for dialogue in dialogues():
        whole = dialogue.as_json()
        steps = whole.pop("steps")
        assert isinstance(steps, list)
        body = ",\n".join([json.dumps(step) for step in steps])
        told.append(f'{json.dumps(whole)[:-1]}, "steps": [\n{body}\n]}}')
    lines += ['"dialogues": [', ",\n".join(told), "]}"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    made = text()
    if not parser.parse_args().check:
        FILE.write_text(made)
    elif not FILE.exists() or FILE.read_text() != made:
        print(f"stale: {FILE}; run python tools/feslink_vectors.py", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
