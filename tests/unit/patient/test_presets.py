"""The patients that come with the bench: each walks, names its sources, and is what it says."""

import math
import statistics
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from fes_ctrl.config.files import find, names_of
from fes_ctrl.model import RIGHT
from fes_ctrl.safety.faults import WARN
from hil.patient.config import LegConfig, OrthosisConfig, PatientConfig
from hil.patient.foot import Foot
from hil.patient.gait_table import FLAT_RAD
from hil.patient.leg import PatientLeg
from hil.patient.muscle import make_muscle
from hil.patient.open_loop import walk_open
from hil.patient.outcome import LegSwing
from hil.patient.pace import steps_of
from hil.patient.plan import stand_then_walk
from hil.patient.reflex import StretchReflex
from hil.patient.subtalar import branch_thresholds
from hil.patient.train import OpenWalk, Train
from hil.scenarios import Scenario, load_scenario
from hil.simulate import WalkResult, simulate
from hil.summary import walk_summary

PRESETS = names_of("patient")
STROKES = ("stroke_mild", "stroke_moderate", "stroke_severe_spastic")
LIMIT_UA, LIMIT_US = 80_000, 300


@cache
def scenario_of(name: str) -> Scenario:
    return load_scenario("standard", {"patient": name, "duration_s": 30.0})


def patient_of(name: str) -> PatientConfig:
    return scenario_of(name).walk.patient


def only_leg(name: str) -> LegConfig:
    (leg,) = patient_of(name).leg
    return leg


@cache
def closed_loop(name: str) -> WalkResult:
    return simulate(scenario_of(name).walk)


@cache
def swings_of(name: str, share: float = 0.0, leg: int = 0) -> tuple[LegSwing, ...]:
    """Return swings at a share of the range from motor threshold to highest tolerated current."""
    patient = patient_of(name)
    electrode = patient.leg[leg].electrode
    top_ma = electrode.motor_mA + share * (electrode.tolerated_mA - electrode.motor_mA)
    train = Train(current_ua=round(1000 * top_ma) if share else 0)
    return tuple(walk_open(OpenWalk(patient, train, 1, 30.0))[leg])


