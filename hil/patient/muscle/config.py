"""The numbers of a stimulated muscle, each with its source or marked as an assumption."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt


@dataclass(frozen=True, slots=True)
class Ding2003Config:
    """Calcium, force and fatigue, with recruitment by amplitude.

    Ding, Wexler, Binder-Macleod, J Electromyogr Kinesiol 13:575, 2003: fitted to quadriceps.
    ``a_rest_N_per_s`` 3009 and 3000.9 are both in print; ``tau2_s`` 0.060 and 0.100.

    Recruitment: Hmed et al., Comput Biol Med 101:218, 2018,
    ``gain * (tanh(slope * (I - half)) + offset)``, zero below 17.03 mA; currents are scaled so
    that this threshold falls on the electrode's own.
    """

    a_rest_N_per_s: Annotated[float, Gt(0), Le(10_000)] = 3009.0
    tau1_rest_s: Annotated[float, Gt(0), Le(1)] = 0.050957
    tau2_s: Annotated[float, Gt(0), Le(1)] = 0.060
    km_rest: Annotated[float, Gt(0), Le(2)] = 0.103
    tau_c_s: Annotated[float, Gt(0), Le(0.5)] = 0.020
    half_current_mA: Annotated[float, Gt(0), Le(200)] = 63.1
    recruitment_slope_per_mA: Annotated[float, Gt(0), Le(1)] = 0.026
    recruitment_gain: Annotated[float, Gt(0), Le(1)] = 0.586
    recruitment_offset: Annotated[float, Ge(0), Lt(1)] = 0.833


@dataclass(frozen=True, slots=True)
class Ding2007Config:
    """Calcium and force, with recruitment by pulse width.

    Ding, Chou, Kesar, Lee, Johnston, Wexler, Binder-Macleod, Muscle Nerve 36:214, 2007, as in
    cocofest: ``a_scale * (1 - exp(-(width - threshold) / constant))``, nothing below the
    threshold width; amplitude counts only as reaching the motor threshold or not.
    """

    a_scale_N_per_s: Annotated[float, Gt(0), Le(10_000)] = 4920.0
    threshold_us: Annotated[float, Ge(0), Le(500)] = 131.405
    constant_us: Annotated[float, Gt(0), Le(2000)] = 194.138
    tau_c_s: Annotated[float, Gt(0), Le(0.5)] = 0.011
    tau1_rest_s: Annotated[float, Gt(0), Le(1)] = 0.060601
    tau2_s: Annotated[float, Gt(0), Le(1)] = 0.001
    km_rest: Annotated[float, Gt(0), Le(2)] = 0.137


@dataclass(frozen=True, slots=True)
class VeltinkConfig:
    """The simpler muscle: linear recruitment, one pole, fatigue by use.

    Veltink et al., IEEE Trans Rehabil Eng 1992: recruitment rises linearly from threshold to
    saturation, activation follows in ``tau_s``. Fatigue: Riener and Fuhr 1998, towards
    ``fitness_min`` with use and back to 1 at rest. The rate of the pulses does not matter to it.

    Attributes
    ----------
    force_N : float
        Of the whole muscle: 315 N is the tetanus of the other model.
    saturation_per_threshold : float
        Current of full recruitment against the threshold: 60 mA against 20.
    hold_ms : float
        A pulse counts for so long; longer than any interval in a burst. Assumption.
    """

    force_N: Annotated[float, Gt(0), Le(5000)] = 315.0
    saturation_per_threshold: Annotated[float, Gt(1), Le(20)] = 3.0
    tau_s: Annotated[float, Gt(0), Le(2)] = 0.26
    hold_ms: Annotated[float, Gt(0), Le(500)] = 60.0
    fitness_min: Annotated[float, Ge(0), Le(1)] = 0.2
    tau_fatigue_s: Annotated[float, Ge(1), Le(3600)] = 30.0
    tau_recovery_s: Annotated[float, Ge(1), Le(3600)] = 50.0


@dataclass(frozen=True, slots=True)
class FatigueConfig:
    """How a Ding muscle tires and recovers.

    Ding 2003 states the three alphas and ``tau_s`` for stimulation over the muscle point: after
    three minutes of walking nothing is left but a third. ``scale`` scales the alphas: 1 muscle
    point, 0.1 common peroneal nerve (an estimate; loses 1 to 4 % in half an hour), and with a
    longer ``tau_s`` a loss that grows over ten to twenty minutes.
    """

    scale: Annotated[float, Ge(0), Le(10)] = 0.1
    tau_s: Annotated[float, Gt(0), Le(7200)] = 127.0
    alpha_a_per_s2: Annotated[float, Ge(-1), Le(0)] = -0.4
    alpha_km_per_s_N: Annotated[float, Ge(0), Le(0.001)] = 1.9e-5
    alpha_tau1_per_N: Annotated[float, Ge(0), Le(0.001)] = 2.1e-5


@dataclass(frozen=True, slots=True)
class MuscleConfig:
    """One muscle group under stimulation.

    Attributes
    ----------
    model : str
        ``ding2003``; ``ding2007`` where pulse width recruits; ``veltink``, the simpler one.
    strength : float
        Scales the moment: the size of the muscle.
    innervation : float
        Share of the motor units that the nerve still reaches: 1 after a stroke, 0 where the
        lower motor neuron is gone. Stimulation of a nerve reaches no other.
    moment_per_force_m : float
        Ankle moment per newton of the model's force: 315 N of tetanus give 20 Nm. Assumption:
        full recruitment of the dorsiflexors gives 15 to 20 Nm.
    delay_ms : float
        From pulse to calcium; with the rise of the force, evoked electromechanical delay is
        about 17 ms (17.2 +- 0.6 ms, knee extensors, electrically evoked).
    delay_growth : float
        The delay grows by this share of itself when half of the force is lost to fatigue (Merad
        et al., IEEE Trans Control Syst Technol 24:971, report growth). Assumption: 0.5.
    km_per_rad : float
        The calcium needed for half activation rises as the muscle shortens, so low rates give
        relatively more at long muscle (Mela, Veltink, Huijing 2001, dorsiflexors at 8 to 50 Hz:
        direction). Size: assumption.
    """

    model: Literal["ding2003", "ding2007", "veltink"] = "ding2003"
    strength: Annotated[float, Ge(0), Le(3)] = 1.0
    innervation: Annotated[float, Ge(0), Le(1)] = 1.0
    moment_per_force_m: Annotated[float, Gt(0), Le(0.3)] = 0.0635
    delay_ms: Annotated[float, Ge(1), Le(100)] = 10.0
    delay_growth: Annotated[float, Ge(0), Le(5)] = 0.5
    km_per_rad: Annotated[float, Ge(0), Le(1.5)] = 0.5
    ding2003: Ding2003Config = Ding2003Config()
    ding2007: Ding2007Config = Ding2007Config()
    veltink: VeltinkConfig = VeltinkConfig()
    fatigue: FatigueConfig = FatigueConfig()
