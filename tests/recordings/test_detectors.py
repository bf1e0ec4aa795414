"""Detectors on real feet: causal, silent in gaps and stalls, and as good as they are said to be."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from fes_ctrl.analysis.score import score
from fes_ctrl.model import GaitEvent, Sample
from fes_ctrl.recordings import ReferenceEvent, read_events, read_index, read_recording
from helpers.detected import detect

GAP_US = 100_000


ToldOf = Callable[[str], tuple[str, list[GaitEvent]]]
SHARES = (0.13, 0.5, 0.87)


def test_every_recording_gives_events_that_its_data_shows_and_sees_nothing_coming(
    gait: Path, told_of: ToldOf
) -> None:
    for number, name in enumerate(read_index(gait / "recordings.csv")):
        chosen, events = told_of(name)
        assert chosen == ("heel" if name.startswith("pd-") else "foot-imu")
        assert events, name
        samples = list(read_recording(gait / f"{name}.csv.gz").samples())
        come_after_what_shows_them(name, events, samples)
        lie_in_no_gap(name, events, samples)
        beginning = samples[: round(SHARES[number % len(SHARES)] * len(samples))]
        begins_as_its_beginning_does(name, events, beginning, detect(beginning, chosen))


def come_after_what_shows_them(name: str, events: list[GaitEvent], samples: list[Sample]) -> None:
    arrivals = {sample.t_arrive_us for sample in samples}
    for event in events:
        assert event.t_emit_us >= event.t_event_us, name
        assert event.t_emit_us in arrivals, name


def lie_in_no_gap(name: str, events: list[GaitEvent], samples: list[Sample]) -> None:
    """No event lies in a gap, nor is one told after it from before it."""
    stamps = [sample.t_meas_us for sample in samples]
    gaps = [(before, after) for before, after in pairwise(stamps) if after - before > GAP_US]
    for event in events:
        for before, after in gaps:
            assert not before < event.t_event_us < after, name
            assert not event.t_event_us <= before < after <= event.t_emit_us, name


def begins_as_its_beginning_does(
    name: str, whole: list[GaitEvent], beginning: list[Sample], told: list[GaitEvent]
) -> None:
    end_us = beginning[-1].t_arrive_us
    assert told == whole[: len(told)], name
    assert all(event.t_emit_us >= end_us for event in whole[len(told) :]), name


def test_heel_force_alone_finds_the_contacts(gait: Path, told_of: ToldOf) -> None:
    f1: dict[str, list[float]] = {}
    for name, entry in read_index(gait / "recordings.csv").items():
        if not name.startswith("pd-"):
            continue
        chosen, events = told_of(name)
        assert chosen == "heel"
        found = [
            ReferenceEvent(event.t_event_us, event.kind, -1, event.t_emit_us) for event in events
        ]
        true = read_events(gait / f"{name}.events.csv")
        raw = score(found, true, exclude_us=entry.exclude_us)["ic"]["raw"]
        assert isinstance(raw, dict)
        f1.setdefault(entry.cohort, []).append(raw["f1"])
    assert len(f1) == 2
    # By cohort: in turns some feet land toe first, which no heel sensor can see.
    for cohort, values in f1.items():
        assert sum(values) / len(values) >= 0.95, cohort
