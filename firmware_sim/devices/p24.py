"""HASOMED's P24 as the vendor made it: ScienceMode4, low and mid level, no guard of ours.

Low level: every accepted Ll_Channel_Config with the execute bit gives one pulse at once. Mid
level: the channels of the last Ml_Update repeat their pulse until told otherwise, or until the
host's live signal stays away for two seconds; then they pause, and only another update resumes
them. The levels exclude each other. Packet numbers are echoed, not judged. Charge balance and
duty are not checked: the duty check belongs to the client library, balance to nobody.

Not stated by the vendor, and assumed: an answer leaves 1 to 2 ms after the last byte of its
command; two low-level pulses of a channel are at least 2 ms apart, else the command is refused
as busy; the high voltage stays on between bursts in low level.

References
----------
HASOMED ScienceMode4 C library headers and ScienceMode3 mid-level documentation.
"""

import heapq
from random import Random
from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.defects import DELAYED, LOST, TO_NOBODY, Defects
from firmware_sim.devices.device import DeviceStep
from firmware_sim.injections import Acknowledgement
from firmware_sim.output import OutputStage, Points

NAME: Final = b"SIMP240001"
OTHER_NAME: Final = b"SIMP240002"
FIRMWARE: Final = bytes((1, 2, 3))
PROTOCOL: Final = bytes((4, 0, 0))
BATTERY_PERCENT: Final = 87
BATTERY_MV: Final = 7900

CURRENT_MAX_UA: Final = 130_000
POINT_MIN_US: Final = 10
LIVE_SIGNAL_US: Final = 2_000_000
LOW_LEVEL_INTERVAL_US: Final = 2_000
ANSWER_MIN_US: Final = 1_000
ANSWER_SPREAD_US: Final = 1_000
ORPHAN_US: Final = 500
"""An answer that nobody asked for comes so long before another."""

OTHER_NUMBER: Final = 17
NUMBERS: Final = 62

STATE_OK: Final = 0
STATE_ELECTRODE: Final = 1

HIGH_VOLTAGE_OFF: Final = 1
HIGH_VOLTAGE_ON: Final = 6


class _Train:
    """A channel of the mid level that repeats its pulse."""

    __slots__ = ("given", "next_us", "period_us", "points", "ramp")

    def __init__(self, train: sm4.ChannelTrain, next_us: Us) -> None:
        self.points = _padded(train.points)
        self.ramp = train.ramp
        self.period_us = train.period_us
        self.next_us = next_us
        self.given = 0

    def now(self) -> Points:
        """Return the next pulse: a ramp of n pulses reaches full current with pulse n."""
        if self.given >= self.ramp:
            return self.points
        share, whole = self.given + 1, self.ramp + 1
        return tuple([(us, int(ua * share / whole)) for us, ua in self.points])


