"""The connection on which a bench hears stops, and nothing else.

What is sent to a connection comes in order, and a broker throws away what waits for one that has
broken: on the connection of all else a stop would stand behind a flood of changes, or be lost with
it. Here nothing stands before it. No last will belongs to it, and nothing but answers to stops
leaves by it.
"""

import asyncio
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

OWN: Final = "own"
SHARED: Final = "shared"
DENIED: Final = "denied"


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

    Attributes
    ----------
    client : Client or None
        While stops are heard on it.
    denied : bool
        Whether the broker lets nobody of this name hear them.
    why : str
        Why they are not heard here.
    changed : Event
        Set whenever one of these is another.
    """

    def __init__(
        self,
        broker: Broker,
        identifier: str,
        topic: str,
        hear: Callable[[Client], Coroutine[Any, Any, None]],
    ) -> None:
        self._connections = Connections(broker, identifier, kept_s=KEPT_S, keepalive_s=KEEPALIVE_S)
        self._topic = topic
        self._hear = hear
        self._doubted = asyncio.Event()
        self._tried = asyncio.Event()
        self.client: Client | None = None
        self.denied = False
        self.why = "not connected yet"
        self.changed = asyncio.Event()

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
        """Listen until the run is over, on ever new connections."""
        await keep_connected(self._connections, self._converse, self._down, ended, LONGEST_S)

    async def settled(self, seconds: float) -> None:
        """Wait until it is known whether stops are heard here, but not for longer than that."""
        waiting = asyncio.create_task(self._tried.wait())
        await asyncio.wait([waiting], timeout=seconds)
        waiting.cancel()

    def doubt(self) -> None:
        """Take note that the other connection was lost: perhaps this one is dead too."""
        self._doubted.set()

    async def _converse(self, client: Client) -> None:
        # Stops that were kept for us come at once, before anything is asked for.
        hearing = asyncio.create_task(self._hear(client))
        try:
            while True:
                self._doubted.clear()
                granted = await self._subscribed(client)
                self._now(client if granted else None, "", denied=not granted)
                doubted = asyncio.create_task(self._doubted.wait())
                try:
                    await asyncio.wait([hearing, doubted], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    doubted.cancel()
                if hearing.done():
                    hearing.result()
                    return
        finally:
            hearing.cancel()
            self._now(None, self.why)

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
        self.client, self.why, self.denied = client, why, denied
        self._tried.set()
        self.changed.set()
