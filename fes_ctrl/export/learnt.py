"""What a program learnt: as a table, a row for each stride it was told of, and as lines of steps.

Of a run in which nothing was learnt there are no rows and no lines.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.adaptations import Taken, course, stride_of
from fes_ctrl.analysis.explain import strides_of
from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.settings import Settings
from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.export.fields import Field, Row, Table, finite
from fes_ctrl.model import LEG_NAMES

START: Final = "program.adaptive.start"

LINES: Final[dict[str, tuple[str, str]]] = {
    "Share": ("", "share of the plateau for the next burst"),
    "Later": ("ms", "the next onset comes so much later"),
    "Sooner": ("ms", "the next fall comes so much sooner"),
    "Shorter": ("ms", "the next ramp is so much shorter"),
}
"""Unit and meaning of each line."""


def _rows(run: Run) -> Iterator[Row]:
    ended = {leg.leg: _ended(run, leg) for leg in run.walk.legs if leg.adaptations}
    legs = {leg.leg: leg for leg in run.walk.legs}
    for told in run.adaptations:
        numbers, ends_us = ended[told.leg]
        index = stride_of(told, ends_us, legs[told.leg])
        yield (
            told.t_us,
            LEG_NAMES[told.leg],
            None if index is None else numbers[index],
            told.verdict,
            told.reason,
            finite(told.mid_deg),
            finite(told.contact_deg),
            finite(told.fall_dps),
            told.share,
            told.later_us,
            told.sooner_us,
            told.shorter_us,
        )


def _ended(run: Run, leg: LegWalk) -> tuple[list[int], list[int]]:
    """Return the numbers of the strides that a contact ended, and when."""
    strides = [each for each in strides_of(run, leg.leg).strides if each.finished]
    return [each.number for each in strides], [each.to_us for each in strides]


def learnt_lines(
    run: Run, leg: LegWalk
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Return instants, and what each of ``LINES`` is from each of them on.

    Parameters
    ----------
    run : Run
        As read.
    leg : LegWalk
        One of its legs, with what it was told.
    """
    start = Settings(run).number(START)
    steps = course(leg.adaptations, run.states, start)
    begin_us = min([run.start_us, *[t_us for t_us, _ in steps]])
    steps = [(begin_us, Taken(start, 0, 0)), *steps]
    t_us = np.array([t_us for t_us, _ in steps], dtype=np.int64)
    values = {
        "Share": np.array([taken.share for _, taken in steps]),
        "Later": np.array([taken.later_us / 1e3 for _, taken in steps]),
        "Sooner": np.array([taken.sooner_us / 1e3 for _, taken in steps]),
        "Shorter": np.array([taken.shorter_us / 1e3 for _, taken in steps]),
    }
    return t_us, values


ADAPTATIONS: Final = Table(
    "adaptations",
    "what a program that learns made of a stride; none where none learns",
    (
        Field("t_us", "int", "when it was told, which is as a rule when the foot is flat again"),
        Field("leg", "text", "left or right"),
        Field("stride", "int", "number of the stride that it is about; empty where none is known"),
        Field("verdict", "text", "learnt, held, frozen or reverted"),
        Field("reason", "text", "why; may be empty"),
        Field("mid_deg", "float", "pitch in mid-swing against flat stance, toe-up positive"),
        Field("contact_deg", "float", "the same at initial contact"),
        Field("fall_deg_per_s", "float", "how fast the forefoot fell after contact"),
        Field(
            "share", "float", "of the plateau above the motor threshold, for the next burst: 0 to 1"
        ),
        Field("later_us", "int", "the next onset comes so much later than the program's"),
        Field("sooner_us", "int", "the next fall comes so much sooner than the program's"),
        Field("shorter_us", "int", "the next ramp is so much shorter than the program's"),
    ),
    _rows,
    "t_us",
    "t_us",
)
