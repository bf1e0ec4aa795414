"""70. The cable and the answers go wrong."""

from hil.suite import answering, returning
from hil.suite.checking import Check


def test_71_come_back_early(check: Check) -> None:
    check(returning.come_back_early)


def test_72_answer_late(check: Check) -> None:
    check(answering.answer_late)


def test_73_answer_too_late(check: Check) -> None:
    check(answering.answer_too_late)


def test_74_answer_damaged(check: Check) -> None:
    check(answering.answer_damaged)


def test_75_never_answer(check: Check) -> None:
    check(answering.never_answer)


def test_76_answer_to_nobody(check: Check) -> None:
    check(answering.answer_to_nobody)


def test_77_answer_wrong(check: Check) -> None:
    check(answering.answer_wrong)
