"""Stimulators of other people's packages, found by entry point.

A package that has, in its ``pyproject.toml``,

    [project.entry-points."fes_ctrl.stimulators"]
    mybox = "mypackage.mybox:STIMULATOR"

gives the device ``mybox``: a ``stimulators.drivers.Stimulator``. Its code runs inside this
program, as trusted as this program's own; the guard stands between it and the controller as
before, and nothing stands between it and the device.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from fes_ctrl.stimulators import drivers
from fes_ctrl.stimulators.config import MODES, UNUSABLE

GROUP: Final = "fes_ctrl.stimulators"


@cache
def load() -> tuple[str, ...]:
    """Take all that are installed into the tables, once; return the names of those taken.

    One that cannot be taken harms nothing else: it is refused, with the reason, when it is asked
    for.
    """
    taken = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        problem = _take(point)
        if not problem:
            taken.append(point.name)
        elif point.name not in MODES:
            UNUSABLE[point.name] = problem
    return tuple(taken)


def table_of(name: str) -> dict[str, object] | None:
    """Return a stimulator's table of configuration, where it is one of those that were taken."""
    if name not in load():
        return None
    return {"device": name, "mode": next(iter(MODES[name]))}


def _take(point: EntryPoint) -> str:
    """Take one; return why it was not."""
    where = f"the driver {point.value!r}"
    try:
        found = point.load()
    except Exception as error:  # noqa: BLE001 - whatever somebody else's module raises
        return f"{where} cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())}"
    if not isinstance(found, drivers.Stimulator):
        return f"{where} is a {type(found).__name__}, no fes_ctrl.stimulators.drivers.Stimulator"
    try:
        drivers.add(point.name, found)
    except (ValueError, TypeError, AttributeError) as error:
        return f"{where} cannot be used: {error}"
    return ""
