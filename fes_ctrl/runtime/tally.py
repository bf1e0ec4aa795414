"""How a run stands, in one line for the person at the console: each leg's contacts and bursts."""

from collections.abc import Mapping

from fes_ctrl.model import (
    INITIAL_CONTACT,
    LEG_NAMES,
    BurstStart,
    GaitEvent,
    Record,
    Setpoint,
    StateChange,
)
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.units import Us


class Tally:
    """Counts what a session does, from now on.

    Parameters
    ----------
    session : ControlSession
        Listened to.
    roles : mapping of str to str
        What each leg is there for, in words.
    """

    def __init__(self, session: ControlSession, roles: Mapping[str, str]) -> None:
        self._roles = roles
        self._state = "not armed, level 0 %"
        self._contacts = dict.fromkeys(roles, 0)
        self._bursts: dict[str, set[Us]] = {side: set() for side in roles}
        self._pulses = dict.fromkeys(roles, 0)
        session.listeners.append(self._see)
        session.on_setpoint = self._count

    def _see(self, _now_us: Us, records: tuple[Record, ...]) -> None:
        for record in records:
            if isinstance(record, GaitEvent) and record.kind == INITIAL_CONTACT:
                self._contacts[LEG_NAMES[record.leg]] += 1
            elif isinstance(record, BurstStart):
                self._bursts[LEG_NAMES[record.leg]].add(record.t_us)
            elif isinstance(record, StateChange):
                armed = "armed" if record.armed else "not armed"
                self._state = f"{armed}, level {record.level_percent} %"

    def _count(self, setpoint: Setpoint) -> None:
        self._pulses[LEG_NAMES[setpoint.leg]] += 1

    def __str__(self) -> str:
        """Return how it stands."""
        parts = [self._state]
        for side, role in self._roles.items():
            told = f"{side}, {role}: {self._contacts[side]} contacts"
            if role.startswith("stimulated"):
                bursts = len(self._bursts[side])
                told += f", {bursts} bursts planned, {self._pulses[side]} pulses given"
            parts.append(told)
        return "; ".join(parts)
