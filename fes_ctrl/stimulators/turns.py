"""A driver session for devices that answer each request before the next one: only words are left.

What every driver owes is done here once: stop, its repetition and its end, who the device is before
it is armed, one open request, deadlines, polls, pulses that are never written late or twice. What
is a device's own is a ``Dialect``: the words, and how its answers are read.
"""

from typing import Final, NamedTuple, Protocol

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_CHANGED,
    LINK_DOWN,
    LINK_ELECTRODE,
    LINK_ERROR,
    LINK_IDLE,
    LINK_ORPHAN,
    LINK_READY,
    LINK_SILENT,
    LINK_SKIPPED,
    LINK_STUCK,
    LINK_UP,
    Arm,
    Capabilities,
    Command,
    LinkReport,
    Setpoint,
)
from fes_ctrl.stimulators.pulse_queue import PulseQueue
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us

STOPPED: Final = "stopped"
WHO: Final = "who"
ARMED: Final = "armed"
IDLE: Final = "idle"
DONE: Final = "done"
ELECTRODE: Final = "electrode"
ERROR: Final = "error"

CLOSED: Final = "closed"
STOPPING: Final = "stopping"
ASKING: Final = "asking"
UP: Final = "up"
ARMING: Final = "arming"
READY: Final = "ready"
DEAD: Final = "dead"

STOPS: Final = 3
STOP_REPEAT_US: Final = 80_000
LEAVING_US: Final = 5_000
"""A request that was written just in time is given so long to leave."""


class Answer(NamedTuple):
    """What a device said: one of the kinds above, and its words.

    ``who`` names the device, with serial number and version; ``armed`` and ``idle`` answer the
    question for its state, and ``armed`` the request to arm; ``done`` answers a pulse.
    """

    kind: str
    text: str = ""


class Dialect(Protocol):
    """The words of one device.

    Attributes
    ----------
    end : bytes
        Ends whatever may be half out on the line; harmless by itself.
    stop : bytes
        Ends all output in any state.
    who, arm, state : bytes
        Ask who it is, make it ready for pulses, ask for its state.
    """

    end: bytes
    stop: bytes
    who: bytes
    arm: bytes
    state: bytes

    def pulse(self, setpoint: Setpoint) -> bytes:
        """Return the request for one pulse."""
        ...

    def read(self, data: bytes) -> tuple[list[Answer], bytes]:
        """Return the answers in what has come so far, and what is left of it."""
        ...


