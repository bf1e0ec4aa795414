"""Pulses and charge told by a device, held against what it was asked for."""

import pytest

from fes_ctrl.stimulators.reconcile import Asked, Reconciler

EACH_PC = 6_000_000


def asked_for(pulses: int) -> Reconciler:
    reconciler = Reconciler()
    for sequence in range(1, pulses + 1):
        reconciler.sent(Asked(sequence, sequence * 25_000, EACH_PC))
        reconciler.answered(sequence, accepted=True)
    return reconciler


def test_what_has_ended_by_the_devices_clock_is_expected_and_nothing_else() -> None:
    reconciler = asked_for(4)
    assert reconciler.against(49_999, 1, 6_000) == ""
    assert reconciler.against(50_000, 2, 12_000) == ""
    assert reconciler.waiting() == [3, 4]


@pytest.mark.parametrize("pulses", [0, 1, 3])
def test_a_pulse_too_few_or_too_many_is_told(pulses: int) -> None:
    assert f"gave {pulses} pulses, 2" in asked_for(3).against(60_000, pulses, 12_000)


@pytest.mark.parametrize(
    ("charge_nc", "wrong"),
    [(10_798, False), (13_202, False), (10_797, True), (13_203, True), (0, True)],
)
def test_charge_may_be_off_by_ten_per_cent(charge_nc: int, wrong: bool) -> None:
    assert bool(asked_for(2).against(60_000, 2, charge_nc)) == wrong


def test_charge_is_told_in_whole_nanocoulombs() -> None:
    reconciler = Reconciler()
    reconciler.sent(Asked(1, 25_000, 6_000_900))
    reconciler.answered(1, accepted=True)
    assert reconciler.against(60_000, 1, 9_000) == "gave 9000 nC, 6000 were asked for"


@pytest.mark.parametrize(("charge_nc", "wrong"), [(5_398, False), (13_202, False), (13_203, True)])
def test_charge_of_a_pulse_in_doubt_may_have_been_given_or_not(charge_nc: int, wrong: bool) -> None:
    reconciler = asked_for(1)
    reconciler.sent(Asked(2, 50_000, EACH_PC))
    told = reconciler.against(60_000, 2, charge_nc)
    assert told == (f"gave {charge_nc} nC, 6000 were asked for" if wrong else "")


def test_each_account_is_of_the_charge_since_the_last() -> None:
    reconciler = asked_for(3)
    assert reconciler.against(25_000, 1, 6_600) == ""
    assert reconciler.against(50_000, 2, 13_200) == ""
    assert reconciler.against(75_000, 3, 18_000) == "gave 4800 nC, 6000 were asked for"


def test_a_session_begins_with_nothing() -> None:
    reconciler = asked_for(3)
    assert reconciler.against(50_000, 2, 12_000) == ""
    reconciler.sent(Asked(4, 100_000, EACH_PC))
    reconciler.begin()
    assert reconciler.waiting() == []
    assert reconciler.against(200_000, 0, 0) == ""
    assert reconciler.against(200_000, 1, 6_000) == "gave 1 pulses, 0 were asked for"


def test_a_refused_pulse_is_not_expected() -> None:
    reconciler = Reconciler()
    reconciler.sent(Asked(1, 25_000, EACH_PC))
    reconciler.answered(1, accepted=False)
    assert reconciler.against(60_000, 0, 0) == ""
    assert reconciler.against(61_000, 1, 6_000) != ""


def test_one_that_was_not_given_in_its_time_excuses_no_later_one_that_nobody_asked_for() -> None:
    reconciler = asked_for(1)
    reconciler.sent(Asked(2, 50_000, EACH_PC))
    assert reconciler.against(49_999, 1, 6_000) == ""
    assert reconciler.against(50_000, 1, 6_000) == ""
    assert reconciler.against(60_000, 2, 12_000) == "gave 2 pulses, 1 were asked for"


@pytest.mark.parametrize(("came", "wrong"), [(1, ""), (4, ""), (0, "0"), (5, "5")])
def test_those_in_doubt_may_all_have_been_given_and_no_more(came: int, wrong: str) -> None:
    reconciler = asked_for(1)
    for sequence in range(2, 5):
        reconciler.sent(Asked(sequence, sequence * 25_000, EACH_PC))
    told = reconciler.against(200_000, came, 6_000 * came)
    assert told == (f"gave {wrong} pulses, 1 were asked for" if wrong else "")


@pytest.mark.parametrize("clock_us", [50_000, 60_000])
@pytest.mark.parametrize("came", [0, 1])
def test_a_pulse_whose_answer_was_lost_may_have_been_given_or_not(came: int, clock_us: int) -> None:
    reconciler = asked_for(1)
    reconciler.sent(Asked(2, 50_000, EACH_PC))
    assert reconciler.against(clock_us, 1 + came, 6_000 * (1 + came)) == ""
    reconciler.sent(Asked(3, 75_000, EACH_PC))
    reconciler.answered(3, accepted=True)
    assert reconciler.against(80_000, 2 + came, 6_000 * (2 + came)) == ""


def test_charge_wraps_with_its_field() -> None:
    reconciler = Reconciler()
    told_nc = 0
    for sequence in range(1, 400):
        reconciler.sent(Asked(sequence, sequence, 24_000_000_000))
        reconciler.answered(sequence, accepted=True)
        told_nc = (told_nc + 24_000_000) % (1 << 32)
        assert reconciler.against(sequence, sequence, told_nc) == ""
