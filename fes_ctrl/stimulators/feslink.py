"""Driver session of a feslink device: pulses scheduled on its clock, in a session that it granted.

Each pulse goes out once, a few milliseconds ahead, with the session's nonce and a newer number
than any before it; the device gives it at its instant or refuses it. Its account of pulses and
charge is held against what was asked for, and a latch of the device reaches the caller with its
reason. Protocol: docs/reference/feslink.md.
"""

from typing import Final

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_CHANGED,
    LINK_ELECTRODE,
    LINK_ERROR,
    Capabilities,
    Setpoint,
)
from fes_ctrl.stimulators.clock_fit import ClockFit
from fes_ctrl.stimulators.conversation import (
    ARMING,
    HELLO,
    READY,
    STOPPING,
    TRIES,
    UP,
    Conversation,
)
from fes_ctrl.stimulators.feslink_terms import (
    ELECTRODE_FAULTS,
    NOT_GIVEN,
    device_falls_short,
    fault_text,
    identity_text,
    pulse_of,
    question_of,
    refusal_text,
)
from fes_ctrl.stimulators.reconcile import Asked, Reconciler
from fes_ctrl.stimulators.schedule import Planned, Schedule
from fes_ctrl.units import Us
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm

BOOT_US: Final = 50_000
"""A device may be armed so long after its power came: docs/reference/feslink.md."""

EXCHANGES: Final = 8
"""So many before a device is armed."""

RESIDUAL_US: Final = 5_000
"""A clock that is known no better is not armed on: exchanges that take 10 ms, as at 115 200 baud
over USB, leave so much. A pulse is off by it at most, and by the same all the time."""

CLOCKS_PPM: Final = 200
"""How far apart the clocks of host and device may run, where the device has not said it yet."""

HOST_PPM: Final = 100

LIFE_SIGNS: Final = 3
"""The device hears from its host so often within its dead-man."""

ANSWERS: Final = (
    fm.Status,
    fm.Identity,
    fm.DeviceCapabilities,
    fm.DeviceLimits,
    fm.Offered,
    fm.Account,
)

NO_PULSE: Final = (0, None)
"""Sequence number and setpoint of a frame that was none."""

ANOTHER_CLOCK: Final = "another clock answers: the device was reset, or it is another one"


