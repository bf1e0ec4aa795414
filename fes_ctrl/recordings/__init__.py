"""Sensor recordings and their reference events: files in, samples in order of arrival out.

A file that cannot be trusted is refused as a whole, with the line and the column; nothing is
guessed, skipped or mended.
"""

from fes_ctrl.recordings.files import RecordingError
from fes_ctrl.recordings.meta import Meta, meta_path, read_meta
from fes_ctrl.recordings.reference import (
    IndexEntry,
    ReferenceEvent,
    parse_spans,
    read_events,
    read_index,
)
from fes_ctrl.recordings.signal import Recording, Stream, read_recording

__all__ = [
    "IndexEntry",
    "Meta",
    "Recording",
    "RecordingError",
    "ReferenceEvent",
    "Stream",
    "meta_path",
    "parse_spans",
    "read_events",
    "read_index",
    "read_meta",
    "read_recording",
]
