"""Who walks, and how what they did is put together."""

import pytest

from fes_ctrl.tuning.job import Job, Row
from fes_ctrl.tuning.measure import judge, measure
from fes_ctrl.tuning.objectives import BY_NAME, OBJECTIVES, value_of, violations_of
from fes_ctrl.tuning.population import Spread, population
from fes_ctrl.tuning.question import Member
from fes_ctrl.tuning.space import given
from helpers.landscape import Landscape, question

STRENGTH = Spread("patient.leg.0.muscle.strength", 0.5, 0.8)
DRIVE = Spread("patient.leg.0.voluntary.drive", 0.4, 0.6)


def test_each_patient_walks_as_he_is_and_others_like_him_spread_evenly() -> None:
    crowd = population(["anna", "bert"], [STRENGTH, DRIVE], 5, 1)
    assert [member.patient for member in crowd] == ["anna"] * 5 + ["bert"] * 5
    assert crowd[0] == Member("anna")
    for spread in (STRENGTH, DRIVE):
        values = sorted(float(str(dict(member.settings)[spread.key])) for member in crowd[1:5])
        # One in each quarter of the range.
        quarter = (spread.high - spread.low) / 4
        assert [int((value - spread.low) / quarter) for value in values] == [0, 1, 2, 3]
    assert population(["anna"], [STRENGTH], 5, 1) == population(["anna"], [STRENGTH], 5, 1)
    assert population(["anna"], [STRENGTH], 5, 1) != population(["anna"], [STRENGTH], 5, 2)


def test_without_a_spread_a_patient_walks_alone() -> None:
    assert population(["anna"], [], 5, 1) == (Member("anna"),)


class Crowd(Landscape):
    """Bert clears less, and drags where the extension is short."""

    def row(self, job: Job) -> Row:
        row = super().row(job)
        if job.patient != "bert":
            return row
        drags = 2 if float(str(dict(job.settings).get("program.extension_ms", 100))) < 50 else 0
        low = {"legs.right.toe_clearance_mm.p05": 6.0, "legs.right.drag_strides": drags}
        return {**row, "legs.right.toe_clearance_mm.median": 10.0, **low}


def test_objectives_are_means_over_the_population_but_robustness_is_its_worst() -> None:
    asked = question(members=(Member("anna"), Member("bert")), seeds=(1,))
    start = given(asked.dials)
    base = measure(asked, (1,), Crowd()(asked.jobs(start, (1,))))
    names = [objective.name for objective in OBJECTIVES]
    assert base.values[1][names.index("toe_clearance")] == pytest.approx(12.0, abs=0.2)
    assert base.values[1][names.index("robustness")] == 6.0
    # One patient who drags is enough to speak against a program.
    short = (0.0, *start[1:])
    found = measure(asked, (1,), Crowd()(asked.jobs(short, (1,))))
    assert "drag_strides" in judge(asked, found, base).against


def test_of_two_legs_the_worse_counts_and_charge_is_by_stride() -> None:
    (row,) = Landscape()([Job("made-up", (), "anna", 1)])
    row |= {
        "legs.left.toe_clearance_mm.median": 9.0,
        "legs.left.foot_slap_percent": 7.0,
        "legs.left.strides": 6,
        "legs.left.drag_strides": 1,
        "legs.left.burst.missed_swings": 2,
        "charge.total_mC": 5.0,
    }
    assert value_of(BY_NAME["toe_clearance"], row) == 9.0
    assert value_of(BY_NAME["foot_slap"], row) == 7.0
    assert value_of(BY_NAME["charge"], row) == 100.0
    assert violations_of(row)["missed_swings"] == 2
    assert violations_of(row)["drag_strides"] == 1


def test_a_figure_that_nobody_knows_is_a_problem_and_no_zero() -> None:
    asked = question(seeds=(1,))
    rows = Landscape()(asked.jobs(given(asked.dials), (1,)))
    rows[0]["legs.right.foot_slap_percent"] = None
    assert measure(asked, (1,), rows).problem.startswith("foot slap: unknown")
