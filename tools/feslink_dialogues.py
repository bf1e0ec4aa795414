"""Dialogues with a feslink device, for its test vectors: see tools/feslink_vectors.py."""

from feslink_dialogue import BOOTED_US, Dialogue, at_random

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm


def booting() -> Dialogue:
    """Speak to it while it boots."""
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
    """Return the exchange of the page."""
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
    """Let the host go silent."""
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
    offered = d.offer(160_000)
    d.send(161_000, fm.Clear(94, offered ^ 1, fm.FAULT_DEAD_MAN))
    d.send(162_000, fm.Clear(95, offered, fm.FAULT_OPEN))
    d.send(163_000, fm.Clear(96, offered, fm.FAULT_DEAD_MAN))
    d.send(164_000, fm.Clear(97, offered, fm.FAULT_DEAD_MAN))
    d.send(165_000, fm.Arm(98, offered, 50))
    d.arm(170_000, 50)
    d.send(180_000, d.pulse(185_000))
    d.send(200_000, d.keep())
    d.send(240_000, d.keep())
    d.tick(290_000)
    d.tick(290_001)
    return d


def stop_overtakes() -> Dialogue:
    """Stop, behind half a frame, and with a damaged stop."""
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
    """Play a recorded session again."""
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
    """Try sequence numbers and nonces."""
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
    """Try instants, to the microsecond."""
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
    """Let the clock turn over."""
    boot_us = (1 << 32) - 150_000
    d = Dialogue("wrap", "the 32 bits of the clock turn over between two pulses", boot_us=boot_us)
    d.arm(boot_us + 60_000)
    for at_us in range(boot_us + 100_000, boot_us + 300_000, 25_000):
        d.send(at_us - 20_000, d.pulse(at_us))
    d.tick(boot_us + 280_000)
    d.tick(boot_us + 600_000)
    return d


def malformed() -> Dialogue:
    """Ask for what the device has not."""
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
    """Arm with offers, good and bad."""
    d = Dialogue("arming", "only with what was offered last, once, within a second")
    d.send(BOOTED_US, fm.Arm(1, 0, 100))
    first = d.offer(61_000)
    second = d.offer(62_000)
    d.send(63_000, fm.Arm(4, first, 100))
    d.send(64_000, fm.Arm(5, second, 49))
    d.send(65_000, fm.Arm(6, second, 151))
    d.send(1_062_001, fm.Arm(7, second, 100))
    third = d.offer(1_070_000)
    d.send(2_070_000, fm.Arm(9, third, 150))
    d.send(2_071_000, fm.Offer(10))
    d.send(2_072_000, fm.Arm(11, third, 150))
    d.send(2_073_000, fm.Clear(12, third, 0))
    d.raw(2_074_000, feslink.STOP_BYTES)
    d.send(2_075_000, fm.Arm(13, third, 150))
    fourth = d.offer(2_080_000)
    d.raw(2_081_000, feslink.STOP_BYTES)
    d.send(2_082_000, fm.Arm(15, fourth, 150))
    d.send(2_083_000, fm.Identify(16, 2, 0))
    d.send(2_084_000, fm.Identify(17, 1, 9))
    return d


def electrodes() -> list[Dialogue]:
    """Take electrodes off, short them, let them dry out."""
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
    """Ask for pulses at a limit and above it."""
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
    """Ask for more than pulses may be together."""
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
    d = Dialogue(
        "limit rms, all slices", "57 pulses are in nine slices, not in eight", rms_steps=11
    )
    d.arm(BOOTED_US)
    d.train(100_000, 90, 20_000, 60)
    found.append(d)
    d = Dialogue("limit dose", "a dose that is used up; clearing begins another", dose_100mc=0)
    d.arm(BOOTED_US)
    d.send(100_000, d.pulse(105_000))
    offered = d.offer(110_000)
    d.send(111_000, fm.Clear(81, offered, fm.FAULT_DOSE))
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
    """Fill the queue."""
    d = Dialogue("queue", "eight wait at most, and no two overlap", interval_us=1_000)
    d.arm(BOOTED_US, 150)
    d.send(100_000, d.pulse(140_000), d.pulse(140_799, channel=1), d.pulse(139_201, channel=1))
    d.send(101_000, d.pulse(140_800, channel=1), d.pulse(139_200, channel=2))
    for channel in range(3, 8):
        d.send(102_000, d.pulse(150_000 - channel * 1_000, channel=channel))
    d.send(103_000, d.pulse(160_000, channel=3), d.pulse(170_000, channel=4))
    d.tick(139_200)
    d.send(139_300, d.pulse(139_900, channel=4), d.pulse(175_000, channel=5))
    d.tick(147_650)
    d.send(147_700, d.pulse(147_799, channel=0), d.pulse(147_800, channel=1))
    d.tick(300_000)
    return d


def line() -> Dialogue:
    """Do to bytes what lines do."""
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