def median(swings: tuple[LegSwing, ...] | list[LegSwing], name: str) -> float:
    return statistics.median(getattr(swing, name) for swing in swings[len(swings) // 3 :])


def without_help_mm(name: str) -> float:
    """Return the clearance without stimulation and without what hip and body add to it."""
    swings = swings_of(name)
    return statistics.median(s.clearance_mm - s.compensation_mm for s in swings[3:])


# -- every one ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_it_says_where_its_numbers_come_from(name: str) -> None:
    text = find("patient", name).read_text(encoding="utf-8")
    head = text.split("[patient]")[0]
    assert head.startswith("# ")
    assert "ssumption" in head or "ublished" in head, "what is measured and what is assumed"
    assert patient_of(name).name != PatientConfig().name or name == "flaccid", "a name of its own"


@pytest.mark.parametrize("name", PRESETS)
def test_it_walks_half_a_minute_of_the_standard_scenario_without_a_fault(name: str) -> None:
    result = closed_loop(name)
    # Quick steps leave little pause: a warning of the duty is none that ends anything.
    assert [fault for fault in result.walk.faults if fault.reaction != WARN] == []
    assert result.walk.violations == []
    patient = patient_of(name)
    for leg, walk in zip(patient.leg, result.walk.legs, strict=True):
        assert len(walk.swings) >= 28 / (patient.stride_s * 1.1) - 2
        assert len(walk.bursts) >= len(walk.swings) - 2
        for swing in walk.swings:
            values = [getattr(swing, field) for field in LegSwing._fields]
            numbers = [value for value in values if not isinstance(value, str)]
            assert all(map(math.isfinite, numbers)), swing
            assert -70 < swing.clearance_mm < 110
            assert -35 < swing.ankle_at_contact_deg < 20
            assert 0 <= swing.compensation_mm <= leg.compensation.max_mm


@pytest.mark.parametrize("name", PRESETS)
def test_it_feels_the_current_before_the_foot_moves_and_the_foot_moves_before_it_hurts(
    name: str,
) -> None:
    for leg in patient_of(name).leg:
        electrode = leg.electrode
        assert 0 < electrode.sensory_mA < electrode.motor_mA < electrode.tolerated_mA
        assert electrode.motor_mA < branch_thresholds(electrode)[1] < electrode.tolerated_mA
    setup = scenario_of(name).walk.control.setup.dorsiflexors
    assert setup.sensory_mA < setup.motor_mA < setup.tolerated_mA


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_answers_below_its_motor_threshold_and_something_above(name: str) -> None:
    leg = patient_of(name).leg[0]
    muscle = make_muscle(leg.muscle, leg.electrode.motor_mA, leg.electrode.chronaxie_us)
    threshold_ua = round(1000 * leg.electrode.motor_mA)
    assert muscle.stimulate(0, threshold_ua - 10, 300) == 0
    assert muscle.stimulate(0, threshold_ua + 10, 300) > 0
    assert muscle.stimulate(0, round(1000 * leg.electrode.tolerated_mA), 300) > 0.2


@pytest.mark.parametrize("name", [name for name in PRESETS if "denervated" not in name])
def test_stimulation_dorsiflexes_everts_and_never_costs_clearance_or_effort(name: str) -> None:
    bare, aided = swings_of(name), swings_of(name, 0.6)
    assert median(aided, "ankle_at_contact_deg") > median(bare, "ankle_at_contact_deg") + 2
    assert median(aided, "peak_dorsiflexion_deg") > median(bare, "peak_dorsiflexion_deg") + 3
    assert median(aided, "eversion_at_contact_deg") > median(bare, "eversion_at_contact_deg")
    assert median(aided, "clearance_mm") > median(bare, "clearance_mm") - 1
    assert median(aided, "compensation_mm") <= median(bare, "compensation_mm")
    assert 0 < median(aided, "lost_push_off_percent") < 15


# -- against one another ------------------------------------------------------------------------


def test_without_stimulation_the_healthy_foot_clears_most_and_the_flaccid_least() -> None:
    bare = {name: without_help_mm(name) for name in PRESETS}
    # A child's are smaller, and legs that are also lifted less are another thing.
    alike = [name for name in PRESETS if only_if_alike(name)]
    assert max(alike, key=bare.__getitem__) == "healthy"
    worst = sorted(alike, key=bare.__getitem__)[:2]
    assert all("flaccid" in name or "denervated" in name for name in worst), worst


def only_if_alike(name: str) -> bool:
    patient = patient_of(name)
    return patient.height_m > 1.5 and patient.leg[0].gait.lift_deficit_mm == 0


def test_the_healthy_foot_clears_as_able_feet_do_and_never_drags() -> None:
    """Winter 1992; Moosabhoy and Gard 2006: 9 to 24 mm."""
    swings = swings_of("healthy")
    assert 9 <= median(swings, "clearance_mm") <= 24
    assert not any(swing.clearance_mm <= 0 or swing.slap for swing in swings)
    assert {swing.compensation_mm for swing in swings} == {0.0}


def test_the_flaccid_foot_drags_at_every_step() -> None:
    assert all(swing.clearance_mm < 0 for swing in swings_of("flaccid"))
    assert all(swing.ankle_at_contact_deg < -10 for swing in swings_of("flaccid"))


def test_the_graver_the_stroke_the_less_the_foot_lifts_and_the_more_the_body_helps() -> None:
    peaks = [median(swings_of(name), "peak_dorsiflexion_deg") for name in STROKES]
    assert peaks == sorted(peaks, reverse=True)
    efforts = [median(swings_of(name), "compensation_mm") for name in STROKES]
    assert efforts == sorted(efforts)
    strides = [patient_of(name).stride_s for name in STROKES]
    assert strides == sorted(strides)
    assert median(swings_of("healthy"), "peak_dorsiflexion_deg") > peaks[1]


def passive_Nm(name: str, angle_deg: float) -> float:  # noqa: N802 - the unit's symbol
    patient = patient_of(name)
    foot = Foot(patient.leg[0].ankle, OrthosisConfig(), 1.75, 75.0, FLAT_RAD)
    knee_deg = 75
    calf, shin = math.exp(2.1016 - 0.0176 * knee_deg), math.exp(-7.9763 + 0.0008 * knee_deg)
    return foot.passive(math.radians(angle_deg), calf, shin)


def test_a_spastic_calf_is_stiffer_than_a_mild_one_and_within_what_was_measured() -> None:
    """Chung 2004: 9.5 +- 4.8 Nm at 10 deg against 6.2 +- 3.6, 0.54 +- 0.19 against 0.35 Nm/deg."""
    stiffness = [passive_Nm(name, 10.5) - passive_Nm(name, 9.5) for name in ("healthy", *STROKES)]
    assert stiffness == sorted(set(stiffness))
    assert stiffness[-1] == pytest.approx(0.54, abs=0.19)
    assert passive_Nm("stroke_severe_spastic", 10) == pytest.approx(9.5, abs=4.8)


def reflex_Nm(name: str, rate_deg_per_s: float) -> float:  # noqa: N802 - a unit's symbol
    reflex = StretchReflex(patient_of(name).leg[0].reflex, 1.0)
    return [reflex.step(0.0, math.radians(rate_deg_per_s)) for _ in range(300)][-1]


def test_a_spastic_calf_answers_to_a_stretch_more_and_earlier() -> None:
    answers = [reflex_Nm(name, 180) for name in ("healthy", *STROKES)]
    assert answers == sorted(set(answers))
    assert answers[0] == 0
    assert reflex_Nm("stroke_severe_spastic", 50) > 0 == reflex_Nm("stroke_mild", 50)


def largest_reflex_in_swing(name: str) -> float:
    patient = patient_of(name)
    leg = PatientLeg(
        patient,
        patient.leg[0],
        Random(1),
        steps_of(patient, stand_then_walk(1.0), Random(1)),
        RIGHT,
    )
    largest = 0.0
    for t_us in range(0, 12_000_000, 5_000):
        if t_us % 25_000 == 0 and t_us > 1_000_000:
            leg.stimulate(t_us, ((300, 40_000),))
        leg.advance_to(t_us)
        if not leg.standing_or_stance:
            largest = max(largest, leg._locomotion.muscles.reflex_Nm)
    return largest


def test_walking_calls_a_larger_reflex_from_the_severe_calf_than_from_the_mild_one() -> None:
    assert largest_reflex_in_swing("stroke_severe_spastic") > largest_reflex_in_swing("stroke_mild")
    assert largest_reflex_in_swing("healthy") == 0


def test_the_severe_foot_is_inverted_most_and_the_healthy_one_not_at_all() -> None:
    rest = {name: median(swings_of(name), "eversion_at_contact_deg") for name in PRESETS}
    assert min(rest, key=rest.__getitem__) == "stroke_severe_spastic"
    assert rest["healthy"] == 0


def test_a_child_is_smaller_quicker_more_easily_reached_and_tolerates_less() -> None:
    child, adults = (
        patient_of("cerebral_palsy_child"),
        [patient_of(name) for name in PRESETS if name != "cerebral_palsy_child"],
    )
    assert child.height_m < min(adult.height_m for adult in adults)
    assert child.mass_kg < min(adult.mass_kg for adult in adults)
    assert child.stride_s < min(adult.stride_s for adult in adults)
    for field in ("sensory_mA", "motor_mA", "tolerated_mA"):
        mine = getattr(child.leg[0].electrode, field)
        assert mine < min(getattr(a.leg[0].electrode, field) for a in adults), field
    grown = replace(child, height_m=1.75, mass_kg=75.0)
    lifted = [
        median(walk_open(OpenWalk(who, Train(current_ua=0), 1, 15.0))[0], "clearance_mm")
        for who in (child, grown)
    ]
    assert lifted[0] != pytest.approx(lifted[1], abs=0.2), "a child is no adult"


# -- peroneal palsy -----------------------------------------------------------------------------


@pytest.mark.parametrize("current_ua", [20_000, 50_000, LIMIT_UA])
@pytest.mark.parametrize("width_us", [100, LIMIT_US])
def test_no_current_within_the_limits_moves_a_denervated_foot(
    current_ua: int, width_us: int
) -> None:
    patient = patient_of("peroneal_palsy_denervated")
    train = Train(current_ua=current_ua, width_us=width_us)
    stimulated, without = (
        walk_open(OpenWalk(patient, what, 1, 8.0)) for what in (train, Train(current_ua=0))
    )
    assert stimulated == without


def test_a_denervated_foot_is_stimulated_in_vain_and_the_summary_says_why() -> None:
    name = "peroneal_palsy_denervated"
    result = closed_loop(name)
    assert result.walk.legs[0].pulses_us, "pulses were given"
    notes = walk_summary(scenario_of(name), result, "stepper", {})["notes"]
    assert isinstance(notes, list)
    assert any("FES needs an intact lower motor neuron" in note for note in notes)
    for other in ("peroneal_palsy_recovering", "flaccid"):
        told = walk_summary(scenario_of(other), closed_loop(other), "stepper", {})["notes"]
        assert not any("lower motor neuron" in str(note) for note in told)  # type: ignore[attr-defined]


def test_a_recovering_palsy_lies_between_a_denervated_and_an_intact_nerve() -> None:
    intact = replace(
        patient_of("peroneal_palsy_recovering"),
        leg=(
            replace(
                only_leg("peroneal_palsy_recovering"),
                muscle=replace(only_leg("peroneal_palsy_recovering").muscle, innervation=1.0),
            ),
        ),
    )
    train = Train(current_ua=45_000)
    whole = walk_open(OpenWalk(intact, train, 1, 30.0))[0]
    for share, full in (
        (0.0, walk_open(OpenWalk(intact, Train(current_ua=0), 1, 30.0))[0]),
        (0.6, whole),
    ):
        for figure in ("peak_dorsiflexion_deg", "ankle_at_contact_deg"):
            none, some = (
                median(swings_of(f"peroneal_palsy_{which}", share), figure)
                for which in ("denervated", "recovering")
            )
            assert none < some < median(full, figure), figure
    efforts = [
        median(swings_of(f"peroneal_palsy_{which}"), "compensation_mm")
        for which in ("denervated", "recovering")
    ]
    assert efforts[0] > efforts[1] + 10


# -- both legs, and minutes ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bilateral", "flaccid_both"])
def test_with_both_legs_affected_each_has_its_channel_and_they_alternate(name: str) -> None:
    patient = patient_of(name)
    assert {leg.side for leg in patient.leg} == {"left", "right"}
    assert len({leg.channel for leg in patient.leg}) == 2
    one, other = (
        [event.t_us for event in leg.truth if event.kind == "ic"]
        for leg in closed_loop(name).walk.legs
    )
    for early, late, following in zip(one, other, one[1:], strict=False):
        share = (late - early) / (following - early)
        assert share == pytest.approx(patient.step_percent / 100, abs=0.1)
    for index in range(2):
        bare = swings_of(name, 0.0, index)
        assert median(bare, "ankle_at_contact_deg") < -4, "both are drop feet"
        aided = swings_of(name, 0.6, index)
        assert median(aided, "ankle_at_contact_deg") > median(bare, "ankle_at_contact_deg") + 4


def test_the_weaker_of_two_legs_is_helped_more_by_hip_and_body() -> None:
    legs = patient_of("bilateral").leg
    assert legs[0].voluntary.drive < legs[1].voluntary.drive
    weaker, stronger = (swings_of("bilateral", 0.0, index) for index in range(2))
    assert median(weaker, "compensation_mm") > median(stronger, "compensation_mm")


def test_multiple_sclerosis_loses_clearance_over_minutes_where_others_do_not() -> None:
    def minutes(name: str) -> list[float]:
        """Return the clearance of the first, third and sixth minute, less the first's."""
        patient = patient_of(name)
        steady = replace(
            patient, leg=(replace(patient.leg[0], compensation=LegConfig().compensation),)
        )
        (swings,) = walk_open(OpenWalk(steady, Train(current_ua=36_000), 1, 360.0))
        per_minute = round(60 / patient.stride_s)
        firsts = (2, 2 * per_minute, 5 * per_minute)
        heights = [
            statistics.median(s.clearance_mm for s in swings[first : first + per_minute - 3])
            for first in firsts
        ]
        return [height - heights[0] for height in heights]

    tiring, steady = minutes("ms_fatigue"), minutes("stroke_moderate")
    assert 0 > tiring[1] > tiring[2]
    assert tiring[2] < -2
    assert steady[2] > -0.8


def test_every_preset_has_a_file_and_every_file_is_a_preset() -> None:
    folder = Path(str(find("patient", "flaccid"))).parent
    assert sorted(file.stem for file in folder.glob("*.toml")) == sorted(PRESETS)
    assert len(PRESETS) >= 12
    assert all(a != b for a, b in pairwise(sorted(patient_of(n).name for n in PRESETS)))
