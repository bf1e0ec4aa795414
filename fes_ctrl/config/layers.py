"""Layers of configuration: defaults, files, a scenario's own values, options; with origins."""

import copy
import dataclasses
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fes_ctrl import plugins
from fes_ctrl.config.build import UnplacedError, build, dotted, element_class, hints
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import PathParts, find, line_of, parse, read_text, shown
from fes_ctrl.stimulators.config import UNUSABLE

DEFAULT: Final = "default"
INDEX: Final = re.compile(r"[0-9]{1,6}")


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: a file and its text, or an option."""

    name: str
    text: str = ""

    def place(self, path: PathParts) -> str:
        """Return the place of a value: file and line, or the option itself."""
        if not self.text:
            return self.name
        known: PathParts = path
        while known:
            line = line_of(self.text, known)
            if line is not None:
                return f"{shown(self.name)}:{line}"
            known = known[:-1]
        return shown(self.name)


class Layers:
    """The sections of a configuration, filled from several sources; later ones win.

    Tables are laid over each other key by key; an array is replaced as a whole.

    Parameters
    ----------
    sections : mapping of str to type
        Section names and their frozen dataclasses.
    """

    def __init__(self, sections: Mapping[str, type[Any]]) -> None:
        if "stimulator" in sections or "detector" in sections:
            plugins.load()
        self._sections = dict(sections)
        self._tables: dict[str, dict[str, Any]] = {name: {} for name in sections}
        self._origins: dict[PathParts, tuple[Source, PathParts]] = {}
        self._built: dict[str, Any] = {}
        self.files: dict[str, Path] = {}

    def load(self, section: str, value: str, place: str = "") -> None:
        """Take a section from a name or file; a driver from elsewhere is a name too.

        Parameters
        ----------
        section : str
            Which one.
        value : str
            A name in ``configs``, or a file.
        place : str
            Who gave the name, for the refusal of one that does not exist.

        Raises
        ------
        ConfigError
            If there is no such file, it is no TOML, or it holds something else.
        """
        plugged = plugins.table_of(value) if section == "stimulator" else None
        if plugged is not None:
            self.take(section, plugged, Source(f"the driver of {value}"))
            return
        if section == "stimulator" and value in UNUSABLE:
            raise ConfigError(
                f"stimulator {value!r}: {UNUSABLE[value]}; mend it, or choose another"
            )
        try:
            path = find(section, value)
        except ConfigError as error:
            if not place:
                raise
            message = f"{error} ({place})"
            raise ConfigError(message) from error
        text = read_text(path)
        tables = parse(text, str(path))
        source = Source(str(path), text)
        for key in tables:
            if key != section:
                message = (
                    f"{key}: not part of a {section} file, which has [{section}] only "
                    f"({source.place((key,))})"
                )
                raise ConfigError(message)
        self.files[section] = path
        self.take(section, tables.get(section, {}), source)

    def take(self, section: str, table: object, source: Source) -> None:
        """Lay a table over a section.

        Raises
        ------
        ConfigError
            If the values do not fit.
        """
        if section not in self._sections:
            known = ", ".join(self._sections)
            message = f"{section}: no section of the configuration; known are {known}"
            raise ConfigError(f"{message} ({source.place((section,))})")
        if not isinstance(table, dict):
            message = f"{section}: must be a table ({source.place((section,))})"
            raise ConfigError(message)
        merged = copy.deepcopy(self._tables[section])
        self._lay(merged, table, (section,))
        self._note(table, (section,), source, (section,))
        self._take(section, merged)

    def set(self, option: str) -> None:
        """Take ``KEY=VALUE`` with a dotted key; arrays of tables by index.

        Raises
        ------
        ConfigError
            If the key is unknown, the value does not fit, or it is a limit.
        """
        key, equals, text = option.partition("=")
        source = Source(f"--set {option}")
        parts = key.strip().split(".")
        if not equals or len(parts) < 2 or not all(parts):
            message = f"--set {option}: write SECTION.KEY=VALUE, as program.delay_ms=50"
            raise ConfigError(message)
        if parts[0] == "limits":
            message = (
                f"--set {option}: limits come from files only; copy configs/limits/bench.toml "
                f"and name your copy with --limits"
            )
            raise ConfigError(message)
        if parts[0] not in self._sections:
            known = ", ".join(name for name in self._sections if name != "limits")
            message = f"--set {option}: no section {parts[0]!r}; known are {known}"
            raise ConfigError(message)
        section = parts[0]
        table = copy.deepcopy(self._tables[section])
        value = _value_of(text)
        path = self._place(section, parts, table, value, source)
        self._forget(path)
        self._note(value, path, source, path)
        self._take(section, table)

    def _place(
        self, section: str, parts: list[str], table: dict[str, Any], value: object, source: Source
    ) -> PathParts:
        cls = self._sections[section]
        here: Any = table
        path: list[str | int] = [section]
        for part in parts[1:-1]:
            path.append(part)
            hint = hints(cls).get(part) if isinstance(here, dict) else None
            if isinstance(here, list):
                index = _index(part, len(here), source)
                path[-1] = index
                here = here[index]
                continue
            default = _default_of(cls, part)
            here = here.setdefault(part, {} if default is None else default)
            cls = _class_of(hint, cls)
            if not isinstance(here, dict | list):
                message = f"{source.name}: {dotted(tuple(path))} is a value, not a table"
                raise ConfigError(message)
        last: str | int = parts[-1]
        if isinstance(here, list):
            last = _index(parts[-1], len(here), source)
        here[last] = value
        return (*path, last)

    def _note(self, table: object, path: PathParts, source: Source, place: PathParts) -> None:
        if isinstance(table, dict):
            for key, value in table.items():
                self._note(value, (*path, key), source, (*place, key))
        elif isinstance(table, list) and any(isinstance(item, dict) for item in table):
            for index, item in enumerate(table):
                self._note(item, (*path, index), source, (*place, index))
        else:
            self._origins[path] = (source, place)

    def _forget(self, path: PathParts) -> None:
        for known in [known for known in self._origins if known[: len(path)] == path]:
            del self._origins[known]

    def _lay(self, below: dict[str, Any], above: dict[str, Any], path: PathParts) -> None:
        for key, value in above.items():
            if isinstance(value, dict) and isinstance(below.get(key), dict):
                self._lay(below[key], value, (*path, key))
            else:
                # An array is replaced as a whole, with what was known about its values; what is
                # noted then stands last among the origins.
                self._forget((*path, key))
                below[key] = copy.deepcopy(value)

    def _take(self, section: str, table: dict[str, Any]) -> None:
        """Check a section's values and make them its own."""
        built: dict[str, Any] = {}
        try:
            built[section] = build(self._sections[section], table, (section,))
        except UnplacedError as problem:
            # Whether values go together is asked when all layers are there.
            if not problem.together:
                raise self._refusal(problem) from problem
        self._tables[section] = table
        self._built.pop(section, None)
        self._built.update(built)

    def _refusal(self, problem: UnplacedError) -> ConfigError:
        return ConfigError(f"{problem.what} ({self.origin(problem.path)})")

    def origin(self, path: PathParts) -> str:
        """Return where a value came from: ``default``, file and line, or the option.

        Parameters
        ----------
        path : tuple of str or int
            Of a value; or of a table, which comes from where its latest value comes from.
        """
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                source, place = self._origins[path[:length]]
                return source.place(place)
        for known, (source, place) in reversed(self._origins.items()):
            if known[: len(path)] == path:
                return source.place(place)
        return DEFAULT

    def get(self, section: str) -> Any:
        """Return a section's effective value.

        Raises
        ------
        ConfigError
            If something that has no default was not given.
        """
        if section not in self._built:
            try:
                built = build(self._sections[section], self._tables[section], (section,))
            except UnplacedError as problem:
                raise self._refusal(problem) from problem
            self._built[section] = built
        return self._built[section]

    def effective(self) -> dict[str, Any]:
        """Return all effective values as plain tables, defaults included."""
        return {name: _plain(self.get(name)) for name in self._sections}


