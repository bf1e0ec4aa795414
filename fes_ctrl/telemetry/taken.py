"""Whether what a bench tells is taken: fault F25, and the words about the connection."""

from collections.abc import Callable
from typing import Final

from fes_ctrl.safety.faults import CLEARED, WARN
from fes_ctrl.units import NEVER_US, Us

PATIENCE_US: Final = 10_000_000
"""So long telemetry may not be taken before it is told of: fault F25."""
HUNG_US: Final = 6_000_000
"""A carrier that said that it lives, and for so long nothing more, hangs."""
TAKEN_AGAIN: Final = "the broker takes it again"


def stops_come(way: str, why: str) -> str:
    """Return how stops from afar come, for the person at the console.

    Parameters
    ----------
    way : str
        As the ``health`` message says.
    why : str
        Why they have no connection of their own.
    """
    match way:
        case "own":
            return "stops from afar have a connection of their own again"
        case "denied":
            return (
                "the broker lets nobody of this name hear stops, so none can come from afar; let "
                "it read fes/BENCH/command/stop/+"
            )
    return (
        f"stops from afar have no connection of their own ({why}); they come with all else, where "
        "a flood may hold them up; it is tried again"
    )


class Taken:
    """Judges by what the carrier says, and by its silence, whether lines are taken.

    Parameters
    ----------
    now_us : int
        When telling begins: there is no connection yet.
    patience_us : int
        How long lines may not be taken before it is told of.
    warn : callable
        Takes the reaction of fault F25, a warning or its end, and the detail.
    say : callable
        Takes a line for the person at the console.
    """

    def __init__(
        self,
        now_us: Us,
        patience_us: Us,
        warn: Callable[[str, str], None],
        say: Callable[[str], None],
    ) -> None:
        self._patience_us = patience_us
        self._tell = warn
        self._say = say
        self._up = False
        self._why = "not connected yet"
        self._down_us = now_us
        self._alive_us: Us = NEVER_US
        self._dropped: int | None = 0
        self._refused = ""
        self._refused_us: Us = NEVER_US
        self._warned = False

    def _warn(self, reaction: str, detail: str) -> None:
        self._warned = reaction == WARN
        self._tell(reaction, detail)

    def look(self, now_us: Us) -> None:
        """Warn, once, when lines have not been taken for too long."""
        # A process that said that it lives, and says so no more, takes nothing either.
        since_us, patience_us = self._down_us, self._patience_us
        if self._up:
            since_us, patience_us = self._alive_us, max(HUNG_US, patience_us)
        if not self._warned and now_us - since_us >= patience_us:
            why = "the process that speaks to the broker hangs" if self._up else self._why
            self._warn(WARN, f"telemetry is not taken: {why}")
        refused_us = now_us - self._refused_us
        if self._up and self._refused and not self._warned and refused_us >= self._patience_us:
            self._warn(WARN, f"telemetry is not taken: {self._refused}")

    def linked(self, now_us: Us, why: str, silent_us: Us = 0, *, up: bool) -> None:
        """Take note that the line to the broker is up or down, and for how long nobody answered."""
        if up:
            if not self._up:
                self._say(f"telemetry: connected, {why}")
                self._dropped = None
            if self._warned and not self._refused:
                self._warn(CLEARED, TAKEN_AGAIN)
        elif self._up or self._why != why:
            self._say(f"telemetry: no connection, tried again while the run goes on: {why}")
        if self._up and not up:
            # It is down since its last answer, whenever that was noticed.
            self._down_us = now_us - silent_us
        self._up, self._why = up, why

    def alive(self, now_us: Us) -> None:
        """Take note that the carrier lives."""
        self._alive_us = now_us

    def carried(self, now_us: Us, dropped: int, refused: str | None = None) -> None:
        """Take note of how the carrier fares.

        Parameters
        ----------
        now_us : int
            The run's clock.
        dropped : int
            How many items it has dropped so far.
        refused : str or None
            What the broker refuses now, and what to do; empty: nothing; ``None``: not known.
        """
        if refused is None:
            refused = self._refused
        if refused and not self._refused:
            self._refused_us = now_us
            self._say(f"telemetry: {refused}; the run goes on")
        elif self._refused and not refused:
            self._say(f"telemetry: {TAKEN_AGAIN}")
            if self._warned and self._up:
                self._warn(CLEARED, TAKEN_AGAIN)
        self._refused = refused
        if self._dropped is None:
            # While there was no broker: it is not this one that is slow.
            self._dropped = dropped
        if dropped > self._dropped and not self._warned:
            self._warn(WARN, f"the broker is slow: {dropped} items dropped so far")
        elif dropped == self._dropped and self._warned and self._up and not refused:
            self._warn(CLEARED, "the broker keeps up again")
        self._dropped = dropped
