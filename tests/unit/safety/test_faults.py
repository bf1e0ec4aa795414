"""The fault table is complete: every row has its proof, every identifier its row."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from fes_ctrl.model import ALL_LEGS, LEFT, RIGHT
from fes_ctrl.safety.faults import (
    BY_ID,
    CLEARED,
    INHIBIT,
    LATCH,
    ROWS,
    STOP,
    WARN,
    FaultRow,
    is_over,
    opens_latch,
)
from firmware_sim.injections import ROWS as INJECTIONS

ROOT = Path(__file__).resolve().parents[3]

HAZARDS = (
    *("F01", "F02", "F04", "F07", "F08", "F10", "F12", "F14", "F15"),
    *("F17", "F18", "F20", "F21", "F24", "F25", "F26", "F27", "F29"),
)
"""The identifiers of the hazard analysis."""

COMES_WITH = {"F29": "fes_ctrl.runtime.watchdog"}
"""Rows that come with the part that observes them."""


def exists(part: str) -> bool:
    try:
        return not part or find_spec(part) is not None
    except ModuleNotFoundError:
        return False


def defined(proof: str) -> bool:
    path, _, name = proof.partition("::")
    file = ROOT / path
    if not name or not file.is_file():
        return False
    return bool(re.search(rf"^(async )?def {re.escape(name)}\(", file.read_text(), re.MULTILINE))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_whose_part_exists_has_a_proof_that_exists(row: FaultRow) -> None:
    if row.proof:
        assert defined(row.proof), row.proof
    else:
        assert not exists(row.part), f"{row.part} exists: {row.id} needs its proof"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_all_that_it_must(row: FaultRow) -> None:
    assert row.reaction in (INHIBIT, STOP, LATCH, WARN)
    assert row.name
    assert row.observed
    assert row.clears
    assert 0 <= row.limit_ms <= 10_000
    if row.reaction in (STOP, LATCH):
        assert "hand" in row.clears, "what stops the device is cleared by a person"
    if row.reaction in (INHIBIT, WARN):
        assert row.keeps_level


def test_an_identifier_has_one_row() -> None:
    known = [row.id for row in ROWS] + [other for row in ROWS for other in row.covers]
    assert len(known) == len(set(known))


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_fault_of_the_hazard_analysis_has_its_row(hazard: str) -> None:
    known = {row.id for row in ROWS} | {other for row in ROWS for other in row.covers}
    assert hazard in known or not exists(COMES_WITH.get(hazard, ""))


@pytest.mark.parametrize("package", ["fes_ctrl", "firmware_sim", "hil"])
def test_every_identifier_in_the_code_has_a_row(package: str) -> None:
    known = {row.id for row in ROWS} | {other for row in ROWS for other in row.covers}
    for file in sorted((ROOT / package).rglob("*.py")):
        for found in re.findall(r"""["'](F\d\d[A-Z]?)["']""", file.read_text()):
            assert found in known, f"{file.relative_to(ROOT)} names {found}"


def test_every_injection_names_a_row() -> None:
    for injection in INJECTIONS:
        assert not injection.fault or injection.fault in {row.id for row in ROWS}, injection.name
        assert injection.fault or injection.why, f"{injection.name}: why is nothing noticed?"


PARTS = {
    "F01": "fes_ctrl.gait.contact",
    "F07": "fes_ctrl.gait.foot_imu",
    "F08": "fes_ctrl.gait.readiness",
    "F24": "fes_ctrl.runlog.log",
    "F25": "fes_ctrl.telemetry",
    "F26": "fes_ctrl.telemetry",
    "F27": "fes_ctrl.config.build",
}
"""Faults that are possible only where a part exists; the others always are."""


def test_a_fault_waits_for_its_part_and_for_no_other() -> None:
    assert {row.id: row.part for row in ROWS if row.part} == PARTS


def test_the_words_of_logs_and_tables_are_these() -> None:
    words = (INHIBIT, STOP, LATCH, WARN, CLEARED)
    assert words == ("inhibit", "stop", "latch", "warn", "cleared")
    assert list(BY_ID.items()) == [(row.id, row) for row in ROWS]
    assert {row.id for row in ROWS if row.covers} == {"F12"}


@pytest.mark.parametrize(
    ("fault", "leg", "cleared", "of_leg", "over"),
    [
        # By itself, of its own leg.
        ("F10", LEFT, "F10", LEFT, True),
        ("F10", LEFT, "F10", RIGHT, False),
        ("F10", LEFT, "F02", LEFT, False),
        ("F25", ALL_LEGS, "F25", ALL_LEGS, True),
        ("F10", ALL_LEGS, "F10", LEFT, False),
        # By a hand, which opens the latch for all that was latched.
        ("F12", LEFT, "F12", ALL_LEGS, True),
        ("F18", ALL_LEGS, "F12", ALL_LEGS, True),
        ("F04L", RIGHT, "F12", ALL_LEGS, True),
        ("F10", LEFT, "F12", ALL_LEGS, False),
        ("F21", ALL_LEGS, "F12", ALL_LEGS, False),
        # What clears by itself is no hand.
        ("F12", LEFT, "F25", ALL_LEGS, False),
        ("F12", LEFT, "F12", RIGHT, False),
        # Of a log that another version wrote.
        ("F99", LEFT, "F12", ALL_LEGS, False),
        ("F12", LEFT, "F99", ALL_LEGS, False),
        ("F99", LEFT, "F99", LEFT, True),
    ],
)
def test_a_fault_is_over_when_it_clears_or_a_hand_opens_the_latch(
    fault: str, leg: int, cleared: str, of_leg: int, *, over: bool
) -> None:
    assert is_over(fault, leg, cleared, of_leg) is over


def test_a_latch_is_opened_by_a_hand_and_for_all_legs() -> None:
    assert opens_latch("F12", ALL_LEGS)
    assert not opens_latch("F12", LEFT)
    assert not opens_latch("F25", ALL_LEGS)
