"""Finding and reading configuration files; line numbers where something is wrong."""

import contextlib
import copy
import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from fes_ctrl import plugins
from fes_ctrl.config.errors import ConfigError

FOLDERS: Final[dict[str, str]] = {
    "program": "programs",
    "setup": "setups",
    "patient": "patients",
    "stimulator": "stimulators",
    "limits": "limits",
    "scenario": "scenarios",
    "sweep": "sweeps",
    "tune": "tunes",
}

REPORTED_LINE: Final = re.compile(r"\(at line (\d+),")
SEARCHED_LINES: Final = 1000
"""Longer files are no configurations of ours, and each prefix is parsed anew."""

PathParts = tuple[str | int, ...]


@cache
def configs_folder() -> Path:
    """Return where the named configurations are: of the checkout, or of the installed wheel."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_configs"
    return installed if installed.is_dir() else package.parent / "configs"


def names_of(section: str) -> list[str]:
    """Return the names that a section's folder offers."""
    return sorted(file.stem for file in (configs_folder() / FOLDERS[section]).glob("*.toml"))


def find(section: str, value: str) -> Path:
    """Return the file that a value means: a path where it has a slash or .toml, else a name.

    Raises
    ------
    ConfigError
        If there is no such file or name; the names that there are.
    """
    if is_file_name(value):
        path = Path(value)
        if not _is_file(path):
            what = "does not exist"
            if path.is_dir():
                what = "is a folder"
            elif path.exists():
                what = "is no ordinary file"
            message = (
                f"{section} file {value!r} {what}; give a .toml file, or a name: {_list(section)}"
            )
            raise ConfigError(message)
        return path
    path = configs_folder() / FOLDERS[section] / f"{value}.toml"
    if not _is_file(path):
        message = f"{section} {value!r} is unknown; choose {_list(section)}, or give a .toml file"
        raise ConfigError(message)
    return path


def is_file_name(value: str) -> bool:
    """Return whether a value means a file; anything else is a name in ``configs``."""
    return "/" in value or value.endswith(".toml")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        shown = str(path) if len(str(path)) <= 80 else f"{str(path)[:77]}..."
        message = f"{shown}: {error.strerror}; check the name and who may read the folder"
        raise ConfigError(message) from error


def _list(section: str) -> str:
    others = plugins.load() if section == "stimulator" else ()
    return ", ".join([*names_of(section), *others]) or "none there is"


def shown(path: Path | str) -> str:
    """Return a path as a person standing here would write it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def read(path: Path) -> dict[str, object]:
    """Return a TOML file's tables.

    Raises
    ------
    ConfigError
        If the file cannot be read or is no TOML, with the line.
    """
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises
    ------
    ConfigError
        If it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{shown(path)}: {error.strerror or error}; check the name and who may read it"
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        what = f"not UTF-8 text ({error.reason} at byte {error.start})"
        message = f"{shown(path)}: {what}; save it as UTF-8"
        raise ConfigError(message) from error


def parse(text: str, name: str) -> dict[str, object]:
    """Return the tables of a TOML text.

    Raises
    ------
    ConfigError
        With the line of the mistake.
    """
    try:
        # Whoever builds a thousand candidates reads the same files; each gets tables of its own.
        return copy.deepcopy(_loaded(text))
    except tomllib.TOMLDecodeError as error:
        reason = str(error).partition(" (at ")[0]
        found = REPORTED_LINE.search(str(error))
        line = _broken_line(text, int(found[1]) if found else text.count("\n") + 1)
        message = f"{reason[0].lower()}{reason[1:]} ({shown(name)}:{line}); mend the TOML there"
        raise ConfigError(message) from error
    except (RecursionError, ValueError) as error:
        # tomllib leaves to Python what is nested too deeply, and integers of thousands of digits.
        message = f"{shown(name)}: nested too deeply, or a number too long; mend the TOML there"
        raise ConfigError(message) from error


@lru_cache(maxsize=32)
def _loaded(text: str) -> dict[str, object]:
    return tomllib.loads(text)


def _lines(text: str) -> list[str]:
    # Not splitlines: TOML knows no line ends but this one.
    return [f"{line}\n" for line in text.split("\n")]


def _broken_line(text: str, reported: int) -> int:
    """Return the line where a statement begins that is broken further down, as an open array."""
    lines = _lines(text)[:reported]
    if len(lines) > SEARCHED_LINES:
        return reported
    good = 0
    for number in range(1, len(lines) + 1):
        try:
            tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        good = number
    return min(good + 1, max(1, len(lines)))


def line_of(text: str, path: PathParts) -> int | None:
    """Return the line that gives a value: the shortest whole-line prefix that holds it.

    Parameters
    ----------
    text : str
        A TOML text that parses.
    path : tuple of str or int
        Keys, and indices of arrays of tables.

    Returns
    -------
    int or None
        ``None`` where the text does not give it.
    """
    return next((number for number, tables in _prefixes(text) if _holds(tables, path)), None)


@lru_cache(maxsize=8)
def _prefixes(text: str) -> list[tuple[int, dict[str, object]]]:
    """Return what each whole-line prefix that parses holds; whoever asks asks for many values."""
    lines = _lines(text)
    found: list[tuple[int, dict[str, object]]] = []
    for number in range(1, len(lines) + 1):
        with contextlib.suppress(tomllib.TOMLDecodeError):
            found.append((number, tomllib.loads("".join(lines[:number]))))
    return found


def _holds(tables: object, path: Sequence[str | int]) -> bool:
    for part in path:
        if isinstance(tables, dict) and part in tables:
            tables = tables[part]
        elif isinstance(tables, list) and part in range(len(tables)):
            tables = tables[int(part)]
        else:
            return False
    return True
