"""A driver session for devices that answer each request before the next one: only words are left.

What every driver owes is a ``Conversation``; here it is held with one open request at a time, and
pulses that are never written late or twice. What is a device's own is a ``Dialect``: the words,
and how its answers are read.
"""

from typing import Final, NamedTuple, Protocol

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_ELECTRODE,
    LINK_ERROR,
    LINK_ORPHAN,
    Capabilities,
    Setpoint,
)
from fes_ctrl.stimulators.conversation import HELLO, READY, STOPPING, Conversation
from fes_ctrl.stimulators.driver_line import LEAVING_US
from fes_ctrl.stimulators.pulse_queue import PulseQueue
from fes_ctrl.units import NEVER_US, Us

STOPPED: Final = "stopped"
WHO: Final = "who"
ARMED: Final = "armed"
IDLE: Final = "idle"
DONE: Final = "done"
ELECTRODE: Final = "electrode"
ERROR: Final = "error"

# What is asked, for the line's books: the words are the dialect's.
ASK_WHO: Final = 0
ASK_ARM: Final = 1
ASK_STATE: Final = 2
ASK_PULSE: Final = 3


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


class TurnSession(Conversation):
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
    """

    __slots__ = ("_arm_next", "_begun", "_dialect", "_pulses", "_void_us")

    def __init__(
        self,
        dialect: Dialect,
        capabilities: Capabilities,
        stimulator: int,
        min_interval_us: Us,
        poll_us: Us,
    ) -> None:
        super().__init__(capabilities, dialect.end + dialect.stop, ASK_WHO, stimulator, poll_us)
        self._dialect = dialect
        self._pulses = PulseQueue(
            capabilities.channels, max(min_interval_us, capabilities.min_interval_us)
        )
        self._begun = b""
        self._void_us: Us = NEVER_US
        self._arm_next = False

    # -- pulses, in turn with everything else -----------------------------------------------------

    def _hold(self, now_us: Us, setpoint: Setpoint) -> None:
        self._pulses.hold(setpoint)
        self._write_held(now_us)

    def _write_held(self, now_us: Us) -> None:
        line = self._line
        while setpoint := self._pulses.expired(now_us):
            line.skip(now_us, setpoint, "expired before it could be written")
        if len(line.pending):
            return
        if self._arm_next:
            self._begin_arming(now_us)
        elif self.state == READY and (setpoint := self._pulses.due(now_us)) is not None:
            self._void_us = max(setpoint.expires_us, now_us + LEAVING_US)
            self._request(now_us, ASK_PULSE, self._dialect.pulse(setpoint))
            line.written.append(setpoint)

    def _let_go(self, now_us: Us) -> None:
        while len(self._pulses):
            self._line.skip(now_us, self._pulses.drop(), "waited when the device complained")

    def _takes_back(self, now_us: Us) -> bool:
        """Return whether a pulse's time is over that has no answer.

        It may still be on this side of the line; let go later, it would be a late pulse.
        """
        if now_us <= self._void_us:
            return False
        self._void_us = NEVER_US
        self._line.out.append(self._dialect.end)
        return True

    def _wake_to_write_us(self) -> Us:
        blocked = len(self._line.pending) > 0
        return min(self._pulses.wake_at_us(blocked=blocked), self._void_us + 1)

    def _forget(self) -> None:
        self._void_us = NEVER_US
        self._arm_next = False
        self._pulses.clear()

    def _begin_arming(self, now_us: Us) -> None:
        """Arm the device, once an open question has been answered."""
        self._arm_next = len(self._line.pending) > 0
        if not self._arm_next:
            super()._begin_arming(now_us)

    # -- requests -------------------------------------------------------------------------------

    def _request(self, now_us: Us, asked: int, words: bytes) -> None:
        line = self._line
        line.send(now_us, line.pending.number(), asked, words, current=asked == ASK_PULSE)

    def _put(self, now_us: Us, question: int) -> None:
        self._request(
            now_us, question, self._dialect.who if question == ASK_WHO else self._dialect.arm
        )

    def _poll(self, now_us: Us) -> None:
        self._request(now_us, ASK_STATE, self._dialect.state)

    def _asks_again(self) -> bool:
        """Return False: which request a later answer would belong to is not known."""
        return False

    def _asks_at_us(self) -> Us:
        """Return when the device is polled: never behind an open request, for the same reason."""
        return self._polls_at_us()

    def _stops_on_silence(self) -> bool:
        """Return True, once more for that reason: from the start."""
        return True

    # -- answers --------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._begun = b""

    def _hear(self, now_us: Us, data: bytes) -> int:
        answers, self._begun = self._dialect.read(self._begun + data)
        for answer in answers:
            self._take(now_us, answer)
        return 0

    def _take(self, now_us: Us, answer: Answer) -> None:
        if answer.kind == STOPPED:
            # Each stop that was repeated, or written past this session, has an answer too.
            if self.state == STOPPING:
                self._stopped(now_us)
            return
        if self.state == STOPPING:
            # Whatever was answered before the stop is void with what it answers.
            return
        asked = self._line.pending.first()
        if asked is None:
            self._line.report(now_us, LINK_ORPHAN, answer.text or answer.kind)
            return
        self._void_us = NEVER_US
        if answer.kind == WHO and asked.command == ASK_WHO:
            self._identified(now_us, answer.text)
        elif answer.kind == ARMED and asked.command == ASK_ARM:
            self._is_ready(now_us)
        elif answer.kind == DONE and asked.current:
            self._pulses.answered(asked.sent_us, now_us)
            self._line.report(now_us, LINK_ANSWER, "")
        elif asked.command == ASK_STATE and answer.kind == (ARMED if self.state == READY else IDLE):
            self._line.report(now_us, LINK_ANSWER, "")
        else:
            kind = LINK_ELECTRODE if answer.kind == ELECTRODE else LINK_ERROR
            self._complain(now_us, kind, answer.text or answer.kind)

    def _identified(self, now_us: Us, identity: str) -> None:
        """Greet the device, or arm it if it is the one that answered before."""
        if self.state == HELLO:
            self._is_up(now_us, identity)
        elif identity == self.identity:
            self._ask(now_us, ASK_ARM)
        else:
            self._is_another(now_us, identity)
