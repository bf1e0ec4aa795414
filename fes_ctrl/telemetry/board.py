"""How a bench stands, from the lines that its control loop hands over: what is to be published.

The lines are those of the run's log, and a few of telemetry's own; a line that is not understood
is counted and left out.
"""

from collections import deque
from typing import Any, Final

from fes_ctrl.model import ALL_LEGS, LEG_NAMES
from fes_ctrl.safety.faults import CLEARED, is_over
from fes_ctrl.telemetry.outgoing import Outgoing

WARNED_US: Final = 10_000_000
"""A warning that does not clear itself is told of for so long."""
CADENCE_US: Final = 10_000_000
IDLE_US: Final = 3_000_000
"""Who has not set a heel down for so long does not walk."""

BOTH: Final = "both"


def side(leg: int) -> str:
    """Return a leg's name."""
    return BOTH if leg == ALL_LEGS else LEG_NAMES[leg]


class Board:
    """Follows one run.

    Parameters
    ----------
    outgoing : Outgoing
        Takes what is to be published.

    Attributes
    ----------
    t_us : int
        The run's clock, as far as it was told.
    unread : int
        Lines that could not be understood.
    """

    def __init__(self, outgoing: Outgoing) -> None:
        self._out = outgoing
        self._armed = False
        self._level = 0
        self._reason = "started"
        self._faults: dict[tuple[str, int], dict[str, Any]] = {}
        self._activity: dict[str, str] = {}
        self._version = 1
        self._contacts: dict[str, deque[int]] = {}
        self._parameters: dict[str, Any] | None = None
        self._status: dict[str, Any] | None = None
        self.t_us = 0
        self.unread = 0

    def hear(self, line: dict[str, Any]) -> None:
        """Take one line."""
        try:
            self._hear(line)
        except (KeyError, TypeError, ValueError, IndexError):
            self.unread += 1

    def _hear(self, line: dict[str, Any]) -> None:
        out = self._out
        kind = line["kind"]
        self.t_us = max(self.t_us, line["now"])
        match kind:
            case "event":
                self._event(line)
            case "phase":
                name = side(line["leg"])
                out.item(
                    "phases",
                    {
                        "t_us": line["t"],
                        "leg": name,
                        "phase": line["phase"],
                        "activity": line["activity"],
                    },
                )
                if self._activity.get(name) != line["activity"]:
                    self._activity[name] = line["activity"]
                    self.tell_state()
            case "burst":
                self._burst(line, "start", line["trigger"], line["t"], line["set_uA"] / 1000)
            case "burst_end":
                self._burst(line, "end", line["ended_by"], line["onset"], None)
            case "fault":
                self._fault(line)
            case "state":
                armed, level, reason = line["armed"], line["level"], line["reason"]
                self._armed, self._level, self._reason = armed, level, reason
                self.tell_state()
            case "metrics":
                self._metrics(line)
            case "parameters":
                fields = dict(line["fields"])
                self._version = fields["version"]
                self._parameters = fields
                out.latest("parameters", fields)
                self.tell_state()
            case "status":
                self._status = dict(line["fields"])
                out.latest("status", self._status)
            case "answer":
                correlation = bytes.fromhex(line["correlation"])
                out.urgent(f"answer/{line['sender']}", dict(line["fields"]), correlation)
            case "audit":
                out.urgent("audit", dict(line["fields"]))
            case _:
                # Of the log's kinds, those that nobody watches from afar.
                pass

    def _event(self, line: dict[str, Any]) -> None:
        name = side(line["leg"])
        self._out.item(
            "events",
            {
                "t_us": line["t_event"],
                "told_us": line["t_emit"],
                "leg": name,
                "event": line["event"],
                "confidence": line["confidence"],
            },
        )
        if line["event"] == "ic":
            self._contacts.setdefault(name, deque(maxlen=64)).append(line["t_event"])

    def _burst(
        self, line: dict[str, Any], what: str, reason: str, onset_us: int, set_ma: float | None
    ) -> None:
        self._out.item(
            "bursts",
            {
                "t_us": line["t"],
                "leg": side(line["leg"]),
                "channel": line["channel"],
                "what": what,
                "reason": reason,
                "onset_us": onset_us,
                "set_mA": set_ma,
            },
        )

    def _fault(self, line: dict[str, Any]) -> None:
        leg = line["leg"]
        told = {
            "t_us": line["t"],
            "id": line["id"],
            "reaction": line["reaction"],
            "leg": side(leg),
            "detail": line["detail"],
        }
        if line["reaction"] == CLEARED:
            for known in list(self._faults):
                if is_over(*known, line["id"], leg):
                    del self._faults[known]
        else:
            self._faults[line["id"], leg] = told
        self._out.item("faults", told)
        self.tell_state()

    def _metrics(self, line: dict[str, Any]) -> None:
        now_us = line["now"]
        activity = dict(line["activity"])
        arrivals = dict(line["arrivals"] or {})
        self._out.latest(
            "metrics",
            {
                "cadence_per_min": {
                    name: self._cadence(contacts, now_us)
                    for name, contacts in self._contacts.items()
                },
                # Counted where nothing is lost on the way, and by somebody who knows the whole run.
                "contacts": line["contacts"],
                "bursts": line["bursts"],
                "pulses": line["pulses"],
                "refused": line["refused"],
                "late_us_max": line["late_us_max"],
                "readings": arrivals.get("readings", {}),
                "not_read": arrivals.get("not_read", {}),
            },
        )
        if activity != self._activity:
            self._activity = activity
            self.tell_state()
        for known, fault in list(self._faults.items()):
            if fault["reaction"] == "warn" and now_us - fault["t_us"] > WARNED_US:
                del self._faults[known]
                self.tell_state()

    def _cadence(self, contacts: "deque[int]", now_us: int) -> float | None:
        lately = [t_us for t_us in contacts if now_us - t_us <= CADENCE_US]
        if len(lately) < 2 or now_us - lately[-1] > IDLE_US:
            return None
        stride_us = (lately[-1] - lately[0]) / (len(lately) - 1)
        return round(120e6 / stride_us, 1) if stride_us > 0 else None

    def tell_state(self) -> None:
        """Publish how it stands."""
        self._out.latest(
            "state",
            {
                "armed": self._armed,
                "level_percent": self._level,
                "reason": self._reason,
                "faults": list(self._faults.values()),
                "activity": dict(self._activity),
                "version": self._version,
            },
        )

    def tell_all(self) -> None:
        """Publish everything that is retained: a broker may have forgotten it."""
        if self._status is not None:
            self._out.latest("status", self._status)
        self.tell_state()
        if self._parameters is not None:
            self._out.latest("parameters", self._parameters)
