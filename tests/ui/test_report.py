"""The page of a run as a person sees it: in a real browser, offline, with the run's own numbers."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.analysis.run import read_run
from fes_ctrl.analysis.truth import read_truth
from helpers.fitting import WIDTHS, cut_off, moved_by_hand
from helpers.here import fes_ctrl_here

Opened = Callable[..., Any]

WALKS = {
    "plain": ("standard", "--duration", "14", "--set", "program.delay_ms=20"),
    "both": ("both_legs", "--duration", "9"),
    "pulled": ("cable_pulled", "--duration", "24"),
    "evaluation": ("standard", "--duration", "9", "--evaluation"),
    "second": ("standard", "--duration", "1"),
    "contralateral": ("contralateral", "--duration", "9"),
    "learning": ("adaptive", "--duration", "12"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of walks, each with its page; ``killed`` has half a log and nothing else."""
    folder = tmp_path_factory.mktemp("runs")
    for name, arguments in WALKS.items():
        done = fes_ctrl_here("walk", *arguments, "--out", str(folder / name), "--json")
        assert done.returncode in {0, 1}, done.stderr
    (folder / "killed").mkdir()
    log = (folder / "plain" / "log.jsonl").read_bytes()
    (folder / "killed" / "log.jsonl").write_bytes(log[: len(log) // 2])
    for name in (*WALKS, "killed"):
        done = fes_ctrl_here("report", str(folder / name))
        assert done.returncode == 0, done.stderr
    return folder


def at(summary: dict[str, Any], dotted: str) -> object:
    here: Any = summary
    for part in dotted.split("."):
        here = here[part]
    return here


def shown_span(seen: Any) -> tuple[float, float]:
    """Return what the controls of the first plots say is shown, seconds."""
    said = seen.page.inner_text(".series[aria-label$='in time'] output")
    found = re.match(r"([\d.]+) to ([\d.]+) s", said)
    assert found, said
    return float(found[1]), float(found[2])


@pytest.mark.parametrize("name", [*WALKS, "killed"])
def test_a_page_asks_nobody_for_anything_and_has_no_complaint(
    runs: Path, opened: Opened, name: str
) -> None:
    page = runs / name / "report.html"
    with opened(page) as seen:
        assert seen.said == []
        assert seen.asked == [page.as_uri()]
        panels, drawn = (seen.page.locator(css).count() for css in (".panel", ".panel .uplot"))
        assert panels == drawn > 0
        told = seen.page.evaluate("document.body.innerText")
        assert "not a medical device" in told
        assert not re.search(r"\bNaN\b|\bundefined\b|\bnull\b|\bInfinity\b", told)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["plain", "pulled", "learning"])
def test_no_table_is_cut_off(runs: Path, opened: Opened, name: str, width: int) -> None:
    with opened(runs / name / "report.html", width) as seen:
        assert cut_off(seen.page) == []
        if width >= 1200:
            assert moved_by_hand(seen.page, "#verdict table, #safety table") == []


def test_the_figures_on_the_page_are_those_of_the_summary(runs: Path, opened: Opened) -> None:
    summary = json.loads((runs / "plain" / "summary.json").read_text())
    with opened(runs / "plain" / "report.html") as seen:
        listed = seen.page.evaluate(
            "[...document.querySelectorAll('[data-figure]')]"
            ".map(e => [e.dataset.figure, e.textContent])"
        )
        strides = seen.page.get_attribute("[data-figure='cycle.right']", "data-strides")
    figures = {key: text for key, text in listed if key.partition(".")[0] in {"legs", "charge"}}
    assert len(figures) >= 15
    for key, text in figures.items():
        known = at(summary, key)
        assert isinstance(known, int | float), key
        digits = len(text.partition(".")[2])
        assert text.replace("\N{MINUS SIGN}", "-") == f"{known:.{digits}f}", key
    settled_from = summary["legs"]["right"]["settled_from_stride"]
    assert int(strides) == summary["legs"]["right"]["strides"] - settled_from + 1
    assert dict(listed)["verdict"] == ("passed" if summary["verdict"]["passed"] else "failed")


def test_what_a_pointer_reads_off_is_what_the_patient_did(runs: Path, opened: Opened) -> None:
    truth = read_truth(runs / "plain")
    assert truth is not None
    leg = truth.legs[0]
    with opened(runs / "plain" / "report.html") as seen:
        for name in ("ankle", "toe", "pitch"):
            panel = seen.page.locator(".panel", has=seen.page.locator(f"text='{name}'"))
            over = panel.locator(".u-over")
            over.scroll_into_view_if_needed()
            box = over.bounding_box()
            seen.page.mouse.move(box["x"] + 0.37 * box["width"], box["y"] + 20)
            time, value = (panel.locator(".u-value").nth(k).inner_text() for k in (0, 1))
            index = int((leg.t_us == round(float(time.removesuffix(" s")) * 1e6)).argmax())
            series = leg.series[{"ankle": "ankle_deg", "toe": "toe_mm", "pitch": "pitch_deg"}[name]]
            read = float(value.replace("\N{MINUS SIGN}", "-"))
            assert read == pytest.approx(series[index], abs=0.11), (name, time)


def test_a_point_of_a_stride_is_at_the_contact_that_ends_it(runs: Path, opened: Opened) -> None:
    truth = read_truth(runs / "plain")
    assert truth is not None
    contacts_s = [swing.contact_us / 1e6 for swing in truth.legs[0].swings]
    with opened(runs / "plain" / "report.html") as seen:
        panel = seen.page.locator(".panel", has=seen.page.locator("text='charge'"))
        over = panel.locator(".u-over")
        over.scroll_into_view_if_needed()
        box = over.bounding_box()
        for share in (0.3, 0.5, 0.8):
            seen.page.mouse.move(box["x"] + share * box["width"], box["y"] + 20)
            said = panel.locator(".u-value").first.inner_text()
            at_s = float(said.removesuffix(" s"))
            assert min(abs(at_s - contact_s) for contact_s in contacts_s) < 0.0011, said


def test_dragging_across_one_plot_zooms_all_and_a_double_click_shows_the_whole(
    runs: Path, opened: Opened
) -> None:
    with opened(runs / "plain" / "report.html") as seen:
        whole = shown_span(seen)
        over = seen.page.locator(".u-over").nth(1)
        over.scroll_into_view_if_needed()
        box = over.bounding_box()
        seen.page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 30)
        seen.page.mouse.down()
        seen.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40, steps=4)
        seen.page.mouse.up()
        low, high = shown_span(seen)
        span = whole[1] - whole[0]
        assert low == pytest.approx(whole[0] + 0.25 * span, abs=0.02 * span)
        assert high == pytest.approx(whole[0] + 0.5 * span, abs=0.02 * span)
        seen.page.mouse.dblclick(box["x"] + 0.5 * box["width"], box["y"] + 30)
        assert shown_span(seen) == whole
        assert seen.said == []