class SimulatedP24:
    """One simulated P24, session without I/O.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    random : random.Random
        This device's own stream, for the time its answers take.

    Attributes
    ----------
    status : int
        As Get_Stim_Status says it.
    """

    __slots__ = (
        "_answers",
        "_decoder",
        "_defects",
        "_last_low_us",
        "_live_us",
        "_output",
        "_random",
        "_sequence",
        "_states",
        "_stop_on_error",
        "_trains",
        "status",
    )

    def __init__(self, output: OutputStage, random: Random) -> None:
        self._output = output
        self._random = random
        self._decoder = sm4.Decoder()
        self._answers: list[tuple[Us, int, bytes]] = []
        self._sequence = 0
        self._trains: dict[int, _Train] = {}
        self._states: list[int] = [STATE_OK] * sm4.CHANNELS
        self._last_low_us: list[Us] = [-NEVER_US] * sm4.CHANNELS
        self._live_us: Us = NEVER_US
        self._stop_on_error = False
        self._defects = Defects()
        self.status = sm4.STATUS_NONE

    @property
    def acknowledgements(self) -> list[Acknowledgement]:
        """Injections that have had an effect."""
        return self._defects.acknowledgements

    def inject(self, name: str, from_us: Us, to_us: Us, amount: float = 0.0) -> None:
        """Make something go wrong from one instant to another; 0 is the row's own amount.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        self._defects.add(name, from_us, to_us, amount)

    # -- time -----------------------------------------------------------------------------------

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:
        """Fire what is due, then take bytes."""
        out = self._fire(now_us)
        for frame in self._decoder.feed(data):
            if self._defects.any and self._is_off(now_us):
                continue
            self._take(now_us, frame)
        return DeviceStep(out, self._wake_at_us())

    def cut(self, now_us: Us) -> None:
        """Lose the host's line: what hangs on it has no power any more."""
        self._fire(now_us)
        self._defects.cut()

    def _is_off(self, now_us: Us) -> bool:
        """Return whether a command meets a device that is stuck; it may have started anew."""
        if self._defects.starts(now_us):
            self._reset()
            self._answers.clear()
        return self._defects.stuck(now_us)

    def tick(self, now_us: Us) -> DeviceStep:
        """Fire what is due up to now, in order and at its own time."""
        out = self._fire(now_us)
        return DeviceStep(out, self._wake_at_us())

    def _wake_at_us(self) -> Us:
        wake_us = self._answers[0][0] if self._answers else NEVER_US
        wake_us = min(wake_us, self._defects.stuck_next_us)
        if self._trains:
            wake_us = min(wake_us, self._live_us)
            for train in self._trains.values():
                wake_us = min(wake_us, train.next_us)
        return wake_us

    def _fire(self, now_us: Us) -> bytes:
        while self._defects.stuck_next_us <= now_us:
            self._output.deliver(*self._defects.repeat())
        if self._trains:
            self._fire_trains(now_us)
        answers = self._answers
        if not answers or answers[0][0] > now_us:
            return b""
        out = b""
        while answers and answers[0][0] <= now_us:
            out += heapq.heappop(answers)[2]
        return out

    def _fire_trains(self, now_us: Us) -> None:
        while self._trains:
            channel, train = min(self._trains.items(), key=_when)
            if train.next_us >= self._live_us and self._live_us <= now_us:
                self._trains.clear()
                self.status = sm4.STATUS_ML_INIT
                return
            if train.next_us > now_us:
                return
            at_us = train.next_us
            train.next_us += train.period_us
            points = train.now()
            train.given += 1
            if not self._output.deliver(at_us, channel, points):
                self._states[channel] = STATE_ELECTRODE
                del self._trains[channel]
                if self._stop_on_error:
                    self._trains.clear()
                if not self._trains:
                    self.status = sm4.STATUS_ML_INIT

    # -- answers --------------------------------------------------------------------------------

    def _answer(self, now_us: Us, frame: bytes) -> None:
        delay_us = ANSWER_MIN_US + int(self._random.random() * ANSWER_SPREAD_US)
        if self._defects.any:
            if self._defects.holds(LOST, now_us):
                return
            delay_us += int(self._defects.holds(DELAYED, now_us) * 1000.0)
            if self._defects.holds(TO_NOBODY, now_us):
                self._answer_nobody(now_us + delay_us, frame)
        self._push(now_us + delay_us, frame)

    def _push(self, at_us: Us, frame: bytes) -> None:
        self._sequence += 1
        heapq.heappush(self._answers, (at_us, self._sequence, frame))

    def _answer_nobody(self, at_us: Us, frame: bytes) -> None:
        """Answer twice, to another number, and to a question that nobody has asked."""
        for number, command, payload in sm4.Decoder().feed(frame):
            other = sm4.encode((number + OTHER_NUMBER) % NUMBERS, command, payload)
            self._push(at_us - ORPHAN_US, other)
            battery = _information(sm4.GET_BATTERY_STATUS)
            if battery is not None:
                self._push(at_us - ORPHAN_US, sm4.ack(number, sm4.GET_BATTERY_STATUS, battery))
        self._push(at_us + ORPHAN_US, frame)

    # -- commands -------------------------------------------------------------------------------

    def _take(self, now_us: Us, frame: sm4.Frame) -> None:
        number, command, payload = frame
        if command == sm4.LL_CHANNEL_CONFIG:
            answer = self._low_level_pulse(now_us, payload)
        elif command == sm4.ML_GET_CURRENT_DATA:
            self._live(now_us)
            answer = self._current_data(payload)
        elif command == sm4.GET_STIM_STATUS:
            voltage = HIGH_VOLTAGE_OFF if self.status == sm4.STATUS_NONE else HIGH_VOLTAGE_ON
            answer = bytes((sm4.NO_ERROR, self.status, voltage))
        elif command == sm4.LL_INIT:
            answer = bytes((self._low_level_init(payload),))
        elif command == sm4.LL_STOP:
            answer = bytes((self._low_level_stop(),))
        elif command == sm4.ML_INIT:
            answer = bytes((self._mid_level_init(now_us, payload),))
        elif command == sm4.ML_UPDATE:
            answer = bytes((self._mid_level_update(now_us, payload),))
        elif command == sm4.ML_STOP:
            answer = bytes((self._mid_level_stop(),))
        elif command == sm4.RESET:
            self._reset()
            answer = bytes((sm4.NO_ERROR,))
        else:
            information = _information(command, OTHER_NAME if self._defects.other else NAME)
            if information is None:
                invalid = bytes((sm4.INVALID_COMMAND,))
                self._answer(now_us, sm4.encode(number, sm4.UNKNOWN_COMMAND, invalid))
                return
            answer = information
        self._answer(now_us, sm4.ack(number, command, answer))

    def _reset(self) -> None:
        self._trains.clear()
        self._states = [STATE_OK] * sm4.CHANNELS
        self.status = sm4.STATUS_NONE

    # -- low level ------------------------------------------------------------------------------

    def _low_level_init(self, payload: bytes) -> int:
        if len(payload) != 1:
            return sm4.PARAMETER_ERROR
        if self.status in (sm4.STATUS_ML_INIT, sm4.STATUS_ML_RUNNING):
            return sm4.NOT_INITIALISED
        self.status = sm4.STATUS_LL_INIT
        return sm4.NO_ERROR

    def _low_level_stop(self) -> int:
        if self.status in (sm4.STATUS_ML_INIT, sm4.STATUS_ML_RUNNING):
            return sm4.NOT_INITIALISED
        self.status = sm4.STATUS_NONE
        return sm4.NO_ERROR

    def _low_level_pulse(self, now_us: Us, payload: bytes) -> bytes:
        config = sm4.decode_channel_config(payload)
        if config is None:
            return bytes((sm4.PARAMETER_ERROR, 0, 0))
        channel, execute, points = config
        where = ((channel // 4) << 4) | (channel % 4)
        result = sm4.NO_ERROR
        if self.status != sm4.STATUS_LL_INIT:
            result = sm4.NOT_INITIALISED
        elif not _valid(points):
            result = sm4.PARAMETER_ERROR
        elif now_us - self._last_low_us[channel] < LOW_LEVEL_INTERVAL_US:
            result = sm4.BUSY
        elif execute:
            self._last_low_us[channel] = now_us
            if self._defects.any:
                self._defects.gave(now_us, channel, _padded(points))
            if not self._output.deliver(now_us, channel, _padded(points)):
                result = sm4.ELECTRODE_ERROR
        return bytes((result, where, 0))

    # -- mid level ------------------------------------------------------------------------------

    def _live(self, now_us: Us) -> None:
        if self.status == sm4.STATUS_ML_RUNNING:
            self._live_us = now_us + LIVE_SIGNAL_US

    def _mid_level_init(self, now_us: Us, payload: bytes) -> int:
        if len(payload) != 1:
            return sm4.PARAMETER_ERROR
        if self.status == sm4.STATUS_LL_INIT:
            return sm4.NOT_INITIALISED
        self._trains.clear()
        self._states = [STATE_OK] * sm4.CHANNELS
        self._stop_on_error = bool(payload[0] & 1)
        self.status = sm4.STATUS_ML_INIT
        self._live_us = now_us + LIVE_SIGNAL_US
        return sm4.NO_ERROR

    def _mid_level_update(self, now_us: Us, payload: bytes) -> int:
        if self.status not in (sm4.STATUS_ML_INIT, sm4.STATUS_ML_RUNNING):
            return sm4.NOT_INITIALISED
        trains = sm4.decode_update(payload)
        if trains is None:
            return sm4.PARAMETER_ERROR
        for train in trains:
            if not _valid(train.points) or train.period_us < sm4.PERIOD_STEP_US:
                return sm4.PARAMETER_ERROR
        running: dict[int, _Train] = {}
        for train in trains:
            before = self._trains.get(train.channel)
            self._states[train.channel] = STATE_OK
            new = _Train(train, now_us if before is None else before.next_us)
            if before is not None:
                # The ramp belongs to the moment a channel is switched on.
                new.given = max(before.given, train.ramp)
            running[train.channel] = new
        self._trains = running
        self._live_us = now_us + LIVE_SIGNAL_US
        self.status = sm4.STATUS_ML_RUNNING if running else sm4.STATUS_ML_INIT
        if running:
            self._fire_trains(now_us)
        return sm4.NO_ERROR

    def _mid_level_stop(self) -> int:
        if self.status == sm4.STATUS_LL_INIT:
            return sm4.NOT_INITIALISED
        self._trains.clear()
        self.status = sm4.STATUS_NONE
        return sm4.NO_ERROR

    def _current_data(self, payload: bytes) -> bytes:
        if len(payload) != 1:
            return bytes((sm4.PARAMETER_ERROR,))
        running = 0
        for channel in self._trains:
            running |= 1 << channel
        select = payload[0]
        states = self._states
        if select == sm4.SELECT_CHANNEL_STATES:
            pairs = [states[i] | states[i + 1] << 4 for i in range(0, sm4.CHANNELS, 2)]
            return bytes([sm4.NO_ERROR, select, running, *pairs])
        errors = 0
        for channel, state in enumerate(states):
            if state == STATE_ELECTRODE:
                errors |= 1 << channel
        first = (running & 0x0F) << 4 | errors & 0x0F
        if select == sm4.SELECT_ELECTRODES_4:
            return bytes((sm4.NO_ERROR, select, first))
        if select == sm4.SELECT_ELECTRODES_8:
            return bytes((sm4.NO_ERROR, select, first, running & 0xF0 | errors >> 4))
        return bytes((sm4.PARAMETER_ERROR,))


def _when(item: tuple[int, _Train]) -> tuple[Us, int]:
    return item[1].next_us, item[0]


def _valid(points: Points) -> bool:
    """Return whether every point is within what the device's own validator lets through."""
    for duration_us, current_ua in points:
        if not -CURRENT_MAX_UA <= current_ua <= CURRENT_MAX_UA:
            return False
        if not 0 <= duration_us <= sm4.DURATION_MAX_US:
            return False
    return True


def _padded(points: Points) -> Points:
    """Return the points as given: durations below 10 us count as 10 us."""
    for duration_us, _ in points:
        if duration_us < POINT_MIN_US:
            return tuple([(max(us, POINT_MIN_US), ua) for us, ua in points])
    return points


def _information(command: int, name: bytes = NAME) -> bytes | None:
    """Return the answer to a question about the device; ``None`` if there is no such command."""
    ok = bytes((sm4.NO_ERROR,))
    if command == sm4.GET_DEVICE_ID:
        return ok + name
    if command == sm4.GET_EXTENDED_VERSION:
        return ok + FIRMWARE + PROTOCOL + bytes.fromhex("00000000 00 01")
    if command in (sm4.GET_VERSION_MAIN, sm4.GET_VERSION_STIM):
        return ok + FIRMWARE + PROTOCOL
    if command == sm4.GET_BATTERY_STATUS:
        return ok + bytes((BATTERY_PERCENT,)) + BATTERY_MV.to_bytes(2, "big")
    if command == sm4.GET_MAIN_STATUS:
        return ok + b"\x00"
    return None
