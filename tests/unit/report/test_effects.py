"""What a setting does by itself: exact where the figures are, with the textbook's interval."""

from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from scipy.stats import t

from fes_ctrl.report.sweep_view import SweepView, sweep_view
from fes_ctrl.tuning.effects import MainEffect, is_grid, varied
from fes_ctrl.tuning.job import settings_of
from fes_ctrl.tuning.manifest import ROWS
from fes_ctrl.tuning.store import Store
from helpers.searches import (
    CHARGE,
    CLEARANCE,
    DELAY,
    EXTENSION,
    Figures,
    grid,
    linear,
    sweep_folder,
)

POOLED = "legs.*.toe_clearance_mm.median"


def view_of(folder: Path, *arguments: Any, **options: Any) -> SweepView:
    manifest = sweep_folder(folder, *arguments, **options)
    with Store(folder / ROWS, read_only=True) as store:
        return sweep_view(manifest, store)


def effect_of(view: SweepView, key: str, figure: str) -> MainEffect:
    return next(each for each in view.effects if (each.key, each.figure) == (key, figure))


def test_what_a_seed_does_to_every_walk_is_no_effect_and_no_noise(tmp_path: Path) -> None:
    view = view_of(tmp_path, grid([0.0, 100.0, 200.0], [0.0, 50.0]))
    found = effect_of(view, DELAY, POOLED)
    assert found.over == "seeds"
    assert [level.at for level in found.levels] == [0, 100, 200]
    assert [level.candidates for level in found.levels] == [2, 2, 2]
    for level, known in zip(found.levels, (1.0, 0.0, -1.0), strict=True):
        assert level.mean == pytest.approx(known)
        assert (level.low, level.high) == (pytest.approx(known), pytest.approx(known))
    charge = effect_of(view, EXTENSION, "charge.total_mC")
    assert [level.mean for level in charge.levels] == [pytest.approx(-0.25), pytest.approx(0.25)]


def test_the_interval_is_student_s_over_the_seeds(tmp_path: Path) -> None:
    slopes = {1: 0.010, 2: 0.013, 3: 0.004, 4: 0.009}

    def figures(settings: dict[str, Any], _: str, seed: int) -> dict[str, float]:
        return {CLEARANCE: 20.0 - slopes[seed] * settings.get(DELAY, 0.0)}

    delays = [0.0, 100.0]
    view = view_of(tmp_path, grid(delays, [0.0, 50.0]), figures, seeds=tuple(slopes))
    first, last = effect_of(view, DELAY, POOLED).levels
    known = [50 * slope for slope in slopes.values()]
    half = float(t.ppf(0.975, 3)) * stdev(known) / 2.0
    assert first.mean == pytest.approx(fmean(known)) == pytest.approx(-last.mean)
    assert first.low == pytest.approx(fmean(known) - half)
    assert first.high == pytest.approx(fmean(known) + half)


def test_where_levels_do_not_meet_the_same_others_the_interval_is_over_candidates(
    tmp_path: Path,
) -> None:
    pairs = [(0.0, 0.0), (0.0, 50.0), (100.0, 50.0), (100.0, 80.0)]
    sample = [settings_of({DELAY: delay, EXTENSION: extension}) for delay, extension in pairs]
    view = view_of(tmp_path, sample, by="charge.total_mC")
    first, last = effect_of(view, DELAY, "charge.total_mC").levels
    assert effect_of(view, DELAY, "charge.total_mC").over == "candidates"
    assert (first.mean, last.mean) == (pytest.approx(0.05), pytest.approx(-0.05))
    spread = [8.0 + 0.01 * extension for extension in (0.0, 50.0)]
    half = float(t.ppf(0.975, 1)) * stdev(spread) / 2**0.5
    assert first.high is not None
    assert first.high - first.mean == pytest.approx(half)


def test_a_candidate_that_failed_makes_a_grid_a_sample(tmp_path: Path) -> None:
    def figures(settings: dict[str, Any], patient: str, seed: int) -> dict[str, float] | None:
        failed = settings == {DELAY: 100.0, EXTENSION: 50.0}
        return None if failed else linear(settings, patient, seed)

    view = view_of(tmp_path, grid([0.0, 100.0], [0.0, 50.0]), figures)
    assert view.grid, "it was asked for as one"
    assert effect_of(view, DELAY, POOLED).over == "candidates"
    assert view.failed == 3
    assert view.candidates[-1].name != "baseline"
    assert not view.candidates[-1].figures, "the unknown is last"


def test_many_values_are_taken_together_in_parts_of_equal_count(tmp_path: Path) -> None:
    sample = [settings_of({DELAY: float(10 * number), EXTENSION: 5.0 * (number % 7)})
              for number in range(20)]  # fmt: skip
    levels = effect_of(view_of(tmp_path, sample), DELAY, POOLED).levels
    assert [level.candidates for level in levels] == [4] * 5
    assert [level.label for level in levels][:2] == ["0 to 30", "40 to 70"]
    assert levels[0].at == 15.0
    assert levels[0].mean == pytest.approx(0.8)


def test_words_are_levels_too(tmp_path: Path) -> None:
    def figures(settings: dict[str, Any], _: str, seed: int) -> dict[str, float]:
        return {CLEARANCE: 20.0 + (settings.get("program.trigger") == "tilt"), CHARGE: float(seed)}

    sample = [settings_of({"program.trigger": word}) for word in ("tilt", "heel_off")]
    view = view_of(tmp_path, sample, figures)
    levels = effect_of(view, "program.trigger", POOLED).levels
    assert [(level.label, level.at, level.mean) for level in levels] == [
        ("heel_off", None, -0.5),
        ("tilt", None, 0.5),
    ]
    assert [figure.words for figure in view.moving] == ["toe clearance"]
    assert len(view.figures) == 2


def test_what_is_a_grid() -> None:
    assert is_grid([(), *grid([0.0, 1.0], [2.0, 3.0])])
    assert not is_grid([(), *grid([0.0, 1.0], [2.0, 3.0])[1:]])
    assert not is_grid([()])
    assert varied([(), *grid([1.0, 0.0], [2.0])]) == {DELAY: [0.0, 1.0]}


def test_a_sweep_of_which_nothing_was_walked_has_no_figures(tmp_path: Path) -> None:
    none: Figures = lambda *_: None  # noqa: E731 - a table of one case
    view = view_of(tmp_path / "failed", grid([0.0, 1.0], [0.0]), none)
    assert (view.figures, view.effects, view.failed, view.missing) == ((), (), 9, 0)
    view = view_of(tmp_path / "killed", grid([0.0, 1.0], [0.0]), walked=0)
    assert (view.figures, view.walks, view.missing) == ((), 0, 9)
