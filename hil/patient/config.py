"""What one patient is, as data: every number with its source, or marked as an assumption."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen

from hil.patient.muscle.config import MuscleConfig
from hil.patient.sensors.config import SensorConfig

OrthosisKind = Literal["none", "rigid", "hinged", "carbon"]


@dataclass(frozen=True, slots=True)
class ElectrodeConfig:
    """Where the electrode lies over the common peroneal nerve, and what it reaches from there.

    The deep branch dorsiflexes (and inverts a little), the superficial one everts. Over-inversion
    or over-eversion is why clinicians move electrodes. Currents hold at 300 us.

    Attributes
    ----------
    position_mm : float
        From the usual spot; positive is backwards, to the superficial branch.
    sensory_mA, motor_mA, tolerated_mA : float
        The patient feels it, the dorsiflexors begin to answer, and he wants no more. The motor
        threshold is that of the usual spot. Assumptions, as in ``configs/setups``.
    everter_motor_mA : float
        Where the everters begin to answer at the usual spot. Assumption.
    reach_mm : float
        The thresholds of the two branches rise and fall by e over so many millimetres.
        Assumption.
    chronaxie_us : float
        Strength-duration time constant; 100 to 400 us are reported. Assumption within that.
    impedance_ohm : float
        Electrode and skin; with the device's voltage it bounds the current.
    """

    position_mm: Annotated[float, Ge(-40), Le(40)] = 0.0
    sensory_mA: Annotated[float, Gt(0), Le(100)] = 10.0
    motor_mA: Annotated[float, Gt(0), Le(100)] = 18.0
    tolerated_mA: Annotated[float, Gt(0), Le(100)] = 60.0
    everter_motor_mA: Annotated[float, Gt(0), Le(150)] = 22.0
    reach_mm: Annotated[float, Ge(10), Le(200)] = 40.0
    chronaxie_us: Annotated[float, Ge(50), Le(1000)] = 200.0
    impedance_ohm: Annotated[float, Ge(100), Le(20_000)] = 1000.0

    def __post_init__(self) -> None:
        """Refuse a muscle that answers only where the patient wants no more."""
        if self.motor_mA >= self.tolerated_mA:
            message = (
                f"motor_mA {self.motor_mA:g} must lie below tolerated_mA {self.tolerated_mA:g}"
            )
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class AnkleConfig:
    """One foot about one ankle; lengths and masses scale with the patient.

    Attributes
    ----------
    foot_mass_fraction : float
        Of body mass: Winter/Dempster 0.0145.
    com_forward_fraction : float
        Centre of mass ahead of the ankle, of body height: 0.0768 m at 1.80 m (gait2d constants).
    gyration_fraction : float
        Radius of gyration about the ankle, of body height: 0.690 of the line from malleolus to
        second metatarsal (Winter), taken as 0.13 m at 1.80 m.
    shoe_kg : float
        A shoe, its mass taken at 1.2 times the foot's centre of mass. Assumption.
    damping_Nms_per_rad : float
        Viscous damping of an adult of 75 kg; published values run from 0.1 to 0.8. Assumption.
        Scales with mass times height squared.
    calf_scale : float
        Scales the passive calf: 1 healthy; 1.5 matches Chung 2004 for spastic calves.
    arm_m, optimum_m, width, v_max_m_per_s, fv_short, fv_long, fv_gain : float
        Moment arm and the length and velocity factors of the dorsiflexors (the set used with
        Benoussaad's drop-foot model).
    rocker_Nm_per_kg : float
        Peak of the plantarflexing moment of the ground after heel contact; measured 0.18.
    rocker_damping_Nms_per_rad : float
        What heel pad and shoe take from the foot's fall onto the sole; scales as the damping.
        Assumption; the 1.2 Nms/rad measured at 7 % of stance (Ficanha et al., J Med Devices 2018)
        are those of able ankles with their muscles at work, which this does not contain.
    """

    foot_mass_fraction: Annotated[float, Ge(0.008), Le(0.1)] = 0.0145
    com_forward_fraction: Annotated[float, Ge(0.01), Le(0.2)] = 0.0427
    gyration_fraction: Annotated[float, Ge(0.02), Le(0.2)] = 0.0498
    shoe_kg: Annotated[float, Ge(0), Le(3)] = 0.35
    damping_Nms_per_rad: Annotated[float, Ge(0.1), Le(5)] = 0.4
    calf_scale: Annotated[float, Ge(0.2), Le(5)] = 1.0
    arm_m: Annotated[float, Ge(0.01), Le(0.2)] = 0.037
    optimum_m: Annotated[float, Gt(0), Le(0.5)] = 0.098
    width: Annotated[float, Gt(0), Le(3)] = 0.56
    v_max_m_per_s: Annotated[float, Gt(0), Le(5)] = 0.9
    fv_short: Annotated[float, Gt(0), Le(2)] = 0.18
    fv_long: Annotated[float, Gt(0), Le(2)] = 0.023
    fv_gain: Annotated[float, Ge(1), Le(2)] = 1.33
    rocker_Nm_per_kg: Annotated[float, Ge(0), Le(1)] = 0.18
    rocker_damping_Nms_per_rad: Annotated[float, Ge(0), Le(10)] = 0.1


@dataclass(frozen=True, slots=True)
class ReflexConfig:
    """The stretch reflex of the calf: velocity beyond a threshold, delayed, then filtered.

    Attributes
    ----------
    gain_Nms_per_rad : float
        0 is none. Galiana 2005: raised in 4 of 11 ankles after stroke.
    threshold_deg_per_s : float
        Stretch slower than this brings nothing. Assumption.
    delay_ms, rise_ms : float
        Of the reflex arc, and of the muscle's answer.
    per_deg : float
        The gain grows by this share for each degree of dorsiflexion (Galiana 2005: direction)
        and is at least 0. Size: assumption.
    """

    gain_Nms_per_rad: Annotated[float, Ge(0), Le(10)] = 0.0
    threshold_deg_per_s: Annotated[float, Ge(0), Le(1000)] = 60.0
    delay_ms: Annotated[float, Ge(1), Le(120)] = 40.0
    rise_ms: Annotated[float, Ge(10), Le(500)] = 50.0
    per_deg: Annotated[float, Ge(0), Le(0.2)] = 0.04


@dataclass(frozen=True, slots=True)
class VoluntaryConfig:
    """What the patient still does with the dorsiflexors himself, in pre-swing, swing and loading.

    Attributes
    ----------
    drive : float
        Share of the muscle, 0 none to 1; stimulation reaches the rest of it.
    before_toe_off_ms, after_contact_ms : float
        When it begins and ends. Normal tibialis anterior is active from late pre-swing to the
        end of loading.
    before_contact_ms : float
        The drive of loading begins so long before contact: in able walkers tibialis anterior is
        active again in terminal swing (Di Nardo et al., Medicon 2013). 0 waits for the contact.
    loading : float
        Drive at contact against that in swing; both together at most the whole muscle. Tibialis
        anterior peaks in loading, at two to three times its level in swing. Size: assumption.
    rise_ms, fall_ms : float
        Activation and deactivation: 15 and 60 ms (OpenSim's DeGroote-Fregly muscle).
    """

    drive: Annotated[float, Ge(0), Le(1)] = 0.0
    before_toe_off_ms: Annotated[float, Ge(0), Le(500)] = 60.0
    before_contact_ms: Annotated[float, Ge(0), Le(200)] = 0.0
    after_contact_ms: Annotated[float, Ge(0), Le(500)] = 90.0
    loading: Annotated[float, Ge(0), Le(10)] = 2.0
    rise_ms: Annotated[float, Gt(0), Le(500)] = 15.0
    fall_ms: Annotated[float, Gt(0), Le(500)] = 60.0


@dataclass(frozen=True, slots=True)
class EversionConfig:
    """The second angle: what turns the foot out and in.

    Attributes
    ----------
    rest_deg : float
        Where the foot hangs; negative is inverted. Assumption.
    everter_arm_m, inverter_arm_m : float
        Of the everters, and of the dorsiflexors' inversion. Assumptions.
    stiffness_Nm_per_deg, time_constant_ms : float
        Passive. Assumptions.
    """

    rest_deg: Annotated[float, Ge(-40), Le(40)] = -5.0
    everter_arm_m: Annotated[float, Ge(0), Le(0.1)] = 0.020
    inverter_arm_m: Annotated[float, Ge(0), Le(0.1)] = 0.006
    stiffness_Nm_per_deg: Annotated[float, Ge(0.05), Le(10)] = 0.25
    time_constant_ms: Annotated[float, Gt(1), Le(1000)] = 60.0


@dataclass(frozen=True, slots=True)
class OrthosisConfig:
    """An ankle-foot orthosis: what it is made of where it is worn.

    Attributes
    ----------
    kind : str
        ``rigid`` holds the ankle both ways, ``hinged`` stops plantarflexion only, ``carbon``
        is a softer spring both ways that gives back what it stored.
    stiffness_Nm_per_deg : float or None
        None: 5 rigid, 3 hinged (at its stop), 1 carbon. Measured orthoses lie between 0.02 and
        8 Nm/deg (Totah et al., Gait Posture 69:101, 2019: range from memory). Assumption.
    neutral_deg : float
        Ankle angle that it holds or stops at.
    mass_kg : float
        Added to the foot at its centre of mass. Assumption.
    """

    kind: OrthosisKind = "none"
    stiffness_Nm_per_deg: Annotated[float, Gt(0), Le(50)] | None = None
    neutral_deg: Annotated[float, Ge(-20), Le(20)] = 0.0
    mass_kg: Annotated[float, Ge(0), Le(3)] = 0.2


@dataclass(frozen=True, slots=True)
class CompensationConfig:
    """Hip hike and circumduction, which follow the clearance that the patient gets.

    ``hike[n+1] = clip(hike[n] + rate * (wanted - clearance[n]), 0, max)``, and chance. Without
    stimulation or orthosis patients clear 12.7 +- 4.7 mm, with an orthosis 13.9 +- 6.2 (Cruz and
    Dhaher 2009); what aid buys is less compensation.

    Attributes
    ----------
    max_mm : float
        0 is a patient who does not compensate.
    wanted_mm : float
        Clearance that he steers for.
    rate : float
        Share of an error made good in a stride. Assumption.
    noise_mm : float
        Standard deviation of the height from stride to stride, whether he compensates or not:
        one walker's clearance varies by a few millimetres. Size: assumption.
    habit_mm : float
        With what he sets out.
    circumduction_share : float
        Share of the height that is won by swinging the leg out instead of hiking the hip.
        Assumption.
    """

    max_mm: Annotated[float, Ge(0), Le(200)] = 0.0
    wanted_mm: Annotated[float, Ge(0), Le(100)] = 13.0
    rate: Annotated[float, Ge(0), Le(1)] = 0.15
    noise_mm: Annotated[float, Ge(0), Le(30)] = 0.0
    habit_mm: Annotated[float, Ge(0), Le(200)] = 0.0
    circumduction_share: Annotated[float, Ge(0), Le(1)] = 0.4


@dataclass(frozen=True, slots=True)
class GaitConfig:
    """How one leg is swung through; the ankle is not part of it.

    Attributes
    ----------
    stance_percent : float
        Of the stride; 60.9 in the table, 66 +- 3 in slow able walking, 68 +- 5 after stroke.
    amplitude : float
        Excursions of shank and foot against the table's (a walker at 1.43 m/s).
    lift_deficit_mm : float
        Hip and knee bring the foot so much less high in mid-swing: low clearance comes from them
        as much as from the ankle (Little et al., 2014).
    push_off_plantarflexion_deg : float
        Ankle range that a whole lost push-off would take away at toe-off; with it goes
        ``knee_loss_deg`` of swing knee flexion (Kesar 2009: direction). Sizes: assumptions.
    """

    stance_percent: Annotated[float, Ge(52), Le(78)] = 60.9
    amplitude: Annotated[float, Ge(0.4), Le(1.5)] = 1.0
    lift_deficit_mm: Annotated[float, Ge(-50), Le(100)] = 0.0
    push_off_plantarflexion_deg: Annotated[float, Ge(0), Le(60)] = 30.0
    knee_loss_deg: Annotated[float, Ge(0), Le(60)] = 20.0


@dataclass(frozen=True, slots=True)
class LegConfig:
    """One affected leg."""

    side: Literal["left", "right"] = "right"
    channel: Annotated[int, Ge(0), Le(7)] = 0
    gait: GaitConfig = GaitConfig()
    electrode: ElectrodeConfig = ElectrodeConfig()
    muscle: MuscleConfig = MuscleConfig()
    ankle: AnkleConfig = AnkleConfig()
    reflex: ReflexConfig = ReflexConfig()
    voluntary: VoluntaryConfig = VoluntaryConfig()
    eversion: EversionConfig = EversionConfig()
    compensation: CompensationConfig = CompensationConfig()
    sensors: SensorConfig = SensorConfig()


@dataclass(frozen=True, slots=True)
class OtherLegConfig:
    """The other leg of a patient with one affected: it is not stimulated.

    Attributes
    ----------
    sensed : bool
        It wears sensors; otherwise nothing asks for it, and it is not simulated.
    gait, voluntary
        As for the affected one; those of the able walker (``configs/patients/healthy.toml``).
    sensors : SensorConfig
        Those that it wears; by default those that the detector reads.
    """

    sensed: bool = False
    gait: GaitConfig = GaitConfig(stance_percent=64)
    voluntary: VoluntaryConfig = VoluntaryConfig(drive=0.2, before_contact_ms=50, loading=3)
    sensors: SensorConfig = SensorConfig()


@dataclass(frozen=True, slots=True)
class PatientConfig:
    """One patient.

    Attributes
    ----------
    name : str
        For people to read.
    note : str
        What whoever walks this patient has to know; printed with the result.
    height_m, mass_kg : float
        Of the body; foot and leg scale with them.
    stride_s, stride_cv_percent : float
        Stride time and its variation from stride to stride.
    step_percent : float
        Where two legs are affected or sensed: the second one's contact, after this share of the
        first one's stride. 50 is even; hemiparetic steps are not.
    leg : tuple of LegConfig
        The legs with drop foot.
    other_leg : OtherLegConfig
        The one without, where one is affected.
    """

    name: str = "flaccid drop foot"
    note: str = ""
    height_m: Annotated[float, Ge(0.8), Le(2.3)] = 1.75
    mass_kg: Annotated[float, Ge(10), Le(250)] = 75.0
    stride_s: Annotated[float, Ge(0.6), Le(4)] = 1.1
    stride_cv_percent: Annotated[float, Ge(0), Le(20)] = 2.0
    step_percent: Annotated[float, Ge(30), Le(70)] = 50.0
    leg: Annotated[tuple[LegConfig, ...], MinLen(1)] = (LegConfig(),)
    other_leg: OtherLegConfig = OtherLegConfig()

    def __post_init__(self) -> None:
        """Refuse two legs of one side, or on one channel: each gets bursts of its own."""
        sides = [leg.side for leg in self.leg]
        for side in sides:
            if sides.count(side) > 1:
                message = f"{sides.count(side)} legs are {side}; give each side once"
                raise ValueError(message)
        channels = [leg.channel for leg in self.leg]
        if len(set(channels)) < len(channels):
            message = f"legs share channel {channels[0]}; give each a channel of its own"
            raise ValueError(message)
        if self.other_leg.sensed and len(self.leg) > 1:
            message = "other_leg.sensed: both legs are affected, and sensed as they are; leave out"
            raise ValueError(message)

    @property
    def other(self) -> LegConfig | None:
        """The leg that only senses, where one does."""
        other = self.other_leg
        if not other.sensed:
            return None
        affected = self.leg[0]
        return LegConfig(
            side="left" if affected.side == "right" else "right",
            # Nothing is ever given on it; an output of its own shows if anything is.
            channel=(affected.channel + 4) % 8,
            gait=other.gait,
            voluntary=other.voluntary,
            eversion=EversionConfig(rest_deg=0),
            compensation=CompensationConfig(noise_mm=3),
            sensors=other.sensors,
        )
