"""What every driver owes its device and its controller, done once.

A conversation begins with a stop, asks the device who it is, arms it when told to, and ends all
output when told to or when nothing is sure any more. A stop is said again until it is confirmed,
and after the third time the line is cut. Questions have a bounded wait; a line that is up is
polled; who answers when the device is to be armed must be who answered before.

What is a device's own is left to a subclass: its frames, how its answers are read, and how pulses
are written.
"""

from abc import ABC, abstractmethod
from typing import Final

from fes_ctrl.model import (
    LINK_CHANGED,
    LINK_DOWN,
    LINK_ERROR,
    LINK_IDLE,
    LINK_MISSED,
    LINK_ORPHAN,
    LINK_READY,
    LINK_SILENT,
    LINK_STUCK,
    LINK_UP,
    Arm,
    Capabilities,
    Command,
    Setpoint,
)
from fes_ctrl.stimulators.driver_line import DriverLine
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us

CLOSED: Final = "closed"
HELLO: Final = "hello"
UP: Final = "up"
ARMING: Final = "arming"
READY: Final = "ready"
STOPPING: Final = "stopping"
DEAD: Final = "dead"

TRIES: Final = 3
STOP_REPEAT_US: Final = 80_000
"""Three stops so far apart, then the line is cut: within 300 ms in all."""


