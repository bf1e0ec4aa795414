"""The process that listens to one topic for sensors; started by the run, it ends with it.

    python -m fes_ctrl.telemetry.subscriber

Payloads go up to the control loop as they come, one a line of JSON, and nothing is kept for later.
The subscription is of QoS 0: a reading that was lost is worth nothing by the time it could be sent
again, and a broker that has to send again holds back what is new. Where more comes than is taken,
the oldest gives way; a stop does not.
"""

import asyncio
import contextlib
import json
from typing import Any, Final

from aiomqtt import Client, Message

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry.child import serve
from fes_ctrl.telemetry.connection import Connections, keep_connected
from fes_ctrl.telemetry.incoming import StopsFirst

MOST_BYTES: Final = 8192
"""Of a payload."""
MOST_UNTAKEN: Final = 16_384
"""Bytes that the loop has not taken off the socket; what comes meanwhile waits here."""

RETAINED: Final = "retained, of any age"
TOO_LONG: Final = f"longer than {MOST_BYTES} bytes"
TOO_MANY: Final = "too many at once"

LONGEST_S: Final = 5.0
"""Between two attempts: somebody stands there and waits."""

LEAVE_S: Final = 0.2


class Payloads(StopsFirst):
    """Messages of a sensor's topic: those with a line ``stop`` are first."""

    def is_stop(self, message: Message) -> bool:
        """Return whether a person asks for a stop in it."""
        return b"stop" in message.payload and not message.retain


class Subscriber:
    """Between a broker and the control loop.

    Parameters
    ----------
    hello : dict
        The first line: broker and topic.
    reader, writer
        Of the socket to the control loop.
    """

    def __init__(
        self, hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._topic: str = hello["topic"]
        self._reader = reader
        self._writer = writer
        self._ended = asyncio.Event()
        self._connections = Connections(Broker(**hello["broker"]), queue_type=Payloads)
        self._left_out = dict.fromkeys((RETAINED, TOO_LONG, TOO_MANY), 0)
        writer.transport.set_write_buffer_limits(high=MOST_UNTAKEN)

    async def run(self) -> None:
        """Listen until the run is over."""
        carrying = asyncio.create_task(
            keep_connected(self._connections, self._converse, self._down, self._ended, LONGEST_S),
            name="carry",
        )
        hearing = asyncio.create_task(self._reader.read(), name="end of the run")
        await asyncio.wait([hearing, carrying], return_when=asyncio.FIRST_COMPLETED)
        self._ended.set()
        for task in (hearing, carrying):
            task.cancel()
        await asyncio.wait([hearing, carrying], timeout=LEAVE_S)

    def _tell(self, **line: Any) -> None:
        self._writer.write((json.dumps(line) + "\n").encode())

    def _down(self, why: str) -> None:
        self._tell(kind="link", up=False, why=why)

    async def _converse(self, client: Client) -> None:
        granted = await self._connections.subscribe(
            client, self._topic, past=False, qos=0, flagged=False
        )
        self._tell(kind="link" if granted else "denied", up=True, why=self._connections.spoken)
        queue = client._queue  # noqa: SLF001 - it counts what gave way
        lost_before = self._left_out[TOO_MANY]
        async for message in client.messages:
            if isinstance(queue, Payloads) and lost_before + queue.lost > self._left_out[TOO_MANY]:
                self._leave_out(TOO_MANY, lost_before + queue.lost)
            self._hand_up(message)
            with contextlib.suppress(ConnectionError):
                # The run is over, which is noticed elsewhere.
                await self._writer.drain()

    def _hand_up(self, message: Message) -> None:
        if message.retain:
            # From before we listened, however long: neither a reading nor a stop of now.
            self._leave_out(RETAINED, self._left_out[RETAINED] + 1)
        elif len(message.payload) > MOST_BYTES:
            self._leave_out(TOO_LONG, self._left_out[TOO_LONG] + 1)
        else:
            self._tell(kind="payload", text=message.payload.decode("latin-1"))

    def _leave_out(self, why: str, total: int) -> None:
        self._left_out[why] = total
        self._tell(kind="left_out", counts=self._left_out)


async def _talk(
    hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await Subscriber(hello, reader, writer).run()


if __name__ == "__main__":
    serve(_talk)
