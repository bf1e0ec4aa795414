"""Points of a pulse, as a P24's own validator and its clock see them."""

from typing import Final

from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.output import Points

CURRENT_MAX_UA: Final = 130_000
POINT_MIN_US: Final = 10


def valid(points: Points) -> bool:
    """Return whether every point is within what the device's own validator lets through."""
    for duration_us, current_ua in points:
        if not -CURRENT_MAX_UA <= current_ua <= CURRENT_MAX_UA:
            return False
        if not 0 <= duration_us <= sm4.DURATION_MAX_US:
            return False
    return True


def padded(points: Points) -> Points:
    """Return the points as given: durations below 10 us count as 10 us."""
    for duration_us, _ in points:
        if duration_us < POINT_MIN_US:
            return tuple([(max(us, POINT_MIN_US), ua) for us, ua in points])
    return points
