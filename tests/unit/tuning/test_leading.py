"""Which candidate of a sweep is told first: passing comes before the figure that orders them."""

import pytest

from fes_ctrl.tuning.job import settings_of
from fes_ctrl.tuning.leading import leading
from fes_ctrl.tuning.statistics import Candidate, Spread, ranked

CHARGE = "charge.total_mC"


def candidate(name: str, charge: float | None, passed: int, walks: int = 6) -> Candidate:
    figures = {} if charge is None else {CHARGE: Spread(walks, charge, charge, None)}
    settings = settings_of({} if name == "baseline" else {"program.delay_ms": name})
    return Candidate(name, settings, walks, 0, passed, (), figures)


@pytest.mark.parametrize(
    ("candidates", "best", "field"),
    [
        ([("baseline", 9.0, 6), ("a", 5.0, 0), ("b", 8.0, 6), ("c", 6.0, 5)], "b", 2),
        ([("baseline", 9.0, 6), ("a", 5.0, 0)], "baseline", 1),
        ([("baseline", 9.0, 4), ("a", 5.0, 3), ("b", 8.0, 4), ("c", 7.0, 5)], "c", 3),
        ([("baseline", None, 4), ("a", 5.0, 3), ("b", 8.0, 5), ("c", 9.0, 5)], "b", 2),
        ([("a", 5.0, 3), ("b", 8.0, 5), ("c", 6.0, 4)], "b", 1),
        ([("baseline", 9.0, 0), ("a", 5.0, 0)], "a", 2),
        ([("baseline", 9.0, 0), ("a", 5.0, 0), ("b", 8.0, 3)], "b", 1),
        ([("a", None, 6), ("b", 8.0, 5)], "b", 1),
    ],
)
def test_the_best_is_looked_for_among_those_that_passed(
    candidates: list[tuple[str, float | None, int]], best: str, field: int
) -> None:
    order = ranked([candidate(*each) for each in candidates], CHARGE, "lowest")
    told = leading(order, CHARGE)
    assert told is not None
    assert told.candidate.name == best
    assert len(told.field) == field
    assert told.extreme == order[0]


def test_of_a_sweep_that_was_stopped_shares_count_and_not_numbers() -> None:
    order = [candidate("a", 5.0, 3, walks=6), candidate("baseline", 9.0, 2, walks=3)]
    told = leading(order, CHARGE)
    assert told is not None
    assert told.candidate.name == "baseline", "two of three are more than three of six"


def test_nothing_leads_where_the_figure_is_known_of_none() -> None:
    assert leading([candidate("a", None, 0)], CHARGE) is None
