"""Figures have words: one name, one unit, one better end, wherever they are shown."""

import json
import re
from collections.abc import Mapping

import pytest
from click.testing import CliRunner

from fes_ctrl.analysis.figure_words import ASTRAY, KNOWN, figure_of
from fes_ctrl.analysis.figures import COUNTED, figures_of_walk
from fes_ctrl.cli.sweep_results import BESIDE
from fes_ctrl.cli.walk import command as walk
from fes_ctrl.tuning.objectives import BY_NAME, CHARGE

UNITLESS = frozenset({"f1", "share"})
"""Numbers without a unit."""


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, float | None]:
    """The figures of a walk, named as if pooled over its legs."""
    kept = tmp_path_factory.mktemp("figures") / "walk"
    rough = ("--set", "bad_strides.percent=50")
    arguments = ("standard", "--duration", "12", *rough, "--out", str(kept), "--json")
    assert CliRunner().invoke(walk, arguments).exit_code in {0, 1}
    found = figures_of_walk(json.loads((kept / "summary.json").read_text()))
    return {re.sub(r"^legs\.\w+\.", "legs.*.", name): value for name, value in found.items()}


def test_whatever_has_words_is_a_figure_of_the_summary(
    figures: Mapping[str, float | None],
) -> None:
    assert {figure.name for figure in (*KNOWN, *ASTRAY)} <= set(figures)
    assert set(BESIDE) <= {figure.name for figure in KNOWN}


def test_every_figure_of_the_summary_can_be_read(figures: Mapping[str, float | None]) -> None:
    assert len(figures) > 60
    for name in figures:
        told = figure_of(name)
        assert told.words, name
        assert "_" not in told.words, name
        parts = name.split(".")
        named = re.search(r"_(mm|ms|deg|percent|mC|uC|Nm|s|per)(_|\.|$)", name)
        if named and not COUNTED & set(parts) and parts[-1] not in UNITLESS:
            assert told.unit, name
            assert not re.search(rf"\b{named[1]}\b", told.words), name


def test_a_figure_without_words_of_its_own_is_read_from_its_name() -> None:
    told = figure_of("legs.*.onset_delay_ms.p95", "highest")
    assert (told.words, told.unit, told.better) == ("onset delay (p95)", "ms", "more")
    assert told.heading == "onset delay (p95)\nms"
    told = figure_of("charge.per_phase_uC_max")
    assert (told.words, told.unit, told.better) == ("charge, per phase max", "uC", "less")
    assert figure_of("safety.faults").heading == "safety\nfaults"


def test_an_objective_speaks_of_its_figure_as_everybody_does() -> None:
    known = {figure.name: figure for figure in (*KNOWN, *ASTRAY)}
    for objective in BY_NAME.values():
        told = known.get(f"legs.*.{objective.figure}") or known[objective.figure]
        assert (objective.words, objective.better) == (told.words, told.better)
        if objective.figure != CHARGE:
            assert objective.unit == told.unit
