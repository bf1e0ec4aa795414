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
from firmware_sim.output import Points

BOOT_US: Final = 50_000
OFFER_US: Final = 1_000_000
"""A nonce that was offered is good for so long."""

GAP_US: Final = 200
"""Between the end of a pulse and the next one of another channel: one stage serves them all."""

SHORT_OHM: Final = 100
HALF: Final = 1 << 31
WHOLE: Final = 1 << 32

Give = Callable[[Us, int, Points], int]
"""Gives a pulse: instant, channel, points; returns the impedance that it met, ohm."""


class Pulse:
    """A setpoint that was accepted."""

    __slots__ = ("at_us", "channel", "counts", "end_us", "met_ohm", "points", "sequence")

    def __init__(self, sequence: int, at_us: Us, channel: int, points: Points) -> None:
        self.sequence = sequence
        self.at_us = at_us
        self.channel = channel
        self.points = points
        self.end_us: Us = at_us + points[0][0] + points[1][0]
        self.met_ohm = 0
        self.counts = True


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

    Attributes
    ----------
    state : int
        ``BOOT``, ``IDLE``, ``ARMED`` or ``LATCHED``.
    fault : int
        Why it is latched.
    """

    __slots__ = (
        "_active",
        "_boot_us",
        "_channels",
        "_charge_pc",
        "_dead_man_us",
        "_decoder",
        "_dose_pc",
        "_fault_channel",
        "_first_us",
        "_free_us",
        "_give",
        "_last_sequence",
        "_life_us",
        "_nonce",
        "_nonces",
        "_offered",
        "_offered_us",
        "_ohm",
        "_pulses",
        "_queue",
        "_refused",
        "_sequence",
        "_serial",
        "_soon_us",
        "_table",
        "_voltage_10mv",
        "fault",
        "state",
    )

    def __init__(
        self,
        table: Table,
        serial: bytes,
        nonces: Callable[[], int],
        give: Give,
        boot_us: Us = 0,
    ) -> None:
        self._table = table
        self._serial = int.from_bytes(serial, "little")
        self._nonces = nonces
        self._give = give
        self._boot_us = boot_us
        self._decoder = feslink.Decoder()
        self._channels = [Channel() for _ in range(table.channels)]
        self._queue: list[Pulse] = []
        self._active: Pulse | None = None
        self._free_us: Us = boot_us
        self._ohm = 0
        self._voltage_10mv = 0
        self._nonce = 0
        self._offered = 0
        self._offered_us: Us = 0
        self._sequence = 0
        self._dead_man_us: Us = 0
        self._life_us: Us = 0
        self._pulses = 0
        self._charge_pc: PicoCoulomb = 0
        self._last_sequence = 0
        self._dose_pc: PicoCoulomb = 0
        self._first_us: Us = NEVER_US
        self._soon_us: list[Us] = []
        self._refused = 0
        self._fault_channel = fm.NO_CHANNEL
        self.state = fm.BOOT
        self.fault = fm.NO_FAULT

    # -- time -----------------------------------------------------------------------------------

    @property
    def wake_us(self) -> Us:
        """When ``tick`` is to be called at the latest."""
        wake_us: Us = NEVER_US
        if self._active is not None:
            wake_us = self._active.end_us
        if self._queue:
            wake_us = min(wake_us, self._queue[0].at_us)
        if self.state == fm.ARMED:
            wake_us = min(wake_us, self._life_us + self._dead_man_us + 1)
        elif self.state == fm.BOOT:
            wake_us = min(wake_us, self._boot_us + BOOT_US)
        return wake_us

    def tick(self, clock_us: Us) -> None:
        """Fire what is due up to now, in order and at its own time."""
        while (wake_us := self.wake_us) <= clock_us:
            active = self._active
            if active is not None and active.end_us == wake_us:
                self._end(active)
            elif self._queue and self._queue[0].at_us == wake_us:
                self._begin(self._queue.pop(0))
            elif self.state == fm.BOOT:
                self.state = fm.IDLE
            else:
                self._latch(fm.FAULT_DEAD_MAN, fm.NO_CHANNEL)

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

    def _begin(self, pulse: Pulse) -> None:
        self._active = pulse
        self._free_us = pulse.end_us + GAP_US
        pulse.met_ohm = self._give(pulse.at_us, pulse.channel, pulse.points)

    def _end(self, pulse: Pulse) -> None:
        """Count a pulse that is over, and judge what it met."""
        self._active = None
        width_us, current_ua = pulse.points[0]
        current_ua = abs(current_ua)
        ohm = pulse.met_ohm
        most_uv = self._table.compliance_v * 1_000_000
        given_ua = current_ua
        if ohm >= fm.OPEN_OHM:
            given_ua = 0
        elif current_ua * ohm > most_uv:
            given_ua = most_uv // ohm
        if pulse.counts:
            self._ohm = min(ohm, fm.OPEN_OHM)
            self._voltage_10mv = min(current_ua * ohm, most_uv) // 10_000
            self._pulses += 1
            self._charge_pc += given_ua * width_us
            self._last_sequence = pulse.sequence
        if current_ua >= self._table.detection_steps * self._table.current_step_ua:
            if ohm >= fm.OPEN_OHM:
                self._latch(fm.FAULT_OPEN, pulse.channel)
            elif ohm < SHORT_OHM:
                self._latch(fm.FAULT_SHORT, pulse.channel)
            elif given_ua < current_ua:
                self._latch(fm.FAULT_COMPLIANCE, pulse.channel)

    def _quiet(self) -> None:
        """Let go of everything that was to come; a pulse that has begun ends balanced."""
        self._queue.clear()
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
            len(self._queue),
            self._refused & fm.U16,
            self._decoder.rejected & fm.U16,
        )

    def _account(self, clock_us: Us, asked: int, number: int, result: int) -> fm.Account:
        self._count(result)
        return fm.Account(
            asked,
            number,
            result,
            self.state,
            self.fault,
            clock_us % WHOLE,
            self._pulses,
            self._charge_pc // 1000 % WHOLE,
            self._last_sequence,
            self._voltage_10mv,
            self._ohm,
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
        self._pulses = 0
        self._charge_pc = 0
        self._last_sequence = 0
        self._voltage_10mv = 0
        self._ohm = 0
        if self._active is not None:
            self._active.counts = False  # it is of the session before
        self.state = fm.ARMED
        return fm.OK

    def _clear(self, clock_us: Us, clear: fm.Clear) -> int:
        if self.state != fm.LATCHED:
            return fm.REFUSED_STATE
        if not self._was_offered(clock_us, clear.nonce):
            return fm.REFUSED_NONCE
        if clear.fault != self.fault:
            return fm.REFUSED_FAULT
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
        fault = self._beyond(steps, width_us, charge_pc)
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
        points = _points(sign * steps * table.current_step_ua, width_us, asymmetric)
        pulse = Pulse(sequence, at_us, channel, points)
        if self._collides(pulse):
            return fm.REFUSED_COLLISION
        if len(self._queue) >= table.queue:
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
        place = len(self._queue)
        while place and self._queue[place - 1].at_us > at_us:
            place -= 1
        self._queue.insert(place, pulse)
        self.tick(clock_us)  # it may be due at once
        return fm.OK

    def _violated(self, fault: int, channel: int) -> int:
        self._latch(fault, channel)
        return fm.REFUSED_LIMIT

    def _beyond(self, steps: int, width_us: Us, charge_pc: PicoCoulomb) -> int:
        table = self._table
        if steps > table.current_steps:
            return fm.FAULT_CURRENT
        if width_us > table.width_us:
            return fm.FAULT_WIDTH
        return fm.FAULT_CHARGE if charge_pc > table.charge_nc * 1000 else fm.NO_FAULT

    def _beyond_in_all(self, at_us: Us, charge_pc: PicoCoulomb) -> int:
        table = self._table
        if self._dose_pc + charge_pc > table.dose_100mc * 100_000_000_000:
            return fm.FAULT_DOSE
        if at_us - min(at_us, self._first_us) > table.session_min * 60_000_000:
            return fm.FAULT_SESSION
        return fm.NO_FAULT

    def _soon(self, clock_us: Us, channel: int) -> int:
        """Refuse a pulse that comes too soon; several of them are too high a rate."""
        recent = [told_us for told_us in self._soon_us if clock_us - told_us < SOON_US]
        recent.append(clock_us)
        self._soon_us = recent
        if len(recent) >= SOON_MOST:
            self._soon_us = []
            return self._violated(fm.FAULT_RATE, channel)
        return fm.REFUSED_TOO_SOON

    def _collides(self, pulse: Pulse) -> bool:
        if pulse.at_us < self._free_us:
            return True
        for other in self._queue:
            if pulse.at_us < other.end_us + GAP_US and other.at_us < pulse.end_us + GAP_US:
                return True
        return False


def _points(current_ua: int, width_us: Us, asymmetric: int) -> Points:
    """Return the two phases of a pulse; their charge is equal, for the device makes the second."""
    if asymmetric:
        return (width_us, current_ua), (width_us * fm.ASYMMETRY, -current_ua // fm.ASYMMETRY)
    return (width_us, current_ua), (width_us, -current_ua)
