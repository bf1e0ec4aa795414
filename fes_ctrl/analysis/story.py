"""What an explanation is made of: moments in order of time, each with the lines that decided it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fes_ctrl.analysis.numbered import CountedBy, Stride, Strides
from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.settings import Setting, Settings
from fes_ctrl.analysis.walk import Burst, LegWalk
from fes_ctrl.model import (
    FOOT_FLAT,
    HEEL_OFF,
    INITIAL_CONTACT,
    LEG_NAMES,
    TERMINAL_CONTACT,
    Decision,
    GaitEvent,
    Setpoint,
)
from fes_ctrl.units import Us, s_from_us

TRUTH: Final = "truth"
SENSOR: Final = "sensor"
EVENT: Final = "event"
DETECTOR: Final = "detector"
PHASE: Final = "phase"
RULE: Final = "rule"
LEARNING: Final = "learning"
BURST: Final = "burst"
GUARD: Final = "guard"
FRAME: Final = "frame"
FAULT: Final = "fault"
OPERATOR: Final = "operator"

ORDER: Final = (
    *(TRUTH, OPERATOR, SENSOR, DETECTOR, EVENT, FAULT, PHASE, LEARNING, RULE, BURST, GUARD, FRAME),
)
"""Of moments of the same instant: from the sensor to the frame."""

EVENT_WORDS: Final[dict[str, str]] = {
    HEEL_OFF: "heel-off",
    TERMINAL_CONTACT: "terminal contact",
    INITIAL_CONTACT: "initial contact",
    FOOT_FLAT: "foot flat",
}


def at(t_us: Us) -> str:
    """Return an instant as a person reads it."""
    return f"{s_from_us(t_us):.3f} s"


def ms(span_us: float) -> str:
    """Return a span as a person reads it."""
    return f"{span_us / 1000:.1f} ms"


def after(span_us: float, what: str) -> str:
    """Return how long after something, or before it, as a person reads it."""
    return f"{ms(abs(span_us))} {'before' if span_us < 0 else 'after'} {what}"


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, and the configuration that had a say in it.

    Attributes
    ----------
    t_us : int
        When.
    stage : str
        Where in the chain: ``truth``, ``sensor``, ``event`` and so on.
    text : str
        What, in a sentence.
    lines : tuple of Setting
        The lines of the configuration that decided it.
    facts : dict
        The same in numbers.
    """

    t_us: Us
    stage: str
    text: str
    lines: tuple[Setting, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a swing got nothing, or less: a word for programs, a sentence, and the lines."""

    code: str
    text: str
    lines: tuple[Setting, ...] = ()


@dataclass(slots=True)
class Given:
    """One burst of a stride: its channels, and what the guard did not let through as it was."""

    bursts: list[Burst]
    refused: list[Decision] = field(default_factory=list)
    clipped: list[Decision] = field(default_factory=list)
    skipped_us: list[Us] = field(default_factory=list)

    @property
    def onset_us(self) -> Us:
        """When its first pulse was planned."""
        return self.bursts[0].start.t_us

    @property
    def setpoints(self) -> list[Setpoint]:
        """Every pulse that was allowed, in order."""
        return sorted([setpoint for burst in self.bursts for setpoint in burst.setpoints])

    @property
    def until_us(self) -> Us:
        """When it gave its last pulse; its end, or its onset, where it gave none."""
        last_us = [setpoint.at_us for setpoint in self.setpoints]
        last_us += [burst.end.t_us for burst in self.bursts if burst.end is not None]
        return max(last_us, default=self.onset_us)


@dataclass(slots=True)
class Scene:
    """One stride of a run, and all that belongs to it.

    Attributes
    ----------
    run, settings : Run, Settings
        Of the whole run.
    leg : LegWalk
        Whose stride.
    source : LegWalk or None
        Whose events trigger the leg's bursts; ``None`` where it only senses, or nobody tells.
    stimulated : bool
        The leg has a program.
    strides, stride : Strides, Stride
        All of the leg's, and this one.
    trigger : str
        Kind of the event that starts a burst; empty where there is no program.
    events : list of GaitEvent
        Of this leg in this stride.
    triggers : list of GaitEvent
        Those that could have started a burst in it.
    given : list of Given
        Its bursts, planned or given.
    before : Given or None
        The leg's burst before those.
    """

    run: Run
    settings: Settings
    leg: LegWalk
    source: LegWalk | None
    stimulated: bool
    strides: Strides
    stride: Stride
    trigger: str
    events: list[GaitEvent]
    triggers: list[GaitEvent]
    given: list[Given]
    before: Given | None

    def line(self, key: str, at_us: Us) -> Setting:
        """Return a line of the configuration as it held for this leg at an instant."""
        return self.settings.line(key, at_us, self.leg.leg)

    def us(self, key: str, at_us: Us) -> Us:
        """Return a duration of the configuration in microseconds."""
        return round(self.settings.number(key, at_us, self.leg.leg) * 1000)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a stride got what it got.

    Attributes
    ----------
    leg, stride, strides : str, int, int
        Which stride of which leg, and how many there are.
    counted_by : str
        ``truth``; ``contacts`` that the detector told; or ``triggers`` of the other leg.
    outcome : str
        ``burst``, ``late`` (after the swing was over) or ``none``.
    cause : Cause
        Why that.
    notes : tuple of str
        What made the burst less than planned.
    moments : tuple of Moment
        In order of time.
    """

    leg: int
    stride: Stride
    strides: int
    counted_by: CountedBy
    outcome: str
    cause: Cause
    notes: tuple[str, ...]
    moments: tuple[Moment, ...]
    given: tuple[Given, ...]

    @property
    def leg_name(self) -> str:
        """``left`` or ``right``."""
        return LEG_NAMES[self.leg]


def in_order(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """Return moments by time; of one instant, in the order of the chain."""
    return tuple(sorted(moments, key=lambda moment: (moment.t_us, ORDER.index(moment.stage))))
