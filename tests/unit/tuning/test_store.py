"""Rows on disk: who may write, what a kill leaves, what is refused."""

import json
from pathlib import Path

import pytest

from fes_ctrl.tuning.job import Row
from fes_ctrl.tuning.store import Store, StoreError


def row(key: str, *, ok: bool = True, **figures: object) -> Row:
    return {"key": key, "ok": ok, **figures}


def test_rows_come_back_as_they_were_also_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Store(path) as store:
        store.put(row("a", x=0.1, y=None, z="ü\n"))
        store.put(row("b", x=1))
        assert store.get("a") == row("a", x=0.1, y=None, z="ü\n")
    with Store(path) as store:
        assert list(store) == ["a", "b"]
        assert store.get("a") == row("a", x=0.1, y=None, z="ü\n")
        assert store.get("c") is None
        assert "b" in store


def test_the_last_row_of_a_key_counts_and_failed_ones_can_be_walked_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Store(path) as store:
        store.put(row("a", ok=False))
        store.put(row("b"))
        assert store.forget_failed() == 1
        assert "a" not in store
        store.put(row("a", x=2))
        assert store.forget_failed() == 0
    with Store(path) as store:
        assert store.get("a") == row("a", x=2)


def test_a_torn_last_line_is_cut_off_and_the_next_row_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key":"a","ok":true}\n{"key":"b","ok":tr')
    with Store(path) as store:
        assert list(store) == ["a"]
        store.put(row("c"))
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["a", "c"]


def test_reading_alone_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    torn = '{"key":"a","ok":true}\n{"key":"b","ok":tr'
    path.write_text(torn)
    with Store(path, read_only=True) as store, Store(path, read_only=True) as other:
        assert list(store) == list(other) == ["a"]
    assert path.read_text() == torn


@pytest.mark.parametrize("line", ["no JSON", "[1]", "{}", '{"key":1,"ok":true}', '{"key":"a"}'])
def test_a_line_that_is_no_row_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"key":"a","ok":true}}\n{line}\n')
    with pytest.raises(StoreError, match=r"rows\.jsonl:2: no row"):
        Store(path)


def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Store(path):
        with pytest.raises(StoreError, match="another process writes there"):
            Store(path)
        with pytest.raises(StoreError, match="another process writes there"):
            Store(path, read_only=True)
    with Store(path) as store:
        assert len(store) == 0


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        Store(tmp_path / "nowhere" / "rows.jsonl")
    with pytest.raises(StoreError, match="check the name"):
        Store(tmp_path / "rows.jsonl", read_only=True)


def test_a_number_that_is_none_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Store(path) as store:
        with pytest.raises(ValueError, match="not JSON compliant"):
            store.put(row("a", x=float("nan")))
        store.put(row("b"))
    assert path.read_text() == '{"key":"b","ok":true}\n'
