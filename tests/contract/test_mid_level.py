"""Walks whose P24 repeats its pulses by itself: refused unless allowed, and then one a setpoint."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.assembly import problems_of
from fes_ctrl.cli import group
from hil.config import WalkConfig
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate

BENCH = Path(__file__).parents[2] / "configs" / "limits" / "bench.toml"


@pytest.fixture
def allowing(tmp_path: Path) -> Path:
    """The limits of the bench, but for how long a device may go on without the host."""
    kept = [line for line in BENCH.read_text().splitlines() if "max_unattended_ms" not in line]
    limits = tmp_path / "mid.toml"
    limits.write_text("\n".join([*kept, "max_unattended_ms = 2000", ""]))
    return limits


def walk_of(
    limits: Path, mode: str = "mid_level", inject: str = "", scenario: str = "standard"
) -> WalkConfig:
    options: dict[str, object] = {"limits": str(limits), "duration_s": 14.0}
    if inject:
        options["inject"] = (inject,)
    return load_scenario(scenario, options, (f"stimulator.mode={mode}",)).walk


UNATTENDED_US = 2_000_000
PERIOD_US = 25_000


def faults_of(result: WalkResult) -> list[str]:
    safety = result.figures["safety"]
    assert isinstance(safety, dict)
    assert safety["witness_violations"] == []
    return [fault["id"] for fault in safety["faults"]]


def test_a_device_that_goes_on_by_itself_is_refused_unless_the_limits_file_allows_it(
    allowing: Path,
) -> None:
    walk = walk_of(BENCH)
    (problem,) = problems_of(walk.legs, walk.control)
    assert "goes on for 2000 ms without the host" in problem
    options = ["--limits", str(allowing), "--set", "stimulator.mode=mid_level", "--duration", "8"]
    done = CliRunner().invoke(group, ["walk", "standard", *options, "--json"])
    assert '"refused_setpoints": 0' in done.stdout, done.output


def test_each_setpoint_of_a_walk_is_given_once_in_the_devices_rhythm(allowing: Path) -> None:
    result = simulate(walk_of(allowing))
    looped = simulate(walk_of(allowing), "virtual")
    assert result.setpoints_sha256 == looped.setpoints_sha256
    (leg,) = result.walk.legs
    assert (leg.pulses_us, leg.pulses_ua) == (
        looped.walk.legs[0].pulses_us,
        looped.walk.legs[0].pulses_ua,
    )
    assert faults_of(result) == []
    # The last one's turn may come after the walk's end.
    assert 0 <= result.setpoints - len(leg.pulses_us) <= 1
    assert result.setpoints > 300
    gaps = [b - a for a, b in zip(leg.pulses_us, leg.pulses_us[1:], strict=False)]
    in_burst = [gap for gap in gaps if gap < 100_000]
    assert in_burst.count(25_000) > 0.9 * len(in_burst), "the line's jitter is not in them"


def test_two_legs_share_one_device_that_repeats_by_itself(allowing: Path) -> None:
    result = simulate(walk_of(allowing, scenario="both_legs"))
    assert faults_of(result) == []
    given = sum([len(leg.pulses_us) for leg in result.walk.legs])
    assert 0 <= result.setpoints - given <= 2
    assert result.setpoints > 600


def test_the_controller_walks_as_it_does_in_low_level(allowing: Path) -> None:
    mid = simulate(walk_of(allowing)).walk.legs[0]
    low = simulate(walk_of(allowing, "low_level")).walk.legs[0]
    assert abs(len(mid.pulses_us) - len(low.pulses_us)) < 0.05 * len(low.pulses_us)


@pytest.mark.parametrize(
    ("inject", "fault"),
    [
        ("answers_lost@10.1+2", "F18"),
        ("electrode_off@10+3", "F12"),
        ("device_reset@10.3", "F31"),
        ("device_swapped@10.3", "F31"),
        ("device_stuck_on@10.1", "F18"),
    ],
)
def test_what_goes_wrong_latches_and_the_witness_sees_nothing(
    allowing: Path, inject: str, fault: str
) -> None:
    assert fault in faults_of(simulate(walk_of(allowing, inject=inject)))


@pytest.mark.parametrize(
    ("inject", "from_s"), [("cable_pulled@10.3", 10.3), ("write_blocked@10.1+2", 10.1)]
)
def test_a_device_out_of_reach_goes_on_for_two_seconds_and_the_witness_says_so(
    allowing: Path, inject: str, from_s: float
) -> None:
    result = simulate(walk_of(allowing, inject=inject))
    safety = result.figures["safety"]
    assert isinstance(safety, dict)
    assert {violation["limit"] for violation in safety["witness_violations"]} == {"burst_ms"}
    last_us = result.walk.legs[0].pulses_us[-1]
    assert last_us <= from_s * 1e6 + UNATTENDED_US + PERIOD_US
