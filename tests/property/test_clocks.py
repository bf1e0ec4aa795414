"""Any program of timers gives the same story on the stepper and on the virtual loop."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.runtime.clock import Clock
from fes_ctrl.runtime.stepper import Stepper, Timer
from fes_ctrl.runtime.virtual import run, virtual_clock

END_US = 60


class Act(NamedTuple):
    """What a timer does when it rings: sets others, so much later, and takes one back."""

    sets: list[tuple[int, int, int]]  # (delay_us, order, act)
    takes_back: int | None


ACTS = st.lists(
    st.builds(
        Act,
        st.lists(st.tuples(st.integers(-3, 6), st.integers(0, 3), st.integers(0, 9)), max_size=3),
        st.none() | st.integers(0, 30),
    ),
    min_size=1,
    max_size=10,
)
STARTS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=8
)
MOST_RINGS = 300


class Program:
    def __init__(self, clock: Clock, acts: list[Act]) -> None:
        self.clock = clock
        self.acts = acts
        self.timers: list[Timer] = []
        self.story: list[tuple[int, int]] = []

    def set(self, delay_us: int, order: int, act: int) -> None:
        timer = self.clock.call_at_us(self.clock.now_us() + delay_us, order, self.ring, act)
        assert isinstance(timer, Timer)
        self.timers.append(timer)

    def ring(self, act: int) -> None:
        self.story.append((self.clock.now_us(), act))
        if len(self.story) > MOST_RINGS:
            return
        does = self.acts[act % len(self.acts)]
        for delay_us, order, other in does.sets:
            self.set(delay_us, order, other)
        if does.takes_back is not None and does.takes_back < len(self.timers):
            self.timers[does.takes_back].cancel()


def by_steps(acts: list[Act], starts: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    stepper = Stepper()
    program = Program(stepper, acts)
    for start in starts:
        program.set(*start)
    stepper.run_until_us(END_US)
    return program.story


async def virtually(acts: list[Act], starts: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    loop = virtual_clock()
    program = Program(loop, acts)
    for start in starts:
        program.set(*start)
    done = loop.create_future()
    loop.call_at_us(END_US, 1 << 30, done.set_result, None)
    await done
    return program.story


@given(ACTS, STARTS)
def test_the_virtual_loop_tells_the_stepper_s_story(
    acts: list[Act], starts: list[tuple[int, int, int]]
) -> None:
    told = by_steps(acts, starts)
    assert told == run(virtually(acts, starts))
    assert [at_us for at_us, _ in told] == sorted(at_us for at_us, _ in told)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=30))
def test_timers_ring_by_instant_then_kind_then_sequence(timers: list[tuple[int, int]]) -> None:
    stepper = Stepper()
    heard: list[tuple[int, int, int]] = []
    for sequence, (at_us, order) in enumerate(timers):
        stepper.call_at_us(at_us, order, heard.append, (at_us, order, sequence))
    stepper.run_until_us(20)
    assert heard == sorted(heard)
    assert len(heard) == len(timers)
