"""Figures of strides that went astray, from walks that are written down by hand and walked ones."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.analysis.bad_strides import served_of
from fes_ctrl.analysis.explain import explain
from fes_ctrl.analysis.figures import figures_of_walk, tolerance_of
from fes_ctrl.analysis.run import read_run
from fes_ctrl.analysis.summary import summarise
from fes_ctrl.analysis.walk import Burst, Charge, LegWalk, Swing, Walk
from fes_ctrl.model import RIGHT, BurstStart, Setpoint
from helpers.here import fes_ctrl_here

STRIDE_US = 1_000_000


def swing(number: int, bad: str = "", clearance_mm: float = 15.0) -> Swing:
    lift_us = number * STRIDE_US
    return Swing(
        stride=number,
        heel_off_us=lift_us,
        toe_off_us=lift_us + 200_000,
        contact_us=lift_us + 600_000,
        clearance_mm=clearance_mm,
        ankle_at_contact_deg=3.0,
        peak_dorsiflexion_deg=8.0,
        slap=False,
        lost_push_off_percent=2.0,
        bad=bad,
    )


def burst(number: int, from_ms: int, to_ms: int) -> Burst:
    """Return a burst between two instants of a stride, counted from its heel-off; rises at once."""
    lift_us = number * STRIDE_US
    times_us = range(lift_us + 1000 * from_ms, lift_us + 1000 * to_ms, 25_000)
    points = [Setpoint(t_us, RIGHT, 0, 40_000, 300, t_us + 1, 0) for t_us in times_us]
    start = BurstStart(times_us[0], RIGHT, 0, "ho", lift_us, 40_000)
    return Burst(start, points)


def bad_of(swings: list[Swing], bursts: list[Burst], settled_us: int = 0) -> Any:
    leg = LegWalk(RIGHT, swings=swings, bursts=bursts)
    walk = Walk(60 * STRIDE_US, settled_us, [leg], Charge(source="electrode"))
    legs: Any = summarise(walk)["legs"]
    return legs["right"]["bad_strides"]


@pytest.mark.parametrize(
    ("bursts", "served"),
    [
        ([burst(1, 20, 700)], (False, False, False)),
        ([], (True, False, False)),
        # Given up before toe-off: the swing got nothing.
        ([burst(1, 0, 150)], (True, False, False)),
        ([burst(1, 250, 700)], (False, True, False)),
        ([burst(1, 20, 450)], (False, False, True)),
        # The muscle outlasts the last pulse.
        ([burst(1, 20, 550)], (False, False, False)),
        # Broken off and begun anew: not by the last pulse alone.
        ([burst(1, 20, 300), burst(1, 450, 700)], (False, False, True)),
        ([burst(1, 20, 300), burst(1, 350, 700)], (False, False, False)),
        ([burst(1, 250, 350)], (False, True, True)),
        # That of the stride before does not serve this one.
        ([burst(0, 20, 900)], (True, False, False)),
    ],
)
def test_a_swing_is_missed_late_or_let_go(
    bursts: list[Burst], served: tuple[bool, bool, bool]
) -> None:
    assert served_of([swing(1)], LegWalk(RIGHT, bursts=bursts)) == [served]


def test_bad_strides_and_those_right_after_stand_alone_and_by_kind() -> None:
    swings = [swing(number) for number in range(1, 21)]
    swings[4] = swing(5, "hesitation", -4.0)
    swings[5] = swing(6, clearance_mm=9.0)
    swings[11] = swing(12, "gap", 2.0)
    served = [burst(number, 20, 700) for number in range(1, 21) if number != 12]
    found = bad_of(swings, served)
    assert (found["strides"], found["in"]["strides"], found["after"]["strides"]) == (4, 2, 2)
    assert found["drag_strides"] == found["by_kind"]["hesitation"]["drag_strides"] == 1
    assert found["toe_clearance_mm"]["min"] == -4.0
    assert found["after"]["toe_clearance_mm"]["min"] == 9.0
    assert found["missed_swings"] == found["by_kind"]["gap"]["missed_swings"] == 1
    assert found["poor_percent"] == 25.0
    assert list(found["by_kind"]) == ["hesitation", "gap"]


def test_those_of_the_warm_up_are_left_out_and_the_others_count_with_all() -> None:
    swings = [swing(1), swing(2, "short", -1.0), swing(3), swing(4, "long", -2.0), swing(5)]
    found = bad_of(swings, [], settled_us=3 * STRIDE_US)
    # Stride 3 is settled, and follows a bad one that was not.
    assert (found["in"]["strides"], found["after"]["strides"]) == (1, 2)
    leg = LegWalk(RIGHT, swings=swings)
    walk = Walk(60 * STRIDE_US, 3 * STRIDE_US, [leg], Charge(source="electrode"))
    legs: Any = summarise(walk)["legs"]
    assert legs["right"]["drag_strides"] == 1, "bad strides are among the settled ones"


def test_what_evaluation_keeps_back_is_not_served_poorly() -> None:
    planned = [Burst(burst(number, 20, 700).start) for number in (1, 2, 3)]
    found = bad_of([swing(1), swing(2, "short"), swing(3)], planned)
    assert found["poor_percent"] is None
    assert found["missed_swings"] is None
    assert found["toe_clearance_mm"]["median"] == 15.0


def test_without_any_there_are_no_figures_and_none_is_unknown() -> None:
    assert bad_of([swing(1), swing(2)], [burst(1, 20, 700)]) is None
    leg = LegWalk(RIGHT, swings=[swing(1)])
    summary = summarise(Walk(60 * STRIDE_US, 0, [leg], Charge(source="electrode")))
    assert not [name for name in figures_of_walk(summary) if "bad_strides" in name]


# -- a walk as a user keeps it --------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("astray") / "run"
    asked = ("standard", "--set", "bad_strides.percent=40", "--duration", "25")
    done = fes_ctrl_here("walk", *asked, "--out", str(folder))
    assert done.returncode in {0, 1}, done.stderr
    assert "bad strides / right after" in done.stdout
    return folder


def test_a_kept_walk_tells_which_strides_went_astray(kept: Path) -> None:
    run = read_run(kept)
    leg = run.walk.legs[0]
    bad = {each.stride: each.bad for each in leg.swings if each.bad}
    assert len(bad) >= 5
    assert run.summary is not None
    figures = figures_of_walk(run.summary)
    inside = [n for n in bad if n >= figures["legs.right.settled_from_stride"]]  # type: ignore[operator]
    assert figures["legs.right.bad_strides.in.strides"] == len(inside)
    assert all(tolerance_of(name, 1.0) is not None for name in figures)
    number, kind = next(iter(bad.items()))
    for stride, where in ((number, "this stride"), (number + 1, "the stride before")):
        notes = explain(run, RIGHT, stride).notes
        assert any(note.startswith(f"{where} went astray on purpose: ") for note in notes), kind


def test_a_walk_of_before_without_that_column_is_read(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "before"
    shutil.copytree(kept, folder)
    table = folder / "strides.csv"
    lines = table.read_text().splitlines()
    assert lines[0].endswith(",bad")
    table.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in lines))
    assert {each.bad for each in read_run(folder).walk.legs[0].swings} == {""}


def test_the_page_of_a_walk_tells_them(kept: Path) -> None:
    done = fes_ctrl_here("report", str(kept))
    assert done.returncode == 0, done.stderr
    text = (kept / "report.html").read_text()
    assert "strides astray on purpose" in text
    assert "of them served poorly" in text
