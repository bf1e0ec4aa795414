"""A what-if in words: the lines and cells that the page and the terminal share."""

from typing import Any, Final

from fes_ctrl.analysis.pairing import (
    EARLY,
    ENDS_EARLY,
    ENDS_LATE,
    EXTRA,
    LATE,
    MARKS,
    MISSING,
    STRONGER,
    WEAKER,
    Pair,
)
from fes_ctrl.analysis.whatif import BY_OTHER_LEG, BY_REFERENCE, ChannelWhatIf, LegFrame, WhatIf
from fes_ctrl.analysis.whatif_figures import channel_figures
from fes_ctrl.analysis.windows import RECORDED, Window
from fes_ctrl.model import HEEL_OFF, LEG_NAMES
from fes_ctrl.units import ms_from_us, s_from_us

SAID: Final = {
    LATE: ("later", "later"),
    EARLY: ("earlier", "earlier"),
    ENDS_LATE: ("ends later", "end later"),
    ENDS_EARLY: ("ends earlier", "end earlier"),
    STRONGER: ("stronger", "stronger"),
    WEAKER: ("weaker", "weaker"),
    MISSING: ("missing", "missing"),
    EXTRA: ("extra", "extra"),
}
"""What is said of one burst, and of several."""

LIST_HEADS: Final = ("stride", "at, s", "what", "onset", "end", "mA", "ended by")
"""Columns of the list of bursts: differences, new minus old; of one that is missing or extra the
last column tells its own length and current."""

WORDS: Final = ("", "what", "ended by")
"""Columns that are set left."""

UNKNOWN: Final = "-"

NO_DIFFERENCE: Final = "No difference: every pulse is the same."

UNITS: Final = "Times in ms, median (5..95 %), differences new minus old"
"""What the numbers of both tables are."""


def place_of(channel: ChannelWhatIf) -> str:
    """Return the name of a channel: leg, muscle, output."""
    muscle = f"{channel.muscle}, " if channel.muscle else ""
    return f"{LEG_NAMES[channel.leg]} leg, {muscle}channel {channel.channel}"


def count_line(channel: ChannelWhatIf) -> str:
    """Return how many bursts there are and what differs, in one sentence."""
    marks = [mark for pair in channel.pairs for mark in pair.marks]
    told = [_many(marks.count(mark), mark) for mark in MARKS if mark in marks]
    unchanged = sum(not pair.marks for pair in channel.pairs)
    return (
        f"{len(channel.new)} bursts instead of {len(channel.old)}: "
        f"{', '.join([*told, f'{unchanged} as before'])}."
    )


def summary_heads(told: WhatIf) -> tuple[str, ...]:
    """Return the columns of the table of both sides; times are median (5 to 95 %)."""
    return "", told.old, told.new, "burst by burst"


def summary_rows(frame: LegFrame, channel: ChannelWhatIf) -> list[tuple[str, ...]]:
    """Return the lines of that table: what, the old side, the new one, and how they differ."""
    figures = channel_figures(frame, channel)
    totals, timing = figures["totals"], figures["timing"]
    begin = "heel-off" if frame.swings.begin == HEEL_OFF else "toe-off"
    percent = totals["charge_percent"]
    sides = [(totals[key], timing[key]) for key in ("old", "new")]
    rows = [
        ("bursts", *(str(total["bursts"]) for total, _ in sides), ""),
        ("length", *(_spread(total["duration_ms"]) for total, _ in sides), ""),
        (
            f"onset after {begin}",
            *(_spread(when["onset_ms"]) for _, when in sides),
            _spread(totals["onset_ms"], signed=True),
        ),
        (
            "end after contact",
            *(_spread(when["end_ms"]) for _, when in sides),
            _spread(totals["end_ms"], signed=True),
        ),
        ("swings missed", *(_missed(when) for _, when in sides), ""),
        ("bursts in no swing", *(_count(when["extra"]) for _, when in sides), ""),
        (
            "charge, uC",
            *(_count(total["charge_uC"]) for total, _ in sides),
            "" if percent is None else f"{percent:+.1f} %",
        ),
    ]
    return [(name, *cells) for name, *cells in rows]


def told_by(frame: LegFrame) -> str:
    """Return which events bursts are held against."""
    if frame.told_by == BY_OTHER_LEG:
        return f"{len(frame.strides)} strides of the other leg, for nothing is told of this one"
    by = "reference" if frame.told_by == BY_REFERENCE else "detected"
    return f"{len(frame.strides)} strides, {len(frame.swings.spans_us)} swings by {by} events"


def cells_of(frame: LegFrame, pair: Pair) -> tuple[str, ...]:
    """Return the cells of one pair, under ``LIST_HEADS``."""
    old, new = pair.old, pair.new
    shown = old or new
    number = None if shown is None else frame.number_at(shown.onset_us)
    return (
        UNKNOWN if number is None else str(number),
        UNKNOWN if shown is None else f"{s_from_us(shown.onset_us):.2f}",
        ", ".join(SAID[mark][0] for mark in pair.marks) or "as before",
        *_changes(pair),
    )


def _many(count: int, mark: str) -> str:
    return f"{count} {SAID[mark][count != 1]}"


def _changes(pair: Pair) -> tuple[str, str, str, str]:
    old, new = pair.old, pair.new
    if old is not None and new is not None:
        change_ua = new.peak_ua - old.peak_ua
        return (
            _signed(ms_from_us(new.onset_us - old.onset_us)),
            _signed(ms_from_us(new.end_us - old.end_us)),
            f"{change_ua / 1e3:+g}" if change_ua else "0",
            _endings(old, new),
        )
    alone = old or new
    if alone is None:
        return "", "", "", ""
    length_ms = ms_from_us(alone.end_us - alone.onset_us)
    own = f"{_ending(alone)}, after {length_ms:.0f} ms at {alone.peak_ua / 1e3:g} mA"
    return "", "", "", f"{own}; {pair.why}" if pair.why else own


def _ending(window: Window) -> str:
    return window.ended_by.replace("initial_", "").replace("_", " ")


def _endings(old: Window, new: Window) -> str:
    """Return what ended both, where that differs."""
    known = RECORDED not in (old.ended_by, new.ended_by)
    if old.ended_by == new.ended_by or not known:
        return ""
    return f"{_ending(old)} \u2192 {_ending(new)}"


def _missed(timing: dict[str, Any]) -> str:
    swings = timing["swings"]
    return f"{timing['missed_swings']} of {swings}" if swings else UNKNOWN


def _count(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0f}"


def _spread(figures: dict[str, Any], *, signed: bool = False) -> str:
    if figures["median"] is None:
        return UNKNOWN
    low, middle, high = (
        _signed(figures[key]) if signed else str(round(figures[key]))
        for key in ("p05", "median", "p95")
    )
    return f"{middle} ({low}..{high})"


def _signed(value: float) -> str:
    return f"{value:+.0f}" if abs(value) >= 0.5 else "0"
