"""Signs that a foot is about to leave the ground, before a heel-off can be told.

A cadence cannot know that a person stops; the foot can. Each sign is learnt from the heel-offs
that the leg's detector told before: which way the foot tips and the shank leans until then, and
what heel and forefoot bear. It needs no mounting and shows nothing before it has been learnt.
"""

from fes_ctrl.gait.config import IntakeConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.intake import ABSURD, DROP, RESTART, Intake
from fes_ctrl.gait.signs import FootTips, ShankLeans, Unloading
from fes_ctrl.model import FOOT_IMU, FORE_FORCE, HEEL_FORCE, SHANK_IMU, GaitEvent, Sample
from fes_ctrl.units import Us, us_from_ms


class Readiness:
    """All signs of one leg, from whatever it wears.

    Parameters
    ----------
    leg : int
        Whose foot; samples and events of other legs are ignored.
    intake : IntakeConfig
        When data count as missing or late.

    Attributes
    ----------
    awake : bool
        Whether anybody asks; nothing is computed otherwise.
    leaving_us : int
        Since when the foot is known to be about to leave; -1 where it is not.
    """

    __slots__ = (
        "_foot",
        "_foot_intake",
        "_fore_intake",
        "_heel_intake",
        "_load",
        "_max_gap_us",
        "_seen",
        "_shank",
        "_shank_intake",
        "awake",
        "leaving_us",
        "leg",
    )

    def __init__(self, leg: int, intake: IntakeConfig | None = None) -> None:
        self.leg = leg
        dials = IntakeConfig() if intake is None else intake
        notes = Notebook(leg)
        self._max_gap_us: Us = us_from_ms(dials.max_gap_ms)
        self._foot_intake = Intake(dials, notes)
        self._shank_intake = Intake(dials, notes)
        self._heel_intake = Intake(dials, notes)
        self._fore_intake = Intake(dials, notes)
        self._foot = FootTips()
        self._shank = ShankLeans()
        self._load = Unloading()
        self._seen = False
        self.awake = False
        self.leaving_us: Us = -1

    @property
    def seen(self) -> bool:
        """Whether any sensor is worn that could show a foot that is leaving."""
        return self._seen

    def event(self, event: GaitEvent) -> None:
        """Take an event of the leg's detector."""
        if event.leg == self.leg:
            self._foot.event(event.kind)
            self._shank.event(event.kind)
            self._load.event(event.kind)
            self._look()

    def forget(self) -> None:
        """Start anew: nothing was seen for a while."""
        self._foot.forget()
        self._shank.forget()
        self._load.forget()
        self._look()

    def update(self, sample: Sample) -> bool:
        """Take one reading; return whether the foot has begun to leave, or no longer does."""
        t_us, arrive_us, _, leg, sensor, values = sample
        if leg != self.leg:
            return False
        square = 0.0
        for value in values:
            square += value * value
        if not square < ABSURD:  # nor if it is NaN: no reading
            return False
        if sensor == FOOT_IMU:
            verdict = self._foot_intake.judge(t_us, arrive_us)
            if verdict == RESTART or self._foot_intake.stale:
                self._foot.forget()
            if verdict != DROP:
                self._foot.move(t_us, arrive_us, values)
        elif sensor == HEEL_FORCE:
            verdict = self._heel_intake.judge(t_us, arrive_us)
            if verdict == RESTART or self._heel_intake.stale:
                self._load.forget()
            if verdict != DROP:
                self._load.heel(t_us, arrive_us, values[0], self._max_gap_us)
        elif sensor == FORE_FORCE:
            if self._fore_intake.judge(t_us, arrive_us) != DROP:
                self._load.fore(t_us, values[0])
        elif sensor == SHANK_IMU:
            verdict = self._shank_intake.judge(t_us, arrive_us)
            if verdict == RESTART or self._shank_intake.stale:
                self._shank.forget()
            if verdict != DROP:
                self._shank.move(t_us, arrive_us, values)
        else:
            return False
        self._seen = True
        return self._look()

    def fresh(self, at_us: Us) -> bool:
        """Return whether what shows the sign has been read lately, and not only once."""
        for sign in (self._foot.sign, self._load.sign, self._shank.sign):
            if sign.since_us >= 0 and at_us - sign.seen_us <= self._max_gap_us:
                return True
        return False

    def _look(self) -> bool:
        before_us = self.leaving_us
        leaving_us: Us = -1
        for since_us in (
            self._foot.sign.since_us,
            self._load.sign.since_us,
            self._shank.sign.since_us,
        ):
            if since_us >= 0 and (leaving_us < 0 or since_us < leaving_us):
                leaving_us = since_us
        self.leaving_us = leaving_us
        return leaving_us != before_us