class FeslinkSession(Conversation):
    """One feslink device on one link.

    Parameters
    ----------
    capabilities : Capabilities
        What is expected of it; its ``unattended_ms`` is the dead-man that it is armed with.
    stimulator : int
        Its number in the reports.
    min_interval_us : int
        Least distance of two pulses of a channel, on the device's clock.
    poll_us : int
        An idle link is asked for the device's state this often; in a session oftener, where the
        dead-man asks for it.

    Attributes
    ----------
    clock : ClockFit
        What is known of its clock.
    """

    __slots__ = (
        "_decoder",
        "_fault",
        "_keep_us",
        "_nonce",
        "_question_number",
        "_reconciler",
        "_schedule",
        "_sent",
        "_sequence",
        "_was",
        "clock",
    )

    def __init__(
        self, capabilities: Capabilities, stimulator: int, min_interval_us: Us, poll_us: Us
    ) -> None:
        super().__init__(capabilities, feslink.STOP_BYTES, fm.IDENTIFY, stimulator, poll_us)
        self._schedule = Schedule(
            capabilities.channels, max(min_interval_us, capabilities.min_interval_us)
        )
        self._keep_us = min(poll_us, capabilities.unattended_ms * 1000 // LIFE_SIGNS)
        self._decoder = feslink.Decoder()
        self._sent: dict[int, tuple[int, Setpoint]] = {}
        self._reconciler = Reconciler()
        self._question_number = 0
        self._nonce = 0
        self._sequence = 0
        self._fault = fm.NO_FAULT
        self._was = ""
        self.clock = ClockFit(CLOCKS_PPM)

    # -- pulses: a schedule on the device's clock -------------------------------------------------

    def _hold(self, now_us: Us, setpoint: Setpoint) -> None:
        self._schedule.hold(setpoint)
        self._write_held(now_us)

    def _write_held(self, now_us: Us) -> None:
        schedule, line = self._schedule, self._line
        while setpoint := schedule.expired(now_us):
            line.skip(now_us, setpoint, "expired before it could be written")
        while len(schedule) and not line.pending.with_current:
            planned = schedule.next(now_us, self.clock)
            if planned is None:
                return
            if planned.at_us > self.clock.device_us(planned.setpoint.expires_us):
                line.skip(now_us, planned.setpoint, "has no room before it expires")
                continue
            self._write(now_us, planned)

    def _write(self, now_us: Us, planned: Planned) -> None:
        setpoint = planned.setpoint
        self._sequence += 1
        number = self._number()
        message = pulse_of(
            fm.Keep(number, self._nonce, self._sequence),
            setpoint,
            planned.at_us,
            self.capabilities.current_step_ua,
        )
        self._sent[number] = (self._sequence, setpoint)
        charge_pc = abs(setpoint.current_ua) * setpoint.width_us
        self._reconciler.sent(Asked(self._sequence, planned.end_us, charge_pc))
        self._send(now_us, number, fm.SETPOINT, message, current=True)
        self._line.written.append(setpoint)

    def _let_go(self, now_us: Us) -> None:
        while len(self._schedule):
            self._line.skip(now_us, self._schedule.drop(), "waited when the device complained")

    def _forget(self) -> None:
        """Let go of everything that was to come, and of the session."""
        self._schedule.clear()
        self._sent.clear()
        self._nonce = 0

    def _wake_to_write_us(self) -> Us:
        return self._schedule.wake_at_us()

    # -- frames out -----------------------------------------------------------------------------

    def _number(self) -> int:
        """Return the next frame's number; 0 is the stop's."""
        return self._line.pending.number() + 1

    def _send(
        self, now_us: Us, number: int, asked: int, message: fm.Message, *, current: bool = False
    ) -> None:
        self._line.send(now_us, number - 1, asked, feslink.encode(message), current=current)

    def _put(self, now_us: Us, question: int) -> None:
        number = self._number()
        self._question_number = number
        message = question_of(
            question, number, self._nonce, self._fault, self.capabilities.unattended_ms
        )
        self._send(now_us, number, question, message)

    def _asks_again(self) -> bool:
        """Return False for ARM: it may have been carried out, and a session has begun with it."""
        return self._question not in (fm.ARM, fm.CLEAR)

    def _polls_at_us(self) -> Us:
        """Return when a sign of life is due: in a session whatever is unanswered."""
        if self.state == READY:
            return self._line.last_frame_us + self._keep_us
        return super()._polls_at_us()

    def _poll(self, now_us: Us) -> None:
        number = self._number()
        if self.state == READY:
            self._sequence += 1
            keep = fm.Keep(number, self._nonce, self._sequence)
            self._send(now_us, number, fm.KEEP, keep)
        else:
            self._send(now_us, number, fm.STATUS, fm.AskStatus(number))

    # -- greeting and arming: who it is, what it can, what time it has, a session -----------------

    def _refused(self, now_us: Us, detail: str) -> None:
        """Tell that it cannot be armed, and leave it stopped."""
        self._line.report(now_us, LINK_ERROR, detail)
        self._begin_stop(now_us, self._known())

    def _told(self, now_us: Us, answer: fm.Answer) -> None:
        """Go on with the questions."""
        if isinstance(answer, fm.Identity):
            if answer.result != fm.OK or answer.major != fm.MAJOR:
                version = f"{answer.major}.{answer.minor}"
                self._give_up(now_us, f"speaks feslink {version}, not {fm.MAJOR}")
            elif self.state == ARMING and identity_text(answer) != self.identity:
                self.clock.begin()
                self._is_another(now_us, identity_text(answer))
            elif self.state == ARMING:
                self._ask(now_us, fm.STATUS if self.clock.exchanges < EXCHANGES else fm.OFFER)
            else:
                self.identity = identity_text(answer)
                self._fault = fm.NO_FAULT
                if self._was not in ("", self.identity):
                    what = f"{self.identity} answers, it was {self._was}"
                    self._line.report(now_us, LINK_CHANGED, what)
                self._was = ""
                self._ask(now_us, fm.CAPABILITIES)
        elif isinstance(answer, (fm.DeviceCapabilities, fm.DeviceLimits)):
            lacks = device_falls_short(answer, self.capabilities)
            if lacks:
                self._give_up(now_us, lacks)
            elif isinstance(answer, fm.DeviceCapabilities):
                self.clock.limit_ppm(answer.clock_ppm + HOST_PPM)
                self._ask(now_us, fm.LIMITS)
            else:
                self._ask(now_us, fm.STATUS)
        elif isinstance(answer, fm.Offered):
            self._offered(now_us, answer)
        elif isinstance(answer, fm.Status):
            self._arming_status(now_us, answer)

    def _give_up(self, now_us: Us, why: str) -> None:
        """Tell why this device is not driven; nothing is asked of it any more."""
        detail = f"{self.identity or 'device'} {why}"
        self._die()
        self._line.report(now_us, LINK_ERROR, detail)

    def _arming_status(self, now_us: Us, status: fm.Status) -> None:
        if status.asked == fm.STATUS:
            if self.clock.exchanges < EXCHANGES:
                self._ask(now_us, fm.STATUS)
            elif self.state == HELLO and status.state == fm.BOOT:
                self._await_boot(now_us)
            elif self.state == HELLO:
                self._is_up(now_us, self.identity)
            else:
                self._ask(now_us, fm.OFFER)
        elif status.result != fm.OK:
            self._refused(now_us, f"cannot arm: {refusal_text(status.result)}")
        elif status.asked == fm.CLEAR:
            self._ask(now_us, fm.OFFER)
        else:
            self._sequence = 0
            self._reconciler.begin()
            self._schedule.begin(self.clock.round_us)
            self._is_ready(now_us)

    def _await_boot(self, now_us: Us) -> None:
        """Ask again when it may be armed: before that it would refuse whoever is quick."""
        if self._tries < TRIES:
            self._asked_us = now_us + BOOT_US
        else:
            self._give_up(now_us, "does not come to the end of its boot")

    def _offered(self, now_us: Us, offered: fm.Offered) -> None:
        residual_us = self.clock.residual_us(now_us)
        if offered.result != fm.OK:
            why = refusal_text(offered.result)
            self._refused(now_us, f"cannot arm: {why}; device is {fm.STATE_NAMES[offered.state]}")
        elif residual_us > RESIDUAL_US:
            self._refused(
                now_us,
                f"cannot arm: the device's clock is known to {residual_us / 1000:.1f} ms only, "
                f"{RESIDUAL_US / 1000:g} are allowed",
            )
        elif offered.state == fm.LATCHED and offered.fault not in (self._fault, fm.FAULT_DEAD_MAN):
            # None is cleared that nobody was told; that it was silent a host knows by itself.
            self._fault = offered.fault
            why = fault_text(offered.fault)
            self._refused(now_us, f"cannot arm: device latched: {why}; arm again to clear it")
        else:
            self._nonce = offered.nonce
            self._fault = offered.fault
            self._ask(now_us, fm.CLEAR if offered.state == fm.LATCHED else fm.ARM)

    # -- frames in ------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._decoder = feslink.Decoder()
        self._was = ""
        self.clock.begin()

    def _hear(self, now_us: Us, data: bytes) -> int:
        for message in self._decoder.feed(data):
            self._take(now_us, message)
        return self._decoder.rejected

    def _take(self, now_us: Us, message: fm.Message) -> None:
        if isinstance(message, fm.Status) and message.asked == fm.STOP:
            if self.state == STOPPING:
                self._stopped(now_us)
            return
        if self.state == STOPPING:
            return
        if not isinstance(message, ANSWERS):
            self._line.pending.orphans += 1
            return
        asked_type = feslink.type_of(message) & 0x7F
        if asked_type == fm.UNKNOWN:
            if self._line.pending.take(message.number - 1) is not None:
                self._complain(
                    now_us, LINK_ERROR, f"device does not know a message ({message.number})"
                )
            return
        asked = self._line.pending.answered(message.number - 1, asked_type)
        if asked is None:
            return
        if not self.clock.exchange(asked.sent_us, message.clock_us, now_us):
            self._another_clock(now_us, message)
            if self.state != HELLO:
                return
        if self.state in (HELLO, ARMING):
            # A poll may still be on its way: it answers none of these questions.
            if message.number == self._question_number:
                self._told(now_us, message)
        elif self.state == READY and isinstance(message, fm.Account):
            self._judge(now_us, message)
        elif self.state == UP and isinstance(message, fm.Status):
            self._line.report(now_us, LINK_ANSWER, "")

    def _another_clock(self, now_us: Us, message: fm.Answer) -> None:
        """Trust nothing of a device whose clock contradicts itself: who it is, is asked anew."""
        identity = identity_text(message) if isinstance(message, fm.Identity) else self.identity
        if self.state == READY:
            self._complain(now_us, LINK_ERROR, ANOTHER_CLOCK)
        elif self.state == ARMING and identity != self.identity:
            self._is_another(now_us, identity)
        elif self.state in (UP, ARMING):
            if self.state == ARMING:
                self._line.report(now_us, LINK_ERROR, f"cannot arm: {ANOTHER_CLOCK}")
            self._was, self.identity = self.identity, ""
            self._begin_stop(now_us, HELLO)

    def _judge(self, now_us: Us, account: fm.Account) -> None:
        """Take an answer of a session: a refusal, a latch, or an account that adds up."""
        sequence, setpoint = self._sent.pop(account.number, NO_PULSE)
        if setpoint is not None:
            self._reconciler.answered(sequence, accepted=account.result == fm.OK)
        clock_us = self.clock.whole_us(account.clock_us, now_us)
        if account.state == fm.LATCHED:
            self._latched(now_us, account)
        elif account.result in NOT_GIVEN and setpoint is not None:
            self._line.skip(now_us, setpoint, f"refused: {refusal_text(account.result)}")
        elif account.result != fm.OK or account.state != fm.ARMED:
            state = fm.STATE_NAMES[account.state]
            why = f"refused: {refusal_text(account.result)}; device is {state}"
            self._complain(now_us, LINK_ERROR, why)
        else:
            wrong = self._reconciler.against(clock_us, account.pulses, account.charge_nc)
            if wrong:
                self._complain(now_us, LINK_ERROR, f"device {wrong}")
            else:
                self._line.report(now_us, LINK_ANSWER, "")

    def _latched(self, now_us: Us, account: fm.Account) -> None:
        if account.fault == self._fault:
            return
        self._fault = account.fault
        detail = f"device latched: {fault_text(account.fault)}"
        if account.fault in ELECTRODE_FAULTS:
            detail += f"; {account.voltage_10mv / 100:g} V, {account.ohm} ohm"
            self._complain(now_us, LINK_ELECTRODE, detail)
        else:
            self._complain(now_us, LINK_ERROR, detail)
