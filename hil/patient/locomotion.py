"""One leg's way through standing, stance, swing and contact, a millisecond at a time.

The gait cycle prescribes the shank and the ankle's path, muscles give moments, and the foot moves
under both: held by the ground in stance, free in swing, and falling or being turned onto its sole
after contact. What happens on the way is told to the truth.
"""

from math import radians
from random import Random
from typing import Final

from hil.patient.ankle_muscles import AnkleMuscles
from hil.patient.bad_strides import BadStride
from hil.patient.compensation import Compensation
from hil.patient.config import LegConfig, OrthosisConfig, PatientConfig
from hil.patient.foot import STEP_S, Foot
from hil.patient.gait_cycle import GaitCycle, prescribed
from hil.patient.gait_table import FLAT_RAD, REFERENCE_HEIGHT_M, SHANK_FRACTION
from hil.patient.orthosis import SIDEWAYS
from hil.patient.outcome import Truth
from hil.patient.pace import Steps, Stride
from hil.patient.plan import LEVEL, Manner
from hil.patient.rest.limb import Pose
from hil.patient.rest.rest import Rest
from hil.patient.sway import WeightShifts

STANDING: Final = 0
STANCE: Final = 1
SWING: Final = 2
LOADING: Final = 3
LANDING: Final = 4

LEG_FRACTION: Final = 0.53
"""Hip to ground against body height (Winter/Dempster: thigh, shank and foot height)."""

FLAT_MARGIN_RAD: Final = radians(1.0)
"""A foot this close to flat is flat."""

FORCED_FLAT: Final = 0.4
"""A foot that is held up is forced flat by the body over it at this share of stance. Assumption."""


