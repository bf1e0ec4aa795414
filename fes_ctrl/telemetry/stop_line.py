"""The connection on which a bench hears stops, and nothing else.

What is sent to a connection comes in order, and a broker throws away what waits for one that has
broken: on the connection of all else a stop may stand behind a flood of changes, or be lost with
it. Here nothing stands before it. Stops come on both, so that neither has to be known to be dead
before one is heard. No last will belongs to this one, and nothing but answers to stops leaves by
it.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from aiomqtt import Client, MqttError, ProtocolVersion

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry.connection import UNANSWERED, Connections, keep_connected

KEPT_S: Final = 10
"""So long a broker of MQTT 5 keeps stops for a bench that has lost it: a late stop still stops."""
KEEPALIVE_S: Final = 5
LONGEST_S: Final = 2.0
"""Between two attempts."""
PROVEN_S: Final = 3.0
"""A line that has not answered by then, asked whether it is alive, is dead."""

AT_ONCE_S: Final = 0.15
"""Who loses one connection within this of the other one's making has lost it by that."""
MOST_CLASHES: Final = 2
FORGOTTEN_S: Final = 60.0
REST_S: Final = 600.0
"""So long none is made where a user can have only one: each ends the connection of all else."""
ONLY_ONE: Final = "a user can have only one at this broker"

OWN: Final = "own"
SHARED: Final = "shared"
DENIED: Final = "denied"


class Rivals:
    """Two connections, and whether each ends the other: a broker may allow a user only one."""

    def __init__(self) -> None:
        self._made_s = {True: -math.inf, False: -math.inf}
        self._lost_s = {True: -math.inf, False: -math.inf}
        self._clash_s = -math.inf
        self._clashes = 0

    def note(self, now_s: float, *, first: bool, made: bool) -> bool:
        """Take note that one was made or lost; return whether they end each other, as is clear.

        Parameters
        ----------
        now_s : float
            Seconds on a clock that never jumps.
        first : bool
            Which of the two.
        made : bool
            Made, or lost.
        """
        mine, theirs = (self._made_s, self._lost_s) if made else (self._lost_s, self._made_s)
        mine[first] = now_s
        if now_s - theirs[not first] > AT_ONCE_S:
            return False
        if now_s - self._clash_s > FORGOTTEN_S:
            self._clashes = 0
        self._clash_s = now_s
        self._clashes += 1
        return self._clashes >= MOST_CLASHES


class StopLine:
    """Listens for stops.

    Parameters
    ----------
    broker : Broker
        Where, and as whom: as the bench.
    identifier : str
        Of this connection, the same for the whole run: by it the broker knows whose stops it keeps.
    topic : str
        Of the stops, with a wildcard for who asks.
    hear : callable
        Takes a client and hands up what comes, until its connection is lost.
    beside : Connections
        Those of all else, to the same broker: the same is to be spoken on both.

    Attributes
    ----------
    client : Client or None
        While stops are heard on it.
    denied : bool
        Whether the broker lets nobody of this name hear them.
    why : str
        Why they are not heard here.
    """

    def __init__(
        self,
        broker: Broker,
        identifier: str,
        topic: str,
        hear: Callable[[Client], Coroutine[Any, Any, None]],
        beside: Connections,
    ) -> None:
        self._connections = Connections(broker, identifier, kept_s=KEPT_S, keepalive_s=KEEPALIVE_S)
        self._connections.beside, beside.beside = beside, self._connections
        self._topic = topic
        self._hear = hear
        self._doubted = asyncio.Event()
        self._resting = asyncio.Event()
        self._rivals = Rivals()
        self._tried = asyncio.Event()
        self.client: Client | None = None
        self.denied = False
        self.why = "not connected yet"

    @property
    def protocol(self) -> ProtocolVersion:
        """Of the connection."""
        return self._connections.protocol

    @property
    def way(self) -> str:
        """On which connection stops come: ``own``, ``shared`` with all else, or ``denied``."""
        if self.denied:
            return DENIED
        return SHARED if self.client is None else OWN

    async def run(self, ended: asyncio.Event) -> None:
        """Listen until the run is over, on ever new connections; it is cancelled then."""
        while not ended.is_set():
            await keep_connected(
                self._connections, self._converse, self._down, self._resting, LONGEST_S
            )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REST_S):
                    await ended.wait()
            self._resting.clear()

    @property
    def rests(self) -> bool:
        """Whether no connection is tried, for it would end the other one."""
        return self._resting.is_set()

    async def settled(self, seconds: float) -> None:
        """Wait until it is known whether stops are heard here, but not for longer than that."""
        waiting = asyncio.create_task(self._tried.wait())
        await asyncio.wait([waiting], timeout=seconds)
        waiting.cancel()

    def other(self, *, made: bool) -> None:
        """Take note that the other connection was made, or lost: perhaps this one is dead too."""
        if not made:
            self._doubted.set()
        self._note(made=made, first=True)

    def _note(self, *, made: bool, first: bool = False) -> None:
        if self._rivals.note(time.monotonic(), first=first, made=made):
            self._resting.set()
            self._now(None, ONLY_ONE)

    async def _converse(self, client: Client) -> None:
        # Stops that were kept for us come at once, before anything is asked for.
        hearing = asyncio.create_task(self._hear(client))
        self._note(made=True)
        try:
            while not self.rests:
                self._doubted.clear()
                granted = await self._subscribed(client)
                self._now(client if granted else None, "", denied=not granted)
                events = [asyncio.create_task(self._doubted.wait())]
                events.append(asyncio.create_task(self._resting.wait()))
                try:
                    await asyncio.wait([hearing, *events], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for event in events:
                        event.cancel()
                if hearing.done():
                    hearing.result()
                    return
        finally:
            if not hearing.cancel() and not hearing.cancelled():
                hearing.exception()  # told already, or of no matter any more
            self._now(None, self.why)
            self._note(made=False)

    async def _subscribed(self, client: Client) -> bool:
        """Ask for the stops; return whether they are granted. Asking again proves the line."""
        try:
            async with asyncio.timeout(PROVEN_S):
                return await self._connections.subscribe(client, self._topic, past=False)
        except TimeoutError as error:
            raise MqttError(UNANSWERED) from error

    def _down(self, why: str) -> None:
        self._now(None, why)

    def _now(self, client: Client | None, why: str, *, denied: bool = False) -> None:
        self.client, self.denied = client, denied
        self.why = ONLY_ONE if self.rests else why
        self._tried.set()