class Conversation(ABC):
    """One device on one link.

    Parameters
    ----------
    capabilities : Capabilities
        Of the device in its mode.
    stop_bytes : bytes
        Two frame ends, then what ends all output in any state: of a half frame that was
        discarded on the line, the first bytes of the stop would be swallowed.
    who : int
        The question who it is, as ``_frame_of`` takes it: greeting and arming begin with it.
    stimulator : int
        Its number in the reports.
    poll_us : int
        An idle link is asked for the device's state this often.

    Attributes
    ----------
    state : str
        ``closed``, ``hello``, ``up``, ``arming``, ``ready``, ``stopping`` or ``dead``.
    identity : str
        What the device said it is.
    """

    __slots__ = (
        "_asked_us",
        "_known_up",
        "_line",
        "_orphans",
        "_owed",
        "_poll_us",
        "_question",
        "_tries",
        "_wanted_after_stop",
        "_who",
        "capabilities",
        "identity",
        "state",
        "stop_bytes",
    )

    def __init__(
        self,
        capabilities: Capabilities,
        stop_bytes: bytes,
        who: int,
        stimulator: int,
        poll_us: Us,
    ) -> None:
        self.capabilities = capabilities
        self.stop_bytes = stop_bytes
        self._who = who
        self._poll_us = poll_us
        self._line = DriverLine(stimulator)
        self._question = who
        self._tries = 0
        self._asked_us: Us = NEVER_US
        self._orphans = 0
        self._wanted_after_stop = UP
        self._known_up = False  # greeted, and not lost since: what it is told is answered for
        self._owed = False  # a stop was ordered: that it was confirmed is told
        self.state: str = CLOSED
        self.identity = ""

    @property
    def orphans(self) -> int:
        """Answers that belonged to no frame: late, repeated, or somebody else's."""
        return self._line.pending.orphans

    @property
    def skipped(self) -> int:
        """Setpoints that were dropped because they could not be given in time."""
        return self._line.skipped

    # -- the device's own -----------------------------------------------------------------------

    @abstractmethod
    def _begin_anew(self) -> None:
        """Forget what was heard: the link has been opened."""

    @abstractmethod
    def _hear(self, now_us: Us, data: bytes) -> int:
        """Take the frames in what has come; return how many were damaged so far."""

    @abstractmethod
    def _hold(self, now_us: Us, setpoint: Setpoint) -> None:
        """Take a pulse that is to be given."""

    @abstractmethod
    def _write_held(self, now_us: Us) -> None:
        """Write what is due; drop what can no longer be in time."""

    @abstractmethod
    def _let_go(self, now_us: Us) -> None:
        """Drop what waits, and tell: after a complaint the controller decides first."""

    @abstractmethod
    def _forget(self) -> None:
        """Let go of everything that was to come: the device is being stopped, or is gone."""

    @abstractmethod
    def _put(self, now_us: Us, question: int) -> None:
        """Write a question of greeting or arming."""

    @abstractmethod
    def _poll(self, now_us: Us) -> None:
        """Ask a line that is up for the device's state."""

    @abstractmethod
    def _wake_to_write_us(self) -> Us:
        """Return when something of the pulses is due."""

    def _takes_back(self, now_us: Us) -> bool:  # noqa: ARG002 - for devices that can
        """Return whether a frame with current has to be discarded; what goes after it is out."""
        return False

    def _missed(self, now_us: Us) -> int:  # noqa: ARG002 - for devices that mind
        """Mind that a pulse was given by now or never; return its channel, -1 for any."""
        return -1

    def _stops_on_silence(self) -> bool:
        """Return whether an answer that stays away ends all output."""
        return False

    def _asks_again(self) -> bool:
        """Return whether the open question may be put once more."""
        return True

    def _polls_at_us(self) -> Us:
        """Return when a line that is up is polled next."""
        if len(self._line.pending):
            return NEVER_US
        return self._line.last_frame_us + self._poll_us

    # -- what comes in --------------------------------------------------------------------------

    def open(self, now_us: Us) -> DriverStep:
        """Stop whatever the device may be doing, then ask who it is."""
        # A stop that waits for its answer is said again, not anew: the clock went back under it.
        said = self._tries if self.state == STOPPING else 0
        self._begin_anew()
        self._line.begin()
        self.identity = ""
        self._begin_stop(now_us, HELLO)
        self._tries += said
        return self._done(discard=True)

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command of the controller."""
        if isinstance(command, Setpoint):
            if self.state != READY:
                self._line.skip(now_us, command, f"device is {self.state}")
            elif command.current_ua > self.capabilities.current_max_ua:
                most = f"the device gives {self.capabilities.current_max_ua / 1000:g} mA at most"
                self._line.refuse(now_us, command, ValueError(most))
            else:
                self._hold(now_us, command)
            return self._done()
        if isinstance(command, Arm):
            if self.state == UP:
                self._begin_arming(now_us)
            elif self.state == STOPPING and self._wanted_after_stop != HELLO:
                # Once the device has confirmed that its output has ended.
                self._wanted_after_stop = ARMING
            elif self.state == READY:
                self._line.report(now_us, LINK_READY, self.identity)
            else:
                self._line.report(now_us, LINK_ERROR, f"cannot arm: device is {self.state}")
            return self._done()
        if self.state in (CLOSED, DEAD):
            return self._done()
        self._owed = self._known_up
        if self.state == STOPPING:
            # Stop always wins, and one more costs nothing; the wait for its answer goes on.
            self._line.out.append(self.stop_bytes)
            if self._wanted_after_stop in (ARMING, READY):
                self._wanted_after_stop = UP
        else:
            self._begin_stop(now_us, self._known())
        return self._done(discard=True)

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes from the device."""
        line = self._line
        line.damaged(now_us, self._hear(now_us, data))
        if line.pending.orphans != self._orphans:
            self._orphans = line.pending.orphans
            line.warn(now_us, LINK_ORPHAN, f"{self._orphans} answers to nobody so far")
        if line.pending.settled():
            why = "a pulse was taken back and not answered, what was asked behind it was"
            line.report(now_us, LINK_MISSED, why, self._missed(now_us))
        self._write_held(now_us)
        return self._done()

    def taken_back(self, now_us: Us) -> DriverStep:
        """Take note that what was written before now may not have left: the next answer tells."""
        self._line.taken_back(now_us)
        return self._done()

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        self._write_held(now_us)
        discard = drop = False
        if self.state == STOPPING:
            drop = now_us >= self._asked_us and self._stop_overdue(now_us)
        elif self.state in (HELLO, ARMING):
            drop = now_us >= self._asked_us and self._question_overdue(now_us)
        elif self.state in (UP, READY):
            discard = self._attend(now_us)
        return self._done(discard=discard, drop=drop)

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        if self.state != DEAD:
            self._die()
            self._line.report(now_us, LINK_DOWN, reason)
        return self._done()

    # -- stop -----------------------------------------------------------------------------------

    def _known(self) -> str:
        """Return where a stop leads back to: a device that has not been greeted is greeted."""
        return HELLO if self.state == HELLO else UP

    def _begin_stop(self, now_us: Us, wanted_after: str) -> None:
        self.state = STOPPING
        self._wanted_after_stop = wanted_after
        self._forget()
        self._line.pending.clear()
        self._tries = 0
        self._say_stop(now_us)

    def _say_stop(self, now_us: Us) -> None:
        self._tries += 1
        self._asked_us = now_us + STOP_REPEAT_US
        self._line.say(now_us, self.stop_bytes)

    def _stop_overdue(self, now_us: Us) -> bool:
        """Repeat a stop that was not answered; return whether the line is to be cut."""
        if self._tries < TRIES:
            self._say_stop(now_us)
            return False
        self._die()
        self._line.report(now_us, LINK_STUCK, f"{TRIES} stops were not confirmed; line cut")
        return True

    def _stopped(self, now_us: Us) -> None:
        """Go on from a stop that the device has confirmed."""
        owed, self._owed = self._owed, False
        if self._wanted_after_stop == HELLO:
            if owed:
                self._line.report(now_us, LINK_IDLE, "output ended")
            self._greet(now_us)
            return
        self.state = UP
        self._line.report(now_us, LINK_IDLE, "output ended")
        if self._wanted_after_stop == ARMING:
            self._begin_arming(now_us)
        elif self._wanted_after_stop == READY:
            self.state = READY

    def _die(self) -> None:
        self.state = DEAD
        self.identity = ""
        self._known_up = self._owed = False
        self._forget()
        self._line.pending.clear()

    # -- questions ------------------------------------------------------------------------------

    def _greet(self, now_us: Us) -> None:
        self.state = HELLO
        self._ask(now_us, self._who)

    def _begin_arming(self, now_us: Us) -> None:
        """Ask first who it is: the device may have been changed since it was asked."""
        self.state = ARMING
        self._ask(now_us, self._who)

    def _ask(self, now_us: Us, question: int) -> None:
        """Put a question whose answer is waited for, and which is put again."""
        self._question = question
        self._tries = 0
        self._ask_again(now_us)

    def _ask_again(self, now_us: Us) -> None:
        self._tries += 1
        self._asked_us = now_us + self.capabilities.ack_deadline_us
        self._put(now_us, self._question)

    def _question_overdue(self, now_us: Us) -> bool:
        """Ask again, or give up; return whether the line is to be cut."""
        self._line.pending.clear()
        if self._tries < TRIES and self._asks_again():
            self._ask_again(now_us)
        else:
            self._line.report(now_us, LINK_SILENT, f"{self._tries} questions were not answered")
            self._begin_stop(now_us, self._known())
        return False

    def _is_up(self, now_us: Us, identity: str) -> None:
        """Take note that the device was greeted and may be armed."""
        self.identity = identity
        self._known_up, self._owed = True, False
        self.state = UP
        self._line.report(now_us, LINK_UP, identity)

    def _is_ready(self, now_us: Us) -> None:
        """Take note that the device is armed."""
        self.state = READY
        self._line.report(now_us, LINK_READY, self.identity)

    def _is_another(self, now_us: Us, identity: str) -> None:
        """Refuse to arm a device that is not the one from before."""
        self._line.report(now_us, LINK_CHANGED, f"{identity} answers, it was {self.identity}")
        # Whatever it is doing ends, and then it is asked who it is, as any new device.
        self.identity = ""
        self._known_up = False
        self._begin_stop(now_us, HELLO)

    # -- a line that is up ----------------------------------------------------------------------

    def _attend(self, now_us: Us) -> bool:
        """Mind answers that stay away, frames to take back, polls; return what ``discard`` is."""
        oldest_us = self._line.pending.oldest_us
        if now_us >= oldest_us + self.capabilities.ack_deadline_us:
            return self._silent(now_us, oldest_us)
        if self._takes_back(now_us):
            return True
        if now_us >= self._asks_at_us():
            self._poll(now_us)
        return False

    def _asks_at_us(self) -> Us:
        """Return when the device is polled, or asked in time about what was taken back."""
        doubt_us = self._line.pending.in_doubt_us + self.capabilities.ack_deadline_us // 2
        return min(self._polls_at_us(), doubt_us)

    def _silent(self, now_us: Us, oldest_us: Us) -> bool:
        detail = f"no answer for {(now_us - oldest_us) / 1000:.0f} ms"
        self._line.report(now_us, LINK_SILENT, detail)
        if self._stops_on_silence():
            self._begin_stop(now_us, UP)
            return True
        # Said once for each: a younger frame's answer is still waited for.
        self._line.pending.forget(now_us - self.capabilities.ack_deadline_us)
        return False

    def _complain(self, now_us: Us, kind: str, detail: str) -> None:
        self._line.report(now_us, kind, detail)
        self._let_go(now_us)

    # -- what goes back -------------------------------------------------------------------------

    def _wake_at_us(self) -> Us:
        if self.state in (STOPPING, HELLO, ARMING):
            return self._asked_us
        if self.state not in (UP, READY):
            return NEVER_US
        silent_us = self._line.pending.oldest_us + self.capabilities.ack_deadline_us
        wake_us = min(silent_us, self._asks_at_us())
        return min(wake_us, self._wake_to_write_us())

    def _done(self, *, discard: bool = False, drop: bool = False) -> DriverStep:
        return self._line.done(self._wake_at_us(), discard=discard, drop=drop)
