"""Whether an inertial sensor still measures, and each of its axes."""

import pytest

from fes_ctrl.safety.axes import (
    ACC_MOVES,
    FROZEN_US,
    LOOK_US,
    LOOKS,
    ONE_SAME,
    RATE_MOVES,
    SAME,
    Axes,
)

AXES = range(6)
QUIET = (0.1, 0.2, 9.8, 1.0, 2.0, 3.0)


def test_the_numbers_and_words_are_these() -> None:
    assert (FROZEN_US, LOOK_US, LOOKS) == (200_000, 50_000, 10)
    assert (RATE_MOVES, ACC_MOVES) == (20.0, 2.0)
    assert SAME == "it reads ever the same"
    assert ONE_SAME == "one of its axes reads ever the same"


def reading(number: int, moves: float = 3.0, frozen: dict[int, float] | None = None) -> list[float]:
    """Return a reading of which every axis differs from the last by as much, up and down."""
    found = [
        value + (number % 2) * (moves if axis < 3 else 10 * moves)
        for axis, value in enumerate(QUIET)
    ]
    for axis, value in (frozen or {}).items():
        found[axis] = value
    return found


class Sensor:
    """One that is read every 10 ms, and changes at every look."""

    def __init__(self) -> None:
        self.t_us = 0
        self.axes = Axes(0, (-50.0,) * 6)
        assert self.axes.doubt(LOOK_US, (50.0,) * 6) == "", "every axis has varied"
        self.t_us = LOOK_US

    def look(self, values: list[float]) -> str:
        """Read the same until the next look; return what is doubted of it then."""
        self.t_us += LOOK_US
        return self.axes.doubt(self.t_us, tuple(values))

    def live(self, looks: int) -> None:
        """Move, with every axis."""
        for number in range(looks):
            assert self.look(reading(number)) == ""


@pytest.mark.parametrize("axis", AXES)
def test_an_axis_that_is_the_same_at_ten_looks_while_the_others_move_is_frozen(axis: int) -> None:
    sensor = Sensor()
    sensor.look(reading(0, frozen={axis: 5.0}))
    for number in range(1, 10):
        assert sensor.look(reading(number, frozen={axis: 5.0})) == ""
    assert sensor.look(reading(10, frozen={axis: 5.0})) == ONE_SAME
    assert sensor.look(reading(11, frozen={axis: 5.0})) == ONE_SAME
    assert sensor.look(reading(12)) == "", "it lives again"
    sensor.live(20)
    for number in range(10):
        assert sensor.look(reading(number, frozen={axis: 5.1})) == ""
    assert sensor.look(reading(22, frozen={axis: 5.1})) == ONE_SAME


def test_between_looks_it_stays_as_doubted() -> None:
    sensor = Sensor()
    for number in range(11):
        sensor.look(reading(number, frozen={4: 5.0}))
    for after_us in (0, 1, 10_000, 49_999):
        t_us = sensor.t_us + after_us
        assert sensor.axes.doubt(t_us, tuple(reading(0, after_us / 1e4))) == ONE_SAME
    assert sensor.axes.doubt(sensor.t_us + 50_000, tuple(reading(0, 7.7))) == ""


def test_what_differs_between_looks_alone_counts_as_the_same() -> None:
    sensor = Sensor()
    for number in range(11):
        told = sensor.look(reading(number, frozen={4: 5.0}))
        sensor.axes.doubt(sensor.t_us + 10_000, tuple(reading(number, frozen={4: 6.0 + number})))
    assert told == ONE_SAME


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("edge", [50.0, -50.0, 51.0, -51.0])
def test_an_axis_at_the_end_of_its_range_may_stay_there(axis: int, edge: float) -> None:
    sensor = Sensor()
    for number in range(40):
        assert sensor.look(reading(number, frozen={axis: edge})) == ""


def test_the_end_of_a_range_is_where_it_has_been_before_too() -> None:
    sensor = Sensor()
    sensor.live(100)
    sensor.look(reading(0, frozen={4: 70.0}))
    sensor.look(reading(1, frozen={4: -80.0}))
    for number in range(30):
        told = sensor.look(reading(number, frozen={4: 69.0}))
    assert told == ONE_SAME
    sensor.look(reading(0, frozen={4: 0.0}))
    for number in range(30):
        assert sensor.look(reading(number, frozen={4: 70.0})) == ""
    for number in range(30):
        assert sensor.look(reading(number, frozen={4: -80.0})) == ""
    for number in range(30):
        told = sensor.look(reading(number, frozen={4: -79.0}))
    assert told == ONE_SAME


def test_an_axis_that_is_not_there_keeps_none_that_is_frozen_from_being_seen() -> None:
    sensor = Sensor()
    axes = Axes(0, tuple(reading(0, frozen={0: 1.0, 4: -90.0})))
    axes.doubt(LOOK_US, tuple(reading(1, frozen={0: 1.0, 4: 90.0})))
    sensor.axes = axes
    for number in range(11):
        told = sensor.look(reading(number, frozen={0: 1.0, 4: 5.0}))
    assert told == ONE_SAME


