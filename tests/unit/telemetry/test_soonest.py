"""A stop's connection is the first one that is had, in either version; what is wrong is told."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from aiomqtt import MqttError, ProtocolVersion
from aiomqtt.exceptions import MqttConnectError

from fes_ctrl.links.broker import Broker
from fes_ctrl.runtime.realtime import real_time_loop
from fes_ctrl.telemetry.soonest import soonest
from helpers.brokers import HERE, free_port

pytestmark = pytest.mark.real_time

YES = {5: b"\x20\x03\x00\x00\x00", 4: b"\x20\x02\x00\x00"}
UNKNOWN = b"\x20\x03\x00\x84\x00"
NOT_AUTHORISED = b"\x20\x03\x00\x87\x00"
LONG_S = 30.0


class Lines:
    """Takes any number of connections, and answers each by its version or not at all."""

    def __init__(self, answers: dict[int, bytes]) -> None:
        self._answers = answers
        self.levels: list[int] = []
        self.open = 0
        self._server = socket.create_server((HERE, 0))
        self.port: int = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._server.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(line,)))
                self._threads[-1].start()

    def _serve(self, line: socket.socket) -> None:
        self.open += 1
        with contextlib.suppress(OSError), line:
            line.settimeout(10.0)
            heard = line.recv(4096)
            self.levels.append(heard[heard.index(b"MQTT") + 4])
            line.sendall(self._answers.get(self.levels[-1], b""))
            while line.recv(4096):
                pass
        self.open -= 1

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(10)
        assert self.open == 0, "no line is left open"


@contextlib.contextmanager
def lines(answers: dict[int, bytes]) -> Iterator[Lines]:
    made = Lines(answers)
    try:
        yield made
    finally:
        made.close()


def version_at(broker: Broker, seconds: float = LONG_S) -> ProtocolVersion:
    async def connect() -> ProtocolVersion:
        async with soonest(broker, seconds) as (connections, _client):
            return connections.protocol

    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        return runner.run(connect())


def test_a_broker_that_answers_the_newest_is_asked_nothing_else() -> None:
    with lines(YES) as there:
        assert version_at(Broker(HERE, there.port)) == ProtocolVersion.V5
    assert there.levels == [5]


@pytest.mark.parametrize("newest", [b"", UNKNOWN])
def test_one_that_does_not_is_spoken_to_in_the_older(newest: bytes) -> None:
    with lines({5: newest, 4: YES[4]}) as there:
        assert version_at(Broker(HERE, there.port)) == ProtocolVersion.V311
    assert there.levels == [5, 4]


def test_who_asks_for_a_version_gets_no_other() -> None:
    with lines({4: YES[4]}) as there:
        with pytest.raises(TimeoutError):
            version_at(Broker(HERE, there.port, protocol="5"), 1.0)
        old = Broker(HERE, there.port, protocol="3.1.1")
        assert version_at(old) == ProtocolVersion.V311
    assert there.levels == [5, 4]


def test_what_is_wrong_in_either_version_is_told_at_once() -> None:
    with (
        lines({5: NOT_AUTHORISED, 4: YES[4]}) as there,
        pytest.raises(MqttConnectError, match="Not authorized"),
    ):
        version_at(Broker(HERE, there.port))
    assert there.levels == [5]
    with pytest.raises(MqttError, match="refused"):
        version_at(Broker(HERE, free_port()))


def test_one_that_says_nothing_at_all_is_given_up_in_time() -> None:
    with lines({}) as there, pytest.raises(TimeoutError):
        version_at(Broker(HERE, there.port), 1.0)
    assert there.levels == [5, 4]
