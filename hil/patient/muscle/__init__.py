"""Stimulated muscle: pulses in, force out, one millisecond at a time."""

from hil.patient.muscle.config import MuscleConfig
from hil.patient.muscle.ding import DingMuscle
from hil.patient.muscle.veltink import VeltinkMuscle

Muscle = DingMuscle | VeltinkMuscle

__all__ = ["DingMuscle", "Muscle", "MuscleConfig", "VeltinkMuscle", "make_muscle"]


def make_muscle(config: MuscleConfig, motor_mA: float, chronaxie_us: float) -> Muscle:
    """Return the muscle that a configuration names.

    Parameters
    ----------
    config : MuscleConfig
        Which model, and its numbers.
    motor_mA : float
        Current at which its nerve begins to answer, at the reference pulse width.
    chronaxie_us : float
        Strength-duration time constant of the nerve.
    """
    if config.model == "veltink":
        return VeltinkMuscle(config, motor_mA, chronaxie_us)
    return DingMuscle(config, motor_mA, chronaxie_us)
