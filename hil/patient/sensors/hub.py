"""The sensors of one leg, read together and sent as one packet."""

from typing import NamedTuple

from fes_ctrl.model import Sample
from fes_ctrl.units import NEVER_US
from firmware_sim.injections import Acknowledgement
from hil.patient.bad_strides import BadStridesConfig
from hil.patient.leg import PatientLeg
from hil.patient.sensors.arrival import Packets
from hil.patient.sensors.injected import STUCK_CLOSED, STUCK_OPEN, Injected
from hil.patient.sensors.lying import LyingSensors
from hil.patient.sensors.troubled import TroubledSensors
from hil.patient.sensors.worn import WornSensors, worn_by_default
from hil.streams import stream


class TruthRow(NamedTuple):
    """What really was at one instant of measurement; no tremor."""

    t_us: int
    heel_load_N: float
    pitch_rad: float
    rate_rad_per_s: float


class SensorHub:
    """The sensors of one leg.

    Parameters
    ----------
    leg : PatientLeg
        Who wears them.
    seed : int
        Of the walk; every part draws from its own stream.
    read_by_detector : tuple of str
        The sensor kinds to wear where the configuration names none.
    bad : BadStridesConfig
        What goes wrong with them in strides that go astray.

    Attributes
    ----------
    keep_truth : bool
        Set it to have ``truth`` kept.
    truth : list of TruthRow
        A row for every instant of measurement, whether or not its packet arrives.
    """

    __slots__ = (
        "_injected",
        "_last",
        "_leg",
        "_lying",
        "_packets",
        "_stuck",
        "_troubled",
        "_worn",
        "keep_truth",
        "truth",
    )

    def __init__(
        self,
        leg: PatientLeg,
        seed: int,
        read_by_detector: tuple[str, ...],
        bad: BadStridesConfig = BadStridesConfig(),
    ) -> None:
        config = leg.config.sensors
        worn: tuple[str, ...] = config.worn or worn_by_default(read_by_detector)
        self.keep_truth: bool = False
        self.truth: list[TruthRow] = []
        self._leg = leg
        self._last: tuple[Sample, ...] = ()
        self._injected: list[Injected] = []
        self._lying = LyingSensors(stream(seed, f"{leg.config.side}.injections"))
        self._troubled: TroubledSensors | None = None
        if bad.percent > 0.0:
            random = stream(seed, f"{leg.config.side}.bad_strides")
            self._troubled = TroubledSensors(bad, leg, random)
        self._stuck: list[Injected] = []
        if config.heel_stuck != "no":
            how = STUCK_CLOSED if config.heel_stuck == "closed" else STUCK_OPEN
            self._stuck.append(Injected(how, round(config.stuck_from_s * 1e6), NEVER_US))
        self._packets = Packets(config.packets, seed, leg.config.side)
        period_s = self._packets.period_us * 1e-6
        self._worn = WornSensors(leg, seed, worn, period_s, self._stuck)

    def inject(self, name: str, from_us: int, to_us: int, amount: float = 0.0) -> None:
        """Make something go wrong with what is measured from one instant to another.

        Parameters
        ----------
        name : str
            A row of ``firmware_sim.injections`` that hits a sensor.
        from_us, to_us : int
            From when to when; the end is outside.
        amount : float
            How much, in the unit of its row.

        Raises
        ------
        ValueError
            If the sensors do not know the injection.
        """
        injected = Injected(name, from_us, to_us, amount)
        self._injected.append(injected)
        if name in {STUCK_OPEN, STUCK_CLOSED}:
            self._stuck.append(injected)
        else:
            self._lying.add(injected)

    def acknowledgements(self) -> list[Acknowledgement]:
        """Return which injections have had an effect on this leg, and when."""
        known = [injected.acknowledgement() for injected in self._injected]
        return [acknowledgement for acknowledgement in known if acknowledgement is not None]

    def next_arrival_us(self) -> int:
        """Go on to the next packet; return when it arrives, never before the last."""
        return self._packets.next_us()

    def read(self) -> tuple[Sample, ...]:
        """Return the packet that arrives now; nothing where it is lost.

        The leg is advanced to the instant of measurement, which has passed. That is soon enough:
        pulses keep their instants and are taken in their turn whenever the leg goes on. A reading
        that is lost was measured all the same, so that a loss changes nothing after it.
        """
        packets = self._packets
        arrive_us = packets.arrive_us
        if packets.again:
            return tuple([sample._replace(t_arrive_us=arrive_us) for sample in self._last])
        t_us = packets.measured_us
        leg = self._leg
        leg.advance_to(t_us)
        troubled = self._troubled
        lifted = troubled is not None and troubled.lifted(t_us)
        found = self._worn.measure(t_us, arrive_us, heel_lifted=lifted)
        if troubled is not None:
            found = troubled.pass_on(found, t_us, arrive_us)
        if self.keep_truth:
            motion = leg.motion()
            self.truth.append(TruthRow(t_us, leg.loads()[0], motion[0], motion[1]))
        self._last = self._lying.pass_on(() if packets.lost else found, t_us, arrive_us)
        return self._last
