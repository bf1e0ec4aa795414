"""Labels are judged by each other alone: what does not fit the recording's own strides is named."""

import random

import pytest

from fes_ctrl.analysis.contradictions import contradictions
from fes_ctrl.recordings import ReferenceEvent

STRIDE_US = 1_200_000
WITHIN_US = {"ic": 0, "ff": 80_000, "ho": 600_000, "tc": 750_000}
STRIDES = 30
ODD = 14


def labels(seed: int = 1) -> list[ReferenceEvent]:
    """Return the labels of a walk whose strides vary by some per cent."""
    stream = random.Random(seed)
    found = []
    begin = 0
    for _ in range(STRIDES):
        length = STRIDE_US * stream.uniform(0.9, 1.1)
        for kind, within in WITHIN_US.items():
            t_us = begin + round(within * length / STRIDE_US * stream.uniform(0.97, 1.03))
            found.append(ReferenceEvent(t_us, kind, -1, None))
        begin += round(length)
    return found


def of(kind: str, events: list[ReferenceEvent]) -> list[ReferenceEvent]:
    return [event for event in events if event.kind == kind]


@pytest.mark.parametrize("seed", range(20))
def test_strides_that_vary_as_people_do_contradict_nothing(seed: int) -> None:
    assert contradictions(labels(seed)) == []


def test_a_stride_whose_labels_were_lost_is_one_long_one() -> None:
    events = labels()
    lost = of("ic", events)[ODD]
    end = of("ic", events)[ODD + 1]
    kept = [event for event in events if not lost.t_us <= event.t_us < end.t_us]
    (odd,) = contradictions(kept)
    assert odd.what == "stride"
    assert odd.begin_us < lost.t_us < end.t_us < odd.end_us


@pytest.mark.parametrize(
    ("kind", "late_us", "what"),
    [("tc", 350_000, "swing"), ("ho", 140_000, "order"), ("ff", 250_000, "flat")],
)
def test_a_label_out_of_place_is_found(kind: str, late_us: int, what: str) -> None:
    events = labels()
    place = events.index(of(kind, events)[ODD])
    if kind == "ho":
        late_us = of("tc", events)[ODD].t_us + 1 - events[place].t_us
    events[place] = events[place]._replace(t_us=events[place].t_us + late_us)
    (odd,) = contradictions(sorted(events))
    assert odd.what == what
    assert odd.begin_us < events[place].t_us < odd.end_us


def test_heel_and_toe_that_were_told_late_together_are_found() -> None:
    """As an insole in a tight shoe does, which stays pressed into the swing."""
    events = [
        event._replace(t_us=event.t_us + 350_000)
        if event in {of("ho", labels())[ODD], of("tc", labels())[ODD]}
        else event
        for event in labels()
    ]
    assert [odd.what for odd in contradictions(events)] == ["swing"]


def test_references_with_fewer_kinds_or_strides_are_judged_by_what_they_have() -> None:
    events = [event for event in labels() if event.kind in {"ic", "tc"}]
    assert contradictions(events) == []
    assert contradictions(labels()[:20]) == []
    assert contradictions([]) == []
