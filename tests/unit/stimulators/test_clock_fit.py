"""What the host knows of a device's clock: the truth is always within the bound that it gives."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.stimulators.clock_fit import ClockFit
from fes_ctrl.units import NEVER_US


def device_us(host_us: int, start_us: int, ppm: int) -> int:
    return start_us + host_us + host_us * ppm // 1_000_000


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.integers(-190, 190),
    st.one_of(st.integers(0, 1 << 40), st.integers((1 << 32) - 10_000_000, 1 << 32)),
    st.sampled_from([200, 2_000, 30_000]),
)
def test_the_truth_is_within_the_residual_whatever_the_line_does(
    seed: int, ppm: int, start_us: int, jitter_us: int
) -> None:
    random = Random(seed)
    fit = ClockFit(200)
    now_us = 0
    assert fit.residual_us(now_us) == NEVER_US
    for _ in range(150):
        now_us += random.choice((1_000, 25_000, 100_000, 900_000))
        out_us = 300 + int(random.random() ** 3 * jitter_us)
        back_us = 300 + int(random.random() ** 3 * jitter_us)
        clock_us = device_us(now_us + out_us, start_us, ppm)
        received_us = now_us + out_us + back_us
        assert fit.exchange(now_us, clock_us % (1 << 32), received_us)
        # And from then on: how long the last exchange is ago is in the bound.
        for later_us in (received_us, received_us + 3_000_000):
            error_us = fit.device_us(later_us) - device_us(later_us, start_us, ppm)
            # Whole turns of its 32 bits before the first exchange nobody can know.
            error_us = abs((error_us + (1 << 31)) % (1 << 32) - (1 << 31))
            assert error_us <= fit.residual_us(later_us) + 2
        now_us = received_us
    assert fit.restarts == 0
    assert fit.residual_us(now_us) < 1_000 + jitter_us


def test_drift_is_found_and_the_bound_gets_sharp() -> None:
    random = Random(3)
    fit = ClockFit(200)
    for sent_us in range(0, 20_000_000, 50_000):
        out_us, back_us = 300 + random.randrange(700), 300 + random.randrange(700)
        fit.exchange(sent_us, device_us(sent_us + out_us, 77, 42), sent_us + out_us + back_us)
    assert fit.residual_us(20_000_000) < 500
    apart_us = fit.device_us(20_000_000) - fit.device_us(19_000_000)
    assert apart_us - 1_000_000 == pytest.approx(42, abs=8)


@pytest.mark.parametrize("jump_us", [-5_000_000, -3_000, 3_000, 1 << 31])
def test_a_clock_that_was_set_is_noticed_at_once_and_followed(jump_us: int) -> None:
    fit = ClockFit(200)
    for sent_us in range(0, 2_000_000, 100_000):
        assert fit.exchange(sent_us, 10_000_000 + sent_us + 400, sent_us + 800)
    clock_us = 10_000_000 + 2_000_000 + 400 + jump_us
    assert not fit.exchange(2_000_000, clock_us % (1 << 32), 2_000_800)
    assert fit.restarts == 1
    assert fit.exchanges == 1
    assert fit.exchange(2_100_000, (clock_us + 100_000) % (1 << 32), 2_100_800)


def test_a_slow_answer_widens_nothing() -> None:
    fit = ClockFit(200)
    for sent_us in range(0, 1_000_000, 100_000):
        fit.exchange(sent_us, 5_000 + sent_us + 400, sent_us + 800)
    before_us = fit.residual_us(1_000_000)
    fit.exchange(1_000_000, 5_000 + 1_000_000 + 400, 1_090_000)
    assert fit.residual_us(1_090_000) <= before_us + 20
    assert fit.round_us == 800
