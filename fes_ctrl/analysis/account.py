"""What a walk amounts to, gathered while it goes on: nothing here feeds back into it."""

import hashlib

from fes_ctrl.analysis.walk import Burst, Walk
from fes_ctrl.model import (
    Adaptation,
    BurstEnd,
    BurstStart,
    Decision,
    Fault,
    GaitEvent,
    Record,
    Setpoint,
)
from fes_ctrl.units import Us


class Account:
    """What a walk amounts to, gathered while it goes on.

    Attributes
    ----------
    walk : Walk
        Filled in.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self._leg = {leg.leg: leg for leg in (*walk.legs, *walk.sensing)}
        self._open: dict[tuple[int, int], Burst] = {}
        # A step's commands come before its records: of a burst the first pulse before its start.
        self._early: dict[tuple[int, int], list[Setpoint]] = {}
        self._digest = hashlib.sha256()
        self.setpoints = 0

    def setpoint(self, setpoint: Setpoint) -> None:
        """Take an allowed setpoint, in order."""
        at_us, leg, channel, current_ua, width_us, expires_us, _ = setpoint
        self._digest.update(
            b"%d,%d,%d,%d,%d,%d\n" % (at_us, leg, channel, current_ua, width_us, expires_us)
        )
        self.setpoints += 1
        self._leg[leg].setpoints += 1
        burst = self._open.get((leg, channel))
        if burst is not None:
            burst.setpoints.append(setpoint)
        else:
            self._early.setdefault((leg, channel), []).append(setpoint)

    def written(self, now_us: Us, setpoint: Setpoint) -> None:
        """Take note of when a setpoint's frame went to the link."""
        self._leg[setpoint.leg].written_late_us.append(now_us - setpoint.at_us)

    def records(self, _now_us: Us, records: tuple[Record, ...]) -> None:
        """Take the controller's records."""
        for record in records:
            if isinstance(record, GaitEvent):
                self._leg[record.leg].detected.append(record)
            elif isinstance(record, BurstStart):
                key = record.leg, record.channel
                burst = Burst(record, self._early.pop(key, []))
                self._leg[record.leg].bursts.append(burst)
                self._open[key] = burst
            elif isinstance(record, BurstEnd):
                key = record.leg, record.channel
                ended = self._open.pop(key, None)
                if ended is not None:
                    ended.end = record
                    given = ended.setpoints
                    ended.setpoints = [each for each in given if each.at_us <= record.t_us]
                    self._early[key] = given[len(ended.setpoints) :]
            elif isinstance(record, Adaptation):
                self._leg[record.leg].adaptations.append(record)
            elif isinstance(record, Fault):
                self.walk.faults.append(record)
            elif isinstance(record, Decision):
                if record.verdict == "clip":
                    self.walk.clips.append(record)
                elif record.reason == "late":
                    # Nothing was wrong with it but the host, which was late: a pulse left out.
                    self._leg[record.leg].skipped += 1
                else:
                    self.walk.refusals.append(record)

    def finish(self) -> None:
        """Count the setpoints that were allowed and never written."""
        for leg in self.walk.legs:
            leg.skipped += leg.setpoints - len(leg.written_late_us)

    @property
    def setpoints_sha256(self) -> str:
        """Hash of every allowed setpoint in order."""
        return self._digest.hexdigest()
