"""20. The device says who it is, and a stranger is not armed."""

from hil.suite import answering, ordinary, returning
from hil.suite.checking import Check


def test_21_identify(check: Check) -> None:
    check(ordinary.identify)


def test_22_come_back(check: Check) -> None:
    check(returning.come_back)


def test_23_come_back_restarted(check: Check) -> None:
    check(returning.come_back_restarted)


def test_24_come_back_as_another(check: Check) -> None:
    check(returning.come_back_as_another)


def test_25_come_back_with_other_firmware(check: Check) -> None:
    check(returning.come_back_with_other_firmware)


def test_26_never_answer_from_the_start(check: Check) -> None:
    check(answering.never_answer_from_the_start)
