"""The page of a what-if: the strides with both programs' bursts, and what differs beside them.

One file, nothing loaded from anywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from fes_ctrl.analysis.cycle import stride_at
from fes_ctrl.analysis.cycle_signal import CycleSignal
from fes_ctrl.analysis.whatif import ChannelWhatIf, LegFrame, WhatIf
from fes_ctrl.report.cycle_course import course_svg
from fes_ctrl.report.cycle_rows import BARS, EVENTS, NEW, OLD, WIDTH, axis_svg, rows_svg
from fes_ctrl.report.whatif_words import (
    LIST_HEADS,
    NO_DIFFERENCE,
    UNITS,
    WORDS,
    cells_of,
    count_line,
    place_of,
    summary_heads,
    summary_rows,
    told_by,
)

STYLE: Final = """\
body{font:15px/1.45 system-ui,sans-serif;color:#1c2126;margin:0;padding:20px;background:#fff}
h1{font-size:22px;margin:0 0 4px}h2{font-size:18px;margin:28px 0 6px}
p{margin:4px 0;max-width:80ch}.grey{color:#5b656c}
.two{display:grid;gap:20px;grid-template-columns:minmax(0,1fr)}
@media(min-width:1100px){.two{grid-template-columns:minmax(0,11fr) minmax(0,9fr)}}
svg.cycle{width:100%;max-width:900px;height:auto;display:block}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;margin:10px 0;font-size:13px}
.key span{display:inline-flex;align-items:center;gap:6px}
.list{overflow:auto;max-height:min(92vh,1000px);align-self:start;
position:sticky;top:10px}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:2px 9px 2px 0;text-align:right;white-space:nowrap}
th{font-weight:600;border-bottom:1px solid #cdd6db;position:sticky;top:0;background:#fff}
td.text,th.text{text-align:left}td.text:last-child{white-space:normal}
.wide{overflow-x:auto}.both th{white-space:normal;max-width:18em}
tr.missing td,tr.extra td{color:#c22f2f}
"""

CAUTION: Final = (
    "It tells when pulses would have come, never what the foot would have done: the gait of a "
    "recording was shaped by what happened then."
)


def whatif_page(
    told: WhatIf, heading: str, notes: list[str], signals: Mapping[int, CycleSignal | None]
) -> str:
    """Return the page.

    Parameters
    ----------
    told : WhatIf
        The two sides, compared.
    heading : str
        Which recording, how long, which detector.
    notes : list of str
        What else is to be said above the pictures.
    signals : mapping of leg to CycleSignal or None
        What is drawn behind the current.
    """
    title = f"What if: {told.new} instead of {told.old}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="grey">{escape(heading)}</p>',
        *([f"<p><b>{NO_DIFFERENCE}</b></p>"] if told.equal else []),
        *(f"<p>{escape(note)}</p>" for note in notes),
        f'<p class="grey">{CAUTION}</p>',
        _key(told),
    ]
    for channel in told.channels:
        frame = told.frames[channel.leg]
        body.append(_channel(told, frame, channel, signals.get(channel.leg)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def channel_svg(frame: LegFrame, channel: ChannelWhatIf, signal: CycleSignal | None) -> str:
    """Return the picture of one channel: the mean over all strides, then stride by stride."""
    course, bottom = course_svg(frame.strides, frame.events, channel.old, channel.new, signal, 0.0)
    rows, bottom = rows_svg(
        frame.strides, frame.events, channel.old, channel.new, channel.pairs, bottom + 16.0
    )
    height = bottom + 40.0
    return (
        f'<svg class="cycle" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img" '
        f'aria-label="{escape(place_of(channel))}: bursts on the gait cycle">\n'
        f"{course}\n{rows}\n{axis_svg(bottom)}\n</svg>"
    )


def _key(told: WhatIf) -> str:
    items = [
        _swatch(OLD, 12) + f"<b>{escape(told.old)}</b>",
        _swatch(NEW, 6) + f"<b>{escape(told.new)}</b>",
        "pale: ramps",
    ]
    shown = {event.kind for frame in told.frames.values() for event in frame.events}
    items += [
        f'<svg width="4" height="14"><path d="M2 0v14" stroke="{colour}" stroke-width="2"/></svg>'
        f"{name}"
        for kind, (colour, name) in EVENTS.items()
        if kind in shown
    ]
    items.append(
        "beside each stride: onset and end later (\u25b6) or sooner (\u25c0), current up (\u25b2) "
        "or down (\u25bc), burst missing (\u00d7) or extra (+)"
    )
    return '<div class="key">' + "".join(f"<span>{item}</span>" for item in items) + "</div>"


def _swatch(colour: str, height: int) -> str:
    top = (14 - height) / 2
    return (
        f'<svg width="34" height="14"><rect x="0" y="{top:g}" width="34" height="{height}" '
        f'fill="{BARS[colour][0]}"/><rect x="9" y="{top:g}" width="17" '
        f'height="{height}" fill="{BARS[colour][1]}"/></svg>'
    )


def _channel(
    told: WhatIf, frame: LegFrame, channel: ChannelWhatIf, signal: CycleSignal | None
) -> str:
    head = f"<h2>{escape(place_of(channel))}</h2><p>{escape(count_line(channel))}</p>"
    if not channel.pairs:
        return f"{head}<p>Neither gives a burst on it.</p>"
    table = _table(summary_heads(told), [("", row) for row in summary_rows(frame, channel)])
    outside = _outside(frame, channel)
    beyond = f"; begun outside of the strides: {outside}" if outside else ""
    head += (
        f'<div class="wide both">{table}</div><p class="grey">{UNITS}; '
        f"{told_by(frame)}{beyond}.</p>"
    )
    if frame.strides:
        picture = channel_svg(frame, channel, signal)
    else:
        picture = "<p>No stride from contact to contact is known: there is no gait cycle.</p>"
    return f'{head}<div class="two"><div>{picture}</div>{_list(frame, channel)}</div>'


def _outside(frame: LegFrame, channel: ChannelWhatIf) -> int:
    shown = [pair.old or pair.new for pair in channel.pairs]
    return sum(
        window is not None and stride_at(frame.strides, window.onset_us) is None for window in shown
    )


def _list(frame: LegFrame, channel: ChannelWhatIf) -> str:
    if not channel.differing:
        return '<p class="list">No burst differs.</p>'
    rows = [(" ".join(pair.marks), cells_of(frame, pair)) for pair in channel.differing]
    return f'<div class="list">{_table(LIST_HEADS, rows)}</div>'


def _table(heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    words = [' class="text"' if name in WORDS else "" for name in heads]
    head = "".join(
        f"<th{word}>{escape(name)}</th>" for name, word in zip(heads, words, strict=True)
    )
    lines = [
        f'<tr class="{marks}">'
        + "".join(f"<td{word}>{escape(c)}</td>" for c, word in zip(cells, words, strict=True))
        + "</tr>"
        for marks, cells in rows
    ]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
