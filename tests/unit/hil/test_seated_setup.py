"""A made-up patient is set up as a person would be, and walks with what was found."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

import pytest

from fes_ctrl.cli.setup_file import SetupRecord, as_toml
from fes_ctrl.model import BurstEnd, BurstStart, Decision, Fault
from fes_ctrl.stim.config import ChannelConfig
from hil.config import WalkConfig, treated
from hil.patient.subtalar import branch_thresholds
from hil.scenarios import load_scenario
from hil.seated_setup import SeatedConfig, SeatedResult, set_up
from hil.simulate import WalkResult, simulate

STEP_MA = 1.0


def standard(patient: str, **options: object) -> WalkConfig:
    return load_scenario("standard", {"patient": patient, **options}, []).walk


def tender(walk: WalkConfig) -> WalkConfig:
    """Return the walk of somebody who has had enough soon."""
    leg = walk.patient.leg[0]
    patient = replace(
        walk.patient, leg=(replace(leg, electrode=replace(leg.electrode, tolerated_mA=14.0)),)
    )
    return replace(walk, patient=patient)


def seated(walk: WalkConfig, **other: object) -> SeatedResult:
    config = SeatedConfig(walk.patient, walk.control, walk.limits_file)
    return set_up(replace(config, **other))  # type: ignore[arg-type]


def assert_true_to(walk: WalkConfig, result: SeatedResult) -> None:
    """Check the thresholds against those that the patient was made with."""
    electrode = walk.patient.leg[0].electrode
    motor_mA, _ = branch_thresholds(electrode)
    found = result.found
    assert found is not None
    assert 0 <= found.sensory_mA - electrode.sensory_mA < STEP_MA
    assert 0 < found.motor_mA - motor_mA <= STEP_MA
    assert 0 <= electrode.tolerated_mA - found.tolerated_mA < STEP_MA
    assert result.strongest_ua <= electrode.tolerated_mA * 1000


@pytest.mark.parametrize(
    "patient",
    ["cerebral_palsy_child", "stroke_severe_spastic"],
)
def test_it_finds_what_the_patient_was_made_with_and_the_foot_is_lifted(
    patient: str, tmp_path: Path
) -> None:
    walk = standard(patient)
    result = seated(walk)
    assert_true_to(walk, result)
    assert result.violations == []
    assert [r for r in result.records if isinstance(r, Fault | Decision)] == []
    assert {r.ended_by for r in result.records if isinstance(r, BurstEnd)} == {"test"}
    bursts = [r for r in result.records if isinstance(r, BurstStart)]
    currents = [burst.set_current_ua for burst in bursts]
    assert currents == [1000 * (number + 1) for number in range(len(bursts))]

    assert result.found is not None
    file = tmp_path / "found.toml"
    record = SetupRecord(result.found, ChannelConfig(), 1, "", "", "sim+p24", date(2026, 1, 1))
    file.write_text(as_toml(record))
    with_it = standard(patient, setup=str(file), duration_s=20.0)
    assert with_it.control.setup.dorsiflexors == result.found
    helped = simulate(with_it)
    alone = simulate(treated(with_it, "evaluation"))
    assert helped.walk.violations == []
    # The toe comes higher, and not because the hip does.
    higher_mm = of_swings(helped, "clearance_mm") - of_swings(alone, "clearance_mm")
    assert higher_mm > 3.0
    lifted_deg = of_swings(helped, "peak_dorsiflexion_deg")
    assert lifted_deg - of_swings(alone, "peak_dorsiflexion_deg") > 4.0


def of_swings(result: WalkResult, figure: str) -> float:
    """Return the median of a figure over the swings of the settled walk."""
    walk = result.walk
    settled = [swing for swing in walk.legs[0].swings if swing.heel_off_us > walk.settled_from_us]
    return median(getattr(swing, figure) for swing in settled)


@pytest.mark.parametrize(
    ("scenario", "stimulator", "rate_hz"),
    [("standard", "feslink", 40.0), ("rehastim2", "rehastim2", 20.0)],
)
def test_every_stimulator_gives_the_same_answer(
    scenario: str, stimulator: str, rate_hz: float
) -> None:
    options = {"patient": "cerebral_palsy_child", "stimulator": stimulator}
    walk = tender(load_scenario(scenario, options, []).walk)
    result = seated(walk, rate_hz=rate_hz)
    assert_true_to(walk, result)
    assert result.violations == []
    assert [r for r in result.records if isinstance(r, Fault | Decision)] == []


def test_an_electrode_that_was_moved_has_thresholds_of_its_own() -> None:
    walk = standard("flaccid")
    leg = walk.patient.leg[0]
    electrode = replace(leg.electrode, position_mm=7.0, sensory_mA=8.4, tolerated_mA=33.3)
    patient = replace(walk.patient, leg=(replace(leg, electrode=electrode),))
    walk = replace(walk, patient=patient)
    result = seated(walk)
    assert_true_to(walk, result)
    assert result.found is not None
    assert result.found.motor_mA == 22, "18 mA times exp(7 / 40) is 21.4"


def test_shorter_pulses_need_more_current() -> None:
    result = seated(standard("flaccid"), pulse_width_us=200)
    found = result.found
    assert found is not None
    # Lapicque, chronaxie 200 us: 1.2 times as much.
    assert (found.sensory_mA, found.motor_mA, found.tolerated_mA) == (12, 22, 72)
    assert found.pulse_width_us == 200


def test_a_nerve_that_is_interrupted_has_no_motor_threshold() -> None:
    result = seated(standard("peroneal_palsy_denervated"))
    assert result.found is None
    assert result.said[-1] == "felt 10 mA, moved -, enough 60 mA"
    assert result.strongest_ua == 60_000


def test_equal_seeds_give_equal_setups() -> None:
    walk = tender(standard("cerebral_palsy_child"))
    assert seated(walk).records == seated(walk).records
    assert seated(walk, seed=2).records != seated(walk).records
