"""The real recordings, and what the detector that fits each tells of it: detected once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fes_ctrl.gait import detector_for
from fes_ctrl.model import LEFT, GaitEvent
from fes_ctrl.recordings import read_recording
from helpers.detected import detect


@pytest.fixture(scope="session")
def gait(shared_data: Path) -> Path:
    return shared_data / "gait"


@pytest.fixture(scope="session")
def told_of(gait: Path) -> Callable[[str], tuple[str, list[GaitEvent]]]:
    """The detector that fits a recording, and its events."""
    known: dict[str, tuple[str, list[GaitEvent]]] = {}

    def told_of(name: str) -> tuple[str, list[GaitEvent]]:
        if name not in known:
            recording = read_recording(gait / f"{name}.csv.gz")
            chosen = detector_for(recording.sensors(LEFT))
            known[name] = chosen, detect(recording.samples(), chosen)
        return known[name]

    return told_of
