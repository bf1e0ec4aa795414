"""A recorded exchange played back in virtual time.

The device says what it said, and the host's words are held against those that it used then.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from fes_ctrl.links import exchange
from fes_ctrl.links.exchange import Entry, Exchange, ExchangeError
from fes_ctrl.model import LinkReport
from fes_ctrl.stimulators.session import DriverSession, DriverStep
from fes_ctrl.units import NEVER_US, Us

HOST: Final = frozenset({exchange.OUT, exchange.DISCARD, exchange.DROP})
FAR: Final = frozenset({exchange.IN, exchange.LOST})

LATE_US: Final = 20_000
"""A machine calls a driver so much later than it asked for at most, or the exchange is not one of
this driver. An idle one is 0.1 ms late, a busy one has been seen to be 10 ms."""

CallAt: TypeAlias = Callable[[Us, Callable[[], None]], object]
"""Calls back at an instant, or as soon as possible if that has passed."""


class DepartureError(AssertionError):
    """The host did not say what it said when the exchange was recorded: where, and what instead."""


class ReplayedLink:
    """A link whose far end is a recorded device.

    Each piece of what the device sent comes as long after the host's last word as it did then.

    Parameters
    ----------
    recorded : Exchange
        What passed then.
    now_us : callable
        The present.
    call_at : callable
        Calls back at an instant.
    within_us : int or None
        How far the host's words may be from where they stood in time, reckoned from what happened
        last on the line; None where only what it says is judged.
    seized : bool
        Whether the seizures of the line are judged too.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``.
    """

    def __init__(
        self,
        recorded: Exchange,
        now_us: Callable[[], Us],
        call_at: CallAt,
        within_us: Us | None = None,
        *,
        seized: bool = False,
    ) -> None:
        self._name = recorded.name
        self._now_us = now_us
        self._call_at = call_at
        self._within_us = within_us
        self._judged = HOST | {exchange.SEIZE} if seized else HOST
        entries = [entry for entry in recorded.entries if entry.what in self._judged | FAR]
        self._host = [entry for entry in entries if entry.what in self._judged]
        self._far = [entry for entry in entries if entry.what in FAR]
        self._taken_back = _taken_back(recorded)
        self._said = 0
        self._heard = 0
        self._shift_us: Us = now_us() - entries[0].t_us if entries else 0
        self._due = False
        self._open = True
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        self._go_on()

    def write(self, data: bytes) -> None:
        """Say what was said then."""
        self._say(exchange.OUT, data)

    def discard(self) -> bool:
        """Take back what has not left, where that was done then, and with what came of it then."""
        line = self._host[self._said].line if self._said < len(self._host) else 0
        self._say(exchange.DISCARD)
        return line in self._taken_back

    def seize(self, stop: bytes) -> None:
        """Take the line for a stop."""
        if exchange.SEIZE in self._judged:
            self._say(exchange.SEIZE, stop)

    def release(self) -> None:
        """Give the line back."""

    def drop(self) -> None:
        """Cut the device off, where that was done then."""
        self._say(exchange.DROP)

    def close(self) -> None:
        """Close; nothing is delivered afterwards."""
        self._open = False

    def finish(self) -> None:
        """Ask whether the host has said everything that it said then.

        Raises
        ------
        DepartureError
            If it has not.
        """
        if self._said < len(self._host):
            entry = self._host[self._said]
            raise DepartureError(
                f"{self._name}:{entry.line}: the host says nothing more, then: {_shown(entry)}"
            )

    def _say(self, what: str, data: bytes = b"") -> None:
        if not self._open:
            return
        word = Entry(self._now_us(), what, data)
        if self._said == len(self._host):
            raise DepartureError(f"{self._name}: {_shown(word)} after the exchange's end")
        then = self._host[self._said]
        _compare(self._name, word, then)
        off_us = word.t_us - then.t_us - self._shift_us
        if self._within_us is not None and abs(off_us) > self._within_us:
            raise DepartureError(
                f"{self._name}:{then.line}: {_shown(word)} is {abs(off_us)} us "
                f"{'late' if off_us > 0 else 'early'}, {self._within_us} us are allowed"
            )
        self._shift_us += off_us
        self._said += 1
        self._go_on()

    def _go_on(self) -> None:
        """Have the device's next word delivered, once the host has said what came before it."""
        if self._due or self._heard == len(self._far):
            return
        following = self._far[self._heard]
        if self._said == len(self._host) or self._host[self._said].line > following.line:
            self._due = True
            self._call_at(following.t_us + self._shift_us, self._deliver)

    def _deliver(self) -> None:
        self._due = False
        if not self._open:
            return
        entry = self._far[self._heard]
        self._heard += 1
        if entry.what == exchange.IN:
            self.on_bytes(entry.data)
        else:
            self.on_lost(entry.why)
        self._go_on()


