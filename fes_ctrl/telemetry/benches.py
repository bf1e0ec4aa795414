"""All benches of a broker, from their messages: who is there, how each stands, what was lost.

Messages in, a picture out; no clock is read and no I/O done. A broker hands on whatever anybody may
write there, so nothing that comes is trusted to be well-formed, to stop, or to be fit to be shown.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from fes_ctrl.links.broker import NAME
from fes_ctrl.telemetry.bench import TOPICS, Bench
from fes_ctrl.telemetry.picture import Picture, Presence
from fes_ctrl.telemetry.reading import message_of
from fes_ctrl.telemetry.schema import ROOT

MOST_BENCHES: Final = 1024
LOOK_S: Final = 0.1
"""So often it is looked for one that is gone, should more have come than that."""


class Noise(NamedTuple):
    """What came and is no bench's word.

    Attributes
    ----------
    foreign : int
        Messages on topics that are none of a bench's.
    malformed : int
        Messages that are no JSON object of ours.
    crowded_out : int
        Messages of benches beyond the number that is followed.
    """

    foreign: int
    malformed: int
    crowded_out: int


class Benches:
    """Follows every bench of a broker, up to a thousand.

    Parameters
    ----------
    wanted : iterable of str
        Those that are asked for by name: shown before they speak, and never crowded out. Where none
        is named, whoever speaks is followed.
    """

    def __init__(self, wanted: Iterable[str] = ()) -> None:
        self._wanted = tuple(dict.fromkeys(wanted))
        self._benches: dict[str, Bench] = {name: Bench(name) for name in self._wanted}
        self._connected_s: float | None = None
        self._look_s = 0.0
        self._noise: Counter[str] = Counter()

    def connected(self, now_s: float) -> None:
        """Take note that there is a connection; what was missed before it is nobody's loss."""
        self._connected_s = now_s
        for bench in self._benches.values():
            bench.begin()

    def disconnected(self) -> None:
        """Take note that nothing can be heard: of nobody is known how they are."""
        self._connected_s = None

    def hear(self, topic: str, payload: bytes, *, past: bool, now_s: float, utc_us: int) -> None:
        """Take a message.

        Parameters
        ----------
        topic : str
            In full.
        payload : bytes
            As it came.
        past : bool
            Whether the broker kept it from before we subscribed.
        now_s : float
            A clock that never jumps, seconds.
        utc_us : int
            The wall clock here, microseconds.
        """
        root, _, rest = topic.partition("/")
        name, _, what = rest.partition("/")
        if root != ROOT or not NAME.fullmatch(name) or what not in TOPICS:
            self._noise["foreign"] += 1
            return
        if not payload and not past:
            if what == "status":
                self._tidied(name, now_s)
            return
        message = message_of(payload)
        if message is None:
            self._noise["malformed"] += 1
            if name in self._benches:
                self._benches[name].malformed += 1
            return
        bench = self._benches.get(name)
        if bench is None:
            if self._wanted or not self._room(now_s):
                self._noise["crowded_out"] += 1
                return
            bench = self._benches[name] = Bench(name)
        bench.hear(what, message, past=past, now_s=now_s, utc_us=utc_us)

    def _tidied(self, name: str, now_s: float) -> None:
        """Forget a bench whose status somebody took off the broker, unless it is there."""
        bench = self._benches.get(name)
        if bench is None or name in self._wanted:
            return
        if bench.presence(now_s, self._connected_s) is not Presence.ONLINE:
            del self._benches[name]

    def _room(self, now_s: float) -> bool:
        """Return whether another bench fits in; who is gone longest makes room."""
        if len(self._benches) < MOST_BENCHES:
            return True
        if now_s < self._look_s:
            return False
        self._look_s = now_s + LOOK_S
        gone = [
            (bench.heard_s or 0.0, name)
            for name, bench in self._benches.items()
            if bench.presence(now_s, self._connected_s) > Presence.ONLINE
        ]
        if not gone:
            return False
        del self._benches[min(gone)[1]]
        return True

    def pictures(self, now_s: float, utc_us: int) -> list[Picture]:
        """Return how each bench stands: those with faults first, then by presence and name."""
        found = [
            bench.picture(now_s, utc_us, self._connected_s) for bench in self._benches.values()
        ]
        return sorted(found, key=_urgency)

    @property
    def noise(self) -> Noise:
        """What came besides."""
        return Noise(*(self._noise[name] for name in Noise._fields))


class Changes:
    """Tells which benches stand otherwise than when it was asked last."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, ...]] = {}

    def of(self, pictures: list[Picture]) -> list[Picture]:
        """Return those that have changed in more than their counters."""
        known = {picture.bench: picture.standing for picture in pictures}
        changed = [each for each in pictures if self._known.get(each.bench) != each.standing]
        self._known = known
        return changed


def _urgency(picture: Picture) -> tuple[bool, int, str]:
    there = picture.presence <= Presence.SILENT
    return (not (there and picture.faults), int(picture.presence), picture.bench)
