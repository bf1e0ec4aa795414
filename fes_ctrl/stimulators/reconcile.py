"""Pulses and charge that a device says it has given, held against what it was asked for.

The device accepted each pulse with its instant, and tells its clock with its account; so how many
must have ended by then is known exactly. Only a pulse whose answer has not come may or may not be
among them.
"""

from collections import deque
from typing import Final, NamedTuple

from fes_ctrl.units import PicoCoulomb, Us

TOLERANCE_PERCENT: Final = 10
"""Charge may be off by so much. An assumption: half of what stimulators are allowed."""

SPARE_PC: Final = 2_000
"""The device rounds its sum down."""

WHOLE: Final = 1 << 32


class Asked(NamedTuple):
    """One pulse: when it is over by the device's clock, and the charge of its first phase."""

    sequence: int
    end_us: Us
    charge_pc: PicoCoulomb


class Reconciler:
    """What was asked for in one session."""

    __slots__ = ("_accepted", "_charge_nc", "_open", "_pulses")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin with a session."""
        self._accepted: deque[Asked] = deque()
        self._open: list[Asked] = []
        self._pulses = 0
        self._charge_nc = 0

    def sent(self, asked: Asked) -> None:
        """Take note of a pulse that was written: whether it is accepted is not known yet."""
        self._open.append(asked)

    def answered(self, sequence: int, *, accepted: bool) -> None:
        """Take note of the answer to one."""
        for index, asked in enumerate(self._open):
            if asked.sequence == sequence:
                del self._open[index]
                if accepted:
                    self._accepted.append(asked)
                return

    def waiting(self) -> list[int]:
        """Return the sequence numbers of those that are accepted and not over."""
        return [asked.sequence for asked in self._accepted]

    def against(self, clock_us: Us, pulses: int, charge_nc: int) -> str:
        """Return what is wrong with an account; empty where nothing is.

        Parameters
        ----------
        clock_us : int
            The device's whole time of it.
        pulses : int
            Given in this session.
        charge_nc : int
            Charge of their first phases, its low 32 bits.
        """
        still: deque[Asked] = deque()
        asked_pc: PicoCoulomb = 0
        for asked in self._accepted:
            if asked.end_us <= clock_us:
                self._pulses += 1
                asked_pc += asked.charge_pc
            else:
                still.append(asked)
        self._accepted = still
        doubtful = [asked for asked in self._open if asked.end_us <= clock_us]
        if not self._pulses <= pulses <= self._pulses + len(doubtful):
            return f"gave {pulses} pulses, {self._pulses} were asked for"
        told_nc = (charge_nc - self._charge_nc) % WHOLE
        told_pc = told_nc * 1000
        most_pc = asked_pc + sum([asked.charge_pc for asked in doubtful])
        if (told_pc + SPARE_PC) * 100 < asked_pc * (100 - TOLERANCE_PERCENT) or (
            told_pc - SPARE_PC
        ) * 100 > most_pc * (100 + TOLERANCE_PERCENT):
            return f"gave {told_nc} nC, {asked_pc // 1000} were asked for"
        self._charge_nc = charge_nc
        # What a doubtful one did is settled by what the device counts: its instant is over.
        self._open = [asked for asked in self._open if asked.end_us > clock_us]
        self._pulses = pulses
        return ""
