"""Stimulators and detectors of other people's packages, found by entry point.

A package that has, in its ``pyproject.toml``,

    [project.entry-points."fes_ctrl.stimulators"]
    mybox = "mypackage.mybox:STIMULATOR"

    [project.entry-points."fes_ctrl.detectors"]
    mine = "mypackage.mine:DETECTOR"

gives the device ``mybox``, a ``stimulators.drivers.Stimulator``, and the detector ``mine``, a
``gait.plugged.DetectorKind``. Its code runs inside this program, as trusted as this program's own;
the guard stands between it and the controller as before, and nothing stands between a driver and
its device.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, NamedTuple

from fes_ctrl import gait
from fes_ctrl.gait import plugged
from fes_ctrl.stimulators import drivers
from fes_ctrl.stimulators.config import MODES, UNUSABLE


class _Group(NamedTuple):
    """What is plugged in under one entry point group: what it has to be, and who takes it."""

    name: str
    what: str
    kind: type[Any]
    kind_name: str
    add: Callable[[str, Any], None]
    unusable: dict[str, str]


STIMULATORS: Final = _Group(
    "fes_ctrl.stimulators",
    "driver",
    drivers.Stimulator,
    "fes_ctrl.stimulators.drivers.Stimulator",
    drivers.add,
    UNUSABLE,
)
DETECTORS: Final = _Group(
    "fes_ctrl.detectors",
    "detector",
    plugged.DetectorKind,
    "fes_ctrl.gait.plugged.DetectorKind",
    gait.add,
    plugged.UNUSABLE,
)


@cache
def load() -> tuple[str, ...]:
    """Take all that are installed into the tables, once; return the names of stimulators taken.

    One that cannot be taken harms nothing else: it is refused, with the reason, when it is asked
    for.
    """
    _load(DETECTORS, gait.NEEDS)
    return _load(STIMULATORS, MODES)


def table_of(name: str) -> dict[str, object] | None:
    """Return a stimulator's table of configuration, where it is one of those that were taken."""
    if name not in load():
        return None
    return {"device": name, "mode": next(iter(MODES[name]))}


def _load(group: _Group, known: dict[str, Any]) -> tuple[str, ...]:
    taken = []
    points = entry_points(group=group.name)
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        problem = _take(point, group)
        if not problem:
            taken.append(point.name)
        elif point.name not in known:
            group.unusable[point.name] = problem
    return tuple(taken)


def _take(point: EntryPoint, group: _Group) -> str:
    """Take one; return why it was not."""
    where = f"the {group.what} {point.value!r}"
    try:
        found = point.load()
    except Exception as error:  # noqa: BLE001 - whatever somebody else's module raises
        return f"{where} cannot be loaded: {_told(error)}"
    if not isinstance(found, group.kind):
        return f"{where} is a {type(found).__name__}, no {group.kind_name}"
    try:
        group.add(point.name, found)
    except (ValueError, TypeError, AttributeError) as error:
        return f"{where} cannot be used: {error}"
    except Exception as error:  # noqa: BLE001 - whatever somebody else's factory raises
        return f"{where} cannot be used: {_told(error)}"
    return ""


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
