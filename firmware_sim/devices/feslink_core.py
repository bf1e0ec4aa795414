"""The feslink device itself, on its own clock: bytes and instants in, bytes and pulses out.

State for state as docs/reference/feslink.md; the C firmware is held to the same dialogues. It
knows no host time, no delay and no injection: those are of the device around it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from fes_ctrl.units import NEVER_US, PicoCoulomb, Us
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import SOON_MOST, SOON_US, Channel, Table
from firmware_sim.devices.feslink_stage import Give, Pulse, Stage, points_of

BOOT_US: Final = 50_000
OFFER_US: Final = 1_000_000
"""A nonce that was offered is good for so long."""

HALF: Final = 1 << 31
WHOLE: Final = 1 << 32


class FeslinkCore:
    """One device.

    Parameters
    ----------
    table : Table
        What it can do and what it refuses.
    serial : bytes
        Eight characters.
    nonces : callable
        Gives a fresh number for each session, 1 to 2**32 - 1.
    give : callable
        The output.
    boot_us : int
        Its clock when the power came.
    tested : bool
        Its hardware passes the self-test; a table that does not fit fails it.

    Attributes
    ----------
    state : int
        ``BOOT``, ``IDLE``, ``ARMED`` or ``LATCHED``.
    fault : int
        Why it is latched.
    stage : Stage
        Its output.
    """

    __slots__ = (
        "_boot_us",
        "_button",
        "_channels",
        "_dead_man_us",
        "_decoder",
        "_dose_pc",
        "_fault_channel",
        "_first_us",
        "_life_us",
        "_nonce",
        "_nonces",
        "_offered",
        "_offered_us",
        "_refused",
        "_sequence",
        "_serial",
        "_soon_us",
        "_table",
        "_tested",
        "fault",
        "stage",
        "state",
    )

    def __init__(
        self,
        table: Table,
        serial: bytes,
        nonces: Callable[[], int],
        give: Give,
        boot_us: Us = 0,
        *,
        tested: bool = True,
    ) -> None:
        self._table = table
        self._serial = int.from_bytes(serial, "little")
        self._nonces = nonces
        self._boot_us = boot_us
        self._tested = tested and table.fits()
        self._button = False
        self._decoder = feslink.Decoder()
        self._channels = [Channel() for _ in range(table.channels)]
        self._nonce = 0
        self._offered = 0
        self._offered_us: Us = 0
        self._sequence = 0
        self._dead_man_us: Us = 0
        self._life_us: Us = 0
        self._dose_pc: PicoCoulomb = 0
        self._first_us: Us = NEVER_US
        self._soon_us: list[Us] = []
        self._refused = 0
        self._fault_channel = fm.NO_CHANNEL
        self.stage = Stage(table, give)
        self.state = fm.BOOT
        self.fault = fm.NO_FAULT

    # -- time -----------------------------------------------------------------------------------

    @property
    def wake_us(self) -> Us:
        """When ``tick`` is to be called at the latest."""
        wake_us = min(self.stage.end_us, self.stage.begin_us)
        if self.state == fm.ARMED:
            wake_us = min(wake_us, self._life_us + self._dead_man_us + 1)
        elif self.state == fm.BOOT:
            wake_us = min(wake_us, self._boot_us + BOOT_US)
        return wake_us

    def tick(self, clock_us: Us, *, late: bool = False) -> None:
        """Fire what is due up to now, in order, at its own time; now where the timer was late."""
        while (wake_us := self.wake_us) <= clock_us:
            self._fire(wake_us, clock_us if late else wake_us)

    def _fire(self, wake_us: Us, now_us: Us) -> None:
        stage = self.stage
        fault, channel = fm.NO_FAULT, fm.NO_CHANNEL
        if stage.end_us == wake_us:
            fault, channel = stage.end()
        elif stage.begin_us == wake_us:
            fault, channel = stage.begin(now_us)
        elif self.state == fm.BOOT:
            self.state = fm.IDLE
            if not self._tested:
                fault = fm.FAULT_SELF_TEST
            elif self._button:
                fault = fm.FAULT_BUTTON
        else:
            fault = fm.FAULT_DEAD_MAN
        if fault:
            self._latch(fault, channel)

    def button(self, clock_us: Us, *, pressed: bool) -> None:
        """Press the button at the device, or let go of it."""
        self.tick(clock_us)
        self._button = pressed
        if pressed and self.state != fm.BOOT:
            self._latch(fm.FAULT_BUTTON, fm.NO_CHANNEL)

    def receive(self, clock_us: Us, data: bytes) -> bytes:
        """Fire what is due, then take bytes; return the answers."""
        self.tick(clock_us)
        out = b""
        for message in self._messages(data):
            # An answer is somebody's echo; to answer it would never end.
            if feslink.type_of(message) < fm.ANSWER:
                out += feslink.encode(self._answer(clock_us, message))
        return out

    # -- output ---------------------------------------------------------------------------------

    def _messages(self, data: bytes) -> Iterator[fm.Message]:
        """Give each message when it is whole: an answer counts no damage that comes after it."""
        *whole, rest = data.split(feslink.ZERO)
        for part in whole:
            yield from self._decoder.feed(part + feslink.ZERO)
        yield from self._decoder.feed(rest)

    def _quiet(self) -> None:
        """Let go of everything that was to come; a pulse that has begun ends balanced."""
        self.stage.queue.clear()
        self._nonce = 0
        self._offered = 0

    def _latch(self, fault: int, channel: int) -> None:
        self._quiet()
        if self.state != fm.LATCHED:
            self.state = fm.LATCHED
            self.fault = fault
            self._fault_channel = channel

    # -- messages -------------------------------------------------------------------------------

    def _answer(self, clock_us: Us, message: fm.Message) -> fm.Message:
        if isinstance(message, fm.Setpoint):
            result = self._setpoint(clock_us, message)
            return self._account(clock_us, fm.SETPOINT, message.number, result)
        if isinstance(message, fm.Keep):
            result = self._alive(clock_us, message.nonce, message.sequence)
            return self._account(clock_us, fm.KEEP, message.number, result)
        if isinstance(message, fm.Stop):
            self._quiet()
            if self.state == fm.ARMED:
                self.state = fm.IDLE
            return self._status(clock_us, fm.STOP, 0, fm.OK)
        if isinstance(message, fm.AskStatus):
            return self._status(clock_us, fm.STATUS, message.number, fm.OK)
        if isinstance(message, fm.Arm):
            result = self._arm(clock_us, message)
            return self._status(clock_us, fm.ARM, message.number, result)
        if isinstance(message, fm.Clear):
            result = self._clear(clock_us, message)
            return self._status(clock_us, fm.CLEAR, message.number, result)
        if isinstance(message, fm.Offer):
            return self._offer(clock_us, message.number)
        return self._about(clock_us, message, message.number)

    def _about(self, clock_us: Us, message: fm.Message, number: int) -> fm.Message:
        table = self._table
        state, fault, clock = self.state, self.fault, clock_us % WHOLE
        if isinstance(message, fm.Identify):
            result = fm.OK if message.major == fm.MAJOR else fm.REFUSED_VERSION
            self._count(result)
            return fm.Identity(
                number, result, state, fault, clock, fm.MAJOR, fm.MINOR, 1, 0, 0, self._serial
            )
        if isinstance(message, fm.AskCapabilities):
            return fm.DeviceCapabilities(number, fm.OK, state, fault, clock, *table[:13])
        if isinstance(message, fm.AskLimits):
            return fm.DeviceLimits(number, fm.OK, state, fault, clock, *table[14:])
        return self._status(clock_us, fm.UNKNOWN, number, fm.REFUSED_UNKNOWN)

    def _count(self, result: int) -> None:
        self._refused += result != fm.OK

    def _status(self, clock_us: Us, asked: int, number: int, result: int) -> fm.Status:
        self._count(result)
        return fm.Status(
            asked,
            number,
            result,
            self.state,
            self.fault,
            clock_us % WHOLE,
            self._fault_channel,
            len(self.stage.queue),
            self._refused & fm.U16,
            self._decoder.rejected & fm.U16,
        )

    def _account(self, clock_us: Us, asked: int, number: int, result: int) -> fm.Account:
        self._count(result)
        stage = self.stage
        return fm.Account(
            asked,
            number,
            result,
            self.state,
            self.fault,
            clock_us % WHOLE,
            stage.pulses,
            stage.charge_pc // 1000 % WHOLE,
            stage.last_sequence,
            stage.voltage_10mv,
            stage.ohm,
        )

    # -- sessions -------------------------------------------------------------------------------

    def _offer(self, clock_us: Us, number: int) -> fm.Offered:
        result = fm.OK if self.state in (fm.IDLE, fm.LATCHED) else fm.REFUSED_STATE
        self._count(result)
        nonce = 0
        if result == fm.OK:
            nonce = self._nonces()
            self._offered = nonce
            self._offered_us = clock_us
        return fm.Offered(number, result, self.state, self.fault, clock_us % WHOLE, nonce)

    def _was_offered(self, clock_us: Us, nonce: int) -> bool:
        return 0 < nonce == self._offered and clock_us - self._offered_us <= OFFER_US

    def _arm(self, clock_us: Us, arm: fm.Arm) -> int:
        table = self._table
        if self.state == fm.LATCHED:
            return fm.REFUSED_LATCHED
        if self.state != fm.IDLE:
            return fm.REFUSED_STATE
        if not self._was_offered(clock_us, arm.nonce):
            return fm.REFUSED_NONCE
        if not table.dead_man_min_ms <= arm.dead_man_ms <= table.dead_man_max_ms:
            return fm.REFUSED_DEAD_MAN
        self._quiet()
        for channel in self._channels:
            channel.restart()
        self._nonce = arm.nonce
        self._sequence = 0
        self._dead_man_us = arm.dead_man_ms * 1000
        self._life_us = clock_us
        self.stage.restart()
        self.state = fm.ARMED
        return fm.OK

    def _clear(self, clock_us: Us, clear: fm.Clear) -> int:
        if self.state != fm.LATCHED:
            return fm.REFUSED_STATE
        if not self._was_offered(clock_us, clear.nonce):
            return fm.REFUSED_NONCE
        if clear.fault != self.fault:
            return fm.REFUSED_FAULT
        if self.fault == fm.FAULT_SELF_TEST or (self.fault == fm.FAULT_BUTTON and self._button):
            return fm.REFUSED_STATE
        if self.fault == fm.FAULT_DOSE:
            self._dose_pc = 0
        elif self.fault == fm.FAULT_SESSION:
            self._first_us = NEVER_US
        self._offered = 0
        self.state = fm.IDLE
        self.fault = fm.NO_FAULT
        self._fault_channel = fm.NO_CHANNEL
        return fm.OK

    def _alive(self, clock_us: Us, nonce: int, sequence: int) -> int:
        """Judge whether a frame is of this session and newer than every one before it."""
        if self.state == fm.LATCHED:
            return fm.REFUSED_LATCHED
        if self.state != fm.ARMED:
            return fm.REFUSED_STATE
        if nonce != self._nonce:
            return fm.REFUSED_NONCE
        if sequence <= self._sequence:
            return fm.REFUSED_SEQUENCE
        self._sequence = sequence
        self._life_us = clock_us
        return fm.OK

    # -- setpoints ------------------------------------------------------------------------------

    def _setpoint(self, clock_us: Us, setpoint: fm.Setpoint) -> int:
        result = self._alive(clock_us, setpoint.nonce, setpoint.sequence)
        if result:
            return result
        table = self._table
        _, _, sequence, at, channel, waveform, steps, width_us = setpoint
        if channel >= table.channels:
            return fm.REFUSED_CHANNEL
        if waveform > fm.ASYMMETRIC | fm.INVERTED or not table.waveforms >> (waveform & 1) & 1:
            return fm.REFUSED_WAVEFORM
        asymmetric = waveform & fm.ASYMMETRIC
        if not steps or (asymmetric and steps % fm.ASYMMETRY):
            return fm.REFUSED_STEP
        if width_us < table.width_min_us or width_us % table.width_step_us:
            return fm.REFUSED_STEP
        charge_pc = steps * table.current_step_ua * width_us
        fault = table.beyond(steps, width_us, charge_pc)
        if fault:
            return self._violated(fault, channel)
        # Its instant, near the present, whatever the clock's upper half.
        ahead_us = (at - clock_us) % WHOLE
        if ahead_us >= HALF:
            return fm.REFUSED_LATE
        if ahead_us > self._dead_man_us:
            return fm.REFUSED_HORIZON
        at_us = clock_us + ahead_us
        if self._channels[channel].too_soon(at_us, table.interval_us):
            return self._soon(clock_us, channel)
        sign = -1 if waveform & fm.INVERTED else 1
        points = points_of(sign * steps * table.current_step_ua, width_us, asymmetric)
        pulse = Pulse(sequence, at_us, channel, points)
        if self.stage.collides(pulse):
            return fm.REFUSED_COLLISION
        if len(self.stage.queue) >= table.queue:
            return fm.REFUSED_QUEUE
        square = steps * steps * width_us
        square += square // 4 if asymmetric else square
        fault = self._beyond_in_all(at_us, charge_pc)
        if not fault:
            fault = self._channels[channel].against(at_us, steps, square, table)
        if fault:
            return self._violated(fault, channel)
        self._dose_pc += charge_pc
        self._first_us = min(self._first_us, at_us)
        self.stage.enter(pulse)
        self.tick(clock_us)  # it may be due at once
        return fm.OK

    def _violated(self, fault: int, channel: int) -> int:
        self._latch(fault, channel)
        return fm.REFUSED_LIMIT

    def _beyond_in_all(self, at_us: Us, charge_pc: PicoCoulomb) -> int:
        table = self._table
        if self._dose_pc + charge_pc > table.dose_100mc * 100_000_000_000:
            return fm.FAULT_DOSE
        lasts_us = at_us - min(at_us, self._first_us)
        return fm.FAULT_SESSION if lasts_us > table.session_min * 60_000_000 else fm.NO_FAULT

    def _soon(self, clock_us: Us, channel: int) -> int:
        """Refuse a pulse that comes too soon; several of them are too high a rate."""
        recent = [told_us for told_us in self._soon_us if clock_us - told_us < SOON_US]
        recent.append(clock_us)
        self._soon_us = recent
        if len(recent) >= SOON_MOST:
            self._soon_us = []
            return self._violated(fm.FAULT_RATE, channel)
        return fm.REFUSED_TOO_SOON
