"""Giving a bench a command, and waiting for what becomes of it."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final
from uuid import uuid4

from aiomqtt import Client, MqttError, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry.asking import (
    DENIED,
    UNANSWERED,
    Ask,
    Outcome,
    Reply,
    Target,
    ask_to_set,
    ask_to_stop,
    reply_of,
    unanswered,
)
from fes_ctrl.telemetry.connection import Connections, properties_of
from fes_ctrl.telemetry.gate import LIFE_US
from fes_ctrl.telemetry.refusal import RefusedMessageError, who_we_are
from fes_ctrl.telemetry.remote import ACCEPTED, EFFECTIVE
from fes_ctrl.telemetry.requests import STOP
from fes_ctrl.telemetry.schema import ROOT
from fes_ctrl.telemetry.soonest import soonest
from fes_ctrl.telemetry.stop_line import KEPT_S
from fes_ctrl.telemetry.trouble import is_final

RETAINED_S: Final = 1.0
"""So long is waited for what a broker keeps; it comes at once or not at all."""
BURST_S: Final = 4.0
"""No burst is longer: by then a change has taken hold."""
TRIES_S: Final = 5.0
"""So long a stop is tried to be brought to the broker: then its sender has to know."""
AGAIN_S: Final = 0.2
EVERY_S: Final = 1.0
"""So often a stop is given until it is answered: a broker may have dropped the one before."""


class NotThereError(Exception):
    """A bench that no change can be asked of: why, and what to do."""


class Commanding:
    """Asks one bench in one sender's name.

    Parameters
    ----------
    broker : Broker
        Where; its path is the bench's name.
    sender : str
        Whose name.
    timeout_s : float
        How long an answer is waited for.

    Attributes
    ----------
    id : str
        Of the command, once there is one.
    """

    def __init__(self, broker: Broker, sender: str, timeout_s: float) -> None:
        self._at = f"{ROOT}/{broker.path}"
        self._bench = broker.path
        self._sender = sender
        self._timeout_s = timeout_s
        self._broker = broker
        self._connections = Connections(broker)
        self._target = Target()
        self._told: set[str] = set()
        self._ask: Ask | None = None
        self._reply: Reply | None = None
        self._session = ""
        self._of_another: Reply | None = None
        self._news = asyncio.Event()
        self._lost: BaseException | None = None
        self._denied = ""
        self.id = ""

    async def set(self, leg: str, change: dict[str, float]) -> Outcome:
        """Ask for other parameters, and return what became of it.

        Raises
        ------
        NotThereError
            If the bench is not there, or tells no parameters: nothing was sent.
        MqttError, OSError
            If there was no connection: nothing was sent.
        """
        async with self._connected() as client:
            await self._connections.subscribe(client, self._answers, past=False)
            for what in ("status", "parameters"):
                await self._connections.subscribe(client, f"{self._at}/{what}", past=True)
            await self._until(lambda: self._told >= {"status", "parameters"}, RETAINED_S)
            base = self._target
            self._there(base)
            self._session = base.session
            self._ask = ask_to_set(uuid4(), base, leg, change, time.time_ns() // 1000)
            try:
                sent = await self._publish(client, self._ask)
                if self._denied:
                    return Outcome(DENIED, self._denied, base_version=base.version, sent=False)
                self._reply = self._reply or self._of_another
                if self._reply is None:
                    now = await self._parameters_again(client)
                    return unanswered(base, now, leg, change, sent=sent)
                if self._reply.verdict == ACCEPTED:
                    await self._until(self._is_effective, BURST_S)
            except MqttError:
                if self._reply is None:
                    return unanswered(base, Target(), leg, change, sent=False)
            reply = self._reply
            return Outcome(reply.verdict, reply.reason, reply.version, base.version)

    async def stop(self, reason: str) -> Outcome:
        """Ask for a stop, whatever is known of the bench, and return what became of it.

        Raises
        ------
        MqttError, OSError
            If it was not sent, for there was no connection.
        """
        self._ask = ask_to_stop(uuid4(), reason)
        until_s = time.monotonic() + TRIES_S
        sent = False
        while True:
            try:
                async with self._connected(until_s - time.monotonic()) as client:
                    # The broker reads them in order: nothing is waited for before the stop.
                    subscribing = asyncio.create_task(
                        self._connections.subscribe(client, self._answers, past=False)
                    )
                    try:
                        await asyncio.sleep(0)
                        sent = await self._publish(client, self._ask, EVERY_S) or sent
                    finally:
                        subscribing.cancel()
                        await asyncio.wait([subscribing])
                break
            except (MqttError, OSError) as error:
                if self._reply is not None:
                    break
                if is_final(error) or time.monotonic() > until_s:
                    if sent:
                        break
                    raise
                await asyncio.sleep(AGAIN_S)
        if self._reply is None and self._denied:
            return Outcome(DENIED, self._denied, sent=False)
        if self._reply is None:
            return Outcome(UNANSWERED, sent=sent)
        return Outcome(self._reply.verdict, self._reply.reason, self._reply.version)

    @property
    def _answers(self) -> str:
        return f"{self._at}/answer/{self._sender}"

    @contextlib.asynccontextmanager
    async def _connected(self, soonest_s: float | None = None) -> AsyncGenerator[Client, None]:
        """Connect; where it has to be soonest, in whichever version, within so many seconds."""
        async with contextlib.AsyncExitStack() as stack:
            if soonest_s is None:
                client = await stack.enter_async_context(self._connections.soon())
            else:
                connecting = soonest(self._broker, max(AGAIN_S, soonest_s))
                self._connections, client = await stack.enter_async_context(connecting)
            self._lost = None
            listening = asyncio.create_task(self._listen(client))
            try:
                yield client
            finally:
                listening.cancel()
                await asyncio.wait([listening])

    async def _listen(self, client: Client) -> None:
        try:
            async for message in client.messages:
                self._hear(str(message.topic), message.payload)
        except MqttError as error:
            self._lost = error
        self._news.set()

    def _hear(self, topic: str, payload: bytes) -> None:
        what = topic.removeprefix(f"{self._at}/")
        if topic == self._answers and self._ask is not None:
            reply = reply_of(payload, self._ask)
            if reply is not None and self._session and reply.session != self._session:
                # Two runs use the name, or a new one does: what was meant for the other it refuses.
                self._of_another = reply
            elif reply is not None and not self._is_effective():
                self._reply = reply
        elif what in {"status", "parameters"}:
            self._target = self._target.heard(what, payload)
            self._told.add(what)
        self._news.set()

    async def _until(self, known: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is known; return whether it is."""
        try:
            async with asyncio.timeout(seconds):
                while not known():
                    if self._lost is not None:
                        raise self._lost
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _is_known(self) -> bool:
        return self._reply is not None or bool(self._denied)

    def _is_effective(self) -> bool:
        return self._reply is not None and self._reply.verdict == EFFECTIVE

    def _there(self, target: Target) -> None:
        if target.online is None:
            why = (
                f"no bench of the name {self._bench} has spoken there, or {self._sender} may not "
                f"read {self._at}/status; see fes-ctrl watch"
            )
            raise NotThereError(why)
        if not target.online:
            why = f"{self._bench} is not there ({target.why or 'offline'}); nothing was sent"
            raise NotThereError(why)
        if target.version is None:
            why = f"{self._at}/parameters cannot be read; may {self._sender} read it?"
            raise NotThereError(why)

    async def _publish(self, client: Client, ask: Ask, every_s: float = math.inf) -> bool:
        """Give a command and wait for an answer; return whether the broker has it.

        Parameters
        ----------
        client : Client
            Connected.
        ask : Ask
            The command; of the same identifier however often it is given.
        every_s : float
            How often it is given until it is answered.
        """
        self.id = str(ask.id)
        until_s = time.monotonic() + self._timeout_s
        publishing: set[asyncio.Task[None]] = set()
        try:
            while True:
                publishing.add(asyncio.create_task(self._give(client, ask)))
                left_s = until_s - time.monotonic()
                known = await self._until(self._is_known, min(every_s, left_s))
                if known or left_s <= every_s:
                    break
        finally:
            for task in publishing:
                task.cancel()
            await asyncio.wait(publishing)
        return any(not task.cancelled() and task.exception() is None for task in publishing)

    async def _give(self, client: Client, ask: Ask) -> None:
        topic = f"{self._at}/command/{ask.what}/{self._sender}"
        properties = self._properties(ask)
        try:
            await client.publish(topic, ask.payload, qos=1, retain=False, properties=properties)
        except RefusedMessageError as error:
            self._denied = f"{error.why}: {who_we_are(self._broker)} may not write {topic}"
            self._news.set()
            raise

    def _properties(self, ask: Ask) -> Properties | None:
        if self._connections.protocol != ProtocolVersion.V5:
            return None
        properties = properties_of(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = KEPT_S if ask.what == STOP else LIFE_US // 1_000_000
        properties.ResponseTopic = self._answers
        properties.CorrelationData = ask.id.bytes
        return properties

    async def _parameters_again(self, client: Client) -> Target:
        """Return the bench as it tells itself now; without a version where it does not."""
        self._told.discard("parameters")
        await self._connections.subscribe(client, f"{self._at}/parameters", past=True)
        known = await self._until(lambda: "parameters" in self._told, RETAINED_S)
        return self._target if known else Target()