def test_an_axis_that_never_varied_is_not_there() -> None:
    for absent in (0.0, -3.5):
        axes = Axes(0, tuple(reading(0, frozen={5: absent})))
        for number in range(1, 100):
            assert axes.doubt(number * LOOK_US, tuple(reading(number, frozen={5: absent}))) == ""


@pytest.mark.parametrize(
    ("moving", "by", "frozen"),
    [
        *[(axis, 2.0, False) for axis in (0, 1, 2)],
        *[(axis, 2.001, True) for axis in (0, 1, 2)],
        *[(axis, 20.0, False) for axis in (3, 4, 5)],
        *[(axis, 20.001, True) for axis in (3, 4, 5)],
    ],
)
def test_one_axis_that_moves_by_enough_shows_that_the_others_should(
    moving: int, by: float, frozen: bool
) -> None:
    sensor = Sensor()
    for number in range(30):
        values = [5.0] * 6
        # From zero, so that what is subtracted is exact.
        values[moving] = by * (number % 2)
        told = sensor.look(values)
    assert (told == ONE_SAME) is frozen


@pytest.mark.parametrize(("often", "told"), [(1, ONE_SAME), (2, ""), (5, "")])
def test_an_axis_that_has_mostly_stayed_in_motion_is_none_that_is_frozen(
    often: int, told: str
) -> None:
    sensor = Sensor()
    number = 0
    for turn in range(often):
        # It varies at one look, and stays for two.
        for _ in range(3):
            number += 1
            sensor.look(reading(number, frozen={4: float(turn)}))
    for _ in range(60):
        number += 1
        last = sensor.look(reading(number, frozen={4: 0.5}))
    assert last == told


def test_what_varies_while_nothing_moves_says_nothing_of_it() -> None:
    axes = Axes(0, QUIET)
    for number in range(1, 400):
        still = list(QUIET)
        still[4] += 0.1 * (number % 3)
        assert axes.doubt(number * LOOK_US, tuple(still)) == ""
    for number in range(400, 500):
        moving = reading(number, frozen={4: QUIET[4] + 0.1})
        assert axes.doubt(number * LOOK_US, tuple(moving)) == ""


def test_looks_at_which_nothing_moves_neither_count_nor_wipe_out() -> None:
    sensor = Sensor()
    sensor.look(reading(0, frozen={4: 5.0}))
    for number in range(1, 10):
        sensor.look(reading(number, frozen={4: 5.0}))
    for number in range(30):
        still = reading(1, frozen={4: 5.0})
        still[5] += 0.5 * (number % 2)
        assert sensor.look(still) == ""
    assert sensor.look(reading(0, frozen={4: 5.0})) == ONE_SAME
    still = reading(0, frozen={4: 5.0})
    still[5] += 0.5
    assert sensor.look(still) == ONE_SAME, "nor do they restore it"


def test_a_clock_that_was_set_back_does_not_stop_the_looks() -> None:
    sensor = Sensor()
    sensor.t_us = 3_600_000_000
    sensor.look(reading(0, frozen={4: 5.0}))
    sensor.t_us = -LOOK_US
    for number in range(1, 11):
        told = sensor.look(reading(number, frozen={4: 5.0}))
    assert told == ONE_SAME


def test_a_look_is_taken_on_time_and_not_a_microsecond_sooner() -> None:
    axes = Axes(0, (-50.0,) * 6)
    axes.doubt(50_000, (50.0,) * 6)
    for number in range(12):
        axes.doubt(99_999 + 49_999 * number, tuple(reading(number, frozen={4: 5.0})))
    # Every look came 49 999 us after the last reading that was one: every other counts.
    assert axes.doubt(699_999, tuple(reading(1, frozen={4: 5.0}))) == ""
    axes = Axes(1_000_000, tuple(reading(0)))
    assert axes.doubt(1_049_999, tuple(reading(1, frozen={4: -9.0}))) == ""
    assert axes.doubt(1_050_000, tuple(reading(1, frozen={4: 9.0}))) == ""
    # -9 was never looked at: the lowest so far is the first reading's 2.
    for number in range(2, 30):
        told = axes.doubt(1_000_000 + number * LOOK_US, tuple(reading(number, frozen={4: 1.0})))
    assert told == ""


def test_all_of_it_the_same_for_a_fifth_of_a_second_is_dead() -> None:
    axes = Axes(1_000_000, QUIET)
    assert axes.doubt(1_199_999, QUIET) == ""
    assert axes.doubt(1_200_000, QUIET) == SAME
    assert axes.doubt(1_210_000, (*QUIET[:5], 3.1)) == ""
    assert axes.doubt(1_409_999, (*QUIET[:5], 3.1)) == ""
    assert axes.doubt(1_410_000, (*QUIET[:5], 3.1)) == SAME


def test_a_gyroscope_of_which_all_axes_are_frozen_is_known_by_what_the_accelerometer_shows() -> (
    None
):
    sensor = Sensor()
    for number in range(11):
        told = sensor.look(reading(number, frozen={3: 5.0, 4: 6.0, 5: 7.0}))
    assert told == ONE_SAME
    sensor = Sensor()
    for number in range(11):
        told = sensor.look(reading(number, frozen={0: 5.0, 1: 6.0, 2: 7.0}))
    assert told == ONE_SAME
