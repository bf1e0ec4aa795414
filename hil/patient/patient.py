"""The patient as the bench sees one: legs to stimulate and advance, sensors to read."""

from collections.abc import Sequence

from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, LEFT, RIGHT, Sample
from hil.patient.config import OrthosisConfig, PatientConfig
from hil.patient.leg import PatientLeg
from hil.patient.plan import Plan, SegmentConfig
from hil.patient.sensors import Dropout, FootImu, HeelSwitch
from hil.streams import stream


class SensorHub:
    """The sensors that one leg wears, read together and sent as one packet.

    Parameters
    ----------
    leg : PatientLeg
        Who wears them.
    seed : int
        Of the walk; every sensor draws from its own stream.
    read_by_detector : tuple of str
        The sensor kinds to wear where the configuration names none.

    Attributes
    ----------
    dropout : Dropout
        What can be made to go wrong with them.
    """

    __slots__ = (
        "_base_us",
        "_imu",
        "_jitter_us",
        "_last_us",
        "_leg",
        "_measured_us",
        "_period_us",
        "_random",
        "_switch",
        "dropout",
    )

    def __init__(self, leg: PatientLeg, seed: int, read_by_detector: tuple[str, ...]) -> None:
        config = leg.config.sensors
        name = leg.config.side
        worn: tuple[str, ...] = config.worn or read_by_detector
        self._leg = leg
        self._switch: HeelSwitch | None = None
        self._imu: FootImu | None = None
        if HEEL_SWITCH in worn:
            self._switch = HeelSwitch(leg, config, stream(seed, f"{name}.heel_switch"))
        if FOOT_IMU in worn:
            self._imu = FootImu(leg, config, stream(seed, f"{name}.foot_imu"))
        self._random = stream(seed, f"{name}.arrival")
        self._period_us: int = round(1e6 / config.rate_hz)
        self._base_us: int = max(1, round(config.latency_ms * 1000.0))
        self._jitter_us: float = config.latency_jitter_ms * 1000.0
        self._measured_us: int = 0
        self._last_us: int = 0
        self.dropout = Dropout()

    def next_arrival_us(self) -> int:
        """Go on to the next reading; return when its packet arrives, never before the last."""
        self._measured_us += self._period_us
        due_us = self._measured_us + self._base_us + int(self._random.random() * self._jitter_us)
        if due_us > self._last_us:
            self._last_us = due_us
        return self._last_us

    def read(self) -> tuple[Sample, ...]:
        """Return the packet that arrives now; nothing where it is lost.

        The leg is advanced to the instant of measurement, which has passed. That is soon enough:
        a pulse needs longer to reach the muscle than a packet to arrive, and one that is given
        in between is taken in its turn whenever the leg goes on.
        """
        t_us = self._measured_us
        self._leg.advance_to(t_us)
        if self.dropout.loses(t_us):
            return ()
        if self._imu is None:
            return () if self._switch is None else (self._switch.read(t_us, self._last_us),)
        imu = self._imu.read(t_us, self._last_us)
        if self._switch is None:
            return (imu,)
        return self._switch.read(t_us, self._last_us), imu


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

    Attributes
    ----------
    legs : list of PatientLeg
        The legs with drop foot.
    hubs : list of SensorHub
        Their sensors, in the same order.
    """

    __slots__ = ("hubs", "legs")

    def __init__(
        self,
        config: PatientConfig,
        seed: int,
        way: Sequence[SegmentConfig],
        read_by_detector: tuple[str, ...] = (HEEL_SWITCH, FOOT_IMU),
        orthosis: OrthosisConfig = OrthosisConfig(),  # noqa: B008 - immutable
    ) -> None:
        self.legs: list[PatientLeg] = []
        for index, leg in enumerate(config.leg):
            side = LEFT if leg.side == "left" else RIGHT
            random = stream(seed, f"{leg.side}.strides")
            # The other leg takes its first step half a stride later.
            delay_ms = round(index * config.stride_s * 500.0)
            self.legs.append(PatientLeg(config, leg, random, Plan(way), side, delay_ms, orthosis))
        self.hubs: list[SensorHub] = [SensorHub(leg, seed, read_by_detector) for leg in self.legs]
