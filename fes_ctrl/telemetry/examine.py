"""What there is to say of a broker from here: step by step, each with its verdict, in ten seconds.

Plain sockets first, for they say best what is wrong; then MQTT.
"""

import asyncio
import contextlib
import secrets
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiomqtt import Client, MqttError, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from fes_ctrl.links.broker import NAME, Broker
from fes_ctrl.telemetry.connection import Connections, properties_of
from fes_ctrl.telemetry.gate import FUTURE_US
from fes_ctrl.telemetry.leaving import leaving_loop
from fes_ctrl.telemetry.reading import integer, message_of
from fes_ctrl.telemetry.refusal import RefusedMessageError, who_we_are
from fes_ctrl.telemetry.schema import ROOT
from fes_ctrl.telemetry.trouble import ended, in_words

ALL_S: Final = 10.0
LOOK_UP_S: Final = 2.0
REACH_S: Final = 2.0
MQTT_S: Final = 3.0
"""For a connection in either version; a broker that does not know the first may say nothing."""
ECHOES: Final = 20
ECHO_S: Final = 1.0
HEALTH_S: Final = 2.2
"""Benches tell of their health every 2 s."""
KEPT_S: Final = 10
"""What is left behind, should this be killed, a broker of MQTT 5 forgets by itself."""
MOST_CLOCKS: Final = 100


@dataclass(slots=True)
class Found:
    """What was found out; ``None``: it could not be, or was not come to.

    Attributes
    ----------
    addresses : list of str
        What the name stands for.
    reached_ms : float or None
        How long it took to be connected.
    tls : dict or None
        ``version``, ``issuer``, ``subject``, ``until`` of an encrypted line.
    protocol : str or None
        ``5`` or ``3.1.1``.
    accepted_ms : float or None
        How long it took to be let in.
    confirmed_ms, echo_ms : float or None
        Median of how long a message takes to be confirmed, and to come back.
    retained : bool or None
        Whether what is retained is kept.
    denied : list of str
        What this user may not do on a topic of its own.
    bench : str or None
        Whom the address names.
    may_publish : bool or None
        Whether this user may speak as that bench.
    clocks_ms : dict of str to float
        By bench that spoke: how far its wall clock is ahead of ours.
    problems : list of str
        What is wrong and what to do.
    """

    addresses: list[str] = field(default_factory=list)
    reached_ms: float | None = None
    tls: dict[str, str] | None = None
    protocol: str | None = None
    accepted_ms: float | None = None
    confirmed_ms: float | None = None
    echo_ms: float | None = None
    retained: bool | None = None
    denied: list[str] = field(default_factory=list)
    bench: str | None = None
    may_publish: bool | None = None
    clocks_ms: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def examined(broker: Broker) -> Found:
    """Return what there is to say of a broker."""
    found = Found()
    begun_s = time.monotonic()
    if _reach(broker, found):
        with asyncio.Runner(loop_factory=leaving_loop) as runner:
            runner.run(_speak(broker, found, ALL_S - (time.monotonic() - begun_s)))
    return found


# -- the line -----------------------------------------------------------------------------------


def _reach(broker: Broker, found: Found) -> bool:
    try:
        found.addresses = _look_up(broker)
        begun_s = time.monotonic()
        with socket.create_connection((broker.host, broker.port), REACH_S) as line:
            found.reached_ms = _ms(time.monotonic() - begun_s)
            context = broker.tls_context()
            if context is not None:
                line.settimeout(REACH_S)
                with context.wrap_socket(line, server_hostname=broker.host) as safe:
                    found.tls = _certificate(safe)
    except OSError as error:
        found.problems.append(in_words(error, broker))
        return False
    return True


def _look_up(broker: Broker) -> list[str]:
    """Return the addresses of a name; a resolver that hangs is not waited for."""
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(socket.getaddrinfo(broker.host, broker.port, type=socket.SOCK_STREAM))
        except OSError as error:
            answers.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(LOOK_UP_S)
    if not answers:
        raise socket.gaierror(socket.EAI_AGAIN, "the resolver does not answer")
    if isinstance(answers[0], OSError):
        raise answers[0]
    return list(dict.fromkeys(str(each[4][0]) for each in answers[0]))


def _certificate(line: ssl.SSLSocket) -> dict[str, str]:
    certificate: Any = line.getpeercert() or {}

    def name(what: str) -> str:
        parts = dict(pair for level in certificate.get(what, ()) for pair in level)
        return str(parts.get("commonName") or parts.get("organizationName") or "?")

    return {
        "version": line.version() or "?",
        "subject": name("subject"),
        "issuer": name("issuer"),
        "until": str(certificate.get("notAfter", "?")),
    }


# -- MQTT ---------------------------------------------------------------------------------------


async def _speak(broker: Broker, found: Found, seconds: float) -> None:
    connections = Connections(broker)
    try:
        async with asyncio.timeout(seconds), contextlib.AsyncExitStack() as stack:
            client = await _let_in(connections, broker, found, stack)
            if client is not None:
                await _as_bench(connections, client, broker, found)
                await _try_out(connections, client, found)
    except TimeoutError:
        found.problems.append("it has stopped answering; look at its log")
    except MqttError as error:
        found.problems.append(f"the connection did not last: {ended(error, broker)}")


