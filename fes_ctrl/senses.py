"""What comes in from the sensors of all legs: believed or not, fresh or not, and read for events.

Samples in; the events of the legs' detectors, and the faults of sensors that stay away, out. A
silence ends the burst that rests on it.
"""

from collections.abc import Callable

from fes_ctrl.authority import Authority
from fes_ctrl.leg import LegController
from fes_ctrl.model import LEG_NAMES, Fault, GaitEvent, Record, Sample
from fes_ctrl.safety.faults import BY_ID, CLEARED, LATCH, WARN
from fes_ctrl.safety.plausible import Plausibility
from fes_ctrl.units import Us


class Senses:
    """The sensors of all legs.

    Parameters
    ----------
    legs : list of LegController
        Whose.
    authorities : list of Authority
        Over their stimulators, as ``LegController.stimulator`` numbers them.
    max_age_us : int
        A sample that is older is none.
    event : callable
        Takes each event of a leg.
    cut : callable
        Ends the burst of a leg at an instant, for a reason.
    look : callable
        Lets every program plan anew at an instant.
    records : list
        Where to put what is to be remembered.
    """

    __slots__ = (
        "_authorities",
        "_cut",
        "_event",
        "_legs",
        "_look",
        "_max_age_us",
        "_plausibility",
        "_records",
    )

    def __init__(
        self,
        legs: list[LegController],
        authorities: list[Authority],
        max_age_us: Us,
        event: Callable[[LegController, GaitEvent], None],
        cut: Callable[[LegController, Us, str], None],
        look: Callable[[Us], None],
        records: list[Record],
    ) -> None:
        self._legs = legs
        self._authorities = authorities
        self._max_age_us = max_age_us
        self._event = event
        self._cut = cut
        self._look = look
        self._records = records
        self._plausibility = Plausibility()

    def take(self, now_us: Us, sample: Sample) -> None:
        """Take a sample: what cannot be believed counts as if it had not come."""
        if not self._plausibility.believes(sample, now_us):
            return
        for leg in self._legs:
            own = leg.leg == sample.leg
            if (own or leg.both_feet) and sample.sensor in leg.watched:
                # A backlog after a stall is no news of the present, nor is a reading from the
                # future: late data is no data, and data of unknown age is none either.
                t_us = sample.t_meas_us
                fresh = t_us <= sample.t_arrive_us and now_us - t_us < self._max_age_us
                if own and fresh:
                    for guard in leg.guards:
                        guard.sensor_seen(leg.leg, now_us)
                    if leg.roll.saw(sample.sensor, now_us):
                        detail = f"{sample.sensor}: fresh samples for 0.5 s"
                        self._records.append(Fault(now_us, "F05", CLEARED, leg.leg, detail))
                    if leg.monitor.saw(now_us):
                        self._tell(now_us, "F04", CLEARED, leg, "fresh samples for 0.5 s")
                        leg.roll.resume(now_us)
                for event in leg.detector.update(sample):
                    self._event(leg, event)
                remarks = leg.detector.remarks()
                if remarks:
                    self._records.extend(remarks)
            if own and leg.learning is not None:
                learnt = leg.learning.take(sample, leg.phase.activity)
                if learnt is not None:
                    self._records.append(learnt)
            if leg.readiness.awake and leg.readiness.update(sample):
                self._look(sample.t_arrive_us)

    def silent(self, leg: LegController, at_us: Us) -> None:
        """Take note that no fresh sample of a leg has come until its deadline."""
        fault = leg.monitor.expire(at_us)
        if not fault:
            return
        age_ms = (at_us - leg.monitor.last_us) / 1000
        row = BY_ID[fault]
        detail = f"no fresh sample for {age_ms:.0f} ms"
        doubt = self._plausibility.why.get(leg.leg)
        if doubt:
            detail = f"no believable sample for {age_ms:.0f} ms: {doubt}"
        self._tell(at_us, fault, row.reaction, leg, detail)
        if not leg.bears:
            # Nobody is held by it, and nobody has to let go of it.
            leg.monitor.clear()
        for other in leg.bears:
            self._cut(other, at_us, "sensor")
        leg.predictor.pause()
        leg.readiness.forget()
        self._look(at_us)
        if row.reaction == LATCH:
            for other in leg.bears:
                self._authorities[other.stimulator].hold(at_us, row)

    def _tell(self, at_us: Us, fault: str, reaction: str, leg: LegController, detail: str) -> None:
        """Tell of a leg's sensors as a whole, as a fault of each leg whose bursts rest on them."""
        for other in leg.bears:
            whose = detail if other is leg else f"sensors of the {LEG_NAMES[leg.leg]}: {detail}"
            self._records.append(Fault(at_us, fault, reaction, other.leg, whose))
        if not leg.bears and fault == "F04":
            no_fault = CLEARED if reaction == CLEARED else WARN
            detail = f"{detail}; no burst rests on it"
            self._records.append(Fault(at_us, "F05", no_fault, leg.leg, detail))

    def call_roll(self, leg: LegController, at_us: Us) -> None:
        """Tell of those sensors of a leg that are silent while others go on."""
        for sensor in leg.roll.expire(at_us):
            age_ms = (at_us - leg.roll.last_us[sensor]) / 1000
            detail = f"{sensor}: no believable sample for {age_ms:.0f} ms"
            self._records.append(Fault(at_us, "F05", WARN, leg.leg, detail))
