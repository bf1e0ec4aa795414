"""The front and its knee: as brute force finds them, whatever the units are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.tuning.pareto import Costs, distances, dominates, front, in_steps, knee

COSTS = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(-6, 6), min_size=width, max_size=width), min_size=1, max_size=12
    )
)


def as_costs(rows: list[list[int]]) -> Costs:
    return np.array(rows, dtype=np.float64)


@given(COSTS)
def test_the_front_is_what_brute_force_leaves_each_value_once(rows: list[list[int]]) -> None:
    found = front(as_costs(rows), [1.0] * len(rows[0]))
    left = {
        tuple(row)
        for row in rows
        if not any(
            all(a <= b for a, b in zip(other, row, strict=True)) and other != row for other in rows
        )
    }
    assert [tuple(rows[at]) for at in found] == list(
        dict.fromkeys(tuple(row) for row in rows if tuple(row) in left)
    )


@given(COSTS, st.floats(0.3, 3.0))
def test_no_member_of_a_front_beats_another_by_whole_steps(
    rows: list[list[int]], step: float
) -> None:
    costs, steps = as_costs(rows), [step] * len(rows[0])
    cells = in_steps(costs, steps)
    found = front(costs, steps)
    assert found
    assert not any(dominates(cells[a], cells[b]) for a in found for b in found)
    assert all(
        any((cells[member] <= cells[row]).all() for member in found) for row in range(len(rows))
    )


def test_differences_below_a_step_put_nothing_on_the_front() -> None:
    costs = np.array([[10.2, 1.1], [10.1, 1.3], [5.0, 3.0]])
    assert front(costs, [0.01, 0.01]) == [0, 1, 2]
    assert front(costs, [1.0, 1.0]) == [0, 2]


@given(st.floats(0.001, 1000.0), st.floats(-100, 100))
def test_the_knee_is_the_same_in_any_unit(scale: float, offset: float) -> None:
    costs = np.array([[0.0, 10.0], [1.0, 3.0], [4.0, 1.0], [10.0, 0.0]])
    assert knee(costs, [0.1, 0.1]) == 1
    other = costs * [scale, 1.0] + [offset, 0.0]
    assert knee(other, [0.1 * scale * 0.999, 0.1]) == 1


def test_an_objective_that_hardly_differs_does_not_decide_the_knee() -> None:
    costs = np.array([[0.0, 10.0, 0.4], [1.0, 3.0, 0.5], [10.0, 0.0, 0.0]])
    assert knee(costs, [0.1, 0.1, 1.0]) == 1
    assert distances(costs, [0.1, 0.1, 1.0])[0] == 1.0