def play(driver: DriverSession, recorded: Exchange, late_us: Us = LATE_US) -> list[LinkReport]:
    """Put a driver through an exchange: told and sent what it was then, it must say the same.

    Parameters
    ----------
    driver : DriverSession
        New.
    recorded : Exchange
        Recorded with what the driver was told, as ``fes-ctrl run --record`` does.
    late_us : int
        A deadline of the driver that the exchange does not know of is fired when it is overdue by
        more than this.

    Returns
    -------
    list of LinkReport
        What the driver had to say of its device.

    Raises
    ------
    DepartureError
        At the first word that differs: where, what was said then and what now.
    ExchangeError
        If nothing was told to a driver in it.
    """
    entries = [entry for entry in recorded.entries if entry.what in HOST | FAR | exchange.TOLD]
    if not entries or entries[0].what != exchange.OPEN:
        message = f"{recorded.name}: does not begin with a driver's opening; record it with run"
        raise ExchangeError(message)
    return _Player(driver, recorded.name, entries).play(late_us)


class _Player:
    """One driver, one exchange, and how far it has come."""

    def __init__(self, driver: DriverSession, name: str, entries: list[Entry]) -> None:
        self._driver = driver
        self._name = name
        self._entries = entries
        self._at = 0
        self._came: deque[Entry] = deque()
        self._wake_us: Us = NEVER_US
        self._reports: list[LinkReport] = []

    def play(self, late_us: Us) -> list[LinkReport]:
        while self._at < len(self._entries):
            entry = self._entries[self._at]
            if entry.what in FAR:
                self._came.append(entry)
                self._at += 1
                continue
            while entry.what in exchange.TOLD and self._wake_us + late_us < entry.now_us:
                due_us = self._wake_us
                self._take(due_us, self._driver.tick(due_us))
                if self._wake_us <= due_us:
                    raise DepartureError(f"{self._name}: the driver asks for {due_us} us again")
            self._at += 1
            self._carry_out(entry)
        return self._reports

    def _carry_out(self, entry: Entry) -> None:
        driver, now_us = self._driver, entry.now_us
        if entry.what == exchange.OPEN:
            step = driver.open(now_us)
        elif entry.what == exchange.COMMAND and entry.command is not None:
            step = driver.command(now_us, entry.command)
        elif entry.what == exchange.HEARD and self._came:
            step = driver.receive(now_us, self._came.popleft().data)
        elif entry.what == exchange.TAKEN_BACK:
            step = driver.taken_back(now_us)
        elif entry.what == exchange.HUNG_UP and self._came:
            step = driver.hang_up(now_us, self._came.popleft().why)
        elif entry.what == exchange.TICK:
            if self._wake_us > now_us:
                raise DepartureError(
                    f"{self._name}:{entry.line}: the driver was called then, and asks for "
                    f"{'no call' if self._wake_us == NEVER_US else f'{self._wake_us} us'} now"
                )
            step = driver.tick(now_us)
        else:
            raise DepartureError(
                f"{self._name}:{entry.line}: the driver says nothing, then: {_shown(entry)}"
            )
        self._take(now_us, step)

    def _take(self, now_us: Us, step: DriverStep) -> None:
        """Hold each word of a step against the exchange's next."""
        words = [exchange.DISCARD] * step.discard + [exchange.DROP] * step.drop
        said = [Entry(now_us, what) for what in words]
        said += [Entry(now_us, exchange.OUT, data) for data in step.out]
        for word in said:
            if self._at == len(self._entries):
                raise DepartureError(f"{self._name}: {_shown(word)} after the exchange's end")
            _compare(self._name, word, self._entries[self._at])
            self._at += 1
        self._reports += step.reports
        self._wake_us = step.wake_at_us


def _taken_back(recorded: Exchange) -> set[int]:
    """Return the lines of the discards that took something back, or may have."""
    found: set[int] = set()
    line = 0
    for entry in recorded.entries:
        if entry.what == exchange.DISCARD:
            line = entry.line
        elif entry.what == exchange.TAKEN_BACK:
            found.add(line)
    return found


def _compare(name: str, word: Entry, then: Entry) -> None:
    if (word.what, word.data) != (then.what, then.data):
        raise DepartureError(f"{name}:{then.line}: {_shown(word)}, then: {_shown(then)}")


def _shown(entry: Entry) -> str:
    return f"{entry.what} {entry.data.hex(' ')}".strip()


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
