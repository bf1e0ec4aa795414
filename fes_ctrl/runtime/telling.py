"""What a run tells to whoever watches it from afar, and what it lets them ask for: on any clock.

Lines go to a carrier, which may take them or not; requests come from it. That somebody sent what is
not new is told from here (fault F26).
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fes_ctrl import __version__
from fes_ctrl.assembly import ControlConfig
from fes_ctrl.model import (
    ALL_LEGS,
    INITIAL_CONTACT,
    LEG_NAMES,
    BurstEnd,
    Decision,
    Fault,
    GaitEvent,
    PhaseChange,
    Record,
    Remark,
    Setpoint,
    StateChange,
)
from fes_ctrl.runlog.format import record_line
from fes_ctrl.runtime.clock import ORDER_OPERATOR, Clock, Handle
from fes_ctrl.runtime.remote_bench import RemoteBench
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.safety.faults import CLEARED, WARN, is_over
from fes_ctrl.sensors.arrivals import Arrivals
from fes_ctrl.stimulators.models import says_simulated
from fes_ctrl.telemetry.audit import Trail
from fes_ctrl.telemetry.parameters import Parameters
from fes_ctrl.telemetry.remote import ACCEPTED, Answer, Entry, Remote
from fes_ctrl.telemetry.requests import Request
from fes_ctrl.telemetry.taken import PATIENCE_US, Taken, stops_come
from fes_ctrl.units import NEVER_US, Us

TICK_US: Final = 1_000_000
TOLD_EVERY_US: Final = 1_000_000
"""Old commands are told of (fault F26) so often at most; the audit trail has them all."""


class Carrier(Protocol):
    """Who takes lines to the broker."""

    @property
    def lost(self) -> int:
        """Lines that it did not take."""
        ...

    def send(self, text: str) -> None:
        """Take a line, with its end; never waits."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """What a bench is.

    Attributes
    ----------
    bench : str
        Its name.
    program, device : str
        The program's name or file; the stimulator.
    legs, sensed : tuple of int
        Legs that are stimulated, and that wear sensors.
    control : ControlConfig
        What the controller was made of.
    simulated : bool
        Whether stimulator or sensors are models.
    config_sha256 : str
        Of the run's configuration.
    """

    bench: str
    program: str
    device: str
    legs: tuple[int, ...]
    control: ControlConfig
    sensed: tuple[int, ...]
    simulated: bool
    config_sha256: str


class Telling:
    """Tells a session to a carrier, and lets requests from there reach it.

    Parameters
    ----------
    session : ControlSession
        The run's, not begun.
    clock : Clock
        The session's.
    carrier : Carrier
        Takes the lines.
    about : About
        What the bench is.
    nonce : str
        The run's.
    say : callable
        Takes a line for the person at the console.
    utc_us : callable
        Returns the wall clock, microseconds since 1970.
    late_us_max : callable
        Returns how late the latest timer of the control loop rang.
    keep : callable or None
        Takes every entry of the audit trail.
    patience_us : int
        How long telemetry may not be taken before it is told of.
    identity : callable or None
        Returns who the stimulator says that it is, as soon as it has.
    arrivals : callable or None
        Returns what became of the readings of sensors at brokers, where there are any.

    Attributes
    ----------
    about : dict
        The fields of the ``status`` message.
    """

    def __init__(
        self,
        session: ControlSession,
        clock: Clock,
        carrier: Carrier,
        about: About,
        nonce: str,
        say: Callable[[str], None],
        utc_us: Callable[[], int],
        late_us_max: Callable[[], Us],
        keep: Callable[[dict[str, Any]], None] | None = None,
        patience_us: Us = PATIENCE_US,
        identity: Callable[[], str] | None = None,
        arrivals: Callable[[], Arrivals | None] | None = None,
    ) -> None:
        self._session = session
        self._clock = clock
        self._carrier = carrier
        self._say = say
        self._utc_us = utc_us
        self._late_us_max = late_us_max
        self._keep = keep
        self._identity = identity
        self._arrivals = arrivals
        self._parameters = Parameters(about.legs, about.control, about.sensed)
        self._bench = RemoteBench(session, say)
        self._trail = Trail(nonce, self._audited)
        self._remote = Remote(self._bench, self._parameters, nonce, self._answer, self._entry)
        self._pulses = 0
        self._contacts: Counter[str] = Counter()
        self._bursts = Counter({LEG_NAMES[leg]: 0 for leg in about.legs})
        self._onset_us: dict[int, Us] = {}
        self._given_us: dict[tuple[int, int], tuple[Us, Us]] = {}
        self._activity: dict[str, str] = {}
        self._refused = 0
        self._flooded = 0
        self._taken = Taken(clock.now_us(), patience_us, self._warn, say)
        self._state: StateChange | None = None
        self._faults: dict[tuple[str, int], Fault] = {}
        self._stale_us: Us = -TOLD_EVERY_US
        self._failed = False
        self.about = {
            "online": True,
            "why": "started",
            "simulated": about.simulated,
            "device": about.device,
            "program": about.program,
            "legs": [LEG_NAMES[leg] for leg in about.legs],
            "fes_ctrl": __version__,
            "config_sha256": about.config_sha256,
        }
        session.listeners.append(self._see)
        counted = session.on_setpoint

        def count(setpoint: Setpoint) -> None:
            self._pulses += 1
            output = setpoint.leg, setpoint.channel
            first_us, _ = self._given_us.get(output, (setpoint.at_us, 0))
            self._given_us[output] = first_us, setpoint.at_us
            if counted is not None:
                counted(setpoint)

        session.on_setpoint = count
        self._timer: Handle = self._set_timer()

    def _set_timer(self) -> Handle:
        return self._clock.call_at_us(self._clock.now_us() + TICK_US, ORDER_OPERATOR, self._tick)

    def close(self) -> None:
        """Tell nothing more."""
        self._timer.cancel()
        self._session.listeners.remove(self._see)
        self._safely(lambda: self._bench.tell(last=True))

    # -- out --------------------------------------------------------------------------------------

    def _send(self, kind: str, **fields: object) -> None:
        line = {"kind": kind, "now": self._clock.now_us(), **fields}
        self._carrier.send(json.dumps(line, allow_nan=False) + "\n")

    def begin(self) -> None:
        """Tell everything that a carrier has to know which has just been started."""
        self._send("status", fields=self.about)
        self._tell_parameters()
        if self._state is not None:
            self._carrier.send(record_line(self._clock.now_us(), self._state))
        for fault in self._faults.values():
            self._carrier.send(record_line(self._clock.now_us(), fault))

    def _tell_parameters(self) -> None:
        self._send("parameters", fields=self._parameters.told(waiting=self._bench.waiting))

    def _safely(self, step: Callable[..., None], *arguments: object) -> None:
        """Do something; an error of telemetry's own is told, and never stops the run."""
        try:
            step(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody's step depends on it
            if not self._failed:
                self._failed = True
                self._say(f"telemetry: {type(error).__name__}: {error}; the run goes on without")

    def _see(self, now_us: Us, records: tuple[Record, ...]) -> None:
        self._safely(self._note, now_us, records)

    def _note(self, now_us: Us, records: tuple[Record, ...]) -> None:
        ended = False
        for record in records:
            if isinstance(record, StateChange):
                self._bench.level_percent = record.level_percent
                self._state = record
            elif isinstance(record, Decision):
                self._refused += 1
                continue
            elif isinstance(record, Remark):
                continue
            elif isinstance(record, BurstEnd):
                ended = True
                self._count_burst(record)
            elif isinstance(record, GaitEvent):
                self._contacts[LEG_NAMES[record.leg]] += record.kind == INITIAL_CONTACT
            elif isinstance(record, PhaseChange):
                self._activity[LEG_NAMES[record.leg]] = record.activity
            elif isinstance(record, Fault):
                self._hold(record)
            self._carrier.send(record_line(now_us, record))
        if ended and self._remote.look():
            self._tell_parameters()

    def _count_burst(self, end: BurstEnd) -> None:
        """Count a burst in which a pulse was given, as the summary does: at level 0 none is."""
        output = end.leg, end.channel
        first_us, last_us = self._given_us.pop(output, (NEVER_US, 0))
        if last_us > end.t_us:
            # A pulse of the next one, which may be told before this one's end.
            self._given_us[output] = last_us, last_us
        given = first_us <= end.t_us and last_us >= end.onset_us
        # Of each channel it is told that it is over.
        if given and self._onset_us.get(end.leg) != end.onset_us:
            self._onset_us[end.leg] = end.onset_us
            self._bursts[LEG_NAMES[end.leg]] += 1

    def _hold(self, fault: Fault) -> None:
        """Remember which faults hold: a carrier that is started anew knows of none."""
        if fault.reaction == WARN:
            return  # told of, and over
        if fault.reaction != CLEARED:
            self._faults[fault.id, fault.leg] = fault
            return
        for known in list(self._faults):
            if is_over(*known, fault.id, fault.leg):
                del self._faults[known]

    def _tick(self) -> None:
        self._timer = self._set_timer()
        self._safely(self._measure)

    def _identify(self) -> None:
        """Tell who the stimulator is, once it has said so; a model says so of itself."""
        said = "" if self._identity is None else self._identity()
        if said and said != self.about["device"]:
            simulated = self.about["simulated"] or says_simulated(said)
            self.about.update(device=said, simulated=simulated)
            self._send("status", fields=self.about)

    def _measure(self) -> None:
        self._bench.tell()
        self._identify()
        arrived = None if self._arrivals is None else self._arrivals()
        self._send(
            "metrics",
            contacts=self._contacts,
            bursts=self._bursts,
            activity=self._activity,
            pulses=self._pulses,
            refused=self._refused,
            late_us_max=self._late_us_max(),
            arrivals=None if arrived is None else arrived._asdict(),
            lines_lost=self._carrier.lost,
            commands=self._counts(),
        )
        if self._remote.look():
            self._tell_parameters()
        self._taken.look(self._clock.now_us())

    def _counts(self) -> dict[str, int]:
        counts = dict(self._remote.counts)
        if self._flooded:
            counts["flooded"] = self._flooded
        return counts

    def _warn(self, reaction: str, detail: str) -> None:
        self._record(Fault(self._clock.now_us(), "F25", reaction, ALL_LEGS, detail))

    def _record(self, record: Record) -> None:
        """Write down what is no word of the controller's, and tell whoever listens."""
        now_us = self._clock.now_us()
        self._session.log.step(now_us, (), (record,))
        for listener in self._session.listeners:
            listener(now_us, (record,))

    # -- in ---------------------------------------------------------------------------------------

    def heard(self, line: dict[str, Any]) -> None:
        """Take a line that the carrier says."""
        self._safely(self._hear, line)

    def _hear(self, line: dict[str, Any]) -> None:
        match line:
            case {"kind": "link", "up": bool(up), "why": str(why)}:
                silent_us = line.get("silent_us", 0)
                silent_us = silent_us if isinstance(silent_us, int) else 0
                self._taken.linked(self._clock.now_us(), why, silent_us, up=up)
            case {"kind": "carried", "dropped": int(dropped)}:
                refused = line.get("refused")
                refused = refused if isinstance(refused, str) else None
                self._taken.carried(self._clock.now_us(), dropped, refused)
            case {"kind": "alive"}:
                self._taken.alive(self._clock.now_us())
            case {"kind": "flooded", "lost": int(lost)}:
                self._flooded += lost
            case {
                "kind": "request",
                "what": str(what),
                "sender": str(sender),
                "retained": bool(retained),
                "payload": str(payload),
                "correlation": str(correlation),
            }:
                self._take(Request(what, sender, retained, payload, correlation))
            case {"kind": "denied", "topic": str(topic)}:
                self._say(f"telemetry: the broker lets nobody of this name read {topic}")
            case {"kind": "stops", "way": str(way), "why": str(why)}:
                self._say(f"telemetry: {stops_come(way, why)}")
            case _:
                pass

    def died(self) -> None:
        """Take note that the carrier is gone; another one will be there."""
        why = "the process that speaks to the broker died"
        self._taken.linked(self._clock.now_us(), why, up=False)

    def _take(self, request: Request) -> None:
        now_us = self._clock.now_us()
        stale = self._remote.take(request, now_us, self._utc_us())
        self._bench.tell()
        if stale and now_us - self._stale_us >= TOLD_EVERY_US:
            self._stale_us = now_us
            detail = f"{request.sender}: {stale}"
            self._record(Fault(now_us, "F26", WARN, ALL_LEGS, detail))

    def _answer(self, request: Request, answer: Answer) -> None:
        self._send(
            "answer",
            sender=request.sender,
            correlation=request.correlation,
            fields=answer._asdict(),
        )
        if answer.verdict == ACCEPTED:
            self._tell_parameters()

    def _entry(self, entry: Entry) -> None:
        self._trail.add(entry, self._clock.now_us(), self._utc_us())

    def _audited(self, entry: dict[str, Any]) -> None:
        if self._keep is not None:
            self._keep(entry)
        # The session is in every message; its own clocks are those of when it is sent.
        self._send("audit", fields={key: entry[key] for key in entry if key != "session"})
