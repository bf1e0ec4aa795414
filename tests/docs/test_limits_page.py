"""The reference page, the classes, the caps and the standard file say the same of every limit."""

import tomllib
from pathlib import Path
from typing import get_type_hints

import pytest
from annotated_types import Ge, Gt, Le

from fes_ctrl.report.limits_page import limits_page
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.safety.limit_rows import HIGHER, ROWS, LimitRow
from fes_ctrl.safety.limits import Limits
from fes_ctrl.safety.refusals import REFUSALS


def test_the_page_is_what_the_classes_say(root: Path) -> None:
    page = (root / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
    assert page == limits_page(), "run tools/limits_page.py"


def test_every_key_of_the_class_has_its_row_and_its_line_in_the_standard_file(root: Path) -> None:
    keys = list(LimitsConfig.__slots__)
    assert [row.key for row in ROWS] == keys
    file = tomllib.loads((root / "configs" / "limits" / "bench.toml").read_text(encoding="utf-8"))
    assert list(file["limits"]) == keys


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_row_states_the_bound_of_its_key_and_what_is_beyond_it(row: LimitRow) -> None:
    bounds = get_type_hints(LimitsConfig, include_extras=True)[row.key].__metadata__
    if row.narrower == HIGHER:
        assert [bound.ge for bound in bounds if isinstance(bound, Ge)] == [row.cap]
    else:
        assert [bound.le for bound in bounds if isinstance(bound, Le)] == [row.cap]
    assert any(isinstance(bound, Ge | Gt) for bound in bounds), "nothing negative"
    assert row.held_by in REFUSALS or row.held_by in BY_ID or row.held_by == "start"
    assert row.source[:3] in {"[S]", "[K]", "[P]"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_the_guard_s_own_caps_are_those_of_the_table(row: LimitRow) -> None:
    """A class that is built without its file's checks gets no further than its cap."""
    if row.key in {"max_unattended_ms", "ramp_min_ms"}:
        return
    at_cap = int(row.cap) if row.key == "pulse_width_us" else row.cap
    beyond = at_cap - 1 if row.narrower == HIGHER else at_cap + 1
    capped, wider = (
        Limits(LimitsConfig(**{row.key: value}))  # type: ignore[arg-type]
        for value in (at_cap, beyond)
    )
    for name in Limits.__slots__:
        if name != "config":
            assert getattr(wider, name) == getattr(capped, name), name