async def _let_in(
    connections: Connections, broker: Broker, found: Found, stack: contextlib.AsyncExitStack
) -> Client | None:
    problem = ""
    for _ in range(2):
        tried = connections.protocol
        begun_s = time.monotonic()
        try:
            async with asyncio.timeout(MQTT_S):
                client = await stack.enter_async_context(connections.one())
        except TimeoutError as error:
            problem = in_words(error, broker)
            if broker.protocol:
                break
            connections.protocol = ProtocolVersion.V311
        except (MqttError, OSError) as error:
            problem = in_words(error, broker)
            if connections.protocol == tried:
                break
        else:
            found.protocol = "5" if connections.protocol == ProtocolVersion.V5 else "3.1.1"
            found.accepted_ms = _ms(time.monotonic() - begun_s)
            return client
    found.problems.append(problem)
    return None


class _Inbox:
    """What has come, and waiting for it."""

    def __init__(self) -> None:
        self.echoes: set[bytes] = set()
        self.kept: bytes | None = None
        self.clocks_us: dict[str, int] = {}
        self._news = asyncio.Event()

    async def listen(self, client: Client, own: str) -> None:
        async for message in client.messages:
            topic = str(message.topic)
            if topic == f"{own}/echo":
                self.echoes.add(message.payload)
            elif topic == f"{own}/kept" and message.retain:
                self.kept = message.payload
            elif topic.endswith("/health") and not message.retain:
                self._clock(topic.split("/")[1], message.payload)
            self._news.set()

    def _clock(self, bench: str, payload: bytes) -> None:
        said_us = integer((message_of(payload) or {}).get("utc_us"))
        if said_us is not None and NAME.fullmatch(bench) and len(self.clocks_us) < MOST_CLOCKS:
            self.clocks_us[bench] = said_us - time.time_ns() // 1000

    async def until(self, known: Callable[[], bool], seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while not known():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True


async def _try_out(connections: Connections, client: Client, found: Found) -> None:
    own = f"{ROOT}/doctor-{secrets.token_hex(6)}"
    inbox = _Inbox()
    listening = asyncio.create_task(inbox.listen(client, own))
    begun_s = time.monotonic()
    try:
        hears = await connections.subscribe(client, f"{ROOT}/+/health", past=True)
        await _echo(connections, client, own, inbox, found)
        await _keep(connections, client, own, inbox, found)
        if hears:
            await asyncio.wait([listening], timeout=HEALTH_S - (time.monotonic() - begun_s))
        if listening.done():
            await listening  # it ends by itself where the connection does, and says so
        else:
            # A broker that has stopped meanwhile says nothing: ask it once more.
            await client.unsubscribe(f"{own}/echo")
    finally:
        listening.cancel()
        # Its error is told where nothing else was.
        await asyncio.gather(listening, return_exceptions=True)
    found.clocks_ms = {bench: us / 1000 for bench, us in sorted(inbox.clocks_us.items())}
    for bench, us in sorted(inbox.clocks_us.items()):
        if abs(us) > FUTURE_US:
            way = "ahead of" if us > 0 else "behind"
            found.problems.append(
                f"the clock of {bench} is {abs(us) / 1e6:.1f} s {way} ours: it will refuse "
                "commands; set the clocks (NTP)"
            )


async def _as_bench(connections: Connections, client: Client, broker: Broker, found: Found) -> None:
    """Speak as the bench that is named, if one is: an answer for which nobody waits."""
    if not NAME.fullmatch(broker.path):
        return
    found.bench = broker.path
    if connections.protocol != ProtocolVersion.V5:
        return  # it confirms what it refuses too
    topic = f"{ROOT}/{broker.path}/answer/doctor-{secrets.token_hex(6)}"
    try:
        await client.publish(topic, b"", qos=1)
    except RefusedMessageError as error:
        found.may_publish = False
        found.problems.append(
            f"{who_we_are(broker)} may not speak as {broker.path} ({error.why}): a run there would "
            "not be heard; check the bench's name, the user, and the broker's access rules"
        )
    else:
        found.may_publish = True


async def _echo(
    connections: Connections, client: Client, own: str, inbox: _Inbox, found: Found
) -> None:
    """Send messages to ourselves, one after the other."""
    topic = f"{own}/echo"
    if not await connections.subscribe(client, topic, past=False):
        found.denied.append("read")
    confirmed_s, echo_s = [], []
    for count in range(ECHOES):
        payload = str(count).encode()
        begun_s = time.monotonic()
        refused = False
        try:
            await client.publish(topic, payload, qos=1)
        except RefusedMessageError:
            refused = True
        confirmed_s.append(time.monotonic() - begun_s)
        if refused:
            found.denied.append("write")
            break
        # A broker that forbids reading says nothing, and one of 3.1.1 nothing of either.
        if not await inbox.until(lambda sent=payload: sent in inbox.echoes, ECHO_S):  # type: ignore[misc]
            break
        echo_s.append(time.monotonic() - begun_s)
    found.confirmed_ms = _ms(statistics.median(confirmed_s))
    if echo_s:
        found.echo_ms = _ms(statistics.median(echo_s))
    elif not found.denied:
        found.denied.append("write or read")


async def _keep(
    connections: Connections, client: Client, own: str, inbox: _Inbox, found: Found
) -> None:
    """Let the broker keep a message, ask for it, and let it be forgotten."""
    if found.echo_ms is None:
        return
    topic = f"{own}/kept"
    properties = None
    if connections.protocol == ProtocolVersion.V5:
        properties = properties_of(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = KEPT_S
    try:
        await client.publish(topic, b"kept", qos=1, retain=True, properties=properties)
        await connections.subscribe(client, topic, past=True)
        found.retained = await inbox.until(lambda: inbox.kept == b"kept", ECHO_S)
    finally:
        await client.publish(topic, b"", qos=1, retain=True)
    if not found.retained:
        found.problems.append(
            "it keeps no retained messages: benches cannot be seen before they speak, and remote "
            "commands find no parameters; allow them in the broker's configuration"
        )


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)
