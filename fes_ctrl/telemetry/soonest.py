"""A connection as soon as there is one, in whichever version of MQTT: for a stop.

Some brokers say nothing to a version that they do not know. Whoever tries one after the other
learns that by waiting; here the older one is tried beside the newest after a moment.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Final

from aiomqtt import Client

from fes_ctrl.links.broker import Broker, Protocol
from fes_ctrl.telemetry.connection import UNANSWERED, UNSUPPORTED, Connections
from fes_ctrl.telemetry.trouble import code_of

MOMENT_S: Final = 0.5
"""A broker that knows MQTT 5 has answered by then, as a rule; then it is spoken to in that."""


class _Attempt:
    """One version: being connected, connected, or failed."""

    def __init__(self, broker: Broker) -> None:
        self.connections = Connections(broker)
        self._stack = contextlib.AsyncExitStack()
        connecting = self._stack.enter_async_context(self.connections.one())
        self.task: asyncio.Task[Client] = asyncio.create_task(connecting)

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        await self._stack.aclose()


@contextlib.asynccontextmanager
async def soonest(
    broker: Broker, seconds: float
) -> AsyncGenerator[tuple[Connections, Client], None]:
    """Connect in MQTT 5 and, after a moment, in 3.1.1 beside it; the first one is yielded.

    Parameters
    ----------
    broker : Broker
        Where; if it says which version, no other is tried.
    seconds : float
        How long it may take.

    Raises
    ------
    MqttError
        If there is no connection, or it is lost inside.
    OSError
        If a certificate or key cannot be read, or nobody answers in time.
    """
    versions: list[Protocol] = [broker.protocol] if broker.protocol else ["5", "3.1.1"]
    attempts: list[_Attempt] = []
    try:
        async with asyncio.timeout(seconds):
            winner = await _first(broker, versions, attempts)
        yield winner.connections, winner.task.result()
    finally:
        for attempt in attempts:
            await attempt.close()


async def _first(broker: Broker, versions: list[Protocol], attempts: list[_Attempt]) -> _Attempt:
    while True:
        if versions:
            attempts.append(_Attempt(replace(broker, protocol=versions.pop(0))))
        trying = {each.task for each in attempts if not each.task.done()}
        if trying:
            await asyncio.wait(
                trying,
                timeout=MOMENT_S if versions else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
        for each in attempts:
            if not each.task.done():
                continue
            error = each.task.exception()
            if error is None:
                return each
            if not _is_of_the_version(error):
                raise error
        if not versions and all(each.task.done() for each in attempts):
            attempts[0].task.result()


def _is_of_the_version(error: BaseException) -> bool:
    """Return whether the other version may fare better: with nobody there it would not."""
    return code_of(error) in UNSUPPORTED or str(error) == UNANSWERED
