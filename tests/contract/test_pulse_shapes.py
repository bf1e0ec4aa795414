"""Walks whose P24 gives its pulses in a shape that was asked for, in either of its levels."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.assembly import problems_of
from fes_ctrl.cli import group
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from firmware_sim.output import Points
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate

BENCH = Path(__file__).parents[2] / "configs" / "limits" / "bench.toml"
GAP = "[[1, 1], [0.33, 0], [1, -1]]"
STEPPED = "[[0.5, 0.5], [0.5, 1], [0.2, 0], [1.5, -0.5]]"
DURATION_S = 7.0


@pytest.fixture
def allowing(tmp_path: Path) -> str:
    """The limits of the bench, but for how long a device may go on without the host."""
    kept = [line for line in BENCH.read_text().splitlines() if "max_unattended_ms" not in line]
    limits = tmp_path / "mid.toml"
    limits.write_text("\n".join([*kept, "max_unattended_ms = 2000", ""]))
    return str(limits)


def walked(limits: str, *sets: str) -> tuple[WalkResult, list[Points]]:
    """What came of a walk, and what reached the electrode in one like it."""
    options: dict[str, object] = {"limits": limits, "duration_s": DURATION_S}
    walk = load_scenario("standard", options, sets).walk
    clock = Stepper()
    rig = Rig(walk, clock, NullLog())
    given: list[Points] = []
    rig.watch_electrodes(lambda _t_us, _channel, points: given.append(points))
    rig.session.open()
    clock.run_until_us(round(DURATION_S * 1e6))
    return simulate(walk), given


@pytest.mark.parametrize("mode", ["low_level", "mid_level"])
def test_every_pulse_of_a_walk_has_the_asked_pause_and_nothing_else_changes(
    allowing: str, mode: str
) -> None:
    plain, before = walked(allowing, f"stimulator.mode={mode}")
    result, given = walked(allowing, f"stimulator.mode={mode}", f"stimulator.shape={GAP}")
    assert given == [(there, (99, 0), back) for there, back in before]
    assert len(given) > 100
    assert {points[0][0] for points in given} == {300}
    assert result.setpoints_sha256 == plain.setpoints_sha256, "the setpoint is what it was"
    assert result.figures["charge"] == plain.figures["charge"]
    safety = result.figures["safety"]
    assert isinstance(safety, dict)
    assert (safety["witness_violations"], safety["faults"]) == ([], [])


@pytest.mark.parametrize("mode", ["low_level", "mid_level"])
def test_a_stepped_pulse_balances_and_excites_by_its_first_phase(allowing: str, mode: str) -> None:
    result, given = walked(allowing, f"stimulator.mode={mode}", f"stimulator.shape={STEPPED}")
    peaks_ua = {points[1][1] for points in given}
    assert max(peaks_ua) == 43_000
    for points in given:
        peak_ua = points[1][1]
        assert points == ((150, peak_ua // 2), (150, peak_ua), (60, 0), (450, -peak_ua // 2))
    safety, charge = result.figures["safety"], result.figures["charge"]
    assert isinstance(safety, dict)
    assert isinstance(charge, dict)
    assert (safety["witness_violations"], safety["faults"]) == ([], [])
    assert safety["refused_setpoints"] == 0
    # Half the width at half the current.
    assert charge["per_phase_uC_max"] == pytest.approx(max(peaks_ua) * 225 / 1e6)


def test_a_limiter_between_device_and_electrode_has_nothing_against_a_shape() -> None:
    sets = ("limiter.fitted=true", f"stimulator.shape={STEPPED}")
    result, given = walked(str(BENCH), *sets)
    safety = result.figures["safety"]
    assert isinstance(safety, dict)
    assert safety["limiter"] == {"reason": None, "t_s": None, "channel": None, "blocked": 0}
    assert len(given) > 100


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (
            (
                "stimulator.shape=[[0.5, 0.5], [0.5, 1], [0.75, -1]]",
                "program.channel.0.pulse_width_us=298",
            ),
            "program.channel.0.pulse_width_us = 298: stimulator.shape: 298 us: the last point "
            "would have to last 223.5 us, its share is 223.5: it balances in whole microseconds "
            "within one of its share, or not at all; the nearest that can be done is 299",
        ),
        (
            (
                "stimulator.shape=[[0.5, 0.5], [0.5, 1], [0.75, -1]]",
                "program.channel.0.pulse_width_us=297",
            ),
            "program.channel.0.pulse_width_us = 297: stimulator.shape: 297 us: the last point "
            "would have to last 222.5 us, its share is 222.8: it balances in whole microseconds "
            "within one of its share, or not at all; the nearest that can be done is 296",
        ),
        (
            ("stimulator.shape=[[1, 1], [0.02, 0], [1, -1]]",),
            "program.channel.0.pulse_width_us = 300: stimulator.shape: 6 us: the device gives 10 "
            "to 4095; the nearest that can be done is 475",
        ),
        (
            ("stimulator.shape=[[1, 1], [0.015, 0], [1, -1]]",),
            "program.channel.0.pulse_width_us = 300: stimulator.shape: 5 us: the device gives 10 "
            "to 4095; no pulse width can be done; choose other shares",
        ),
        (
            (f"stimulator.shape={GAP}", "program.channel.0.waveform=asymmetric"),
            "program.channel.0.waveform = 'asymmetric': stimulator.shape is of symmetric pulses; "
            "choose 'symmetric', or leave the shape out",
        ),
    ],
)
def test_what_a_program_cannot_have_in_a_shape_is_refused_with_the_nearest(
    sets: tuple[str, ...], says: str
) -> None:
    walk = load_scenario("standard", {}, sets).walk
    assert problems_of(walk.legs, walk.control) == [says]


def test_the_table_of_the_output_tells_the_shape_as_it_was_emitted() -> None:
    options = ["--table", "--set", f"stimulator.shape={STEPPED}", "--duration", "9", "--json"]
    done = CliRunner().invoke(group, ["limits", *options])
    assert done.exit_code == 0, done.output
    assert '"phase_us": [300, 450]' in done.stdout
    assert '"gap_us": [60]' in done.stdout
    assert '"net_charge_uC": 0.0' in done.stdout
