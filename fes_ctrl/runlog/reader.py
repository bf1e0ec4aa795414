"""Reading a run log back: records as they are, and the controller's inputs as exact values."""

import json
from collections.abc import Iterator
from pathlib import Path

from fes_ctrl.model import Input, LinkReport, Operator, ParameterChange, Sample
from fes_ctrl.runlog.kinds import FORMAT, INPUT_KINDS, KINDS
from fes_ctrl.units import NEVER_US, Us


class RunLogError(ValueError):
    """A file that is no run log, or a damaged one."""


def read_log(path: Path) -> Iterator[dict[str, object]]:
    """Yield the records of a run log, the header first.

    A run that was killed may end in the middle of a line; that line is left out. Anything else
    that is not a record is an error.

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
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            yield _record(path, number, line)


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
    for record in read_log(path):
        if record["kind"] in INPUT_KINDS:
            now = record["now"]
            if not isinstance(now, int):
                message = f"{path}: an input without an integer now"
                raise RunLogError(message)
            yield now, decode_input(record)


def decode_input(record: dict[str, object]) -> Input | None:
    """Return the exact value that the controller was given; ``None`` for a wake-up."""
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
            return Sample(meas, arrive, seq, leg, sensor, tuple(float(v) for v in values))
        case {
            "kind": "report",
            "t": int(t_us),
            "stimulator": int(stimulator),
            "report": str(kind),
            "pending": int() | None as pending,
            "detail": str(detail),
        }:
            since = NEVER_US if pending is None else pending
            return LinkReport(t_us, stimulator, kind, since, detail)
        case {"kind": "operator", "t": int(t_us), "action": str(action), "value": int(value)}:
            return Operator(t_us, action, value)
        case {
            "kind": "parameter",
            "t": int(t_us),
            "leg": int(leg),
            "name": str(name),
            "value": int() | float() as number,
        }:
            return ParameterChange(t_us, leg, name, float(number))
        case {"kind": "wake"}:
            return None
        case _:
            message = f"a {record.get('kind')} record lacks a field or has one of a wrong type"
            raise RunLogError(message)
