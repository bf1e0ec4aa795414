"""What every simulated device has: outputs, a stream of chance, defects, answers on their way.

A device says by ``_fire_due`` what happens in it by itself, and by ``_next_us`` when that is; how
long an answer takes, and what an answer to nobody reads like, is its own as well.
"""

import heapq
from abc import ABC, abstractmethod
from random import Random

from fes_ctrl.units import Us, made
from firmware_sim.devices.defects import DELAYED, LOST, TO_NOBODY, Defects
from firmware_sim.devices.device import DeviceStep
from firmware_sim.injections import Acknowledgement
from firmware_sim.output import OutputStage


class SimulatedDevice(ABC):
    """A ``Device`` without what makes it one of its kind.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    random : random.Random
        This device's own stream.
    own_defects : tuple of str
        Injections that only this kind of device knows.
    """

    __slots__ = ("_answers", "_defects", "_output", "_random", "_sequence")

    def __init__(
        self, output: OutputStage, random: Random, own_defects: tuple[str, ...] = ()
    ) -> None:
        self._output = output
        self._random = random
        self._defects = Defects(own_defects)
        self._answers: list[tuple[Us, int, bytes]] = []
        self._sequence = 0

    # -- what its kind says -------------------------------------------------------------------

    @abstractmethod
    def _next_us(self) -> Us:
        """Return when something happens in it by itself, answers apart."""

    @abstractmethod
    def _fire_due(self, now_us: Us) -> None:
        """Let happen what is due up to now, in order and at its own time."""

    @abstractmethod
    def _hear(self, now_us: Us, data: bytes) -> None:
        """Take bytes from the host."""

    @abstractmethod
    def _start_anew(self, now_us: Us) -> None:
        """Begin as after switching on."""

    @abstractmethod
    def _delay_us(self) -> Us:
        """Return how long the next answer takes."""

    @abstractmethod
    def _answer_nobody(self, at_us: Us, frame: bytes) -> None:
        """Give answers that belong to nobody beside one that is given then."""

    # -- the seam ------------------------------------------------------------------------------

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

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:
        """Fire what is due, then take bytes."""
        out = self._fire(now_us)
        self._hear(now_us, data)
        return made(DeviceStep, (out, self._wake_at_us()))

    def tick(self, now_us: Us) -> DeviceStep:
        """Fire what is due up to now, in order and at its own time."""
        out = self._fire(now_us)
        return made(DeviceStep, (out, self._wake_at_us()))

    def cut(self, now_us: Us) -> None:
        """Lose the host's line: what hangs on it has no power any more."""
        self._fire(now_us)
        self._defects.cut()

    # -- for its kind --------------------------------------------------------------------------

    def _fire(self, now_us: Us) -> bytes:
        """Let happen what is due; return the answers that leave."""
        self._fire_due(now_us)
        answers = self._answers
        out = b""
        while answers and answers[0][0] <= now_us:
            out += heapq.heappop(answers)[2]
        return out

    def _wake_at_us(self) -> Us:
        wake_us = self._next_us()
        if self._answers:
            wake_us = min(wake_us, self._answers[0][0])
        return wake_us

    def _is_off(self, now_us: Us) -> bool:
        """Return whether a command meets a device that is stuck; it may have started anew."""
        if self._defects.starts(now_us):
            self._answers.clear()
            self._start_anew(now_us)
        return self._defects.stuck(now_us)

    def _answer(self, now_us: Us, frame: bytes) -> None:
        """Let an answer leave in its time, if it does."""
        at_us = now_us + self._delay_us()
        if self._defects.any:
            if self._defects.holds(LOST, now_us):
                return
            at_us += int(self._defects.holds(DELAYED, now_us) * 1000.0)
            if self._defects.holds(TO_NOBODY, now_us):
                self._answer_nobody(at_us, frame)
        self._push(at_us, frame)

    def _push(self, at_us: Us, frame: bytes) -> None:
        self._sequence += 1
        heapq.heappush(self._answers, (at_us, self._sequence, frame))
