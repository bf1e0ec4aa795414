"""Connections are made again, ever more seldom, in the newest protocol; a stop goes first."""

import asyncio
import contextlib
import gc
import random
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from aiomqtt import MqttError, ProtocolVersion
from aiomqtt.exceptions import MqttConnectError
from aiomqtt.message import Message

from fes_ctrl.links.broker import Broker
from fes_ctrl.runtime.realtime import real_time_loop
from fes_ctrl.telemetry import connection
from fes_ctrl.telemetry.backoff import FIRST_S, LONGEST_S, SPREAD, STOOD_S, Backoff
from fes_ctrl.telemetry.connection import Connections
from fes_ctrl.telemetry.incoming import MOST_INCOMING, StopsFirst
from fes_ctrl.telemetry.requests import MOST_BYTES
from helpers.brokers import HERE, free_port

V5, V311 = ProtocolVersion.V5, ProtocolVersion.V311


def test_attempts_grow_apart_to_a_bound_and_begin_anew_after_a_connection_that_stood() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.failed(0.0) for _ in range(12)]
    for number, wait_s in enumerate(waits):
        planned_s = min(LONGEST_S, FIRST_S * 2**number)
        assert planned_s * (1 - SPREAD) <= wait_s <= planned_s * (1 + SPREAD)
    assert backoff.failed(STOOD_S - 0.1) > LONGEST_S / 2, "it was hardly one"
    assert backoff.failed(STOOD_S) < 2 * FIRST_S


def test_benches_that_lost_a_broker_together_do_not_come_back_together() -> None:
    waits = {round(Backoff(random.Random(seed)).failed(0.0), 3) for seed in range(20)}
    assert len(waits) > 10


def message(topic: str, payload: bytes = b"") -> Message:
    return Message(topic, payload, 1, False, 1, None)


def test_a_stop_overtakes_and_a_flood_of_either_kind_is_bounded() -> None:
    queue = StopsFirst()
    for number in range(3 * MOST_INCOMING):
        queue.put_nowait(message("fes/b/command/set/s", b"%d" % number))
    queue.put_nowait(message("fes/b/command/stop/s", b"stop"))
    assert queue.get_nowait().payload == b"stop"
    assert queue.lost == 2 * MOST_INCOMING
    assert queue.get_nowait().payload == b"%d" % (2 * MOST_INCOMING), "the oldest gave way"
    for _ in range(3 * MOST_INCOMING):
        queue.put_nowait(message("fes/b/command/stop/s"))
    assert queue.qsize() == 2 * MOST_INCOMING - 1
    while not queue.empty():
        queue.get_nowait()


def test_of_a_command_that_is_too_long_no_more_is_kept_than_says_so() -> None:
    queue = StopsFirst()
    queue.put_nowait(message("fes/b/command/set/s", b"x" * 1_000_000))
    queue.put_nowait(message("fes/b/state", b"x" * 100_000))
    assert len(queue.get_nowait().payload) == MOST_BYTES + 1
    assert len(queue.get_nowait().payload) == 100_000, "what a bench says is whole"


# -- brokers that are made up, byte by byte -------------------------------------------------------

Answer = Callable[[int], bytes]