def test_buttons_zoom_without_a_mouse(runs: Path, opened: Opened) -> None:
    with opened(runs / "plain" / "report.html") as seen:
        low, high = shown_span(seen)
        controls = seen.page.locator(".controls").first
        controls.get_by_label("Zoom in").press("Enter")
        inner = shown_span(seen)
        assert inner[1] - inner[0] == pytest.approx((high - low) / 2, abs=0.02)
        controls.get_by_label("Move on in time").press("Enter")
        assert shown_span(seen)[0] > inner[0]
        controls.get_by_label("Show the whole run").press("Enter")
        assert shown_span(seen) == (low, high)


def test_an_address_leads_to_a_stride_and_so_does_its_number(runs: Path, opened: Opened) -> None:
    swings = {swing.stride: swing for swing in read_run(runs / "plain").walk.legs[0].swings}
    with opened(runs / "plain" / "report.html", fragment="#stride-6") as seen:
        low, high = shown_span(seen)
        begins, ends = swings[5].contact_us / 1e6, swings[6].contact_us / 1e6
        assert low < begins < ends < high
        assert high - low < 2 * (ends - begins)
        form = seen.page.locator(".series[aria-label$='in time'] form")
        form.locator("input").fill("8")
        form.locator("button").click()
        assert shown_span(seen)[0] < swings[7].contact_us / 1e6 < shown_span(seen)[1]
        assert seen.page.url.endswith("#stride-8")
        seen.page.evaluate("location.hash = '#stride-999'")
        told = seen.page.locator(".series[aria-label$='in time'] output")
        told.filter(has_text="there is no stride 999").wait_for(timeout=5_000)


def test_with_two_legs_an_address_names_the_leg(runs: Path, opened: Opened) -> None:
    with opened(runs / "both" / "report.html", fragment="#right-stride-3") as seen:
        top = seen.page.evaluate(
            "document.querySelector('.series[aria-label=\"The right leg in time\"]')"
            ".getBoundingClientRect().top"
        )
        assert abs(top) < 60
        assert seen.page.locator("h3", has_text="Left leg").count() >= 4


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("name", ["plain", "both"])
def test_narrow_or_wide_nothing_sticks_out(
    runs: Path, opened: Opened, tmp_path: Path, name: str, width: int
) -> None:
    with opened(runs / name / "report.html", width) as seen:
        seen.page.screenshot(path=tmp_path / "page.png")
        assert (tmp_path / "page.png").stat().st_size > 20_000
        seen.page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        out = seen.page.evaluate(
            "[...document.querySelectorAll('main .panel, main .tiles > div, main figure, .scroll')]"
            ".filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).length"
        )
        assert out == 0
        # No two lines of text of a picture lie over each other.
        over = seen.page.evaluate(
            """[...document.querySelectorAll('svg.chart')].filter(chart => {
              const boxes = [...chart.querySelectorAll('text')].map(e => e.getBBox());
              return boxes.some((a, i) => boxes.some((b, k) => k > i && a.x + a.width > b.x + 1
                && b.x + b.width > a.x + 1 && a.y + a.height > b.y + 3
                && b.y + b.height > a.y + 3));
            }).map(e => e.getAttribute('aria-label'))"""
        )
        assert over == []


