"""One affected leg through standing and walking: muscle, foot, contact, and the truth of it all.

The leg is advanced on its own millisecond grid by whoever asks; how often and by whom changes
nothing. Pulses reach the muscle ten milliseconds after they were given, so none can come too
late for a step that is already taken.
"""

from math import cos, sin
from random import Random
from typing import Final, NamedTuple

from hil.patient.ankle import FLAT_MARGIN_RAD, SLAP_RATE, SWITCH_MARGIN_RAD, Ankle
from hil.patient.config import LegConfig, PatientConfig
from hil.patient.gait_table import (
    FLAT_PHASE,
    FLAT_RAD,
    FLOOR_M,
    REFERENCE_HEIGHT_M,
    TOE_DOWN_M,
    TOE_FORWARD_M,
    Stride,
    prepare,
    standing,
)
from hil.patient.muscle import Muscle
from hil.patient.outcome import mid_swing_clearance

STANDING: Final = 0
STANCE: Final = 1
SWING: Final = 2
LOADING: Final = 3
LANDING: Final = 4

TRACE_STEP_MS: Final = 10


class LegEvent(NamedTuple):
    """Something the foot really did: ``ic``, ``ff``, ``ho`` or ``tc``."""

    kind: str
    t_us: int


class LegSwing(NamedTuple):
    """One swing as it really was; see ``fes_ctrl.analysis.walk.Swing``."""

    stride: int
    heel_off_us: int
    toe_off_us: int
    contact_us: int
    clearance_mm: float
    ankle_at_contact_deg: float
    peak_dorsiflexion_deg: float
    slap: bool
    lost_push_off_percent: float


class TraceRow(NamedTuple):
    """One row of the time series that pictures need."""

    t_us: int
    ankle_deg: float
    toe_mm: float


