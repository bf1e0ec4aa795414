"""Stimulation, orthosis, both or neither: the same steps, and what each of them buys."""

import json
import subprocess
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from helpers.here import fes_ctrl_here
from hil.config import treated
from hil.patient.config import OrthosisConfig, OrthosisKind
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate

TWINS = ("evaluation", "orthosis", "both")
KINDS: tuple[OrthosisKind, ...] = ("none", "rigid", "hinged", "carbon")
PATIENTS = ("stroke_severe_spastic", "peroneal_palsy_recovering", "sci_incomplete")


def walk_as_a_user(*arguments: str) -> subprocess.CompletedProcess[str]:
    return fes_ctrl_here("walk", *arguments)


@cache
def summary_with_twins() -> dict[str, Any]:
    twins = [word for name in TWINS for word in ("--twin", name)]
    patient = ("--patient", "sci_incomplete", "--duration", "40", "--seed", "6")
    found: dict[str, Any] = json.loads(walk_as_a_user(*patient, *twins, "--json").stdout)
    return found


@cache
def results(patient: str) -> dict[str, WalkResult]:
    walk = load_scenario("standard", {"patient": patient, "duration_s": 40.0}).walk
    return {
        "stimulation": simulate(walk),
        **{name: simulate(treated(walk, name)) for name in TWINS},
    }


def price_mm(result: WalkResult) -> float:
    (leg,) = result.walk.legs
    swings = leg.swings[len(leg.swings) // 2 :]
    return sum(swing.compensation_mm for swing in swings) / len(swings)


@pytest.mark.parametrize("patient", PATIENTS)
def test_every_twin_walks_the_same_steps(patient: str) -> None:
    steps = [
        [
            (swing.heel_off_us, swing.toe_off_us, swing.contact_us)
            for swing in result.walk.legs[0].swings
        ]
        for result in results(patient).values()
    ]
    assert len(steps[0]) > 10
    # Feet come onto the sole at different times, so the last stride may be counted or not.
    shortest = min(len(found) for found in steps)
    assert max(len(found) for found in steps) <= shortest + 1
    assert all(found[:shortest] == steps[0][:shortest] for found in steps)


@pytest.mark.parametrize("patient", PATIENTS)
def test_stimulation_and_orthosis_each_lower_the_price_and_together_no_less(patient: str) -> None:
    price = {name: price_mm(result) for name, result in results(patient).items()}
    assert price["stimulation"] < price["evaluation"] - 5
    assert price["orthosis"] < price["evaluation"] - 5
    assert price["both"] < price["orthosis"]
    assert price["both"] < price["stimulation"] + 2


@pytest.mark.parametrize("patient", PATIENTS)
def test_only_what_is_stimulated_gets_pulses(patient: str) -> None:
    pulses = {name: len(found.walk.legs[0].pulses_us) for name, found in results(patient).items()}
    assert pulses["evaluation"] == pulses["orthosis"] == 0
    assert min(pulses["stimulation"], pulses["both"]) > 100


def test_an_orthosis_costs_push_off_and_stimulation_costs_less() -> None:
    def lost(name: str) -> float:
        swings = results("peroneal_palsy_recovering")[name].walk.legs[0].swings[5:]
        return sum(swing.lost_push_off_percent for swing in swings) / len(swings)

    assert lost("evaluation") == 0
    assert 0 < lost("stimulation") < lost("orthosis") < lost("both")


# -- what a user sees ---------------------------------------------------------------------------


def test_the_command_gives_every_twin_of_one_walk() -> None:
    summary = summary_with_twins()
    assert set(summary["twins"]) == set(TWINS)
    legs = [summary["legs"]["left"], *(summary["twins"][name]["legs"]["left"] for name in TWINS)]
    stimulated, evaluation, orthosis, both = (leg["compensation_mm"] for leg in legs)
    assert evaluation > orthosis > both
    assert evaluation > stimulated + 5
    assert len({leg["strides"] for leg in legs}) == 1
    assert [leg["pulses"] > 0 for leg in legs] == [True, False, False, True]
    charges = [summary["twins"][name]["charge"]["total_mC"] for name in TWINS]
    assert charges[:2] == [0, 0]
    assert charges[2] > 0


def test_a_twin_is_the_walk_that_its_own_options_would_give() -> None:
    walked = walk_as_a_user(
        *("--patient", "sci_incomplete", "--duration", "40", "--seed", "6"),
        *("--orthosis", "hinged", "--evaluation", "--json"),
    )
    alone = json.loads(walked.stdout)
    assert alone["orthosis"] == "hinged"
    assert alone["legs"] == summary_with_twins()["twins"]["orthosis"]["legs"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_orthosis_that_is_named_is_worn(kind: OrthosisKind) -> None:
    scenario = load_scenario("standard", {"orthosis": kind})
    assert scenario.walk.orthosis == OrthosisConfig(kind)
    short = replace(scenario.walk, duration_s=10.0, evaluation=True)
    heights = [swing.clearance_mm for swing in simulate(short).walk.legs[0].swings]
    assert (max(heights) < 0) if kind == "none" else (min(heights) > 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--orthosis", "soft"], "soft"),
        (["--twin", "placebo"], "placebo"),
        (["--evaluation", "--orthosis", "rigid", "--twin", "orthosis"], "choose another treatment"),
        (["--orthosis", "carbon", "--twin", "both"], "choose another treatment"),
    ],
)
def test_a_twin_that_is_no_other_walk_is_refused(arguments: list[str], says: str) -> None:
    done = walk_as_a_user(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_both_legs_of_a_patient_wear_the_orthosis() -> None:
    walk = load_scenario("standard", {"patient": "flaccid_both", "duration_s": 10.0}).walk
    for leg in simulate(treated(walk, "orthosis")).walk.legs:
        assert min(swing.clearance_mm for swing in leg.swings) > 0


def test_a_treated_walk_is_the_same_on_the_other_clock() -> None:
    walk = load_scenario("errand", {"patient": "bilateral", "duration_s": 24.0}).walk
    both = treated(replace(walk, trace=False), "both")
    assert simulate(both, "stepper").figures == simulate(both, "virtual").figures
