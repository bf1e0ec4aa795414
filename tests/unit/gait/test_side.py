"""Left or right: told from the third stride on, taken back in doubt, never told by noise."""

import random

import pytest

from fes_ctrl.gait.side import UNKNOWN, Side
from fes_ctrl.model import LEFT, LEG_NAMES, RIGHT


def stride(side: Side, push_deg: float, load_deg: float) -> str:
    """Roll by so much while the foot pushes off, and while it takes the load."""
    from_deg = 1000.0  # whatever it has rolled before is no matter
    side.begin(from_deg)
    side.pushed(from_deg + push_deg)
    side.begin(from_deg - 3.0)
    return side.loaded(from_deg - 3.0 + load_deg)


@pytest.mark.parametrize(("leg", "sign"), [(RIGHT, 1.0), (LEFT, -1.0)])
def test_the_third_stride_tells_the_side_and_says_so_once(leg: int, sign: float) -> None:
    side = Side(leg)
    news = [stride(side, 8.0 * sign, -2.0 * sign) for _ in range(20)]
    name = LEG_NAMES[leg]
    assert news == ["", "", f"side found: it rolls like a {name} foot"] + 17 * [""]
    assert side.leg == leg
    assert side.agreement == 1.0


def test_a_foot_that_turns_in_as_much_as_it_rolls_stays_unknown() -> None:
    side = Side(LEFT)
    assert not any(stride(side, -4.0, -4.0) for _ in range(50))
    assert side.leg == UNKNOWN


@pytest.mark.parametrize("seed", range(5))
def test_noise_tells_no_side(seed: int) -> None:
    side = Side(LEFT)
    stream = random.Random(seed)
    for _ in range(200):
        stride(side, stream.gauss(0.0, 1.5), stream.gauss(0.0, 1.5))
        assert side.leg == UNKNOWN


def test_a_sensor_that_changes_feet_is_doubted_and_then_told_anew() -> None:
    side = Side(LEFT)
    told = []
    for leg in (RIGHT, LEFT):
        sign = 1.0 if leg == RIGHT else -1.0
        for _ in range(40):
            stride(side, 9.0 * sign, -1.0 * sign)
            if not told or told[-1] != side.leg:
                told.append(side.leg)
    assert told == [UNKNOWN, RIGHT, UNKNOWN, LEFT]


def test_a_sensor_on_the_other_foot_is_warned_of_once_and_not_by_the_first_strides() -> None:
    side = Side(LEFT)
    news = [stride(side, 9.0, -1.0) for _ in range(30)]
    assert [n for n, text in enumerate(news, start=1) if "swapped" in text] == [10]
