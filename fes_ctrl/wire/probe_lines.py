"""Lines between the host and a bench probe, both directions: fields, ranges, encode and decode.

The tables are those of docs/reference/probe-lines.md. Every line ends in the check of
``fes_ctrl.wire.lines``; one without, or with anything that is not said here, is left out and
counted. Times are the low 32 bits of the probe's clock in microseconds.
"""

import re
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from fes_ctrl.units import MicroAmp, Us
from fes_ctrl.wire.lines import Splitter, seal, unseal

VERSION: Final = 1

WORD_MAX: Final = (1 << 32) - 1
CHANNEL_MAX: Final = 15
PHASES_MAX: Final = 24
DURATION_MAX_US: Final = 65_535
CURRENT_MAX_UA: Final = 999_999
VERSION_MAX: Final = 255
LOAD_MAX_OHM: Final = 1_000_000
TOKEN_MAX: Final = 255

ALIVE_EVERY_US: Final = 100_000
"""A probe says at least so often that it lives."""

Points: TypeAlias = tuple[tuple[Us, MicroAmp], ...]

_NUMBER: Final = re.compile(rb"-?[1-9][0-9]{0,9}|0")
_NAME: Final = re.compile(rb"[A-Za-z0-9._+-]{1,32}")


class ProbeLineError(ValueError):
    """A line that is none of the probe's, or a message that no line can say."""


class ProbeIdentity(NamedTuple):
    """Who the probe is and how well it measures.

    Attributes
    ----------
    version : int
        Of these lines.
    name, firmware : str
        Letters, digits and ``._+-``.
    load_ohm : int
        What it measures across.
    current_step_ua, time_step_us : int
        What it resolves.
    ceiling_ua : int
        More current reads as this much.
    clock_ppm : int
        How far its clock may be off, parts in a million.
    floor_ua : int
        Less current is not seen: what it calls silence may hold as much.
    """

    version: int
    name: str
    firmware: str
    load_ohm: int
    current_step_ua: MicroAmp
    time_step_us: Us
    ceiling_ua: MicroAmp
    clock_ppm: int
    floor_ua: MicroAmp


class PulseSeen(NamedTuple):
    """A pulse: its number among all that were seen, its leading edge, its phases with sign."""

    number: int
    t_us: Us
    channel: int
    points: Points


class EdgePlayed(NamedTuple):
    """A heel edge that was played, and when."""

    t_us: Us
    loaded: bool


class Alive(NamedTuple):
    """The probe lives: every pulse that began before this instant is counted here.

    Attributes
    ----------
    t_us : int
        No pulse told of before began later, none told of afterwards begins earlier.
    pulses : int
        Seen since the probe started; the number of the last.
    unrecorded : int
        Those among them that no line tells of.
    refused : int
        Lines of the host that it could not take.
    """

    t_us: Us
    pulses: int
    unrecorded: int
    refused: int


class ClockRead(NamedTuple):
    """The probe's clock, read between the question and this answer."""

    token: int
    t_us: Us


class Identify(NamedTuple):
    """Say who you are."""


class ReadClock(NamedTuple):
    """Read your clock."""

    token: int


class PlayEdge(NamedTuple):
    """Play a heel edge, now or at an instant of the probe's clock."""

    loaded: bool
    at_us: Us | None = None


FromProbe: TypeAlias = ProbeIdentity | PulseSeen | EdgePlayed | Alive | ClockRead
ToProbe: TypeAlias = Identify | ReadClock | PlayEdge


def encode(message: FromProbe | ToProbe) -> bytes:
    """Return a message as its line.

    Raises
    ------
    ProbeLineError
        If no line can say it: a field is out of its range.
    """
    match message:
        case ProbeIdentity():
            body = ",".join(["probe", *map(str, message)])
        case PulseSeen(number, t_us, channel, points):
            phases = [f"{duration_us}/{current_ua}" for duration_us, current_ua in points]
            body = ",".join(["pulse", str(number), str(t_us), str(channel), *phases])
        case EdgePlayed(t_us, loaded):
            body = f"edge,{t_us},{loaded:d}"
        case Alive():
            body = ",".join(["alive", *map(str, message)])
        case ClockRead(token, t_us):
            body = f"clock,{token},{t_us}"
        case Identify():
            body = "identify"
        case ReadClock(token):
            body = f"clock,{token}"
        case PlayEdge(loaded, at_us):
            body = f"edge,{loaded:d}" if at_us is None else f"edge,{loaded:d},{at_us}"
    line = body.encode("ascii", "replace")
    to_probe = isinstance(message, Identify | ReadClock | PlayEdge)
    if (_to_probe(line) if to_probe else _from_probe(line)) != message:
        message_error = f"{body}: not what a line can say"
        raise ProbeLineError(message_error)
    return seal(line)


