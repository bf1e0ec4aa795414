"""A remote party's wishes: judged, carried out between bursts, answered, and written down.

It may stop and lower at any time, and turn a program's dials within its bounds. It can arm nothing,
clear no fault, start no burst, raise no level and no limit: there is no word for any of that here.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from fes_ctrl.telemetry.gate import MOST_SENDERS, RETAINED, STALE, Gate, RefusedError
from fes_ctrl.telemetry.parameters import Parameters, Plan
from fes_ctrl.telemetry.reading import text
from fes_ctrl.telemetry.requests import (
    MOST_BYTES,
    SET,
    STOP,
    Command,
    MalformedError,
    Request,
    id_of,
    parse,
)

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"
EFFECTIVE: Final = "effective"
STOPPED: Final = "stopped"
MALFORMED: Final = "malformed"

REMEMBERED: Final = 256
"""Answers that are given again to the same command: of four minutes at one a second."""


class Bench(Protocol):
    """As much of a run as a remote party can touch."""

    @property
    def level_percent(self) -> int:
        """The operator's level."""
        ...

    @property
    def waiting(self) -> bool:
        """Whether a dial that was turned waits for the end of a burst."""
        ...

    def stop(self) -> None:
        """Stop all output, as a person at the console does."""
        ...

    def lower(self, level_percent: int) -> None:
        """Lower the level."""
        ...

    def change(self, leg: int, name: str, value: float) -> None:
        """Turn a dial, or narrow a limit."""
        ...


class Answer(NamedTuple):
    """What became of a command; ``id`` is ``None`` where it had none."""

    id: str | None
    verdict: str
    reason: str
    version: int
    again: bool = False


class Entry(NamedTuple):
    """One entry of the audit trail.

    ``reason`` is why it was refused or, of a stop, what its sender said; ``change`` is by key what
    was, and what was asked for.
    """

    sender: str
    verdict: str
    reason: str
    change: dict[str, tuple[object, float]]
    version: int


