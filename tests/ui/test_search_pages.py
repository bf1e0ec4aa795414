"""The pages of sweeps and searches as a person sees them: in a real browser, narrow and wide."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.tuning.job import settings_of
from helpers.fitting import WIDTHS, cut_off, moved_by_hand
from helpers.here import fes_ctrl_here
from helpers.searches import CHARGE, CLEARANCE, DELAY, EXTENSION, grid, sweep_folder, tune_folder

Opened = Callable[..., Any]

PAGES = ("grid", "sample", "part", "nothing", "search", "broken")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of sweeps and searches, each with its page."""
    folder = tmp_path_factory.mktemp("searches")
    levels = grid([0.0, 50.0, 100.0, 150.0], [0.0, 50.0, 100.0])

    def figures(settings: dict[str, Any], patient: str, seed: int) -> dict[str, float] | None:
        if settings == {DELAY: 150.0, EXTENSION: 100.0}:
            return None
        delay, extension = settings.get(DELAY, 0.0), settings.get(EXTENSION, 100.0)
        noise = 0.2 * ((hash((delay, extension)) + 7 * seed) % 5) + (patient == "flaccid")
        return {
            CLEARANCE: 20.0 - 0.03 * delay + noise,
            CHARGE: 8.0 - 0.01 * delay + 0.02 * extension,
        }

    patients = ("flaccid", "stroke_moderate")
    sweep_folder(folder / "grid", levels, figures, patients=patients)
    words = ("heel_off", "initial_contact", "tilt")
    sample = [
        settings_of({DELAY: 7.0 * n, EXTENSION: 13.0 * n % 100, "program.trigger": words[n % 3]})
        for n in range(30)
    ]
    sweep_folder(folder / "sample", sample, figures, patients=patients)
    sweep_folder(folder / "part", levels, figures, walked=17)
    sweep_folder(folder / "nothing", levels, lambda *_: None)
    tune_folder(folder / "search")
    tune_folder(folder / "broken", passed=False)
    for name in PAGES:
        done = fes_ctrl_here("report", str(folder / name))
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{folder / name / 'report.html'}: {done.stdout.split(': ')[1]}"
    return folder


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_complaint_asks_nobody_and_fits_the_window(
    folders: Path, opened: Opened, name: str, width: int
) -> None:
    page = folders / name / "report.html"
    with opened(page, width=width, drawn=False) as seen:
        assert seen.said == []
        assert seen.asked == [page.as_uri()]
        wide = seen.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, "what is wider than the window moves by itself"
        told = seen.page.evaluate("document.body.innerText")
        assert "Simulated walks" in told
        assert "not a medical device" in told
        assert not re.search(r"\bNaN\b|\bundefined\b|\bnull\b|\bNone\b|\bInfinity\b", told)
        assert seen.page.screenshot(full_page=True).startswith(b"\x89PNG")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_table_is_cut_off(folders: Path, opened: Opened, name: str, width: int) -> None:
    with opened(folders / name / "report.html", width=width, drawn=False) as seen:
        assert cut_off(seen.page) == []
        # Tables of a sweep have a column for each figure, and may be wider than any window.
        if width >= 1200 and name in {"search", "broken"}:
            assert moved_by_hand(seen.page, "table") == []
        if width >= 420:
            assert moved_by_hand(seen.page, "#suggestion table") == []


def test_a_table_that_can_be_moved_shows_on_which_side_there_is_more(
    folders: Path, opened: Opened
) -> None:
    with opened(folders / "grid" / "report.html", width=420, drawn=False) as seen:
        box = seen.page.locator("#candidates .scroll")
        edges = []
        for share in (0.0, 0.5, 1.0):
            box.evaluate("(e, k) => { e.scrollLeft = k * (e.scrollWidth - e.clientWidth) }", share)
            edges.append(edge_shades(seen.page, box))
    assert [(left < 200, right < 200) for left, right in edges] == [
        (False, True),
        (True, True),
        (True, False),
    ], edges


def edge_shades(page: Any, box: Any) -> tuple[int, int]:
    """Return how light a box is at its left and right edge, between its lines, 0 to 255."""
    box.scroll_into_view_if_needed()
    at = box.bounding_box()
    # The first row of pixels has the padding of the caption and no letter.
    picture = page.screenshot(clip={**at, "height": 1})
    code = """async data => {
        const image = new Image();
        image.src = data;
        await image.decode();
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [image.width, image.height];
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0);
        return [1, image.width - 2].map(x => context.getImageData(x, 0, 1, 1).data[0]);
    }"""
    left, right = page.evaluate(code, "data:image/png;base64," + b64encode(picture).decode())
    return left, right


