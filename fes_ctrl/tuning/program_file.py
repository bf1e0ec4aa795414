"""A program's file with other values: comments, order and all else stay as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from fes_ctrl.config.build import build
from fes_ctrl.config.files import parse
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.tuning.job import Settings


class ProgramFileError(ValueError):
    """A program that cannot be written: why, and what to do."""


def rewritten(text: str, name: str, settings: Settings, notes: Sequence[str] = ()) -> str:
    """Return the text of a program's file with other values.

    Parameters
    ----------
    text : str
        Of the file it comes from.
    name : str
        Of that file, for refusals.
    settings : settings
        Dotted keys that begin with ``program``, and their values.
    notes : sequence of str
        Where it comes from: a comment above all else.

    Returns
    -------
    str
        Read again it gives the program of the first file with these values, and nothing else.

    Raises
    ------
    ProgramFileError
        If it would not.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    before = parse(text, name).get("program", {})
    try:
        document = tomlkit.parse(text)
        for key, value in settings:
            _place(document, key, value)
    except (TOMLKitError, KeyError, IndexError, TypeError) as error:
        message = f"{name}: cannot be written with other values ({error}); write the file by hand"
        raise ProgramFileError(message) from error
    head = "".join(f"# {note}\n" for note in notes)
    whole = f"{head}\n{tomlkit.dumps(document)}" if head else tomlkit.dumps(document)
    wanted = build(ProgramConfig, _with(before, settings), ("program",))
    try:
        found = build(ProgramConfig, parse(whole, name).get("program", {}), ("program",))
    except ValueError as error:
        message = f"{name}: what would be written does not load ({error})"
        raise ProgramFileError(message) from error
    if found != wanted:
        message = f"{name}: what would be written is another program; write the file by hand"
        raise ProgramFileError(message)
    return whole


def _place(document: Any, key: str, value: object) -> None:
    """Set one value; a file that says nothing of a table or channel gets it."""
    import tomlkit

    parts = key.split(".")
    here = document
    for at, part in enumerate(parts[:-1]):
        if isinstance(here, list):
            here = here[int(part)]
            continue
        if part not in here:
            nested = parts[at + 1].isdecimal()
            here[part] = tomlkit.aot() if nested else tomlkit.table()
            if nested:
                here[part].append(tomlkit.table())
        here = here[part]
    last = parts[-1]
    old = here.get(last)
    if isinstance(value, float) and value.is_integer() and not isinstance(old, float):
        value = int(value)  # as the file has it
    if old is not None and hasattr(old, "trivia"):
        new = tomlkit.item(value)
        new.trivia.indent, new.trivia.comment_ws = old.trivia.indent, old.trivia.comment_ws
        new.trivia.comment, new.trivia.trail = old.trivia.comment, old.trivia.trail
        here[last] = new
    else:
        here[last] = value


def _with(table: object, settings: Settings) -> Mapping[str, object]:
    """Return a program's table with other values, plainly."""
    import copy

    changed: Any = copy.deepcopy(table)
    for key, value in settings:
        here = changed
        *path, last = key.split(".")[1:]
        for part in path:
            if isinstance(here, list):
                here = here[int(part)]
            else:
                here = here.setdefault(part, [{}])
        here[last] = value
    result: Mapping[str, object] = changed
    return result
