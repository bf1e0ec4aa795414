"""Reasons for changes that no test notices are of code that exists, and never of the guard's."""

import inspect
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "safety"
GROUPS = tomllib.loads((FOLDER / "surviving-mutants.toml").read_text(encoding="utf-8"))["group"]


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def source_of(function: str) -> str:
    parts = function.split(".")
    depth = next(n for n in range(len(parts), 0, -1) if is_module(".".join(parts[:n])))
    found: Any = import_module(".".join(parts[:depth]))
    for part in parts[depth:]:
        found = getattr(found, part)
    return inspect.getsource(found)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["functions"][0])
def test_a_reason_is_of_lines_that_stand_in_the_functions_it_names(group: dict[str, Any]) -> None:
    assert set(group) == {"reason", "functions", "lines"}
    assert group["reason"].endswith(".")
    sources = [source_of(function) for function in group["functions"]]
    assert all(any(text in source for text in group["lines"]) for source in sources)
    assert all(any(text in source for source in sources) for text in group["lines"])


def test_nothing_of_the_guard_may_survive() -> None:
    for group in GROUPS:
        assert not [name for name in group["functions"] if name.startswith("fes_ctrl.safety")]


def test_the_page_gives_no_survivor_without_a_reason_and_none_of_the_guard() -> None:
    page = (FOLDER / "surviving-mutants.md").read_text(encoding="utf-8")
    assert "No reason is given" not in page
    cells = next(line for line in page.splitlines() if line.startswith("| `fes_ctrl/safety`"))
    total, killed, *others = [int(cell) for cell in cells.split("|")[2:-1]]
    assert total == killed > 0
    assert others == [0, 0, 0, 0]
