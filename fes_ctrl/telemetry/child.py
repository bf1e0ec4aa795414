"""What the processes that speak to a broker have in common: how they begin, and how they end.

Standard input is a socket to the control loop: lines of JSON in both directions, the first of which
says what to do. The process has no priority, whatever the run asked for, and ends with the run.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Final

MOST_LINE: Final = 1 << 20
ALIVE_S: Final = 2.0
"""So often the control loop is told that this process goes on."""

Talk = Callable[
    [dict[str, Any], asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]
]


def serve(talk: Talk) -> None:
    """Do what the first line says until it is done; then leave the process.

    Parameters
    ----------
    talk : callable
        Takes the first line, parsed, and both directions of the socket.
    """
    # Ctrl-C is for the run, which tells us when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            # The run may have asked for priority; what a network sends must not take the
            # processor from it.
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    asyncio.run(_main(talk))


async def _main(talk: Talk) -> None:
    line = socket.socket(fileno=os.dup(0))
    reader, writer = await asyncio.open_connection(sock=line, limit=MOST_LINE)
    hello = await reader.readline()
    if hello:
        alive = asyncio.create_task(_tell_alive(writer), name="alive")
        await talk(json.loads(hello), reader, writer)
        alive.cancel()
    # Here and not behind the loop: a thread may still wait for a broker that does not answer, the
    # loop would wait for the thread, and the end of the run for us.
    os._exit(0)


async def _tell_alive(writer: asyncio.StreamWriter) -> None:
    while True:
        if writer.transport.get_write_buffer_size() < MOST_LINE:
            writer.write(b'{"kind":"alive"}\n')
        await asyncio.sleep(ALIVE_S)
