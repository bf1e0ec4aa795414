"""The patient as the bench sees one: legs to stimulate and advance, sensors to read."""

from collections.abc import Sequence

from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, LEFT, RIGHT
from hil.patient.bad_strides import BadStrides, BadStridesConfig
from hil.patient.config import OrthosisConfig, PatientConfig
from hil.patient.leg import PatientLeg
from hil.patient.pace import Pace, Steps
from hil.patient.plan import Plan
from hil.patient.sensors.hub import SensorHub
from hil.patient.way import SegmentConfig
from hil.streams import stream


class VirtualPatient:
    """A patient on the way that a scenario gives.

    Parameters
    ----------
    config : PatientConfig
        Who.
    seed : int
        Of the walk; every part draws from its own stream.
    way : sequence of SegmentConfig
        Where the patient goes.
    read_by_detector : tuple of str
        The sensor kinds that legs wear where their configuration names none.
    orthosis : OrthosisConfig
        What every affected leg wears.
    bad : BadStridesConfig
        Strides that go astray.

    Attributes
    ----------
    legs : list of PatientLeg
        The legs with drop foot.
    other : PatientLeg or None
        The leg that only wears sensors, where one does.
    hubs : list of SensorHub
        The sensors of the legs, in the same order; then those of the other one.
    """

    __slots__ = ("hubs", "legs", "other")

    def __init__(
        self,
        config: PatientConfig,
        seed: int,
        way: Sequence[SegmentConfig],
        read_by_detector: tuple[str, ...] = (HEEL_SWITCH, FOOT_IMU),
        orthosis: OrthosisConfig = OrthosisConfig(),
        bad: BadStridesConfig = BadStridesConfig(),
    ) -> None:
        self.legs: list[PatientLeg] = []
        astray = BadStrides(bad, len(config.leg), stream(seed, "bad_strides"))
        pace = Pace(config, Plan(way), stream(seed, "pace"), astray)
        self.other: PatientLeg | None = None
        only_sensed = config.other
        walking = config.leg if only_sensed is None else (*config.leg, only_sensed)
        for index, leg in enumerate(walking):
            side = LEFT if leg.side == "left" else RIGHT
            steps = Steps(pace, config, index, stream(seed, f"{leg.side}.steps"))
            random = stream(seed, f"{leg.side}.leg")
            if leg is only_sensed:
                self.other = PatientLeg(config, leg, random, steps, side)
            else:
                self.legs.append(PatientLeg(config, leg, random, steps, side, orthosis))
        self.hubs: list[SensorHub] = [
            SensorHub(leg, seed, read_by_detector, bad) for leg in self.walking
        ]

    @property
    def walking(self) -> list[PatientLeg]:
        """Every leg that is simulated: those with drop foot, then the one that only senses."""
        return self.legs if self.other is None else [*self.legs, self.other]
