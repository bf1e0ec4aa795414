"""What is known of one walk when it is over: the truth, what was decided, what was given.

Whoever ran the walk fills these in; ``summary`` turns them into figures.
"""

from dataclasses import dataclass, field

from fes_ctrl.model import (
    Adaptation,
    BurstEnd,
    BurstStart,
    Decision,
    Fault,
    GaitEvent,
    Setpoint,
)
from fes_ctrl.units import MicroAmp, Us


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """Something the foot really did."""

    kind: str
    t_us: Us


@dataclass(frozen=True, slots=True)
class Swing:
    """One swing of one leg, as it really was.

    Attributes
    ----------
    stride : int
        Number of the stride, from 1; the same everywhere.
    heel_off_us, toe_off_us, contact_us : int
        True instants.
    clearance_mm : float
        Least height of the toe in mid-swing; negative where the floor held the toe.
    ankle_at_contact_deg, peak_dorsiflexion_deg : float
        Dorsiflexion positive; the peak is that of the swing.
    slap : bool
        The forefoot slapped down after contact.
    lost_push_off_percent : float
        Share of the ankle's push-off work that stimulation took away.
    compensation_mm, circumduction_mm : float
        How much the leg was lifted besides, and how far it swung out for it.
    eversion_at_contact_deg : float
        Negative is inverted.
    foot_flat_ms : float
        From contact to the whole sole.
    fall_deg_per_s : float
        Fastest fall of the forefoot onto the sole after a heel-first contact; 0 after another.
    reflex_Nm : float
        Highest moment of the calf's stretch reflex in this swing.
    ankle_at_toe_off_deg, peak_knee_flexion_deg : float
        What push-off left behind; the knee's peak is that of the swing.
    speed_m_per_s : float
        Of the stride that ended with this swing.
    bad : str
        What went astray in this stride on purpose (``[bad_strides]``); empty where nothing did.
    """

    stride: int
    heel_off_us: Us
    toe_off_us: Us
    contact_us: Us
    clearance_mm: float
    ankle_at_contact_deg: float
    peak_dorsiflexion_deg: float
    slap: bool
    lost_push_off_percent: float
    compensation_mm: float = 0.0
    circumduction_mm: float = 0.0
    eversion_at_contact_deg: float = 0.0
    foot_flat_ms: float = 0.0
    fall_deg_per_s: float = 0.0
    reflex_Nm: float = 0.0
    ankle_at_toe_off_deg: float = 0.0
    peak_knee_flexion_deg: float = 0.0
    speed_m_per_s: float = 0.0
    bad: str = ""


@dataclass(slots=True)
class Burst:
    """One burst on one channel: its plan, its pulses, its end."""

    start: BurstStart
    setpoints: list[Setpoint] = field(default_factory=list)
    end: BurstEnd | None = None


@dataclass(slots=True)
class LegWalk:
    """Everything about one leg.

    ``charge_pc`` is the sum of its first phases, from where the walk's ``Charge`` is known;
    ``fitness`` is what fatigue has left of the dorsiflexors at the end, 1 when fresh; ``None``
    where nobody knows. ``adaptations`` are of a program that learns.
    """

    leg: int
    truth: list[TrueEvent] = field(default_factory=list)
    swings: list[Swing] = field(default_factory=list)
    detected: list[GaitEvent] = field(default_factory=list)
    bursts: list[Burst] = field(default_factory=list)
    setpoints: int = 0
    written_late_us: list[Us] = field(default_factory=list)
    pulses_us: list[Us] = field(default_factory=list)
    pulses_ua: list[MicroAmp] = field(default_factory=list)
    skipped: int = 0
    charge_pc: int = 0
    charge_per_phase_max_pc: int = 0
    fitness: float | None = None
    adaptations: list[Adaptation] = field(default_factory=list)


@dataclass(slots=True)
class Charge:
    """What reached the electrode, or what was commanded where that is not known."""

    per_phase_max_pc: int = 0
    total_pc: int = 0
    squared_max_ua2_us: float = 0.0
    electrode_area_cm2: float = 16.0
    source: str = "commanded"


@dataclass(slots=True)
class Walk:
    """One walk.

    Attributes
    ----------
    settled_from_us : int
        When the operator's last planned level was set; strides that begin before are warm-up.
    legs, sensing : list of LegWalk
        Those that are stimulated, and those that only sense.
    limiter : dict or None
        Of the limiter before the electrode, if one is fitted: ``reason``, ``t_s`` and ``channel``
        of its latch (``None`` while there is none), and how many pulses it ``blocked``.
    """

    duration_us: Us
    settled_from_us: Us
    legs: list[LegWalk]
    charge: Charge
    sensing: list[LegWalk] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    refusals: list[Decision] = field(default_factory=list)
    clips: list[Decision] = field(default_factory=list)
    violations: list[dict[str, object]] = field(default_factory=list)
    limiter: dict[str, object] | None = None
    unreached_injections: list[str] = field(default_factory=list)

    def settled(self, leg: LegWalk) -> list[Swing]:
        """Return a leg's swings after the warm-up: those that outcomes are stated of."""
        return [swing for swing in leg.swings if swing.heel_off_us >= self.settled_from_us]
