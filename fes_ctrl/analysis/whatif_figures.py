"""A what-if as figures: what JSON tells of it, and every line for people is made of."""

from collections.abc import Sequence
from typing import Any, Final

from fes_ctrl.analysis.pairing import MARKS, Pair
from fes_ctrl.analysis.percentiles import spread
from fes_ctrl.analysis.whatif import ChannelWhatIf, LegFrame, WhatIf
from fes_ctrl.analysis.windows import Window
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.units import ms_from_us, s_from_us

FORMAT: Final = 1


def figures(told: WhatIf) -> dict[str, Any]:
    """Return everything that a what-if tells.

    Parameters
    ----------
    told : WhatIf
        The two sides, compared.

    Returns
    -------
    dict
        ``old``, ``new``, ``equal``, ``tolerance_ms``, and ``legs.<side>`` with ``told_by``,
        ``swing_begins_with``, ``strides`` and ``channels``. Times are seconds of the recording's
        own clock; differences are new minus old; unknown is ``None``.
    """
    return {
        "format": FORMAT,
        "old": told.old,
        "new": told.new,
        "equal": told.equal,
        "tolerance_ms": ms_from_us(told.tolerance_us),
        "legs": {
            LEG_NAMES[leg]: _leg(frame, [each for each in told.channels if each.leg == leg])
            for leg, frame in sorted(told.frames.items())
        },
    }


def _leg(frame: LegFrame, channels: Sequence[ChannelWhatIf]) -> dict[str, Any]:
    return {
        "told_by": frame.told_by,
        "swing_begins_with": frame.swings.begin,
        "strides": [
            {
                "stride": each.number,
                "from_s": s_from_us(each.start_us),
                "to_s": s_from_us(each.end_us),
            }
            for each in frame.strides
        ],
        "channels": [channel_figures(frame, each) for each in channels],
    }


def channel_figures(frame: LegFrame, channel: ChannelWhatIf) -> dict[str, Any]:
    """Return the figures of one channel: totals of both sides, their timing, every burst."""
    paired = [(pair.old, pair.new) for pair in channel.pairs]
    both = [(old, new) for old, new in paired if old is not None and new is not None]
    onset_ms = [ms_from_us(new.onset_us - old.onset_us) for old, new in both]
    end_ms = [ms_from_us(new.end_us - old.end_us) for old, new in both]
    marks = [mark for pair in channel.pairs for mark in pair.marks]
    return {
        "channel": channel.channel,
        "muscle": channel.muscle or None,
        "totals": {
            "old": _total(channel.old),
            "new": _total(channel.new),
            "paired": len(both),
            "unchanged": sum(not pair.marks for pair in channel.pairs),
            **{mark: marks.count(mark) for mark in MARKS},
            "onset_ms": spread(onset_ms, p05=5, median=50, p95=95),
            "end_ms": spread(end_ms, p05=5, median=50, p95=95),
            "charge_percent": _change_percent(_charge_uc(channel.old), _charge_uc(channel.new)),
        },
        "timing": {"old": channel.timing_old, "new": channel.timing_new},
        "bursts": [_pair(frame, pair) for pair in channel.pairs],
    }


def _total(windows: Sequence[Window]) -> dict[str, Any]:
    """Return what one side gives on a channel in all."""
    pulses = [window.pulses for window in windows]
    return {
        "bursts": len(windows),
        "pulses": None if None in pulses else sum(each or 0 for each in pulses),
        "on_s": round(sum(s_from_us(window.end_us - window.onset_us) for window in windows), 6),
        "charge_uC": _charge_uc(windows),
        "duration_ms": spread(
            [ms_from_us(window.end_us - window.onset_us) for window in windows],
            p05=5,
            median=50,
            p95=95,
        ),
    }


def _charge_uc(windows: Sequence[Window]) -> float | None:
    charges = [window.charge_pc for window in windows]
    return None if None in charges else round(sum(each or 0 for each in charges) / 1e6, 4)


def _change_percent(old: float | None, new: float | None) -> float | None:
    if not old or new is None:
        return None
    return round(100.0 * (new - old) / old, 2)


def _pair(frame: LegFrame, pair: Pair) -> dict[str, Any]:
    old, new = pair.old, pair.new
    shown = new if old is None else old
    return {
        "stride": None if shown is None else frame.number_at(shown.onset_us),
        "marks": list(pair.marks),
        "why": pair.why or None,
        "old": None if old is None else _window(old),
        "new": None if new is None else _window(new),
        "difference": None if old is None or new is None else _difference(old, new),
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "onset_s": s_from_us(window.onset_us),
        "plateau_s": [s_from_us(window.plateau_us), s_from_us(window.fall_us)],
        "end_s": s_from_us(window.end_us),
        "duration_ms": ms_from_us(window.end_us - window.onset_us),
        "trigger": window.trigger,
        "trigger_s": None if window.trigger_us is None else s_from_us(window.trigger_us),
        "ended_by": window.ended_by,
        "peak_mA": window.peak_ua / 1e3,
        "pulses": window.pulses,
        "charge_uC": None if window.charge_pc is None else round(window.charge_pc / 1e6, 4),
    }


def _difference(old: Window, new: Window) -> dict[str, Any]:
    onset_us, end_us = new.onset_us - old.onset_us, new.end_us - old.end_us
    known = None not in (old.trigger_us, new.trigger_us)
    charged = None not in (old.charge_pc, new.charge_pc)
    return {
        "onset_ms": ms_from_us(onset_us),
        "end_ms": ms_from_us(end_us),
        "duration_ms": ms_from_us(end_us - onset_us),
        "trigger_ms": (
            ms_from_us((new.trigger_us or 0) - (old.trigger_us or 0)) if known else None
        ),
        "peak_mA": (new.peak_ua - old.peak_ua) / 1e3,
        "charge_uC": (
            round(((new.charge_pc or 0) - (old.charge_pc or 0)) / 1e6, 4) if charged else None
        ),
    }
