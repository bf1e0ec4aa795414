"""The sensors that one leg wears, and what they read of it at one instant."""

from typing import Final

from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    SHANK_IMU,
    Sample,
)
from hil.patient.leg import PatientLeg
from hil.patient.sensors.contact import ForceSensor, LoadSwitch
from hil.patient.sensors.imu import Imu
from hil.patient.sensors.injected import Injected
from hil.patient.sensors.tremor import Tremor
from hil.streams import stream

INSTEP_M: Final = (0.06, 0.02)
"""Where the foot's IMU sits, ahead of and above the ankle. Assumption."""

SHIN_M: Final = 0.05
"""How far the shank's IMU sits ahead of the line from ankle to knee. Assumption."""

MID_SHANK: Final = 0.5
"""How high it sits, of the shank's length."""


INSTEAD: Final = {HEEL_FORCE: HEEL_SWITCH, SHANK_IMU: FOOT_IMU}
"""What is not worn where the other is, unless it is asked for."""


def worn_by_default(read_by_detector: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a leg wears of the sensor kinds that its detector reads.

    Of a heel switch and a heel force any one will do: the switch is taken. So is the foot's IMU
    of those on foot and shank.
    """
    return tuple([kind for kind in read_by_detector if INSTEAD.get(kind) not in read_by_detector])


class WornSensors:
    """Up to one sensor of each kind.

    Parameters
    ----------
    leg : PatientLeg
        Who wears them.
    seed : int
        Of the walk; every sensor draws from its own stream.
    worn : tuple of str
        Their kinds.
    period_s : float
        From one reading to the next.
    stuck : list of Injected
        When the heel switch is stuck; may grow.
    """

    __slots__ = (
        "_foot_imu",
        "_fore_force",
        "_fore_switch",
        "_heel_force",
        "_heel_switch",
        "_leg",
        "_shank_imu",
        "_tremor",
    )

    def __init__(
        self,
        leg: PatientLeg,
        seed: int,
        worn: tuple[str, ...],
        period_s: float,
        stuck: list[Injected],
    ) -> None:
        config = leg.config.sensors
        name = leg.config.side
        side = leg.leg
        self._leg = leg
        self._heel_switch: LoadSwitch | None = None
        self._fore_switch: LoadSwitch | None = None
        self._heel_force: ForceSensor | None = None
        self._fore_force: ForceSensor | None = None
        self._foot_imu: Imu | None = None
        self._shank_imu: Imu | None = None
        self._tremor: Tremor | None = None
        if HEEL_SWITCH in worn:
            random = stream(seed, f"{name}.heel_switch")
            self._heel_switch = LoadSwitch(HEEL_SWITCH, side, config.heel_switch, random, stuck)
        if FOREFOOT_SWITCH in worn:
            random = stream(seed, f"{name}.forefoot_switch")
            self._fore_switch = LoadSwitch(
                FOREFOOT_SWITCH, side, config.forefoot_switch, random, []
            )
        if HEEL_FORCE in worn:
            self._heel_force = ForceSensor(HEEL_FORCE, side, config.heel_force)
        if FORE_FORCE in worn:
            self._fore_force = ForceSensor(FORE_FORCE, side, config.fore_force)
        if FOOT_IMU in worn:
            random = stream(seed, f"{name}.foot_imu")
            self._foot_imu = Imu(FOOT_IMU, side, INSTEP_M, config.foot_imu, random)
        if SHANK_IMU in worn:
            random = stream(seed, f"{name}.shank_imu")
            place_m = (SHIN_M, MID_SHANK * leg.shank_length_m)
            self._shank_imu = Imu(SHANK_IMU, side, place_m, config.shank_imu, random)
        if config.tremor_deg_per_s > 0.0 and (FOOT_IMU in worn or SHANK_IMU in worn):
            random = stream(seed, f"{name}.tremor")
            self._tremor = Tremor(config.tremor_deg_per_s, period_s, random)

    def measure(
        self, t_us: int, arrive_us: int, *, heel_lifted: bool = False
    ) -> tuple[Sample, ...]:
        """Return a reading of every sensor; the leg has been advanced to ``t_us``.

        Parameters
        ----------
        t_us, arrive_us : int
            When it is measured and when it arrives.
        heel_lifted : bool
            The heel's own sensors feel no load, whatever bears on the foot.
        """
        leg = self._leg
        heel_N, fore_N = leg.loads()
        if heel_lifted:
            heel_N = 0.0
        found: list[Sample] = []
        if self._heel_switch is not None:
            found.append(self._heel_switch.read(t_us, arrive_us, heel_N))
        if self._fore_switch is not None:
            found.append(self._fore_switch.read(t_us, arrive_us, fore_N))
        if self._heel_force is not None:
            found.append(self._heel_force.read(t_us, arrive_us, heel_N))
        if self._fore_force is not None:
            found.append(self._fore_force.read(t_us, arrive_us, fore_N))
        if self._foot_imu is not None or self._shank_imu is not None:
            self._feel(t_us, arrive_us, found)
        return tuple(found)

    def _feel(self, t_us: int, arrive_us: int, found: list[Sample]) -> None:
        leg = self._leg
        tremor = self._tremor
        if tremor is not None:
            tremor.step()
            if not leg.standing_or_stance:
                tremor = None
        turn = leg.turn_rad_per_s()
        if self._foot_imu is not None:
            motion = leg.motion()
            if tremor is not None:
                motion = tremor.laid_over(motion)
            found.append(self._foot_imu.read(t_us, arrive_us, motion, turn, leg.foot_aside()))
        if self._shank_imu is not None:
            motion = leg.shank_motion()
            if tremor is not None:
                motion = tremor.laid_over(motion)
            found.append(self._shank_imu.read(t_us, arrive_us, motion, turn, leg.shank_aside()))
