"""The watchdog: what it takes for a fault, what it does, and that it never cries wolf."""

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.links.liveness import (
    ASLEEP_US,
    BEAT_S,
    BLOCKED_US,
    HALTED_US,
    LONGEST_STEP_US,
    Liveness,
)
from fes_ctrl.model import LINK_BLOCKED
from fes_ctrl.runtime.realtime import real_time_loop
from fes_ctrl.runtime.watchdog import Watchdog

BURN_S = 4.0
DEADLINE_S = 30.0


@given(st.lists(st.integers(0, HALTED_US), max_size=50), st.integers(0, ASLEEP_US))
def test_a_loop_that_beats_between_all_looks_is_well(steps_us: list[int], drift_us: int) -> None:
    liveness = Liveness(0, 0)
    now_us = 0
    for beats, step_us in enumerate(steps_us, start=1):
        now_us += step_us
        assert liveness.look(now_us, now_us + drift_us, beats) == ""


@given(st.lists(st.integers(1, LONGEST_STEP_US), min_size=1, max_size=200))
def test_silence_is_a_fault_as_soon_as_it_lasts_and_not_before(steps_us: list[int]) -> None:
    liveness = Liveness(0, 0)
    now_us = silent_us = 0
    for step_us in steps_us:
        now_us += step_us
        silent_us += step_us
        wrong = liveness.look(now_us, now_us, 0)
        assert bool(wrong) == (silent_us >= BLOCKED_US), silent_us
        if wrong:
            assert "event loop" in wrong
            silent_us = 0


def test_looks_that_come_late_give_the_loop_more_time() -> None:
    liveness = Liveness(0, 0)
    late_us = 5 * LONGEST_STEP_US
    looks = 0
    while not liveness.look((looks + 1) * late_us, (looks + 1) * late_us, 0):
        looks += 1
    assert looks + 1 == -(-BLOCKED_US // LONGEST_STEP_US)


def test_a_halted_process_and_a_sleeping_machine_are_told_apart_although_the_loop_beats() -> None:
    liveness = Liveness(0, 0)
    assert "process stood still for 1.5 s" in liveness.look(1_500_000, 1_500_000, 1)
    # The monotonic clock stands still while the machine sleeps; the other goes on.
    assert "machine slept for 60.0 s" in liveness.look(1_510_000, 61_510_000, 2)
    assert liveness.look(1_520_000, 61_520_000, 3) == "", "once for each"


class Stopped:
    """A session, as far as the watchdog knows one."""

    def __init__(self) -> None:
        self.stops: list[tuple[str, float]] = []
        self.halted = False
        self.settled = asyncio.Event()

    def stop_now(self, kind: str, _detail: str) -> None:
        self.stops.append((kind, time.monotonic()))
        self.halted = True

    def settle(self) -> None:
        self.halted = False
        self.settled.set()


def real(main: Coroutine[Any, Any, Any]) -> object:
    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        return runner.run(main)


def test_a_blocked_loop_is_stopped_while_it_is_blocked_and_settles_when_it_lives() -> None:
    async def main() -> None:
        session = Stopped()
        with Watchdog(session, lambda _wrong: None) as watchdog:  # type: ignore[arg-type]
            await asyncio.sleep(0.1)
            assert session.stops == []
            time.sleep(1.0)  # noqa: ASYNC251 - this is what is watched for
            over_s = time.monotonic()
            assert watchdog.trips == 1
            assert 2 <= len(session.stops) <= 3, "repeated, for nobody hears the answer"
            assert all(kind == LINK_BLOCKED and t_s < over_s for kind, t_s in session.stops)
            assert not session.settled.is_set()
            async with asyncio.timeout(DEADLINE_S):
                await session.settled.wait()
            await asyncio.sleep(0.3)
            assert watchdog.trips == 1

    real(main())


def test_a_loop_that_has_ended_is_stopped_too() -> None:
    session = Stopped()

    async def main() -> Watchdog:
        return Watchdog(session, lambda _wrong: None).__enter__()  # type: ignore[arg-type]

    watchdog = real(main())
    assert isinstance(watchdog, Watchdog)
    deadline_s = time.monotonic() + DEADLINE_S
    while not session.stops:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    watchdog.__exit__(None, None, None)


def burn(end_s: float) -> None:
    while time.monotonic() < end_s:
        pass


@pytest.mark.parametrize(("processes", "threads"), [(0, 0), (6, 0), (2, 1)])
def test_it_never_cries_wolf_under_load(processes: int, threads: int) -> None:
    """Others take the processor; as long as the loop turns in time, nothing happens."""
    late_s: list[float] = []

    async def main() -> int:
        end_s = time.monotonic() + BURN_S
        burners: list[Any] = [
            multiprocessing.get_context("spawn").Process(target=burn, args=(end_s,))
            for _ in range(processes)
        ]
        burners += [threading.Thread(target=burn, args=(end_s,)) for _ in range(threads)]
        for burner in burners:
            burner.start()
        with Watchdog(Stopped(), lambda _wrong: None) as watchdog:  # type: ignore[arg-type]
            due_s = time.monotonic()
            while time.monotonic() < end_s:
                due_s += BEAT_S
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                late_s.append(time.monotonic() - due_s)
                due_s = time.monotonic()
            trips = watchdog.trips
        for burner in burners:
            burner.join(DEADLINE_S)
        return trips

    trips = real(main())
    turned_late = sum(late * 1e6 > BLOCKED_US - BEAT_S * 1e6 for late in late_s)
    assert isinstance(trips, int)
    assert trips <= turned_late, f"{trips} trips; the latest turn was {max(late_s) * 1000:.0f} ms"


def cost(watched: Callable[[], Any]) -> float:
    async def main() -> float:
        with watched():
            begun_s = time.thread_time()
            await asyncio.sleep(2.0)
            return time.thread_time() - begun_s

    used_s = real(main())
    assert isinstance(used_s, float)
    return used_s / 2.0


def test_it_costs_the_loop_nearly_nothing() -> None:
    share = cost(lambda: Watchdog(Stopped(), lambda _wrong: None))  # type: ignore[arg-type]
    assert share < 0.02
