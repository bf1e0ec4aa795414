"""What is asked of a bench, off its connections: bounded, and handed up to the control loop."""

import time
from collections.abc import Callable, Mapping
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


class Asked:
    """Takes messages off connections.

    Parameters
    ----------
    tell : callable
        Takes a line for the control loop.
    others : mapping of str to callable
        By topic: what takes the payload of messages that ask for nothing.
    """

    def __init__(
        self, tell: Callable[..., None], others: Mapping[str, Callable[[Any], None]]
    ) -> None:
        self._tell = tell
        self._others = others
        self._budgets = {what: Budget(COMMANDS_A_SECOND) for what in (SET, STOP, RETAINED)}

    async def hear(self, client: Client) -> None:
        """Hand up what comes on a connection, until that is lost."""
        queue = client._queue  # noqa: SLF001 - it counts what gave way
        told = 0
        async for message in client.messages:
            lost = queue.lost if isinstance(queue, StopsFirst) else 0
            if lost > told:
                self._tell(kind="flooded", lost=lost - told)
                told = lost
            self._take(message)

    def _take(self, message: Message) -> None:
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
