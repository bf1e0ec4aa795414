"""Pictures of sweeps and searches: every line, cell, sign and bar where its number is."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.report.bars import Bar, bars
from fes_ctrl.report.heat import SHADES, Cell, heat_map, luminance, shade
from fes_ctrl.report.parallel import HIGH, TOP, Trail, parallel, upright_of
from fes_ctrl.report.sweep_page import sweep_page
from fes_ctrl.report.sweep_view import sweep_view
from fes_ctrl.report.tune_page import TuneError, tune_page
from fes_ctrl.report.tune_view import tune_view
from fes_ctrl.tuning.job import candidate_of, settings_of
from fes_ctrl.tuning.manifest import ROWS
from fes_ctrl.tuning.store import Store
from helpers.searches import CHARGE, DELAY, cheap_that_fail, grid, sweep_folder, tune_object


def test_a_trail_is_at_its_values_and_broken_where_one_is_unknown() -> None:
    one, places = upright_of("delay", "ms", [0.0, 50.0, 200.0, None])
    two, costs = upright_of("charge", "mC", [8.0, 6.0, 4.0, 5.0], downwards=True)
    assert places == [0.0, 50.0, 200.0, None]
    assert [one.at(0.0), one.at(50.0), one.at(200.0)] == [TOP + HIGH, TOP + 0.75 * HIGH, TOP]
    assert (two.at(4.0), two.at(8.0)) == (TOP, TOP + HIGH), "less is better, and better is above"
    trails = [Trail(values, "rest", "t") for values in zip(places, costs, strict=True)]
    drawn = re.findall(r'd="([^"]+)"', parallel([one, two], trails, "a"))
    assert drawn[0] == f"M64.0,{TOP + HIGH:.1f}L182.0,{TOP + HIGH:.1f}"
    assert drawn[3] == f"M182.0,{TOP + 0.25 * HIGH:.1f}"


def test_words_and_single_values_have_an_axis_as_well() -> None:
    words, places = upright_of("trigger", "", ["tilt", None, "heel_off"])
    assert places == [1.0, None, 0.0]
    assert words.words == ("heel_off", "tilt")
    single, _ = upright_of("rate", "Hz", [40.0, 40.0])
    assert single.at(40.0) == TOP + HIGH / 2


def test_a_cell_has_its_number_and_the_darker_the_more() -> None:
    cells = [[Cell(0.0, "a"), Cell(10.0, "b")], [Cell(None, "c", "failed"), Cell(5.0, "d")]]
    svg = heat_map("x", ("delay", ("0", "100")), ("extension", ("0", "50")), cells)
    assert re.findall(r'fill="(#\w+)"', svg) == [SHADES[0], SHADES[-1], shade(0.5)]
    assert re.findall(r'class="cell \w+"[^>]*>([^<]+)<', svg) == ["0.0", "10.0", "5.0"]
    assert ">failed</text>" in svg


def test_shades_fall_in_lightness_all_the_way() -> None:
    found = [luminance(shade(step / 40)) for step in range(41)]
    assert all(one > other for one, other in pairwise(found))


def test_a_bar_goes_from_zero_to_its_value_and_its_interval_beside_it() -> None:
    listed = [
        Bar("a", "t", 2.0, 1.0, 3.0, strong=True),
        Bar("b", "t", -2.0, None, None, strong=False),
    ]
    svg = bars("charge", "less is better", listed, "label")
    boxes = re.findall(r'class="bar (\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    (right, x1, w1), (left, x2, w2) = boxes
    assert (right, left) == ("c1", "weak")
    assert float(w1) == pytest.approx(float(w2), abs=0.2)
    assert float(x2) + float(w2) == pytest.approx(float(x1), abs=0.2)
    assert svg.count("line range") == 1


def page_of(folder: Path, *arguments: Any, **options: Any) -> str:
    manifest = sweep_folder(folder, *arguments, **options)
    with Store(folder / ROWS, read_only=True) as store:
        return sweep_page(sweep_view(manifest, store))


def test_the_page_of_a_two_axis_grid_has_a_map_of_each_figure(tmp_path: Path) -> None:
    page = page_of(tmp_path, grid([0.0, 100.0], [0.0, 50.0]))
    assert page.count('class="chart heat"') == 2
    # Seeds 1 to 3 add one on the average.
    assert re.findall(r'class="cell \w+"[^>]*>([^<]+)<', page)[:4] == [
        "21.0",
        "20.0",
        "21.0",
        "20.0",
    ]
    assert "Sweep made &amp; &lt;up&gt;" in page
    among = "the candidates that passed every walk (5 of 5)"
    assert f"The highest toe clearance of {among} is that of candidate" in page
    assert "The highest of all" not in page, "it is the same one"
    assert "From the baseline: +0.50 mm (+0.50 to +0.50)." in page


def test_failed_and_missing_walks_are_told_and_nothing_is_code(tmp_path: Path) -> None:
    page = page_of(tmp_path, grid([0.0, 100.0], [0.0, 50.0, 100.0]), walked=9,
                   figures=lambda settings, *_: None if settings else {"charge.total_mC": 1.0},
                   by="charge.total_mC")  # fmt: skip
    assert "12 of 21 walks have not been walked" in page
    assert "the muscle &lt;gave up&gt;" in page
    assert "3 of 3" in page
    words = page.partition("<main")[2]
    assert not re.search(r"\bfail", words), "an error is not a bound that was not met"
    assert ">3</dd>" not in words
    assert "walks without a result, of all candidates" in words
    nothing = page_of(tmp_path / "none", grid([0.0, 1.0], [0.0]), lambda *_: None)
    assert "No walk came to anything; the reasons are below." in nothing


def test_the_result_is_the_best_of_those_that_passed_and_the_cheapest_is_told_apart(
    tmp_path: Path,
) -> None:
    delays = [0.0, 50.0, 100.0, 150.0]
    candidates = [settings_of({DELAY: delay}) for delay in delays]
    names = [candidate_of(each) for each in candidates]
    page = page_of(tmp_path, candidates, cheap_that_fail, by=CHARGE, best="lowest")
    assert f'class="verdict good">candidate {names[1]} passed 3 of 3 walks<' in page
    among = "the candidates that passed every walk (3 of 5)"
    assert f"The lowest charge of {among} is that of candidate {names[1]}: delay_ms = 50." in page
    assert "From the baseline: \N{MINUS SIGN}0.50 mC" in page
    assert (
        f"The lowest of all, 6.50 mC, is that of candidate {names[3]}, which passed 0 of 3 walks: "
        "delay_ms = 150."
    ) in page
    assert "7.50 <small>mC</small>" in page
    rows = re.findall(r'<th scope="row">(?:<strong>)?(\w+).*?</tr>', page.partition("<tbody>")[2])
    assert rows[:4] == [*reversed(names[1:]), "baseline"], "in order of charge, as they were"
    assert f"<strong>{names[1]}</strong>" in page
    assert page.count('<span class="missed">') == 2


def test_where_nobody_passed_the_result_says_so_at_once(tmp_path: Path) -> None:
    candidates = [settings_of({DELAY: 150.0}), settings_of({DELAY: 200.0})]

    def figures(settings: dict[str, Any], patient: str, seed: int) -> dict[str, Any]:
        return {**cheap_that_fail(settings, patient, seed), "passed": False}

    page = page_of(tmp_path, candidates, figures, by=CHARGE, best="lowest")
    name = candidate_of(candidates[1])
    assert f'class="verdict bad">candidate {name} passed 0 of 3 walks<' in page
    said = f"No candidate passed a walk. The lowest charge of all is that of candidate {name}: "
    assert said in page


def test_of_a_long_sweep_a_part_of_the_lines_is_drawn_and_it_says_so(
    tmp_path: Path,
) -> None:
    levels = [float(number) for number in range(20)]
    page = page_of(tmp_path, grid(levels, levels), seeds=(1,))
    lines = len(re.findall(r'class="line trail', page)) - 1
    assert 200 <= lines <= 300
    assert f"{lines} of 401 candidates are drawn" in page
    assert "200 more are in candidates.csv" in page


def test_the_front_the_knee_and_the_suggestion_are_marked() -> None:
    view = tune_view(tune_object())
    assert [trial.kind for trial in view.trials] == [
        "front",
        "front",
        "tried",
        "against",
        "against",
    ]
    assert [trial.number for trial in view.front] == [1, 2]
    assert [trial.knee for trial in view.front] == [True, False]
    assert [trial.given for trial in view.front] == [False, True]
    assert [trial.chosen for trial in view.front] == [True, False]
    page = tune_page(tune_object())
    assert "keeps what it promises" in page
    assert "onset +40 ms: charge \N{MINUS SIGN}25 %" in page
    assert "The same for every program: foot slap." in page
    assert "Of 1 programs a walk failed" in page
    assert "a reason &amp; more" in page
    signs = re.findall(r'class="sign (\w+)" d="[^"]+" transform="translate', page)
    assert sorted(signs) == ["bad", "c1", "c1", "c2", "c3", "rest", "ring"]


def test_the_better_end_is_to_the_left_and_above() -> None:
    page = tune_page(tune_object())
    at = {
        kind: tuple(map(float, found))
        for kind, *found in re.findall(
            r'class="sign (\w+)" d="[^"]+" transform="translate\(([\d.]+) ([\d.]+)\)', page
        )
    }
    (knee_x, knee_y), (given_x, given_y), (bad_x, bad_y) = at["c2"], at["c3"], at["bad"]
    assert bad_x < knee_x < given_x, "charge 90, 300, 400"
    assert bad_y > knee_y > given_y, "clearance 4, 20.5, 21: more is above"


def test_a_search_that_does_not_keep_its_promise_says_why() -> None:
    page = tune_page(tune_object(passed=False))
    assert "does not keep what it promises" in page
    assert "toe clearance: &lt;broken&gt;" in page


@pytest.mark.parametrize(
    "missing", ["front", "space", "verification", "verdict", "walks", "chosen"]
)
def test_what_is_no_search_is_an_error_that_names_the_part(missing: str) -> None:
    found = tune_object()
    del found[missing]
    with pytest.raises(TuneError, match=missing):
        tune_page(found)
    with pytest.raises(TuneError, match="no object of format 1"):
        tune_page([missing])


def put_back() -> dict[str, Any]:
    """Return a search whose suggestion is none of its programs: the ramp was put back."""
    whole = tune_object()
    whole["chosen"]["settings"] = {"program.delay_ms": 40.0, "program.rise_ms": 200.0}
    whole["chosen"]["put_back"] = ["program.rise_ms"]
    for turn, clearance in zip(whole["sensitivity"], (20.75, 20.75), strict=True):
        turn["effects"] = [
            {**each, "before": {"toe_clearance": clearance, "charge": 320.0}.get(name, 0.0)}
            for each in turn["effects"]
            for name in [each["objective"]]
        ]
    return whole


def drawn_of(page: str) -> tuple[set[str], set[str]]:
    """Return what the legends name, and the classes of the lines and signs that are drawn."""
    named = set(re.findall(r'<span class="key"><svg.*?</svg> ([^<]+)</span>', page))
    drawn = set(re.findall(r'<path class="line trail ([\w ]+)" d="[^"]+"><title>', page))
    return named, drawn | set(re.findall(r'class="sign (\w+)" d="[^"]+" transform="tr', page))


def test_a_suggestion_of_which_a_dial_was_put_back_is_drawn_where_it_was_measured() -> None:
    page = tune_page(put_back())
    named, drawn = drawn_of(page)
    assert "suggested" in named
    assert {"c2 chosen", "ring"} <= drawn
    place = r'class="sign {}" d="[^"]+" transform="translate\(([\d.]+) ([\d.]+)\)'
    (ring,) = re.findall(place.format("ring"), page)
    (knee,), (given,) = (re.findall(place.format(colour), page) for colour in ("c2", "c3"))
    share = [
        (float(at) - float(low)) / (float(high) - float(low))
        for at, low, high in zip(ring, knee, given, strict=True)
    ]
    assert share == pytest.approx([0.2, 0.5], abs=0.02), "320 of 300 to 400, 20.75 of 20.5 to 21"
    (told,) = re.findall(r'trail c2 chosen" d="[^"]+"><title>([^<]+)<', page)
    assert "onset 40 ms" in told
    assert "charge: 320.00" in told
    assert "5 programs walked by" in page, "it is none of those that were searched"
    assert "it was walked afterwards, by the same seeds" in page


def test_a_suggestion_of_which_nothing_was_measured_is_not_in_the_legend_either() -> None:
    whole = put_back()
    whole["sensitivity"] = []
    page = tune_page(whole)
    named, drawn = drawn_of(page)
    assert "suggested" not in named
    assert not {"c2 chosen", "ring"} & drawn
    assert "The suggestion is not drawn" in page


def test_of_a_long_search_the_suggestion_and_the_given_program_are_drawn_all_the_same() -> None:
    whole = tune_object()
    one = whole["candidates"][2]
    whole["candidates"] += [
        {**one, "point": {**one["point"], "program.rise_ms": 1000.0 + n}} for n in range(999)
    ]
    whole["candidates"].append({**one, "point": {"program.delay_ms": 1.0, "program.rise_ms": 7.0}})
    whole["chosen"]["settings"] = whole["candidates"][-1]["point"]
    page = tune_page(whole)
    assert {"c2 chosen", "c3 dash"} <= drawn_of(page)[1]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"duration_s": 8.0, "walk_s": 8.0}, "8"),
        ({"duration_s": None, "walk_s": 60.0}, "60"),
        ({"duration_s": None}, "the scenario&#x27;s own"),
    ],
)
def test_how_long_a_walk_is_stands_there_whoever_said_it(
    known: dict[str, float | None], said: str
) -> None:
    page = tune_page(tune_object() | known)
    row = re.search("seconds of a walk</t[hd]>(<td[^>]*>)([^<]*)<", page)
    assert row is not None
    assert row[2] == said
