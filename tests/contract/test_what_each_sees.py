"""What only who stands outside the host can see: the load as it is, channels that nobody wears."""

from dataclasses import replace
from pathlib import Path

import pytest

from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from firmware_sim.injection_text import parse
from firmware_sim.output import OutputStage, Points
from hil.config import LimiterConfig, WalkConfig
from hil.rig import Rig
from hil.scenarios import load_scenario

DURATION_US = 12_000_000


def walked(rig: Rig, clock: Stepper) -> Rig:
    rig.session.open()
    clock.run_until_us(DURATION_US)
    return rig


def config(tmp_path: Path, *inject: str, fitted: bool = False) -> WalkConfig:
    limits = tmp_path / "limits.toml"
    limits.write_text("[limits]\nvoltage_V = 60\nload_ohm = 1000\n")
    walk = load_scenario("standard", {"limits": str(limits), "duration_s": 12.0}).walk
    return replace(
        walk, inject=tuple(parse(text) for text in inject), limiter=LimiterConfig(fitted=fitted)
    )


def test_a_peeled_electrode_raises_the_voltage_that_the_witness_judges(tmp_path: Path) -> None:
    clock = Stepper()
    rig = walked(Rig(config(tmp_path, "electrode_peeled=70@6"), clock, NullLog()), clock)
    assert {violation.limit for violation in rig.witness.violations} == {"voltage_V"}
    assert min(violation.t_us for violation in rig.witness.violations) >= 6_000_000


def test_a_limiter_blocks_what_a_peeled_electrode_would_get(tmp_path: Path) -> None:
    clock = Stepper()
    rig = walked(
        Rig(config(tmp_path, "electrode_peeled=70@6", fitted=True), clock, NullLog()), clock
    )
    assert rig.limiter is not None
    assert rig.limiter.latched == "voltage_V"
    assert not rig.witness.violations


@pytest.mark.parametrize("also", [True, False])
def test_pulses_on_a_channel_that_nobody_wears_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, also: bool
) -> None:
    deliver = OutputStage.deliver

    def astray(self: OutputStage, t_us: int, channel: int, points: Points) -> bool:
        if also:
            deliver(self, t_us, channel, points)
        return deliver(self, t_us, (channel + 3) % 8, points)

    monkeypatch.setattr(OutputStage, "deliver", astray)
    clock = Stepper()
    rig = walked(Rig(config(tmp_path), clock, NullLog()), clock)
    assert {violation.limit for violation in rig.witness.violations} == {"channel"}
