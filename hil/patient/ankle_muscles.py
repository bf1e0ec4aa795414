"""What muscles do about the ankle: under stimulation, by the patient's own drive, by reflex.

Pulses, the ankle's motion and the phase of gait come in; moments come out, a millisecond at a
time. Nothing here knows of the ground.
"""

from typing import Final

from hil.patient.config import LegConfig, PatientConfig
from hil.patient.foot import ADULT_KG_M
from hil.patient.muscle import make_muscle
from hil.patient.muscle.ding import DingMuscle
from hil.patient.muscle.veltink import VeltinkMuscle
from hil.patient.plan import FOREVER_MS
from hil.patient.reflex import StretchReflex, VoluntaryDrive
from hil.patient.subtalar import SubtalarJoint, branch_thresholds

FULL_FORCE_N: Final = 315.0
"""Force of the whole muscle: what the patient's own drive is a share of."""


class AnkleMuscles:
    """Dorsiflexors, everters and calf of one leg.

    Parameters
    ----------
    patient : PatientConfig
        The body.
    config : LegConfig
        This leg.
    sideways : float
        Share of eversion that what is worn leaves.

    Attributes
    ----------
    moment_Nm : float
        Of the dorsiflexors, before their length and velocity; stimulated and driven.
    stimulated_Nm : float
        The stimulated part of it.
    reflex_Nm : float
        Of the calf's reflex, plantarflexing.
    dorsiflexors, everters : DingMuscle or VeltinkMuscle
        The stimulated muscles.
    voluntary, reflex, subtalar
        The patient's own drive, the calf's reflex, and the joint that the everters turn.
    """

    __slots__ = (
        "_after_contact_ms",
        "_before_contact_ms",
        "_before_toe_off_ms",
        "_gain",
        "_loading_from_ms",
        "_loading_until_ms",
        "_swing_from_ms",
        "dorsiflexors",
        "everters",
        "moment_Nm",
        "reflex",
        "reflex_Nm",
        "stimulated_Nm",
        "subtalar",
        "voluntary",
    )

    def __init__(self, patient: PatientConfig, config: LegConfig, sideways: float) -> None:
        muscle = config.muscle
        size = patient.mass_kg * patient.height_m / ADULT_KG_M
        strength = muscle.strength * muscle.innervation * size
        self._gain: float = muscle.moment_per_force_m * strength
        deep, superficial = branch_thresholds(config.electrode)
        chronaxie_us = config.electrode.chronaxie_us
        self.dorsiflexors: DingMuscle | VeltinkMuscle = make_muscle(muscle, deep, chronaxie_us)
        self.everters: DingMuscle | VeltinkMuscle = make_muscle(muscle, superficial, chronaxie_us)
        self.subtalar = SubtalarJoint(
            config.eversion, muscle.strength * muscle.innervation, sideways
        )
        self.reflex = StretchReflex(config.reflex, size)
        self.voluntary = VoluntaryDrive(config.voluntary)
        self._before_toe_off_ms: int = round(config.voluntary.before_toe_off_ms)
        self._before_contact_ms: int = round(config.voluntary.before_contact_ms)
        self._after_contact_ms: int = round(config.voluntary.after_contact_ms)
        self._swing_from_ms: int = FOREVER_MS
        self._loading_from_ms: int = 0
        self._loading_until_ms: int = -1
        self.moment_Nm: float = 0.0
        self.stimulated_Nm: float = 0.0
        self.reflex_Nm: float = 0.0

    def stimulate(self, t_us: int, current_ua: int, width_us: int) -> None:
        """Take one delivered pulse."""
        self.dorsiflexors.stimulate(t_us, current_ua, width_us)
        self.everters.stimulate(t_us, current_ua, width_us)

    def begin_cycle(self, toe_off_ms: int, contact_ms: int) -> None:
        """Take note of when the foot will leave the ground, and come down again."""
        self._swing_from_ms = toe_off_ms - self._before_toe_off_ms
        self._loading_from_ms = contact_ms - self._before_contact_ms

    def stand(self) -> None:
        """Prepare no swing until the next cycle begins."""
        self._swing_from_ms = FOREVER_MS

    def contact(self, now_ms: int) -> None:
        """Take note that the foot has come down: the own drive goes on for a while."""
        self._loading_until_ms = now_ms + self._after_contact_ms

    def step(self, now_ms: int, angle: float, omega: float) -> None:
        """Advance one millisecond.

        Parameters
        ----------
        now_ms : int
            The end of it.
        angle, omega : float
            Of the ankle, rad and rad/s, dorsiflexion positive.
        """
        end_us = now_ms * 1000
        force = self.dorsiflexors.step(end_us, angle)
        self.subtalar.step(self.everters.step(end_us, 0.0), force)
        voluntary = self.voluntary
        if now_ms < self._loading_until_ms or now_ms >= self._loading_from_ms:
            own = voluntary.step(voluntary.loading)
        else:
            own = voluntary.step(voluntary.swing if now_ms >= self._swing_from_ms else 0.0)
        self.stimulated_Nm = self._gain * force * (1.0 - own)
        self.moment_Nm = self.stimulated_Nm + self._gain * own * FULL_FORCE_N
        self.reflex_Nm = self.reflex.step(angle, omega)
