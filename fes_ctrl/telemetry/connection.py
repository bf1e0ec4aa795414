"""A connection to a broker that is made again whenever it is lost: by every process that has one.

MQTT 5, and 3.1.1 where the broker has no more. Attempts grow apart, with a little chance in it, so
that the benches of a lab do not all come back at once.
"""

import asyncio
import contextlib
import logging
import random
import socket
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Final

from aiomqtt import Client, MqttError, ProtocolVersion, Will
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry import trouble
from fes_ctrl.telemetry.backoff import LONGEST_S, Backoff
from fes_ctrl.telemetry.incoming import StopsFirst
from fes_ctrl.telemetry.refusal import OutspokenClient

CONFIRMED_S: Final = 5.0
"""What a broker has not confirmed by then, it will not: the connection is half open."""
KEEPALIVE_S: Final = 10
MOST_PACKET: Final = 1 << 18
"""Bytes of a message that is taken at all; the longest of ours has some 30,000."""
HANG_UP_S: Final = 0.1
HANG_UP_TURNS: Final = 10
"""So long, looked at so often, a good-bye may take to leave."""
UNANSWERED: Final = "Operation timed out"
"""What aiomqtt says where there is a line and no answer."""

DENIED: Final = 128
UNSUPPORTED: Final = (1, 132)
"""Reason codes: unacceptable protocol version, of 3.1.1 and of 5."""
NO_DUPLICATES_OF_THE_PAST: Final = 2
"""Retain handling: what was retained before is not sent."""


def properties_of(packet: int) -> Properties:
    """Return empty properties for a packet of MQTT 5."""
    return Properties(packet)  # type: ignore[no-untyped-call]


class RenewError(Exception):
    """A connection is to be made anew at once: it says of us what is true no more."""


