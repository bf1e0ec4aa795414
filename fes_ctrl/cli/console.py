"""The person at the console of a run: keys or typed lines on their way to the hand."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fes_ctrl.runtime.live import Person
    from fes_ctrl.sensors.source import SensorSource

WATCHABLE: Final = os.name == "posix"
"""Whether a loop can watch what a person types; where not, a thread reads whole lines."""


def listen(source: "SensorSource", hand: "Person") -> None:
    """Let the person's keys or lines reach the hand."""
    from fes_ctrl.sensors.manual import KeyTerminal, Manual
    from fes_ctrl.sensors.several import parts_of

    for part in parts_of(source):
        if isinstance(part, Manual):
            part.on_key = hand.key
            return
    if sys.stdin is None:  # closed by whoever started it
        hand.left()
        return
    loop = asyncio.get_running_loop()
    if not WATCHABLE:
        reader = threading.Thread(target=read_lines, args=(sys.stdin, loop, hand), daemon=True)
        reader.start()
        return
    fd = sys.stdin.fileno()
    if sys.stdin.isatty():
        terminal = KeyTerminal(fd)

        def pressed() -> None:
            keys = terminal.read()
            if not keys:
                # The terminal was closed, and with it the hand is gone that could stop.
                loop.remove_reader(fd)
                hand.quit.set()
            for key in keys:
                hand.key(key)

        loop.add_reader(fd, pressed)
        return

    begun = ""

    def typed() -> None:
        # Whatever has come, not the first line of it: a stop must not wait for the next line.
        nonlocal begun
        data = os.read(fd, 4096)
        *lines, begun = (begun + data.decode(errors="replace")).split("\n")
        for line in lines:
            hand.line(line)
        if not data:
            loop.remove_reader(fd)
            hand.line(begun)
            hand.left()

    try:
        loop.add_reader(fd, typed)
    except OSError:
        # A plain file or /dev/null cannot be waited for: it is read at once.
        for line in sys.stdin:
            hand.line(line)
        hand.left()


def read_lines(lines: Iterable[str], loop: asyncio.AbstractEventLoop, hand: "Person") -> None:
    """Hand over typed lines from a thread of their own, until there are no more."""
    with contextlib.suppress(RuntimeError):
        # The run is over: nobody listens any more.
        for line in lines:
            loop.call_soon_threadsafe(hand.line, line)
        loop.call_soon_threadsafe(hand.left)
