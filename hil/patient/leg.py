"""One affected leg through standing and walking: muscle, foot and contact.

The leg is advanced on its own millisecond grid by whoever asks; how often and by whom changes
nothing. Pulses reach the muscle some milliseconds after they were given, so none can come too
late for a step that is already taken.
"""

from math import cos, pi, radians, sin
from random import Random
from typing import Final

from hil.patient.compensation import Compensation
from hil.patient.config import LegConfig, OrthosisConfig, PatientConfig
from hil.patient.foot import ADULT_KG_M, STEP_S, TO_DEG, Foot
from hil.patient.gait_table import (
    FLAT_RAD,
    FLOOR_M,
    REFERENCE_HEIGHT_M,
    SHANK_FRACTION,
    TOE_DOWN_M,
    TOE_FORWARD_M,
    GaitStyle,
    gait_rows,
)
from hil.patient.muscle import make_muscle
from hil.patient.muscle.ding import DingMuscle
from hil.patient.muscle.veltink import VeltinkMuscle
from hil.patient.orthosis import SIDEWAYS
from hil.patient.outcome import LegEvent, LegSwing, TraceRow, Truth
from hil.patient.pace import Steps, Stride
from hil.patient.plan import LEVEL, Manner
from hil.patient.reflex import StretchReflex, VoluntaryDrive
from hil.patient.rest.limb import Aside, Pose
from hil.patient.rest.rest import Rest
from hil.patient.rows import ROWS, GaitRows
from hil.patient.subtalar import SubtalarJoint, branch_thresholds
from hil.patient.sway import WeightShifts
from hil.patient.tempo import stance_at

STANDING: Final = 0
STANCE: Final = 1
SWING: Final = 2
LOADING: Final = 3
LANDING: Final = 4

TRACE_STEP_MS: Final = 10

LEG_FRACTION: Final = 0.53
"""Hip to ground against body height (Winter/Dempster: thigh, shank and foot height)."""

FULL_FORCE_N: Final = 315.0
"""Force of the whole muscle: what the patient's own drive is a share of."""

FLAT_MARGIN_RAD: Final = radians(1.0)
"""A foot this close to flat is flat."""

FORCED_FLAT: Final = 0.4
"""A foot that is held up is forced flat by the body over it at this share of stance. Assumption."""

GRAVITY: Final = 9.81


