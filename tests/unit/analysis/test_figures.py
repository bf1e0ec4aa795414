"""Every figure of a summary has a tolerance that fits its unit."""

from fes_ctrl.analysis.figures import figures_of_walk, moved, tolerance_of
from hil.scenarios import load_scenario
from hil.simulate import simulate


def test_every_figure_of_a_walk_has_a_tolerance() -> None:
    scenario = load_scenario(
        "both_legs", {"duration_s": 8.0, "inject": ["electrode_off@6"]}, ["limiter.fitted=true"]
    )
    figures = figures_of_walk(simulate(scenario.walk).figures)
    assert figures["legs.left.strides"]
    assert figures["safety.faults"], "a list counts as how many there are"
    assert [name for name, value in figures.items() if tolerance_of(name, value) is None] == []


def test_a_tolerance_is_small_in_its_unit_and_a_share_of_what_is_large() -> None:
    assert tolerance_of("legs.left.detection.ho.f1", 1.0) == 0.02
    assert tolerance_of("legs.left.speed_m_per_s", 0.5) == 0.02
    assert tolerance_of("charge.rms_mA_per_cm2_max", 0.3) == 0.01
    assert tolerance_of("legs.left.toe_clearance_mm.p05", 3.0) == 0.5
    assert tolerance_of("legs.left.toe_clearance_mm.p05", -100.0) == 2.0
    assert tolerance_of("legs.left.burst.ended_by.time_out", 1.0) == 0.5
    assert tolerance_of("legs.left.grace", 1.0) is None


def test_unknown_is_far_from_everything_but_unknown() -> None:
    assert moved(None, 0.0, 1e9)
    assert moved(0.0, None, 1e9)
    assert not moved(None, None, 0.0)
    assert moved(1.6, 1.0, 0.5)
    assert not moved(1.5, 1.0, 0.5)