def _plain(value: Any) -> Any:
    """Return what ``dataclasses.asdict`` does; single values are shared, for none can change."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value


def _index(part: str, length: int, source: Source) -> int:
    if not INDEX.fullmatch(part) or int(part) >= length:
        there = f"there are {length}, counted from 0" if length else "none is written there yet"
        message = f"{source.name}: {part!r} is no index; {there}"
        raise ConfigError(message)
    return int(part)


def _class_of(hint: Any, otherwise: type[Any]) -> type[Any]:
    """Return the class that a field's annotation speaks of, alone or in an array."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint
    return element_class(hint) or otherwise


def _default_of(cls: type[Any], name: str) -> list[Any] | None:
    """Return what stands for the default of an array, so that one element can be changed."""
    for field in dataclasses.fields(cls):
        if field.name == name and isinstance(field.default, tuple):
            return [{} if dataclasses.is_dataclass(item) else item for item in field.default]
    return None


def _value_of(text: str) -> object:
    """Return an option's value as TOML would read it; bare words are text."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if len(table) == 1 else text


def sha256_of(values: Mapping[str, object]) -> str:
    """Return the hash of the canonical JSON of effective values."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def canonical(values: Mapping[str, object]) -> str:
    """Return canonical JSON: sorted keys, no spaces, no NaN."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
