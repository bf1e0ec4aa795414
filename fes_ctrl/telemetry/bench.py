"""One bench as it is seen from afar: messages in, a picture out; no clock is read, no I/O done."""

import math
from collections import Counter, deque
from typing import Any, Final

from fes_ctrl.telemetry.picture import KEPT, UNTOLD, Picture, Presence
from fes_ctrl.telemetry.reading import integer, newer, parts, text
from fes_ctrl.telemetry.schema import A_START, BY_NAME

TO_OTHERS: Final = ("answer/SENDER", "audit")
TOPICS: Final = tuple(
    topic.name
    for topic in BY_NAME.values()
    if topic.writer == "bench" and topic.name not in TO_OTHERS
)
"""What is listened to: all that a bench says of itself."""

ANSWERS: Final = "answer"
"""Answers and audit entries, as they are counted together."""
SILENT_S: Final = 5.0
"""A bench tells of its health every 2 s; the broker may take longer to notice that it is gone."""
CONTESTED_S: Final = 5.0
MOST_RUNS: Final = 8
"""Of one name, that are known again."""
MOST_RESTARTS: Final = 9999
WINDOW_S: Final = 30.0
"""Clocks are set now and then: what was the fastest is forgotten after one to two of these."""


class Bench:
    """Follows one bench.

    Attributes
    ----------
    heard_s : float or None
        When it spoke last.
    malformed : int
        Messages on its topics that could not be read.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.heard_s: float | None = None
        self.malformed = 0
        self._said_us: int | None = None
        self._newer = False
        self._contested_s: float | None = None
        self._before: deque[str] = deque(maxlen=MOST_RUNS)
        self._forget("")

    def _forget(self, session: str) -> None:
        """Start anew: another run has other devices, counters and clocks."""
        self._session = session
        self._online: bool | None = None
        self._why = ""
        self._known: dict[str, Any] = {}
        self._seqs: dict[str, int] = {}
        self._missed: Counter[str] = Counter()
        self._dropped: dict[str, int] = {}
        self._dropped_before: Counter[str] = Counter()
        self._dropped_start = 0
        self._restarts = 0
        self._lag_us: float | None = None
        self._fastest = Fastest()

    def begin(self) -> None:
        """Count from what comes next."""
        self._seqs.clear()

    def hear(
        self, what: str, message: dict[str, Any], *, past: bool, now_s: float, utc_us: int
    ) -> None:
        """Take a message on one of ``TOPICS``; parameters as of ``Benches.hear``."""
        session = text(message.get("session"), 64)
        said_us = integer(message.get("utc_us"))
        gone = what == "status" and message.get("online") is False
        if session != self._session and not self._turn(
            session, said_us, now_s, past=past, gone=gone
        ):
            return
        if not self._in_order(what, message, gone=gone, past=past):
            return
        self._newer = newer(message)
        if said_us is not None and not gone:
            self._said_us = max(said_us, self._said_us or said_us)
        if what == "status":
            self._online = not gone
            self._why = text(message.get("why"), 20)
        elif what == "health":
            self._drop(message)
        # What happened is counted by metrics: of the other topics only the numbers matter.
        self._known.update(KEPT[what](message) if what in KEPT else {})
        if past or gone:
            return
        self.heard_s = now_s
        if self._why == "lost":
            # The will of a connection that it had before: it speaks again.
            self._online = True
        if said_us is not None:
            self._lag_us = self._fastest.behind(float(utc_us - said_us), now_s)

    def _turn(
        self, session: str, said_us: int | None, now_s: float, *, past: bool, gone: bool
    ) -> bool:
        """Return whether this other run is the one to follow from now on."""
        speaks = self.heard_s is not None and now_s - self.heard_s < SILENT_S
        if speaks and (past or gone):
            return False  # the last will of a run before
        if speaks and session in self._before:
            self._contested_s = now_s
            return False
        if past and (said_us or 0) < (self._said_us or 0):
            return False
        if gone and self.heard_s is None and self._online:
            return False
        self._before.append(self._session)
        self._forget(session)
        return True

    def _in_order(self, what: str, message: dict[str, Any], *, gone: bool, past: bool) -> bool:
        """Count what is missing before a message; return whether it is later than the last."""
        seq = integer(message.get("seq"))
        if seq is None or seq < 0 or gone:
            return True  # good-byes are not counted
        last = self._seqs.get(what)
        if last is not None and seq <= last:
            return past  # it came twice, or too late
        self._seqs[what] = seq
        self._restarts = max(self._restarts, min(seq // A_START, MOST_RESTARTS))
        if last is None:
            return True
        if seq // A_START == last // A_START:
            self._missed[what] += seq - last - 1
        else:
            # The process that speaks was started anew; how much the old one said is not known.
            self._missed[what] += max(0, seq % A_START - 1)
        return True

    def _drop(self, health: dict[str, Any]) -> None:
        """Take what it had to drop: each process that speaks counts its own."""
        start = max(0, integer(health.get("seq")) or 0) // A_START
        if start > self._dropped_start:
            self._dropped_start = start
            self._dropped_before.update(self._dropped)
            del self._dropped_before["lines_lost"]  # counted for the whole run
        self._dropped = _dropped(health)

    def presence(self, now_s: float, connected_s: float | None) -> Presence:
        """Return whether it is there."""
        if connected_s is None:
            return Presence.UNKNOWN
        if self._online is False:
            return Presence.LOST if self._why == "lost" else Presence.ENDED
        if not self._session and self.heard_s is None:
            return Presence.UNHEARD
        since_s = max(connected_s, self.heard_s or connected_s)
        return Presence.ONLINE if now_s - since_s <= SILENT_S else Presence.SILENT

    def picture(self, now_s: float, utc_us: int, connected_s: float | None) -> Picture:
        """Return how it stands; parameters as of ``Benches.pictures``."""
        contested = self._contested_s is not None and now_s - self._contested_s < CONTESTED_S
        return Picture(
            bench=self._name,
            presence=self.presence(now_s, connected_s),
            why=self._why,
            session=self._session,
            lag_ms=_ms(self._lag_us),
            clock_ms=_ms(self._fastest.us),
            missed=dict(+self._missed),
            dropped=dict(self._dropped_before + Counter(self._dropped)),
            restarts=self._restarts,
            malformed=self.malformed,
            heard_s=self._age(now_s, utc_us),
            live=self.heard_s is not None,
            contested=contested,
            newer=self._newer,
            **{**UNTOLD, **self._known},
        )

    def _age(self, now_s: float, utc_us: int) -> float | None:
        if self.heard_s is not None:
            return round(now_s - self.heard_s, 1)
        return None if self._said_us is None else max(0.0, round((utc_us - self._said_us) / 1e6, 1))


class Fastest:
    """How long the fastest message of the last minute was under way, and the clocks' difference."""

    def __init__(self) -> None:
        self._windows = [math.inf, math.inf]
        self._since_s = -math.inf

    def behind(self, us: float, now_s: float) -> float:
        """Take how long a message was; return how much longer than the fastest."""
        if now_s - self._since_s >= WINDOW_S:
            self._windows = [self._windows[1], math.inf]
            self._since_s = now_s
        self._windows[1] = min(self._windows[1], us)
        return us - min(self._windows)

    @property
    def us(self) -> float | None:
        """The fastest, microseconds; ``None`` before the first."""
        least = min(self._windows)
        return None if math.isinf(least) else least


def _dropped(health: dict[str, Any]) -> dict[str, int]:
    by_topic = parts(health.get("dropped"))
    counted = {what: integer(by_topic.get(what)) or 0 for what in (*TOPICS, ANSWERS)}
    counted |= {what: integer(health.get(what)) or 0 for what in ("lines_lost", "unconfirmed")}
    counted["refused"] = sum(integer(count) or 0 for count in parts(health.get("refused")).values())
    return {what: count for what, count in counted.items() if count > 0}


def _ms(us: float | None) -> float | None:
    return None if us is None else round(us / 1000, 1)
