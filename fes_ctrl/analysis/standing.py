"""How things stood at an instant of a run: armed, level, pause, faults in force, phase.

Read from what the log tells alone; nothing is run again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fes_ctrl.model import (
    ALL_LEGS,
    STANCE,
    STANDING,
    UNKNOWN,
    Fault,
    Operator,
    PhaseChange,
    StateChange,
)
from fes_ctrl.safety.faults import BY_ID, CLEARED, INHIBIT, LATCH, STOP, is_over
from fes_ctrl.units import Us


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stood.

    Attributes
    ----------
    armed, level_percent : bool, int
        As the controller last said.
    since : StateChange or None
        What it said then; ``None`` before it said anything.
    paused : bool
        The operator had paused.
    faults : tuple of Fault
        Those in force that keep bursts from this leg.
    phase, activity : str
        Of the leg.
    stepping : bool
        The leg was known to walk.
    """

    armed: bool = False
    level_percent: int = 0
    since: StateChange | None = None
    paused: bool = False
    faults: tuple[Fault, ...] = field(default=())
    phase: str = UNKNOWN
    activity: str = UNKNOWN
    stepping: bool = False


def standing_at(
    at_us: Us,
    leg: int,
    states: Sequence[StateChange],
    operator: Sequence[tuple[Us, Operator]],
    faults: Sequence[Fault],
) -> Standing:
    """Return how the authority over a leg stood when an event that came at that instant was taken.

    Parameters
    ----------
    at_us : int
        The instant; what became true in it counts.
    leg : int
        Whose.
    states, operator, faults : sequence
        Of the whole run, in order.
    """
    said = [state for state in states if state.t_us <= at_us]
    latest = said[-1] if said else None
    return Standing(
        armed=latest is not None and latest.armed,
        level_percent=0 if latest is None else latest.level_percent,
        since=latest,
        paused=_paused(at_us, said, operator),
        faults=tuple(_in_force(at_us, leg, faults)),
    )


def _paused(
    at_us: Us, states: Sequence[StateChange], operator: Sequence[tuple[Us, Operator]]
) -> bool:
    """Return whether a pause held; arming lifts it, and so does whatever disarms."""
    refused_us = [state.t_us for state in states if state.reason.startswith("not armed")]
    turns = [(state.t_us, state.reason == "pause") for state in states if _turns(state)]
    turns += [
        (t_us, False)
        for t_us, hand in operator
        if hand.action == "arm" and t_us <= at_us and t_us not in refused_us
    ]
    return max(turns, key=lambda turn: turn[0])[1] if turns else False


def _turns(state: StateChange) -> bool:
    return state.reason in {"pause", "resume", "disarm", "stop"} or state.reason in BY_ID


def _in_force(at_us: Us, leg: int, faults: Sequence[Fault]) -> Iterator[Fault]:
    """Yield the faults that hold bursts back, in the order they came."""
    held: dict[tuple[str, int], Fault] = {}
    for fault in faults:
        if fault.t_us > at_us:
            break
        if fault.leg not in (leg, ALL_LEGS):
            # A latch of one leg's sensors holds every leg of its stimulator.
            if fault.reaction != LATCH:
                continue
        elif fault.reaction == CLEARED:
            held = {
                key: each for key, each in held.items() if not is_over(*key, fault.id, fault.leg)
            }
            continue
        if fault.reaction in {INHIBIT, LATCH, STOP}:
            held[fault.id, fault.leg] = fault
    yield from held.values()


def gait_at(before_us: Us, leg: int, phases: Sequence[PhaseChange]) -> tuple[str, str, bool]:
    """Return phase, activity and whether a leg was known to walk, just before an instant."""
    phase, activity, stepping = UNKNOWN, UNKNOWN, False
    for change in phases:
        if change.t_us >= before_us:
            break
        if change.leg != leg:
            continue
        phase, activity = change.phase, change.activity
        if activity in {UNKNOWN, STANDING}:
            # A lift tells nothing of the activity; only a leg that has stopped loses it.
            stepping = False
        elif phase == STANCE:
            stepping = True
    return phase, activity, stepping
