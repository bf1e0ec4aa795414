"""The page of a what-if: the strides with both programs' bursts, and what differs beside them."""

from collections.abc import Mapping
from html import escape
from typing import Final

from fes_ctrl.analysis.cycle import stride_at
from fes_ctrl.analysis.cycle_signal import CycleSignal
from fes_ctrl.analysis.pairing import EXTRA, MISSING, Pair
from fes_ctrl.analysis.whatif import ChannelWhatIf, LegFrame, WhatIf
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.report.cycle_course import course_svg
from fes_ctrl.report.cycle_rows import BARS, EVENTS, NEW, OLD, WIDTH, axis_svg, rows_svg
from fes_ctrl.report.markup import Across, Html, join, table, tag, text
from fes_ctrl.report.page import Section, page
from fes_ctrl.report.run_view import REPLAYED
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

CAUTION: Final = f"{REPLAYED} The gait of a recording was shaped by what happened then."

SIGNS: Final = (
    "Beside each stride: onset and end later (\u25b6) or sooner (\u25c0), current up (\u25b2) "
    "or down (\u25bc), burst missing (\u00d7) or extra (+)."
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

    Returns
    -------
    str
        A complete HTML document that needs nothing else.
    """
    sections = [Section("answer", "What differs", _answer(told, notes))]
    sections += [
        Section(
            f"{LEG_NAMES[channel.leg]}-{channel.channel}",
            place_of(channel).capitalize(),
            _channel(told, told.frames[channel.leg], channel, signals.get(channel.leg)),
        )
        for channel in told.channels
    ]
    title = f"What if: {told.new} instead of {told.old}"
    return page(title, sections, lead=tag("p", heading, class_="lead"), warning=CAUTION)


def channel_svg(frame: LegFrame, channel: ChannelWhatIf, signal: CycleSignal | None) -> Html:
    """Return the picture of one channel: the mean over all strides, then stride by stride."""
    course, bottom = course_svg(frame.strides, frame.events, channel.old, channel.new, signal, 0.0)
    rows, bottom = rows_svg(
        frame.strides, frame.events, channel.old, channel.new, channel.pairs, bottom + 16.0
    )
    height = bottom + 40.0
    return Html(
        f'<svg class="cycle" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'role="img" '
        f'aria-label="{escape(place_of(channel))}: bursts on the gait cycle">\n'
        f"{course}\n{rows}\n{axis_svg(bottom)}\n</svg>"
    )


def _answer(told: WhatIf, notes: list[str]) -> Html:
    differing = sum(len(channel.differing) for channel in told.channels)
    count = sum(len(channel.pairs) for channel in told.channels)
    badge = NO_DIFFERENCE if told.equal else f"{differing} of {count} bursts differ"
    return join(
        [
            tag("p", tag("span", badge, class_="verdict none")),
            *[tag("p", note) for note in notes],
            _key(told),
            tag("p", SIGNS, class_="note"),
        ]
    )


def _key(told: WhatIf) -> Html:
    shown = {event.kind for frame in told.frames.values() for event in frame.events}
    items = [
        (_swatch(OLD, 12), tag("strong", told.old)),
        (_swatch(NEW, 6), tag("strong", told.new)),
        ("", text("pale: ramps")),
        *[
            (f'<path d="M13 0v14" class="event {kind}"/>', text(name))
            for kind, name in EVENTS.items()
            if kind in shown
        ],
    ]
    return tag("p", *[_item(drawn, name) for drawn, name in items], class_="legend")


def _item(drawn: str, name: Html) -> Html:
    picture = Html(
        f'<svg class="swatch" viewBox="0 0 26 14" width="26" height="14" aria-hidden="true">'
        f"{drawn}</svg> "
    )
    return tag("span", picture if drawn else "", name, class_="key")


def _swatch(side: str, height: int) -> str:
    ramp, plateau = BARS[side]
    top = (14 - height) / 2
    return (
        f'<rect width="26" y="{top:g}" height="{height}" class="{ramp}"/>'
        f'<rect x="7" y="{top:g}" width="13" height="{height}" class="{plateau}"/>'
    )


def _channel(
    told: WhatIf, frame: LegFrame, channel: ChannelWhatIf, signal: CycleSignal | None
) -> Html:
    counted = tag("p", count_line(channel))
    if not channel.pairs:
        return join([counted, tag("p", "Neither gives a burst on it.")])
    outside = _outside(frame, channel)
    beyond = f"; begun outside of the strides: {outside}" if outside else ""
    both = table(summary_heads(told), summary_rows(frame, channel))
    if frame.strides:
        picture = tag(
            "div",
            channel_svg(frame, channel, signal),
            class_="scroll",
            tabindex="0",
            role="group",
            aria_label="picture",
        )
    else:
        picture = tag("p", "No stride from contact to contact is known: there is no gait cycle.")
    return join(
        [
            counted,
            tag("div", both, class_="both"),
            tag("p", f"{UNITS}; {told_by(frame)}{beyond}.", class_="note"),
            tag("div", picture, _list(frame, channel), class_="two"),
        ]
    )


def _outside(frame: LegFrame, channel: ChannelWhatIf) -> int:
    shown = [pair.old or pair.new for pair in channel.pairs]
    return sum(
        window is not None and stride_at(frame.strides, window.onset_us) is None for window in shown
    )


def _list(frame: LegFrame, channel: ChannelWhatIf) -> Html:
    if not channel.differing:
        return tag("p", "No burst differs.", class_="list")
    words = [place for place, name in enumerate(LIST_HEADS) if name in WORDS]
    rows = [_row(frame, pair) for pair in channel.differing]
    listed = table(LIST_HEADS, rows, "Bursts that differ", words=words)
    return tag("div", listed, class_="list")


def _row(frame: LegFrame, pair: Pair) -> list[object]:
    cells: list[object] = list(cells_of(frame, pair))
    if MISSING in pair.marks or EXTRA in pair.marks:
        what = LIST_HEADS.index("what")
        cells[what] = tag("span", cells[what], class_="missed")
        # There are no differences, and what is said of it needs their room.
        cells[what + 1 :] = [Across(cells[-1], len(cells) - what - 1)]
    return cells
