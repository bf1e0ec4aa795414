"""What an orthosis does to an ankle: its moment, what it blocks, what it buys and what it costs."""

import statistics
from itertools import pairwise
from math import degrees, exp, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.patient.config import (
    AnkleConfig,
    CompensationConfig,
    LegConfig,
    OrthosisConfig,
    OrthosisKind,
    PatientConfig,
)
from hil.patient.foot import Foot
from hil.patient.open_loop import walk_open
from hil.patient.orthosis import SIDEWAYS, STIFFNESS_NM_PER_DEG, Orthosis
from hil.patient.outcome import LegSwing
from hil.patient.rows import SwingRow
from hil.patient.train import OpenWalk, Train

WORN: tuple[OrthosisKind, ...] = ("rigid", "hinged", "carbon")
BOTH_WAYS = st.sampled_from(["rigid", "carbon"])
INERTIA = 0.01


def walked(
    kind: OrthosisKind,
    current_ua: int = 0,
    leg: LegConfig | None = None,
    **brace: float,
) -> list[LegSwing]:
    patient = PatientConfig(stride_cv_percent=3, leg=(leg or LegConfig(),))
    orthosis = OrthosisConfig(kind, **brace)
    walk = OpenWalk(patient, Train(current_ua=current_ua), 1, 20.0, orthosis=orthosis)
    return walk_open(walk)[0]


def median(swings: list[LegSwing], name: str) -> float:
    return statistics.median(getattr(swing, name) for swing in swings[5:])


def held_row() -> SwingRow:
    calf, shin = exp(2.1016 - 0.0176 * 30), exp(-7.9763 + 0.0008 * 30)
    return SwingRow(0.0, 0.0, 0.0, 0.0, calf, shin, *([0.0] * 8))


def settled_deg(orthosis: OrthosisConfig, moment: float = 0.0) -> float:
    foot = Foot(AnkleConfig(), orthosis, 1.75, 75.0, 0.0)
    row = held_row()
    for k in range(5000):
        foot.swing(row, 0.0, 1.0, 0.0, 0.0, moment, 0.0, 0.0, 0.5 if k == 0 else 1.0)
    return degrees(foot.pitch)


# -- the spring ---------------------------------------------------------------------------------


@given(BOTH_WAYS, st.floats(0.1, 50), st.floats(-20, 20), st.floats(-40, 30))
def test_a_spring_of_both_ways_pulls_with_its_stiffness_towards_its_neutral_angle(
    kind: OrthosisKind, stiffness: float, neutral_deg: float, angle_deg: float
) -> None:
    spring = Orthosis(OrthosisConfig(kind, stiffness, neutral_deg), INERTIA)
    expected = stiffness * (neutral_deg - angle_deg)
    assert spring.moment(radians(angle_deg)) == pytest.approx(expected, abs=1e-9)


@given(st.floats(0.1, 50), st.floats(-20, 20), st.floats(-40, 30))
def test_a_hinged_one_stops_plantarflexion_and_nothing_else(
    stiffness: float, neutral_deg: float, angle_deg: float
) -> None:
    stop = Orthosis(OrthosisConfig("hinged", stiffness, neutral_deg), INERTIA)
    expected = stiffness * max(0.0, neutral_deg - angle_deg)
    assert stop.moment(radians(angle_deg)) == pytest.approx(expected, abs=1e-9)


def test_where_no_stiffness_is_stated_rigid_is_stiffest_and_carbon_softest() -> None:
    held = {kind: Orthosis(OrthosisConfig(kind), INERTIA).moment(radians(-10)) for kind in WORN}
    assert held["rigid"] > held["hinged"] > held["carbon"] > 0
    for kind in WORN:
        assert held[kind] == pytest.approx(10 * STIFFNESS_NM_PER_DEG[kind])


@given(st.floats(-40, 30), st.floats(0.1, 50))
def test_what_is_not_worn_does_nothing(angle_deg: float, stiffness: float) -> None:
    nothing = Orthosis(OrthosisConfig("none", stiffness, 5.0), INERTIA)
    assert not nothing.worn
    assert nothing.moment(radians(angle_deg)) == 0.0
    assert nothing.damping == 0.0


def test_nothing_worn_weighs_nothing() -> None:
    assert settled_deg(OrthosisConfig("none", mass_kg=3.0)) == settled_deg(OrthosisConfig())


