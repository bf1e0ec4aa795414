"""An exchange with a device as it was written down: who said what and when, a line of JSON each.

The first line says which stimulator it was and on which terms; each later one is an entry. What
the driver was told stands beside what passed on the line, so that the same driver can be asked to
say the same again.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple, get_type_hints

from fes_ctrl.model import Arm, Command, Disarm, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig
from fes_ctrl.units import Us

FORMAT: Final = 1
KIND: Final = "exchange"

# What the driver was told.
OPEN: Final = "open"
COMMAND: Final = "command"
TICK: Final = "tick"
HEARD: Final = "heard"
HUNG_UP: Final = "hung_up"
TAKEN_BACK: Final = "taken_back"
# What the host did on the line.
OUT: Final = "out"
DISCARD: Final = "discard"
DROP: Final = "drop"
SEIZE: Final = "seize"
RELEASE: Final = "release"
CLOSE: Final = "close"
# What came from the far end.
IN: Final = "in"
LOST: Final = "lost"

WITH_DATA: Final = frozenset({OUT, IN, SEIZE})
TOLD: Final = frozenset({OPEN, COMMAND, TICK, HEARD, HUNG_UP, TAKEN_BACK})
KINDS: Final = WITH_DATA | TOLD | {DISCARD, DROP, RELEASE, CLOSE, LOST}

COMMANDS: Final[dict[str, type[Any]]] = {
    "setpoint": Setpoint,
    "stop": Stop,
    "arm": Arm,
    "disarm": Disarm,
}


class ExchangeError(ValueError):
    """A file that is no exchange, or is damaged: which line, and what to do."""


class Entry(NamedTuple):
    """One thing that happened.

    ``what`` is one of the kinds above; ``data`` are the bytes of ``out``, ``in`` and ``seize``;
    ``why`` is the reason of ``lost``. What the driver was told has the instant that it was told
    was now, which is a little before ``t_us`` where the host took a moment. ``line`` is where it
    stands, 0 where it stands nowhere yet.
    """

    t_us: Us
    what: str
    data: bytes = b""
    why: str = ""
    command: Command | None = None
    now_us: Us = 0
    line: int = 0


class Exchange(NamedTuple):
    """A whole exchange: its file, the stimulator's terms, and what happened, in order."""

    name: str
    stimulator: StimulatorConfig
    min_interval_us: Us
    entries: tuple[Entry, ...]


def header_line(stimulator: StimulatorConfig, min_interval_us: Us) -> str:
    """Return the first line of a file.

    Parameters
    ----------
    stimulator : StimulatorConfig
        Device, mode and terms.
    min_interval_us : int
        Least distance of two pulses of a channel, as the driver was given it.
    """
    return _json(
        {
            "kind": KIND,
            "format": FORMAT,
            "stimulator": asdict(stimulator),
            "min_interval_us": min_interval_us,
        }
    )


def line_of(entry: Entry) -> str:
    """Return an entry as a line."""
    values: dict[str, object] = {"t_us": entry.t_us, "what": entry.what}
    if entry.what in WITH_DATA:
        values["data"] = entry.data.hex()
    if entry.what == LOST:
        values["why"] = entry.why
    if entry.what in TOLD:
        values["now_us"] = entry.now_us
    if entry.command is not None:
        values["command"] = type(entry.command).__name__.lower()
        values["values"] = list(entry.command)
    return _json(values)


def read_exchange(path: Path) -> Exchange:
    """Read a file.

    Parameters
    ----------
    path : Path
        As ``fes-ctrl run --record`` wrote it.

    Raises
    ------
    ExchangeError
        If it cannot be read, or is not whole: where, and what to do.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        message = f"{path}: {why}; give a file that fes-ctrl run --record wrote"
        raise ExchangeError(message) from error
    if lines.pop():
        message = f"{path}:{len(lines) + 1}: the last line is not whole; take it out"
        raise ExchangeError(message)
    if not lines:
        raise ExchangeError(f"{path}: empty; record it again")
    stimulator, min_interval_us = _terms(_table(path, 1, lines[0]), f"{path}:1")
    entries = tuple(_entries(path, lines))
    return Exchange(str(path), stimulator, min_interval_us, entries)


def _terms(header: Mapping[str, Any], where: str) -> tuple[StimulatorConfig, Us]:
    if header.get("kind") != KIND:
        raise ExchangeError(f"{where}: no exchange; give a file that fes-ctrl run --record wrote")
    if header.get("format") != FORMAT:
        message = f"{where}: format {header.get('format')!r}, known is {FORMAT}; record it again"
        raise ExchangeError(message)
    min_interval_us = header.get("min_interval_us")
    if type(min_interval_us) is not int or min_interval_us < 0:
        raise ExchangeError(f"{where}: min_interval_us is no time; record it again")
    try:
        terms = dict(header["stimulator"])
        terms["shape"] = tuple([(float(share), float(of)) for share, of in terms.get("shape", ())])
        return StimulatorConfig(**terms), min_interval_us
    except (KeyError, TypeError, ValueError) as error:
        raise ExchangeError(f"{where}: stimulator: {error}; record it again") from error


def _entries(path: Path, lines: list[str]) -> Iterator[Entry]:
    last_us: Us = 0
    for number, line in enumerate(lines[1:], 2):
        entry = _entry(_table(path, number, line), number, f"{path}:{number}")
        if entry.t_us < last_us:
            message = f"{path}:{number}: {entry.t_us} us comes before the line above; record again"
            raise ExchangeError(message)
        last_us = entry.t_us
        yield entry


def _entry(values: Mapping[str, Any], line: int, where: str) -> Entry:
    t_us, what = values.get("t_us"), values.get("what")
    if type(t_us) is not int or t_us < 0:
        raise ExchangeError(f"{where}: t_us is no time in microseconds; mend or remove the line")
    if not isinstance(what, str) or what not in KINDS:
        message = f"{where}: what = {what!r} is unknown; known are {', '.join(sorted(KINDS))}"
        raise ExchangeError(message)
    data, why, command, now_us = b"", "", None, values.get("now_us", 0)
    if type(now_us) is not int:
        raise ExchangeError(f"{where}: now_us is no time in microseconds; mend or remove the line")
    if what in WITH_DATA:
        try:
            data = bytes.fromhex(values["data"])
        except (KeyError, TypeError, ValueError) as error:
            message = f"{where}: data are no bytes in hexadecimal; mend or remove the line"
            raise ExchangeError(message) from error
    elif what == LOST:
        why = str(values.get("why", ""))
    elif what == COMMAND:
        command = _command(values, where)
    return Entry(t_us, what, data, why, command, now_us, line)


def _command(values: Mapping[str, Any], where: str) -> Command:
    name, items = values.get("command"), values.get("values")
    if not isinstance(name, str) or name not in COMMANDS:
        raise ExchangeError(f"{where}: command {name!r} is unknown; mend or remove the line")
    cls = COMMANDS[name]
    kinds = list(get_type_hints(cls).values())
    if not isinstance(items, list) or [type(item) for item in items] != kinds:
        message = f"{where}: values are none of a {name}: {', '.join(cls._fields)}; mend the line"
        raise ExchangeError(message)
    command: Command = cls(*items)
    return command


def _table(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"{path}:{number}: no JSON; mend or remove the line"
        raise ExchangeError(message) from error
    if not isinstance(values, dict):
        raise ExchangeError(f"{path}:{number}: no JSON object; mend or remove the line")
    return values


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, separators=(",", ":"), allow_nan=False) + "\n"