@pytest.mark.parametrize("name", PAGES)
def test_letters_in_pictures_are_large_enough_to_read_on_a_phone(
    folders: Path, opened: Opened, name: str
) -> None:
    with opened(folders / name / "report.html", width=360, drawn=False) as seen:
        smallest = seen.page.evaluate(
            """Math.min(99, ...[...document.querySelectorAll('svg.chart text')]
            .filter(text => text.textContent && text.checkVisibility())
            .map(text => parseFloat(getComputedStyle(text).fontSize)
                * text.closest('svg').getBoundingClientRect().width
                / text.closest('svg').viewBox.baseVal.width))"""
        )
    assert smallest >= 7.5


@pytest.mark.parametrize("name", ["grid", "sample", "search"])
def test_no_words_of_a_picture_lie_outside_of_it(folders: Path, opened: Opened, name: str) -> None:
    with opened(folders / name / "report.html", width=1600, drawn=False) as seen:
        outside = seen.page.evaluate(
            """[...document.querySelectorAll('svg.chart text')].filter(text => {
                const mine = text.getBoundingClientRect();
                const all = text.closest('svg').getBoundingClientRect();
                return mine.left < all.left - 1 || mine.right > all.right + 1
                    || mine.top < all.top - 1 || mine.bottom > all.bottom + 1;
            }).map(text => text.textContent)"""
        )
    assert outside == []


def test_every_candidate_is_a_line_that_says_what_it_is(folders: Path, opened: Opened) -> None:
    with opened(folders / "grid" / "report.html", drawn=False) as seen:
        titles = seen.page.evaluate(
            "[...document.querySelectorAll('#lines .scroll .trail title')].map(t => t.textContent)"
        )
        rows = seen.page.locator("#candidates tbody tr").count()
    assert len(titles) == 12, "eleven and the baseline; one has failed"
    assert rows == 13
    assert all("toe clearance: " in title for title in titles)
    assert sum("delay_ms = 50" in title for title in titles) == 3


def test_cells_of_a_map_can_be_read_on_every_shade(folders: Path, opened: Opened) -> None:
    for scheme in ("light", "dark"):
        with opened(folders / "grid" / "report.html", scheme=scheme, drawn=False) as seen:
            cells = seen.page.evaluate(
                """[...document.querySelectorAll('.heat .cell')].map(cell => [
                    getComputedStyle(cell).fill,
                    cell.previousElementSibling.getAttribute('fill')])"""
            )
        assert len(cells) == 2 * 11
        for ink, back in cells:
            rgb = tuple(int(part) for part in re.findall(r"\d+", ink)[:3])
            shade = tuple(int(back[at : at + 2], 16) for at in (1, 3, 5))
            assert contrast(rgb, shade) >= 4.5, (ink, back)


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return the contrast of two colours as the guidelines for accessible pages count it."""

    def luminance(colour: tuple[int, ...]) -> float:
        parts = [part / 255 for part in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_suggestion_and_its_proof_are_read_first(folders: Path, opened: Opened) -> None:
    with opened(folders / "search" / "report.html", drawn=False) as seen:
        headings = seen.page.locator("main h2").all_inner_texts()
        changed = seen.page.locator("#suggestion td strong").all_inner_texts()
        proof = seen.page.locator("#proof tbody tr").all_inner_texts()
        front = seen.page.locator("#front tbody tr").all_inner_texts()
    assert headings[:2] == ["Suggestion", "On unseen seeds"]
    assert changed == ["40", "150"]
    assert proof[1].split("\t")[:4] == [
        "charge, uC a stride",
        "400.00",
        "300.00",
        "\N{MINUS SIGN}100.00",
    ]
    assert [row.split("\t")[0] for row in front] == ["1, knee, suggested", "2, given"]


def test_what_is_there_and_cannot_be_read_is_one_line(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "tune.json").write_text('{"format": 1}')
    done = fes_ctrl_here("report", str(tmp_path))
    assert done.returncode == 2
    assert "tune.json: not what a search wrote (KeyError: 'objectives')" in done.stderr
    (tmp_path / "sweep.json").write_text("{")
    done = fes_ctrl_here("report", str(tmp_path))
    assert done.returncode == 2
    assert "sweep.json: not what a sweep wrote" in done.stderr
    (tmp_path / "sweep.json").write_text((folders / "grid" / "sweep.json").read_text())
    done = fes_ctrl_here("report", str(tmp_path))
    assert done.returncode == 2
    assert "rows.jsonl: No such file or directory" in done.stderr
    page = folders / "grid" / "report.html"
    done = fes_ctrl_here("report", str(folders / "grid"), "--json")
    assert json.loads(done.stdout) == {"file": str(page), "bytes": page.stat().st_size}
    done = fes_ctrl_here("report", str(folders / "grid"), "--out", str(folders / "grid/rows.jsonl"))
    assert done.returncode == 2
    assert "that is the search itself" in done.stderr
