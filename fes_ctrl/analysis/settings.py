"""The configuration of a run: what its log's header keeps, flat, by dotted key, with its origins.

A walk, a replay and a run in real time nest their values differently; here a value has one key, the
one that a file or ``--set`` would use.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.model import ALL_LEGS
from fes_ctrl.units import Us, s_from_us

NESTED: Final = "control"
"""Where walks and runs keep the sections that make up a controller."""

ELSEWHERE: Final[dict[str, str]] = {
    "seed": "walk.seed",
    "duration_s": "walk.duration_s",
    "way": "walk.segment",
    "orthosis": "walk.orthosis",
    "inject": "walk.inject",
}
"""What a walk's header calls otherwise than its files do."""

OPTIONS: Final[dict[str, str]] = {"evaluation": "--evaluation"}
"""What only an option of a walk can say, and never a file."""

NO_VALUES: Final = frozenset({"limits_file", "trace"})
"""Where the limits were read and whether pictures were kept: no part of what happened."""

NOT_KEPT: Final = "origin not kept"
"""Of a value whose run's folder has no settings, as where it was killed or moved alone."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the configuration: the effective value, its key and where it came from."""

    key: str
    value: object
    origin: str

    def __str__(self) -> str:
        """Return it as a file would write it, with its place behind."""
        return f"{self.key} = {shown(self.value)} ({self.origin})"


def shown(value: object) -> str:
    """Return a value as a configuration file would write it."""
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join([shown(item) for item in value])}]"
    return str(value)


class Settings:
    """What held in a run.

    Parameters
    ----------
    run : Run
        Its header, settings, and what was turned while it went on.
    """

    __slots__ = ("_changes", "_origins", "values")

    def __init__(self, run: Run) -> None:
        self.values = values_of(run.header)
        origins = (run.settings or {}).get("origins")
        self._origins: Mapping[str, object] = origins if isinstance(origins, Mapping) else {}
        refused_us = {state.t_us for state in run.states if state.reason.startswith("refused")}
        self._changes = [change for change in run.parameters if change[0] not in refused_us]

    def line(self, key: str, at_us: Us | None = None, leg: int = ALL_LEGS) -> Setting:
        """Return the line of a key as it held at an instant; its value is ``None`` where unknown.

        Parameters
        ----------
        key : str
            Dotted.
        at_us : int or None
            What was turned later does not count; ``None``: what the run began with.
        leg : int
            Whose program.
        """
        found = Setting(key, self.values.get(key), self.origin(key))
        if at_us is None:
            return found
        for now_us, change in self._changes:
            name = change.name if change.name.startswith("limits.") else f"program.{change.name}"
            if now_us <= at_us and name == key and change.leg in (ALL_LEGS, leg):
                found = Setting(key, change.value, f"turned at {s_from_us(now_us):.3f} s")
        return found

    def number(self, key: str, at_us: Us | None = None, leg: int = ALL_LEGS) -> float:
        """Return a number of the configuration; 0 where there is none."""
        value = self.line(key, at_us, leg).value
        return float(value) if isinstance(value, int | float) else 0.0

    def text(self, key: str) -> str:
        """Return a word of the configuration; empty where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def origin(self, key: str) -> str:
        """Return where a value came from: file and line, option, ``default``, or not kept."""
        if not self._origins:
            return NOT_KEPT
        head, _, tail = key.partition(".")
        path = f"{ELSEWHERE.get(head, head)}.{tail}".rstrip(".").split(".")
        for length in range(len(path), 1, -1):
            origin = self._origins.get(".".join(path[:length]))
            if isinstance(origin, str):
                return origin
        return OPTIONS.get(key, NOT_KEPT)


def values_of(header: Mapping[str, object]) -> dict[str, object]:
    """Return the effective values of a run by dotted key; arrays of tables by index."""
    config = header.get("config")
    if not isinstance(config, Mapping):
        return {}
    nested = config.get(NESTED)
    whole = dict(config)
    if isinstance(nested, Mapping):
        del whole[NESTED]
        whole.update(nested)
    return dict(_leaves({key: whole[key] for key in whole if key not in NO_VALUES}, ""))


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}.{index}")
    else:
        yield path, value


def plain(value: object) -> Any:
    """Return a value as JSON can hold it: no tuples, and ``None`` for what is not a number."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
