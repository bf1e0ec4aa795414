"""A trail of remote commands: whoever alters, removes or inserts an entry is found out."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.telemetry.audit import SEALED, AuditFile, Trail, broken_at
from fes_ctrl.telemetry.remote import Entry
from helpers.asked import SESSION


def trail(count: int = 6, session: str = SESSION) -> list[str]:
    lines: list[str] = []
    kept = Trail(session, lambda entry: lines.append(json.dumps(entry)))
    for number in range(count):
        change: dict[str, tuple[object, float]] = {"program.rise_ms": (number, number + 1.0)}
        kept.add(Entry("tuner", "accepted", "", change, number), number, number)
    return lines


def test_what_was_written_is_whole() -> None:
    assert set(json.loads(trail()[0])) == {*SEALED, "sha256"}
    assert broken_at(trail()) is None
    assert broken_at([]) is None
    assert broken_at(trail()[:-2]) is None, "the end alone can be cut off"


@pytest.mark.parametrize("field", [field for field in SEALED if field != "change"])
def test_an_altered_entry_is_found(field: str) -> None:
    lines = trail()
    entry = json.loads(lines[2])
    entry[field] = "someone else" if isinstance(entry[field], str) else entry[field] + 1
    lines[2] = json.dumps(entry)
    assert broken_at(lines) == 3


def test_an_altered_change_is_found_though_its_own_hash_is_made_anew() -> None:
    lines = trail()
    other = trail()
    entry = json.loads(other[2])
    entry["change"] = {}
    from fes_ctrl.telemetry.audit import sealed

    entry["sha256"] = sealed(entry, json.loads(lines[1])["sha256"])
    lines[2] = json.dumps(entry)
    assert broken_at(lines) == 4


@given(st.integers(0, 4), st.integers(0, 4))
def test_removed_inserted_and_swapped_entries_are_found(at: int, other: int) -> None:
    lines = trail()
    assert broken_at(lines[:at] + lines[at + 1 :]) == at + 1
    assert broken_at([*lines[:at], lines[at], *lines[at:]]) == at + 2
    if at != other:
        lines[at], lines[other] = lines[other], lines[at]
        assert broken_at(lines) == min(at, other) + 1


def test_an_entry_of_another_run_is_found() -> None:
    lines = trail()
    lines[3] = trail(session="f" * 32)[3]
    assert broken_at(lines) == 4


@pytest.mark.parametrize("line", ["", "{", "null", "[]", "7", "{}", '{"entry": 1}'])
def test_what_is_no_entry_is_found(line: str) -> None:
    assert broken_at([line, *trail()]) == 1


def test_a_trail_on_disk_is_the_one_that_was_handed_over(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    file = AuditFile(path)
    kept = Trail(SESSION, file.put)
    for number in range(50):
        kept.add(Entry("tuner", "refused", "expired: \ud800", {}, number), number, number)
    file.close()
    lines = path.read_text().splitlines()
    assert len(lines) == 50
    assert broken_at(lines) is None
    assert file.lost == 0
