"""The process that speaks to the broker for one run; started by the run, it ends with it.

    python -m fes_ctrl.telemetry.agent

Standard input is a socket to the control loop: lines of JSON in both directions. The loop tells
what happens and never waits for an answer; this process publishes it, and hands requests up.
Whatever the network does is done here, where there is no port, no controller and nothing to be
late for.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from aiomqtt import Client, MqttError, ProtocolVersion, Will

from fes_ctrl.links.broker import Broker
from fes_ctrl.links.liveness import machine_ns
from fes_ctrl.telemetry.asked import Asked
from fes_ctrl.telemetry.board import Board
from fes_ctrl.telemetry.bounds import memory_mb
from fes_ctrl.telemetry.child import MOST_LINE, serve
from fes_ctrl.telemetry.connection import Connections, RenewError, keep_connected
from fes_ctrl.telemetry.delivery import Delivery
from fes_ctrl.telemetry.outgoing import Message, Outgoing
from fes_ctrl.telemetry.reading import message_of
from fes_ctrl.telemetry.refusal import RefusedMessageError
from fes_ctrl.telemetry.requests import SET, STOP
from fes_ctrl.telemetry.schema import ROOT, VERSION
from fes_ctrl.telemetry.stop_line import OWN, StopLine

T = TypeVar("T")

IN_FLIGHT: Final = 8
"""Messages that wait for the broker's confirmation at once."""
HEALTH_S: Final = 2.0
FAREWELL_S: Final = 1.0
SOON_S: Final = 0.3
"""A broker that has not confirmed an answer to a stop by then may never get it on that line."""
SETTLED_S: Final = 1.0
"""So long the connection of the stops may take before it is told how they come."""


def utc_us() -> int:
    """Return the wall clock, microseconds since 1970."""
    return time.time_ns() // 1000


