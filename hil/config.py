"""Everything a walk depends on, as plain data that travels to other processes."""

from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge, Gt, Le

from fes_ctrl.assembly import ControlConfig
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.runtime.operator import OperatorConfig
from firmware_sim.injections import Injection
from hil.patient.bad_strides import BadStridesConfig
from hil.patient.config import OrthosisConfig, PatientConfig
from hil.patient.way import WAY, SegmentConfig


@dataclass(frozen=True, slots=True)
class CableConfig:
    """Terms of one cable.

    Attributes
    ----------
    byte_us : float
        Wire time of a byte. A P24 is a USB CDC device whose line rate is nominal; 10 bits at
        1 Mbit/s stand in for the bus.
    latency_us, jitter_us : int
        Least time from the end of a write to the arrival, and the most that is added at random.
        About what a pseudo-terminal and a USB full-speed frame take.
    loss, corruption : float
        Probability that a write is lost, or that one of its bits is flipped.
    """

    byte_us: Annotated[float, Gt(0), Le(10_000)] = 10.0
    latency_us: Annotated[int, Ge(1), Le(1_000_000)] = 300
    jitter_us: Annotated[int, Ge(0), Le(1_000_000)] = 700
    loss: Annotated[float, Ge(0), Le(1)] = 0.0
    corruption: Annotated[float, Ge(0), Le(1)] = 0.0


@dataclass(frozen=True, slots=True)
class LimiterConfig:
    """The second guard, between device and electrode.

    Its limits are those of the walk's limits file, which it reads by itself.

    Attributes
    ----------
    fitted : bool
        Whether there is one: without it a vendor's device is as the vendor made it.
    """

    fitted: bool = False


@dataclass(frozen=True, slots=True)
class WalkConfig:
    """Everything a walk depends on; picklable.

    Attributes
    ----------
    patient : PatientConfig
        Who walks.
    control : ControlConfig
        What the controller is made of.
    limits_file : str
        The file that the limits came from: witness and limiter read it by themselves.
    operator, cable, limiter
        The scripted operator, the terms of the cable, and the second guard.
    way : tuple of SegmentConfig
        Where the patient goes; the last part goes on to the end.
    duration_s : float
        The whole.
    bad_strides : BadStridesConfig
        Strides that go astray.
    orthosis : OrthosisConfig
        What every affected leg wears.
    evaluation : bool
        Sense and decide, never stimulate.
    inject : tuple of Injection
        What is made to go wrong, and when.
    trace : bool
        Keep the time series that pictures need.
    address : str
        Of a stimulator on the desk, on a dummy load; empty where the stimulator is simulated. What
        is commanded reaches the patient then, unless a probe tells what was given.
    dummy_load_ohm : float
        What it gives into; 0 where nobody said.
    probe : str
        Address of the probe across that load; empty where there is none.
    """

    patient: PatientConfig
    control: ControlConfig = ControlConfig()
    limits_file: str = ""
    operator: OperatorConfig = OperatorConfig()
    cable: CableConfig = CableConfig()
    limiter: LimiterConfig = LimiterConfig()
    seed: int = 1
    way: tuple[SegmentConfig, ...] = WAY
    duration_s: float = 60.0
    bad_strides: BadStridesConfig = BadStridesConfig()
    orthosis: OrthosisConfig = OrthosisConfig()
    evaluation: bool = False
    inject: tuple[Injection, ...] = ()
    trace: bool = False
    address: str = ""
    dummy_load_ohm: float = 0.0
    probe: str = ""

    @property
    def legs(self) -> tuple[int, ...]:
        """Those with drop foot, as in ``model.Sample``: sensed and stimulated."""
        return tuple([LEG_NAMES.index(leg.side) for leg in self.patient.leg])

    @property
    def sensed(self) -> tuple[int, ...]:
        """Those that wear sensors: those with drop foot, and the other one where it does."""
        other = self.patient.other
        return self.legs if other is None else (*self.legs, LEG_NAMES.index(other.side))


def treated(walk: WalkConfig, treatment: str) -> WalkConfig:
    """Return the same steps under another treatment.

    Parameters
    ----------
    walk : WalkConfig
        The walk to compare with.
    treatment : str
        ``evaluation``: no stimulation; ``orthosis``: that instead (a hinged one where the walk
        has none); ``both``: stimulation and orthosis.

    Raises
    ------
    ValueError
        If there is no such treatment.
    """
    brace = walk.orthosis
    if brace.kind == "none":
        brace = replace(brace, kind="hinged")
    match treatment:
        case "evaluation":
            return replace(walk, evaluation=True, trace=walk.trace)
        case "orthosis":
            return replace(walk, evaluation=True, orthosis=brace, trace=False)
        case "both":
            return replace(walk, evaluation=False, orthosis=brace, trace=False)
    message = f"treatment {treatment!r} is unknown: choose evaluation, orthosis or both"
    raise ValueError(message)
