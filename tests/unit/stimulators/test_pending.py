"""Frames that wait for their answer."""

from fes_ctrl.stimulators.pending import NUMBERS, PendingFrames, Unanswered
from fes_ctrl.units import NEVER_US


def frames(*sent_us: int) -> PendingFrames:
    found = PendingFrames()
    for t_us in sent_us:
        found.sent(found.number(), 2, t_us, current=True)
    return found


def test_an_answer_takes_its_own_frame_whatever_came_before() -> None:
    found = frames(10, 20, 30)
    assert found.answered(1, 2) == Unanswered(1, 2, 20, current=True)
    assert found.oldest_us == 10
    assert found.answered(0, 2) is not None
    assert found.oldest_us == 30
    assert found.answered(2, 2) is not None
    assert found.oldest_us == NEVER_US
    assert not found.with_current
    assert found.orphans == 0


def test_number_and_command_both_have_to_fit() -> None:
    found = frames(10)
    assert found.answered(1, 2) is None
    assert found.answered(0, 3) is None
    assert found.orphans == 2
    assert len(found) == 1


def test_an_error_takes_the_frame_of_its_number() -> None:
    found = frames(10, 20)
    assert found.take(7) is None
    assert found.orphans == 1
    assert found.take(1) == Unanswered(1, 2, 20, current=True)
    assert found.with_current
    assert found.take(0) is not None
    assert not found.with_current


def test_a_frame_that_was_given_up_takes_no_younger_one_with_it() -> None:
    found = frames(10, 20, 30)
    found.forget(20)
    assert found.oldest_us == 30
    assert found.with_current
    found.forget(30)
    assert found.oldest_us == NEVER_US
    assert not found.with_current


def test_numbers_come_round_below_those_of_the_stop() -> None:
    found = PendingFrames()
    numbers = [found.number() for _ in range(2 * NUMBERS)]
    assert numbers == [*range(NUMBERS), *range(NUMBERS)]
    assert NUMBERS == 62


def test_the_oldest_is_taken_where_answers_name_nothing() -> None:
    found = frames(10, 20)
    found.sent(found.number(), 3, 30, current=False)
    assert found.first() == Unanswered(0, 2, 10, current=True)
    assert found.with_current
    assert found.first() == Unanswered(1, 2, 20, current=True)
    assert not found.with_current
    assert found.first() == Unanswered(2, 3, 30, current=False)
    assert not found.with_current
    assert found.first() is None
    assert found.orphans == 0
