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


def test_what_was_taken_back_is_waited_for_until_a_frame_behind_it_is_answered() -> None:
    found = frames(10)
    found.take_back(40)
    assert found.in_doubt_us == found.oldest_us == 10
    assert found.with_current
    found.sent(found.number(), 3, 60, current=False)
    assert found.in_doubt_us == NEVER_US, "asked"
    assert found.oldest_us == 10
    assert not found.settled()
    assert found.answered(1, 3) is not None
    assert (found.oldest_us, found.with_current, len(found)) == (NEVER_US, False, 0)
    assert found.settled()
    assert not found.settled(), "told once"
    assert found.orphans == 0


def test_a_frame_that_had_left_before_the_taking_back_proves_nothing() -> None:
    found = frames(10, 20)
    found.take_back(40)
    assert found.answered(1, 2) is not None
    assert found.oldest_us == 10
    assert not found.settled()


def test_what_was_written_at_the_instant_of_the_taking_back_lies_behind_it() -> None:
    found = frames(10, 40)
    found.take_back(40)
    found.sent(found.number(), 3, 60, current=False)
    assert found.answered(2, 3) is not None
    assert (found.oldest_us, found.with_current, len(found)) == (40, True, 1)
    assert found.settled()
    assert found.answered(1, 2) is not None
    assert not found.with_current


def test_where_all_was_answered_that_may_have_been_taken_back_nothing_is_missed() -> None:
    found = frames(10)
    found.take_back(40)
    assert found.answered(0, 2) is not None
    found.sent(found.number(), 3, 60, current=False)
    assert found.answered(1, 3) is not None
    assert not found.settled()


def test_an_answer_that_was_overtaken_belongs_to_its_frame_until_the_number_comes_round() -> None:
    for again in (False, True):
        found = frames(10)
        found.take_back(40)
        found.sent(found.number(), 3, 40, current=False)
        assert found.answered(1, 3) is not None
        if again:
            for _ in range(NUMBERS - 1):
                found.sent(found.number(), 3, 50, current=False)
            assert found.answered(0, 2) is None
            assert found.orphans == 1
            continue
        assert found.answered(0, 2) == Unanswered(0, 2, 10, current=True)
        assert found.answered(0, 2) is None
        assert (found.orphans, found.with_current) == (1, False)


def test_an_overtaken_answer_has_to_fit_in_number_and_command_though_others_were_sent() -> None:
    found = frames(10)
    found.take_back(40)
    found.sent(found.number(), 3, 40, current=False)
    assert found.answered(1, 3) is not None
    found.sent(found.number(), 4, 60, current=False)
    assert found.answered(0, 5) is None
    assert found.answered(7, 2) is None
    assert found.orphans == 2
    assert found.answered(0, 2) == Unanswered(0, 2, 10, current=True)


def test_not_two_frames_with_current_on_end_go_without_an_answer() -> None:
    found = frames(10)
    for between in (False, True):
        found.take_back(40)
        assert found.in_doubt_us == 10
        question = found.number()
        found.sent(question, 3, 50, current=False)
        found.answered(question, 3)
        assert found.settled()
        pulse = found.number()
        found.sent(pulse, 2, 60, current=True)
        found.take_back(80)
        assert found.in_doubt_us == NEVER_US
        found.sent(found.number(), 3, 90, current=False)
        found.answered((pulse + 1) % NUMBERS, 3)
        assert (found.settled(), found.oldest_us) == (False, 60)
        if not between:
            assert found.answered(pulse, 2) is not None
            found.sent(found.number(), 2, 10, current=True)


def test_what_may_have_been_answered_is_waited_for() -> None:
    found = frames(10)
    found.take_back(40)
    found.insist()
    found.sent(found.number(), 3, 50, current=False)
    assert found.answered(1, 3) is not None
    assert (found.in_doubt_us, found.oldest_us, found.settled()) == (NEVER_US, 10, False)


def test_what_was_forgotten_settles_nothing() -> None:
    found = frames(10)
    found.take_back(40)
    found.clear()
    found.sent(found.number(), 2, 50, current=True)
    assert (found.in_doubt_us, found.oldest_us) == (NEVER_US, 50)
    found.take_back(60)
    assert found.in_doubt_us == 50


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
