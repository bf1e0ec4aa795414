"""The pages that are made from tables are those of the tables as they stand."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import reference_pages  # noqa: E402 - it lies beside the code, not in a package


@pytest.mark.parametrize("name", reference_pages.PAGES)
def test_no_reference_page_is_stale(name: str) -> None:
    page = ROOT / "docs" / "reference" / name
    assert page.read_text() == reference_pages.PAGES[name](), "run make pages"
