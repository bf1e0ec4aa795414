"""What a probe across a walk's load hands on, and what it tells when the walk is over."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from fes_ctrl.units import Us
from firmware_sim.output import Points
from firmware_sim.probe import ProbeConfig
from helpers.probe_bench import PULSE, Bench
from hil.probe.across import Across

BEGAN_US = 2_000_000


@dataclass
class Walk:
    """A rig that keeps what it is handed, and the walk's clock, which goes on when it is read."""

    bench: Bench
    written: int = 0
    given: list[tuple[Us, int, Points]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bench.run(BEGAN_US / 1e6)
        self.bench.probe.begin()
        self.witness = SimpleNamespace(resolution=(0, 0))
        leg = SimpleNamespace(written_late_us=[0] * self.written)
        self.account = SimpleNamespace(walk=SimpleNamespace(legs=[leg]))
        rig: Any = self
        clock: Any = self
        self.across = Across(self.bench.probe, rig, clock, BEGAN_US)

    def measured(self, t_us: Us, channel: int, points: Points) -> None:
        self.given.append((t_us, channel, points))

    def now_us(self) -> Us:
        self.bench.run((self.bench.stepper.now_us() + 5_000) / 1e6)
        return self.bench.now_us() - BEGAN_US

    def end(self, at_s: float) -> tuple[str, ...]:
        self.bench.run(BEGAN_US / 1e6 + at_s)
        asyncio.run(self.across.told())
        return self.across.report().problems


def test_pulses_are_handed_on_in_the_walk_s_own_time_and_what_is_on_its_way_is_waited_for() -> None:
    bench = Bench()
    walk = Walk(bench, written=2)
    for at_s in (2.5, 3.0):
        bench.give(at_s, channel=3)
    assert walk.end(1.0) == ()
    assert [(channel, points) for _, channel, points in walk.given] == [(3, PULSE)] * 2
    for (t_us, *_), at_us in zip(walk.given, bench.given, strict=True):
        assert abs(t_us + BEGAN_US - at_us) <= bench.probe.doubt_us
    assert walk.witness.resolution == (4, 100), "as the probe says"
    figures = walk.across.report().figures
    assert (figures["pulses"], figures["missing"], figures["written"]) == (2, 0, 2)


def test_a_probe_that_has_fallen_silent_fails_the_walk() -> None:
    bench = Bench()
    walk = Walk(bench)
    bench.at(2.5, bench.switch_off)
    (problem,) = walk.end(1.0)
    assert problem.startswith("the probe was silent at the end: what came in the last 5")


@pytest.mark.parametrize("off_s", [0.2, 0.4])
def test_so_does_one_that_was_silent_for_longer_than_it_may(off_s: float) -> None:
    bench = Bench()
    walk = Walk(bench)
    bench.at(2.5, lambda: setattr(bench.sim, "_config", ProbeConfig(loss=1.0)))
    bench.at(2.5 + off_s, lambda: setattr(bench.sim, "_config", ProbeConfig()))
    problems = walk.end(2.0)
    assert [problem[:26] for problem in problems] == ["the probe said nothing for"] * (off_s > 0.3)


def test_pulses_from_before_the_walk_are_told_and_given_to_nobody() -> None:
    bench = Bench(latency_us=100_000)
    bench.give(1.95)
    walk = Walk(bench)
    assert "the probe saw 1 pulses before the walk began" in walk.end(1.0)
    assert walk.given == []


def test_what_reaches_the_ceiling_is_not_known() -> None:
    bench = Bench(ProbeConfig(ceiling_ua=40_000))
    walk = Walk(bench, written=2)
    bench.give(2.5)
    bench.give(2.6, ((300, 39_900), (300, -39_900)))
    assert walk.end(1.0) == ("1 pulses were at the probe's ceiling of 40 mA, or above it",)


def test_a_probe_that_sees_nothing_of_what_was_written_is_across_something_else() -> None:
    (problem,) = Walk(Bench(), written=7).end(1.0)
    assert problem.startswith("the probe saw none of 7 pulses that were written: it is not across")
