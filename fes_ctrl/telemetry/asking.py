"""A command to a bench, and what became of it: what is to be sent, and how answers are understood.

Pure: no clock is read, nothing is sent. The rules by which a bench judges are its own (``gate``,
``parameters``, ``remote``); what is refused here could not even be said.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from fes_ctrl.links.broker import NAME
from fes_ctrl.telemetry.gate import LIFE_US
from fes_ctrl.telemetry.reading import flag, integer, message_of, number, parts, text
from fes_ctrl.telemetry.remote import ACCEPTED, EFFECTIVE, REFUSED, STOPPED
from fes_ctrl.telemetry.requests import BOTH, MOST_CHANGES

UNANSWERED: Final = "unanswered"
DENIED: Final = "denied"
VERDICTS: Final = (ACCEPTED, EFFECTIVE, REFUSED, STOPPED)
NAMELESS: Final = "fes-ctrl"
LIMIT: Final = "limits."
PROGRAM: Final = "program."


class AskingError(ValueError):
    """Something that cannot be asked for: what, and what to write instead."""


class Ask(NamedTuple):
    """A command as it is published.

    Attributes
    ----------
    id : UUID
        Its own, and the correlation data.
    what : str
        ``set`` or ``stop``.
    payload : bytes
        The message.
    """

    id: UUID
    what: str
    payload: bytes


class Reply(NamedTuple):
    """A bench's answer; ``session`` is of the run that gave it."""

    verdict: str
    reason: str
    version: int | None
    session: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a bench has said of itself, as far as it matters to whoever asks.

    Attributes
    ----------
    online : bool or None
        Whether it is there; ``None``: it never said.
    why : str
        What its status came from.
    session : str
        Of its parameters; empty: it has told none.
    version : int or None
        Of the parameters in force.
    waiting : bool
        Whether a change waits for the end of a burst.
    values : dict of str to dict
        By leg: its dials.
    limits : dict of str to float
        In force.
    """

    online: bool | None = None
    why: str = ""
    session: str = ""
    version: int | None = None
    waiting: bool = False
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)

    def heard(self, what: str, payload: bytes) -> "Target":
        """Return what is known after a ``status`` or ``parameters`` message."""
        message = message_of(payload)
        if message is None:
            return self
        if what == "status":
            return replace(
                self, online=flag(message.get("online")), why=text(message.get("why"), 20)
            )
        return replace(
            self,
            session=text(message.get("session"), 64),
            version=integer(message.get("version")),
            waiting=message.get("waiting") is True,
            values={leg: parts(of) for leg, of in parts(message.get("values")).items()},
            limits=parts(message.get("limits")),
        )

    def has(self, leg: str, change: dict[str, float]) -> bool | None:
        """Return whether its parameters are as a change would have them; ``None``: not shown."""
        found = []
        for key, value in change.items():
            legs = list(self.values) if leg == BOTH else [leg]
            if key.startswith(PROGRAM):
                found += [number(self.values.get(each, {}).get(key)) == value for each in legs]
            elif key.startswith(LIMIT):
                found.append(number(self.limits.get(key)) == value)
        return all(found) if found else None


def changes_of(pairs: Iterable[str]) -> dict[str, float]:
    """Return what ``KEY=VALUE`` pairs ask for.

    Raises
    ------
    AskingError
        If a pair is none, its value no finite number, or a key is there twice.
    """
    found: dict[str, float] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not key:
            raise AskingError(f"{pair!r}: write KEY=VALUE, as in program.extension_ms=120")
        try:
            asked = float(value)
        except ValueError as error:
            message = f"{key} = {value.strip()[:40]!r}: no number; a remote can set numbers only"
            raise AskingError(message) from error
        if not math.isfinite(asked):
            raise AskingError(f"{key} = {value.strip()[:40]}: must be a finite number")
        if key in found:
            raise AskingError(f"{key} is given twice; give it once")
        found[key] = int(asked) if asked.is_integer() and abs(asked) < 1 << 53 else asked
    if len(found) > MOST_CHANGES:
        raise AskingError(f"{len(found)} changes at once; {MOST_CHANGES} at most make a command")
    return found


def sender_of(asked: str, user: str, login: str) -> str:
    """Return under which name to ask: as asked for, as the broker knows us, or as this machine.

    Raises
    ------
    AskingError
        If the name asked for, or the user's, can be no level of a topic.
    """
    for name, where in ((asked, "--as"), (user, "the user of the address")):
        if name and not NAME.fullmatch(name):
            message = f"{where}, {name!r}, is no sender's name; letters, digits, _ - and . are"
            if where != "--as":
                message += ": give another with --as"
            raise AskingError(message)
    if asked or user:
        return asked or user
    made = "".join(each if NAME.fullmatch(f"x{each}") else "-" for each in login)
    return made.lstrip("_.-")[:63] or NAMELESS


def ask_to_set(id_: UUID, bench: Target, leg: str, change: dict[str, float], utc_us: int) -> Ask:
    """Return a command that changes parameters: all of it or nothing, within two seconds or never.

    Parameters
    ----------
    id_ : UUID
        New.
    bench : Target
        Whose session and version it is made for.
    leg : str
        ``left``, ``right`` or ``both``.
    change : dict of str to float
        New values by key.
    utc_us : int
        The wall clock.
    """
    body = {
        "id": str(id_),
        "session": bench.session,
        "seq": utc_us,
        "issued_us": utc_us,
        "not_after_us": utc_us + LIFE_US,
        "base_version": bench.version,
        "leg": leg,
        "change": change,
    }
    return Ask(id_, "set", json.dumps(body, allow_nan=False).encode())


def ask_to_stop(id_: UUID, reason: str) -> Ask:
    """Return a command that stops a bench, whatever it holds."""
    return Ask(id_, "stop", json.dumps({"id": str(id_), "reason": reason}).encode())


def reply_of(payload: bytes, ask: Ask) -> Reply | None:
    """Return what a message on our answer topic says of a command; ``None``: nothing."""
    message = message_of(payload)
    if message is None or message.get("id") != str(ask.id):
        return None
    verdict = message.get("verdict")
    if verdict not in VERDICTS:
        return None
    return Reply(
        str(verdict),
        text(message.get("reason")),
        integer(message.get("version")),
        text(message.get("session"), 64),
    )


class Outcome(NamedTuple):
    """What became of a command.

    Attributes
    ----------
    verdict : str
        ``effective``, ``accepted`` (it has not taken hold yet), ``refused``, ``stopped``,
        ``unanswered`` or ``denied`` (the broker refused to hand it on).
    reason : str
        Why it was refused, or denied.
    version : int or None
        Of the parameters, as far as is known.
    base_version : int or None
        On which the command was built.
    moved : bool or None
        Without an answer: whether the version is another one now; ``None``: not known.
    as_asked : bool or None
        Without an answer: whether the values are those that were asked for; ``None``: not known.
    sent : bool
        Whether the broker confirmed that it has the command.
    """

    verdict: str
    reason: str = ""
    version: int | None = None
    base_version: int | None = None
    moved: bool | None = None
    as_asked: bool | None = None
    sent: bool = True


def unanswered(
    base: Target, now: Target, leg: str, change: dict[str, float], *, sent: bool
) -> Outcome:
    """Return what can be said of a change that nobody answered.

    Parameters
    ----------
    base, now : Target
        As it was known when it was asked, and as it tells itself afterwards; without a version
        where it does not.
    leg, change
        What was asked for.
    sent : bool
        Whether the broker has the command.
    """
    known = now.version is not None and base.version is not None
    moved = None
    if known:
        moved = now.session != base.session or now.version != base.version
    as_asked = now.has(leg, change) if moved else None
    return Outcome(UNANSWERED, "", now.version, base.version, moved, as_asked, sent)


def sentence(outcome: Outcome, bench: str) -> str:
    """Return what became of a change, for a person."""
    version = outcome.version
    match outcome.verdict:
        case "effective":
            return f"{bench}: accepted as version {version}, and in effect"
        case "accepted":
            return f"{bench}: accepted as version {version}; still waits for the end of a burst"
        case "refused":
            return f"{bench} refused it: {outcome.reason}"
        case "denied":
            return f"the broker refused it, so nothing was applied: {outcome.reason}"
    told = f"{bench} did not answer"
    if not outcome.sent:
        told += ", and the broker did not confirm that it has the command"
    if outcome.moved is None:
        return f"{told}; whether it was applied is not known: look at the bench"
    if not outcome.moved:
        return (
            f"{told}; its parameters are still version {version}: by what it tells, nothing was "
            "applied; may this user write commands under this name?"
        )
    told += f"; its parameters were version {outcome.base_version} and are {version} now"
    if outcome.as_asked is None:
        return f"{told}, by this command or another: look at the bench"
    if outcome.as_asked:
        return f"{told}, with the values that were asked for"
    return f"{told}, with other values: somebody else's change"


def stop_sentence(outcome: Outcome, bench: str) -> str:
    """Return what became of a stop, for a person."""
    if outcome.verdict == STOPPED:
        return f"{bench}: stopped and disarmed"
    if outcome.verdict == REFUSED:
        return f"the stop is NOT confirmed: {bench} refused it: {outcome.reason}; go to the bench"
    go = "Go to the bench and stop it there: key s, the device's switch, or the electrodes' cable"
    if outcome.verdict == DENIED:
        return f"the stop was NOT sent: the broker refused it: {outcome.reason}. {go}"
    sent = "the broker has it" if outcome.sent else "the broker did not confirm that it has it"
    return f"the stop is NOT confirmed: {bench} did not answer, {sent}. {go}"
