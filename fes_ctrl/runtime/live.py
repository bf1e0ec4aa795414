"""A run on the real loop: sensor source, controller, stimulator and a person's hand.

Everything that can end a run ends it here: the source's end, a lost source, the hand's ``quit``,
the time that was asked for. However it ends, the output has been stopped when it is over.
"""

import asyncio
import contextlib
from collections.abc import Callable
from re import fullmatch
from typing import Any, Protocol

from fes_ctrl.model import Operator, StateChange
from fes_ctrl.runlog.log import RunLogWriter
from fes_ctrl.runtime.clock import Clock
from fes_ctrl.runtime.interrupt import stop_on_failure, stop_on_interrupt
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.watchdog import Watchdog
from fes_ctrl.sensors.source import PromptSource, SensorError, SensorSource
from fes_ctrl.units import Us

FLUSH_S = 0.25
DRAIN_S = 0.05
LEVEL_STEP_PERCENT = 5

HELP = "a arm, + - level, t test, p pause, r resume, c clear, s stop, d disarm, i info, q quit"


class Person(Protocol):
    """Somebody whose keys or lines reach the session.

    Attributes
    ----------
    quit : asyncio.Event
        Ends the run.
    """

    quit: asyncio.Event

    def key(self, key: str) -> None:
        """Take one key."""
        ...

    def line(self, line: str) -> None:
        """Take one typed line."""
        ...

    def left(self) -> None:
        """Take note that no line comes any more."""
        ...


class Hand:
    """A person at the console: keys or typed lines become operator inputs.

    Parameters
    ----------
    session : ControlSession
        Takes them.
    clock : Clock
        The run's.
    may_arm : bool
        Whether arming was allowed on the command line.
    say : callable
        Takes lines for the person to read.
    may_arm : bool
        Arming was allowed.
    info : callable or None
        Returns how it stands.

    Attributes
    ----------
    quit : asyncio.Event
        Set when the person has had enough.
    """

    def __init__(
        self,
        session: ControlSession,
        clock: Clock,
        say: Callable[[str], None],
        *,
        may_arm: bool,
        info: Callable[[], str] | None = None,
    ) -> None:
        self._session = session
        self._clock = clock
        self._say = say
        self._may_arm = may_arm
        self._info = info
        self._level = 0
        self.quit = asyncio.Event()
        session.listeners.append(self._see)

    def key(self, key: str) -> None:
        """Take one key."""
        if key in "+-":
            change = LEVEL_STEP_PERCENT if key == "+" else -LEVEL_STEP_PERCENT
            self._act("level", self._level + change)
            return
        action = {
            "a": "arm",
            "t": "test",
            "p": "pause",
            "r": "resume",
            "c": "clear",
            "s": "stop",
            "d": "disarm",
            "i": "info",
            "q": "quit",
        }.get(key)
        if action is None:
            self._say(HELP)
        else:
            self._act(action, 0)

    def line(self, line: str) -> None:
        """Take one typed line: an action, and a number where it is ``level``."""
        words = line.split()
        if not words:
            return
        known = ("arm", "test", "pause", "resume", "clear", "stop", "disarm", "info", "quit")
        if words[0] == "level" and len(words) == 2 and fullmatch("[0-9]{1,3}", words[1]):
            self._act("level", int(words[1]))
        elif len(words) == 1 and words[0] in known:
            self._act(words[0], 0)
        else:
            self._say(f"{line.strip()!r} is no action: say {', '.join(known)} or level N")

    def left(self) -> None:
        """Change nothing: a run goes on without anybody who types."""

    def _act(self, action: str, value: int) -> None:
        if action == "quit":
            self.quit.set()
        elif action == "info":
            self._say(HELP if self._info is None else self._info())
        elif action == "arm" and not self._may_arm:
            self._say("arming was not allowed: start again with --arm-allowed LIMITS")
        else:
            self._session.take(Operator(self._clock.now_us(), action, min(100, max(0, value))))

    def _see(self, _now_us: Us, records: tuple[object, ...]) -> None:
        for record in records:
            if isinstance(record, StateChange):
                self._level = record.level_percent


async def live(
    session: ControlSession,
    source: SensorSource,
    hand: Person,
    log: RunLogWriter | None,
    duration_s: float | None,
    say: Callable[[str], None] | None = None,
) -> None:
    """Run until something ends it.

    Parameters
    ----------
    session : ControlSession
        Controller, driver and link on the real clock.
    source : SensorSource
        Samples as they arrive.
    hand : Person
        May quit.
    log : RunLogWriter or None
        Flushed while the run goes on.
    duration_s : float or None
        How long at most.
    say : callable or None
        Takes what the watchdog did, in its thread; without it there is no watchdog.

    Raises
    ------
    SensorError
        If the source is lost.
    KeyboardInterrupt
        On Ctrl-C, after the output was stopped.
    """
    loop = asyncio.get_running_loop()
    with stop_on_interrupt(session), contextlib.ExitStack() as watched:
        try:
            if say is not None:
                watched.enter_context(Watchdog(session, say))
            with stop_on_failure(loop, session) as failed:
                await _until_something_ends(session, source, hand, log, duration_s, failed)
                if failed.done():
                    failed.result()
            # A line takes a moment to carry the stop away; what is left on it at closing is lost.
            await asyncio.sleep(DRAIN_S)
        finally:
            session.stop_now()
            # Nobody takes the line any more while it is closed.
            watched.close()
            session.close()
            source.close()


async def _until_something_ends(
    session: ControlSession,
    source: SensorSource,
    hand: Person,
    log: RunLogWriter | None,
    duration_s: float | None,
    failed: "asyncio.Future[None]",
) -> None:
    session.open()
    async with asyncio.TaskGroup() as tasks:
        parts: list[asyncio.Task[Any]] = [
            tasks.create_task(feed(source, session), name="sensors"),
            tasks.create_task(hand.quit.wait(), name="hand"),
        ]
        if log is not None:
            parts.append(tasks.create_task(_flush(log), name="log"))
        if duration_s is not None:
            parts.append(tasks.create_task(asyncio.sleep(duration_s), name="duration"))
        for part in parts:
            # Not by way of cancellations, which take as long as whoever is cancelled likes.
            part.add_done_callback(lambda part: _part_ended(session, part))
        try:
            await asyncio.wait([*parts, failed], return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Whatever ended it, nothing more is given while the rest winds down: the bytes
            # first, then the controller, so that no burst goes on behind them.
            session.stop_now()
            session.settle()
            for part in parts:
                part.cancel()


def _part_ended(session: ControlSession, part: "asyncio.Task[Any]") -> None:
    if part.cancelled():
        return
    error = part.exception()
    if error is None or isinstance(error, SensorError):
        session.stop_now()
    else:
        session.fail(error)


async def feed(source: SensorSource, session: ControlSession) -> None:
    """Hand each sample of a source to a session, until it ends or this is cancelled.

    Raises
    ------
    SensorError
        If the source is lost.
    """
    prompt = source if isinstance(source, PromptSource) else None
    try:
        if prompt is not None:
            prompt.on_sample = session.take
        async with contextlib.aclosing(source.samples()) as samples:
            async for sample in samples:
                session.take(sample)
    finally:
        if prompt is not None:
            prompt.on_sample = None


async def _flush(log: RunLogWriter) -> None:
    while True:
        await asyncio.sleep(FLUSH_S)
        log.flush()
