"""What waits to be published: bounded, the oldest gives way, and what gave way is counted.

Of what a topic retains only the newest matters; what happened is batched; answers go first. Topics
take turns, so that a busy one holds up no other.
"""

import json
from collections import deque
from typing import Any, Final, NamedTuple

from fes_ctrl.telemetry.schema import A_START, BY_NAME, ROOT, VERSION

EVERY_US: Final = 50_000
"""A topic is sent so often at most: 20 times a second."""

MOST_ITEMS: Final = 1000
"""Of one topic, between two messages: minutes of walking."""
MOST_IN_ONE: Final = 200
MOST_URGENT: Final = 256

AT_ONCE: Final = ("faults",)
ANSWER: Final = "answer/SENDER"
STOPPED: Final = "stopped"


class Message(NamedTuple):
    """Ready to be published with QoS 1."""

    topic: str
    payload: bytes
    retained: bool
    correlation: bytes = b""


class _Batch:
    """Items of one topic."""

    __slots__ = ("dropped", "due_us", "items")

    def __init__(self) -> None:
        self.items: deque[dict[str, Any]] = deque()
        self.dropped = 0
        self.due_us = 0


class Outgoing:
    """Messages of one bench, as they come and as they go.

    Parameters
    ----------
    bench : str
        Its name.
    session : str
        The run's nonce.
    starts : int
        How often this process was started in the run: each counts from a million of its own on,
        so that numbers rise and a viewer sees that some were lost.

    Attributes
    ----------
    urgent_dropped : int
        Answers and audit entries that had to give way.
    """

    def __init__(self, bench: str, session: str, starts: int = 1) -> None:
        self._bench = bench
        self._session = session
        self._seq: dict[str, int] = {}
        self._first = (starts - 1) * A_START
        self._latest: dict[str, dict[str, Any]] = {}
        self._batches: dict[str, _Batch] = {
            topic.name: _Batch()
            for topic in BY_NAME.values()
            if topic.writer == "bench" and any(field.name == "items" for field in topic.fields)
        }
        self._turns = deque(self._batches)
        self._urgent: deque[tuple[str, dict[str, Any], bytes]] = deque()
        self._stopped: deque[tuple[str, dict[str, Any], bytes]] = deque()
        self.urgent_dropped = 0

    def latest(self, topic: str, fields: dict[str, Any]) -> None:
        """Let this be what a topic says next, whatever it was to say."""
        self._latest[topic] = fields

    def item(self, topic: str, item: dict[str, Any]) -> None:
        """Add something that happened."""
        batch = self._batches[topic]
        batch.items.append(item)
        if len(batch.items) > MOST_ITEMS:
            batch.items.popleft()
            batch.dropped += 1

    def urgent(self, topic: str, fields: dict[str, Any], correlation: bytes = b"") -> None:
        """Add what somebody waits for; whoever asked for a stop waits for nothing before it."""
        stopped = topic != "audit" and fields.get("verdict") == STOPPED
        queue = self._stopped if stopped else self._urgent
        queue.append((topic, fields, correlation))
        if len(queue) > MOST_URGENT:
            queue.popleft()
            self.urgent_dropped += 1

    def next_stopped(self, t_us: int, utc_us: int) -> Message | None:
        """Return an answer to a stop that is to be published now, or ``None``."""
        if not self._stopped:
            return None
        topic, fields, correlation = self._stopped.popleft()
        return self._message(topic, fields, t_us, utc_us, correlation)

    def next(self, t_us: int, utc_us: int) -> Message | None:
        """Return what is to be published now, or ``None``.

        Parameters
        ----------
        t_us, utc_us : int
            The run's clock and the wall's.
        """
        stopped = self.next_stopped(t_us, utc_us)
        if stopped is not None:
            return stopped
        if self._urgent:
            topic, fields, correlation = self._urgent.popleft()
            return self._message(topic, fields, t_us, utc_us, correlation)
        for topic in self._latest:
            return self._message(topic, self._latest.pop(topic), t_us, utc_us)
        for _ in range(len(self._turns)):
            topic = self._turns[0]
            self._turns.rotate(-1)
            batch = self._batches[topic]
            if batch.items and (t_us >= batch.due_us or topic in AT_ONCE):
                batch.due_us = t_us + EVERY_US
                count = min(MOST_IN_ONE, len(batch.items))
                items = [batch.items.popleft() for _ in range(count)]
                return self._message(
                    topic, {"items": items, "dropped": batch.dropped}, t_us, utc_us
                )
        return None

    def due_us(self) -> int | None:
        """Return when something waits to be published; ``None`` where nothing does."""
        if self._stopped or self._urgent or self._latest:
            return 0
        dues = [
            0 if topic in AT_ONCE else batch.due_us
            for topic, batch in self._batches.items()
            if batch.items
        ]
        return min(dues, default=None)

    @property
    def dropped(self) -> dict[str, int]:
        """What had to give way, by topic; those that lost nothing are left out."""
        found = {topic: batch.dropped for topic, batch in self._batches.items() if batch.dropped}
        if self.urgent_dropped:
            found["answer"] = self.urgent_dropped
        return found

    def _message(
        self, topic: str, fields: dict[str, Any], t_us: int, utc_us: int, correlation: bytes = b""
    ) -> Message:
        kind = ANSWER if topic.startswith("answer/") else topic
        seq = self._seq[topic] = self._seq.get(topic, self._first) + 1
        body = {
            "v": VERSION,
            "bench": self._bench,
            "session": self._session,
            "seq": seq,
            "t_us": t_us,
            "utc_us": utc_us,
            **fields,
        }
        payload = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        return Message(
            f"{ROOT}/{self._bench}/{topic}", payload, BY_NAME[kind].retained, correlation
        )
