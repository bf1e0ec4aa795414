"""A walk in real time that is told to a broker, in a thread; and somebody far away, by paho."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from jsonschema import Draft202012Validator
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fes_ctrl.links.broker import parse_broker_url
from fes_ctrl.model import Fault, Record, Setpoint, StateChange
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.broadcast import Broadcast
from fes_ctrl.runtime.interrupt import stop_on_failure
from fes_ctrl.runtime.realtime import RealClock, real_time_loop
from fes_ctrl.runtime.telling import About
from fes_ctrl.telemetry.json_schema import json_schema
from fes_ctrl.telemetry.schema import TOPICS
from fes_ctrl.telemetry.taken import PATIENCE_US
from helpers.brokers import DEADLINE_S, HERE
from hil.rig import Rig
from hil.scenarios import load_scenario

AHEAD = 10
BENCH = "bench-1"
FLOOD = f"""
import sys
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
client.max_inflight_messages_set(0)
client.connect({HERE!r}, int(sys.argv[1]))
client.loop_start()
sent = []
for number in range(int(sys.argv[2])):
    what = "x" * 200_000 if number % 100 == 0 else "x" * 3000
    sent.append(client.publish("fes/{BENCH}/command/set/somebody", what, 1))
    if number == 50:
        print("flooding", flush=True)
for each in sent:
    each.wait_for_publish(20)
client.disconnect()
"""
"""Changes that make no sense, from a process of its own."""
VALIDATORS = {topic.name: Draft202012Validator(json_schema(topic)) for topic in TOPICS}
SOON = ("operator.level_percent=[100]", "operator.level_from_s=0.8")
"""The walk's operator raises the level at once."""


def until(known: Callable[[], Any], why: Callable[[], object], seconds: float = DEADLINE_S) -> Any:
    """Return what is to become true, waiting for it."""
    deadline = time.monotonic() + seconds
    while not (found := known()):
        assert time.monotonic() < deadline, why()
        time.sleep(0.01)
    return found


def resident_mb(pid: int) -> float:
    """Return how much memory a process has now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(pid)


class RealBench:
    """A simulated walk on the real loop, told by the real process."""

    def __init__(
        self,
        url: str,
        audit: Path | None = None,
        patience_us: int = PATIENCE_US,
        learnt: str = "",
    ) -> None:
        self._learnt = learnt
        self._url = url
        self._audit = audit
        self._patience_us = patience_us
        self.records: list[Record] = []
        self.said: list[str] = []
        self.allowed: list[Setpoint] = []
        self.written: list[Setpoint] = []
        self.failed: BaseException | None = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bench", daemon=True)
        self._thread.start()
        assert self._up.wait(DEADLINE_S)

    def _run(self) -> None:
        with contextlib.suppress(PermissionError):
            # A priority is a thread's: of this one, which is no test's own.
            usual = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, 0, usual - AHEAD)
        try:
            with asyncio.Runner(loop_factory=real_time_loop) as runner:
                runner.run(self._walk())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test is to see it
            self.failed = error
        finally:
            self._up.set()

    async def _walk(self) -> None:
        walk = replace(load_scenario("standard", {}, SOON).walk, duration_s=600.0)
        self._loop = loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        clock = RealClock(loop)
        self.rig = rig = Rig(walk, clock, NullLog())
        session = rig.session
        session.listeners.append(lambda _now_us, records: self.records.extend(records))
        allowed, written = session.on_setpoint, session.on_written
        assert allowed is not None
        assert written is not None

        def note(setpoint: Setpoint) -> None:
            self.allowed.append(setpoint)
            allowed(setpoint)

        def note_written(now_us: int, setpoint: Setpoint) -> None:
            self.written.append(setpoint)
            written(now_us, setpoint)

        session.on_setpoint, session.on_written = note, note_written
        about = About(
            BENCH,
            "standard",
            "p24" if self._learnt else "sim+p24",
            walk.legs,
            walk.control,
            walk.sensed,
            simulated=not self._learnt,
            config_sha256="0" * 64,
        )
        self.broadcast = Broadcast(
            session,
            clock,
            parse_broker_url(self._url),
            about,
            self.said.append,
            self._audit,
            self._patience_us,
            lambda: self._learnt,
        )
        try:
            with stop_on_failure(loop, session) as failed:
                session.open()
                self._up.set()
                over = asyncio.create_task(self._over.wait())
                await asyncio.wait([over, failed], return_when=asyncio.FIRST_COMPLETED)
                over.cancel()
                if failed.done():
                    failed.result()
        finally:
            # As a run ends: the output first, then those who watch.
            session.stop_now()
            session.settle()
            session.close()
            self.broadcast.close()

    def close(self) -> None:
        """End the walk."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
        assert self.failed is None, self.failed

    def operate(self, action: str, value: int = 0) -> None:
        """Let the person at the bench act."""
        self._loop.call_soon_threadsafe(self.rig.operate, action, value)

    @property
    def agent_pid(self) -> int:
        """The process that speaks to the broker."""
        found = self.broadcast.agent_pid
        assert found is not None
        return found

    def faults(self, id_: str) -> list[str]:
        """Return the reactions of a fault so far."""
        known = [record for record in list(self.records) if isinstance(record, Fault)]
        return [record.reaction for record in known if record.id == id_]

    def state(self) -> StateChange | None:
        """Return the last state."""
        known = [record for record in list(self.records) if isinstance(record, StateChange)]
        return known[-1] if known else None

    def walks(self) -> None:
        """Wait until pulses that are felt leave."""
        known = len(self.written)
        until(lambda: len(self.written) > known + 3, self.why)

    def why(self) -> str:
        """Return what is known, where something is not as it should be."""
        told = [each for each in list(self.records) if isinstance(each, StateChange | Fault)]
        return f"{self.failed!r} {self.said[-8:]} {told[-8:]}"


