"""Messages from a broker that wait to be looked at: bounded, and stops first."""

import asyncio
from collections import deque
from typing import Final

from aiomqtt import Message

from fes_ctrl.telemetry.requests import MOST_BYTES

MOST_INCOMING: Final = 256


class StopsFirst(asyncio.Queue[Message]):
    """Incoming messages: a stop overtakes all others, and none of those is in its way.

    Each kind has its bound, beyond which its oldest gives way; ``lost`` counts them. Of a command
    that is too long, as much is kept as it takes to refuse it.
    """

    def _init(self, _maxsize: int) -> None:
        self._stops: deque[Message] = deque()
        self._others: deque[Message] = deque()
        self.lost = 0

    def qsize(self) -> int:
        """Return how many wait."""
        return len(self._stops) + len(self._others)

    def empty(self) -> bool:
        """Return whether none waits."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Return whether the next one is refused: never."""
        return False

    def is_stop(self, message: Message) -> bool:
        """Return whether a message asks for a stop."""
        # One that is kept stops nobody, and must not push out those that do.
        return "/command/stop/" in str(message.topic) and not message.retain

    def _put(self, message: Message) -> None:
        if "/command/" in str(message.topic) and len(message.payload) > MOST_BYTES:
            message.payload = message.payload[: MOST_BYTES + 1]
        queue = self._stops if self.is_stop(message) else self._others
        queue.append(message)
        if len(queue) > MOST_INCOMING:
            queue.popleft()
            self.lost += 1

    def _get(self) -> Message:
        return (self._stops or self._others).popleft()