class Listening:
    """A port of its own, on which a thread serves."""

    def __init__(self) -> None:
        self._server = socket.create_server((HERE, 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(10)


class Server(Listening):
    """Takes CONNECT packets and answers what it is told to: by protocol level."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.levels: list[int] = []
        self.heard: list[bytes] = []
        self.ended = threading.Event()
        super().__init__()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._server.accept()
                with line:
                    line.settimeout(5.0)
                    heard = line.recv(4096)
                    self.levels.append(heard[heard.index(b"MQTT") + 4])
                    line.sendall(self._answer(self.levels[-1]))
                    while data := line.recv(4096):
                        heard += data
                    self.heard.append(heard)
                    self.ended.set()


@contextlib.contextmanager
def server(answer: Answer) -> Iterator[Server]:
    made = Server(answer)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONFIRMED_S", 0.2)


def run(test: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        runner.run(test)


async def attempt(connections: Connections) -> str:
    """Try once; return why not, or nothing."""
    try:
        async with connections.one():
            return ""
    except MqttConnectError as error:
        return f"refused {error.rc}"
    except MqttError as error:
        return str(error)


def accepts(level: int) -> bytes:
    return b"\x20\x03\x00\x00\x00" if level == 5 else b"\x20\x02\x00\x00"


def only_older(level: int) -> bytes:
    return b"\x20\x03\x00\x84\x00" if level == 5 else b"\x20\x02\x00\x00"


@pytest.mark.real_time
def test_a_broker_that_knows_the_newest_is_spoken_to_in_it() -> None:
    async def test(port: int) -> None:
        connections = Connections(Broker(HERE, port))
        assert await attempt(connections) == ""
        assert (connections.protocol, connections.made) == (V5, 1)

    with server(accepts) as there:
        run(test(there.port))
        assert there.levels == [5]


@pytest.mark.real_time
def test_a_broker_that_has_no_more_is_spoken_to_in_the_older_at_once() -> None:
    async def test(port: int) -> None:
        connections = Connections(Broker(HERE, port))
        assert await attempt(connections) == ""
        assert await attempt(connections) == ""
        assert connections.protocol == V311

    with server(only_older) as there:
        run(test(there.port))
        assert there.levels == [5, 4, 4]


@pytest.mark.real_time
def test_who_asks_for_a_protocol_gets_no_other() -> None:
    async def test(port: int) -> None:
        assert "Unsupported" in await attempt(Connections(Broker(HERE, port, protocol="5")))
        assert await attempt(Connections(Broker(HERE, port, protocol="3.1.1"))) == ""

    with server(only_older) as there:
        run(test(there.port))
        assert there.levels == [5, 4]


@pytest.mark.real_time
def test_a_broker_that_is_away_says_nothing_of_protocols() -> None:
    async def test() -> None:
        connections = Connections(Broker(HERE, free_port()))
        for _ in range(3):
            assert "refused" in await attempt(connections)
            assert connections.protocol == V5

    run(test())


@pytest.mark.real_time
def test_a_broker_that_says_nothing_is_tried_in_both_until_it_is_known() -> None:
    silent = threading.Event()
    silent.set()

    async def test(port: int) -> None:
        connections = Connections(Broker(HERE, port))
        for _ in range(4):
            assert await attempt(connections)
        silent.clear()
        assert await attempt(connections) == ""
        silent.set()
        assert await attempt(connections)
        assert await attempt(connections)

    with server(lambda level: b"" if silent.is_set() else accepts(level)) as there:
        run(test(there.port))
        assert there.levels == [5, 4, 5, 4, 5, 5, 5]


@pytest.mark.real_time
def test_a_broker_that_has_no_more_and_was_away_is_spoken_to_in_the_older_as_before() -> None:
    silent = threading.Event()

    async def test(port: int) -> None:
        connections = Connections(Broker(HERE, port))
        assert await attempt(connections)
        assert await attempt(connections) == ""
        connections._failed("nobody listens there")
        assert await attempt(connections) == ""
        silent.set()
        # One that says nothing any more may know the newer one since.
        assert await attempt(connections)
        assert await attempt(connections)

    with server(
        lambda level: accepts(level) if level == 4 and not silent.is_set() else b""
    ) as there:
        run(test(there.port))
        assert there.levels == [5, 4, 4, 4, 5]


@pytest.mark.real_time
def test_a_line_on_which_nothing_is_answered_is_closed_with_a_good_bye() -> None:
    async def test(there: Server) -> None:
        assert await attempt(Connections(Broker(HERE, there.port)))
        # While the loop goes on: left open, the library would go on with it, and the broker tell
        # our last will when it ends.
        await asyncio.to_thread(there.ended.wait, 5.0)
        assert there.ended.is_set()

    with server(lambda _level: b"") as there:
        run(test(there))
        assert there.heard[0].endswith(b"\xe0\x00"), "DISCONNECT: no last will"


@pytest.mark.real_time
def test_of_two_to_one_broker_the_other_speaks_what_the_first_could() -> None:
    async def test(there: Server) -> None:
        broker = Broker(HERE, there.port)
        first, other = Connections(broker), Connections(broker)
        other.beside = first
        async with first.one():
            pass
        # As after an answer that did not come.
        other.protocol = V311
        async with other.one():
            assert other.spoken == "MQTT 5"

    with server(accepts) as there:
        run(test(there))
    assert there.levels == [5, 5]


@pytest.mark.real_time
def test_who_gives_up_before_an_answer_leaves_no_error_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "CONFIRMED_S", 5.0)
    errors: list[dict[str, Any]] = []

    async def test(there: Server) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: errors.append(told))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), Connections(Broker(HERE, there.port)).one():
                pass
        await asyncio.to_thread(there.ended.wait, 5.0)

    with server(lambda _level: b"") as there:
        run(test(there))
        assert there.heard[0].endswith(b"\xe0\x00"), "it said good-bye"
    assert errors == []


@pytest.mark.real_time
def test_a_line_that_ends_in_an_error_is_closed() -> None:
    async def test(there: Server) -> None:
        with contextlib.suppress(RuntimeError):
            async with Connections(Broker(HERE, there.port)).one():
                raise RuntimeError
        await asyncio.to_thread(there.ended.wait, 5.0)
        assert there.ended.is_set()

    with server(accepts) as there:
        run(test(there))


class Leaving(Listening):
    """Lets one client in, and hangs up when it is told to: at once, or later."""

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self._told = threading.Event()
        self._gone = threading.Event()
        super().__init__()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            line, _ = self._server.accept()
            with line:
                line.settimeout(5.0)
                line.recv(4096)
                line.sendall(accepts(5))
                if not self._at_once:
                    self._told.wait(5.0)
            self._gone.set()

    def leave(self) -> None:
        """Hang up, and wait until it has."""
        self._told.set()
        assert self._gone.wait(5.0)

    def close(self) -> None:
        self._told.set()
        super().close()


@pytest.mark.real_time
def test_a_line_that_ends_while_something_is_about_to_be_sent_leaves_no_error_behind() -> None:
    errors: list[dict[str, Any]] = []
    there = Leaving(at_once=False)

    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: errors.append(told))
        async with Connections(Broker(HERE, there.port)).one() as client:
            # Nothing runs until it is gone: what is sent and the end of it are one turn's.
            sending = asyncio.create_task(client.publish("fes/b/state", b"{}", qos=1))
            there.leave()
            (lost,) = await asyncio.gather(sending, return_exceptions=True)
            assert isinstance(lost, MqttError)
            for _ in range(3):
                await asyncio.sleep(0)

    try:
        run(test())
    finally:
        there.close()
    assert errors == []


@pytest.mark.real_time
def test_a_line_that_ends_right_behind_the_welcome_is_known_to_have_ended() -> None:
    errors: list[dict[str, Any]] = []
    there = Leaving(at_once=True)

    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: errors.append(told))
        async with Connections(Broker(HERE, there.port)).one() as client:
            with pytest.raises(MqttError):
                async with asyncio.timeout(5.0):
                    await anext(aiter(client.messages))
        del client
        gc.collect()

    try:
        run(test())
    finally:
        there.close()
    assert errors == [], "an error that nobody has asked for is told when it is thrown away"


@pytest.mark.real_time
def test_a_line_that_cannot_be_written_to_is_known_to_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors: list[dict[str, Any]] = []
    there = Leaving(at_once=False)

    def broken() -> None:
        raise BrokenPipeError

    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: errors.append(told))
        async with Connections(Broker(HERE, there.port)).one() as client:
            monkeypatch.setattr(client._client, "loop_write", broken)
            sending = asyncio.create_task(client.publish("fes/b/state", b"{}", qos=1))
            with pytest.raises(MqttError):
                async with asyncio.timeout(5.0):
                    await anext(aiter(client.messages))
            await asyncio.gather(sending, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0)  # the loop sees the end of the line, and tidies up

    try:
        run(test())
    finally:
        there.close()
    assert errors == []
