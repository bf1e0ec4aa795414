"""A program's file with other values: comments, order and all else stay as they are."""

import copy
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

from fes_ctrl.config.build import build
from fes_ctrl.config.files import parse
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.tuning.job import Settings, settings_of


class ProgramFileError(ValueError):
    """A program that cannot be written: why, and what to do."""


def read_program(text: str, name: str) -> ProgramConfig:
    """Return the program of a file's text.

    Raises
    ------
    ProgramFileError
        If it holds none.
    """
    try:
        program: ProgramConfig = build(
            ProgramConfig, parse(text, name).get("program", {}), ("program",)
        )
    except ValueError as error:
        message = f"{name}: {error}"
        raise ProgramFileError(message) from error
    return program


def between(before: ProgramConfig, after: ProgramConfig) -> Settings:
    """Return the settings that make one program of another.

    Raises
    ------
    ProgramFileError
        If they differ in the number of their channels, or one takes back a value.
    """
    found: dict[str, object] = {}
    for field in fields(ProgramConfig):
        if field.name != "channel":
            _note(found, f"program.{field.name}", before, after, field.name)
    if len(before.channel) != len(after.channel):
        message = "the program's channels are not those of its file; write the file by hand"
        raise ProgramFileError(message)
    for index, (old, new) in enumerate(zip(before.channel, after.channel, strict=True)):
        for field in fields(old):
            _note(found, f"program.channel.{index}.{field.name}", old, new, field.name)
    return settings_of(found)


def _note(found: dict[str, object], key: str, before: object, after: object, name: str) -> None:
    old, new = getattr(before, name), getattr(after, name)
    if old == new:
        return
    if is_dataclass(old):
        # A table: only what differs in it.
        for field in fields(old):
            _note(found, f"{key}.{field.name}", old, new, field.name)
        return
    if new is None:
        message = f"{key}: is given in the file and must not be; write the file by hand"
        raise ProgramFileError(message)
    found[key] = new


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

    wanted = with_settings(parse(text, name).get("program", {}), settings)
    try:
        document = tomlkit.parse(text)
        for key, value in settings:
            _place(document, key, value)
    except (TOMLKitError, KeyError, IndexError, TypeError) as error:
        message = f"{name}: cannot be written with other values ({error}); write the file by hand"
        raise ProgramFileError(message) from error
    head = "".join(f"# {note}\n" for note in notes)
    whole = f"{head}\n{tomlkit.dumps(document)}" if head else tomlkit.dumps(document)
    if read_program(whole, name) != wanted:
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
        # A comment stays in its column, as far as there is room before it.
        longer = len(new.as_string()) - len(old.as_string())
        space = old.trivia.comment_ws
        room = f"{' ' * (len(space) - longer)}" if space.strip(" ") == "" else space
        new.trivia.indent = old.trivia.indent
        new.trivia.comment_ws = (room or " ") if old.trivia.comment else space
        new.trivia.comment, new.trivia.trail = old.trivia.comment, old.trivia.trail
        here[last] = new
    else:
        here[last] = value


def with_settings(table: object, settings: Settings) -> ProgramConfig:
    """Return the program of a table with other values.

    Raises
    ------
    ProgramFileError
        If a value does not fit.
    """
    changed: Any = copy.deepcopy(table)
    for key, value in settings:
        here = changed
        *path, last = key.split(".")[1:]
        try:
            for part, after in pairwise([*path, last]):
                if isinstance(here, list):
                    here = here[int(part)]
                else:
                    here = here.setdefault(part, [{}] if after.isdecimal() else {})
            here[last] = value
        except (IndexError, TypeError, AttributeError) as error:
            message = f"{key}: the program has no such place; name its channels, then search"
            raise ProgramFileError(message) from error
    try:
        program: ProgramConfig = build(ProgramConfig, changed, ("program",))
    except ValueError as error:
        raise ProgramFileError(str(error)) from error
    return program
