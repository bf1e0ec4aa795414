"""Listening to all benches of a broker, and to it again whenever it is lost."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Final

from aiomqtt import Client, Message, MqttError, ProtocolVersion

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry.backoff import Backoff
from fes_ctrl.telemetry.bench import TOPICS
from fes_ctrl.telemetry.benches import Benches
from fes_ctrl.telemetry.connection import Connections
from fes_ctrl.telemetry.incoming import StopsFirst
from fes_ctrl.telemetry.schema import ROOT
from fes_ctrl.telemetry.trouble import ended, in_words, is_final

VERSIONS: Final = {ProtocolVersion.V5: "MQTT 5", ProtocolVersion.V311: "MQTT 3.1.1"}
A_BREATH: Final = 64
"""So many messages are taken before others have their turn."""


class RefusedHereError(Exception):
    """The broker does not take us, and will not by itself: why, and what to do."""


class Watching:
    """Keeps ``Benches`` told.

    Parameters
    ----------
    broker : Broker
        Where.
    benches : Benches
        Who is told.
    names : tuple of str
        Benches that are listened to; none: all.
    say : callable
        Takes a line about the connection.

    Attributes
    ----------
    state : str
        How the connection is, in a few words.
    trying : bool
        Whether the first attempt is not over yet.
    up : Event
        Set while there is a connection, and everything is subscribed to.
    lost : int
        Messages that came faster than they were read.
    """

    def __init__(
        self,
        broker: Broker,
        benches: Benches,
        names: tuple[str, ...],
        say: Callable[[str], None],
    ) -> None:
        self._broker = broker
        self._benches = benches
        self._topics = [f"{ROOT}/{name}/{topic}" for name in names or ("+",) for topic in TOPICS]
        self._say = say
        self._connections = Connections(broker)
        self.state = "connecting"
        self.trying = True
        self.up = asyncio.Event()
        self.lost = 0
        self._up_s = 0.0

    @property
    def up_for_s(self) -> float:
        """How long everything has been listened to, seconds."""
        return time.monotonic() - self._up_s if self.up.is_set() else 0.0

    @property
    def protocol(self) -> str:
        """The version that is spoken."""
        return VERSIONS[self._connections.protocol]

    async def run(self) -> None:
        """Listen until it is cancelled.

        Raises
        ------
        RefusedHereError
            If there was no connection yet, and trying again would not help.
        """
        backoff = Backoff(random.Random())
        while True:
            begun_s = time.monotonic()
            error: BaseException | None = None
            try:
                async with self._connections.one() as client, asyncio.TaskGroup() as tasks:
                    begun_s = time.monotonic()
                    self._benches.connected(begun_s)
                    tasks.create_task(self._subscribe(client))
                    await self._listen(client)
            except* (MqttError, OSError) as group:
                error = group.exceptions[0]
            finally:
                self.trying = False
                stood = self.up.is_set()
                self.up.clear()
                self._benches.disconnected()
            if error is None:
                continue
            if not self._connections.made and is_final(error):
                raise RefusedHereError(in_words(error, self._broker)) from error
            why = (ended if stood else in_words)(error, self._broker)
            wait_s = backoff.failed(time.monotonic() - begun_s if stood else 0.0)
            self.state = f"{why}; tried again in {wait_s:.1f} s"
            self._say(self.state)
            await asyncio.sleep(wait_s)

    async def _subscribe(self, client: Client) -> None:
        granted = [
            await self._connections.subscribe(client, topic, past=True) for topic in self._topics
        ]
        self.state = f"connected, {self.protocol}"
        if not all(granted):
            self.state += f"; may not read {granted.count(False)} of {len(granted)} topics"
        self._say(self.state)
        self._up_s = time.monotonic()
        self.up.set()

    async def _listen(self, client: Client) -> None:
        lost_before = self.lost
        queue = client._queue  # noqa: SLF001 - aiomqtt gives them out one by one, which is too slow
        while True:
            self._hear(await anext(aiter(client.messages)))
            with contextlib.suppress(asyncio.QueueEmpty):
                for _ in range(A_BREATH):
                    self._hear(queue.get_nowait())
            if isinstance(queue, StopsFirst):
                self.lost = lost_before + queue.lost
            # Whoever draws has a turn too.
            await asyncio.sleep(0)

    def _hear(self, message: Message) -> None:
        self._benches.hear(
            str(message.topic),
            message.payload,
            past=message.retain,
            now_s=time.monotonic(),
            utc_us=time.time_ns() // 1000,
        )
