"""A program that stops early, hardly lifts, or drags saves charge, and is not suggested for it."""

import numpy as np
import pytest

from fes_ctrl.tuning.job import Job, Settings, settings_of
from fes_ctrl.tuning.measure import Measured, judge, measure, resolved
from fes_ctrl.tuning.objectives import OBJECTIVES
from fes_ctrl.tuning.pareto import front
from fes_ctrl.tuning.question import Member, Question
from hil.sweep_walk import walk_row

LOSERS: dict[str, dict[str, object]] = {
    "ends before toe-off": {"program.time_out_ms": 250.0, "program.fall_ms": 0.0},
    "ends in mid swing": {
        "program.time_out_ms": 450.0,
        "program.extension_ms": 0.0,
        "program.fall_ms": 0.0,
    },
    "hardly above the motor threshold": {"program.channel.0.intensity": 0.02},
    "below the motor threshold": {"program.channel.0.current_mA": 12.0},
    "comes after the swing began": {"program.delay_ms": 450.0},
    "twitches": {"program.channel.0.rate_hz": 6.0},
    "pulses too narrow for its current": {
        "program.channel.0.current_mA": 30.0,
        "program.channel.0.pulse_width_us": 60,
    },
}
SEED = 4_000_001


def question(patient: str) -> Question:
    return Question("standard", 20.0, (), (Member(patient),), (SEED,), (), OBJECTIVES)


def walked(patient: str, settings: Settings) -> Measured:
    row = walk_row(Job("standard", settings, patient, SEED, 20.0))
    assert row["ok"], row["error"]
    return measure(question(patient), (SEED,), [row])


@pytest.fixture(scope="module")
def standard() -> dict[str, Measured]:
    return {patient: walked(patient, ()) for patient in ("stroke_moderate", "flaccid")}


@pytest.mark.parametrize("patient", ["stroke_moderate", "flaccid"])
@pytest.mark.parametrize("loser", LOSERS)
def test_a_program_that_stops_early_or_drags_loses(
    loser: str, patient: str, standard: dict[str, Measured]
) -> None:
    asked, given = question(patient), standard[patient]
    found = walked(patient, settings_of(LOSERS[loser]))
    mine, theirs = judge(asked, found, given), judge(asked, given, given)
    # It saves charge, which alone would make it the best of all.
    names = [objective.name for objective in OBJECTIVES]
    charge = names.index("charge")
    assert mine.costs[charge] < theirs.costs[charge]
    assert mine.against
    # And not by the bounds alone: it is worse in what the program is for.
    steps = [objective.step for objective in resolved(asked, given)]
    worse = [
        name
        for name, cost, other, step in zip(names, mine.costs, theirs.costs, steps, strict=True)
        if cost - other > step
    ]
    assert {"ankle_at_contact", "compensation", "foot_slap", "toe_clearance"} & set(worse)
    # So the standard program stays on the front beside it.
    assert 0 in front(np.array([theirs.costs, mine.costs]), steps)


def test_the_standard_program_loses_nothing_against_itself(standard: dict[str, Measured]) -> None:
    for patient, given in standard.items():
        assert not judge(question(patient), given, given).against


def test_fatigue_is_in_the_figures_and_grows_with_what_is_given() -> None:
    def lost(**settings: object) -> float:
        row = walk_row(Job("standard", settings_of(settings), "ms_fatigue", SEED, 20.0))
        return float(str(row["legs.left.fatigue_percent"]))

    standard = lost()
    assert 0.0 < lost(**{"program.channel.0.intensity": 0.2}) < standard
    assert standard < lost(**{"program.channel.0.rate_hz": 49.0}) < 100.0
