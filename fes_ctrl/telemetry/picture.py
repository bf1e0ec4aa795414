"""How a bench stands, as it is shown; and what of its messages says so."""

import enum
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from fes_ctrl.model import LEG_NAMES
from fes_ctrl.telemetry.reading import flag, integer, number, text

MOST_FAULTS: Final = 32


class Presence(enum.IntEnum):
    """Whether a bench is there, as far as anybody can tell."""

    ONLINE = 0
    SILENT = 1
    """It said that it is there, and has not spoken for some seconds."""
    UNKNOWN = 2
    """We are not connected ourselves."""
    LOST = 3
    """The broker says so."""
    ENDED = 4
    """It said so itself."""
    UNHEARD = 5
    """It has never spoken."""


class HeldFault(NamedTuple):
    """A fault that holds."""

    id: str
    reaction: str
    leg: str
    detail: str


@dataclass(frozen=True, slots=True)
class Picture:
    """How a bench stands; what is not known is ``None`` or empty.

    Attributes
    ----------
    bench : str
        Its name.
    presence : Presence
        Whether it is there.
    why : str
        What its last status came from.
    simulated : bool or None
        Whether stimulator or sensors are models.
    device, program, session : str
        What it is.
    armed : bool or None
        Whether the stimulator takes pulses.
    level_percent : int or None
        The operator's level.
    activity : dict of str to str
        By leg.
    cadence_per_min : dict of str to (float or None)
        By leg; ``None``: it stands.
    bursts : dict of str to int
        By leg: bursts that have ended, in which a pulse was given.
    faults : tuple of HeldFault
        Those that hold.
    version : int or None
        Of the parameters in force.
    waiting : bool
        Whether a change waits for the end of a burst.
    lag_ms : float or None
        How much longer the last message was under way than the fastest one lately.
    clock_ms : float or None
        How far the bench's wall clock is behind ours, and the way of the fastest message.
    missed : dict of str to int
        By topic: messages that did not come. Topics that miss none are left out, here and below.
    dropped : dict of str to int
        By topic: items that gave way; ``lines_lost``: those that its control loop could not hand
        over; ``unconfirmed``: messages that may have been lost; ``refused``: those that the broker
        hands on to nobody. All as the bench counts them.
    restarts : int
        How often the process that speaks to the broker was started anew in this run; what it had to
        tell in between is not known.
    malformed : int
        Messages on its topics that could not be read.
    heard_s : float or None
        Seconds since it spoke; where it has not, since we listen, by its own clock.
    live : bool
        Whether it has spoken since we listen.
    contested : bool
        Whether two runs use this name.
    newer : bool
        Whether it speaks a later version of the messages.
    """

    bench: str
    presence: Presence
    why: str
    simulated: bool | None
    device: str
    program: str
    session: str
    armed: bool | None
    level_percent: int | None
    activity: dict[str, str]
    cadence_per_min: dict[str, float | None]
    bursts: dict[str, int]
    faults: tuple[HeldFault, ...]
    version: int | None
    waiting: bool
    lag_ms: float | None
    clock_ms: float | None
    missed: dict[str, int]
    dropped: dict[str, int]
    restarts: int
    malformed: int
    heard_s: float | None
    live: bool
    contested: bool
    newer: bool

    @property
    def lost(self) -> int:
        """How much did not come, or may not have: for a person."""
        return sum(self.missed.values()) + sum(self.dropped.values())

    @property
    def standing(self) -> tuple[Any, ...]:
        """What makes a change worth telling: not what counts or fluctuates."""
        return (
            *(self.presence, self.live, self.why, self.simulated, self.session, self.armed),
            *(self.level_percent, tuple(sorted(self.activity.items())), self.faults),
            *(self.version, self.waiting, self.contested, self.newer, self.restarts),
        )

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found = asdict(self)
        found["presence"] = self.presence.name.lower()
        found["faults"] = [fault._asdict() for fault in self.faults]
        return found


def _status(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "simulated": flag(message.get("simulated")),
        "device": text(message.get("device"), 60),
        "program": text(message.get("program"), 60),
    }


def _state(message: dict[str, Any]) -> dict[str, Any]:
    level = integer(message.get("level_percent"))
    return {
        "armed": flag(message.get("armed")),
        "level_percent": level if level is not None and 0 <= level <= 100 else None,
        "activity": {leg: text(of, 20) for leg, of in _by_leg(message.get("activity"))},
        "faults": _faults(message.get("faults")),
        "version": integer(message.get("version")),
    }


def _parameters(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": integer(message.get("version")),
        "waiting": message.get("waiting") is True,
    }


def _metrics(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "cadence_per_min": {leg: number(of) for leg, of in _by_leg(message.get("cadence_per_min"))},
        "bursts": {leg: integer(of) or 0 for leg, of in _by_leg(message.get("bursts"))},
    }


def _by_leg(found: object) -> list[tuple[str, object]]:
    return (
        [(leg, found[leg]) for leg in LEG_NAMES if leg in found] if isinstance(found, dict) else []
    )


def _faults(found: object) -> tuple[HeldFault, ...]:
    if not isinstance(found, list):
        return ()
    return tuple(
        HeldFault(
            text(each.get("id"), 8),
            text(each.get("reaction"), 12),
            text(each.get("leg"), 6),
            text(each.get("detail")),
        )
        for each in found[:MOST_FAULTS]
        if isinstance(each, dict)
    )


KEPT: Final = {
    "status": _status,
    "state": _state,
    "parameters": _parameters,
    "metrics": _metrics,
}
"""What is kept of a message, and no more: its size is the sender's choice."""
UNTOLD: Final = {name: kept for of in KEPT.values() for name, kept in of({}).items()}
