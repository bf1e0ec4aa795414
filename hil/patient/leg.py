"""One affected leg as the bench has it: pulses go in, and what sensors on it feel comes out.

The leg is advanced on its own millisecond grid by whoever asks; how often and by whom changes
nothing. Pulses reach the muscle some milliseconds after they were given, so none can come too
late for a step that is already taken.
"""

from random import Random
from typing import Final

from hil.patient.bad_strides import BadStride
from hil.patient.config import LegConfig, OrthosisConfig, PatientConfig
from hil.patient.foot import TO_DEG
from hil.patient.gait_table import FLAT_RAD, SHANK_FRACTION
from hil.patient.locomotion import (
    FLAT_MARGIN_RAD,
    LANDING,
    LOADING,
    STANDING,
    SWING,
    Locomotion,
)
from hil.patient.muscle.recruitment import first_phase
from hil.patient.outcome import LegEvent, LegSwing, TraceRow
from hil.patient.pace import Steps
from hil.patient.rest.limb import Aside

TRACE_STEP_MS: Final = 10

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
    events, swings, bad : list
        The truth so far; ``bad`` are the strides that have begun in which something goes astray.
    trace : list of TraceRow
        Kept only where ``keep_trace`` is set.
    """

    __slots__ = (
        "_locomotion",
        "_mass_kg",
        "bad",
        "config",
        "events",
        "keep_trace",
        "leg",
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
        self.shank_length_m: float = SHANK_FRACTION * patient.height_m
        self._mass_kg: float = patient.mass_kg
        self._locomotion = Locomotion(patient, config, random, steps, orthosis)
        self.events: list[LegEvent] = self._locomotion.truth.events
        self.swings: list[LegSwing] = self._locomotion.truth.swings
        self.bad: list[BadStride] = self._locomotion.truth.bad
        self.trace: list[TraceRow] = []

    @property
    def now_ms(self) -> int:
        """How far it has been advanced, milliseconds."""
        return self._locomotion.now_ms

    def stimulate(self, t_us: int, points: tuple[tuple[int, int], ...]) -> None:
        """Take one delivered pulse; its first phase recruits."""
        width_us, current_ua = first_phase(points)
        self._locomotion.muscles.stimulate(t_us, current_ua, width_us)

    def advance_to(self, t_us: int) -> None:
        """Integrate up to the last whole millisecond that is not after ``t_us``."""
        target_ms = t_us // 1000
        locomotion = self._locomotion
        if self.keep_trace:
            while locomotion.now_ms < target_ms:
                locomotion.step()
                if locomotion.now_ms % TRACE_STEP_MS == 0:
                    self._keep()
            return
        step = locomotion.step
        for _ in range(target_ms - locomotion.now_ms):
            step()

    # -- what sensors feel ----------------------------------------------------------------------

    def motion(self) -> tuple[float, float, float, float, float]:
        """Return what an IMU on the foot feels.

        Returns
        -------
        tuple of float
            Pitch against the horizontal (rad, toe-up positive), its rate and acceleration
            (rad/s, rad/s2), and the ankle's forward and upward acceleration (m/s2).
        """
        locomotion = self._locomotion
        foot = locomotion.foot
        ax, ay = self._ankle_acceleration()
        return foot.pitch + locomotion.cycle.rows.slope_rad, foot.rate, foot.acceleration, ax, ay

    def shank_motion(self) -> tuple[float, float, float, float, float]:
        """Return what an IMU on the shank feels, as ``motion`` does for the foot.

        Returns
        -------
        tuple of float
            Tilt from the vertical (rad; positive leans back, toe-up as the foot's pitch), its
            rate and acceleration, and the ankle's acceleration.
        """
        locomotion = self._locomotion
        cycle, foot = locomotion.cycle, locomotion.foot
        tilt = foot.pitch - foot.angle + cycle.rows.slope_rad
        if locomotion.state == STANDING:
            pose = locomotion.pose
            if pose is None:
                return tilt, 0.0, 0.0, 0.0, 0.0
            return tilt, pose.tilt_rate, pose.tilt_change, pose.forward, pose.upward
        change = cycle.shank_acceleration(locomotion.now_ms - cycle.start_ms)
        ax, ay = self._ankle_acceleration()
        return tilt, foot.rate - foot.omega, change, ax, ay

    def turn_rad_per_s(self) -> float:
        """Return the rate about the vertical at which the leg turns in walking, to the left.

        A foot that bears stays where it is: it turns while it is in the air.
        """
        locomotion = self._locomotion
        turn_deg_per_s = locomotion.manner.turn_deg_per_s
        if turn_deg_per_s == 0.0 or locomotion.state != SWING:
            return 0.0
        cycle = locomotion.cycle
        return cycle.turning(locomotion.now_ms - cycle.start_ms, turn_deg_per_s)[0]

    def foot_aside(self) -> Aside | None:
        """Return what the foot does out of the plane in which it walks; mostly nothing."""
        if self._locomotion.state == STANDING:
            pose = self._locomotion.pose
            return None if pose is None else pose.foot
        return self._spin_in_swing()

    def shank_aside(self) -> Aside | None:
        """Return what the shank does out of the plane in which it walks; mostly nothing."""
        if self._locomotion.state == STANDING:
            pose = self._locomotion.pose
            return None if pose is None else pose.shank
        return self._spin_in_swing()

    def loads(self) -> tuple[float, float]:
        """Return the vertical load under heel and forefoot, newton."""
        locomotion = self._locomotion
        state = locomotion.state
        if state == SWING:
            return 0.0, 0.0
        cycle = locomotion.cycle
        row = cycle.stance_row(locomotion.now_ms - cycle.start_ms)
        if state == STANDING:
            per_min = locomotion.manner.shifts_per_min
            bearing = locomotion.shifts.bearing(locomotion.now_ms, per_min)
            weight = max(0.0, 0.5 * self._mass_kg * GRAVITY * bearing)
            pose = locomotion.pose
            if pose is None:
                return weight * row.heel_share, weight * (1.0 - row.heel_share)
            weight *= pose.bearing
            heel = weight * pose.heel_share(row.heel_share)
            return heel, weight - heel
        ground = self._mass_kg * row.ground_per_kg
        if state == LOADING:
            return ground, 0.0
        if state == LANDING and locomotion.foot.pitch < FLAT_RAD - FLAT_MARGIN_RAD:
            return 0.0, ground
        return ground * row.heel_share, ground * (1.0 - row.heel_share)

    @property
    def standing_or_stance(self) -> bool:
        """Whether the foot bears on the ground."""
        return self._locomotion.state != SWING

    def _ankle_acceleration(self) -> tuple[float, float]:
        locomotion = self._locomotion
        state = locomotion.state
        if state == STANDING:
            pose = locomotion.pose
            return (0.0, 0.0) if pose is None else (pose.forward, pose.upward)
        cycle = locomotion.cycle
        t = locomotion.now_ms - cycle.start_ms
        return cycle.ankle_in_swing(t) if state == SWING else cycle.ankle_in_stance(t)

    def _spin_in_swing(self) -> Aside | None:
        """Return how the foot turns on the spot: all of it in the air, and smoothly."""
        locomotion = self._locomotion
        spin_deg_per_s = locomotion.manner.spin_deg_per_s
        if spin_deg_per_s == 0.0 or locomotion.state != SWING:
            return None
        cycle = locomotion.cycle
        rate, change = cycle.turning(locomotion.now_ms - cycle.start_ms, spin_deg_per_s)
        return Aside(rate, change, 0.0, 0.0, 0.0, 0.0)

    # -- what nobody wears a sensor for ---------------------------------------------------------

    def toe_height_mm(self) -> float:
        """Return the toe's height above the floor; negative where the floor would hold it."""
        locomotion = self._locomotion
        cycle, pitch = locomotion.cycle, locomotion.foot.pitch
        t = locomotion.now_ms - cycle.start_ms
        if locomotion.state == SWING:
            return cycle.toe_in_swing_mm(cycle.in_swing(t)[0], pitch)
        pose = locomotion.pose
        rise_m = 0.0 if pose is None else pose.rise_m
        return cycle.toe_in_stance_mm(cycle.stance_row(t), pitch, rise_m)

    def fitness(self) -> float:
        """Return what fatigue has left of the dorsiflexors, 1 when fresh."""
        return self._locomotion.muscles.dorsiflexors.fitness()

    def snapshot(self) -> dict[str, float]:
        """Return the muscle's states and the foot's, for tests."""
        muscles, foot = self._locomotion.muscles, self._locomotion.foot
        state = muscles.dorsiflexors.snapshot()
        state["pitch_rad"] = foot.pitch
        state["rate_rad_per_s"] = foot.rate
        state["eversion_deg"] = muscles.subtalar.angle_deg
        return state

    def _keep(self) -> None:
        foot = self._locomotion.foot
        heel_n, fore_n = self.loads()
        self.trace.append(
            TraceRow(
                self.now_ms * 1000,
                foot.angle * TO_DEG,
                self.toe_height_mm(),
                foot.pitch * TO_DEG,
                heel_n,
                fore_n,
                self.fitness(),
            )
        )
