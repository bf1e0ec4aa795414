"""The file of ``fes-ctrl tune --space``: read, and its dials found in the given program."""

import difflib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Final

from fes_ctrl.config.build import UnplacedError, build
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import find, parse, read_text
from fes_ctrl.config.layers import Source
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.tuning.objectives import BY_NAME
from fes_ctrl.tuning.space import CHANNEL, PROGRAM, Dial, Range, dial_at
from hil.tune_config import DialConfig, TuneConfig

LEAST: Final = 1e-9
"""By so much of a step an end may miss a position and still be one: sums of decimals do."""


def told_by(value: str) -> tuple[TuneConfig, Source]:
    """Return what a file for ``--space`` says, and the file, for places.

    Raises
    ------
    ConfigError
        At the first thing in it that does not fit.
    """
    path = find("tune", value)
    text = read_text(path)
    tables = parse(text, str(path))
    source = Source(str(path), text)
    for key in tables:
        if key != "tune":
            message = f"{key}: not part of a file for --space, which has [tune] only"
            raise ConfigError(f"{message} ({source.place((key,))})")
    try:
        told: TuneConfig = build(TuneConfig, tables.get("tune", {}), ("tune",))
    except UnplacedError as problem:
        message = f"{problem.what} ({source.place(problem.path)})"
        raise ConfigError(message) from problem
    for place, what in _wrong(told):
        message = f"tune.{what} ({source.place(('tune', *place))})"
        raise ConfigError(message)
    return told, source


def _wrong(told: TuneConfig) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what is wrong in a file for ``--space`` whatever the program is, and where."""
    named = {"objectives": told.objectives, "may_lose": told.may_lose, "reach": told.reach}
    for table, names in named.items():
        for name in names:
            if name not in BY_NAME:
                what = f"there is no objective {name!r}; choose from {', '.join(BY_NAME)}"
                yield (table,) if table == "objectives" else (table, name), f"{table}: {what}"
    for name, value in told.may_lose.items():
        if value < 0:
            yield ("may_lose", name), f"may_lose.{name} = {value:g}: give 0 or more"
    seen: set[str] = set()
    for index, dial in enumerate(told.dial):
        place = ("dial", index, "key")
        if not dial.key.startswith("program."):
            yield place, f"dial {dial.key}: dials are of the program, as program.rise_ms"
        if dial.key in seen:
            yield place, f"dial {dial.key}: stands there twice; take one out"
        if not dial.low < dial.high:
            yield ("dial", index, "low"), f"dial {dial.key}: low has to be below high"
        elif not dial.high - dial.low >= dial.step * (1.0 - LEAST):
            span = f"from {dial.low:.10g} to {dial.high:.10g}"
            what = f"a step of {dial.step:.10g} is larger than its range, {span}; give a smaller"
            yield ("dial", index, "step"), f"dial {dial.key}: {what}"
        seen.add(dial.key)


def dials_told(told: TuneConfig, source: Source, program: ProgramConfig) -> list[Dial]:
    """Return the dials that the file names, as far as it lets them go.

    Parameters
    ----------
    told : TuneConfig
        What the file says.
    source : Source
        The file.
    program : ProgramConfig
        The given one.

    Raises
    ------
    ConfigError
        If one of them is no number of the program; with the place.
    """
    numbers = dict(_numbers(program, "program"))
    found = []
    for index, dial in enumerate(told.dial):
        if dial.key not in numbers:
            near = difflib.get_close_matches(dial.key, numbers, n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; choose from {', '.join(numbers)}"
            place = source.place(("tune", "dial", index, "key"))
            message = f"tune.dial {dial.key}: no number of the given program{meant} ({place})"
            raise ConfigError(message)
        found.append(_dial(dial, numbers[dial.key], program))
    return found


def _numbers(part: object, path: str) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a program, or of a part of it, by dotted key."""
    if isinstance(part, bool):
        return
    if isinstance(part, int | float):
        yield path, float(part)
    elif isinstance(part, tuple):
        for index, each in enumerate(part):
            yield from _numbers(each, f"{path}.{index}")
    elif is_dataclass(part):
        for each in fields(part):
            yield from _numbers(getattr(part, each.name), f"{path}.{each.name}")


def _dial(dial: DialConfig, now: float, program: ProgramConfig) -> Dial:
    last = dial.key.rpartition(".")[2]
    usual = PROGRAM.get(last) or CHANNEL.get(last)
    words = usual.words if usual else last.rpartition("_")[0].replace("_", " ") or last
    unit = usual.unit if usual else last.rpartition("_")[2]
    span = Range(words, unit, dial.low, dial.high, dial.step)
    return dial_at(dial.key, span, now, program)
