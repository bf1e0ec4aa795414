"""The strides of one patient, one after the other: in which manner, and how long.

Both legs walk by one timetable, made as it is needed and whoever asks first: the first leg keeps
it to the millisecond, the second follows a share of a stride later. They vary together from
stride to stride, and a little apart, but never drift out of step.
"""

from random import Random
from typing import Final, NamedTuple

from hil.patient.bad_strides import BadStrides, BadStridesConfig, after_stumble
from hil.patient.config import PatientConfig
from hil.patient.gait_cycle import stance_share
from hil.patient.gait_table import GaitStyle, gait_rows
from hil.patient.plan import FOREVER_MS, LEVEL, Manner, Plan

SHORTEST_MS: Final = 300

BETWEEN_LEGS: Final = 0.5
"""The second leg's contacts scatter about their place by this share of the strides' variation.
Then its stride times vary as the first leg's do: half of their variance is the first leg's, since
each spans the halves of two strides; the rest is its own. Assumption."""


class Stride(NamedTuple):
    """One stride, or a time of standing.

    Attributes
    ----------
    manner : Manner
        Of it.
    period_ms : int
        Its length; of standing, that of a stride in which it would be walked out of.
    until_ms : int
        Until when one stands; 0 for a stride.
    bad : str
        What goes astray in it, as ``BadStridesConfig`` calls it; empty where nothing does.
    follower : Manner
        How the leg that follows makes this stride.
    follower_bad : str
        What goes astray in that leg's.
    plain_ms : int
        How long it would be with swings that take their usual time.
    waits_ms : int
        So much later than in its place the follower comes down: its swing took longer.
    """

    manner: Manner
    period_ms: int
    until_ms: int
    bad: str
    follower: Manner
    follower_bad: str
    plain_ms: int
    waits_ms: int


class Pace:
    """The timetable of the first leg.

    Parameters
    ----------
    patient : PatientConfig
        Stride time and its variation.
    plan : Plan
        Where the patient goes.
    random : random.Random
        Its own stream.
    bad : BadStrides or None
        Which strides go astray.
    """

    __slots__ = (
        "_bad",
        "_cv",
        "_late_ms",
        "_now_ms",
        "_patient",
        "_plan",
        "_random",
        "_recovers",
        "_stride_ms",
        "_strides",
        "_upright",
    )

    def __init__(
        self, patient: PatientConfig, plan: Plan, random: Random, bad: BadStrides | None = None
    ) -> None:
        self._patient = patient
        self._bad: BadStrides = BadStrides(BadStridesConfig(), 1, random) if bad is None else bad
        self._late_ms: int = 0
        self._recovers: int = -1
        self._cv: float = patient.stride_cv_percent / 100.0
        self._stride_ms: float = patient.stride_s * 1000.0
        gait = patient.leg[0].gait
        style = GaitStyle(gait.stance_percent / 100.0, gait.amplitude, stride_s=patient.stride_s)
        self._upright: float = gait_rows(style).upright
        self._plan = plan
        self._random = random
        self._now_ms: int = 0
        self._strides: list[Stride] = []

    def at(self, number: int) -> Stride:
        """Return a stride by its number; 0 is the standing that every walk begins with."""
        strides = self._strides
        while len(strides) <= number:
            strides.append(self._next())
        return strides[number]

    def _next(self) -> Stride:
        manner = self._plan.at(self._now_ms)
        walking = bool(self._strides) and not self._strides[-1].manner.standing
        if manner.standing:
            period_ms = self._length_ms(LEVEL, 0.0)
            until_ms = self._plan.end_ms()
            if walking:
                self._now_ms += round(self._upright * period_ms)
            self._now_ms = max(until_ms, self._now_ms + 1)
            self._late_ms, self._recovers = 0, -1
            return Stride(manner, period_ms, until_ms, "", manner, "", period_ms, 0)
        # The first stride is taken up in mid-stance, where one stands.
        share = 1.0 if walking else 1.0 - self._upright
        stride = self._walked(manner, walking=walking)
        self._now_ms += round(share * stride.period_ms)
        return stride

    def _walked(self, manner: Manner, *, walking: bool) -> Stride:
        """Return a stride of walking, and keep in mind what it leaves to the next."""
        kind, who = self._bad.next() if walking else ("", 0)
        own = other = manner
        mine = theirs = ""
        if kind in {"short", "long"}:
            # Both legs take part in it.
            own = other = self._bad.manner(manner, kind)
            mine = theirs = kind
        elif who == 0:
            own, mine = self._bad.manner(manner, kind), kind
        else:
            other, theirs = self._bad.manner(manner, kind), kind
        scatter = self._random.gauss(0.0, 1.0) if self._cv > 0.0 else 0.0
        plain_ms = self._length_ms(own, scatter)
        late_ms = self._late_ms
        period_ms = max(SHORTEST_MS, plain_ms + late_ms + self._longer_ms(own, 0, plain_ms))
        self._late_ms = self._longer_ms(other, who, plain_ms)
        if self._recovers == 0:
            own = after_stumble(own)
        elif self._recovers == 1:
            other = after_stumble(other)
        self._recovers = who if kind == "stumble" else -1
        return Stride(own, period_ms, 0, mine, other, theirs, plain_ms, late_ms)

    def _longer_ms(self, manner: Manner, leg: int, plain_ms: int) -> int:
        """Return by how much a leg's swing makes its stride longer; negative: shorter."""
        if manner.swing == 1.0:
            return 0
        stance = stance_share(self._patient.leg[leg].gait, manner)
        return round((1.0 - stance) * (manner.swing - 1.0) * plain_ms)

    def _length_ms(self, manner: Manner, scatter: float) -> int:
        factor = manner.period * (1.0 + self._cv * max(-3.0, min(3.0, scatter)))
        return max(SHORTEST_MS, round(self._stride_ms * factor))