_Message = TypeVar("_Message")


class _Lines(Generic[_Message]):
    """Feed bytes, get messages.

    Attributes
    ----------
    misread : int
        Lines that were none.
    """

    def __init__(self, parse: Callable[[bytes], _Message]) -> None:
        self._parse = parse
        self._splitter = Splitter()
        self.misread = 0

    @property
    def bad(self) -> int:
        """How many lines were left out: bad checks, wrong counts, more than 512 bytes."""
        return self.misread + self._splitter.overlong

    def feed(self, data: bytes) -> list[_Message]:
        """Return the messages that are complete with these bytes, of any splitting."""
        messages: list[_Message] = []
        for line, whole in self._splitter.feed(data):
            text = line.removesuffix(b"\r")
            if not text:
                continue
            try:
                messages.append(self._parse(unseal(text)))
            except ValueError:
                # Whoever opens a port hears the end of a line first.
                self.misread += whole
        return messages


class ProbeDecoder(_Lines[FromProbe]):
    """What a probe says."""

    def __init__(self) -> None:
        super().__init__(_from_probe)


class HostDecoder(_Lines[ToProbe]):
    """What a host says to a probe."""

    def __init__(self) -> None:
        super().__init__(_to_probe)


def _from_probe(body: bytes) -> FromProbe:
    kind, *fields = body.split(b",")
    match kind, fields:
        # Fields that a later version adds come last.
        case b"probe", [version, name, firmware, *rest] if len(rest) >= 6:
            return ProbeIdentity(
                _number(version, 1, VERSION_MAX),
                _name(name),
                _name(firmware),
                _number(rest[0], 1, LOAD_MAX_OHM),
                _number(rest[1], 1, CURRENT_MAX_UA),
                _number(rest[2], 1, DURATION_MAX_US),
                _number(rest[3], 1, CURRENT_MAX_UA),
                _number(rest[4], 1, 100_000),
                _number(rest[5], 0, CURRENT_MAX_UA),
            )
        case b"pulse", [number, t_us, channel, *phases] if 1 <= len(phases) <= PHASES_MAX:
            return PulseSeen(
                _number(number, 1, WORD_MAX),
                _number(t_us, 0, WORD_MAX),
                _number(channel, 0, CHANNEL_MAX),
                tuple([_phase(phase) for phase in phases]),
            )
        case b"edge", [t_us, loaded]:
            return EdgePlayed(_number(t_us, 0, WORD_MAX), _number(loaded, 0, 1) == 1)
        case b"alive", [t_us, pulses, unrecorded, refused]:
            seen = _number(pulses, 0, WORD_MAX)
            return Alive(
                _number(t_us, 0, WORD_MAX),
                seen,
                _number(unrecorded, 0, seen),
                _number(refused, 0, WORD_MAX),
            )
        case b"clock", [token, t_us]:
            return ClockRead(_number(token, 0, TOKEN_MAX), _number(t_us, 0, WORD_MAX))
    raise ProbeLineError(body)


def _to_probe(body: bytes) -> ToProbe:
    kind, *fields = body.split(b",")
    match kind, fields:
        case b"identify", []:
            return Identify()
        case b"clock", [token]:
            return ReadClock(_number(token, 0, TOKEN_MAX))
        case b"edge", [loaded]:
            return PlayEdge(_number(loaded, 0, 1) == 1)
        case b"edge", [loaded, at_us]:
            return PlayEdge(_number(loaded, 0, 1) == 1, _number(at_us, 0, WORD_MAX))
    raise ProbeLineError(body)


def _phase(text: bytes) -> tuple[Us, MicroAmp]:
    duration_us, slash, current_ua = text.partition(b"/")
    if not slash:
        raise ProbeLineError(text)
    return (
        _number(duration_us, 1, DURATION_MAX_US),
        _number(current_ua, -CURRENT_MAX_UA, CURRENT_MAX_UA),
    )


def _number(text: bytes, low: int, high: int) -> int:
    if _NUMBER.fullmatch(text) is None or not low <= int(text) <= high:
        raise ProbeLineError(text)
    return int(text)


def _name(text: bytes) -> str:
    if _NAME.fullmatch(text) is None:
        raise ProbeLineError(text)
    return text.decode("ascii")
