"""HTML from values: whatever is not ``Html`` already is escaped, so that no name of a run is code.

The functions return ``Html``; strings that came from anywhere else pass through ``text``.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
UNKNOWN: Final = "\N{EN DASH}"
"""Stands where a figure is not known."""
LONG: Final = 24
"""More letters than that in a cell of words are broken into lines, which must not get too short."""
VOID: Final = frozenset({"input", "link", "meta"})
"""Elements that hold nothing and have no end."""


class Html(str):
    """Text that is HTML; made here alone, from escaped values."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Across:
    """A cell of words that takes the place of several.

    Attributes
    ----------
    content : object
        Of the cell.
    columns : int
        How many it goes across.
    """

    content: object
    columns: int


def text(value: object) -> Html:
    """Return a value as HTML: escaped, unless it is HTML; nothing for ``None``."""
    if value is None:
        return Html("")
    return value if isinstance(value, Html) else Html(escape(str(value)))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Return parts one after the other, each escaped unless it is HTML."""
    return Html(between.join(text(part) for part in parts))


def tag(name: str, *children: object, **attributes: object) -> Html:
    """Return one element.

    Parameters
    ----------
    name : str
        Of the element.
    *children : object
        Escaped unless they are HTML.
    **attributes : object
        ``class_`` and the like lose their last underscore, others become dashes; ``None`` and
        ``False`` leave an attribute out, ``True`` leaves its value out.
    """
    start = f"<{name}{_attributes(attributes)}>"
    return Html(start if name in VOID else f"{start}{join(children)}</{name}>")


def _attributes(attributes: Mapping[str, object]) -> str:
    out = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = key.removesuffix("_").replace("_", "-")
        out.append(f" {name}" if value is True else f' {name}="{escape(str(value))}"')
    return "".join(out)


def table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    caption: object = None,
    *,
    numeric: bool = True,
    ids: Sequence[str] | None = None,
    words: Collection[int] = (),
) -> Html:
    """Return a table whose first column names its rows.

    Parameters
    ----------
    head : sequence
        One cell a column.
    rows : iterable of sequence
        As many cells each, or some of them ``Across`` several; ``None`` is shown as a dash, for it
        is not known.
    caption : object
        Says what it shows.
    numeric : bool
        Every column but the first is aligned for numbers. No number is broken into lines; what
        follows it in brackets may come below it.
    ids : sequence of str or None
        The ``id`` of each row.
    words : collection of int
        Columns of words among those of numbers: set left, and broken where they are long.
    """
    body = [list(row) for row in rows]
    kinds = [
        _kind(place, [row[place] for row in body if place < len(row)], words, numeric=numeric)
        for place in range(len(head))
    ]
    lines = []
    for index, row in enumerate(body):
        cells = []
        for place, cell in enumerate(row):
            if isinstance(cell, Across):
                cells.append(tag("td", cell.content, class_="text", colspan=cell.columns))
                continue
            name, scope = ("td", None) if place else ("th", "row")
            shown = text(UNKNOWN if cell is None else cell)
            if numeric and place and place not in words:
                shown = _in_lines(shown)
            cells.append(tag(name, shown, scope=scope, class_=kinds[place]))
        lines.append(tag("tr", *cells, id=None if ids is None else ids[index]))
    heads = [
        tag("th", cell, scope="col", class_=kind) for cell, kind in zip(head, kinds, strict=True)
    ]
    inside = [
        "" if caption is None else tag("caption", caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *lines),
    ]
    whole = tag("table", *inside, class_="figures" if numeric else "words")
    return tag(
        "div", whole, class_="scroll", tabindex="0", role="group", aria_label=_label(caption)
    )


def _kind(
    place: int, cells: Sequence[object], words: Collection[int], *, numeric: bool
) -> str | None:
    """Return the classes of a column: whether it is of words among numbers, and of long ones."""
    kinds = ["text"] if place in words else []
    if place == 0 or place in words or not numeric:
        shown = (re.sub("<[^>]*>", "", str(cell)) for cell in cells if not isinstance(cell, Across))
        kinds += ["long"] if any(len(each) > LONG for each in shown) else []
    return " ".join(kinds) or None


def _in_lines(cell: Html) -> Html:
    """Return a cell of numbers that may be broken before a bracket, but for those of tags."""
    return Html(re.sub(r" \((?![^<]*>)", '<span class="or"> </span>(', cell))


def breakable(name: str) -> Html:
    """Return a name that may be broken after its underscores and dots."""
    return Html(re.sub(r"([_.])(?=.)", r"\1<wbr>", text(name)))


def _label(caption: object) -> str:
    return "table" if caption is None else str(caption)


def folded(title: object, *children: object, open_: bool = False) -> Html:
    """Return what a reader opens when it is wanted."""
    return tag("details", tag("summary", title), *children, open=open_)


def number(value: float | None, digits: int = 1) -> str | None:
    """Return a number as people read it, with a true minus; ``None`` stays unknown."""
    if value is None:
        return None
    shown = f"{value:.{digits}f}"
    if float(shown) == 0.0:
        shown = shown.removeprefix("-")
    return shown.replace("-", MINUS)
