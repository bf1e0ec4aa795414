"""What the order of a stride makes certain, and the events of a leg that come of it."""

from typing import TypeAlias

from fes_ctrl.model import GaitEvent
from fes_ctrl.units import Us

Told: TypeAlias = tuple[tuple[str, Us, float], ...]
"""Kind, instant and certainty of each event, oldest first."""


def events_of(told: Told, leg: int, arrive_us: Us, clear: float) -> tuple[GaitEvent, ...]:
    """Return the events.

    Parameters
    ----------
    told : Told
        What is certain.
    leg : int
        Whose stride.
    arrive_us : int
        When the reading arrived that made it certain.
    clear : float
        How clearly the sensor sees the stride at all, 0 to 1; certainty is a share of that.
    """
    return tuple(
        [
            GaitEvent(kind, leg, event_us, arrive_us, round(certainty * clear, 3))
            for kind, event_us, certainty in told
        ]
    )
