"""As much of a run as a remote party can touch: its stop, its level downwards, its dials."""

from collections.abc import Callable
from typing import Final

from fes_ctrl.model import ALL_LEGS, LEG_NAMES, Operator, ParameterChange
from fes_ctrl.runtime.session import ControlSession

SAID_EVERY_US: Final = 1_000_000
"""The person is told of what is asked for so often at most."""


class RemoteBench:
    """As much of a session as a remote party can touch.

    Parameters
    ----------
    session : ControlSession
    say : callable
        Takes a line for the person at the console.
    """

    def __init__(self, session: ControlSession, say: Callable[[str], None]) -> None:
        self._session = session
        self._say = say
        self._changed: dict[str, tuple[str, int]] = {}
        self._changes_said_us = self._stop_said_us = -SAID_EVERY_US
        self.level_percent = 0

    def tell(self, *, last: bool = False) -> None:
        """Tell the person of all that was changed since they were told, in one line.

        Not so often that a flood from afar fills the terminal: what was changed since then waits.

        Parameters
        ----------
        last : bool
            Whether nobody tells of it later.
        """
        now_us = self._session.clock.now_us()
        if not self._changed or (now_us - self._changes_said_us < SAID_EVERY_US and not last):
            return
        self._changes_said_us = now_us
        told = ", ".join(
            text if times == 1 else f"{text} (the last of {times})"
            for text, times in self._changed.values()
        )
        self._changed.clear()
        self._say(f"{told}: asked for from afar")

    def _note(self, what: str, text: str) -> None:
        """Keep what is to be told: of each thing the last, for they may be many."""
        _, times = self._changed.pop(what, ("", 0))
        self._changed[what] = text, times + 1

    @property
    def waiting(self) -> bool:
        """Whether a dial that was turned waits for the end of a burst."""
        return self._session.controller.waiting

    def stop(self) -> None:
        """Stop as a person at the console does; the bytes go first."""
        self._session.stop_now()
        self._session.settle()
        now_us = self._session.clock.now_us()
        # Not one of the changes: it is told even if one was just before.
        if now_us - self._stop_said_us >= SAID_EVERY_US:
            self._stop_said_us = now_us
            self._say("stop: asked for from afar")

    def lower(self, level_percent: int) -> None:
        """Lower the level."""
        level = min(level_percent, self.level_percent)
        self._session.take(Operator(self._session.clock.now_us(), "level", level))
        self._note("level", f"level {level} %")

    def change(self, leg: int, name: str, value: float) -> None:
        """Turn a dial, or narrow a limit."""
        self._session.take(ParameterChange(self._session.clock.now_us(), leg, name, value))
        whose = "" if leg == ALL_LEGS else f"{LEG_NAMES[leg]} "
        self._note(f"{whose}{name}", f"{whose}{name} = {value:g}")
