"""Reading a run log back: records as they are, and the controller's inputs as exact values."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

from fes_ctrl.model import Input, LinkReport, Operator, ParameterChange, Sample
from fes_ctrl.runlog.kinds import FORMAT, INPUT_KINDS, KINDS, lacking, named
from fes_ctrl.units import NEVER_US, Us


class RunLogError(ValueError):
    """A file that is no run log, or a damaged one."""


def read_log(path: Path) -> Iterator[dict[str, object]]:
    """Yield the records of a run log, the header first.

    A run that was killed may end in the middle of a line; that line is left out. Anything else
    that is not a record is an error, and so is a file without as much as a header.

    Raises
    ------
    RunLogError
        Saying what is wrong, and on which line.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        message = f"{path}: {error.strerror or error}; give the log.jsonl of a run"
        raise RunLogError(message) from error
    with file:
        empty = True
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            yield _record(path, number, line)
            empty = False
    if empty:
        message = f"{path}:1: no header; the run ended before it began, or this is not a log"
        raise RunLogError(message)


def _record(path: Path, number: int, line: bytes) -> dict[str, object]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or record.get("kind") not in KINDS:
        message = f"{path}:{number}: no record of a run log; the file is damaged or of another kind"
        raise RunLogError(message)
    if number == 1 and (record["kind"] != "header" or record.get("format") != FORMAT):
        message = f"{path}:1: no header of format {FORMAT}; made by another version, or not a log"
        raise RunLogError(message)
    return record


def controller_inputs(path: Path) -> Iterator[tuple[Us, Input | None]]:
    """Yield ``(now_us, input)`` of every call of the controller, as it was in the run."""
    # One record is one line, so its place in the file is its number.
    for number, record in enumerate(read_log(path), 1):
        if record["kind"] not in INPUT_KINDS:
            continue
        try:
            yield _now(record), decode_input(record)
        except RunLogError as error:
            message = f"{path}:{number}: {error}; the file is damaged"
            raise RunLogError(message) from None


def _now(record: dict[str, object]) -> Us:
    now = record.get("now")
    if not isinstance(now, int):
        message = f"{named(record)} without an integer now"
        raise RunLogError(message)
    return now


def decode_input(record: dict[str, object]) -> Input | None:
    """Return the exact value that the controller was given; ``None`` for a wake-up.

    Raises
    ------
    RunLogError
        If it is not the record of an input.
    """
    match record:
        case {
            "kind": "sample",
            "meas": int(meas),
            "arrive": int(arrive),
            "seq": int(seq),
            "leg": int(leg),
            "sensor": str(sensor),
            "values": list(values),
        }:
            return Sample(meas, arrive, seq, leg, sensor, tuple([_value(v) for v in values]))
        case {
            "kind": "report",
            "t": int(t_us),
            "stimulator": int(stimulator),
            "report": str(kind),
            "pending": int() | None as pending,
            "detail": str(detail),
            "channel": int(channel),
            "pulse": int() | None as pulse,
        }:
            since = NEVER_US if pending is None else pending
            pulse_us = NEVER_US if pulse is None else pulse
            return LinkReport(t_us, stimulator, kind, since, detail, channel, pulse_us)
        case {"kind": "operator", "t": int(t_us), "action": str(action), "value": int(value)}:
            return Operator(t_us, action, value)
        case {
            "kind": "parameter",
            "t": int(t_us),
            "leg": int(leg),
            "name": str(name),
            "value": int() | float() | None as number,
        }:
            return ParameterChange(t_us, leg, name, _value(number))
        case {"kind": "wake"}:
            return None
        case _:
            raise RunLogError(lacking(record))


def _value(number: object) -> float:
    if number is None:
        return math.nan
    if isinstance(number, (int, float)):
        return float(number)
    message = f"{number!r} where a number belongs"
    raise RunLogError(message)
