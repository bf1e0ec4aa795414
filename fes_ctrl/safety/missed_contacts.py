"""Bursts that end without a contact of their leg: told of, and after three no more is begun."""

from typing import Final

from fes_ctrl.model import BurstEnd, Fault
from fes_ctrl.safety.faults import CLEARED, INHIBIT, WARN
from fes_ctrl.units import NEVER_US, Us

BURSTS_WITHOUT_CONTACT: Final = 3


class MissedContacts:
    """The contacts that one leg owes.

    Parameters
    ----------
    leg : int
        Whose.
    """

    __slots__ = ("_bursts", "_leg")

    def __init__(self, leg: int) -> None:
        self._leg = leg
        self._bursts = 0

    @property
    def inhibit(self) -> bool:
        """Whether no burst may begin before the next contact."""
        return self._bursts >= BURSTS_WITHOUT_CONTACT

    def burst_ended(self, end: BurstEnd) -> list[Fault]:
        """Take the end of a burst that a step had started; return what becomes true by it.

        The first that counts ended by its time-out; after it, any does.
        """
        faults: list[Fault] = []
        if self._bursts == 0:
            if end.ended_by != "time_out" or end.contact_us != NEVER_US:
                return faults
            detail = "burst ended by its time-out, no contact since"
            faults.append(Fault(end.t_us, "F02", WARN, self._leg, detail))
        self._bursts += 1
        if self._bursts == BURSTS_WITHOUT_CONTACT:
            detail = f"{BURSTS_WITHOUT_CONTACT} bursts without a contact"
            faults.append(Fault(end.t_us, "F10", INHIBIT, self._leg, detail))
        return faults

    def contact(self, t_us: Us) -> list[Fault]:
        """Take a contact, or a foot that is flat; return what is over by it."""
        faults: list[Fault] = []
        if self.inhibit:
            faults.append(Fault(t_us, "F10", CLEARED, self._leg, "contact"))
        if self._bursts:
            faults.append(Fault(t_us, "F02", CLEARED, self._leg, "contact"))
            self._bursts = 0
        return faults
