"""Which commands are new: the first thing that stands before a remote change.

What is retained, expired, from the future, meant for another run, replayed, out of order or too
fast is refused here, whatever it asks for. It holds no clock and does no I/O.
"""

from collections import OrderedDict
from typing import Final

from fes_ctrl.telemetry.requests import Command

FUTURE_US: Final = 2_000_000
"""Wall clocks of a lab that differ by more than this are wrong."""
LIFE_US: Final = 2_000_000
"""So long a command may be on its way."""
APART_US: Final = 1_000_000
"""Between two accepted changes; what only lowers may come at any time."""
MOST_SENDERS: Final = 64

RETAINED: Final = "retained"
STALE: Final = ("retained", "expired", "future", "session", "replayed")
"""Refusals that are fault F26: the command is not new."""


class RefusedError(ValueError):
    """A command that is not taken: the kind of refusal, and why in a sentence."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"{kind}: {why}")
        self.kind = kind


class Gate:
    """Judges whether a command is a new one, given now, to this run.

    Parameters
    ----------
    session : str
        The run's nonce.
    """

    __slots__ = ("_accepted_us", "_seqs", "session")

    def __init__(self, session: str) -> None:
        self.session = session
        self._seqs: OrderedDict[str, int] = OrderedDict()
        self._accepted_us = -APART_US

    def admit(self, sender: str, command: Command, utc_us: int) -> bool:
        """Let a command pass that is new, and never again; return whether its sender is known.

        Of senders beyond ``MOST_SENDERS`` nothing is kept: theirs could pass again, so that only
        what may come again without harm is to be taken of them.

        Parameters
        ----------
        sender : str
            Who asks.
        command : Command
            Well-formed.
        utc_us : int
            The bench's wall clock.

        Raises
        ------
        RefusedError
            If it is not new.
        """
        if command.session != self.session:
            raise RefusedError("session", "meant for another run; read its parameters")
        if command.not_after_us - command.issued_us > LIFE_US:
            raise RefusedError("expired", f"would hold for longer than {LIFE_US / 1e6:g} s")
        late_us = utc_us - command.not_after_us
        if late_us > 0:
            why = f"its time was over {late_us / 1e6:.1f} s ago by the bench's clock"
            raise RefusedError("expired", why)
        early_us = command.issued_us - utc_us
        if early_us > FUTURE_US:
            why = f"given {early_us / 1e6:.1f} s from now by the bench's clock; set the clocks"
            raise RefusedError("future", why)
        if sender not in self._seqs and len(self._seqs) >= MOST_SENDERS:
            return False
        last = self._seqs.get(sender, -1)
        if command.seq <= last:
            raise RefusedError("replayed", f"seq {command.seq} is not above the last, {last}")
        self._seqs[sender] = command.seq
        return True

    def pace(self, now_us: int) -> None:
        """Let a change pass that does more than lower, if the last is long enough ago.

        Raises
        ------
        RefusedError
            If it is not.
        """
        left_us = self._accepted_us + APART_US - now_us
        if left_us > 0:
            raise RefusedError("too fast", f"one change a second; wait {left_us / 1e6:.1f} s")

    def accepted(self, now_us: int) -> None:
        """Take note that a change was taken which did more than lower."""
        self._accepted_us = now_us
