"""The recordings of the data folder as samples and references, for benchmarks that go over all."""

import os
from dataclasses import dataclass
from pathlib import Path

from fes_ctrl.analysis.contradictions import contradictions
from fes_ctrl.gait import detector_for, read_by
from fes_ctrl.model import LEFT, Sample
from fes_ctrl.recordings import ReferenceEvent, read_events, read_index, read_recording

Span = tuple[int, int]

TOLD = {"heel": ("ic", "ho", "tc"), "foot-imu": ("ic", "ff", "ho", "tc")}
"""What a detector can tell at all: a heel knows of the toe only where the forefoot helps it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recording with its reference.

    ``exclude`` are the spans that the index excludes, ``odd`` those in which the reference
    contradicts itself besides.
    """

    name: str
    cohort: str
    person: str
    detector: str
    samples: list[Sample]
    true: tuple[ReferenceEvent, ...]
    exclude: tuple[Span, ...]
    odd: tuple[Span, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of events that both the reference and the detector know."""
        known = {event.kind for event in self.true}
        return tuple(kind for kind in TOLD[self.detector] if kind in known)


def folder_of(data: str | None) -> Path:
    """Return the folder ``gait``: of the one named, of ``$FES_DATA`` or of ``../shared/data``."""
    root = Path(__file__).resolve().parents[2]
    return Path(data or os.environ.get("FES_DATA") or root / "shared" / "data") / "gait"


def read_all(folder: Path) -> list[Labelled]:
    """Return every recording of the index."""
    found = []
    for name, entry in read_index(folder / "recordings.csv").items():
        recording = read_recording(folder / f"{name}.csv.gz")
        detector = detector_for(recording.sensors(LEFT))
        read = read_by(detector)
        true = read_events(folder / f"{name}.events.csv")
        found.append(
            Labelled(
                name,
                f"{name.partition('-')[0]} {entry.cohort}",
                entry.subject,
                detector,
                [sample for sample in recording.samples() if sample.sensor in read],
                true,
                entry.exclude_us,
                tuple((odd.begin_us, odd.end_us) for odd in contradictions(true)),
            )
        )
    return found
