"""Finding and reading configuration files; line numbers where something is wrong."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fes_ctrl.config.errors import ConfigError

FOLDERS: Final[dict[str, str]] = {
    "program": "programs",
    "setup": "setups",
    "patient": "patients",
    "stimulator": "stimulators",
    "limits": "limits",
    "scenario": "scenarios",
}

PathParts = tuple[str | int, ...]


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
    if "/" in value or value.endswith(".toml"):
        path = Path(value)
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            message = (
                f"{section} file {value!r} {what}; give a .toml file, or a name: {_list(section)}"
            )
            raise ConfigError(message)
        return path
    path = configs_folder() / FOLDERS[section] / f"{value}.toml"
    if not path.is_file():
        message = f"{section} {value!r} is unknown; choose {_list(section)}, or give a .toml file"
        raise ConfigError(message)
    return path


def _list(section: str) -> str:
    return ", ".join(names_of(section)) or "none there is"


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
        message = f"{path}: {error.strerror or error}; check the name and who may read it"
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        raise ConfigError(message) from error


def parse(text: str, name: str) -> dict[str, object]:
    """Return the tables of a TOML text.

    Raises
    ------
    ConfigError
        With the line of the mistake.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error).partition(" (at ")[0]
        line = _broken_line(text)
        message = f"{reason[0].lower()}{reason[1:]} ({name}:{line}); mend the TOML there"
        raise ConfigError(message) from error


def _broken_line(text: str) -> int:
    lines = text.splitlines(keepends=True)
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
    lines = text.splitlines(keepends=True)
    for number in range(1, len(lines) + 1):
        try:
            tables = tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        if _holds(tables, path):
            return number
    return None


def _holds(tables: object, path: Sequence[str | int]) -> bool:
    for part in path:
        if isinstance(tables, dict) and part in tables:
            tables = tables[part]
        elif isinstance(tables, list) and part in range(len(tables)):
            tables = tables[int(part)]
        else:
            return False
    return True
