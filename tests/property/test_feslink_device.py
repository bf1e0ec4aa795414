"""A feslink device among hosts that do anything: what it never gives, whatever is said to it."""

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH
from helpers.feslink_host import Host
from hil.witness import Witness

LIMITS = Path(__file__).resolve().parents[2] / "configs/limits/bench.toml"


SEEDS = st.integers(0, 1 << 30)


def recorded_session(host: Host, from_us: int, random: Random) -> int:
    """Let a host walk for a while; return when it was over."""
    host.arm(from_us, random.randint(50, 150))
    t_us = from_us
    for _ in range(random.randint(1, 12)):
        t_us += random.randint(20_000, 45_000)
        host.pulse(t_us, t_us + random.randint(0, 19_000))
        if random.random() < 0.3:
            host.keep(t_us + 1_000)
    return t_us


def ended(host: Host, t_us: int, how: str) -> int:
    """End the session in one of the ways there are; return when."""
    if how == "stop":
        host.stop(t_us + 1_000)
        return t_us + 2_000
    if how == "dead-man":
        host.core.tick(t_us + 400_000)
        return t_us + 400_000
    if how == "latch":
        host.pulse(t_us + 1_000, t_us + 2_000, 161)
        return t_us + 2_000
    # A device that starts anew is another one with the same past on the line.
    fresh = Host(seed=host.sequence + 100)
    fresh.lines = host.lines
    fresh.sinks = host.sinks
    host.core = fresh.core
    host.given = fresh.given
    return 60_000


@settings(max_examples=80, deadline=None)
@given(
    SEEDS,
    st.sampled_from(["stop", "dead-man", "latch", "reset"]),
    st.booleans(),
)
def test_no_sequence_of_captured_frames_gives_a_pulse(
    seed: int, how: str, two_sessions: bool
) -> None:
    random = Random(seed)
    host = Host()
    t_us = 100_000
    for _ in range(1 + two_sessions):
        t_us = recorded_session(host, t_us, random)
        host.stop(t_us)
        t_us += 1_000
    t_us = recorded_session(host, t_us, random)
    t_us = ended(host, t_us, how)
    host.core.tick(t_us + 5_000)
    t_us += 5_000
    before = len(host.given)
    captured = [line for line in host.lines if line != feslink.STOP_BYTES]
    for _ in range(80):
        t_us += random.choice((0, 100, 5_000, 30_000, 1 << 32))
        kind = random.random()
        line = random.choice(captured)
        if kind < 0.1:
            line = line[random.randrange(len(line)) :]
        elif kind < 0.2:
            line = line[: random.randrange(len(line))] + random.choice(captured)
        elif kind < 0.3:
            bits = bytearray(line)
            bits[random.randrange(len(bits))] ^= 1 << random.randrange(8)
            line = bytes(bits)
        elif kind < 0.4:
            line = b"".join(random.sample(captured, min(4, len(captured))))
        host.core.receive(t_us, line)
        assert host.core.state != fm.ARMED
    host.core.tick(t_us + 1_000_000)
    assert len(host.given) == before


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_whatever_a_host_asks_for_the_witness_has_nothing_against_what_it_gets(seed: int) -> None:
    random = Random(seed)
    host = Host()
    witness = Witness(LIMITS)
    host.sinks.append(witness.see)
    t_us = 100_000
    level = random.randint(10, 60)
    period_us = random.choice((10_000, 19_999, 20_000, 25_000, 33_000))
    while t_us < 8_000_000:
        if host.core.state == fm.LATCHED:
            t_us += 500_000
            host.stop(t_us)
            host.clear(t_us)
            level = random.randint(10, 60)
            # The operator's hand, which the witness does not see here: it begins at zero again.
        if host.core.state == fm.IDLE:
            t_us += 1_000_000
            witness = Witness(LIMITS)
            host.sinks[:] = [witness.see]
            host.arm(t_us)
        level = min(160, max(1, level + random.choice((-8, -2, 0, 0, 0, 1, 4, 12))))
        width_us = random.choice((300, 300, 300, 200, 100, 301 if random.random() < 0.05 else 50))
        for _ in range(random.randint(1, 60)):
            t_us += period_us
            ahead_us = random.choice((2_000, 5_000, 5_000, 5_000, 9_000))
            host.pulse(t_us, t_us + ahead_us, level, width_us)
        t_us += random.choice((0, 60_000, 120_000))
        host.keep(t_us)
        assert [found.as_dict() for found in witness.violations] == []
    assert host.given


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(50, 150))
def test_pulses_are_balanced_apart_and_never_outlive_the_last_frame(
    seed: int, dead_man_ms: int
) -> None:
    random = Random(seed)
    host = Host()
    host.arm(100_000, dead_man_ms)
    t_us, alive_us = 100_000, [100_000]
    for _ in range(60):
        t_us += random.choice((0, 500, 3_000, 15_000, 40_000))
        answer = host.pulse(
            t_us,
            t_us + random.randint(-1_000, 160_000),
            random.choice((4, 8, 20, 60)),
            random.choice((20, 150, 300)),
            channel=random.randrange(8),
            waveform=random.randrange(4),
        )
        if answer.result not in {fm.REFUSED_LATCHED, fm.REFUSED_STATE}:
            alive_us.append(t_us)
    host.core.tick(t_us + 1_000_000)
    assume(host.given)
    ends_us: list[tuple[int, int]] = []
    for at_us, _, points in host.given:
        assert sum(duration * current for duration, current in points) == 0
        newest_us = max(known for known in alive_us if known <= at_us)
        assert at_us - newest_us <= dead_man_ms * 1000
        ends_us.append((at_us, at_us + sum(duration for duration, _ in points)))
    for (_, end_us), (begin_us, _) in pairwise(ends_us):
        assert begin_us >= end_us + 200
    for channel in range(8):
        instants = [at_us for at_us, known, _ in host.given if known == channel]
        for first_us, second_us in pairwise(instants):
            assert second_us - first_us >= BENCH.interval_us


@pytest.mark.parametrize("seed", range(5))
def test_a_million_microseconds_of_noise_move_nothing(seed: int) -> None:
    random = Random(seed)
    host = Host()
    host.arm(100_000)
    host.stop(101_000)
    t_us = 102_000
    for _ in range(2_000):
        t_us += 500
        host.core.receive(t_us, random.randbytes(random.randrange(60)))
    assert host.given == []
    assert host.core.state == fm.IDLE
