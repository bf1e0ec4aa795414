"""What a file says of its run: no simulated part passes for a real one."""

from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.walk import Charge, Walk
from fes_ctrl.export.origin import flat, origin
from fes_ctrl.model import LINK_UP, NEVER_US, LinkReport


def run_of(header: dict[str, Any], *answers: str) -> Run:
    run = Run(Path("runs/one"), header, Walk(0, 0, [], Charge()))
    run.reports = [(0, LinkReport(0, 0, LINK_UP, NEVER_US, detail)) for detail in answers]
    return run


@pytest.mark.parametrize(
    ("header", "answers", "says"),
    [
        ({"config": {"patient": {}}, "devices": ["sim+p24"]}, (), "patient, stimulator sim+p24"),
        ({"config": {}, "devices": ["paper+p24"]}, (), "stimulator paper+p24 (no pulse was given)"),
        ({"config": {}, "devices": ["p24"]}, ("p24 170101 firmware 1.2",), "nothing that says so"),
        # A simulated device behind a port of its own is known by its serial number.
        (
            {"config": {}, "devices": ["p24"]},
            ("p24 SIMP240001 firmware 1.2.3", "p24 SIMP240001 firmware 1.2.3"),
            "stimulator p24 SIMP240001 firmware 1.2.3",
        ),
        ({"config": {"patient": {}}, "devices": ["p24"]}, ("p24 170101",), "patient"),
        ({}, (), "nothing that says so"),
    ],
)
def test_whatever_was_not_real_is_named(
    header: dict[str, Any], answers: tuple[str, ...], says: str
) -> None:
    said = origin(run_of(header, *answers))
    assert said["simulated"] == says
    assert said["ended"] == "killed"
    assert said["answered"] == ", ".join(dict.fromkeys(answers))


def test_a_configuration_is_flat_by_dotted_keys() -> None:
    assert flat({"a": {"b": 1.5, "c": [1, 2]}, "d": [{"e": None}, {"e": "x"}], "f": []}) == {
        "a.b": "1.5",
        "a.c": "[1, 2]",
        "d[0].e": "null",
        "d[1].e": '"x"',
        "f": "[]",
    }
