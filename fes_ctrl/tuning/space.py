"""The dials of a program that a search turns, and how far each may go.

Where a dial ends is asked of the configuration itself: a value that the limits or the device
refuse, with all others as they are, is beyond its end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final

from fes_ctrl.gait import FOOT, FUSED, SHANK
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.tuning.job import Settings, settings_of

Point = tuple[float, ...]
"""A value for each dial, in their order."""

Check = Callable[[Settings], str]
"""What speaks against settings, in a sentence; empty where nothing does."""

LEADING: Final = (FOOT, SHANK, FUSED)
"""Detectors of feet that show that they are about to leave the ground: a lead is used there."""


@dataclass(frozen=True, slots=True)
class Dial:
    """One value of the program that is turned.

    Attributes
    ----------
    key : str
        Dotted, as ``--set`` takes it.
    words, unit : str
        As people read it.
    low, high : float
        Its ends.
    step : float
        It stands at ``low`` and whole steps above.
    now : float
        Where the given program has it; need not be on a step, nor between the ends: where somebody
        wants it elsewhere, no other program stands there.
    whole : bool
        Whether the configuration takes whole numbers only.
    """

    key: str
    words: str
    unit: str
    low: float
    high: float
    step: float
    now: float
    whole: bool = False

    @property
    def levels(self) -> int:
        """How many positions it has; none is above ``high``."""
        return int((self.high - self.low) / self.step + 1e-6) + 1

    @property
    def home(self) -> float:
        """Where it stands in a candidate that does not turn it."""
        return min(max(self.now, self.low), self.high)

    @property
    def span(self) -> tuple[float, float]:
        """Between which values programs stand, the given one included."""
        return min(self.low, self.now), max(self.high, self.now)

    def at(self, level: int) -> float:
        """Return the value of a position, counted from 0."""
        return round(self.low + level * self.step, 6)

    def nearest(self, value: float) -> float:
        """Return the position nearest to a value; where it is now counts as one, if it may."""
        if self.home == self.now and abs(value - self.now) < self.step / 2:
            return self.now
        level = round((value - self.low) / self.step)
        return self.at(min(max(level, 0), self.levels - 1))

    def value(self, at: float) -> object:
        """Return a position as the configuration takes it."""
        return round(at) if self.whole else at


@dataclass(frozen=True, slots=True)
class Range:
    """How far a dial goes where nothing narrows it: words, unit, ends, step."""

    words: str
    unit: str
    low: float
    high: float
    step: float


PROGRAM: Final[Mapping[str, Range]] = {
    "delay_ms": Range("onset", "ms", 0, 200, 5),
    "trigger_lead_ms": Range("lead", "ms", 0, 150, 10),
    "rise_ms": Range("rise", "ms", 50, 500, 10),
    "extension_ms": Range("extension", "ms", 0, 300, 10),
    "extension_percent_stance": Range("extension", "% of stance", 0, 40, 1),
    "fall_ms": Range("fall", "ms", 0, 300, 10),
}
CHANNEL: Final[Mapping[str, Range]] = {
    "intensity": Range("intensity", "", 0.1, 1.0, 0.01),
    "current_mA": Range("current", "mA", 5, 100, 0.5),
    "pulse_width_us": Range("pulse width", "us", 50, 500, 10),
    "rate_hz": Range("rate", "Hz", 15, 60, 1),
}
"""A rate below 15 Hz is a row of twitches, a delay above 200 ms has missed toe-off."""

WHOLE: Final = ("pulse_width_us",)


def dials_of(program: ProgramConfig, detector: str) -> list[Dial]:
    """Return the dials that do something in a program, in the order of a burst.

    Parameters
    ----------
    program : ProgramConfig
        The given one.
    detector : str
        Which detector tells its events.
    """
    keys = ["delay_ms", "rise_ms", "extension_ms", "fall_ms"]
    if detector in LEADING:
        keys.insert(1, "trigger_lead_ms")
    if program.extension_percent_stance is not None:
        keys[keys.index("extension_ms")] = "extension_percent_stance"
    if program.end == "time_out":
        keys = [key for key in keys if not key.startswith("extension")]
    found = [
        _usual(f"program.{key}", PROGRAM[key], float(getattr(program, key)), program)
        for key in keys
    ]
    for index, channel in enumerate(program.channel):
        strength = "intensity" if channel.current_mA is None else "current_mA"
        for key in (strength, "pulse_width_us", "rate_hz"):
            path = f"program.channel.{index}.{key}"
            found.append(_usual(path, CHANNEL[key], float(getattr(channel, key)), program))
    return found


def dial_at(key: str, span: Range, now: float, program: ProgramConfig) -> Dial:
    """Return a dial of a range, wherever it stands now."""
    last = key.rpartition(".")[2]
    words = span.words
    if key.startswith("program.channel.") and len(program.channel) > 1:
        words = f"{words} of channel {key.split('.')[2]}"
    return Dial(key, words, span.unit, span.low, span.high, span.step, now, last in WHOLE)


def _usual(key: str, span: Range, now: float, program: ProgramConfig) -> Dial:
    """Return a dial of its usual range, widened to where it stands now."""
    dial = dial_at(key, span, now, program)
    low, high = dial.span
    return replace(dial, low=low, high=high)


def settings_at(dials: Sequence[Dial], point: Point) -> Settings:
    """Return the settings of a point: those that are not as in the given program."""
    return settings_of(
        {
            dial.key: dial.value(at)
            for dial, at in zip(dials, point, strict=True)
            if dial.value(at) != dial.value(dial.now)
        }
    )


def given(dials: Sequence[Dial]) -> Point:
    """Return the point of the given program."""
    return tuple([dial.now for dial in dials])


def narrowed(dials: Sequence[Dial], check: Check) -> list[Dial]:
    """Return the dials as far as limits and device let each of them go alone.

    Parameters
    ----------
    dials : sequence of Dial
        With the given program in between, or beyond an end.
    check : callable
        Judges settings; the given program is good.

    Returns
    -------
    list of Dial
        Without those that cannot be turned at all.
    """
    found = []
    for dial in dials:

        def good(value: float, dial: Dial = dial) -> bool:
            return not _against(dial, value, check)

        if dial.home != dial.now and not good(dial.home):
            continue  # what is good is one stretch, and the given program is in it
        from_home = replace(dial, now=dial.home)
        low = _farthest(from_home, good, 0)
        high = _farthest(from_home, good, dial.levels - 1)
        if high > low:
            found.append(replace(dial, low=low, high=high))
    return found


def shortened(asked: Sequence[Dial], left: Sequence[Dial], check: Check) -> list[str]:
    """Return which dials do not go as far as was asked for, and why.

    Parameters
    ----------
    asked, left : sequence of Dial
        As they were given to ``narrowed``, and what it has left of them.
    check : callable
        As there.
    """
    found = []
    by_key = {dial.key: dial for dial in left}
    for dial in asked:
        now = by_key.get(dial.key)
        goes = "cannot be turned" if now is None else f"goes from {now.low:g} to {now.high:g}"
        for at in _refused_next(dial, now, check):
            why = _against(dial, at, check).partition(" (--set ")[0]
            found.append(f"{dial.key} {goes}: at {at:g}, {why}")
    return found


def _against(dial: Dial, at: float, check: Check) -> str:
    return check(settings_of({dial.key: dial.value(at)}))


def _refused_next(dial: Dial, left: Dial | None, check: Check) -> list[float]:
    """Return the first refused value on each side on which a dial does not go to its end."""
    if left is None and dial.home != dial.now and _against(dial, dial.home, check):
        return [dial.home]
    low, high = (dial.home, dial.home) if left is None else (left.low, left.high)
    # Rounded, for a low end of 0.1 and steps of 0.01 do not divide evenly.
    below = ceil(round((low - dial.low) / dial.step, 6)) - 1
    above = floor(round((high - dial.low) / dial.step, 6)) + 1
    return [dial.at(level) for level in (below, above) if 0 <= level < dial.levels]


def _farthest(dial: Dial, good: Callable[[float], bool], end: int) -> float:
    """Return the farthest good value towards an end: what is good is taken to be one stretch."""
    towards = 1 if end else -1
    inside = (dial.now - dial.low) / dial.step
    nearest = int(-(-inside // 1)) if end else int(inside // 1)
    if (end - nearest) * towards < 0:
        return dial.now
    if good(dial.at(end)):
        return dial.at(end)
    near, far = nearest - towards, end
    while abs(far - near) > 1:
        middle = (near + far) // 2
        if good(dial.at(middle)):
            near = middle
        else:
            far = middle
    return dial.now if (near - nearest) * towards < 0 else dial.at(near)
