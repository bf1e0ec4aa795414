"""How late timers ring: the figures, what is made of them, and that nothing adds up."""

import asyncio
import time

import pytest

from fes_ctrl.runtime.lateness import RARE_US, TICK_US, USUAL_US, lateness_of, measured


def test_the_figures_are_of_the_whole() -> None:
    late = lateness_of([100 * k for k in range(100, -1, -1)])
    assert late == (101, 5_000, 9_900, 10_000, -10_000)
    assert lateness_of([7]) == (1, 7, 7, 7, 0)


@pytest.mark.parametrize(
    ("p99_us", "most_us", "holds", "says"),
    [
        (USUAL_US, RARE_US, True, "holds the timing"),
        (USUAL_US + 1, RARE_US, False, "holds the timing loosely: one timer in a hundred was 1.0"),
        (USUAL_US, RARE_US + 100, False, "does not hold the timing: a timer was 5.1 ms late, 5 ms"),
    ],
)
def test_half_of_a_pulses_life_is_the_border(
    p99_us: int, most_us: int, holds: bool, says: str
) -> None:
    late = lateness_of([0] * 197 + [p99_us] * 2 + [most_us])
    assert late.holds == holds
    assert late.verdict.startswith(says)


@pytest.mark.asyncio
@pytest.mark.real_time
async def test_a_loop_that_was_held_up_is_late_once_and_then_on_time_again() -> None:
    # It stands from the tenth tick to the thirtieth.
    held_s = 20 * TICK_US / 1e6
    asyncio.get_running_loop().call_later(10 * TICK_US / 1e6, time.sleep, held_s)
    late = await measured(80 * TICK_US / 1e6)
    assert late.ticks == 80
    assert late.most >= 1e6 * held_s - 2 * TICK_US
    assert late.p50 < 1e6 * held_s / 2, "what was late has not pushed the rest"
