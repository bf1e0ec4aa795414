"""What one leg is made of; the controller composes legs and guards."""

from fes_ctrl.gait.phase import PhaseMachine
from fes_ctrl.model import Detector
from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.safety.limits import Limits
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
    """

    __slots__ = (
        "awaiting_contact",
        "both_feet",
        "contralateral",
        "detector",
        "leg",
        "monitor",
        "phase",
        "program",
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
    ) -> None:
        self.leg = leg
        self.detector = detector
        self.watched = watched
        self.program = program
        self.phase = PhaseMachine(leg)
        self.monitor = SensorMonitor(limits.sensor_max_age_us)
        self.stimulator = stimulator
        self.contralateral = contralateral
        self.both_feet = both_feet
        self.awaiting_contact = False
