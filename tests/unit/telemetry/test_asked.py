"""What is heard on two connections is taken once, and nothing else is taken for it."""

from fes_ctrl.telemetry.asked import MOST_TWINS, TWIN_S, Twins

OWN, OTHER = object(), object()


def heard(*events: tuple[float, object, str]) -> list[bool]:
    twins = Twins()
    return [twins.has_come(said, line, now_s) for now_s, line, said in events]


def test_the_second_of_two_is_left_out_whichever_line_is_first() -> None:
    assert heard((0.0, OWN, "a"), (0.2, OTHER, "a")) == [False, True]
    assert heard((0.0, OTHER, "a"), (TWIN_S, OWN, "a")) == [False, True]


def test_what_comes_again_on_one_line_or_late_or_says_something_else_is_another() -> None:
    assert heard((0.0, OWN, "a"), (0.2, OWN, "a")) == [False, False]
    assert heard((0.0, OWN, "a"), (TWIN_S + 0.01, OTHER, "a")) == [False, False]
    assert heard((0.0, OWN, "a"), (0.2, OTHER, "b")) == [False, False]


def test_each_has_one_twin_and_no_more() -> None:
    # Said twice, and the second of both is lost on one line: it is taken all the same.
    assert heard((0.0, OWN, "a"), (0.1, OTHER, "a"), (0.4, OTHER, "a")) == [False, True, False]
    assert heard((0.0, OWN, "a"), (0.1, OTHER, "a"), (0.4, OWN, "a")) == [False, True, False]


def test_of_equal_ones_in_one_go_as_many_are_taken_as_were_said() -> None:
    own = [(0.01 * n, OWN, "a") for n in range(10)]
    other = [(0.2 + 0.01 * n, OTHER, "a") for n in range(12)]
    assert heard(*own, *other) == [False] * 10 + [True] * 10 + [False] * 2
    mixed = [event for pair in zip(own, other, strict=False) for event in pair]
    assert heard(*mixed) == [False, True] * 10


def test_those_that_are_too_old_are_nobodys_twins() -> None:
    late = (TWIN_S + 0.2, OTHER, "a")
    found = heard((0.0, OWN, "a"), (0.1, OWN, "a"), (0.3, OWN, "a"), late, late)
    assert found == [False, False, False, True, False]


def test_of_too_many_the_oldest_is_forgotten() -> None:
    twins = Twins()
    for number in range(MOST_TWINS + 1):
        assert not twins.has_come(number, OWN, 0.0)
    assert not twins.has_come(0, OTHER, 0.1)
    assert twins.has_come(2, OTHER, 0.1)