class PatientLeg:
    """One affected leg.

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
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    orthosis : OrthosisConfig
        What is worn.

    Attributes
    ----------
    now_ms : int
        How far it has been advanced.
    events, swings : list
        The truth so far.
    trace : list of TraceRow
        Kept only where ``keep_trace`` is set.
    """

    __slots__ = (
        "_able_work",
        "_angles",
        "_compensation",
        "_dorsiflexors",
        "_everters",
        "_fastest",
        "_foot",
        "_gain",
        "_gait",
        "_halting",
        "_heel_off_ms",
        "_hike_m",
        "_hold_ms",
        "_knee_loss",
        "_knee_loss_rad",
        "_less_pitch",
        "_lift_m",
        "_lost",
        "_manner",
        "_mass_kg",
        "_moment",
        "_per_stride_s",
        "_period_ms",
        "_pose",
        "_push_off_rad",
        "_reflex",
        "_reflex_Nm",
        "_reflex_peak_Nm",
        "_rest",
        "_rests",
        "_rows",
        "_scale",
        "_shifts",
        "_stance_rows",
        "_start_ms",
        "_state",
        "_steps",
        "_stimulated",
        "_stride",
        "_stride_s",
        "_subtalar",
        "_swing_rows",
        "_taken",
        "_toe",
        "_toe_off_at",
        "_truth",
        "_upright_rad",
        "_voluntary",
        "_voluntary_from_ms",
        "_voluntary_loads_ms",
        "_voluntary_until_ms",
        "config",
        "events",
        "keep_trace",
        "leg",
        "now_ms",
        "shank_length_m",
        "swings",
        "trace",
    )

    def __init__(
        self,
        patient: PatientConfig,
        config: LegConfig,
        random: Random,
        steps: Steps,
        leg: int,
        orthosis: OrthosisConfig = OrthosisConfig(),
    ) -> None:
        self.config = config
        self.leg = leg
        self.keep_trace: bool = False
        self.now_ms: int = 0
        self._truth = Truth()
        self.events: list[LegEvent] = self._truth.events
        self.swings: list[LegSwing] = self._truth.swings
        self.trace: list[TraceRow] = []
        self._steps = steps
        self._stride_s: float = patient.stride_s
        self._mass_kg: float = patient.mass_kg
        self._scale: float = patient.height_m / REFERENCE_HEIGHT_M
        self.shank_length_m: float = SHANK_FRACTION * patient.height_m
        self._gait = config.gait
        self._push_off_rad: float = radians(config.gait.push_off_plantarflexion_deg)
        self._knee_loss_rad: float = radians(config.gait.knee_loss_deg)
        muscle = config.muscle
        size = patient.mass_kg * patient.height_m / ADULT_KG_M
        strength = muscle.strength * muscle.innervation * size
        self._gain: float = muscle.moment_per_force_m * strength
        deep, superficial = branch_thresholds(config.electrode)
        chronaxie_us = config.electrode.chronaxie_us
        self._dorsiflexors: DingMuscle | VeltinkMuscle = make_muscle(muscle, deep, chronaxie_us)
        self._everters: DingMuscle | VeltinkMuscle = make_muscle(muscle, superficial, chronaxie_us)
        self._subtalar = SubtalarJoint(
            config.eversion, muscle.strength * muscle.innervation, SIDEWAYS[orthosis.kind]
        )
        self._foot = Foot(config.ankle, orthosis, patient.height_m, patient.mass_kg, FLAT_RAD)
        self._reflex = StretchReflex(config.reflex, size)
        self._voluntary = VoluntaryDrive(config.voluntary)
        self._compensation = Compensation(
            config.compensation,
            LEG_FRACTION * patient.height_m,
            Random(random.getrandbits(64)),
        )
        self._shifts = WeightShifts(Random(random.getrandbits(64)))
        self._rest = Rest(
            self._scale, self.shank_length_m, self._shifts, Random(random.getrandbits(64))
        )
        self._rests: bool = False
        self._pose: Pose | None = None
        self._moment: float = 0.0
        self._stimulated: float = 0.0
        self._reflex_Nm: float = 0.0
        self._reflex_peak_Nm: float = 0.0
        self._toe: list[float] = self._truth.toe_mm
        self._angles: list[float] = self._truth.ankle_rad
        self._taken: float = 0.0
        self._lost: float = 0.0
        self._less_pitch: float = 0.0
        self._knee_loss: float = 0.0
        self._hike_m: float = 0.0
        self._lift_m: float = 0.0
        self._fastest: float = 0.0
        self._voluntary_until_ms: int = -1
        self._halting: bool = False
        self._hold_ms: int = 0
        self._manner: Manner = LEVEL
        self._start_ms: int = 0
        self._stride: Stride = steps.next()
        self._begin_stride(0, LEVEL)
        self._state: int = STANDING
        self._manner = self._stride.manner
        self._hold_ms = round(self._rows.upright * self._period_ms)
        self._start_ms = -self._hold_ms
        self._upright_rad: float = self._rows.stance[self._stance_row(self._hold_ms)][0]
        self._stand(self._stride)

    # -- from outside ---------------------------------------------------------------------------

    def stimulate(self, t_us: int, points: tuple[tuple[int, int], ...]) -> None:
        """Take one delivered pulse; its first phase recruits."""
        width_us, current_ua = points[0]
        self._dorsiflexors.stimulate(t_us, current_ua, width_us)
        self._everters.stimulate(t_us, current_ua, width_us)

    def advance_to(self, t_us: int) -> None:
        """Integrate up to the last whole millisecond that is not after ``t_us``."""
        target_ms = t_us // 1000
        if self.keep_trace:
            while self.now_ms < target_ms:
                self._step()
                if self.now_ms % TRACE_STEP_MS == 0:
                    self._keep()
            return
        while self.now_ms < target_ms:
            self._step()

    def motion(self) -> tuple[float, float, float, float, float]:
        """Return what an IMU on the foot feels.

        Returns
        -------
        tuple of float
            Pitch against the horizontal (rad, toe-up positive), its rate and acceleration
            (rad/s, rad/s2), and the ankle's forward and upward acceleration (m/s2).
        """
        foot = self._foot
        ax, ay = self._ankle_acceleration()
        return foot.pitch + self._rows.slope_rad, foot.rate, foot.acceleration, ax, ay

    def shank_motion(self) -> tuple[float, float, float, float, float]:
        """Return what an IMU on the shank feels, as ``motion`` does for the foot.

        Returns
        -------
        tuple of float
            Tilt from the vertical (rad; positive leans back, toe-up as the foot's pitch), its
            rate and acceleration, and the ankle's acceleration.
        """
        ax, ay = self._ankle_acceleration()
        foot = self._foot
        tilt = foot.pitch - foot.angle + self._rows.slope_rad
        rate = foot.rate - foot.omega
        if self._state == STANDING:
            pose = self._pose
            if pose is None:
                return tilt, 0.0, 0.0, 0.0, 0.0
            return tilt, pose.tilt_rate, pose.tilt_change, pose.forward, pose.upward
        # A millisecond on, along the table.
        t = float(self.now_ms - self._start_ms)
        change = (self._table_shank_rate(t + 1.0) - self._table_shank_rate(t)) / STEP_S
        return tilt, rate, change, ax, ay

    def turn_rad_per_s(self) -> float:
        """Return the rate about the vertical at which the leg turns in walking, to the left.

        A foot that bears stays where it is: it turns while it is in the air.
        """
        turn_deg_per_s = self._manner.turn_deg_per_s
        if turn_deg_per_s == 0.0 or self._state != SWING:
            return 0.0
        return self._turning(turn_deg_per_s)[0]

    def foot_aside(self) -> Aside | None:
        """Return what the foot does out of the plane in which it walks; mostly nothing."""
        if self._state == STANDING:
            return None if self._pose is None else self._pose.foot
        return self._spin_in_swing()

    def shank_aside(self) -> Aside | None:
        """Return what the shank does out of the plane in which it walks; mostly nothing."""
        if self._state == STANDING:
            return None if self._pose is None else self._pose.shank
        return self._spin_in_swing()

    def loads(self) -> tuple[float, float]:
        """Return the vertical load under heel and forefoot, newton."""
        state = self._state
        if state == SWING:
            return 0.0, 0.0
        t = self.now_ms - self._start_ms
        row = self._rows.stance[self._stance_row(t)]
        if state == STANDING:
            bearing = self._shifts.bearing(self.now_ms, self._manner.shifts_per_min)
            weight = max(0.0, 0.5 * self._mass_kg * GRAVITY * bearing)
            pose = self._pose
            if pose is None:
                return weight * row[11], weight * (1.0 - row[11])
            weight *= pose.bearing
            heel = weight * pose.heel_share(row[11])
            return heel, weight - heel
        ground = self._mass_kg * row[10]
        if state == LOADING:
            return ground, 0.0
        if state == LANDING and self._foot.pitch < FLAT_RAD - FLAT_MARGIN_RAD:
            return 0.0, ground
        return ground * row[11], ground * (1.0 - row[11])

    @property
    def standing_or_stance(self) -> bool:
        """Whether the foot bears on the ground."""
        return self._state != SWING

    def toe_height_mm(self) -> float:
        """Return the toe's height above the floor; negative where the floor would hold it."""
        t = self.now_ms - self._start_ms
        if self._state == SWING:
            return self._toe_in_swing_mm(t)
        height = self._rows.stance[self._stance_row(t)][8]
        if self._state == STANDING and self._pose is not None:
            height += self._pose.rise_m
        return 1000.0 * (height + self._toe_below_ankle_m())

    # -- one step -------------------------------------------------------------------------------

    def _step(self) -> None:
        t = self.now_ms - self._start_ms
        state = self._state
        if state == SWING:
            self._swing_on(t)
        elif state == STANCE:
            self._ride_on(t)
        elif state == LOADING:
            self._load_on(t)
        elif state == LANDING:
            self._land_on(t)
        else:
            self._start_ms += 1
            if self._rests:
                self._rest_on()
        self.now_ms += 1
        foot = self._foot
        end_us = self.now_ms * 1000
        force = self._dorsiflexors.step(end_us, foot.angle)
        everting = self._everters.step(end_us, 0.0)
        self._subtalar.step(everting, force)
        own = self._voluntary.step(
            swing=state != STANDING and self.now_ms >= self._voluntary_from_ms,
            loading=self.now_ms < self._voluntary_until_ms
            or self.now_ms >= self._voluntary_loads_ms,
        )
        self._stimulated = self._gain * force * (1.0 - own)
        self._moment = self._stimulated + self._gain * own * FULL_FORCE_N
        self._reflex_Nm = self._reflex.step(foot.angle, foot.omega)
        t += 1
        if state == SWING:
            if self._reflex_Nm > self._reflex_peak_Nm:
                self._reflex_peak_Nm = self._reflex_Nm
            if t >= self._period_ms:
                self._contact()
        elif state == STANCE:
            self._pass_marks(t)
        elif state != STANDING:
            pitch = foot.pitch
            fallen = state == LOADING and pitch < FLAT_RAD
            if fallen or abs(pitch - FLAT_RAD) <= FLAT_MARGIN_RAD:
                self._flat()
            elif state == LOADING and t >= FORCED_FLAT * self._toe_off_at:
                self._state = LANDING
        elif self.now_ms >= self._stride.until_ms:
            self._walk_on()

    def _rest_on(self) -> None:
        pose = self._rest.at(self.now_ms + 1)
        self._pose = pose
        foot = self._foot
        shank = self._upright_rad + pose.tilt
        foot.ride(FLAT_RAD + pose.pitch, pose.pitch_rate, shank, pose.tilt_rate)
        foot.acceleration = pose.pitch_change

    def _swing_on(self, t: int) -> None:
        self._toe.append(self._toe_in_swing_mm(t))
        foot = self._foot
        self._angles.append(foot.angle)
        x = (t - self._toe_off_at) * self._swing_rows
        at = int(x + 0.5)
        rows = self._rows
        foot.swing(
            rows.swing[at],
            (x - at) / self._swing_rows / self._period_ms,
            self._per_stride_s,
            self._hike_m,
            self._knee_loss,
            self._moment,
            self._reflex_Nm,
            rows.slope_rad,
            0.5 if len(self._toe) == 1 else 1.0,
        )

    def _load_on(self, t: int) -> None:
        x = t * self._stance_rows
        at = int(x + 0.5)
        foot = self._foot
        foot.load(
            self._rows.stance[at],
            (x - at) / self._stance_rows / self._period_ms,
            self._per_stride_s,
            self._moment,
            self._reflex_Nm,
            self._rows.slope_rad,
            FLAT_RAD,
        )
        if foot.rate < self._fastest:
            self._fastest = foot.rate

    def _land_on(self, t: int) -> None:
        shank, rate = self._shank_at(t + 1)
        self._foot.land(FLAT_RAD, 0.0, shank, rate)

    def _shank_at(self, t: int) -> tuple[float, float]:
        x = t * self._stance_rows
        at = int(x + 0.5)
        row = self._rows.stance[at]
        rate = row[1] * self._per_stride_s
        return row[0] + rate * (x - at) / self._stance_rows * STEP_S, rate

    def _ride_on(self, t: int) -> None:
        """Follow the table: flat until heel-off, then as the able foot does, less what is lost."""
        t += 1
        x = t * self._stance_rows
        at = int(x + 0.5)
        shank, turn, _, _, _, _, pitch, pitch_rate, _, _, _, _ = self._rows.stance[at]
        back_s = (x - at) / self._stance_rows * STEP_S
        shank_rate = turn * self._per_stride_s
        shank += shank_rate * back_s
        rate = pitch_rate * self._per_stride_s
        pitch += rate * back_s
        foot = self._foot
        if t <= self._heel_off_ms:
            # A foot that came down early stays flat until the able one is down as well.
            if pitch < FLAT_RAD:
                foot.land(pitch, rate, shank, shank_rate)
            else:
                foot.land(FLAT_RAD, 0.0, shank, shank_rate)
            return
        less = self._push_off_rad * self._lost
        foot.ride(pitch + less, rate + (less - self._less_pitch) / STEP_S, shank, shank_rate)
        self._less_pitch = less
        omega = rate - shank_rate
        if omega < 0.0:
            self._taken -= foot.against_push_off(self._stimulated) * omega * STEP_S
            self._lost = min(1.0, max(-1.0, self._taken / self._able_work))

    # -- from state to state --------------------------------------------------------------------

    def _pass_marks(self, t: int) -> None:
        t_us = self.now_ms * 1000
        if self._halting:
            if t >= self._hold_ms:
                self._state = STANDING
                self._halting = False
                self._upright_rad = self._shank_at(t)[0]
                self._stand(self._stride)
            return
        if t == self._heel_off_ms:
            self._taken = self._lost = self._less_pitch = 0.0
            self._truth.heel_off(t_us)
        if t >= self._toe_off_at:
            self._truth.toe_off(t_us, self._foot.angle)
            self._state = SWING
            self._reflex_peak_Nm = 0.0
            self._knee_loss = self._knee_loss_rad * max(0.0, self._lost)
            adds = self._compensation
            self._hike_m = (adds.height_mm + adds.scatter_mm) / 1000.0 + self._lift_m

    def _begin_stride(self, start_ms: int, manner: Manner) -> None:
        """Take up the rows and the length of a new stride."""
        gait = self._gait
        share = min(0.78, stance_at(gait.stance_percent / 100.0, manner.period) + manner.stance)
        rows = gait_rows(
            GaitStyle(
                share,
                gait.amplitude * manner.amplitude,
                self._scale,
                manner.slope_rad,
                self._stride_s * manner.period,
                manner.forward,
            )
        )
        period_ms = self._stride.period_ms
        self._manner = manner
        self._rows: GaitRows = rows
        self._start_ms = start_ms
        self._period_ms: int = period_ms
        self._per_stride_s: float = 1000.0 / period_ms
        self._toe_off_at: float = share * period_ms
        self._heel_off_ms: int = round(rows.heel_off * period_ms)
        self._stance_rows: float = ROWS / self._toe_off_at
        self._swing_rows: float = ROWS / (period_ms - self._toe_off_at)
        self._able_work: float = rows.push_off_per_kg * self._mass_kg
        self._lift_m = manner.lift_m - gait.lift_deficit_mm / 1000.0
        self._voluntary_from_ms: int = (
            start_ms + int(self._toe_off_at) - round(self.config.voluntary.before_toe_off_ms)
        )
        self._voluntary_loads_ms: int = (
            start_ms + period_ms - round(self.config.voluntary.before_contact_ms)
        )

    def _walk_on(self) -> None:
        """Begin to walk out of standing, with the leg upright over a flat foot."""
        self._stride = self._steps.next()
        manner = self._stride.manner
        if manner.standing:
            self._manner = manner
            self._stand(self._stride)
            return
        self._pose = None
        self._begin_stride(self.now_ms, manner)
        self._start_ms -= round(self._rows.upright * self._period_ms)
        self._voluntary_from_ms -= round(self._rows.upright * self._period_ms)
        self._voluntary_loads_ms -= round(self._rows.upright * self._period_ms)
        self._state = STANCE

    def _stand(self, stride: Stride) -> None:
        """Stand upright on the whole sole, and do there what is to be done."""
        foot = self._foot
        foot.ride(FLAT_RAD, 0.0, self._upright_rad, 0.0)
        foot.acceleration = 0.0
        self._pose = None
        self._rests = self._rest.begin(stride.manner, self.now_ms, stride.until_ms)

    def _contact(self) -> None:
        """End a swing and begin the next stride: heel first, or flat, or toe first."""
        compensation = self._compensation
        clearance_mm = self._truth.contact(
            self.now_ms * 1000,
            self._foot.angle,
            lost_push_off=self._lost,
            compensation_mm=compensation.height_mm,
            circumduction_mm=compensation.circumduction_mm(),
            eversion_deg=self._subtalar.angle_deg,
            reflex_Nm=self._reflex_peak_Nm,
            knee_rad=self._rows.knee_peak_rad - self._knee_loss,
            speed_m_per_s=self._rows.stride_m * self._per_stride_s,
        )
        compensation.after(clearance_mm)
        voluntary_ms = round(self.config.voluntary.after_contact_ms)
        self._voluntary_until_ms = self.now_ms + voluntary_ms
        self._stride = self._steps.next()
        manner = self._stride.manner
        if manner.standing:
            on_spot = self._manner.spin_deg_per_s != 0.0
            self._begin_stride(self.now_ms, self._manner if on_spot else LEVEL)
            self._manner = manner
            self._halting = True
            self._hold_ms = round(self._rows.upright * self._period_ms)
        else:
            self._begin_stride(self.now_ms, manner)
        self._fastest = 0.0
        heel_first = self._foot.pitch > FLAT_RAD + FLAT_MARGIN_RAD and not manner.flat
        self._state = LOADING if heel_first else LANDING

    def _flat(self) -> None:
        """Come to rest on the whole sole."""
        able = self._rows.fall_rate * self._per_stride_s
        self._truth.flat(self.now_ms * 1000, self._fastest, able)
        self._state = STANCE

    # -- geometry -------------------------------------------------------------------------------

    def _stance_row(self, t: int) -> int:
        return min(ROWS, int(t * self._stance_rows + 0.5))

    def _table_shank_rate(self, t: float) -> float:
        if t < self._toe_off_at:
            turn = self._rows.stance[min(ROWS, int(t * self._stance_rows + 0.5))][1]
        else:
            at = int((t - self._toe_off_at) * self._swing_rows + 0.5)
            turn = self._rows.swing[min(ROWS, at)][1]
        return turn * self._per_stride_s

    def _ankle_acceleration(self) -> tuple[float, float]:
        state = self._state
        if state == STANDING:
            pose = self._pose
            return (0.0, 0.0) if pose is None else (pose.forward, pose.upward)
        t = self.now_ms - self._start_ms
        squared = self._per_stride_s * self._per_stride_s
        if state != SWING:
            row = self._rows.stance[self._stance_row(t)]
            return row[2] * squared, row[3] * squared
        at = min(ROWS, int((t - self._toe_off_at) * self._swing_rows + 0.5))
        swing = self._rows.swing[at]
        loss = self._knee_loss
        return (
            (swing[2] + loss * swing[11]) * squared,
            (swing[3] + self._hike_m * swing[8] + loss * swing[12]) * squared,
        )

    def _spin_in_swing(self) -> Aside | None:
        """Return how the foot turns on the spot: all of it in the air, and smoothly."""
        spin_deg_per_s = self._manner.spin_deg_per_s
        if spin_deg_per_s == 0.0 or self._state != SWING:
            return None
        rate, change = self._turning(spin_deg_per_s)
        return Aside(rate, change, 0.0, 0.0, 0.0, 0.0)

    def _turning(self, mean_deg_per_s: float) -> tuple[float, float]:
        """Return rate and acceleration of a turn, all of a stride's in its swing, and smoothly."""
        swing_s = 0.001 * (self._period_ms - self._toe_off_at)
        turned = radians(mean_deg_per_s) * 0.001 * self._period_ms
        angle = 2.0 * pi * (self.now_ms - self._start_ms - self._toe_off_at) * 0.001 / swing_s
        mean = turned / swing_s
        return mean * (1.0 - cos(angle)), 2.0 * pi * mean / swing_s * sin(angle)

    def _toe_in_swing_mm(self, t: int) -> float:
        at = min(ROWS, int((t - self._toe_off_at) * self._swing_rows + 0.5))
        row = self._rows.swing[at]
        ankle_m = row[6] + self._hike_m * row[7] + self._knee_loss * row[13]
        return 1000.0 * (ankle_m + self._toe_below_ankle_m())

    def _toe_below_ankle_m(self) -> float:
        pitch = self._foot.pitch
        return self._scale * (TOE_FORWARD_M * sin(pitch) - TOE_DOWN_M * cos(pitch) - FLOOR_M)

    def _keep(self) -> None:
        self.trace.append(
            TraceRow(self.now_ms * 1000, self._foot.angle * TO_DEG, self.toe_height_mm())
        )

    def fitness(self) -> float:
        """Return what fatigue has left of the dorsiflexors, 1 when fresh."""
        return self._dorsiflexors.fitness()

    def snapshot(self) -> dict[str, float]:
        """Return the muscle's states and the foot's, for tests."""
        state = self._dorsiflexors.snapshot()
        state["pitch_rad"] = self._foot.pitch
        state["rate_rad_per_s"] = self._foot.rate
        state["eversion_deg"] = self._subtalar.angle_deg
        return state
