"""Detectors of other people's packages: what one of them gives, and the tables that hold them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from fes_ctrl.model import LEFT, SENSOR_CHANNELS, Detector

MEMBERS: Final = ("update", "snapshot", "remarks", "turn_deg")
"""What ``model.Detector`` asks for."""


class DetectorKind(NamedTuple):
    """A detector, as somebody else's package gives it.

    Attributes
    ----------
    make : callable
        Takes a leg, ``model.LEFT`` or ``model.RIGHT``, and returns a new ``model.Detector`` of it.
    needs : tuple of tuple of str
        Sensor kinds, keys of ``model.SENSOR_CHANNELS``: of each group it has to have any one.
    helped_by : tuple of str
        Sensor kinds that it also reads where they are worn, and does without where they are not.
    both_feet : bool
        It looks at the other leg's sensors too.
    """

    make: Callable[[int], Detector]
    needs: tuple[tuple[str, ...], ...]
    helped_by: tuple[str, ...] = ()
    both_feet: bool = False


PLUGGED: Final[dict[str, DetectorKind]] = {}
"""Those that are installed and can be used."""

UNUSABLE: Final[dict[str, str]] = {}
"""Those that are installed and cannot be used, and why."""


def problem_of(kind: DetectorKind) -> str:
    """Return why a detector cannot be taken, or nothing; whatever making one raises is raised."""
    if not kind.needs or not all(kind.needs):
        return "it needs no sensor, or one of nothing"
    for sensor in (*[sensor for group in kind.needs for sensor in group], *kind.helped_by):
        if sensor not in SENSOR_CHANNELS:
            return f"it reads {sensor!r}, and sensors are {', '.join(SENSOR_CHANNELS)}"
    made = kind.make(LEFT)
    lacking = [member for member in MEMBERS if not hasattr(made, member)]
    if lacking:
        return f"it makes a {type(made).__name__}, which has no {' and no '.join(lacking)}"
    return ""
