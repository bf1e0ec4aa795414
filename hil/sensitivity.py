"""What the outcomes of the moderate patient owe to each number that is an assumption.

Each assumption is moved to both ends of its plausible range, alone, and the patient walks with
the standard program and without. Ranges without a source are guesses at what a reviewer would
still accept; what matters is which of them move an outcome.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import median
from typing import Final

from fes_ctrl.analysis.walk import Swing
from hil.config import WalkConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

LEG: Final = "patient.leg.0."


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number of the patient, and how far it may be off.

    Attributes
    ----------
    path : str
        Of the configuration, below the leg.
    low, high : float
        Ends of its range.
    """

    path: str
    low: float
    high: float


ASSUMPTIONS: Final = (
    Assumption("muscle.strength", 0.5, 0.8),
    Assumption("muscle.moment_per_force_m", 0.05, 0.075),
    Assumption("muscle.delay_ms", 7, 17),
    Assumption("muscle.delay_growth", 0, 1),
    Assumption("muscle.km_per_rad", 0, 1),
    Assumption("muscle.ding2003.tau2_s", 0.04, 0.1),
    Assumption("muscle.ding2003.recruitment_slope_per_mA", 0.02, 0.032),
    Assumption("muscle.fatigue.scale", 0, 0.5),
    Assumption("electrode.everter_motor_mA", 18, 28),
    Assumption("electrode.position_mm", -5, 5),
    Assumption("electrode.chronaxie_us", 100, 400),
    Assumption("ankle.foot_mass_fraction", 0.012, 0.017),
    Assumption("ankle.com_forward_fraction", 0.036, 0.05),
    Assumption("ankle.gyration_fraction", 0.04, 0.06),
    Assumption("ankle.shoe_kg", 0.2, 0.5),
    Assumption("ankle.damping_Nms_per_rad", 0.1, 0.8),
    Assumption("ankle.calf_scale", 1.2, 1.8),
    Assumption("ankle.arm_m", 0.03, 0.045),
    Assumption("ankle.width", 0.4, 0.7),
    Assumption("ankle.v_max_m_per_s", 0.6, 1.2),
    Assumption("ankle.fv_gain", 1.1, 1.6),
    Assumption("ankle.rocker_Nm_per_kg", 0.15, 0.25),
    Assumption("ankle.rocker_damping_Nms_per_rad", 0, 0.5),
    Assumption("reflex.gain_Nms_per_rad", 0, 2),
    Assumption("reflex.threshold_deg_per_s", 30, 100),
    Assumption("reflex.delay_ms", 30, 55),
    Assumption("reflex.rise_ms", 30, 80),
    Assumption("reflex.per_deg", 0, 0.08),
    Assumption("voluntary.drive", 0.45, 0.65),
    Assumption("voluntary.rise_ms", 120, 220),
    Assumption("voluntary.before_toe_off_ms", 0, 60),
    Assumption("voluntary.before_contact_ms", 0, 100),
    Assumption("voluntary.loading", 1, 3),
    Assumption("voluntary.after_contact_ms", 50, 150),
    Assumption("eversion.rest_deg", -10, 0),
    Assumption("eversion.everter_arm_m", 0.015, 0.03),
    Assumption("eversion.inverter_arm_m", 0.003, 0.012),
    Assumption("eversion.stiffness_Nm_per_deg", 0.15, 0.4),
    Assumption("eversion.time_constant_ms", 30, 120),
    Assumption("gait.amplitude", 0.65, 0.85),
    Assumption("gait.stance_percent", 62, 68),
    Assumption("gait.lift_deficit_mm", 0, 15),
    Assumption("gait.push_off_plantarflexion_deg", 15, 45),
    Assumption("gait.knee_loss_deg", 10, 30),
    Assumption("compensation.rate", 0.05, 0.4),
    Assumption("compensation.wanted_mm", 10, 16),
    Assumption("compensation.noise_mm", 0, 4),
)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one patient's walks came to; medians over settled strides.

    Attributes
    ----------
    compensation_without_mm, compensation_mm : float
        Without stimulation, and with it.
    clearance_mm, eversion_deg, fall_deg_per_s, push_off_percent : float
        With stimulation.
    peak_gain_deg, contact_gain_deg : float
        Of the ankle, with stimulation against without.
    """

    compensation_without_mm: float
    compensation_mm: float
    clearance_mm: float
    peak_gain_deg: float
    contact_gain_deg: float
    push_off_percent: float
    fall_deg_per_s: float
    eversion_deg: float

    def less(self, other: "Outcomes") -> "Outcomes":
        """Return the differences to other outcomes."""
        return Outcomes(
            *(getattr(self, name) - getattr(other, name) for name in Outcomes.__slots__)
        )


def outcomes(sets: Sequence[str] = ()) -> Outcomes:
    """Return what the moderate patient's walks come to under changed settings.

    Parameters
    ----------
    sets : sequence of str
        ``PATH=VALUE``.
    """
    config = load_scenario("moderate_stroke", {}, sets).walk
    treated, untreated = (
        _settled(replace(config, evaluation=evaluation)) for evaluation in (False, True)
    )

    def of(swings: list[Swing], field: str) -> float:
        return median(float(getattr(swing, field)) for swing in swings)

    def gain(field: str) -> float:
        return of(treated, field) - of(untreated, field)

    return Outcomes(
        compensation_without_mm=of(untreated, "compensation_mm"),
        compensation_mm=of(treated, "compensation_mm"),
        clearance_mm=of(treated, "clearance_mm"),
        peak_gain_deg=gain("peak_dorsiflexion_deg"),
        contact_gain_deg=gain("ankle_at_contact_deg"),
        push_off_percent=of(treated, "lost_push_off_percent"),
        fall_deg_per_s=of(treated, "fall_deg_per_s"),
        eversion_deg=of(treated, "eversion_at_contact_deg"),
    )


def _settled(config: WalkConfig) -> list[Swing]:
    walk = simulate(config).walk
    return walk.settled(walk.legs[0])


def sensitivity(workers: int = 1) -> Iterator[tuple[Assumption | None, Outcomes, Outcomes]]:
    """Yield each assumption with what its two ends change; first nothing and the outcomes.

    Parameters
    ----------
    workers : int
        Processes.

    Yields
    ------
    tuple
        The assumption, and the differences at its low and its high end. For the first: ``None``
        and the outcomes themselves, twice.
    """
    sets = [()] + [
        (f"{LEG}{assumption.path}={value:g}",)
        for assumption in ASSUMPTIONS
        for value in (assumption.low, assumption.high)
    ]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(outcomes, sets))
    base = found[0]
    yield None, base, base
    for index, assumption in enumerate(ASSUMPTIONS):
        low, high = found[1 + 2 * index : 3 + 2 * index]
        yield assumption, low.less(base), high.less(base)