class Steps:
    """What one leg takes from the timetable, stride by stride.

    Parameters
    ----------
    pace : Pace
        The patient's.
    patient : PatientConfig
        How unequal the steps are.
    index : int
        0 keeps the timetable, 1 follows.
    random : random.Random
        The follower's own stream.
    """

    __slots__ = ("_apart", "_number", "_off_ms", "_pace", "_random", "_share")

    def __init__(self, pace: Pace, patient: PatientConfig, index: int, random: Random) -> None:
        self._pace = pace
        self._share: float = patient.step_percent / 100.0 if index else 0.0
        cv = patient.stride_cv_percent / 100.0
        self._apart: float = BETWEEN_LEGS * cv * patient.stride_s * 1000.0 if index else 0.0
        self._random = random
        self._number: int = -1
        self._off_ms: int = 0

    def next(self) -> Stride:
        """Return the next stride, or standing."""
        self._number += 1
        stride = self._pace.at(self._number)
        if self._share == 0.0 or stride.until_ms == FOREVER_MS:
            return stride
        after = self._pace.at(self._number + 1)
        if stride.manner.standing:
            self._off_ms = 0
            later_ms = round(self._share * after.plain_ms)
            return stride._replace(until_ms=stride.until_ms + later_ms)
        length_ms = float(stride.period_ms - stride.waits_ms)
        if not after.manner.standing:
            length_ms += self._share * (after.plain_ms - stride.plain_ms) + after.waits_ms
        off_ms = 0
        if self._apart > 0.0:
            off_ms = round(self._apart * max(-3.0, min(3.0, self._random.gauss(0.0, 1.0))))
        period_ms = max(SHORTEST_MS, round(length_ms) + off_ms - self._off_ms)
        self._off_ms = off_ms
        return stride._replace(manner=stride.follower, period_ms=period_ms, bad=stride.follower_bad)


def steps_of(patient: PatientConfig, plan: Plan, random: Random, index: int = 0) -> Steps:
    """Return the steps of one leg of a patient, for whom no other leg walks by the same pace.

    Parameters
    ----------
    patient : PatientConfig
        Who.
    plan : Plan
        Where he goes.
    random : random.Random
        Of the pace.
    index : int
        Which of his legs.
    """
    return Steps(Pace(patient, plan, random), patient, index, Random(random.getrandbits(64)))
