"""A failing walk is made small, and the small one fails by itself from its file."""

from dataclasses import dataclass, replace
from pathlib import Path

from fes_ctrl.model import Input, Operator
from hil.campaign.case import Case, plain, scenario_text
from hil.campaign.draw import draw
from hil.campaign.run import Outcome, run_case
from hil.campaign.shrink import reduce, shrink
from hil.rig import Rig
from hil.scenarios import load_scenario

INVARIANT = "silent_when_paused"


def pulses_when_paused(rig: Rig) -> None:
    """A device with a defect: a pulse 60 ms after every pause."""
    take = rig.session.take

    def taking(item: Input) -> None:
        take(item)
        if isinstance(item, Operator) and item.action == "pause":
            at_us = rig._clock.now_us() + 60_000
            rig._clock.call_at_us(at_us, 1, give, at_us)

    def give(t_us: int) -> None:
        for sink in rig._electrodes():
            sink(t_us, 0, ((300, 20_000), (300, -20_000)))

    rig.session.take = taking  # type: ignore[method-assign]


def run(case: Case) -> Outcome:
    return run_case(case, pulses_when_paused)


def rich_case() -> Case:
    """A walk with everything in it, and one pause early on."""
    number = next(n for n in range(1000) if len(draw(1, n).walk.inject) >= 3)
    case = draw(1, number)
    hand = ("clear@0.4", "arm@0.8", "pause@1.5", "resume@1.7", "level=100@2", "stop@9")
    walk = replace(case.walk, operator=replace(case.walk.operator, hand=hand))
    return replace(case, walk=walk, both_clocks=True, jitter_seed=None)


def test_what_the_failure_does_not_need_is_gone(tmp_path: Path) -> None:
    case = rich_case()
    small = shrink(case, INVARIANT, run=run)
    assert small is not None
    walk, target = small.case.walk, plain().walk
    assert walk.operator.hand == ("pause@1.5",)
    assert walk.duration_s <= 1.8
    assert walk.inject == ()
    assert not small.case.both_clocks
    assert walk.patient == target.patient
    assert walk.cable == target.cable
    assert walk.control == target.control
    assert small.violation.invariant == INVARIANT
    text = scenario_text(small.case)
    assert len(text.splitlines()) < 15, text
    file = tmp_path / "small.toml"
    file.write_text(text)
    again = run(Case(load_scenario(str(file)).walk))
    assert INVARIANT in [violation.invariant for violation in again.violations]


def test_effort_is_bounded() -> None:
    walked = []

    def counting(case: Case) -> Outcome:
        walked.append(case)
        return run(case)

    small = shrink(rich_case(), INVARIANT, most_walks=7, run=counting)
    assert small is not None
    assert len(walked) == 7
    assert INVARIANT in [violation.invariant for violation in run(small.case).violations]


def test_a_walk_that_does_not_fail_is_not_made_small() -> None:
    walk = replace(plain().walk, duration_s=3.0)
    assert shrink(Case(walk), INVARIANT) is None


@dataclass(frozen=True)
class Inner:
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()
    words: tuple[str, ...] = ()


def test_every_field_and_element_is_tried_by_itself() -> None:
    def test(value: Outer) -> bool:
        if len(value.many) > 4:
            message = "too many"
            raise ValueError(message)
        return value.inner.y == 3 and any(e.x == 7 for e in value.many) and "b" in value.words

    many = (*[Inner(k, k) for k in range(4)], Inner(7, 9))
    value = Outer(Inner(1, 3), many[1:], ("a", "b", "c", "d"))
    assert reduce(value, Outer(), test) == Outer(Inner(0, 3), (Inner(7, 0),), ("b",))
