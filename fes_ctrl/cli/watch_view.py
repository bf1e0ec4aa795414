"""Benches as lines of text, as wide as there is room for: a table, or two lines a bench."""

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fes_ctrl.telemetry.picture import Presence

if TYPE_CHECKING:
    from fes_ctrl.telemetry.benches import Noise
    from fes_ctrl.telemetry.picture import Picture

HEADS: Final = ("bench", "", "is", "output", "doing", "steps/min", "bursts", "lag", "lost", "heard")
RIGHT: Final = ("lag", "lost", "heard")
APART: Final = 2
INDENT: Final = 4
CLOCK_MS: Final = 1000.0
"""Clocks that differ by more are told of: from 2 s on, commands are refused."""
SLOW_MS: Final = 100.0
NOW: Final = "now"
NOW_S: Final = 2.5
"""A bench that has nothing to tell tells of its health every 2 s."""

STYLES: Final = {
    Presence.ONLINE: "green",
    Presence.SILENT: "bold yellow",
    Presence.UNKNOWN: "dim",
    Presence.LOST: "bold red",
    Presence.ENDED: "dim",
    Presence.UNHEARD: "dim",
}
MOST_FAULTS: Final = 6
MARKS: Final = {True: "simulated", False: "", None: "simulated?"}
SEVERE: Final = ("stop", "latch")

Cell = tuple[str, str]
"""A text and its style."""


def lines_of(pictures: "list[Picture]", width: int, most: int | None = None) -> list[Text]:
    """Return the benches as lines.

    Parameters
    ----------
    pictures : list of Picture
        In the order in which they are shown.
    width : int
        Of the terminal, columns.
    most : int or None
        Lines that there is room for; benches that do not fit are counted.
    """
    rows = [_cells(picture) for picture in pictures]
    widths = [
        max([cell_len(head), *(cell_len(row[at][0]) for row in rows)])
        for at, head in enumerate(HEADS)
    ]
    is_table = sum(widths) + APART * (len(widths) - 1) <= width
    found: list[Text] = []
    if is_table and rows:
        found.append(_row([(head, "dim") for head in HEADS], widths))
    console = Console(width=width, color_system=None)
    for shown, (picture, row) in enumerate(zip(pictures, rows, strict=True)):
        block = [_row(row, widths)] if is_table else []
        said = [] if is_table else _block(picture, row)
        for at, text in enumerate([*said, *[Text(*note) for note in notes(picture)]]):
            indent = 0 if at == 0 and not is_table else INDENT
            wrapped = text.wrap(console, max(20, width - indent))
            block += [Text(" " * indent).append_text(line) for line in wrapped]
        left = len(rows) - shown
        room = None if most is None else most - len(found)
        if room is not None and len(block) > room - (left > 1):
            # As much of it as there is room for.
            found += block[: max(0, room - 1)]
            left -= room > 1
            if left:
                found.append(Text(f"and {left} more; name those that you want to see", "dim"))
            break
        found += block
    for line in found:
        line.rstrip()
        line.truncate(width, overflow="ellipsis")
    return found


def _row(cells: list[Cell], widths: list[int]) -> Text:
    line = Text()
    for at, ((text, style), width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - cell_len(text))
        line.append(" " * APART if at else "")
        line.append(space if HEADS[at] in RIGHT else "")
        line.append(text, style)
        line.append("" if HEADS[at] in RIGHT else space)
    return line


def _block(picture: "Picture", cells: list[Cell]) -> list[Text]:
    """Return a bench in two lines, where there is no room for columns; what is well is left out."""
    by_head = dict(zip(HEADS, cells, strict=True))
    first, second = Text(), Text()
    for head in ("bench", "", "is", "output", "doing"):
        text, style = by_head[head]
        if text:
            first.append("  " if first.plain else "").append(text, style)
    tell = ["steps/min", "bursts"]
    if (picture.lag_ms or 0.0) >= SLOW_MS:
        tell.append("lag")
    if picture.lost:
        tell.append("lost")
    if by_head["heard"][0] != NOW:
        tell.append("heard")
    for head in tell:
        text, style = by_head[head]
        if text:
            told = f"{text} {head}" if head == "steps/min" else f"{head} {text}"
            second.append(", " if second.plain else "").append(told, style)
    return [first, second] if second.plain else [first]


