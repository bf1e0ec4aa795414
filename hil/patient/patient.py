"""The patient as the bench sees one: legs to stimulate and advance, sensors to read."""

from fes_ctrl.model import LEFT, RIGHT, Sample
from hil.patient.config import PatientConfig
from hil.patient.leg import PatientLeg
from hil.patient.sensors import Dropout, FootImu, HeelSwitch
from hil.streams import stream


class SensorHub:
    """The sensors of one leg, read together at one rate.

    Attributes
    ----------
    period_us : int
        Between two readings.
    dropout : Dropout
        What can be made to go wrong with them.
    """

    __slots__ = ("_imu", "_leg", "_switch", "dropout", "period_us")

    def __init__(self, leg: PatientLeg, seed: int) -> None:
        config = leg.config.sensors
        name = leg.config.side
        self._leg = leg
        self._switch = HeelSwitch(leg, config, stream(seed, f"{name}.heel_switch"))
        self._imu = FootImu(leg, config, stream(seed, f"{name}.foot_imu"))
        self.period_us: int = round(1e6 / config.rate_hz)
        self.dropout = Dropout()

    def read(self, t_us: int) -> tuple[Sample, ...]:
        """Advance the leg to now and read its sensors; nothing where the readings are lost."""
        self._leg.advance_to(t_us)
        if self.dropout.loses(t_us):
            return ()
        return self._switch.read(t_us), self._imu.read(t_us)


class VirtualPatient:
    """A patient who stands, and then walks.

    Parameters
    ----------
    config : PatientConfig
        Who.
    seed : int
        Of the walk; every part draws from its own stream.
    standing_s : float
        Quiet standing before the first step.

    Attributes
    ----------
    legs : list of PatientLeg
        The legs with drop foot.
    hubs : list of SensorHub
        Their sensors, in the same order.
    """

    __slots__ = ("hubs", "legs")

    def __init__(self, config: PatientConfig, seed: int, standing_s: float) -> None:
        self.legs: list[PatientLeg] = []
        for leg in config.leg:
            side = LEFT if leg.side == "left" else RIGHT
            random = stream(seed, f"{leg.side}.strides")
            self.legs.append(PatientLeg(config, leg, random, standing_s, side))
        self.hubs: list[SensorHub] = [SensorHub(leg, seed) for leg in self.legs]