class Remote:
    """Takes requests and answers them.

    Parameters
    ----------
    bench : Bench
        What they can touch.
    parameters : Parameters
        What they can change.
    session : str
        The run's nonce.
    answer : callable
        Called with a request and its ``Answer``; perhaps twice, when what was accepted takes hold.
    audit : callable
        Called with every ``Entry``.

    Attributes
    ----------
    counts : dict of str to int
        Requests by verdict; refused ones by kind.
    """

    def __init__(
        self,
        bench: Bench,
        parameters: Parameters,
        session: str,
        answer: Callable[[Request, Answer], None],
        audit: Callable[[Entry], None],
    ) -> None:
        self._bench = bench
        self._parameters = parameters
        self._gate = Gate(session)
        self._answer = answer
        self._audit = audit
        self._known: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._stopped: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._pending: list[tuple[Request, str, int]] = []
        self.counts: dict[str, int] = {}

    def take(self, request: Request, now_us: int, utc_us: int) -> str:
        """Judge a request, and do what it asks for if it may.

        Parameters
        ----------
        request : Request
            As it came.
        now_us, utc_us : int
            The run's clock, which never jumps, and the wall's.

        Returns
        -------
        str
            Why it is not new, where that is so (fault F26); else empty.
        """
        if request.what == STOP:
            return self._stop(request)
        change: dict[str, tuple[object, float]] = {}
        # Who sent what is refused unread, kept or malformed, is to know which of his it was.
        id_ = id_of(_said(request.payload))
        try:
            command = _read(request)
            known = self._known.get((request.sender, id_))
            if known is not None:
                self._count("again")
                self._answer(request, known._replace(again=True))
                return "repeated: the answer was given before, and is given again"
            kept = self._gate.admit(request.sender, command, utc_us)
            change = {key: (None, value) for key, value in command.change.items()}
            plan = self._considered(command, now_us, kept=kept)
        except MalformedError as error:
            return self._refuse(request, id_, MALFORMED, str(error), change)
        except RefusedError as error:
            return self._refuse(request, id_, error.kind, str(error), change)
        self._carry_out(request, command, plan, now_us)
        return ""

    def _considered(self, command: Command, now_us: int, *, kept: bool) -> Plan:
        plan = self._parameters.consider(command.leg, command.change, self._bench.level_percent)
        if not plan.lowers:
            # Lowering is right whatever was seen before it, at any time, and once more.
            if not kept:
                raise RefusedError("senders", f"{MOST_SENDERS} have spoken in this run")
            present = self._parameters.version
            if command.base_version != present:
                why = f"version {command.base_version} was changed since; {present} is in force"
                raise RefusedError("version", why)
            self._gate.pace(now_us)
        return plan

    def _carry_out(self, request: Request, command: Command, plan: Plan, now_us: int) -> None:
        bench = self._bench
        version = self._parameters.adopt(plan)
        if not plan.lowers:
            self._gate.accepted(now_us)
        if plan.level_percent is not None:
            bench.lower(plan.level_percent)
        for key, value in plan.limits:
            bench.change(plan.leg, f"limits.{key}", value)
        for name, value in plan.dials:
            bench.change(plan.leg, name, value)
        answer = Answer(command.id, ACCEPTED, "", version)
        self._remember(request.sender, answer)
        self._count(ACCEPTED)
        self._audit(Entry(request.sender, ACCEPTED, "", plan.change, version))
        self._answer(request, answer)
        self._pending.append((request, command.id, version))
        self.look()

    def look(self) -> bool:
        """Tell whose change has taken hold; return whether any has. After each burst."""
        if not self._pending or self._bench.waiting:
            return False
        pending, self._pending = self._pending, []
        for request, id_, version in pending:
            answer = Answer(id_, EFFECTIVE, "", version)
            self._remember(request.sender, answer)
            self._answer(request, answer)
        return True

    def _stop(self, request: Request) -> str:
        if request.retained:
            id_ = id_of(_said(request.payload))
            why = "a stop that is kept would stop every run to come; publish it without retain"
            return self._refuse(request, id_, RETAINED, f"{RETAINED}: {why}", {})
        self._bench.stop()
        # Whoever asks for a stop need not say it well.
        said = _said(request.payload)
        id_ = id_of(said)
        version = self._parameters.version
        if id_ and (request.sender, id_) in self._stopped:
            # Whoever has no answer yet asks again, and it stops again; it is one request.
            self._count("again")
            self._answer(request, Answer(id_, STOPPED, "", version, again=True))
            return ""
        self._stopped[request.sender, id_] = None
        if len(self._stopped) > REMEMBERED:
            self._stopped.popitem(last=False)
        self._count(STOPPED)
        self._audit(Entry(request.sender, STOPPED, _reason(said), {}, version))
        self._answer(request, Answer(id_ or None, STOPPED, "", version))
        return ""

    def _refuse(
        self,
        request: Request,
        id_: str,
        kind: str,
        reason: str,
        change: dict[str, tuple[object, float]],
    ) -> str:
        answer = Answer(id_ or None, REFUSED, reason, self._parameters.version)
        if kind not in {RETAINED, MALFORMED}:
            # Those two were not read: the identifier may be that of one which was.
            self._remember(request.sender, answer)
        self._count(kind)
        self._audit(Entry(request.sender, REFUSED, reason, change, answer.version))
        self._answer(request, answer)
        return reason if kind in STALE else ""

    def _remember(self, sender: str, answer: Answer) -> None:
        if answer.id is None:
            return
        self._known[sender, answer.id] = answer
        self._known.move_to_end((sender, answer.id))
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _count(self, verdict: str) -> None:
        self.counts[verdict] = self.counts.get(verdict, 0) + 1


def _read(request: Request) -> Command:
    if request.what != SET:
        raise MalformedError(f"malformed: {request.what[:60]!r} is nothing that can be asked for")
    if request.retained:
        raise RefusedError(RETAINED, "a command is for now; nobody may keep it")
    return parse(request.payload)


def _said(payload: str) -> object:
    """Return what a message says, however well; ``None`` where it cannot be read."""
    if len(payload) > MOST_BYTES:
        return None
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _reason(said: object) -> str:
    """Return why somebody wants a stop, in the sender's words."""
    return text(said.get("reason")) if isinstance(said, dict) else ""
