"""A train slower than ten pulses a second is a burst like any other, for all three who watch."""

from pathlib import Path

import pytest

from fes_ctrl.model import SYMMETRIC, Setpoint
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.ceilings import Ceilings
from firmware_sim.limiter import Limiter
from hil.witness import Witness

LIMITS = Path(__file__).resolve().parents[2] / "configs" / "limits" / "bench.toml"
APART_MS = (100.5, 150.0, 333.0, 499.0)
PULSE = ((200, 20_000), (200, -20_000))
BURST_US = 2_000_000


def instants(apart_ms: float, until_s: float) -> list[int]:
    apart_us = round(apart_ms * 1000)
    return list(range(1_000_000, 1_000_000 + round(until_s * 1e6), apart_us))


@pytest.mark.parametrize("apart_ms", APART_MS)
def test_the_guard_ends_a_slow_train(apart_ms: float) -> None:
    guard = Guard(Limits(LimitsConfig()), P24_MODES["low_level"])
    guard.arm()
    last_us = 0
    for at_us in instants(apart_ms, 6.0):
        guard.sensor_seen(0, at_us)
        guard.link_seen(NEVER_US)
        setpoint = Setpoint(at_us, 0, 0, 20_000, 200, at_us + 10_000, SYMMETRIC)
        reason = guard.check(setpoint, at_us)
        if reason != ALLOWED:
            assert reason == "burst_length"
            break
        last_us = at_us
    # The first pulse was a twitch yet, the train begins with the second.
    assert last_us - 1_000_000 <= BURST_US + apart_ms * 1000


@pytest.mark.parametrize("apart_ms", APART_MS)
def test_the_limiter_blocks_a_slow_train(apart_ms: float) -> None:
    limiter = Limiter(Ceilings(LIMITS), [1_000] * 8)
    given: list[int] = []
    limiter.sinks.append(lambda t_us, _channel, _points: given.append(t_us))
    limiter.hear(1_000_000, sm4.ll_init(0))
    for at_us in instants(apart_ms, 6.0):
        for since_us in range(0, round(apart_ms * 1000), 50_000):
            limiter.hear(at_us + since_us - 50_000, sm4.get_stim_status(1))
        limiter.pulse(at_us, 0, PULSE)
    assert limiter.latched == "burst_ms"
    assert given[-1] - given[0] <= BURST_US + apart_ms * 1000 + 2_000


@pytest.mark.parametrize("apart_ms", APART_MS)
def test_the_witness_sees_a_slow_train(apart_ms: float) -> None:
    witness = Witness(LIMITS)
    for at_us in instants(apart_ms, 6.0):
        witness.see(at_us, 0, PULSE)
    assert {violation.limit for violation in witness.violations} == {"burst_ms"}


def test_twitches_at_every_step_are_no_train() -> None:
    guard = Guard(Limits(LimitsConfig()), P24_MODES["low_level"])
    guard.arm()
    witness = Witness(LIMITS)
    for stride in range(60):
        # Two steps that were cut after one pulse each, then one that was not.
        for at_us in (stride * 3_000_000, stride * 3_000_000 + 900_000):
            guard.sensor_seen(0, at_us)
            guard.link_seen(NEVER_US)
            setpoint = Setpoint(at_us, 0, 0, 20_000, 200, at_us + 10_000, SYMMETRIC)
            assert guard.check(setpoint, at_us) == ALLOWED
            witness.see(at_us, 0, PULSE)
    assert not witness.violations
