"""What a detector tells of samples."""

from collections.abc import Iterable

from fes_ctrl.gait import DetectorConfig, make_detector
from fes_ctrl.model import LEFT, GaitEvent, Sample


def detect(samples: Iterable[Sample], name: str) -> list[GaitEvent]:
    detector = make_detector(name, DetectorConfig(), LEFT)
    return [event for sample in samples for event in detector.update(sample)]
