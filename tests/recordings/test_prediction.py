"""Predictions of real walkers: as far off as they say, and no lead for a step that did not come."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fes_ctrl.analysis.replay import replay
from fes_ctrl.assembly import ControlConfig
from fes_ctrl.gait import DetectorConfig, detector_for, read_by
from fes_ctrl.gait.prediction import StridePredictor
from fes_ctrl.model import LEFT, GaitEvent, Sample
from fes_ctrl.recordings import read_index, read_recording
from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.stim.config import ProgramConfig


def worn(gait: Path, name: str) -> tuple[str, list[Sample]]:
    recording = read_recording(gait / f"{name}.csv.gz")
    chosen = detector_for(recording.sensors(LEFT))
    return chosen, [s for s in recording.samples() if s.sensor in read_by(chosen)]


def test_as_many_real_events_lie_within_the_stated_uncertainty_as_it_says(
    gait: Path, told_of: Callable[[str], tuple[str, list[GaitEvent]]]
) -> None:
    shares: dict[tuple[str, str], list[float]] = {}
    for name in read_index(gait / "recordings.csv"):
        chosen, events = told_of(name)
        predictor = StridePredictor(LEFT)
        for event in events:
            coming = predictor.next(event.kind) if event.kind in {"ho", "ic"} else None
            if coming is not None and coming.confidence >= 1.0:
                error_us = abs(event.t_event_us - coming.t_us)
                shares.setdefault((chosen, event.kind), []).append(error_us / coming.sd_us)
            predictor.update(event)
    assert len(shares) == 4
    for which, found in shares.items():
        assert len(found) > 500, which
        assert 0.60 < sum(share <= 1.0 for share in found) / len(found) < 0.80, which
        # Real strides have longer tails than normal ones, of which 95 % lie within two.
        assert sum(share <= 2.0 for share in found) / len(found) > 0.88, which


@pytest.mark.parametrize("name", ["pd-GaPt04_01-left", "pd-SiPt10_01-right", "hmm-P08-1"])
def test_bursts_that_begin_ahead_are_followed_by_their_heel_off(gait: Path, name: str) -> None:
    chosen, samples = worn(gait, name)
    control = ControlConfig(
        program=ProgramConfig(trigger_lead_ms=100.0), detector=DetectorConfig(name=chosen)
    )
    leg = replay(samples, (LEFT,), control, OperatorConfig(level_from_s=1.0)).walk.legs[0]
    ahead = [burst for burst in leg.bursts if burst.start.trigger == "predicted_ho"]
    assert len(ahead) > 15
    assert not [b for b in ahead if b.end is not None and b.end.ended_by == "no_step"]
