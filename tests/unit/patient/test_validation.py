"""The virtual patient against published numbers; ``benchmarks/validation.py`` shows the table."""

import pytest

from hil.patient.gait_table import ABLE_CLEARANCE_M, GaitStyle, gait_rows
from hil.validation import CHECKS, findings
from hil.validation.check import Check, Finding


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_patient_shows_what_was_published(check: Check) -> None:
    (finding,) = findings([check])
    assert finding.passed, f"{check.quantity}: {finding.got:g}, not {check.low:g}..{check.high:g}"


def test_every_target_is_asked_for_once() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    targets = {name.rstrip("abcd") for name in names}
    assert targets >= {f"D{number}" for number in range(1, 20)}


def test_a_number_outside_its_range_does_not_pass() -> None:
    check = next(check for check in CHECKS if check.name == "D13")
    assert Finding(check, check.low).passed
    assert Finding(check, check.high).passed
    assert not Finding(check, check.low - 1e-6).passed
    assert not Finding(check, float("nan")).passed


def test_the_floor_lies_where_the_able_foot_clears_it_as_published() -> None:
    (finding,) = findings([check for check in CHECKS if check.name == "D13"])
    assert finding.got == pytest.approx(1000 * ABLE_CLEARANCE_M, abs=0.5)
    assert 0.34 <= gait_rows(GaitStyle()).heel_off <= 0.48