class Agent:
    """Between a control loop and a broker.

    Parameters
    ----------
    hello : dict
        The first line: broker, bench, session, and when the run's clock began.
    reader, writer
        Of the socket to the control loop.
    """

    def __init__(
        self, hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._bench: str = hello["bench"]
        self._about: dict[str, Any] = hello["about"]
        self._session: str = hello["session"]
        self._reader = reader
        self._writer = writer
        self._out = Outgoing(self._bench, self._session, hello["starts"])
        self._board = Board(self._out)
        self._start_ns: int = hello["start_ns"]
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._why = "killed"
        self._lines_lost = 0
        self._connected_s: float | None = None
        self._commands: dict[str, int] = {}
        self._asked = Asked(self._tell, {self._topic("status"): self._status})
        # One name for the whole run: a broker that missed the end of our last connection ends it
        # when the next one comes, and not later, with our last will after we are back.
        identifier = f"fes-{self._session[:16]}"
        broker = Broker(**hello["broker"])
        self._delivery = Delivery(broker, self._topic(""), self._tell_carried)
        self._connections = Connections(broker, identifier, self._will())
        # 22 characters: an old broker may take no more than 23.
        stops = self._topic(f"command/{STOP}/+")
        self._stops = StopLine(
            broker, f"{identifier}-s", stops, self._asked.hear, self._connections
        )
        self._client: Client | None = None
        self._answering: set[asyncio.Task[Any]] = set()
        self._way_before = self._way_told = OWN, False

    def _topic(self, name: str) -> str:
        return f"{ROOT}/{self._bench}/{name}"

    def _will(self) -> Will:
        return Will(self._topic("status"), self._gone("lost", 0), qos=1, retain=True)

    def _gone(self, why: str, t_us: int) -> bytes:
        """Return the last status: the same fields as the first, of a bench that is not there."""
        body = {
            "v": VERSION,
            "bench": self._bench,
            "session": self._session,
            "seq": 0,
            "t_us": t_us,
            "utc_us": utc_us(),
            **self._about,
            "online": False,
            "why": why,
        }
        return json.dumps(body).encode()

    # -- the control loop -------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Take lines until the run is over, or gone."""
        while True:
            try:
                line = await self._reader.readline()
            except ValueError:
                continue  # longer than any line of ours
            except OSError:
                break
            if not line:
                break
            try:
                told = json.loads(line)
            except ValueError:
                continue
            kind = told.get("kind")
            if kind == "bye":
                self._why = "ended"
                break
            if kind == "metrics":
                self._lines_lost = told["lines_lost"]
                self._commands = told["commands"]
            if kind == "status" and told["fields"] != self._about:
                # The broker would tell of the bench as it seemed to be when it was connected.
                self._about = told["fields"]
                self._connections.will = self._will()
            self._board.hear(told)
            self._answer_stops()
            self._news.set()
        self._ended.set()
        self._news.set()

    def _tell(self, **line: Any) -> None:
        """Hand a line up; where the loop does not take them, they are for nobody."""
        taken = not self._writer.transport.is_closing()
        if taken and self._writer.transport.get_write_buffer_size() < MOST_LINE:
            self._writer.write((json.dumps(line) + "\n").encode())

    def _t_us(self) -> int:
        # Not by when a line was told: this process is not there yet when the first of them are.
        return (machine_ns() - self._start_ns) // 1000

    # -- the broker -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Publish and hand up until the run is over."""
        listening = asyncio.create_task(self._listen(), name="listen")
        stopping = asyncio.create_task(self._stops.run(self._ended), name="stops")
        carrying = asyncio.create_task(self._carry_on(), name="carry")
        ended = asyncio.create_task(self._ended.wait(), name="ended")
        parts = (listening, stopping, carrying, ended)
        await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        if not carrying.done():
            # A moment for what happened last, and for the good-bye.
            await asyncio.wait([carrying], timeout=FAREWELL_S)
        for task in parts:
            task.cancel()
            if task.done() and not task.cancelled():
                task.result()
        with contextlib.suppress(OSError):
            self._writer.close()

    async def _carry_on(self) -> None:
        await keep_connected(self._connections, self._converse, self._down, self._ended)

    def _down(self, why: str) -> None:
        if self._connected_s is not None:
            self._stops.other(made=False)
        self._connected_s = self._client = None
        silent_us = round(1e6 * (time.monotonic() - self._delivery.confirmed_s))
        why = f"{self._connections.broker}: {why}"
        self._tell(kind="link", up=False, why=why, silent_us=silent_us)

    async def _converse(self, client: Client) -> None:
        self._client = client
        self._connected_s = time.monotonic()
        self._stops.other(made=True)
        # A broker queues what waits for a confirmation, so many at most, and then drops what comes:
        # nothing of ours must have to queue behind a flood of changes. Who sends a change waits for
        # its answer and asks again; on a line that holds nothing is lost either way.
        topic = self._topic(f"command/{SET}/+")
        if not await self._connections.subscribe(client, topic, past=False, qos=0):
            self._tell(kind="denied", topic=topic)
        # Stops too: the connection that is theirs alone may have died without a word.
        await self._connections.subscribe(client, self._topic(f"command/{STOP}/+"), past=False)
        await self._stops.settled(SETTLED_S)
        # The last will of a run before may come now, and be what the broker keeps.
        await self._connections.subscribe(client, self._topic("status"), past=False)
        # Not before: a line on which nothing is answered is none.
        self._delivery.confirmed_s = time.monotonic()
        self._tell(kind="link", up=True, why=self._connections.spoken)
        self._board.tell_all()
        self._news.set()
        async with asyncio.TaskGroup() as tasks:
            parts = [
                tasks.create_task(self._asked.hear(client)),
                tasks.create_task(self._tell_health()),
            ]
            await self._publish_all(client)
            with contextlib.suppress(RefusedMessageError):
                await client.publish(
                    self._topic("status"), self._gone(self._why, self._t_us()), qos=1, retain=True
                )
            for part in parts:
                part.cancel()

    def _answer_stops(self) -> None:
        """Let answers to stops go the way that they came; without two ways, with the others."""
        while lines := self._ways_of_stops():
            message = self._out.next_stopped(self._t_us(), utc_us())
            if message is None:
                return
            self._keep(self._answer_stop(lines, message))

    def _ways_of_stops(self) -> list[tuple[Client, ProtocolVersion]]:
        if self._stops.client is None:
            return []
        lines = [(self._stops.client, self._stops.protocol)]
        if self._client is not None:
            lines.append((self._client, self._connections.protocol))
        return sorted(lines, key=lambda line: line[0] is not self._asked.stopped_on)

    async def _answer_stop(
        self, lines: list[tuple[Client, ProtocolVersion]], message: Message
    ) -> None:
        """Answer on one line, and on the other too where the broker does not confirm it soon.

        A line may bring stops and be dead the other way.
        """
        for client, protocol in lines:
            sending = self._keep(self._confirmed(client, protocol, message))
            done, _ = await asyncio.wait([sending], timeout=SOON_S)
            if done and sending.result():
                return

    async def _confirmed(self, client: Client, protocol: ProtocolVersion, message: Message) -> bool:
        """Publish; return whether the broker has it. Where not, whoever asked asks again."""
        try:
            await self._delivery.publish(client, message, protocol)
        except MqttError:
            return False
        return True

    def _keep(self, doing: "Coroutine[Any, Any, T]") -> "asyncio.Task[T]":
        """Begin a task, and keep it until it is over."""
        task = asyncio.create_task(doing)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return task

    async def _publish_all(self, client: Client) -> None:
        """Publish until the run is over and nothing is left."""
        flying: set[asyncio.Task[None]] = set()
        try:
            while True:
                if self._connections.will_is_old and not self._ended.is_set():
                    while flying:
                        flying = await _landed(flying)
                    raise RenewError
                message = self._out.next(self._t_us(), utc_us())
                if message is None:
                    if self._ended.is_set():
                        break
                    await self._something_due(flying)
                    continue
                protocol = self._connections.protocol
                publishing = self._delivery.publish(client, message, protocol)
                flying.add(asyncio.create_task(publishing))
                # The task has to begin, so that messages leave in order.
                await asyncio.sleep(0)
                while len(flying) >= IN_FLIGHT:
                    flying = await _landed(flying)
                flying = {task for task in flying if not _over(task)}
            while flying:
                flying = await _landed(flying)
        finally:
            for task in flying:
                task.cancel()

    async def _something_due(self, flying: "set[asyncio.Task[None]]") -> None:
        self._news.clear()
        due_us = self._out.due_us()
        wait_s = HEALTH_S if due_us is None else max(0.0, (due_us - self._t_us()) / 1e6)
        news = asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait([news, *flying], timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
        for task in [task for task in flying if _over(task)]:
            flying.discard(task)

    def _tell_carried(self) -> None:
        delivery = self._delivery
        dropped = sum(self._out.dropped.values())
        refused = delivery.refused_in_words
        self._tell(kind="carried", dropped=dropped, sent=delivery.sent, refused=refused)

    async def _tell_health(self) -> None:
        while True:
            since_s = self._connected_s or time.monotonic()
            self._out.latest(
                "health",
                {
                    "connected_s": round(time.monotonic() - since_s, 1),
                    "connections": self._connections.made,
                    "sent": self._delivery.sent,
                    "unconfirmed": self._delivery.unconfirmed,
                    "refused": dict(self._delivery.refused),
                    "dropped": self._out.dropped,
                    "stops": self._stops.way,
                    "lines_lost": self._lines_lost,
                    "commands": self._commands,
                    "memory_mb": memory_mb(),
                },
            )
            self._tell_carried()
            self._tell_way()
            self._news.set()
            await asyncio.sleep(HEALTH_S)

    def _tell_way(self) -> None:
        """Tell the control loop where stops come, once that has lasted."""
        way = self._stops.way, self._stops.rests
        if way == self._way_before != self._way_told:
            self._way_told = way
            self._tell(kind="stops", way=self._stops.way, why=self._stops.why)
        self._way_before = way

    def _status(self, payload: bytes) -> None:
        """Tell all that is kept of the bench, where somebody of its name said that it is not there.

        Whoever says so may have been a second run of that name, which has told all of its own.
        """
        said = message_of(payload) or {}
        if said.get("online") is False and said.get("session") != self._session:
            self._board.tell_all()
            self._news.set()


async def _landed(flying: "set[asyncio.Task[None]]") -> "set[asyncio.Task[None]]":
    done, left = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return left


def _over(task: "asyncio.Task[None]") -> bool:
    if task.done():
        task.result()
        return True
    return False


async def _talk(
    hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await Agent(hello, reader, writer).run()


if __name__ == "__main__":
    serve(_talk)
