"""A scripted hand for simulations and replays: arms, raises the level, clears latches in time.

It acts only through the inputs a person has, and is logged like one.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Final, get_args

from annotated_types import Ge, Le, MaxLen

from fes_ctrl.model import Fault, Operator, OperatorAction, Record, StateChange
from fes_ctrl.runtime.clock import ORDER_OPERATOR, Clock
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.safety.faults import BY_ID, CLEARED, LATCH, opens_latch
from fes_ctrl.units import Us, us_from_s

NO_DEVICE: Final = "not armed: no device has answered"
ARM_AGAIN_US: Final = 500_000
ARM_TRIES: Final = 5
"""Whoever is told that no device has answered yet tries again, and gives up in the end."""


@dataclass(frozen=True, slots=True)
class OperatorConfig:
    """What the scripted operator does, and when.

    Attributes
    ----------
    arm_at_s : float
        When it arms; never if ``evaluation`` is asked for.
    level_percent : tuple of int
        The levels it sets, one after the other.
    level_from_s, level_every_s : float
        When it sets the first, and the time between them.
    clear_after_s : float
        How long after a latched fault of availability it clears the latch by itself; where any
        other fault has come, it leaves that to ``hand``.
    hand : tuple of str
        What it does besides, whatever has happened: ``ACTION@T``, as ``pause@12.5``, or
        ``level=40@13``; seconds. A ``test@T`` is a burst at the level, a ``test=25@T`` one of so
        many milliamperes.
    """

    arm_at_s: Annotated[float, Ge(0), Le(3600)] = 0.5
    level_percent: Annotated[tuple[Annotated[int, Ge(0), Le(100)], ...], MaxLen(100)] = (
        20,
        40,
        60,
        80,
        100,
    )
    level_from_s: Annotated[float, Ge(0), Le(3600)] = 1.0
    level_every_s: Annotated[float, Ge(0), Le(600)] = 1.0
    clear_after_s: Annotated[float, Ge(0), Le(600)] = 3.0
    hand: Annotated[tuple[str, ...], MaxLen(1000)] = ()

    def __post_init__(self) -> None:
        """Refuse what no hand can do."""
        for text in self.hand:
            parse_act(text)


def parse_act(text: str) -> tuple[Us, str, int]:
    """Return instant, action and value of ``ACTION@T``, ``level=VALUE@T`` or ``test=VALUE@T``.

    Raises
    ------
    ValueError
        Saying what is wrong and what to write instead.
    """
    what, at, when = text.partition("@")
    action, equals, number = what.partition("=")
    actions = get_args(OperatorAction)
    misused = action != "test" and (action == "level") != bool(equals)
    if not at or action not in actions or misused:
        message = (
            f"hand {text!r}: write ACTION@T, level=PERCENT@T or test=MA@T, T in seconds; actions "
            f"are {', '.join(actions)}"
        )
        raise ValueError(message)
    try:
        at_s = float(when)
        value = int(number) if equals else 0
    except ValueError:
        at_s, value = math.nan, 0
    if not 0.0 <= at_s <= 36_000.0 or not 0 <= value <= 100:
        message = f"hand {text!r}: write seconds from the start, and a level or mA of 0 to 100"
        raise ValueError(message)
    return us_from_s(at_s), action, value


class ScriptedOperator:
    """An operator that follows its script.

    Parameters
    ----------
    clock : Clock
        The walk's clock; the script's times count from its present.
    session : ControlSession
        Takes the operator's inputs.
    config : OperatorConfig
        The script.
    evaluation : bool
        Never arm: the program senses and decides, and nothing is stimulated.
    """

    def __init__(
        self, clock: Clock, session: ControlSession, config: OperatorConfig, *, evaluation: bool
    ) -> None:
        self._clock = clock
        self._session = session
        self._clear_after_us = us_from_s(config.clear_after_s)
        self._held = False
        self._tries = 0
        start_us = clock.now_us()
        session.listeners.append(self._see)
        if evaluation:
            return
        self._at(start_us + us_from_s(config.arm_at_s), "arm", 0)
        for index, level in enumerate(config.level_percent):
            at_us = start_us + us_from_s(config.level_from_s + index * config.level_every_s)
            self._at(at_us, "level", level)
        for text in config.hand:
            at_us, action, value = parse_act(text)
            self._at(start_us + at_us, action, value)

    def _at(self, at_us: Us, action: str, value: int) -> None:
        self._clock.call_at_us(at_us, ORDER_OPERATOR, self._act, action, value)

    def _act(self, action: str, value: int) -> None:
        self._session.take(Operator(self._clock.now_us(), action, value))

    def _clear(self) -> None:
        if not self._held:  # what is more than a fault of availability is for a person to look at
            self._act("clear", 0)

    def _see(self, now_us: Us, records: tuple[Record, ...]) -> None:
        for record in records:
            if isinstance(record, Fault) and record.reaction == LATCH:
                if BY_ID[record.id].keeps_level:
                    at_us = now_us + self._clear_after_us
                    self._clock.call_at_us(at_us, ORDER_OPERATOR, self._clear)
                else:
                    self._held = True
            elif isinstance(record, Fault) and record.reaction == CLEARED:
                self._held = self._held and not opens_latch(record.id, record.leg)
            elif isinstance(record, StateChange) and record.reason == NO_DEVICE:
                self._tries += 1
                if self._tries < ARM_TRIES:
                    self._at(now_us + ARM_AGAIN_US, "arm", 0)
