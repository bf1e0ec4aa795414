"""As much of a run as a remote party can touch: its stop, its level downwards, its dials."""

from collections.abc import Callable
from typing import Final

from fes_ctrl.model import ALL_LEGS, LEG_NAMES, Operator, ParameterChange
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.telemetry.requests import SET, STOP
from fes_ctrl.units import Us

SAID_EVERY_US: Final = 1_000_000
"""The person is told of what is asked for so often at most; the audit trail has it all."""


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
        self._say_it = say
        self._said_us: dict[str, Us] = {}
        self.level_percent = 0

    def _say(self, line: str, kind: str = SET) -> None:
        """Tell the person now and then: a flood from afar must not fill the terminal's line.

        A stop is told even if a change was just before.
        """
        now_us = self._session.clock.now_us()
        if now_us - self._said_us.get(kind, -SAID_EVERY_US) >= SAID_EVERY_US:
            self._said_us[kind] = now_us
            self._say_it(f"{line}: asked for from afar")

    @property
    def waiting(self) -> bool:
        """Whether a dial that was turned waits for the end of a burst."""
        return self._session.controller.waiting

    def stop(self) -> None:
        """Stop as a person at the console does; the bytes go first."""
        self._session.stop_now()
        self._session.settle()
        self._say("stop", STOP)

    def lower(self, level_percent: int) -> None:
        """Lower the level."""
        level = min(level_percent, self.level_percent)
        self._session.take(Operator(self._session.clock.now_us(), "level", level))
        self._say(f"level {level} %")

    def change(self, leg: int, name: str, value: float) -> None:
        """Turn a dial, or narrow a limit."""
        self._session.take(ParameterChange(self._session.clock.now_us(), leg, name, value))
        whose = "" if leg == ALL_LEGS else f"{LEG_NAMES[leg]} "
        self._say(f"{whose}{name} = {value:g}")
