"""What one leg is made of, and which legs rest on which; the controller composes legs and guards.

A leg whose program has no channel only senses: nothing is ever given on it.
"""

from fes_ctrl.ahead import LookAhead
from fes_ctrl.gait.phase import PhaseMachine
from fes_ctrl.gait.prediction import StridePredictor
from fes_ctrl.gait.readiness import Readiness
from fes_ctrl.learning import Learning
from fes_ctrl.model import LEG_NAMES, Detector
from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.safety.guard import Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.safety.missed_contacts import MissedContacts
from fes_ctrl.safety.pace import Pace
from fes_ctrl.safety.roll_call import RollCall
from fes_ctrl.stim.program import Program
from fes_ctrl.units import NEVER_US


class LegController:
    """What one leg is made of: detector, phase machine, program, and the sensor they rest on.

    Parameters
    ----------
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    detector : Detector
        Of this leg.
    watched : tuple of str
        The sensor kinds that the detector reads, whose silence is a fault; none where the leg
        wears no sensor.
    program : Program
        Of this leg; one without a channel where the leg only senses.
    limits : Limits
        For the age of samples.
    stimulator : int
        Which stimulator gives this leg's pulses.
    contralateral : bool
        Whether the other leg's events trigger the program.
    both_feet : bool
        Whether the detector reads the other leg's sensors too.
    readiness : Readiness or None
        What shows that this foot is about to leave the ground.
    learning : Learning or None
        What adapts the program from stride to stride, where it learns.

    Attributes
    ----------
    burst : Burst
        The program's.
    predictor : StridePredictor
        Of this leg's next events.
    ahead : LookAhead
        What the program makes of predictions; of this leg's own, or as ``follow`` says.
    source : LegController or None
        Whose events trigger the program; none where the leg only senses.
    rests_on : list of LegController
        Whose sensors its bursts rest on: where one of them is silent, there is none.
    bears : list of LegController
        Whose bursts rest on this leg's sensors.
    guards : list of Guard
        Who is told of this leg's samples.
    """

    __slots__ = (
        "ahead",
        "bears",
        "both_feet",
        "burst",
        "contacts",
        "contralateral",
        "detector",
        "guards",
        "learning",
        "leg",
        "monitor",
        "pace",
        "phase",
        "predictor",
        "program",
        "readiness",
        "rests_on",
        "roll",
        "source",
        "stimulated",
        "stimulator",
        "watched",
    )

    def __init__(
        self,
        leg: int,
        detector: Detector,
        watched: tuple[str, ...],
        program: Program,
        limits: Limits,
        stimulator: int = 0,
        *,
        contralateral: bool = False,
        both_feet: bool = False,
        readiness: Readiness | None = None,
        learning: Learning | None = None,
    ) -> None:
        self.leg = leg
        self.detector = detector
        self.watched = watched
        self.program = program
        self.burst = program.burst
        self.phase = PhaseMachine(leg)
        self.monitor = SensorMonitor(limits.sensor_max_age_us)
        self.roll = RollCall(self.monitor, limits.sensor_max_age_us)
        self.pace = Pace()
        self.stimulator = stimulator
        self.stimulated = bool(program.config.channel)
        self.contralateral = contralateral
        self.both_feet = both_feet
        self.contacts = MissedContacts(leg)
        self.predictor = StridePredictor(leg)
        self.readiness = Readiness(leg) if readiness is None else readiness
        self.learning = learning
        self.rests_on: list[LegController] = [self]
        self.bears: list[LegController] = []
        self.guards: list[Guard] = []
        self.follow(None if contralateral or not self.stimulated else self)

    def follow(self, source: "LegController | None") -> None:
        """Look ahead to the events of that leg: those that trigger the program."""
        self.source = source
        if source is None:
            self.ahead = LookAhead(self.program, self.predictor, None, None)
            return
        self.ahead = LookAhead(self.program, self.predictor, source.predictor, source.readiness)

    def why_held(self) -> str:
        """Return why no burst may begin now, whoever asks for it; empty where one may.

        What its stimulator may give is not asked: that is the authority's.
        """
        if self.burst.active:
            return "a burst is planned or running"
        for sensed in self.rests_on:
            if sensed.monitor.silent or sensed.monitor.last_us == -NEVER_US:
                whose = "its" if sensed is self else f"the {LEG_NAMES[sensed.leg]}'s"
                return f"{whose} sensors are silent"
        if self.contacts.inhibit:
            return "fault F10 inhibits it"
        if self.source is not None and self.source.pace.hurried:
            return "fault F03 inhibits it"
        return ""


def join(legs: list[LegController]) -> None:
    """Let each leg know whose events trigger it, and whose sensors its bursts rest on.

    Parameters
    ----------
    legs : list of LegController
        At most one of each leg.
    """
    for leg in legs:
        if not leg.stimulated:
            continue
        for other in legs:
            if leg.contralateral and other is not leg:
                leg.follow(other)
                leg.rests_on = [leg, other] if leg.watched else [other]
        for each in leg.rests_on:
            each.bears.append(leg)