# -- the foot in it -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORN)
def test_a_hanging_foot_is_held_near_the_neutral_angle_and_hangs_a_little_below(
    kind: OrthosisKind,
) -> None:
    without = settled_deg(OrthosisConfig())
    for neutral_deg in (-5.0, 0.0, 5.0):
        held = settled_deg(OrthosisConfig(kind, neutral_deg=neutral_deg))
        assert without + 5 < held < neutral_deg
    stiffer = [settled_deg(OrthosisConfig(kind, k)) for k in (0.1, 0.5, 2.0, 8.0, 50.0)]
    assert stiffer == sorted(set(stiffer))
    assert stiffer[-1] == pytest.approx(0.0, abs=0.2)


def test_a_hinged_one_leaves_dorsiflexion_to_the_muscle_and_a_rigid_one_does_not() -> None:
    free = settled_deg(OrthosisConfig(), 12.0)
    assert free > 5
    assert settled_deg(OrthosisConfig("hinged", mass_kg=0.0), 12.0) == pytest.approx(free, abs=0.01)
    assert settled_deg(OrthosisConfig("carbon", mass_kg=0.0), 12.0) < free - 2
    assert settled_deg(OrthosisConfig("rigid", mass_kg=0.0), 12.0) < 3


def test_a_hinged_one_is_not_felt_at_all_above_its_stop() -> None:
    paths = []
    for kind in ("none", "hinged"):
        worn = OrthosisConfig(kind, mass_kg=0.0)  # type: ignore[arg-type]
        foot = Foot(AnkleConfig(), worn, 1.75, 75.0, radians(15))
        row = held_row()
        for k in range(200):
            foot.swing(row, 0.0, 1.0, 0.0, 0.0, 14.0, 0.0, 0.0, 0.5 if k == 0 else 1.0)
            paths.append(foot.pitch)
    assert paths[:200] == paths[200:]
    assert max(paths) - min(paths) > radians(1.5), "it moved"
    assert min(paths) > 0


# -- walking in it ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORN)
def test_an_orthosis_clears_the_floor_where_a_flaccid_foot_drags(kind: OrthosisKind) -> None:
    bare, braced = walked("none"), walked(kind)
    assert median(bare, "clearance_mm") < 0 < median(braced, "clearance_mm")
    for before, after in zip(bare, braced, strict=True):
        assert after.contact_us == before.contact_us, "the same steps"
        assert after.clearance_mm > before.clearance_mm
        assert after.ankle_at_contact_deg > before.ankle_at_contact_deg


@pytest.mark.parametrize("kind", WORN)
def test_a_walker_who_compensates_needs_to_lift_less_in_it(kind: OrthosisKind) -> None:
    leg = LegConfig(compensation=CompensationConfig(max_mm=90, habit_mm=50, noise_mm=2))
    bare, braced = walked("none", leg=leg), walked(kind, leg=leg)
    assert median(braced, "compensation_mm") < median(bare, "compensation_mm") - 10
    assert median(braced, "circumduction_mm") < median(bare, "circumduction_mm")


@pytest.mark.parametrize("kind", WORN)
def test_it_holds_the_foot_against_inversion(kind: OrthosisKind) -> None:
    bare, braced = walked("none"), walked(kind)
    assert median(bare, "eversion_at_contact_deg") < median(braced, "eversion_at_contact_deg") < 0
    assert 0 < SIDEWAYS[kind] < 1


def test_the_stiffer_the_orthosis_the_dearer_the_push_off() -> None:
    lost = [median(walked(kind), "lost_push_off_percent") for kind in ("none", *reversed(WORN))]
    assert lost[0] == 0
    assert lost == sorted(set(lost)), "none, carbon, hinged, rigid"


def test_stimulation_dorsiflexes_in_a_hinged_one_as_without_and_hardly_in_a_rigid_one() -> None:
    bare, hinged, rigid, alone = (
        median(walked(kind, current_ua, mass_kg=0.0), "peak_dorsiflexion_deg")
        for kind, current_ua in (
            ("none", 43_000),
            ("hinged", 43_000),
            ("rigid", 43_000),
            ("rigid", 0),
        )
    )
    assert hinged == pytest.approx(bare, abs=1.0)
    assert alone < rigid < 0.5 * bare


def test_stimulation_in_an_orthosis_never_lowers_the_toe() -> None:
    for kind in WORN:
        heights = [median(walked(kind, ua), "clearance_mm") for ua in (0, 25_000, 35_000, 45_000)]
        assert all(more >= less for less, more in pairwise(heights)), (kind, heights)
        assert heights[-1] > heights[0] + 2