@contextlib.contextmanager
def walking(
    url: str, audit: Path | None = None, patience_us: int = PATIENCE_US, learnt: str = ""
) -> Iterator[RealBench]:
    """Yield a bench at which somebody walks; its stimulator may tell only later who it is."""
    bench = RealBench(url, audit, patience_us, learnt)
    try:
        yield bench
    finally:
        bench.close()


@contextlib.contextmanager
def flooded(port: int, count: int) -> Iterator[None]:
    """Let somebody send so many messages; yields when they come."""
    command = [sys.executable, "-c", FLOOD, str(port), str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"flooding\n"
        yield
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@dataclass(frozen=True)
class Heard:
    """A message that somebody far away got."""

    topic: str
    body: dict[str, Any]
    retained: bool
    correlation: bytes


class Far:
    """Somebody far away who sees all of a bench, and asks for things."""

    def __init__(
        self,
        port: int,
        *,
        user: str = "",
        password: str = "",
        ca: Path | None = None,
        protocol: int = MQTTv5,
    ) -> None:
        self.name = user or "tuner"
        self.heard: list[Heard] = []
        self.invalid: list[tuple[str, object]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        if user:
            self._client.username_pw_set(user, password)
        if ca is not None:
            self._client.tls_set(str(ca))
        self._client.on_message = self._hear
        self._client.connect(HERE, port)
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        # What a bench says, and not what others ask of it.
        topics = [(f"fes/{BENCH}/+", 1), (f"fes/{BENCH}/answer/+", 1)]
        self._client.on_connect = lambda *_: self._client.subscribe(topics)
        self._client.loop_start()
        assert subscribed.wait(DEADLINE_S)

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        topic = message.topic.removeprefix(f"fes/{BENCH}/")
        correlation = getattr(message.properties, "CorrelationData", b"")
        body = json.loads(message.payload)
        if not VALIDATORS["answer/SENDER" if topic.startswith("answer/") else topic].is_valid(body):
            self.invalid.append((topic, body))
        self.heard.append(Heard(topic, body, message.retain, correlation))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def on(self, topic: str) -> list[dict[str, Any]]:
        """Return what came on a topic so far."""
        return [each.body for each in list(self.heard) if each.topic == topic]

    def wait_for(
        self, topic: str, known: Callable[[dict[str, Any]], object] = lambda _body: True
    ) -> dict[str, Any]:
        """Return the first message of a topic that is wanted, waiting for it."""
        found = until(
            lambda: [body for body in self.on(topic) if known(body)],
            lambda: [(each.topic, each.body) for each in self.heard[-6:]],
        )
        assert isinstance(found[0], dict)
        return found[0]

    def publish(
        self, topic: str, payload: str | bytes, *, retain: bool = False, correlation: bytes = b""
    ) -> None:
        """Publish with QoS 1."""
        properties = None
        if correlation:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = correlation
        sent = self._client.publish(f"fes/{BENCH}/{topic}", payload, 1, retain, properties)
        assert sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def command(self, **fields: object) -> dict[str, Any]:
        """Return a command that would be taken, on what the bench has said last."""
        self.wait_for("parameters")
        told = self.on("parameters")[-1]
        now_us = time.time_ns() // 1000
        return {
            "id": str(uuid4()),
            "session": told["session"],
            "seq": now_us,
            "issued_us": now_us,
            "not_after_us": now_us + 2_000_000,
            "base_version": told["version"],
            "leg": "both",
            "change": {"program.extension_ms": 120.0},
            **fields,
        }

    def ask(self, *, retain: bool = False, **fields: object) -> dict[str, Any]:
        """Send a command and return its first answer."""
        body = self.command(**fields)
        self.publish(f"command/set/{self.name}", json.dumps(body), retain=retain)
        return self.answer(body["id"])

    def answer(self, id_: str, verdict: str = "") -> dict[str, Any]:
        """Return the first answer to a command, of a kind perhaps."""
        return self.wait_for(
            f"answer/{self.name}",
            lambda body: body["id"] == id_ and body["verdict"].startswith(verdict),
        )

    def stop(self) -> dict[str, Any]:
        """Ask for a stop; return its answer."""
        id_ = str(uuid4())
        self.publish(f"command/stop/{self.name}", json.dumps({"id": id_}))
        return self.answer(id_)


@contextlib.contextmanager
def far(port: int, **options: Any) -> Iterator[Far]:
    """Yield somebody far away."""
    somebody = Far(port, **options)
    try:
        yield somebody
    finally:
        somebody.close()
    assert somebody.invalid == [], "every message is what its schema says"