class TurnSession:
    """One device on one link that is asked one thing at a time.

    Parameters
    ----------
    dialect : Dialect
        Its words.
    capabilities : Capabilities
        Of the device in its mode; every pulse is a command of its own.
    stimulator : int
        Its number in the reports.
    min_interval_us : int
        Least distance of two pulses of a channel as they are written.
    poll_us : int
        An idle link is asked for the device's state this often.

    Attributes
    ----------
    state : str
        ``closed``, ``stopping``, ``asking``, ``up``, ``arming``, ``ready`` or ``dead``.
    identity : str
        What the device said it is.
    """

    def __init__(
        self,
        dialect: Dialect,
        capabilities: Capabilities,
        stimulator: int,
        min_interval_us: Us,
        poll_us: Us,
    ) -> None:
        self.capabilities = capabilities
        # The line's end first: a discarded half request would swallow the stop.
        self.stop_bytes = dialect.end + dialect.stop
        self.state: str = CLOSED
        self.identity = ""
        self._dialect = dialect
        self._stimulator = stimulator
        self._poll_us = poll_us
        self._pulses = PulseQueue(
            capabilities.channels, max(min_interval_us, capabilities.min_interval_us)
        )
        self._begun = b""
        self._asked_us: Us = NEVER_US
        self._void_us: Us = NEVER_US
        self._last_us: Us = 0
        self._stops = 0
        self._arm_next = False
        self._out: list[bytes] = []
        self._reports: list[LinkReport] = []
        self._written: list[Setpoint] = []

    # -- what comes in --------------------------------------------------------------------------

    def open(self, now_us: Us) -> DriverStep:
        """Stop whatever the device may be doing, then ask who it is."""
        self._begun = b""
        self.identity = ""
        return self._stop(now_us)

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command of the controller."""
        if isinstance(command, Setpoint):
            if self.state == READY:
                self._pulses.hold(command)
            else:
                self._skip(now_us, command, f"device is {self.state}")
            return self._done(now_us)
        if not isinstance(command, Arm):
            if self.state in (CLOSED, DEAD):
                return self._done(now_us)
            self._arm_next = False
            return self._stop(now_us, anew=self.state != STOPPING)
        if self.state == READY:
            self._report(now_us, LINK_READY, self.identity)
        elif self.identity and self.state in (UP, STOPPING):
            # Once an open question, or the stop, has been answered.
            self._arm_next = True
        else:
            self._report(now_us, LINK_ERROR, f"cannot arm: device is {self.state}")
        return self._done(now_us)

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes from the device."""
        answers, self._begun = self._dialect.read(self._begun + data)
        for answer in answers:
            self._take(now_us, answer)
        return self._done(now_us)

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        if self.state == STOPPING and now_us >= self._last_us + STOP_REPEAT_US:
            if self._stops < STOPS:
                return self._stop(now_us, again=True)
            self.state = DEAD
            self._report(now_us, LINK_STUCK, f"{STOPS} stops were not confirmed; line cut")
            return self._done(now_us, drop=True)
        if now_us >= self._asked_us + self.capabilities.ack_deadline_us:
            late_ms = (now_us - self._asked_us) / 1000
            self._report(now_us, LINK_SILENT, f"no answer for {late_ms:.0f} ms")
            # Which request a later answer would belong to is not known: from the start.
            return self._stop(now_us)
        if now_us > self._void_us:
            # It may still be on this side of the line; let go later, it would be a late pulse.
            self._void_us = NEVER_US
            self._out.append(self._dialect.end)
            return self._done(now_us, discard=True)
        if self._is_free() and now_us >= self._last_us + self._poll_us:
            self._ask(now_us, self._dialect.state)
        return self._done(now_us)

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        if self.state != DEAD:
            self.state = DEAD
            self.identity = ""
            self._forget()
            self._report(now_us, LINK_DOWN, reason)
        return self._done(now_us)

    # -- answers --------------------------------------------------------------------------------

    def _take(self, now_us: Us, answer: Answer) -> None:
        if answer.kind == STOPPED:
            # Each stop that was repeated, or written past this session, has an answer too.
            if self.state == STOPPING:
                self._stopped(now_us)
            return
        if self.state == STOPPING:
            # Whatever was answered before the stop is void with what it answers.
            return
        if self._asked_us == NEVER_US:
            self._report(now_us, LINK_ORPHAN, answer.text or answer.kind)
            return
        sent_us, self._asked_us = self._asked_us, NEVER_US
        pulsed, self._void_us = self._void_us != NEVER_US, NEVER_US
        if answer.kind == WHO and self.state == ASKING:
            self.identity = answer.text
            self.state = UP
            self._report(now_us, LINK_UP, self.identity)
        elif answer.kind == WHO and self.state == ARMING:
            self._identified(now_us, answer.text)
        elif answer.kind == ARMED and self.state == ARMING:
            self.state = READY
            self._report(now_us, LINK_READY, self.identity)
        elif answer.kind == DONE and pulsed:
            self._pulses.answered(sent_us, now_us)
            self._report(now_us, LINK_ANSWER, "")
        elif answer.kind == (ARMED if self.state == READY else IDLE) and not pulsed:
            self._report(now_us, LINK_ANSWER, "")
        else:
            kind = LINK_ELECTRODE if answer.kind == ELECTRODE else LINK_ERROR
            self._report(now_us, kind, answer.text or answer.kind)
            # Nothing that waited goes out after a complaint: the controller decides first.
            while len(self._pulses):
                self._skip(now_us, self._pulses.drop(), "waited when the device complained")

    def _stopped(self, now_us: Us) -> None:
        if not self.identity:
            self.state = ASKING
            self._ask(now_us, self._dialect.who)
            return
        self.state = UP
        self._report(now_us, LINK_IDLE, "output ended")

    def _identified(self, now_us: Us, identity: str) -> None:
        """Arm the device, if it is the one that answered before."""
        if identity == self.identity:
            self._ask(now_us, self._dialect.arm)
            return
        self._report(now_us, LINK_CHANGED, f"{identity} answers, it was {self.identity}")
        self.identity = ""
        self._begin_stop(now_us)

    # -- requests -------------------------------------------------------------------------------

    def _stop(self, now_us: Us, *, again: bool = False, anew: bool = True) -> DriverStep:
        if again:
            self._stops += 1
        if again or not anew:
            # One more costs nothing; the wait for its answer goes on where it was not overdue.
            self._out.append(self.stop_bytes)
            self._last_us = now_us if again else self._last_us
        else:
            self._begin_stop(now_us)
        return self._done(now_us, discard=True)

    def _begin_stop(self, now_us: Us) -> None:
        self.state = STOPPING
        self._stops = 1
        self._last_us = now_us
        self._forget()
        self._out.append(self.stop_bytes)

    def _forget(self) -> None:
        self._asked_us = NEVER_US
        self._void_us = NEVER_US
        self._arm_next = False
        self._pulses.clear()

    def _ask(self, now_us: Us, request: bytes) -> None:
        self._asked_us = now_us
        self._last_us = now_us
        self._out.append(request)

    def _is_free(self) -> bool:
        return self.state in (UP, READY) and self._asked_us == NEVER_US

    def _go_on(self, now_us: Us) -> None:
        """Do what waited for its turn."""
        while setpoint := self._pulses.expired(now_us):
            self._skip(now_us, setpoint, "expired before it could be written")
        if not self._is_free():
            return
        if self._arm_next and self.state == UP:
            self._arm_next = False
            self.state = ARMING
            self._ask(now_us, self._dialect.who)
            return
        setpoint = self._pulses.due(now_us)
        if setpoint is not None:
            self._void_us = max(setpoint.expires_us, now_us + LEAVING_US)
            self._ask(now_us, self._dialect.pulse(setpoint))
            self._written.append(setpoint)

    # -- what goes back -------------------------------------------------------------------------

    def _skip(self, now_us: Us, setpoint: Setpoint, why: str) -> None:
        detail = f"pulse of {setpoint.at_us} us {why}"
        self._reports.append(
            LinkReport(
                now_us,
                self._stimulator,
                LINK_SKIPPED,
                self._asked_us,
                detail,
                setpoint.channel,
                setpoint.at_us,
            )
        )

    def _report(self, now_us: Us, kind: str, detail: str) -> None:
        self._reports.append(LinkReport(now_us, self._stimulator, kind, self._asked_us, detail))

    def _wake_at_us(self) -> Us:
        if self.state == STOPPING:
            return self._last_us + STOP_REPEAT_US
        if self.state in (CLOSED, DEAD):
            return NEVER_US
        free = self._is_free()
        if free:
            wake_us = self._last_us + self._poll_us
        else:
            wake_us = min(
                self._asked_us + self.capabilities.ack_deadline_us, self._void_us + 1, NEVER_US
            )
        return min(wake_us, self._pulses.wake_at_us(blocked=not free))

    def _done(self, now_us: Us, *, discard: bool = False, drop: bool = False) -> DriverStep:
        self._go_on(now_us)
        done = DriverStep(
            tuple(self._out),
            tuple(self._reports),
            self._wake_at_us(),
            discard,
            drop,
            tuple(self._written),
        )
        self._out, self._reports, self._written = [], [], []
        return done
