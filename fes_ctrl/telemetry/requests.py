"""What a remote party says, read strictly: one JSON object with these fields and no others."""

import json
import math
from typing import Final, NamedTuple
from uuid import UUID

from fes_ctrl.links.broker import NAME
from fes_ctrl.model import ALL_LEGS, LEG_NAMES

MOST_BYTES: Final = 4096
MOST_CHANGES: Final = 16
FIELDS: Final = (
    *("id", "session", "seq", "issued_us", "not_after_us", "base_version", "leg", "change"),
)
BOTH: Final = "both"

SET: Final = "set"
STOP: Final = "stop"


class Request(NamedTuple):
    """A message on a command topic, as it came.

    ``what`` is ``set`` or ``stop``; ``sender`` the topic's last level; ``retained`` whether the
    broker kept it from before; ``correlation`` is what its answers are to carry, in hexadecimal.
    """

    what: str
    sender: str
    retained: bool
    payload: str
    correlation: str = ""


class Command(NamedTuple):
    """A change that somebody asks for, well-formed; nothing of it is judged yet."""

    id: str
    session: str
    seq: int
    issued_us: int
    not_after_us: int
    base_version: int
    leg: int
    change: dict[str, float]


class MalformedError(ValueError):
    """No command: what is wrong with it. ``id`` is its identifier where one can be told."""

    def __init__(self, why: str, id_: str = "") -> None:
        super().__init__(why)
        self.id = id_


def is_name(text: str) -> bool:
    """Return whether a text can name a bench or a sender."""
    return NAME.fullmatch(text) is not None


def parse(payload: str) -> Command:
    """Return the command that a message holds.

    Raises
    ------
    MalformedError
        If it holds none.
    """
    if len(payload.encode(errors="replace")) > MOST_BYTES:
        message = f"too large: a command has at most {MOST_BYTES} bytes"
        raise MalformedError(message)
    try:
        found = json.loads(payload, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        message = f"malformed: no JSON object ({error})"
        raise MalformedError(message) from error
    if not isinstance(found, dict):
        raise MalformedError("malformed: no JSON object")
    id_ = id_of(found)
    missing = [name for name in FIELDS if name not in found]
    unknown = sorted(str(name) for name in found if name not in FIELDS)
    if missing or unknown:
        told = [f"{', '.join(missing)} missing"] if missing else []
        told += [f"{', '.join(unknown)[:60]} unknown"] if unknown else []
        raise MalformedError(f"malformed: {'; '.join(told)}", id_)
    if not id_:
        raise MalformedError("malformed: id is no UUID")
    for name in ("seq", "issued_us", "not_after_us", "base_version"):
        # True is an int in Python, and no number to whoever wrote it.
        if type(found[name]) is not int or not 0 <= found[name] < 1 << 62:
            raise MalformedError(f"malformed: {name} is no whole number that is not negative", id_)
    if not isinstance(found["session"], str):
        raise MalformedError("malformed: session is no text", id_)
    if found["leg"] not in (*LEG_NAMES, BOTH):
        raise MalformedError(f"malformed: leg is none of {', '.join(LEG_NAMES)}, {BOTH}", id_)
    leg = ALL_LEGS if found["leg"] == BOTH else LEG_NAMES.index(found["leg"])
    return Command(
        id_,
        found["session"],
        found["seq"],
        found["issued_us"],
        found["not_after_us"],
        found["base_version"],
        leg,
        _change(found["change"], id_),
    )


def id_of(found: object) -> str:
    """Return the identifier of what was said, or nothing."""
    id_ = found.get("id") if isinstance(found, dict) else None
    try:
        return str(UUID(id_)) if isinstance(id_, str) else ""
    except ValueError:
        return ""


def _change(change: object, id_: str) -> dict[str, float]:
    if not isinstance(change, dict) or not change:
        raise MalformedError("malformed: change names nothing", id_)
    if len(change) > MOST_CHANGES:
        raise MalformedError(f"too large: at most {MOST_CHANGES} changes at once", id_)
    found = {}
    for key, value in change.items():
        shown = key[:60]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise MalformedError(f"malformed: {shown} is no number", id_)
        number = float(value) if abs(value) < 1e300 else math.inf  # an int may be of any length
        if not math.isfinite(number):
            raise MalformedError(f"malformed: {shown} is no finite number", id_)
        found[key] = number
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_number(name: str) -> float:
    message = f"{name} is no number"
    raise ValueError(message)
