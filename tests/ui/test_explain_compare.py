"""The pages of a stride and of runs side by side, in a real browser: numbers, width, silence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.fitting import WIDTHS, cut_off
from helpers.here import fes_ctrl_here
from helpers.runs import kept_walk

Opened = Callable[..., Any]

PAGES = ("stride.html", "silent.html", "runs.html")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two walks, the pages of a stride with a burst and one without, and of the walks together."""
    folder = tmp_path_factory.mktemp("pages")
    old = kept_walk(folder / "old", "standard", "--duration", "14")
    words = ("--set", "program.extension_ms=0", "--set", 'operator.hand=["pause@12"]')
    new = kept_walk(folder / "new", "standard", "--duration", "14", *words)
    calls = {
        "stride": ("explain", str(old), "--stride", "5"),
        "silent": ("explain", str(new), "--stride", "10"),
        "runs": ("compare", str(old), str(new)),
    }
    for name, call in calls.items():
        done = fes_ctrl_here(*call, "--json", "--html", str(folder / f"{name}.html"))
        assert done.returncode == 0, done.stderr
        (folder / f"{name}.json").write_text(done.stdout)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nobody_for_anything_and_has_no_complaint(
    pages: Path, opened: Opened, name: str, scheme: str
) -> None:
    with opened(pages / name, scheme=scheme, drawn=False) as seen:
        assert seen.page.title()
        assert not seen.said
        assert seen.asked == [(pages / name).as_uri()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window_and_no_table_is_cut_off(
    pages: Path, opened: Opened, name: str, width: int
) -> None:
    with opened(pages / name, width=width, drawn=False) as seen:
        assert cut_off(seen.page) == []


def test_the_page_of_a_stride_tells_what_it_got_and_by_which_lines(
    pages: Path, opened: Opened
) -> None:
    told = json.loads((pages / "stride.json").read_text())
    with opened(pages / "stride.html", drawn=False) as seen:
        page = seen.page
        assert page.inner_text(".verdict") == "a burst"
        assert told["cause"]["text"][1:] in page.inner_text("#why")
        assert page.locator("#story tbody tr").count() == len(told["moments"])
        story = page.inner_text("#story")
        for moment in told["moments"]:
            assert moment["text"] in story
            for line in moment["settings"]:
                assert line["origin"] in story
        assert page.locator("#pictures circle").count() == told["bursts"][0]["pulses"]
        page.click("#pulses summary")
        assert page.locator("#pulses tbody tr").count() == told["bursts"][0]["pulses"]


def test_the_page_of_a_stride_without_a_burst_says_why(pages: Path, opened: Opened) -> None:
    with opened(pages / "silent.html", drawn=False) as seen:
        assert seen.page.inner_text(".verdict") == "no burst"
        assert "the operator had paused at 12.000 s" in seen.page.inner_text("#why")
        assert "operator.hand" in seen.page.inner_text("#why code")
        assert seen.page.locator("#pictures circle").count() == 0


def test_the_page_of_runs_has_the_differences_that_the_command_prints(
    pages: Path, opened: Opened
) -> None:
    told = json.loads((pages / "runs.json").read_text())
    with opened(pages / "runs.html", drawn=False) as seen:
        page = seen.page
        assert "--set program.extension_ms=0" in page.inner_text("#changes")
        rows = page.locator("#outcome tbody tr")
        assert rows.count() == len(told["strides"])
        for index, measure in enumerate(told["strides"]):
            row = rows.nth(index).inner_text().replace("\N{MINUS SIGN}", "-")
            (difference,) = measure["differences"]
            assert difference["verdict"] in row
            assert f"{difference['means'][0]:.4g}" in row
            assert f"{difference['means'][1]:.4g}" in row
        moved = [each["name"] for each in told["figures"] if any(each["moved"])]
        assert page.locator("#figures > .scroll tbody tr").count() == len(moved)
