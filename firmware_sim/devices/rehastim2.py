"""HASOMED's RehaStim2 as the vendor made it: ScienceMode2, no guard of ours.

It says Init every 500 ms until an InitAck accepts it, and hears nothing else before. 1200 ms
without a valid packet, and it stops, forgets its modes and says Init again. Single pulses are
given in start mode only; channel lists go from start over initialised to started, and repeat by
themselves until stopped. Each command is carried out, and answered, 10 to 24 ms after it came,
in order. A pulse is phase, gap of 100 us, opposite phase, so its charge is always balanced. A
test impulse precedes it: where that finds no skin between the electrodes, or a short, the pulse
is not given, the output ends and the device says so unasked. So it does when its emergency switch
is pressed or unplugged, and when its stimulation module fails.

Not stated by the vendor, and assumed: a single pulse while another waits is refused as busy; a
stop is accepted in every mode; the resistance that the test impulse accepts is 100 ohm to
100 kohm, at whatever current; watchdogs before InitAck are nothing. Switch and module come after
all else that the device does: while one of them is off, every pulse that is asked for is another
such error, and a device that is stuck gives none either. What they end does not come back by
itself.

References
----------
HASOMED ScienceMode2 protocol description (github.com/ScienceMode/ScienceMode2).
"""

from random import Random
from typing import Final

from fes_ctrl.units import NEVER_US, MicroAmp, Us
from fes_ctrl.wire import sciencemode2 as sm2
from firmware_sim.devices.defects import EMERGENCY, MODULE
from firmware_sim.devices.rehastim2_list import ChannelList, valid
from firmware_sim.devices.simulated import SimulatedDevice
from firmware_sim.output import SHORT_OHM, OutputStage, Points

INIT_EVERY_US: Final = 500_000
RESTART_US: Final = 20_000
WATCHDOG_US: Final = 1_200_000
LATENCY_MIN_US: Final = 10_000
LATENCY_SPREAD_US: Final = 14_000
GAP_US: Final = 100
WIDTH_MIN_US: Final = 20
SKIN_MAX_OHM: Final = 100_000
ORPHAN_US: Final = 500
"""An answer that nobody asked for comes so long before another."""

OTHER_NUMBER: Final = 17
OTHER_VERSION: Final = 2
ERROR_OF: Final = {EMERGENCY: sm2.EMERGENCY_ERROR, MODULE: sm2.MODULE_ERROR}

UNSPOKEN: Final = frozenset((0x0A, 0x0F, 0x55, 0x81, 0xF0))
"""Numbers that this device leaves out of its own: a public client reads them wrongly."""

STIMULATES: Final = frozenset(
    (sm2.INIT_CHANNEL_LIST, sm2.START_CHANNEL_LIST, sm2.STOP_CHANNEL_LIST, sm2.SINGLE_PULSE)
)


def points_of(width_us: Us, current_ua: MicroAmp) -> Points:
    """Return what one pulse gives: a width below 20 us counts as 20 us."""
    width_us = max(width_us, WIDTH_MIN_US)
    return (width_us, current_ua), (GAP_US, 0), (width_us, -current_ua)


