"""Two legs walk by one timetable: they vary, and never drift out of step."""

from bisect import bisect
from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.patient.config import LegConfig, PatientConfig
from hil.patient.pace import Pace, Steps, steps_of
from hil.patient.patient import VirtualPatient
from hil.patient.plan import FOREVER_MS, Plan, stand_then_walk
from hil.patient.way import SegmentConfig

BOTH = PatientConfig(stride_cv_percent=5.0, leg=(LegConfig(), LegConfig(side="left", channel=1)))


def walked(
    patient: PatientConfig, minutes: float, way: tuple[SegmentConfig, ...]
) -> list[list[float]]:
    """Return each leg's contacts, seconds."""
    body = VirtualPatient(patient, 3, way)
    for leg in body.legs:
        leg.advance_to(round(minutes * 60e6))
    return [[s.contact_us / 1e6 for s in leg.swings] for leg in body.legs]


def shares(first: list[float], second: list[float]) -> list[float]:
    """Return where in the first leg's strides the second one's contacts lie, 0 to 1."""
    found = []
    for t in second:
        at = bisect(first, t)
        if 0 < at < len(first):
            found.append((t - first[at - 1]) / (first[at] - first[at - 1]))
    return found


LEVEL = (SegmentConfig("stand", 1.0), SegmentConfig("walk", 1.0))
ERRAND = tuple(
    SegmentConfig(kind, 8.0)  # type: ignore[arg-type]
    for kind in ("stand", "walk", "turn", "stairs_up", "stand", "shuffle", "slope_down", "walk")
)


@pytest.mark.parametrize("way", [LEVEL, ERRAND], ids=["level", "errand"])
@pytest.mark.parametrize("step_percent", [50.0, 42.0])
def test_legs_stay_in_step_for_minutes(way: tuple[SegmentConfig, ...], step_percent: float) -> None:
    first, second = walked(replace(BOTH, step_percent=step_percent), 5.0, way)
    assert abs(len(first) - len(second)) <= 1
    late = shares(first, second)[-100:]
    assert fmean(late) == pytest.approx(step_percent / 100, abs=0.02)
    assert min(late) > step_percent / 100 - 0.15
    assert max(late) < step_percent / 100 + 0.15


def test_both_legs_vary_as_much_as_was_asked_for() -> None:
    for contacts in walked(BOTH, 10.0, LEVEL):
        strides = [b - a for a, b in pairwise(contacts)]
        assert fmean(strides) == pytest.approx(BOTH.stride_s, rel=0.01)
        assert stdev(strides) / fmean(strides) == pytest.approx(0.05, rel=0.1)


def test_a_leg_alone_walks_as_it_does_beside_another() -> None:
    alone = replace(BOTH, leg=BOTH.leg[:1])
    assert walked(alone, 1.0, LEVEL)[0] == walked(BOTH, 1.0, LEVEL)[0]


def test_whoever_asks_first_changes_nothing() -> None:
    def strides(order: tuple[int, int]) -> list[list[int]]:
        pace = Pace(BOTH, stand_then_walk(1.0), Random(5))
        legs = [Steps(pace, BOTH, index, Random(index)) for index in (0, 1)]
        found: list[list[int]] = [[], []]
        for index in order:
            found[index] = [legs[index].next().period_ms for _ in range(50)]
        return found

    assert strides((0, 1)) == strides((1, 0))


def test_both_legs_stop_after_as_many_strides() -> None:
    way = (SegmentConfig("stand", 1.0), SegmentConfig("walk", 20.0), SegmentConfig("stand", 5.0))
    for seed in range(12):
        body = VirtualPatient(BOTH, seed, way)
        for leg in body.legs:
            leg.advance_to(30_000_000)
        assert len(body.legs[0].swings) == len(body.legs[1].swings)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["stand", "walk", "turn", "shuffle", "slope_up", "stairs_down"]),
            st.floats(0.01, 20.0),
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 1000),
)
def test_no_stride_is_shorter_than_a_leg_can_make_it_and_standing_ends(
    parts: list[tuple[str, float]], seed: int
) -> None:
    segments = [SegmentConfig("stand", 1.0)]
    segments += [SegmentConfig(kind, length) for kind, length in parts]  # type: ignore[arg-type]
    for index in (0, 1):
        steps = steps_of(BOTH, Plan(segments), Random(seed), index)
        until_ms = -1
        for _ in range(60):
            stride = steps.next()
            assert stride.period_ms >= 300
            if stride.manner.standing:
                # The follower waits for a share of the stride to come, which may be a shorter one.
                assert stride.until_ms > until_ms - 0.1 * stride.period_ms
                until_ms = stride.until_ms
            if until_ms >= FOREVER_MS:
                break