def test_in_the_dark_the_page_and_its_plots_are_dark(runs: Path, opened: Opened) -> None:
    darkness = {}
    for scheme in ("light", "dark"):
        with opened(runs / "second" / "report.html", scheme=scheme) as seen:
            darkness[scheme] = seen.page.evaluate(
                "[getComputedStyle(document.body).backgroundColor,"
                " getComputedStyle(document.body).color]"
            )
    assert darkness["light"] == ["rgb(255, 255, 255)", "rgb(27, 34, 38)"]
    assert sum(map(int, re.findall(r"\d+", darkness["dark"][0]))) < 100
    assert sum(map(int, re.findall(r"\d+", darkness["dark"][1]))) > 600


def test_whoever_cannot_see_it_is_told(runs: Path, opened: Opened) -> None:
    with opened(runs / "plain" / "report.html") as seen:
        count = seen.page.evaluate
        assert count("document.querySelectorAll('h1').length") == 1
        assert count("document.querySelectorAll('svg[role=img]:not([aria-label])').length") == 0
        assert count("document.querySelectorAll('.panel:not([aria-label])').length") == 0
        labels = count(
            "[...document.querySelectorAll('.panel, svg[role=img]')]"
            ".map(e => e.getAttribute('aria-label'))"
        )
        assert all(re.search(r"\d|not known|contact", label) for label in labels)
        unnamed = "[...document.querySelectorAll('button')].filter(e => !e.textContent.trim())"
        assert count(f"{unnamed}.length") == 0
        assert (
            count("document.querySelectorAll('input').length")
            == seen.page.locator("label input").count()
        )
        targets = count(
            "[...document.querySelectorAll('nav a, .skip')].filter("
            "a => !document.querySelector(a.getAttribute('href'))).length"
        )
        assert targets == 0


def test_names_that_are_code_are_only_names(runs: Path, opened: Opened, tmp_path: Path) -> None:
    evil = "</title><script>document.title='taken'</script><img src=x onerror=alert(1)>"
    folder = tmp_path / "evil"
    shutil.copytree(runs / "pulled", folder)
    summary = json.loads((folder / "summary.json").read_text())
    summary |= {"scenario": evil, "patient": evil, "program": evil, "notes": [evil]}
    summary["verdict"] = {"passed": False, "reasons": [evil]}
    (folder / "summary.json").write_text(json.dumps(summary))
    log = (folder / "log.jsonl").read_text()
    (folder / "log.jsonl").write_text(log.replace('"cable pulled"', json.dumps(evil)))
    settings = json.loads((folder / "settings.json").read_text())
    settings["values"]["patient"]["name"] = evil
    settings["origins"]["patient.name"] = evil
    (folder / "settings.json").write_text(json.dumps(settings))
    assert fes_ctrl_here("report", str(folder)).returncode == 0
    with opened(folder / "report.html") as seen:
        assert seen.said == []
        assert len(seen.asked) == 1
        assert evil in seen.page.title()
        assert evil in seen.page.inner_text("h1")
        assert seen.page.locator("main").evaluate("e => e.querySelectorAll('img').length") == 0
        assert seen.page.locator("table", has_text=evil).count() >= 2


def test_ten_minutes_are_below_three_megabytes_and_open_on_strides(
    opened: Opened, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    arguments = ("moderate_stroke", "--duration", "600", "--out", str(folder), "--json")
    assert fes_ctrl_here("walk", *arguments).returncode in {0, 1}
    page = tmp_path / "long.html"
    assert fes_ctrl_here("report", str(folder), "--out", str(page)).returncode == 0
    assert page.stat().st_size < 3_000_000
    with opened(page) as seen:
        assert seen.said == []
        low, high = shown_span(seen)
        assert 5 < high - low < 30
        seen.page.locator(".controls").first.get_by_label("Show the whole run").click()
        assert shown_span(seen)[1] > 599


def test_on_paper_the_page_is_white_and_no_plot_is_cut_off(runs: Path, opened: Opened) -> None:
    widths = "[...document.querySelectorAll('.uplot canvas')].map(e => e.clientWidth)"
    ground = "getComputedStyle(document.body).backgroundColor"
    with opened(runs / "plain" / "report.html", 1600, scheme="dark") as seen:
        before = seen.page.evaluate(widths)
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert set(seen.page.evaluate(widths)) == {660}
        assert seen.page.evaluate(ground) == "rgb(255, 255, 255)"
        seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert seen.page.evaluate(widths) == before
        assert seen.page.evaluate(ground) != "rgb(255, 255, 255)"
        assert seen.said == []
