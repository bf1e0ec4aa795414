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
    LINK_CORRUPT,
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
from fes_ctrl.stimulators.clock_fit import ClockFit
from fes_ctrl.stimulators.feslink_terms import (
    device_falls_short,
    fault_text,
    identity_text,
    pulse_of,
    question_of,
    refusal_text,
)
from fes_ctrl.stimulators.pending import PendingFrames
from fes_ctrl.stimulators.reconcile import Asked, Reconciler
from fes_ctrl.stimulators.schedule import Planned, Schedule
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm

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

BOOT_US: Final = 50_000
"""A device may be armed so long after its power came: docs/reference/feslink.md."""

WARN_EVERY_US: Final = 10_000_000
"""Answers to nobody and damaged frames are told of this often at most."""

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

NOT_GIVEN: Final = (
    fm.REFUSED_LATE,
    fm.REFUSED_HORIZON,
    fm.REFUSED_TOO_SOON,
    fm.REFUSED_COLLISION,
    fm.REFUSED_QUEUE,
)
"""Refusals that cost a pulse and nothing more."""

ANSWERS: Final = (
    fm.Status,
    fm.Identity,
    fm.DeviceCapabilities,
    fm.DeviceLimits,
    fm.Offered,
    fm.Account,
)

ELECTRODE_FAULTS: Final = (fm.FAULT_OPEN, fm.FAULT_SHORT, fm.FAULT_COMPLIANCE)


