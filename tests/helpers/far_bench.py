"""A bench as a broker sees it: a connection with a last will that says what it is told to say.

It speaks as the real one does, and decides nothing; the real one is a run of its own.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

DEADLINE_S = 20.0
HERE = "127.0.0.1"


class FarBench:
    """A bench on a broker; ``requests`` are the commands that reached it, with their properties."""

    def __init__(
        self,
        port: int,
        bench: str,
        session: str = "nonce",
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
    ) -> None:
        self.bench = bench
        self.session = session
        self.requests: list[mqtt.MQTTMessage] = []
        self.answer: Callable[[mqtt.MQTTMessage], list[dict[str, Any]]] = lambda _message: []
        self._seqs: dict[str, int] = {}
        self._up = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        will = self.message("status", seq=0, online=False, why="lost")
        self._client.will_set(f"fes/{bench}/status", will, qos=1, retain=True)
        self._client.on_subscribe = lambda *_: self._up.set()
        self._client.on_message = self._asked
        self._client.connect(HERE, port, keepalive=5)
        self._client.loop_start()
        self._client.subscribe(f"fes/{bench}/command/+/+", qos=1)
        assert self._up.wait(DEADLINE_S)

    def _asked(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        self.requests.append(message)
        sender = message.topic.rpartition("/")[2]
        for fields in self.answer(message):
            self._publish(f"answer/{sender}", self.message(f"answer/{sender}", **fields), False)

    def message(self, what: str, **fields: Any) -> str:
        """Return a message with its envelope."""
        self._seqs[what] = self._seqs.get(what, 0) + 1
        utc_us = time.time_ns() // 1000
        envelope = {"v": 1, "bench": self.bench, "session": self.session, "t_us": 0}
        return json.dumps({**envelope, "seq": self._seqs[what], "utc_us": utc_us, **fields})

    def _publish(self, what: str, payload: str, retain: bool) -> mqtt.MQTTMessageInfo:
        return self._client.publish(f"fes/{self.bench}/{what}", payload, qos=1, retain=retain)

    def say(self, what: str, **fields: Any) -> None:
        """Publish a message, and wait until the broker has it."""
        retain = what in {"status", "state", "parameters"}
        self._publish(what, self.message(what, **fields), retain).wait_for_publish(DEADLINE_S)

    def up(self, **fields: Any) -> None:
        """Say that it is there, with everything that it would say at first."""
        self.say("status", online=True, why="started", simulated=True, **fields)
        self.say("state", armed=True, level_percent=40, activity={"left": "walking"}, faults=[])
        self.parameters(3)
        self.say("health", dropped={})

    def parameters(self, version: int, **values: float) -> None:
        """Say which parameters are in force."""
        left = {"program.extension_ms": 100, **{f"program.{k}": v for k, v in values.items()}}
        self.say("parameters", version=version, values={"left": left}, limits={}, waiting=False)

    def lose(self) -> None:
        """Be cut off: the broker says the last will."""
        line = self._client.socket()
        self._client.loop_stop()
        if line is not None:
            line.close()

    def close(self) -> None:
        """Go, with a good-bye to the broker alone."""
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def far_bench(
    port: int,
    bench: str = "bench-3",
    session: str = "nonce",
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
) -> Iterator[FarBench]:
    """Yield a bench that is connected and has said nothing yet."""
    found = FarBench(port, bench, session, protocol)
    try:
        yield found
    finally:
        found.close()
