"""What a feslink device keeps of its limits: a table of integers, and an account for each channel.

Everything is in the device's own units (current steps, microseconds of its clock) and sized for a
microcontroller: docs/reference/feslink.md states each rule, and the C firmware has the same.
"""

from typing import Final, NamedTuple

from fes_ctrl.units import PicoCoulomb, Us
from fes_ctrl.wire import feslink_messages as fm

CHANNELS: Final = 8
QUEUE_MOST: Final = 8
DEAD_MAN_LEAST_MS: Final = 50
DEAD_MAN_MOST_MS: Final = 150

SHIFT_US: Final = 2_000
"""A late host may have shifted a burst's first pulse by so much more than another."""

PAUSE_US: Final = 100_000
"""A burst is over after so long without a pulse, unless its pulses came as far apart before."""

TWITCH_US: Final = 500_000
"""So far apart, each pulse is a burst."""

SLICE_US: Final = 125_000
SLICES: Final = 9
"""Of r.m.s. current: the present slice and the eight before it, a second at least."""

SOON_US: Final = 1_000_000
SOON_MOST: Final = 5
"""So many pulses in a second that come too soon are no host that was late, but too high a rate."""


class Table(NamedTuple):
    """What the device can do, and what it refuses: constants of a firmware, which no host sets."""

    channels: int = CHANNELS
    waveforms: int = 0b11
    current_step_ua: int = 500
    current_max_steps: int = 200
    width_step_us: int = 1
    width_min_us: int = 20
    width_max_us: int = 500
    min_interval_us: int = 10_000
    dead_man_min_ms: int = 50
    dead_man_max_ms: int = 150
    queue: int = 8
    detection_steps: int = 4
    clock_ppm: int = 100
    compliance_v: int = 150
    current_steps: int = 160
    width_us: int = 300
    charge_nc: int = 24_000
    interval_us: int = 20_000
    burst_ms: int = 2_000
    start_steps: int = 60
    level_steps: int = 10
    ramp_ms: int = 100
    rms_steps: int = 64
    dose_100mc: int = 200
    session_min: int = 480

    def fits(self) -> bool:
        """Return whether there is the room and the output for what it promises."""
        return (
            1 <= self.channels <= CHANNELS
            and 1 <= self.queue <= QUEUE_MOST
            and self.width_step_us >= 1
            and self.dead_man_min_ms >= DEAD_MAN_LEAST_MS
            and self.dead_man_max_ms <= DEAD_MAN_MOST_MS
            and self.current_steps <= self.current_max_steps
            and self.width_us <= self.width_max_us
        )

    def beyond(self, steps: int, width_us: Us, charge_pc: PicoCoulomb) -> int:
        """Return the fault of a pulse that is beyond what one may be, if it is."""
        if steps > self.current_steps:
            return fm.FAULT_CURRENT
        if width_us > self.width_us:
            return fm.FAULT_WIDTH
        return fm.FAULT_CHARGE if charge_pc > self.charge_nc * 1000 else fm.NO_FAULT


BENCH: Final = Table()
"""The bench's limits (configs/limits/bench.toml): 80 mA, 300 us, 24 uC a phase, 50 Hz, 2 s, from
30 mA in 5 mA, 100 ms, 2 mA/cm2 r.m.s. on 16 cm2, 20 C, eight hours."""


class Channel:
    """One output: when its last pulses were, how strong, and how much in the last second."""

    __slots__ = (
        "_apart_us",
        "_begun",
        "_burst_us",
        "_held",
        "_last",
        "_last_us",
        "_level",
        "_numbers",
        "_peak",
        "_squares",
    )

    def __init__(self) -> None:
        self._begun = False
        self._last_us: Us = 0
        self._burst_us: Us = 0
        self._apart_us: Us = 0
        self._numbers = [-1] * SLICES
        self._squares = [0] * SLICES
        self.restart()

    def restart(self) -> None:
        """Begin at zero strength again: a session begins."""
        self._level = 0
        self._peak = 0
        self._held = 0
        self._last = 0

    def too_soon(self, at_us: Us, interval_us: Us) -> bool:
        """Return whether a pulse then is too close behind the last, or before it."""
        return self._begun and at_us - self._last_us < interval_us

    def against(self, at_us: Us, steps: int, square: int, table: Table) -> int:
        """Return the fault that a pulse would be; ``NO_FAULT`` enters it in the account.

        Parameters
        ----------
        at_us : int
            When, in whole time of the device's clock.
        steps : int
            Current of the first phase.
        square : int
            Steps squared times microseconds, of both phases.
        table : Table
            The limits.
        """
        number = at_us // SLICE_US
        total = square
        for known, part in zip(self._numbers, self._squares, strict=True):
            if known > number - SLICES:
                total += part
        if total > table.rms_steps * table.rms_steps * 1_000_000:
            return fm.FAULT_RMS
        begins = self._pauses(at_us)
        if not begins and at_us - self._burst_us > table.burst_ms * 1000 + SHIFT_US:
            return fm.FAULT_BURST
        level = self._level_before(begins=begins)
        fault = self._against_the_rise(at_us, steps, level, table, begins=begins)
        if fault:
            return fault
        self._level = level
        self._enter(at_us, steps, begins=begins)
        place = number % SLICES
        if self._numbers[place] != number:
            self._numbers[place] = number
            self._squares[place] = 0
        self._squares[place] += square
        return fm.NO_FAULT

    def _pauses(self, at_us: Us) -> bool:
        if not self._begun:
            return True
        gap_us = at_us - self._last_us
        if gap_us <= PAUSE_US:
            return False
        return gap_us > TWITCH_US or gap_us * 2 > self._apart_us * 3

    def _level_before(self, *, begins: bool) -> int:
        """Return the level of the bursts before; 0 where none was.

        A peak that was held for two pulses is the level. A burst that was cut in its rise says
        nothing of it, and lowers no bar.
        """
        if not begins or not self._peak:
            return self._level
        if self._held == self._peak:
            return self._peak
        return max(self._level, self._peak)

    def _against_the_rise(
        self, at_us: Us, steps: int, level: int, table: Table, *, begins: bool
    ) -> int:
        start = table.start_steps
        top = max(start, level + table.level_steps) if level else start
        if steps > top:
            return fm.FAULT_LEVEL if level else fm.FAULT_START
        if steps <= start:
            return fm.NO_FAULT
        if begins:
            return fm.FAULT_START
        since_us = at_us - self._burst_us + SHIFT_US
        if (steps - start) * table.ramp_ms * 1000 > (top - start) * since_us:
            return fm.FAULT_RAMP
        return fm.NO_FAULT

    def _enter(self, at_us: Us, steps: int, *, begins: bool) -> None:
        gap_us = at_us - self._last_us
        self._apart_us = gap_us if self._begun and gap_us <= TWITCH_US else 0
        if begins:
            self._burst_us = at_us
            self._peak = steps
            self._held = 0
        else:
            if steps == self._last:
                self._held = max(self._held, steps)
            self._peak = max(self._peak, steps)
        self._last = steps
        self._last_us = at_us
        self._begun = True
