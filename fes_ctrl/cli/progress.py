"""How far a long command has come, on standard error: a bar, or a line now and then."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.progress import Progress

BAR: Final = "bar"
COUNT: Final = "count"
TIME_LEFT: Final = "time left"
"""Columns of a bar, beside texts."""

BAR_WIDTH: Final = 40
LINE_EVERY_S: Final = 20.0


def bar(*columns: str, transient: bool = False) -> "Progress":
    """Return a bar to be entered.

    Parameters
    ----------
    *columns : str
        ``BAR``, ``COUNT``, ``TIME_LEFT``, or a text with fields of ``task``.
    transient : bool
        Whether it is gone in the end.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    known: dict[str, ProgressColumn] = {
        BAR: BarColumn(BAR_WIDTH),
        COUNT: MofNCompleteColumn(),
        TIME_LEFT: TimeRemainingColumn(),
    }
    drawn = [known.get(column) or TextColumn(column) for column in columns]
    return Progress(*drawn, console=Console(stderr=True), transient=transient)


def lines(text: str, total: float | None, done: float = 0.0) -> Callable[[float], None]:
    """Return what takes how much more is done, and says so now and then.

    Parameters
    ----------
    text : str
        How far it is, with fields ``done`` and ``total``.
    total, done : float
        Of whatever is done; ``done`` was before now. Where nobody knows the total, ``None``, it is
        not said how long it takes still.
    """
    before = done
    begun_s = told_s = time.perf_counter()

    def advance(more: float) -> None:
        nonlocal done, told_s
        done += more
        now_s = time.perf_counter()
        if now_s - told_s >= LINE_EVERY_S:
            told_s = now_s
            far = text.format(done=done, total=total)
            if total is not None and done > before:
                left_s = (now_s - begun_s) / (done - before) * (total - done)
                far += f", {left_s:.0f} s left"
            click.echo(far, err=True)

    return advance
