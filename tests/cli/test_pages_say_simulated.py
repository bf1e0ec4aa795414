"""Whoever opens a page of a simulated walk is told that nobody walked."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.analysis.run import read_run
from fes_ctrl.cli.compare import command as compare
from fes_ctrl.cli.explain import command as explain
from fes_ctrl.cli.report import command as report
from fes_ctrl.cli.walk import command as walk


def run(command: object, *arguments: str) -> None:
    done = CliRunner().invoke(command, arguments)  # type: ignore[arg-type]
    assert done.exit_code in (0, 1), done.output


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "walk"
    run(walk, "standard", "--duration", "8", "--out", str(folder), "--json")
    return folder


def test_a_run_knows_its_models(kept: Path) -> None:
    assert read_run(kept).models == ["sim+p24"]


def test_the_pages_say_so(kept: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run(report, str(kept), "--out", str(page))
    assert "Simulated: patient, sensors and stimulator are models" in page.read_text()
    run(explain, str(kept), "--stride", "2", "--html", str(page))
    assert "Simulated: nobody walked, and sim+p24 is a model." in page.read_text()
    run(compare, str(kept), str(kept), "--html", str(page))
    assert "nobody walked there." in page.read_text()
