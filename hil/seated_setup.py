"""A virtual patient is set up seated: the procedure of ``fes-ctrl setup``, and who answers it.

The same search, the same hand, controller, guard and driver as on the bench, on the stepper's
clock; at the other end of the cable a simulated stimulator and the patient's leg, its foot hanging
free. The patient is made up, and says of every burst what the patient's own numbers make of the
pulses that reached the electrode.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import HEEL_SWITCH, LEG_NAMES, BurstEnd, Record, Sample
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.clock import ORDER_OPERATOR, ORDER_SENSOR
from fes_ctrl.runtime.seated import SeatedHand, control_for_search
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import MuscleSetup
from fes_ctrl.stim.seated import STEP_MA, SeatedSearch
from fes_ctrl.stimulators.config import capabilities_of
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.units import Us, us_from_s
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.output import OutputStage, Points
from hil.config import CableConfig, WalkConfig
from hil.device_end import DeviceEnd
from hil.identification.seated import SeatedPatient
from hil.links import SimCable
from hil.patient.config import ElectrodeConfig, PatientConfig
from hil.patient.muscle.recruitment import equivalent_ma
from hil.silence import Silence
from hil.streams import stream
from hil.witness import Witness

SAMPLE_US: Final = 10_000

MOVED_DEG: Final = 1.0
"""An examiner sees that the foot has moved by more. Assumption."""

LOOKS_US: Final = 1_500_000
"""The examiner waits so long after a burst: the foot has fallen back, the person has answered."""

LONGEST_S: Final = 1_800.0
"""Nobody sits through more."""


@dataclass(frozen=True, slots=True)
class SeatedConfig:
    """Everything a setup of a made-up patient depends on.

    Attributes
    ----------
    patient : PatientConfig
        Whose first leg is set up.
    control : ControlConfig
        Stimulator, limits, and the program whose ramps the bursts have.
    limits_file : str
        What the witness reads for itself.
    muscle : str
        As programs name it.
    pulse_width_us, rate_hz, start_ma
        Of the bursts.
    cable : CableConfig
        Its terms.
    seed : int
        Of everything random.
    """

    patient: PatientConfig
    control: ControlConfig = ControlConfig()
    limits_file: str = ""
    muscle: str = "dorsiflexors"
    pulse_width_us: int = 300
    rate_hz: float = 40.0
    start_ma: int = 1
    cable: CableConfig = CableConfig()
    seed: int = 1


@dataclass(slots=True)
class SeatedResult:
    """What came of it.

    Attributes
    ----------
    found : MuscleSetup or None
        The thresholds; none where one of them was never met.
    said : list of str
        What the person at the console could read.
    strongest_ua : int
        Of all pulses that reached the electrode.
    records : list of Record
        The controller's.
    violations : list
        The witness's.
    """

    found: MuscleSetup | None = None
    said: list[str] = field(default_factory=list)
    strongest_ua: int = 0
    records: list[Record] = field(default_factory=list)
    violations: list[dict[str, object]] = field(default_factory=list)


class MadeUpPerson:
    """Answers each burst out of the patient's own numbers.

    The person feels a pulse that is as strong as one of the sensory threshold, and the nerve's
    chronaxie holds for that too (assumption: the threshold itself is one, see ``ElectrodeConfig``).
    The examiner beside sees the foot move by more than ``MOVED_DEG``. Enough is said where one
    step more would be more than is tolerated.

    Parameters
    ----------
    electrode : ElectrodeConfig
        Of the patient.
    seated : SeatedPatient
        The leg.
    """

    def __init__(self, electrode: ElectrodeConfig, seated: SeatedPatient) -> None:
        self._electrode = electrode
        self._seated = seated
        # At the width that the patient's thresholds hold for; and what is a step stronger.
        self._strongest_mA = 0.0
        self._stronger_mA = 0.0
        self._rest_deg = seated.ankle_deg
        self._highest_deg = seated.ankle_deg
        self._felt = False
        self._moved = False

    def pulse(self, points: Points) -> None:
        """Take a pulse that reached the electrode."""
        width_us, current_ua = points[0]
        chronaxie_us = self._electrode.chronaxie_us
        self._strongest_mA = max(
            self._strongest_mA, equivalent_ma(current_ua, width_us, chronaxie_us)
        )
        above_ua = abs(current_ua) + 1000 * STEP_MA
        self._stronger_mA = max(self._stronger_mA, equivalent_ma(above_ua, width_us, chronaxie_us))

    def look(self) -> None:
        """See where the foot is now."""
        self._highest_deg = max(self._highest_deg, self._seated.ankle_deg)

    def answer(self) -> list[str]:
        """Return what is said after a burst."""
        words = []
        if not self._felt and self._strongest_mA >= self._electrode.sensory_mA:
            self._felt = True
            words.append("felt")
        if not self._moved and self._highest_deg - self._rest_deg > MOVED_DEG:
            self._moved = True
            words.append("moved")
        enough = self._stronger_mA > self._electrode.tolerated_mA
        words += ["enough", "quit"] if enough else ["next"]
        self._strongest_mA = self._stronger_mA = 0.0
        self._rest_deg = self._highest_deg = self._seated.ankle_deg
        return words


class SeatedRig:
    """Everything of one setup, joined on one clock.

    Parameters
    ----------
    config : SeatedConfig
        What it depends on.
    answering : bool
        Whether the made-up person says what comes of each burst; else somebody else has to.

    Attributes
    ----------
    hand : SeatedHand
        Takes the words.
    search : SeatedSearch
        What they come to.
    result : SeatedResult
        Grows.
    """

    def __init__(self, config: SeatedConfig, *, answering: bool = True) -> None:
        leg_config = config.patient.leg[0]
        self._leg = LEG_NAMES.index(leg_config.side)
        self._clock = clock = Stepper()
        control, most_ma = control_for_search(
            config.control, self._leg, config.muscle, config.pulse_width_us, config.rate_hz
        )
        self._channel = control.program.channel[0].channel
        self._width_us = config.pulse_width_us
        self.result = SeatedResult()
        self.seated = SeatedPatient(config.patient, leg_config)
        self.person = MadeUpPerson(leg_config.electrode, self.seated)
        self._witness = Witness(Path(config.limits_file) if config.limits_file else None)
        output = OutputStage(capabilities_of(control.stimulator).channels)
        output.impedance_ohm[self._channel] = round(leg_config.electrode.impedance_ohm)
        device = DEVICES[control.stimulator.device].make(output, stream(config.seed, "device"))
        cable = SimCable(clock, config.cable, stream(config.seed, "cable"))
        self._end = DeviceEnd(clock, device, cable, None)
        driver = driver_for(control.stimulator, Limits(control.limits).min_interval_us)
        controller = assemble((self._leg,), control)
        self.session = ControlSession(
            clock, controller, [(driver, cable.link)], {self._leg: 0}, NullLog()
        )
        self.search = SeatedSearch(config.start_ma, most_ma)
        self.hand = SeatedHand(self.session, clock, self.search, self.result.said.append)
        output.sinks += [self._pulse, self._witness.see]
        self._witness.impedance_ohm = output.present_ohm
        self._witness.worn = frozenset({self._channel})
        walk = WalkConfig(config.patient, control, config.limits_file, cable=config.cable)
        self.session.listeners += [Silence(self._witness, walk, clock).records, self._see]
        self._answering = answering
        self._seq = 0
        self._sample()
        self.session.open()

    def _pulse(self, t_us: Us, channel: int, points: Points) -> None:
        if channel == self._channel:
            self.seated.stimulate(t_us, points)
            self.person.pulse(points)
            self.result.strongest_ua = max(self.result.strongest_ua, abs(points[0][1]))

    def _sample(self) -> None:
        """Let the foot move on, and the heel say that it is where it was."""
        now_us = self._clock.now_us()
        self.seated.advance_to(now_us)
        self.person.look()
        self.session.take(Sample(now_us, now_us, self._seq, self._leg, HEEL_SWITCH, (1.0,)))
        self._seq += 1
        self._clock.call_at_us(now_us + SAMPLE_US, ORDER_SENSOR, self._sample)

    def _see(self, now_us: Us, records: tuple[Record, ...]) -> None:
        self.result.records += records
        for record in records:
            if isinstance(record, BurstEnd) and self._answering:
                self._clock.call_at_us(now_us + LOOKS_US, ORDER_OPERATOR, self._answer)

    def _answer(self) -> None:
        for word in self.person.answer():
            self.hand.line(word)

    def say_at(self, t_s: float, word: str) -> None:
        """Let somebody say a word."""
        self._clock.call_at_us(us_from_s(t_s), ORDER_OPERATOR, self.hand.line, word)

    def run_until(self, t_s: float) -> SeatedResult:
        """Go on until then, or until it is over."""
        self._clock.run_until_us(us_from_s(t_s), self.hand.quit.is_set)
        if self.search.done:
            self.result.found = self.search.found(self._width_us)
        self.result.violations = [found.as_dict() for found in self._witness.violations]
        return self.result


def set_up(config: SeatedConfig) -> SeatedResult:
    """Search for the thresholds of a made-up patient, from the first burst to the last word.

    Parameters
    ----------
    config : SeatedConfig
        Everything it depends on.
    """
    rig = SeatedRig(config)
    rig.say_at(1.0, "next")
    return rig.run_until(LONGEST_S)
