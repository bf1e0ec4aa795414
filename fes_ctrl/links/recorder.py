"""A link around a link, and a driver around a driver, that write down what passes.

What they write is an ``exchange``: with a real device it is the evidence that a test is made of.
"""

from collections import deque
from collections.abc import Callable

from fes_ctrl.links import exchange
from fes_ctrl.links.exchange import Entry, line_of
from fes_ctrl.links.link import Link
from fes_ctrl.model import Command
from fes_ctrl.stimulators.session import DriverSession, DriverStep
from fes_ctrl.units import Us


class Recorder:
    """Takes entries from anywhere and hands them on as lines, in order.

    Parameters
    ----------
    now_us : callable
        Monotonic time; asked from any thread.
    put : callable
        Takes lines, from whoever calls ``flush``; must neither wait nor raise.
    """

    def __init__(self, now_us: Callable[[], Us], put: Callable[[str], None]) -> None:
        self._now_us = now_us
        self._put = put
        self._entries: deque[Entry] = deque()
        self._last_us: Us = 0

    def note(
        self,
        what: str,
        data: bytes = b"",
        why: str = "",
        command: Command | None = None,
        now_us: Us = 0,
    ) -> None:
        """Take one entry, from any thread or signal handler; it is put away by ``flush``."""
        self._entries.append(Entry(self._now_us(), what, data, why, command, now_us))

    def flush(self) -> None:
        """Hand on what has been noted; from the loop alone."""
        lines = []
        while self._entries:
            entry = self._entries.popleft()
            # Two threads may have asked for the time in one order and noted in the other.
            self._last_us = max(self._last_us, entry.t_us)
            lines.append(line_of(entry._replace(t_us=self._last_us)))
        if lines:
            self._put("".join(lines))


class RecordingLink:
    """A link around a link.

    Parameters
    ----------
    link : Link
        What carries the bytes.
    recorder : Recorder
        Takes what passes.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``.
    """

    def __init__(self, link: Link, recorder: Recorder) -> None:
        self._link = link
        self._recorder = recorder
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        link.on_bytes = self._bytes
        link.on_lost = self._lost

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._recorder.note(exchange.OUT, data)
        self._link.write(data)
        self._recorder.flush()

    def discard(self) -> bool:
        """Take back what has not left."""
        self._recorder.note(exchange.DISCARD)
        return self._link.discard()

    def seize(self, stop: bytes) -> None:
        """Take the line for a stop; that comes first, and then the note of it."""
        self._link.seize(stop)
        self._recorder.note(exchange.SEIZE, stop)

    def release(self) -> None:
        """Give the line back."""
        self._recorder.note(exchange.RELEASE)
        self._link.release()

    def drop(self) -> None:
        """Cut the device off."""
        # Noted first: some links tell at once that they are lost.
        self._recorder.note(exchange.DROP)
        self._link.drop()
        self._recorder.flush()

    def close(self) -> None:
        """Close."""
        self._link.close()
        self._recorder.note(exchange.CLOSE)
        self._recorder.flush()

    def _bytes(self, data: bytes) -> None:
        self._recorder.note(exchange.IN, data)
        self.on_bytes(data)
        self._recorder.flush()

    def _lost(self, reason: str) -> None:
        self._recorder.note(exchange.LOST, why=reason)
        self.on_lost(reason)
        self._recorder.flush()


class NotedDriver:
    """A driver session around one, so that what it was told stands beside what it said.

    Parameters
    ----------
    driver : DriverSession
        Does the work.
    recorder : Recorder
        The one of its link.

    Attributes
    ----------
    capabilities, stop_bytes
        The driver's.
    """

    def __init__(self, driver: DriverSession, recorder: Recorder) -> None:
        self._driver = driver
        self._recorder = recorder
        self.capabilities = driver.capabilities
        self.stop_bytes = driver.stop_bytes

    def open(self, now_us: Us) -> DriverStep:
        """Begin."""
        self._recorder.note(exchange.OPEN, now_us=now_us)
        return self._driver.open(now_us)

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command."""
        self._recorder.note(exchange.COMMAND, command=command, now_us=now_us)
        return self._driver.command(now_us, command)

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes; the link has noted them, but not what time it is."""
        self._recorder.note(exchange.HEARD, now_us=now_us)
        return self._driver.receive(now_us, data)

    def tick(self, now_us: Us) -> DriverStep:
        """Fire deadlines; noted where that had any effect."""
        step = self._driver.tick(now_us)
        if step.out or step.reports or step.discard or step.drop:
            self._recorder.note(exchange.TICK, now_us=now_us)
        return step

    def taken_back(self, now_us: Us) -> DriverStep:
        """Take note that what was written before now may not have left."""
        self._recorder.note(exchange.TAKEN_BACK, now_us=now_us)
        return self._driver.taken_back(now_us)

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note of a lost connection."""
        self._recorder.note(exchange.HUNG_UP, now_us=now_us)
        return self._driver.hang_up(now_us, reason)


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