class FeslinkSession:
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
    state : str
        ``closed``, ``hello``, ``up``, ``arming``, ``ready``, ``stopping`` or ``dead``.
    identity : str
        What the device said it is.
    clock : ClockFit
        What is known of its clock.
    skipped : int
        Setpoints that were not given.
    """

    __slots__ = (
        "_asked_us",
        "_damaged",
        "_decoder",
        "_fault",
        "_keep_us",
        "_last_frame_us",
        "_latch_told",
        "_nonce",
        "_numbers",
        "_orphans",
        "_out",
        "_pending",
        "_poll_us",
        "_question",
        "_question_number",
        "_reconciler",
        "_reports",
        "_schedule",
        "_sent",
        "_sequence",
        "_stimulator",
        "_tries",
        "_wanted_after_stop",
        "_warned_us",
        "_written",
        "capabilities",
        "clock",
        "identity",
        "skipped",
        "state",
        "stop_bytes",
    )

    def __init__(
        self, capabilities: Capabilities, stimulator: int, min_interval_us: Us, poll_us: Us
    ) -> None:
        self.capabilities = capabilities
        self.stop_bytes = feslink.STOP_BYTES
        self._stimulator = stimulator
        self._schedule = Schedule(
            capabilities.channels, max(min_interval_us, capabilities.min_interval_us)
        )
        self._poll_us = poll_us
        self._keep_us = min(poll_us, capabilities.unattended_ms * 1000 // LIFE_SIGNS)
        self._decoder = feslink.Decoder()
        self._pending = PendingFrames()
        self._sent: dict[int, tuple[int, Setpoint]] = {}
        self._reconciler = Reconciler()
        self._last_frame_us: Us = -NEVER_US
        self._out: list[bytes] = []
        self._reports: list[LinkReport] = []
        self._written: list[Setpoint] = []
        self._question = 0
        self._question_number = 0
        self._tries = 0
        self._asked_us: Us = NEVER_US
        self._nonce = 0
        self._sequence = 0
        self._fault = fm.NO_FAULT
        self._latch_told = False
        self._orphans = 0
        self._damaged = 0
        self._warned_us: dict[str, Us] = {}
        self._wanted_after_stop = UP
        self.clock = ClockFit(CLOCKS_PPM)
        self.state: str = CLOSED
        self.identity = ""
        self.skipped = 0

    # -- what comes in --------------------------------------------------------------------------

    def open(self, now_us: Us) -> DriverStep:
        """Stop whatever the device may be doing, then ask who it is."""
        self._decoder = feslink.Decoder()
        self._damaged = 0
        self.identity = ""
        self.clock.begin()
        self._begin_stop(now_us, HELLO)
        return self._done(discard=True)

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command of the controller."""
        if isinstance(command, Setpoint):
            if self.state == READY:
                self._schedule.hold(command)
                self._write_held(now_us)
            else:
                self._skip(now_us, command, f"device is {self.state}")
            return self._done()
        if isinstance(command, Arm):
            if self.state == UP:
                self._begin_arming(now_us)
            elif self.state == STOPPING and self._wanted_after_stop != HELLO:
                # Once the device has confirmed that its output has ended.
                self._wanted_after_stop = ARMING
            elif self.state == READY:
                self._report(now_us, LINK_READY, self.identity)
            else:
                self._report(now_us, LINK_ERROR, f"cannot arm: device is {self.state}")
            return self._done()
        if self.state in (CLOSED, DEAD):
            return self._done()
        if self.state == STOPPING:
            # Stop always wins, and one more costs nothing; the wait for its answer goes on.
            self._out.append(self.stop_bytes)
            if self._wanted_after_stop == ARMING:
                self._wanted_after_stop = UP
            return self._done(discard=True)
        self._begin_stop(now_us, UP if self.identity else HELLO)
        return self._done(discard=True)

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes from the device."""
        for message in self._decoder.feed(data):
            self._take(now_us, message)
        if self._decoder.rejected != self._damaged:
            self._damaged = self._decoder.rejected
            self._warn(now_us, LINK_CORRUPT, f"{self._damaged} damaged frames so far")
        if self._pending.orphans != self._orphans:
            self._orphans = self._pending.orphans
            self._warn(now_us, LINK_ORPHAN, f"{self._orphans} answers to nobody so far")
        if len(self._schedule):
            self._write_held(now_us)
        return self._done()

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        drop = False
        if len(self._schedule):
            self._write_held(now_us)
        if self.state == STOPPING:
            drop = self._stop_overdue(now_us)
        elif self.state in (HELLO, ARMING) and now_us >= self._asked_us:
            self._question_overdue(now_us)
        elif self.state in (UP, READY):
            oldest_us = self._pending.oldest_us
            if now_us >= oldest_us + self.capabilities.ack_deadline_us:
                self._report(
                    now_us, LINK_SILENT, f"no answer for {(now_us - oldest_us) / 1000:.0f} ms"
                )
                # Said once for each: a younger frame's answer is still waited for.
                self._pending.forget(now_us - self.capabilities.ack_deadline_us)
            elif self.state == READY and now_us >= self._last_frame_us + self._keep_us:
                self._sequence += 1
                number = self._number()
                keep = fm.Keep(number, self._nonce, self._sequence)
                self._send(now_us, number, fm.KEEP, keep)
            elif (
                self.state == UP
                and not len(self._pending)
                and now_us >= self._last_frame_us + self._poll_us
            ):
                number = self._number()
                self._send(now_us, number, fm.STATUS, fm.AskStatus(number))
        return self._done(drop=drop)

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        if self.state != DEAD:
            self.state = DEAD
            self.identity = ""
            self._forget()
            self._report(now_us, LINK_DOWN, reason)
        return self._done()

    # -- frames out -----------------------------------------------------------------------------

    def _number(self) -> int:
        """Return the next frame's number; 0 is the stop's."""
        return self._pending.number() + 1

    def _send(
        self, now_us: Us, number: int, asked: int, message: fm.Message, *, current: bool = False
    ) -> None:
        self._out.append(feslink.encode(message))
        self._pending.sent(number - 1, asked, now_us, current=current)
        self._last_frame_us = now_us

    def _write_held(self, now_us: Us) -> None:
        """Write the pulse whose turn it is; drop those that cannot be in time any more."""
        schedule = self._schedule
        while setpoint := schedule.expired(now_us):
            self._skip(now_us, setpoint, "expired before it could be written")
        while len(schedule) and not self._pending.with_current:
            planned = schedule.next(now_us, self.clock)
            if planned is None:
                return
            if planned.at_us > self.clock.device_us(planned.setpoint.expires_us):
                self._skip(now_us, planned.setpoint, "has no room before it expires")
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
        self._written.append(setpoint)

    def _skip(self, now_us: Us, setpoint: Setpoint, why: str) -> None:
        self.skipped += 1
        self._reports.append(
            LinkReport(
                now_us,
                self._stimulator,
                LINK_SKIPPED,
                self._pending.oldest_us,
                f"pulse of {setpoint.at_us} us {why}",
                setpoint.channel,
                setpoint.at_us,
            )
        )

    def _forget(self) -> None:
        """Let go of everything that was to come, and of the session."""
        self._schedule.clear()
        self._sent.clear()
        self._pending.clear()
        self._nonce = 0

    # -- stop -----------------------------------------------------------------------------------

    def _begin_stop(self, now_us: Us, wanted_after: str) -> None:
        self.state = STOPPING
        self._wanted_after_stop = wanted_after
        self._forget()
        self._tries = 1
        self._asked_us = now_us + STOP_REPEAT_US
        self._out.append(self.stop_bytes)
        self._last_frame_us = now_us

    def _stop_overdue(self, now_us: Us) -> bool:
        """Repeat a stop that was not answered; return whether the line is to be cut."""
        if now_us < self._asked_us:
            return False
        if self._tries < TRIES:
            self._tries += 1
            self._asked_us = now_us + STOP_REPEAT_US
            self._out.append(self.stop_bytes)
            self._last_frame_us = now_us
            return False
        self.state = DEAD
        self._report(now_us, LINK_STUCK, f"{TRIES} stops were not confirmed; line cut")
        return True

    def _stopped(self, now_us: Us, status: fm.Status) -> None:
        self._fault = status.fault
        if self._wanted_after_stop == HELLO:
            self.state = HELLO
            self._tries = 0
            self._ask(now_us, fm.IDENTIFY)
            return
        self.state = UP
        self._report(now_us, LINK_IDLE, "output ended")
        if self._wanted_after_stop == ARMING:
            self._begin_arming(now_us)

    # -- questions: who it is, what it can, what time it has, a session ---------------------------

    def _begin_arming(self, now_us: Us) -> None:
        """Ask first who it is: the device may have been changed since it was asked."""
        self.state = ARMING
        self._tries = 0
        self._ask(now_us, fm.IDENTIFY)

    def _ask(self, now_us: Us, question: int) -> None:
        number = self._number()
        self._question = question
        self._question_number = number
        message = question_of(
            question, number, self._nonce, self._fault, self.capabilities.unattended_ms
        )
        self._tries += 1
        self._asked_us = now_us + self.capabilities.ack_deadline_us
        self._send(now_us, number, question, message)

    def _question_overdue(self, now_us: Us) -> None:
        self._pending.clear()
        # ARM is not repeated: it may have been carried out, and a session has begun with it.
        if self._tries < TRIES and self._question not in (fm.ARM, fm.CLEAR):
            self._ask(now_us, self._question)
            return
        self._report(now_us, LINK_SILENT, f"{self._tries} questions were not answered")
        self._begin_stop(now_us, UP if self.identity else HELLO)

    def _next(self, now_us: Us, question: int) -> None:
        self._tries = 0
        self._ask(now_us, question)

    def _refused(self, now_us: Us, detail: str) -> None:
        """Tell that it cannot be armed, and leave it stopped."""
        self._report(now_us, LINK_ERROR, detail)
        self._begin_stop(now_us, UP if self.identity else HELLO)

    def _told(self, now_us: Us, answer: fm.Answer) -> None:
        """Go on with the questions."""
        if isinstance(answer, fm.Identity):
            if answer.result != fm.OK or answer.major != fm.MAJOR:
                version = f"{answer.major}.{answer.minor}"
                self._give_up(now_us, f"speaks feslink {version}, not {fm.MAJOR}")
            elif self.state == ARMING and identity_text(answer) != self.identity:
                self._report(
                    now_us, LINK_CHANGED, f"{identity_text(answer)} answers, it was {self.identity}"
                )
                # Whatever it is doing ends, and then it is asked who it is, as any new device.
                self.identity = ""
                self.clock.begin()
                self._begin_stop(now_us, HELLO)
            elif self.state == ARMING:
                self._next(now_us, fm.STATUS if self.clock.exchanges < EXCHANGES else fm.OFFER)
            else:
                self.identity = identity_text(answer)
                self._next(now_us, fm.CAPABILITIES)
        elif isinstance(answer, (fm.DeviceCapabilities, fm.DeviceLimits)):
            lacks = device_falls_short(answer, self.capabilities)
            if lacks:
                self._give_up(now_us, lacks)
            elif isinstance(answer, fm.DeviceCapabilities):
                self.clock.limit_ppm(answer.clock_ppm + HOST_PPM)
                self._next(now_us, fm.LIMITS)
            else:
                self._next(now_us, fm.STATUS)
        elif isinstance(answer, fm.Offered):
            self._offered(now_us, answer)
        elif isinstance(answer, fm.Status):
            self._arming_status(now_us, answer)

    def _give_up(self, now_us: Us, why: str) -> None:
        """Tell why this device is not driven; nothing is asked of it any more."""
        self.state = DEAD
        self._report(now_us, LINK_ERROR, f"{self.identity or 'device'} {why}")
        self.identity = ""

    def _arming_status(self, now_us: Us, status: fm.Status) -> None:
        if status.asked == fm.STATUS:
            if self.clock.exchanges < EXCHANGES:
                self._next(now_us, fm.STATUS)
            elif self.state == HELLO and status.state == fm.BOOT:
                self._await_boot(now_us)
            elif self.state == HELLO:
                self.state = UP
                self._fault = status.fault
                self._report(now_us, LINK_UP, self.identity)
            else:
                self._next(now_us, fm.OFFER)
        elif status.result != fm.OK:
            self._refused(now_us, f"cannot arm: {refusal_text(status.result)}")
        elif status.asked == fm.CLEAR:
            self._fault = fm.NO_FAULT
            self._next(now_us, fm.OFFER)
        else:
            self.state = READY
            self._sequence = 0
            self._reconciler.begin()
            self._latch_told = False
            self._schedule.begin(self.clock.round_us)
            self._report(now_us, LINK_READY, self.identity)

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
        else:
            self._nonce = offered.nonce
            self._fault = offered.fault
            self._next(now_us, fm.CLEAR if offered.state == fm.LATCHED else fm.ARM)

    # -- frames in ------------------------------------------------------------------------------

    def _take(self, now_us: Us, message: fm.Message) -> None:
        if isinstance(message, fm.Status) and message.asked == fm.STOP:
            if self.state == STOPPING:
                self._stopped(now_us, message)
            return
        if self.state == STOPPING:
            return
        if not isinstance(message, ANSWERS):
            self._pending.orphans += 1
            return
        asked_type = feslink.type_of(message) & 0x7F
        if asked_type == fm.UNKNOWN:
            if self._pending.take(message.number - 1) is not None:
                self._complain(now_us, f"device does not know a message ({message.number})")
            return
        asked = self._pending.answered(message.number - 1, asked_type)
        if asked is None:
            return
        if not self.clock.exchange(asked.sent_us, message.clock_us, now_us):
            self._clock_was_set(now_us)
            if self.state != HELLO:
                return
        if self.state in (HELLO, ARMING):
            # A poll may still be on its way: it answers none of these questions.
            if message.number == self._question_number:
                self._told(now_us, message)
        elif self.state == READY and isinstance(message, fm.Account):
            self._judge(now_us, message)
        elif self.state == UP and isinstance(message, fm.Status):
            self._fault = message.fault
            self._report(now_us, LINK_ANSWER, "")

    def _clock_was_set(self, now_us: Us) -> None:
        """Trust nothing of a device whose clock contradicts itself: it has started anew."""
        if self.state == READY:
            self._complain(now_us, "device's clock was set: it was reset")
        elif self.state in (UP, ARMING):
            if self.state == ARMING:
                self._report(now_us, LINK_ERROR, "cannot arm: the device's clock was set")
            self.identity = ""
            self._begin_stop(now_us, HELLO)

    def _judge(self, now_us: Us, account: fm.Account) -> None:
        """Take an answer of a session: a refusal, a latch, or an account that adds up."""
        sequence, setpoint = self._sent.pop(account.number, (0, None))
        if setpoint is not None and account.asked == fm.SETPOINT:
            self._reconciler.answered(sequence, accepted=account.result == fm.OK)
        clock_us = self.clock.whole_us(account.clock_us, now_us)
        if account.state == fm.LATCHED:
            self._latched(now_us, account)
        elif account.result in NOT_GIVEN and setpoint is not None:
            self._skip(now_us, setpoint, f"refused: {refusal_text(account.result)}")
        elif account.result != fm.OK or account.state != fm.ARMED:
            state = fm.STATE_NAMES[account.state]
            self._complain(now_us, f"refused: {refusal_text(account.result)}; device is {state}")
        else:
            wrong = self._reconciler.against(clock_us, account.pulses, account.charge_nc)
            if wrong:
                self._complain(now_us, f"device {wrong}")
            else:
                self._report(now_us, LINK_ANSWER, "")

    def _latched(self, now_us: Us, account: fm.Account) -> None:
        self._fault = account.fault
        if self._latch_told:
            return
        self._latch_told = True
        detail = f"device latched: {fault_text(account.fault)}"
        if account.fault in ELECTRODE_FAULTS:
            detail += f"; {account.voltage_10mv / 100:g} V, {account.ohm} ohm"
            self._drop_held(now_us)
            self._report(now_us, LINK_ELECTRODE, detail)
        else:
            self._complain(now_us, detail)

    def _complain(self, now_us: Us, detail: str) -> None:
        self._report(now_us, LINK_ERROR, detail)
        self._drop_held(now_us)

    def _drop_held(self, now_us: Us) -> None:
        """Let nothing that waits go out after a complaint: the controller decides first."""
        while len(self._schedule):
            self._skip(now_us, self._schedule.drop(), "waited when the device complained")

    # -- what goes back -------------------------------------------------------------------------

    def _warn(self, now_us: Us, kind: str, detail: str) -> None:
        last_us = self._warned_us.get(kind, -NEVER_US)
        if now_us - last_us >= WARN_EVERY_US:
            self._warned_us[kind] = now_us
            self._report(now_us, kind, detail)

    def _report(self, now_us: Us, kind: str, detail: str) -> None:
        self._reports.append(
            LinkReport(now_us, self._stimulator, kind, self._pending.oldest_us, detail)
        )

    def _wake_at_us(self) -> Us:
        if self.state in (STOPPING, HELLO, ARMING):
            return self._asked_us
        if self.state not in (UP, READY):
            return NEVER_US
        wake_us = self._pending.oldest_us
        if wake_us != NEVER_US:
            wake_us += self.capabilities.ack_deadline_us
        elif self.state == UP:
            wake_us = self._last_frame_us + self._poll_us
        if self.state == READY:
            wake_us = min(wake_us, self._last_frame_us + self._keep_us)
        return min(wake_us, self._schedule.wake_at_us())

    def _done(self, *, discard: bool = False, drop: bool = False) -> DriverStep:
        wake_us = self._wake_at_us()
        if not self._out and not self._reports:
            return DriverStep((), (), wake_us, discard, drop)
        done = DriverStep(
            tuple(self._out), tuple(self._reports), wake_us, discard, drop, tuple(self._written)
        )
        self._out.clear()
        self._reports.clear()
        self._written.clear()
        return done
