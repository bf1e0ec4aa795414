"""Layers of configuration: defaults, files, a scenario's own values, options; with origins."""

import copy
import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fes_ctrl.config.build import ValueProblem, build, dotted, element_class, hints
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import PathParts, find, line_of, parse, read_text

DEFAULT = "default"


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
                return f"{self.name}:{line}"
            known = known[:-1]
        return self.name


class Layers:
    """The sections of a configuration, filled from several sources; later ones win.

    Parameters
    ----------
    sections : mapping of str to type
        Section names and their frozen dataclasses.
    """

    def __init__(self, sections: Mapping[str, type[Any]]) -> None:
        self._sections = dict(sections)
        self._tables: dict[str, dict[str, Any]] = {name: {} for name in sections}
        self._origins: dict[PathParts, tuple[Source, PathParts]] = {}
        self.files: dict[str, Path] = {}

    def load(self, section: str, value: str) -> None:
        """Take a section from a name or file.

        Raises
        ------
        ConfigError
            If there is no such file, it is no TOML, or it holds something else.
        """
        path = find(section, value)
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
        _lay(merged, table)
        self._note(table, (section,), source, (section,))
        self._check(section, merged)
        self._tables[section] = merged

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
        path = self._place(section, parts, table, _value_of(text), source)
        self._origins[path] = (source, path)
        self._check(section, table)
        self._tables[section] = table

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
            element = element_class(hint) if hint is not None else None
            if element is not None:
                default: list[dict[str, Any]] = [{} for _ in _default_of(cls, part)]
                here = here.setdefault(part, default)
                cls = element
            else:
                if isinstance(hint, type) and dataclasses.is_dataclass(hint):
                    cls = hint
                here = here.setdefault(part, {})
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

    def _check(self, section: str, table: dict[str, Any]) -> None:
        try:
            build(self._sections[section], table, (section,))
        except ValueProblem as problem:
            raise ConfigError(f"{problem.what} ({self.origin(problem.path)})") from problem

    def origin(self, path: PathParts) -> str:
        """Return where a value came from: ``default``, file and line, or the option."""
        for known in (path, path[:-1]):
            if known in self._origins:
                source, place = self._origins[known]
                return source.place(place)
        for known, (source, place) in self._origins.items():
            if known[: len(path)] == path:
                return source.place(place[: len(path)])
        return DEFAULT

    def get(self, section: str) -> Any:
        """Return a section's effective value.

        Raises
        ------
        ConfigError
            If something that has no default was not given.
        """
        try:
            return build(self._sections[section], self._tables[section], (section,))
        except ValueProblem as problem:
            raise ConfigError(f"{problem.what} ({self.origin(problem.path)})") from problem

    def effective(self) -> dict[str, Any]:
        """Return all effective values as plain tables, defaults included."""
        return {name: dataclasses.asdict(self.get(name)) for name in self._sections}


def _lay(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay(below[key], value)
        else:
            below[key] = copy.deepcopy(value)


def _index(part: str, length: int, source: Source) -> int:
    if not part.isdigit() or int(part) >= length:
        message = f"{source.name}: {part!r} is no index; there are {length}, counted from 0"
        raise ConfigError(message)
    return int(part)


def _default_of(cls: type[Any], name: str) -> tuple[Any, ...]:
    for field in dataclasses.fields(cls):
        if field.name == name and isinstance(field.default, tuple):
            return field.default
    return ()


def _value_of(text: str) -> object:
    """Return an option's value as TOML would read it; bare words are text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def sha256_of(values: Mapping[str, object]) -> str:
    """Return the hash of the canonical JSON of effective values."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def canonical(values: Mapping[str, object]) -> str:
    """Return canonical JSON: sorted keys, no spaces, no NaN."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