def client_for(
    broker: Broker,
    protocol: ProtocolVersion,
    identifier: str | None,
    will: Will | None,
    queue_type: type[StopsFirst] = StopsFirst,
    kept_s: int = 0,
    keepalive_s: int = KEEPALIVE_S,
) -> Client:
    """Return a client that is not connected yet; parameters as of ``Connections``.

    Raises
    ------
    OSError
        If a certificate or key cannot be read.
    """
    session: dict[str, Any] = {"clean_session": True}
    if protocol == ProtocolVersion.V5:
        # Session expiry 0: what comes while we are away is not for us.
        properties = properties_of(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = kept_s
        properties.MaximumPacketSize = MOST_PACKET
        session = {"clean_start": not kept_s, "properties": properties}
    logger = logging.getLogger("fes_ctrl.mqtt")
    logger.disabled = True  # it is the counters that tell
    return OutspokenClient(
        broker.host,
        broker.port,
        username=broker.user or None,
        password=broker.password or None,
        identifier=identifier,
        protocol=protocol,
        will=will,
        tls_context=broker.tls_context(),
        keepalive=keepalive_s,
        timeout=CONFIRMED_S,
        queue_type=queue_type,
        # A stop must not wait for the acknowledgement of what was sent before it.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        logger=logger,
        **session,
    )


class Connections:
    """Makes connections to one broker, one after the other.

    Parameters
    ----------
    broker : Broker
        Where, and as whom.
    identifier : str or None
        Of the client; ``None``: the broker or the library chooses.
    will : Will or None
        What the broker says when we are lost.
    queue_type : type of StopsFirst
        Where messages wait, and which of them are stops.
    kept_s : int
        How long the broker keeps for us what comes while we are away; in 3.1.1 it would be kept
        for ever, so nothing is.
    keepalive_s : int
        A line on which nothing has come for twice as long is dead.

    Attributes
    ----------
    protocol : ProtocolVersion
        Of the last attempt.
    made : int
        How many there were.
    will : Will or None
        Of the next one.
    beside : Connections or None
        Others to the same broker: what they know of its versions is believed.
    """

    def __init__(
        self,
        broker: Broker,
        identifier: str | None = None,
        will: Will | None = None,
        queue_type: type[StopsFirst] = StopsFirst,
        kept_s: int = 0,
        keepalive_s: int = KEEPALIVE_S,
    ) -> None:
        self._broker = broker
        self._identifier = identifier
        self.will = self._given = will
        self._newest = False
        self._older = False
        self._queue_type = queue_type
        self._kept_s = kept_s
        self._keepalive_s = keepalive_s
        self.protocol = ProtocolVersion.V311 if broker.protocol == "3.1.1" else ProtocolVersion.V5
        self.made = 0
        self.beside: Connections | None = None

    @property
    def broker(self) -> Broker:
        """Where."""
        return self._broker

    @property
    def spoken(self) -> str:
        """The protocol in words."""
        return "MQTT 5" if self.protocol == ProtocolVersion.V5 else "MQTT 3.1.1"

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncGenerator[Client, None]:
        """Connect; yields a client that is connected.

        Raises
        ------
        MqttError
            If there is no connection, or it is lost inside.
        OSError
            If a certificate or key cannot be read.
        """
        if self.beside is not None and self.beside._newest and not self._broker.protocol:  # noqa: SLF001 - its like
            self._newest, self.protocol = True, ProtocolVersion.V5
        try:
            client = await self._connect()
        except MqttConnectError as error:
            if _code(error) not in UNSUPPORTED or self._broker.protocol:
                raise
            self.protocol = ProtocolVersion.V311
            client = await self._connect()
        except MqttError as error:
            self._failed(str(error))
            raise
        self._older = self.protocol == ProtocolVersion.V311
        self._newest = self._newest or not self._older
        self.made += 1
        try:
            yield client
        finally:
            # However it ended: nobody waits for a broker's good-bye longer than it takes.
            try:
                with contextlib.suppress(MqttError, OSError):
                    await client.__aexit__(None, None, None)
            finally:
                end = client._disconnected  # noqa: SLF001 - nobody else may have looked
                if end.done() and not end.cancelled():
                    end.exception()
                await _hang_up(client)

    @property
    def will_is_old(self) -> bool:
        """Whether the broker was given another last will than is to be."""
        return self._given is not self.will

    async def _connect(self) -> Client:
        self._given = self.will
        client = client_for(
            self._broker,
            self.protocol,
            self._identifier,
            self.will,
            self._queue_type,
            self._kept_s,
            self._keepalive_s,
        )
        try:
            await client.__aenter__()
        except BaseException:
            await _hang_up(client)
            raise
        return client

    def _failed(self, why: str) -> None:
        """Choose the protocol of the next attempt.

        Some brokers say nothing to a protocol that they do not know; a broker that is not there,
        or that knew MQTT 5 before, says nothing about protocols: one that was spoken to in the
        older one is again.
        """
        if self._broker.protocol or (self._older and why != UNANSWERED):
            return
        older = self.protocol == ProtocolVersion.V5 and why == UNANSWERED and not self._newest
        self.protocol = ProtocolVersion.V311 if older else ProtocolVersion.V5

    @contextlib.asynccontextmanager
    async def soon(self) -> AsyncGenerator[Client, None]:
        """Connect as ``one``, and once more in the other version where nobody understood the first.

        For whoever does not try again later.
        """
        async with contextlib.AsyncExitStack() as stack:
            protocol = self.protocol
            try:
                client = await stack.enter_async_context(self.one())
            except MqttError:
                if self.protocol == protocol:
                    raise
                client = await stack.enter_async_context(self.one())
            yield client

    async def subscribe(
        self, client: Client, topic: str, *, past: bool, qos: int = 1, flagged: bool = True
    ) -> bool:
        """Subscribe; return whether the broker allows it.

        Parameters
        ----------
        client : Client
            Connected.
        topic : str
            With wildcards.
        past : bool
            Whether what is retained is wanted too. Then it is what comes marked as retained; else
            whatever was published so.
        qos : int
            What the broker is to do for a message on its way to us: send again (1) or not (0).
        flagged : bool
            Whether what is published as retained from now on comes marked so, where the past is
            not wanted; in 3.1.1 nothing of now does.
        """
        if self.protocol == ProtocolVersion.V5:
            handling = 0 if past else NO_DUPLICATES_OF_THE_PAST
            options = SubscribeOptions(
                qos=qos, retainAsPublished=flagged and not past, retainHandling=handling
            )
            granted = await client.subscribe(topic, options=options)
        else:
            granted = await client.subscribe(topic, qos=qos)
        return all((code if isinstance(code, int) else code.value) < DENIED for code in granted)


async def _hang_up(client: Client) -> None:
    """Close a line for good.

    aiomqtt leaves one open to which no answer came, or which it could not read; paho would go on
    with it, and the broker tell our last will when it ends.
    """
    inner = client._client  # noqa: SLF001 - there is no other way
    line = inner.socket()
    if not isinstance(line, socket.socket):
        return
    # Nobody waits for the end of it any more. Told of it, aiomqtt would ask whether it was ever
    # connected, which raises where somebody gave up while it was being made.
    inner.on_disconnect = None
    try:
        with contextlib.suppress(OSError, ValueError):
            inner.disconnect()
        turns = HANG_UP_TURNS
        while turns and inner.socket() is not None:
            turns -= 1
            await asyncio.sleep(HANG_UP_S / HANG_UP_TURNS)
    finally:
        # Where it takes no good-bye it is told none; the loop sees the end and tidies up.
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
    await asyncio.sleep(0.0)


async def keep_connected(
    connections: Connections,
    converse: Callable[[Client], Coroutine[Any, Any, None]],
    down: Callable[[str], None],
    ended: asyncio.Event,
    longest_s: float = LONGEST_S,
) -> None:
    """Connect, converse, and begin again whenever the connection is lost, until the end.

    Parameters
    ----------
    connections : Connections
        To the broker.
    converse : callable
        What to do on a connection; returns when the broker hung up, or nothing is left to do; may
        raise ``RenewError``.
    down : callable
        Takes why there is no connection, or none any more, and what to do about it.
    ended : Event
        Nobody wants one any more.
    longest_s : float
        Between two attempts.
    """
    backoff = Backoff(random.Random(), longest_s)
    while not ended.is_set():
        stood_s = 0.0
        why = trouble.HUNG_UP
        renewed = False
        try:
            async with connections.one() as client:
                since_s = time.monotonic()
                try:
                    await converse(client)
                finally:
                    stood_s = time.monotonic() - since_s
        except* RenewError:
            renewed = True
        except* (MqttError, OSError) as group:
            told = trouble.ended if stood_s else trouble.in_words
            why = told(group.exceptions[0], connections.broker)
        if ended.is_set():
            return
        if renewed:
            continue
        down(why)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(backoff.failed(stood_s)):
                await ended.wait()


def _code(error: MqttConnectError) -> int:
    code = error.rc
    return code if isinstance(code, int) else int(getattr(code, "value", -1))
