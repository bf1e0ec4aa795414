"""What is asked of a bench, off its connections: bounded, and handed up to the control loop."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from aiomqtt import Client
from aiomqtt.message import Message

from fes_ctrl.telemetry.bounds import Budget
from fes_ctrl.telemetry.gate import RETAINED
from fes_ctrl.telemetry.incoming import StopsFirst
from fes_ctrl.telemetry.requests import MOST_BYTES, SET, STOP, is_name

COMMANDS_A_SECOND: Final = 20
"""More than this of either kind is not handed up."""
NAMELESS: Final = "nameless"
"""Who asks for a stop and has no name that could be one: stopped is stopped."""
TWIN_S: Final = 1.0
"""What comes on both connections within this was said once."""
MOST_TWINS: Final = 256


class _Alone:
    """Equal messages that have come on one connection and not yet on the other."""

    def __init__(self, line: object) -> None:
        self.line = line
        self.since_s: deque[float] = deque(maxlen=MOST_TWINS)


class Twins:
    """Tells of a message whether it has come on the other connection already."""

    def __init__(self) -> None:
        self._heard: OrderedDict[Hashable, _Alone] = OrderedDict()

    def has_come(self, message: Hashable, line: object, now_s: float) -> bool:
        """Return whether a message is the twin of one that came; each has one and no more.

        Parameters
        ----------
        message : hashable
            All that is known of it.
        line : object
            The connection on which it comes now.
        now_s : float
            Seconds on a clock that never jumps.
        """
        alone = self._heard.pop(message, None)
        if alone is not None:
            while alone.since_s and now_s - alone.since_s[0] > TWIN_S:
                alone.since_s.popleft()
            if alone.since_s and alone.line is not line:
                alone.since_s.popleft()
                if alone.since_s:
                    self._heard[message] = alone
                return True
        if alone is None or alone.line is not line:
            alone = _Alone(line)
        alone.since_s.append(now_s)
        self._heard[message] = alone
        if len(self._heard) > MOST_TWINS:
            self._heard.popitem(last=False)
        return False


class Asked:
    """Takes messages off connections.

    Parameters
    ----------
    tell : callable
        Takes a line for the control loop.
    others : mapping of str to callable
        By topic: what takes the payload of messages that ask for nothing.

    Attributes
    ----------
    stopped_on : Client or None
        The connection on which the last stop came first.
    """

    def __init__(
        self, tell: Callable[..., None], others: Mapping[str, Callable[[Any], None]]
    ) -> None:
        self._tell = tell
        self._others = others
        self._budgets = {what: Budget(COMMANDS_A_SECOND) for what in (SET, STOP, RETAINED)}
        self._twins = Twins()
        self.stopped_on: Client | None = None

    async def hear(self, client: Client) -> None:
        """Hand up what comes on a connection, until that is lost."""
        queue = client._queue  # noqa: SLF001 - it counts what gave way
        told = 0
        async for message in client.messages:
            lost = queue.lost if isinstance(queue, StopsFirst) else 0
            if lost > told:
                self._tell(kind="flooded", lost=lost - told)
                told = lost
            self._take(message, client)

    def _take(self, message: Message, client: Client) -> None:
        other = self._others.get(str(message.topic))
        if other is not None:
            other(message.payload)
            return
        what, sender = str(message.topic).split("/")[-2:]
        if what == STOP and not is_name(sender):
            sender = NAMELESS
        if what not in self._budgets or not is_name(sender):
            return
        correlation = getattr(message.properties, "CorrelationData", b"")[:64]
        if what == STOP:
            said = sender, message.retain, bytes(message.payload), correlation
            if self._twins.has_come(said, client, time.monotonic()):
                return
            self.stopped_on = client
        # A stop that is kept is refused: a flood of those must be in the way of none that is not.
        kind = RETAINED if what == STOP and message.retain else what
        if not self._budgets[kind].spend(time.monotonic()):
            self._tell(kind="flooded", lost=1)
            return
        self._tell(
            kind="request",
            what=what,
            sender=sender,
            retained=message.retain,
            # One byte more than is allowed says that it was too many.
            payload=message.payload[: MOST_BYTES + 1].decode(errors="replace"),
            correlation=correlation.hex(),
        )
