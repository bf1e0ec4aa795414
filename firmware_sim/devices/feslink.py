"""A feslink device in the world: its own clock, how long it takes, what can be wrong with it.

The device itself is ``feslink_core``. Its clock starts anywhere and runs a little fast or slow, as
a crystal does; answers leave in order, 0.1 to 0.3 ms after the last byte of their message.
"""

from random import Random
from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.defects import EMERGENCY, MODULE
from firmware_sim.devices.feslink_account import BENCH
from firmware_sim.devices.feslink_core import FeslinkCore
from firmware_sim.devices.simulated import SimulatedDevice
from firmware_sim.output import OutputStage, Points

SERIAL: Final = b"SIMF0001"
OTHER_SERIAL: Final = b"SIMF0002"

DRIFT_PPM: Final = 50
"""Crystals are off by so much at most."""

MILLION: Final = 1_000_000
ANSWER_MIN_US: Final = 100
ANSWER_SPREAD_US: Final = 200
OTHER_NUMBER: Final = 17

OWN_FAULTS: Final = {fm.FAULT_BUTTON: EMERGENCY, fm.FAULT_OUTPUT: MODULE}
"""What the device latches with when its button is pressed, or its stage gives nothing."""


class SimulatedFeslink(SimulatedDevice):
    """One simulated feslink device, session without I/O.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    random : random.Random
        This device's own stream: clock, nonces, the time its answers take.
    """

    __slots__ = ("_leaves_us", "_off", "_origin_us", "_rate", "core")

    def __init__(self, output: OutputStage, random: Random) -> None:
        super().__init__(output, random, (EMERGENCY, MODULE))
        self._leaves_us: Us = -NEVER_US
        # What is pressed or broken, once for each time that it was made to.
        self._off: list[str] = []
        self._rate = MILLION + random.randint(-DRIFT_PPM, DRIFT_PPM)
        # Its clock where the host's is zero.
        self._origin_us: Us = random.randrange(1 << 32)
        self.core = self._new_core(self._origin_us)

    def _new_core(self, boot_us: Us) -> FeslinkCore:
        serial = OTHER_SERIAL if self._defects.other else SERIAL
        return FeslinkCore(BENCH, serial, self._nonce, self._give, boot_us)

    def _nonce(self) -> int:
        return self._random.randrange(1, 1 << 32)

    def _give(self, clock_us: Us, channel: int, points: Points) -> int:
        at_us = self._host_us(clock_us)
        if self._defects.any:
            self._defects.gave(at_us, channel, points)
        self._output.deliver(at_us, channel, points)
        return self._output.met_ohm

    def _turn(self, at_us: Us) -> None:
        """Let something of its own begin or end: its button, its output stage."""
        name, begins = self._defects.turn()
        if begins:
            self._off.append(name)
        else:
            self._off.remove(name)
        if self._defects.stuck_next_us == NEVER_US:
            self._feel(at_us)

    def _feel(self, at_us: Us) -> None:
        """Let the device itself have its button and its stage as they are."""
        self.core.button(self._clock_us(at_us), pressed=EMERGENCY in self._off)
        self.core.stage.fails = MODULE in self._off
        self._notice(at_us)

    def _notice(self, now_us: Us) -> None:
        """Take note of what is pressed or broken once the device has latched with it."""
        name = OWN_FAULTS.get(self.core.fault, "")
        if name in self._off:
            self._defects.reach(name, now_us)

    # -- time -----------------------------------------------------------------------------------

    def _clock_us(self, now_us: Us) -> Us:
        return self._origin_us + now_us * self._rate // MILLION

    def _host_us(self, clock_us: Us) -> Us:
        """Return the first instant at which the device's clock has come so far."""
        return -((self._origin_us - clock_us) * MILLION // self._rate)

    def _hear(self, now_us: Us, data: bytes) -> None:
        if self._defects.any and self._is_off(now_us):
            return
        answers = self.core.receive(self._clock_us(now_us), data)
        if self._off:
            self._notice(now_us)
        for part in answers.split(feslink.ZERO)[:-1]:
            self._answer(now_us, part + feslink.ZERO)

    def cut(self, now_us: Us) -> None:
        """Lose the host's line: what hangs on it has no power any more; the dead-man goes on."""
        super().cut(now_us)
        self._feel(now_us)

    def _start_anew(self, now_us: Us) -> None:
        self._origin_us -= self._clock_us(now_us)
        self.core = self._new_core(0)
        self._feel(now_us)

    def _next_us(self) -> Us:
        wake_us = self._defects.turn_us
        if self._defects.stuck_next_us != NEVER_US:
            return min(wake_us, self._defects.stuck_next_us)
        clock_us = self.core.wake_us
        if clock_us != NEVER_US:
            wake_us = min(wake_us, self._host_us(clock_us))
        return wake_us

    def _fire_due(self, now_us: Us) -> None:
        while self._defects.turn_us <= now_us:
            self._turn(self._defects.turn_us)
        if self._defects.stuck_next_us == NEVER_US:
            self.core.tick(self._clock_us(now_us))
            if self._off:
                self._notice(now_us)
        while self._defects.stuck_next_us <= now_us:
            self._output.deliver(*self._defects.repeat())

    # -- answers --------------------------------------------------------------------------------

    def _delay_us(self) -> Us:
        return ANSWER_MIN_US + int(self._random.random() * ANSWER_SPREAD_US)

    def _push(self, at_us: Us, frame: bytes) -> None:
        # Its answers leave in order.
        self._leaves_us = max(self._leaves_us, at_us)
        super()._push(self._leaves_us, frame)

    def _answer_nobody(self, at_us: Us, frame: bytes) -> None:
        """Give an answer twice, to another number, and to a question that nobody has asked."""
        self._push(at_us, frame)
        for message in feslink.Decoder().feed(frame):
            if isinstance(message, (fm.Status, fm.Account, fm.Offered)) and message.number:
                other = (message.number + OTHER_NUMBER) % 62 + 1
                self._push(at_us, feslink.encode(message._replace(number=other)))
                head = message[1:6] if isinstance(message, (fm.Status, fm.Account)) else message[:5]
                self._push(at_us, feslink.encode(fm.Offered(*head, nonce=1)))