class SimulatedRehastim2(SimulatedDevice):
    """One simulated RehaStim2, session without I/O.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    random : random.Random
        This device's own stream, for when it says Init and how long a command takes.

    Attributes
    ----------
    mode : int
        As GetStimulationMode says it.
    connected : bool
        A host has accepted its Init, and has not been silent for too long since.
    """

    __slots__ = (
        "_alive_us",
        "_commands",
        "_decoder",
        "_done_us",
        "_init_us",
        "_list",
        "_number",
        "_off",
        "connected",
        "mode",
    )

    def __init__(self, output: OutputStage, random: Random) -> None:
        super().__init__(output, random, (EMERGENCY, MODULE))
        self._decoder = sm2.Decoder()
        # When each is carried out, and what it is refused for, if it is.
        self._commands: list[tuple[Us, sm2.Frame, int]] = []
        self._number = 0
        # Errors of what stands between the device and its outputs, and is off.
        self._off: list[int] = []
        self._done_us: Us = -NEVER_US
        self._alive_us: Us = -NEVER_US
        # It was switched on some time before.
        self._init_us: Us = int(random.random() * INIT_EVERY_US)
        self._list: ChannelList | None = None
        self.connected = False
        self.mode = sm2.MODE_START

    # -- time -----------------------------------------------------------------------------------

    def _hear(self, now_us: Us, data: bytes) -> None:
        decoder = self._decoder
        for frame in decoder.feed(data):
            if self._defects.any and self._is_off(now_us):
                continue
            self._take(now_us, frame)
        if decoder.damaged:
            for frame in decoder.damaged:
                if self.connected and self._defects.stuck_next_us == NEVER_US:
                    self._enqueue(now_us, frame, sm2.TRANSFER_ERROR)
            decoder.damaged.clear()

    def cut(self, now_us: Us) -> None:
        """Lose the host's line, or the power that a relay on it switches."""
        self._fire(now_us)
        if self._defects.stuck_next_us != NEVER_US:
            self._defects.cut()
            self._restart(now_us)

    def emergency(self, now_us: Us, *, pressed: bool = True) -> None:
        """Press the emergency switch, or unplug it; nothing is given until it is released."""
        self._fire(now_us)
        self._turn(now_us, EMERGENCY, begins=pressed)

    def module_fails(self, now_us: Us, *, failed: bool = True) -> None:
        """Let the stimulation module fail; nothing is given until it works again."""
        self._fire(now_us)
        self._turn(now_us, MODULE, begins=failed)

    def _turn(self, now_us: Us, name: str, *, begins: bool) -> None:
        error = ERROR_OF[name]
        was_off = error in self._off
        if begins:
            self._off.append(error)
        elif was_off:
            self._off.remove(error)
        if begins and not was_off:
            self._fail(now_us, error)

    def _start_anew(self, now_us: Us) -> None:
        self._restart(now_us + RESTART_US)

    def _restart(self, init_us: Us) -> None:
        """Forget everything, and say Init until somebody answers."""
        self._reset_modes()
        self._commands.clear()
        self.connected = False
        self._init_us = init_us

    def _reset_modes(self) -> None:
        self._list = None
        self.mode = sm2.MODE_START

    def _next_us(self) -> Us:
        turn_us = self._defects.turn_us
        if self._defects.stuck_next_us != NEVER_US:
            return min(turn_us, self._defects.stuck_next_us)
        wake_us = min(turn_us, self._init_us)
        if self.connected:
            wake_us = min(turn_us, self._alive_us + WATCHDOG_US)
        if self._commands:
            wake_us = min(wake_us, self._commands[0][0])
        if self._list is not None:
            wake_us = min(wake_us, self._list.next_us)
        return wake_us

    def _fire_due(self, now_us: Us) -> None:
        at_us = self._next_us()
        while at_us <= now_us:
            self._fire_one(at_us)
            at_us = self._next_us()

    def _fire_one(self, at_us: Us) -> None:
        defects = self._defects
        if defects.turn_us <= at_us:
            name, begins = defects.turn()
            if begins:
                defects.reach(name, at_us)
            self._turn(at_us, name, begins=begins)
        elif defects.stuck_next_us != NEVER_US:
            pulse = defects.repeat()
            if not self._off:
                self._output.deliver(*pulse)
        elif self._commands and self._commands[0][0] <= at_us:
            _, frame, refused = self._commands.pop(0)
            self._execute(at_us, frame, refused)
        elif self.connected and self._alive_us + WATCHDOG_US <= at_us:
            self._restart(at_us)
        elif self._list is not None and self._list.next_us <= at_us:
            due = self._list.take()
            if due is not None:
                self._give(due[0], due[1], due[2].width_us, due[2].current_ua)
        else:
            self._init_us = at_us + INIT_EVERY_US
            version = OTHER_VERSION if self._defects.other else sm2.VERSION
            self._push(at_us, sm2.init(self._own_number(), version))

    # -- what it says ---------------------------------------------------------------------------

    def _own_number(self) -> int:
        self._number = (self._number + 1) % 256
        while self._number in UNSPOKEN:
            self._number += 1
        return self._number

    def _delay_us(self) -> Us:
        # Its time was taken before, by the command.
        return 0

    def _answer_nobody(self, at_us: Us, frame: bytes) -> None:
        """Answer twice, to another number, and to a question that nobody has asked."""
        for number, command, payload in sm2.Decoder().feed(frame):
            other = (number + OTHER_NUMBER) % 256
            self._push(at_us - ORPHAN_US, sm2.encode(other, command, payload))
            mode = sm2.ack(other, sm2.GET_STIMULATION_MODE, sm2.NO_ERROR, bytes((self.mode,)))
            self._push(at_us - ORPHAN_US, mode)
        self._push(at_us + ORPHAN_US, frame)

    def _fail(self, now_us: Us, error: int) -> None:
        """End all output and say why, unasked."""
        self._reset_modes()
        self._push(now_us, sm2.stimulation_error(self._own_number(), error))

    # -- what it hears --------------------------------------------------------------------------

    def _take(self, now_us: Us, frame: sm2.Frame) -> None:
        if not self.connected:
            accepted = frame.command == sm2.INIT_ACK
            if accepted and sm2.decode_result(frame.payload) == sm2.NO_ERROR:
                self.connected = True
                self._alive_us = now_us
                self._init_us = NEVER_US
            return
        self._alive_us = now_us
        if frame.command in (sm2.WATCHDOG, sm2.INIT_ACK):
            return
        refused = sm2.NO_ERROR
        if frame.command == sm2.SINGLE_PULSE:
            for _, waiting, _ in self._commands:
                if waiting.command == sm2.SINGLE_PULSE:
                    refused = sm2.BUSY
        self._enqueue(now_us, frame, refused)

    def _enqueue(self, now_us: Us, frame: sm2.Frame, refused: int) -> None:
        delay_us = LATENCY_MIN_US + int(self._random.random() * LATENCY_SPREAD_US)
        self._done_us = max(self._done_us, now_us + delay_us)
        self._commands.append((self._done_us, frame, refused))

    def _execute(self, now_us: Us, frame: sm2.Frame, refused: int) -> None:
        number, command, payload = frame
        if refused != sm2.NO_ERROR:
            if command in STIMULATES or command == sm2.GET_STIMULATION_MODE:
                self._answer(now_us, sm2.ack(number, command, refused))
            return
        data = b""
        if command == sm2.SINGLE_PULSE:
            result = self._single_pulse(now_us, payload)
        elif command == sm2.START_CHANNEL_LIST:
            result = self._start(now_us, payload)
        elif command == sm2.INIT_CHANNEL_LIST:
            result = self._init_list(payload)
        elif command == sm2.STOP_CHANNEL_LIST:
            result = sm2.PARAMETER_ERROR if payload else sm2.NO_ERROR
            # Output ends whatever was said besides.
            self._reset_modes()
        elif command == sm2.GET_STIMULATION_MODE:
            result = sm2.PARAMETER_ERROR if payload else sm2.NO_ERROR
            data = b"" if payload else bytes((self.mode,))
        else:
            self._answer(now_us, sm2.unknown_command(number, command))
            return
        self._answer(now_us, sm2.ack(number, command, result, data))

    # -- what it does ---------------------------------------------------------------------------

    def _single_pulse(self, now_us: Us, payload: bytes) -> int:
        pulse = sm2.decode_single_pulse(payload)
        if pulse is None:
            return sm2.PARAMETER_ERROR
        if self.mode != sm2.MODE_START:
            return sm2.WRONG_MODE
        self._give(now_us, pulse.channel, pulse.width_us, pulse.current_ua)
        return sm2.NO_ERROR

    def _init_list(self, payload: bytes) -> int:
        setup = sm2.decode_init_channel_list(payload)
        if setup is None or not valid(setup):
            return sm2.PARAMETER_ERROR
        if self.mode == sm2.MODE_STARTED:
            return sm2.WRONG_MODE
        self._list = ChannelList(setup)
        self.mode = sm2.MODE_INITIALISED
        return sm2.NO_ERROR

    def _start(self, now_us: Us, payload: bytes) -> int:
        if self._list is None:
            return sm2.WRONG_MODE
        pulses = sm2.decode_start_channel_list(payload)
        if pulses is None:
            return sm2.PARAMETER_ERROR
        result = self._list.start(now_us, pulses)
        if result == sm2.NO_ERROR:
            self.mode = sm2.MODE_STARTED
        return result

    def _give(self, at_us: Us, channel: int, width_us: Us, current_ua: MicroAmp) -> None:
        """Give one pulse, where the test impulse before it finds skin."""
        if not current_ua or not width_us:
            return
        if self._off:
            self._fail(at_us, self._off[0])
            return
        if not SHORT_OHM <= self._output.ohm(at_us, channel) <= SKIN_MAX_OHM:
            self._fail(at_us, sm2.ELECTRODE_ERROR)
            return
        points = points_of(width_us, current_ua)
        if self._defects.any:
            self._defects.gave(at_us, channel, points)
        self._output.deliver(at_us, channel, points)
