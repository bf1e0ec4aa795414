"""The page of a what-if in a real browser: quiet, offline, readable narrow and wide, and right."""

import json
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpers.fitting import WIDTHS, cut_off, moved_by_hand
from helpers.heel_walk import heel_walk, write_events
from helpers.here import fes_ctrl_here

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TEXTS = """
[...document.querySelectorAll('svg.cycle text')].map(e => {
  const b = e.getBoundingClientRect();
  return [e.textContent, b.left, b.top, b.right, b.bottom];
})
"""


def what_if(folder: Path, lock_out_ms: int) -> Path:
    walk = heel_walk(folder / "walk.csv", seconds=30.0, sides=("left", "right"))
    events = write_events(walk, folder / "walk.events.csv")
    with events.open("a") as file:
        for side, swings in walk.swings.items():
            file.writelines(f"{begin + 0.04:.3f},tc,{side}\n" for begin, _ in swings)
    done = fes_ctrl_here(
        *("replay", str(walk.path), "--against", "standard", "--out", str(folder / "run")),
        *("--set", "program.delay_ms=150", "--set", f"program.lock_out_ms={lock_out_ms}"),
    )
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A what-if of two legs with reference events, two of which lie close together."""
    return what_if(tmp_path_factory.mktemp("whatif"), 600)


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a lock-out that outlasts the next heel-off: every other burst is missing."""
    return what_if(tmp_path_factory.mktemp("sparse"), 1200)


@pytest.fixture(params=[360, 600, 1400])
def page(browser: "Browser", folder: Path, request: pytest.FixtureRequest) -> "Iterator[Page]":
    """The page at that width; what it says or asks for fails the test."""
    heard: list[str] = []
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda asked: heard.append(asked.url))
    uri = (folder / "whatif.html").as_uri()
    page.goto(uri)
    yield page
    context.close()
    assert heard == [uri]


def test_nothing_runs_out_of_the_window_or_lies_over_another(page: "Page") -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    texts: list[tuple[str, float, float, float, float]] = page.evaluate(TEXTS)
    assert {"heel-off", "toe-off"} <= {text[0] for text in texts}
    for one, other in combinations(texts, 2):
        apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        # Lines of text that follow each other share the room between them.
        share = min(one[4], other[4]) - max(one[2], other[2])
        assert apart or share <= 4.0, (one, other)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_table_is_cut_off_and_why_a_burst_is_missing_is_read_at_once(
    sparse: Path, opened: Callable[..., Any], width: int
) -> None:
    with opened(sparse / "whatif.html", width=width, drawn=False) as seen:
        assert cut_off(seen.page) == []
        if width >= 1200:
            assert moved_by_hand(seen.page, ".list table, .both table") == []
        missing = seen.page.locator(".list").first.locator("tr:has(.missed)")
        assert missing.count() > 0
        for cell in missing.locator("td:last-child").all():
            lines = cell.bounding_box()["height"] / 20.0
            assert lines <= 5, "as the other columns are empty, it has their room"


def test_the_list_stands_beside_the_picture_where_there_is_room(page: "Page") -> None:
    picture = page.locator("svg.cycle").first.bounding_box()
    listed = page.locator(".list").first.bounding_box()
    assert picture is not None
    assert listed is not None
    wide = page.evaluate("window.innerWidth") >= 1100
    assert wide == (listed["x"] >= picture["x"] + picture["width"])
    assert wide != (listed["y"] >= picture["y"] + picture["height"])


def test_rows_and_figures_are_those_of_the_comparison(page: "Page", folder: Path) -> None:
    told: dict[str, Any] = json.loads((folder / "whatif.json").read_text())
    for index, leg in enumerate(told["legs"].values()):
        (channel,) = leg["channels"]
        rows = page.locator("svg.cycle").nth(index).locator("g:has(title)")
        assert rows.count() == len(leg["strides"])
        differing = [burst for burst in channel["bursts"] if burst["marks"]]
        listed = page.locator(".list").nth(index).locator("tbody tr")
        assert listed.count() == len(differing) > 0
        table = page.locator(".both").nth(index).locator("tbody tr")
        cells = {
            name: rest
            for name, *rest in (table.nth(k).locator("th, td").all_inner_texts() for k in range(7))
        }
        totals, timing = channel["totals"], channel["timing"]
        assert cells["bursts"][:2] == [str(totals[side]["bursts"]) for side in ("old", "new")]
        assert cells["charge, uC"][2] == f"{totals['charge_percent']:+.1f} %"
        medians = [str(round(timing[side]["onset_ms"]["median"])) for side in ("old", "new")]
        assert [cell.split()[0] for cell in cells["onset after heel-off"][:2]] == medians


def test_it_looks_and_warns_like_the_other_pages(page: "Page") -> None:
    assert "never what the foot would have done" in page.locator(".warning").inner_text()
    assert page.locator(".verdict").inner_text().endswith("bursts differ")
    assert page.locator("nav a").count() == 3
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll('svg.cycle text')].map(text =>
            parseFloat(getComputedStyle(text).fontSize)
            * text.closest('svg').getBoundingClientRect().width
            / text.closest('svg').viewBox.baseVal.width))"""
    )
    # Of none at all it would be infinite.
    assert 7.5 <= smallest < 100, "letters that can be read on a phone"


def test_in_the_dark_nothing_of_it_stays_light(page: "Page") -> None:
    page.emulate_media(color_scheme="dark")
    shade = """e => {
        const [r, g, b] = getComputedStyle(e)[KEY].match(/\\d+/g).map(Number);
        return 0.299 * r + 0.587 * g + 0.114 * b;
    }"""
    assert page.locator("body").evaluate(shade.replace("KEY", "'backgroundColor'")) < 60
    for name in ("svg.cycle .row", "svg.cycle .row.odd"):
        assert page.locator(name).first.evaluate(shade.replace("KEY", "'fill'")) < 60
    for name in ("svg.cycle .title", "svg.cycle .moved", "svg.cycle .named.ho"):
        assert page.locator(name).first.evaluate(shade.replace("KEY", "'fill'")) > 150