class Locomotion:
    """Where one leg is in standing and walking.

    Parameters
    ----------
    patient : PatientConfig
        The body.
    config : LegConfig
        This leg.
    random : random.Random
        Its own stream.
    steps : Steps
        Its strides, one after the other.
    orthosis : OrthosisConfig
        What is worn.

    Attributes
    ----------
    now_ms : int
        How far it has come.
    state : int
        ``STANDING``, ``STANCE`` on the whole sole or over the toes, ``SWING``, ``LOADING`` after
        a contact of the heel, or ``LANDING`` after one of the whole sole or the toes.
    cycle : GaitCycle
        The present one; that in which one stopped, while one stands.
    manner : Manner
        Of the present stride, or of standing.
    pose : Pose or None
        Of a leg that moves in standing.
    foot : Foot
        About the ankle.
    muscles : AnkleMuscles
        What moves it.
    shifts : WeightShifts
        From leg to leg, in standing.
    truth : Truth
        What has happened so far.
    """

    __slots__ = (
        "_able_work",
        "_compensation",
        "_fastest",
        "_flat_rad",
        "_gait",
        "_halting",
        "_less_pitch",
        "_lost",
        "_mass_kg",
        "_patient",
        "_push_off_rad",
        "_reflex_peak_Nm",
        "_rest",
        "_rests",
        "_scale",
        "_steps",
        "_stride",
        "_taken",
        "_upright_rad",
        "cycle",
        "foot",
        "manner",
        "muscles",
        "now_ms",
        "pose",
        "shifts",
        "state",
        "truth",
    )

    def __init__(
        self,
        patient: PatientConfig,
        config: LegConfig,
        random: Random,
        steps: Steps,
        orthosis: OrthosisConfig,
    ) -> None:
        self.now_ms: int = 0
        # Looked up by name in every millisecond otherwise.
        self._flat_rad: float = FLAT_RAD
        self.truth = Truth()
        self.muscles = AnkleMuscles(patient, config, SIDEWAYS[orthosis.kind])
        self.foot = Foot(config.ankle, orthosis, patient.height_m, patient.mass_kg, FLAT_RAD)
        self._patient = patient
        self._gait = config.gait
        self._mass_kg: float = patient.mass_kg
        self._scale: float = patient.height_m / REFERENCE_HEIGHT_M
        self._push_off_rad: float = radians(config.gait.push_off_plantarflexion_deg)
        self._compensation = Compensation(
            config.compensation,
            LEG_FRACTION * patient.height_m,
            Random(random.getrandbits(64)),
        )
        self.shifts = WeightShifts(Random(random.getrandbits(64)))
        self._rest = Rest(
            self._scale,
            SHANK_FRACTION * patient.height_m,
            self.shifts,
            Random(random.getrandbits(64)),
        )
        self._rests: bool = False
        self.pose: Pose | None = None
        self._able_work: float = 0.0
        self._taken: float = 0.0
        self._lost: float = 0.0
        self._less_pitch: float = 0.0
        self._fastest: float = 0.0
        self._reflex_peak_Nm: float = 0.0
        self._halting: bool = False
        self._steps = steps
        self._stride: Stride = steps.next()
        self._begin_cycle(LEVEL)
        cycle = self.cycle
        cycle.start_ms = -cycle.upright_ms
        self.state: int = STANDING
        self.manner: Manner = self._stride.manner
        self._upright_rad: float = cycle.stance_row(cycle.upright_ms).shank
        self._stand()

    def step(self) -> None:
        """Advance one millisecond."""
        cycle = self.cycle
        t = self.now_ms - cycle.start_ms
        state = self.state
        if state == SWING:
            self._swing_on(t)
        elif state == STANCE:
            self._ride_on(t + 1)
        elif state == LOADING:
            self._load_on(t)
        elif state == LANDING:
            shank, shank_rate = cycle.shank(t + 1)
            self.foot.land(FLAT_RAD, 0.0, shank, shank_rate)
        else:
            cycle.start_ms += 1
            if self._rests:
                self._rest_on()
        self.now_ms += 1
        foot = self.foot
        self.muscles.step(self.now_ms, foot.angle, foot.omega)
        t += 1
        if state == SWING:
            reflex_Nm = self.muscles.reflex_Nm
            if reflex_Nm > self._reflex_peak_Nm:
                self._reflex_peak_Nm = reflex_Nm
            if t >= cycle.period_ms:
                self._contact()
        elif state == STANCE:
            self._pass_marks(t)
        elif state != STANDING:
            pitch = foot.pitch
            fallen = state == LOADING and pitch < FLAT_RAD
            if fallen or abs(pitch - FLAT_RAD) <= FLAT_MARGIN_RAD:
                self._flat()
            elif state == LOADING and t >= FORCED_FLAT * cycle.toe_off_ms:
                self.state = LANDING
        elif self.now_ms >= self._stride.until_ms:
            self._walk_on()

    # -- a millisecond in each state ------------------------------------------------------------

    def _rest_on(self) -> None:
        pose = self._rest.at(self.now_ms + 1)
        self.pose = pose
        foot = self.foot
        shank = self._upright_rad + pose.tilt
        foot.ride(FLAT_RAD + pose.pitch, pose.pitch_rate, shank, pose.tilt_rate)
        foot.acceleration = pose.pitch_change

    def _swing_on(self, t: int) -> None:
        cycle, foot, muscles, truth = self.cycle, self.foot, self.muscles, self.truth
        row, since_ms = cycle.in_swing(t)
        truth.toe_mm.append(cycle.toe_in_swing_mm(row, foot.pitch))
        truth.ankle_rad.append(foot.angle)
        foot.swing(
            row,
            since_ms / cycle.period_ms,
            cycle.per_stride_s,
            cycle.hike_m,
            cycle.knee_loss_rad,
            muscles.moment_Nm,
            muscles.reflex_Nm,
            cycle.rows.slope_rad,
            0.5 if len(truth.toe_mm) == 1 else 1.0,
        )

    def _load_on(self, t: int) -> None:
        cycle, foot, muscles = self.cycle, self.foot, self.muscles
        row, since_ms = cycle.in_stance(t)
        foot.load(
            row,
            since_ms / cycle.period_ms,
            cycle.per_stride_s,
            muscles.moment_Nm,
            muscles.reflex_Nm,
            cycle.rows.slope_rad,
            FLAT_RAD,
        )
        if foot.rate < self._fastest:
            self._fastest = foot.rate

    def _ride_on(self, t: int) -> None:
        """Follow the table: flat until heel-off, then as the able foot does, less what is lost."""
        cycle = self.cycle
        row, since_ms = cycle.in_stance(t)
        since_s = since_ms * STEP_S
        shank_rate = row.shank_rate * cycle.per_stride_s
        shank = row.shank + shank_rate * since_s
        rate = row.pitch_rate * cycle.per_stride_s
        pitch = row.pitch + rate * since_s
        foot = self.foot
        if t <= cycle.heel_off_ms:
            # A foot that came down early stays flat until the able one is down as well.
            flat_rad = self._flat_rad
            if pitch < flat_rad:
                foot.land(pitch, rate, shank, shank_rate)
            else:
                foot.land(flat_rad, 0.0, shank, shank_rate)
            return
        less = self._push_off_rad * self._lost
        foot.ride(pitch + less, rate + (less - self._less_pitch) / STEP_S, shank, shank_rate)
        self._less_pitch = less
        omega = rate - shank_rate
        if omega < 0.0:
            self._taken -= foot.against_push_off(self.muscles.stimulated_Nm) * omega * STEP_S
            self._lost = min(1.0, max(-1.0, self._taken / self._able_work))

    # -- from state to state --------------------------------------------------------------------

    def _pass_marks(self, t: int) -> None:
        cycle = self.cycle
        if self._halting:
            if t >= cycle.upright_ms:
                self.state = STANDING
                self._halting = False
                self._upright_rad = cycle.shank(t)[0]
                self._stand()
            return
        if t == cycle.heel_off_ms:
            self._taken = self._lost = self._less_pitch = 0.0
            self.truth.heel_off(self.now_ms * 1000)
        if t >= cycle.toe_off_ms:
            self.truth.toe_off(self.now_ms * 1000, self.foot.angle)
            self.state = SWING
            self._reflex_peak_Nm = 0.0
            gait, adds = self._gait, self._compensation
            cycle.knee_loss_rad = radians(gait.knee_loss_deg) * max(0.0, self._lost)
            lift_m = self.manner.lift_m - gait.lift_deficit_mm / 1000.0
            cycle.hike_m = (adds.height_mm + adds.scatter_mm) / 1000.0 + lift_m

    def _begin_cycle(self, manner: Manner, *, upright: bool = False) -> None:
        """Begin the stride's cycle at heel contact, or where the leg is upright over the foot."""
        rows = prescribed(self._patient, self._gait, manner)
        cycle = GaitCycle(rows, self.now_ms, self._stride.period_ms, self._scale)
        if upright:
            cycle.start_ms -= cycle.upright_ms
        self.cycle: GaitCycle = cycle
        self.manner = manner
        self._able_work = rows.push_off_per_kg * self._mass_kg
        self.muscles.begin_cycle(
            cycle.start_ms + int(cycle.toe_off_ms), cycle.start_ms + cycle.period_ms
        )

    def _walk_on(self) -> None:
        """Begin to walk out of standing, with the leg upright over a flat foot."""
        self._stride = self._steps.next()
        manner = self._stride.manner
        if manner.standing:
            self.manner = manner
            self._stand()
            return
        self.pose = None
        self._begin_cycle(manner, upright=True)
        self.state = STANCE

    def _stand(self) -> None:
        """Stand upright on the whole sole, and do there what is to be done."""
        foot = self.foot
        foot.ride(FLAT_RAD, 0.0, self._upright_rad, 0.0)
        foot.acceleration = 0.0
        self.muscles.stand()
        self.pose = None
        stride = self._stride
        self._rests = self._rest.begin(stride.manner, self.now_ms, stride.until_ms)

    def _contact(self) -> None:
        """End a swing and begin the next stride: heel first, or flat, or toe first."""
        compensation, cycle = self._compensation, self.cycle
        clearance_mm = self.truth.contact(
            self.now_ms * 1000,
            self.foot.angle,
            lost_push_off=self._lost,
            compensation_mm=compensation.height_mm,
            circumduction_mm=compensation.circumduction_mm(),
            eversion_deg=self.muscles.subtalar.angle_deg,
            reflex_Nm=self._reflex_peak_Nm,
            knee_rad=cycle.rows.knee_peak_rad - cycle.knee_loss_rad,
            speed_m_per_s=cycle.rows.stride_m * cycle.per_stride_s,
            bad=self._stride.bad,
        )
        compensation.after(clearance_mm)
        self.muscles.contact(self.now_ms)
        self._stride = self._steps.next()
        manner = self._stride.manner
        if manner.standing:
            on_spot = self.manner.spin_deg_per_s != 0.0
            self._begin_cycle(self.manner if on_spot else LEVEL)
            self.manner = manner
            self._halting = True
        else:
            self._begin_cycle(manner)
            self._note_bad()
        self._fastest = 0.0
        heel_first = self.foot.pitch > FLAT_RAD + FLAT_MARGIN_RAD and not manner.flat
        self.state = LOADING if heel_first else LANDING

    def _note_bad(self) -> None:
        """Let be known that a stride has begun in which something goes astray."""
        stride = self._stride
        if stride.bad:
            contact_ms = self.now_ms + stride.period_ms
            self.truth.bad.append(BadStride(stride.bad, self.now_ms * 1000, contact_ms * 1000))

    def _flat(self) -> None:
        """Come to rest on the whole sole."""
        cycle = self.cycle
        able = cycle.rows.fall_rate * cycle.per_stride_s
        self.truth.flat(self.now_ms * 1000, self._fastest, able)
        self.state = STANCE