class PatientLeg:
    """One affected leg.

    Parameters
    ----------
    patient : PatientConfig
        The body.
    config : LegConfig
        This leg.
    random : random.Random
        Its own stream, for the variation of its strides.
    standing_s : float
        Quiet standing before the first step.
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.

    Attributes
    ----------
    now_ms : int
        How far it has been advanced.
    heel_loaded : bool
        Whether the heel bears on the ground enough to close a switch.
    heel_edge_us : int
        When that last changed.
    events, swings : list
        The truth so far.
    trace : list of TraceRow
        Kept only where ``keep_trace`` is set.
    """

    __slots__ = (
        "_ankle",
        "_cv",
        "_force",
        "_gain",
        "_heel_off_us",
        "_mass_kg",
        "_moment",
        "_muscle",
        "_number",
        "_pitches",
        "_push",
        "_random",
        "_rate_at_flat",
        "_scale",
        "_state",
        "_stride",
        "_stride_ms",
        "_swing",
        "_toe_off_us",
        "config",
        "events",
        "heel_edge_us",
        "heel_loaded",
        "keep_trace",
        "leg",
        "now_ms",
        "swings",
        "trace",
    )

    def __init__(
        self,
        patient: PatientConfig,
        config: LegConfig,
        random: Random,
        standing_s: float,
        leg: int,
    ) -> None:
        self.config = config
        self.leg = leg
        self.keep_trace: bool = False
        self.now_ms: int = 0
        self.heel_loaded: bool = True
        self.heel_edge_us: int = -(1 << 62)
        self.events: list[LegEvent] = []
        self.swings: list[LegSwing] = []
        self.trace: list[TraceRow] = []
        self._random = random
        self._cv: float = patient.stride_cv_percent / 100.0
        self._stride_ms: float = patient.stride_s * 1000.0
        self._mass_kg: float = patient.mass_kg
        self._scale: float = patient.height_m / REFERENCE_HEIGHT_M
        self._gain: float = config.muscle.moment_per_force_m * config.muscle.strength
        self._muscle = Muscle(config.muscle)
        self._ankle = Ankle(config.ankle, patient.height_m, patient.mass_kg)
        self._force: list[float] = []
        self._moment: list[float] = []
        self._pitches: list[float] = []
        self._push: list[float] = [0.0, 0.0]
        self._number: int = 0
        self._heel_off_us: int = 0
        self._toe_off_us: int = 0
        self._rate_at_flat: float = 0.0
        self._swing: LegSwing | None = None
        self._state: int = STANDING
        self._stride: Stride = standing(max(1, round(standing_s * 1000.0)), self._scale)
        self._ankle.angle_deg = -57.29577951308232 * (self._stride.shank_rad[0] - FLAT_RAD)

    # -- from outside ---------------------------------------------------------------------------

    def stimulate(self, t_us: int, points: tuple[tuple[int, int], ...]) -> None:
        """Take one delivered pulse; its first phase recruits."""
        width_us, current_ua = points[0]
        self._muscle.stimulate(t_us, current_ua, width_us)

    def advance_to(self, t_us: int) -> None:
        """Integrate up to the last whole millisecond that is not after ``t_us``."""
        target_ms = t_us // 1000
        if target_ms <= self.now_ms:
            return
        if self.keep_trace:
            while self.now_ms < target_ms:
                stop_ms = min(target_ms, (self.now_ms // TRACE_STEP_MS + 1) * TRACE_STEP_MS)
                self._advance(stop_ms)
                if self.now_ms % TRACE_STEP_MS == 0:
                    self._keep()
            return
        self._advance(target_ms)

    def motion(self) -> tuple[float, float, float, float, float]:
        """Return what an IMU on the foot feels.

        Returns
        -------
        tuple of float
            Pitch (rad, toe-up positive), its rate and acceleration (rad/s, rad/s2), and the
            ankle's forward and upward acceleration (m/s2).
        """
        ankle, stride = self._ankle, self._stride
        index = self.now_ms - stride.start_ms
        return (
            ankle.pitch,
            ankle.rate,
            ankle.acceleration,
            stride.ankle_ax[index],
            stride.ankle_ay[index],
        )

    def toe_height_mm(self) -> float:
        """Return the toe's height above the floor; negative where the floor would hold it."""
        return self._toe_mm(self.now_ms - self._stride.start_ms, self._ankle.pitch)

    # -- one stride after the other -------------------------------------------------------------

    def _advance(self, target_ms: int) -> None:
        steps = target_ms - self.now_ms
        force = self._force
        force.clear()
        self._muscle.advance(self.now_ms, steps, force)
        gain = self._gain
        moment = [gain * newton for newton in force]
        done = self._some(moment, steps)
        while done < steps:
            done += self._some(moment[done:], steps - done)

    def _some(self, moment: list[float], steps: int) -> int:
        """Take steps up to the next change of state at most; return how many."""
        stride = self._stride
        index = self.now_ms - stride.start_ms
        state = self._state
        if state == SWING:
            taken = min(steps, stride.steps - index)
            self._ankle.swing(stride, index, taken, moment, loaded=False, heights=self._pitches)
            self.now_ms += taken
            if index + taken == stride.steps:
                self._contact()
            return taken
        if state == LOADING:
            taken = self._ankle.swing(
                stride, index, steps, moment, loaded=True, heights=self._pitches
            )
            self.now_ms += taken
            if (
                self._ankle.pitch <= FLAT_RAD + FLAT_MARGIN_RAD
                or index + taken >= stride.heel_off - 1
            ):
                self._flat()
            return taken
        if state == LANDING:
            taken = self._ankle.land(stride, index, steps, moment)
            self.now_ms += taken
            if not self.heel_loaded and abs(self._ankle.pitch - FLAT_RAD) <= SWITCH_MARGIN_RAD:
                self._heel(loaded=True)
            if abs(self._ankle.pitch - FLAT_RAD) <= FLAT_MARGIN_RAD:
                self._flat()
            return taken
        return self._stance(moment, steps, index)

    def _stance(self, moment: list[float], steps: int, index: int) -> int:
        stride = self._stride
        last = stride.steps
        for mark in (stride.switch_open, stride.heel_off, stride.toe_off):
            if index < mark < last:
                last = mark
        taken = min(steps, last - index)
        self._ankle.prescribe(stride, index, taken, moment, self._push)
        self.now_ms += taken
        index += taken
        t_us = self.now_ms * 1000
        if self._state == STANDING:
            if index == stride.steps:
                self._walk_on(t_us)
            return taken
        if index == stride.switch_open:
            self._heel(loaded=False)
        if index == stride.heel_off:
            self._heel_off_us = t_us
            self._push[0] = self._push[1] = 0.0
            self.events.append(LegEvent("ho", t_us))
        if index == stride.toe_off:
            self._toe_off_us = t_us
            self._state = SWING
            self._pitches.clear()
            self._ankle.pitch = stride.pitch_rad[index]
            self._ankle.rate = stride.pitch_rate[index]
            self.events.append(LegEvent("tc", t_us))
        return taken

    def _heel(self, *, loaded: bool) -> None:
        self.heel_loaded = loaded
        self.heel_edge_us = self.now_ms * 1000

    def _length_ms(self) -> int:
        factor = 1.0
        if self._cv > 0.0:
            factor += self._cv * max(-3.0, min(3.0, self._random.gauss(0.0, 1.0)))
        return max(300, round(self._stride_ms * factor))

    def _walk_on(self, t_us: int) -> None:
        """Begin to walk out of standing: the first stride starts in mid-stance."""
        steps = self._length_ms()
        self._stride = prepare(t_us // 1000 - round(FLAT_PHASE * steps), steps, self._scale)
        self._state = STANCE

    def _contact(self) -> None:
        """End a swing and begin the next stride: heel first, or flat, or toe first."""
        t_us = self.now_ms * 1000
        self._number += 1
        stride = self._stride
        first = stride.toe_off
        toe_mm = [self._toe_mm(first + 1 + k, pitch) for k, pitch in enumerate(self._pitches)]
        to_deg = 57.29577951308232
        angles = [
            (pitch - stride.shank_rad[first + 1 + k]) * to_deg
            for k, pitch in enumerate(self._pitches)
        ]
        taken, able_per_kg = self._push
        able = able_per_kg * self._mass_kg
        self._swing = LegSwing(
            stride=self._number,
            heel_off_us=self._heel_off_us,
            toe_off_us=self._toe_off_us,
            contact_us=t_us,
            clearance_mm=mid_swing_clearance(toe_mm),
            ankle_at_contact_deg=self._ankle.angle_deg,
            # The peak is sought after the foot has left the push-off's plantarflexion behind.
            peak_dorsiflexion_deg=max(angles[len(angles) // 3 :]),
            slap=False,
            lost_push_off_percent=100.0 * taken / able if able > 0.0 else 0.0,
        )
        self.events.append(LegEvent("ic", t_us))
        self._stride = prepare(self.now_ms, self._length_ms(), self._scale)
        if self._ankle.pitch > FLAT_RAD + FLAT_MARGIN_RAD:
            self._state = LOADING
            self._heel(loaded=True)
        else:
            self._state = LANDING
            if abs(self._ankle.pitch - FLAT_RAD) <= SWITCH_MARGIN_RAD:
                self._heel(loaded=True)

    def _flat(self) -> None:
        """Come to rest on the whole sole; a fast arrival of the forefoot is a slap."""
        self.events.append(LegEvent("ff", self.now_ms * 1000))
        if not self.heel_loaded:
            self._heel(loaded=True)
        swing = self._swing
        if swing is not None:
            slap = self._state == LOADING and self._ankle.rate < -SLAP_RATE
            self.swings.append(swing._replace(slap=slap))
            self._swing = None
        self._state = STANCE

    def _toe_mm(self, index: int, pitch: float) -> float:
        return 1000.0 * (
            self._stride.ankle_y_m[index]
            + self._scale * (TOE_FORWARD_M * sin(pitch) - TOE_DOWN_M * cos(pitch) - FLOOR_M)
        )

    def _keep(self) -> None:
        self.trace.append(TraceRow(self.now_ms * 1000, self._ankle.angle_deg, self.toe_height_mm()))

    def snapshot(self) -> dict[str, float]:
        """Return the muscle's states and the foot's pitch, for tests."""
        state = self._muscle.snapshot()
        state["pitch_rad"] = self._ankle.pitch
        state["rate_rad_per_s"] = self._ankle.rate
        return state
