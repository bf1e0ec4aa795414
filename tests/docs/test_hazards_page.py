"""The hazards page says what the tables say, and every proof it names can be run."""

import sys
from pathlib import Path

import pytest

from fes_ctrl.safety.faults import BY_ID, LATCH

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import hazards_page  # noqa: E402 - it lies beside the code, not in a package

HAZARDS = hazards_page.hazards()


def test_the_page_is_what_its_sources_make() -> None:
    assert hazards_page.PAGE.read_text() == hazards_page.page(), "run make pages"


@pytest.mark.parametrize("row", HAZARDS, ids=lambda row: row["id"])
def test_every_hazard_is_whole_and_its_proofs_exist(row: dict[str, object]) -> None:
    assert set(row) == set(HAZARDS[0])
    assert all(row[key] for key in ("id", "harm", "severity", "cause", "control", "remains"))
    for proof in row["proof"]:
        assert (ROOT / proof).exists(), proof
    for fault in row["faults"]:
        assert fault in BY_ID


def test_ids_are_their_own_and_every_latching_fault_stands_against_a_hazard() -> None:
    ids = [row["id"] for row in HAZARDS]
    assert len(ids) == len(set(ids))
    named = {fault for row in HAZARDS for fault in row["faults"]}
    latching = {fault_id for fault_id, fault in BY_ID.items() if fault.reaction == LATCH}
    assert latching <= named
