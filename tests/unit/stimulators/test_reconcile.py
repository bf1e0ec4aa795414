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


def test_a_refused_pulse_is_not_expected() -> None:
    reconciler = Reconciler()
    reconciler.sent(Asked(1, 25_000, EACH_PC))
    reconciler.answered(1, accepted=False)
    assert reconciler.against(60_000, 0, 0) == ""
    assert reconciler.against(61_000, 1, 6_000) != ""


@pytest.mark.parametrize("came", [0, 1])
def test_a_pulse_whose_answer_was_lost_may_have_been_given_or_not(came: int) -> None:
    reconciler = asked_for(1)
    reconciler.sent(Asked(2, 50_000, EACH_PC))
    assert reconciler.against(60_000, 1 + came, 6_000 * (1 + came)) == ""
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
