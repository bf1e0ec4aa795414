"""What one leg is made of; the controller composes legs and guards."""

from fes_ctrl.ahead import LookAhead
from fes_ctrl.gait.phase import PhaseMachine
from fes_ctrl.gait.prediction import StridePredictor
from fes_ctrl.gait.readiness import Readiness
from fes_ctrl.model import Detector
from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.safety.limits import Limits
from fes_ctrl.safety.pace import Pace
from fes_ctrl.safety.roll_call import RollCall
from fes_ctrl.stim.program import Program


class LegController:
    """What one leg is made of: detector, phase machine, program, and the sensor they rest on.

    Parameters
    ----------
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    detector : Detector
        Of this leg.
    watched : tuple of str
        The sensor kinds that the detector reads, whose silence is a fault.
    program : Program
        Of this leg.
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

    Attributes
    ----------
    predictor : StridePredictor
        Of this leg's next events.
    ahead : LookAhead
        What the program makes of predictions; of this leg's own, or as ``follow`` says.
    awaiting_contact : bool
        A burst has ended by its time-out, and no contact has come since.
    without_contact : int
        Bursts that have ended since the last contact, once one of them did by its time-out.
    """

    __slots__ = (
        "ahead",
        "awaiting_contact",
        "both_feet",
        "contralateral",
        "detector",
        "leg",
        "monitor",
        "pace",
        "phase",
        "predictor",
        "program",
        "readiness",
        "roll",
        "stimulator",
        "watched",
        "without_contact",
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
    ) -> None:
        self.leg = leg
        self.detector = detector
        self.watched = watched
        self.program = program
        self.phase = PhaseMachine(leg)
        self.monitor = SensorMonitor(limits.sensor_max_age_us)
        self.roll = RollCall(self.monitor, limits.sensor_max_age_us)
        self.pace = Pace()
        self.stimulator = stimulator
        self.contralateral = contralateral
        self.both_feet = both_feet
        self.awaiting_contact = False
        self.without_contact = 0
        self.predictor = StridePredictor(leg)
        self.readiness = Readiness(leg) if readiness is None else readiness
        self.follow(None if contralateral else self)

    def follow(self, source: "LegController | None") -> None:
        """Look ahead to the events of that leg: those that trigger the program."""
        if source is None:
            self.ahead = LookAhead(self.program, self.predictor, None, None)
            return
        self.ahead = LookAhead(self.program, self.predictor, source.predictor, source.readiness)
