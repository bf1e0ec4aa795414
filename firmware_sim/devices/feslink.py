"""A feslink device in the world: its own clock, how long it takes, what can be wrong with it.

The device itself is ``feslink_core``. Its clock starts anywhere and runs a little fast or slow, as
a crystal does; answers leave in order, 0.1 to 0.3 ms after the last byte of their message.
"""

from collections import deque
from random import Random
from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.defects import DELAYED, EMERGENCY, LOST, MODULE, TO_NOBODY, Defects
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.feslink_account import BENCH
from firmware_sim.devices.feslink_core import FeslinkCore
from firmware_sim.injections import Acknowledgement
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


class SimulatedFeslink:
    """One simulated feslink device, session without I/O.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    random : random.Random
        This device's own stream: clock, nonces, the time its answers take.
    """

    __slots__ = (
        "_answers",
        "_defects",
        "_off",
        "_origin_us",
        "_output",
        "_random",
        "_rate",
        "core",
    )

    def __init__(self, output: OutputStage, random: Random) -> None:
        self._output = output
        self._random = random
        self._answers: deque[tuple[Us, bytes]] = deque()
        self._defects = Defects((EMERGENCY, MODULE))
        # What is pressed or broken, once for each time that it was made to.
        self._off: list[str] = []
        self._rate = MILLION + random.randint(-DRIFT_PPM, DRIFT_PPM)
        # Its clock where the host's is zero.
        self._origin_us: Us = random.randrange(1 << 32)
        self.core = self._new_core(self._origin_us)

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

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:
        """Fire what is due, then take bytes."""
        out = self._fire(now_us)
        if not self._defects.any or not self._is_off(now_us):
            answers = self.core.receive(self._clock_us(now_us), data)
            if self._off:
                self._notice(now_us)
            for part in answers.split(feslink.ZERO)[:-1]:
                self._answer(now_us, part + feslink.ZERO)
        return DeviceStep(out, self._wake_at_us())

    def tick(self, now_us: Us) -> DeviceStep:
        """Fire what is due up to now, in order and at its own time."""
        out = self._fire(now_us)
        return DeviceStep(out, self._wake_at_us())

    def cut(self, now_us: Us) -> None:
        """Lose the host's line: what hangs on it has no power any more; the dead-man goes on."""
        self._fire(now_us)
        self._defects.cut()
        self._feel(now_us)

    def _is_off(self, now_us: Us) -> bool:
        """Return whether bytes meet a device that is stuck; it may have started anew."""
        if self._defects.starts(now_us):
            self._answers.clear()
            self._origin_us -= self._clock_us(now_us)
            self.core = self._new_core(0)
            self._feel(now_us)
        return self._defects.stuck(now_us)

    def _wake_at_us(self) -> Us:
        wake_us = self._defects.turn_us
        if self._answers:
            wake_us = min(wake_us, self._answers[0][0])
        if self._defects.stuck_next_us != NEVER_US:
            return min(wake_us, self._defects.stuck_next_us)
        clock_us = self.core.wake_us
        if clock_us != NEVER_US:
            wake_us = min(wake_us, self._host_us(clock_us))
        return wake_us

    def _fire(self, now_us: Us) -> bytes:
        while self._defects.turn_us <= now_us:
            self._turn(self._defects.turn_us)
        if self._defects.stuck_next_us == NEVER_US:
            self.core.tick(self._clock_us(now_us))
            if self._off:
                self._notice(now_us)
        while self._defects.stuck_next_us <= now_us:
            self._output.deliver(*self._defects.repeat())
        answers = self._answers
        if not answers or answers[0][0] > now_us:
            return b""
        out = b""
        while answers and answers[0][0] <= now_us:
            out += answers.popleft()[1]
        return out

    # -- answers --------------------------------------------------------------------------------

    def _answer(self, now_us: Us, frame: bytes) -> None:
        at_us = now_us + ANSWER_MIN_US + int(self._random.random() * ANSWER_SPREAD_US)
        if self._defects.any:
            if self._defects.holds(LOST, now_us):
                return
            at_us += int(self._defects.holds(DELAYED, now_us) * 1000.0)
            if self._defects.holds(TO_NOBODY, now_us):
                frame += self._to_nobody(frame)
        if self._answers:
            at_us = max(at_us, self._answers[-1][0])
        self._answers.append((at_us, frame))

    def _to_nobody(self, frame: bytes) -> bytes:
        """Return an answer once more, to another number, and to a question nobody has asked."""
        out = frame
        for message in feslink.Decoder().feed(frame):
            if isinstance(message, (fm.Status, fm.Account, fm.Offered)) and message.number:
                other = (message.number + OTHER_NUMBER) % 62 + 1
                out += feslink.encode(message._replace(number=other))
                head = message[1:6] if isinstance(message, (fm.Status, fm.Account)) else message[:5]
                out += feslink.encode(fm.Offered(*head, nonce=1))
        return out