def _cells(picture: "Picture") -> list[Cell]:
    there = picture.presence <= Presence.UNKNOWN
    sure = "" if picture.presence == Presence.ONLINE else "dim"
    lost = picture.lost
    return [
        (picture.bench, "bold" if there else "dim"),
        (MARKS[picture.simulated], "magenta"),
        (presence(picture), STYLES[picture.presence]),
        (output(picture), "bold" if picture.armed and not sure else sure) if there else ("", ""),
        (_by_leg(picture.activity) if there else "", sure),
        (_by_leg({leg: _cadence(of) for leg, of in picture.cadence_per_min.items()}), sure)
        if there
        else ("", ""),
        (_by_leg({leg: str(of) for leg, of in picture.bursts.items()}), sure),
        (span(picture.lag_ms / 1000) if there and picture.lag_ms is not None else "", sure),
        (str(lost) if picture.live or lost else "", "yellow" if lost else sure),
        (_heard(picture.heard_s), sure),
    ]


def _heard(since_s: float | None) -> str:
    return "" if since_s is None else NOW if since_s < NOW_S else span(since_s)


def presence(picture: "Picture") -> str:
    """Return whether it is there, in a word."""
    if picture.presence == Presence.ENDED and picture.why == "killed":
        return "killed"
    return picture.presence.name.lower()


def output(picture: "Picture") -> str:
    """Return whether it may stimulate, and how much of the set current."""
    if picture.armed is None:
        return ""
    level = "" if picture.level_percent is None else f" {picture.level_percent} %"
    return f"ARMED{level}" if picture.armed else "not armed"


def _cadence(per_min: float | None) -> str:
    return "-" if per_min is None else f"{per_min:.0f}" if abs(per_min) < 1000 else "?"


def _by_leg(by_leg: dict[str, str]) -> str:
    """Return one word where all legs have the same, else each leg's with its initial."""
    words = {word for word in by_leg.values() if word}
    if len(by_leg) > 1 and len(words) == 1 and not words & {"-"} and not _counts(words):
        return words.pop()
    return " ".join(f"{leg[0].upper()} {word}" for leg, word in by_leg.items())


def _counts(words: set[str]) -> bool:
    return any(word.isdigit() for word in words)


def span(seconds: float) -> str:
    """Return a length of time with two digits or so."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{min(seconds / size, 99_999):.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def notes(picture: "Picture") -> list[Cell]:
    """Return what there is to say of a bench besides: its faults, and what is odd about it."""
    found: list[Cell] = []
    if picture.presence <= Presence.UNKNOWN:
        found += [
            (
                f"{fault.id} {fault.reaction}, {fault.leg}: {fault.detail}",
                "bold red" if fault.reaction in SEVERE else "yellow",
            )
            for fault in picture.faults[:MOST_FAULTS]
        ]
        if len(picture.faults) > MOST_FAULTS:
            found.append((f"and {len(picture.faults) - MOST_FAULTS} more faults", "bold red"))
        if picture.waiting:
            found.append(("a change of parameters waits for the end of a burst", "cyan"))
    if picture.contested:
        found.append(("two runs use this name: give each bench its own", "bold red"))
    if picture.newer:
        found.append(("it speaks a later version of the messages than this program", "yellow"))
    if picture.restarts:
        found.append((f"its telemetry died and was started anew, {picture.restarts} x", "yellow"))
    if picture.malformed:
        found.append((f"messages on its topics that make no sense: {picture.malformed}", "yellow"))
    if picture.live and picture.clock_ms is not None and abs(picture.clock_ms) > CLOCK_MS:
        way = "behind" if picture.clock_ms > 0 else "ahead of"
        found.append((f"its clock is {span(abs(picture.clock_ms) / 1000)} {way} ours", "yellow"))
    return found


def sentence(picture: "Picture") -> str:
    """Return how a bench stands, on one line."""
    words = [presence(picture), MARKS[picture.simulated]]
    if picture.presence <= Presence.UNKNOWN:
        words += [output(picture), _by_leg(picture.activity)]
    words += [note for note, _ in notes(picture)]
    return f"{picture.bench}: {'; '.join(word for word in words if word)}"


def summary(pictures: "list[Picture]") -> str:
    """Return how many benches there are of each kind."""
    counted = dict.fromkeys(Presence, 0)
    for picture in pictures:
        counted[picture.presence] += 1
    told = [f"{count} {each.name.lower()}" for each, count in counted.items() if count]
    return ", ".join(told) or "no bench has spoken"


def besides(noise: "Noise", too_fast: int) -> str:
    """Return what came and is no bench's word; empty where nothing did."""
    told = [
        ("not understood", noise.malformed),
        ("nobody's", noise.foreign),
        ("of benches beyond those that are followed", noise.crowded_out),
        ("too fast to be read", too_fast),
    ]
    found = ", ".join(f"{what} {count}" for what, count in told if count)
    return f"messages besides: {found}" if found else ""
