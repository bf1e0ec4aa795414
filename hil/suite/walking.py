"""The walk of the suite: the standard patient, its device, and the verdict of every walk."""

from collections.abc import Callable, Sequence
from typing import Final

from fes_ctrl.stimulators.config import GUARDED_MS, StimulatorConfig, capabilities_of
from fes_ctrl.units import NEVER_US, Us
from hil.scenarios import Scenario, load_scenario
from hil.simulate import WalkResult
from hil.suite.hands import PERIOD_US
from hil.summary import walk_summary

PROGRAM: Final = "standard_25_hz"
"""Every device of the table gives 25 Hz in every mode."""

TIME_OUT_MS: Final = 1_500
"""What a device that repeats lingers for goes on top of it, and still is no more than a burst."""


BURSTS_APART_US: Final = 150_000
"""Pulses that are further apart than any two of one train."""


def scenario_of(config: StimulatorConfig, for_us: Us) -> Scenario:
    """Return a walk of the standard patient on a device, in its mode.

    Parameters
    ----------
    config : StimulatorConfig
        Device and mode.
    for_us : int
        How long he walks.
    """
    options: dict[str, object] = {
        "program": PROGRAM,
        "stimulator": config.device,
        "duration_s": for_us / 1e6,
    }
    sets = [
        f"stimulator.mode={config.mode}",
        f"stimulator.list_interval_ms={PERIOD_US / 1000:g}",
        f"program.time_out_ms={TIME_OUT_MS}",
    ]
    if config.guardian or capabilities_of(config).unattended_ms > GUARDED_MS:
        sets.append("stimulator.guardian=true")
    return load_scenario("standard", options, sets)


def reasons(scenario: Scenario, walk: Callable[[], WalkResult], clock: str) -> list[str]:
    """Let the walk be walked; return what speaks against a pass."""
    result = walk()
    verdict = walk_summary(scenario, result, clock, {})["verdict"]
    assert isinstance(verdict, dict)  # noqa: S101 - for the type checker
    return [*verdict["reasons"], *[str(violation) for violation in result.walk.violations[:3]]]


def delays_of(left_us: Sequence[Us], pulses_us: Sequence[Us]) -> list[Us]:
    """Return from each heel-off to the first pulse of its burst; in no case to a later stride's.

    Parameters
    ----------
    left_us, pulses_us : sequence of int
        In order, on one clock.
    """
    first = [
        pulse_us
        for before_us, pulse_us in zip((-NEVER_US, *pulses_us), pulses_us, strict=False)
        if pulse_us - before_us > BURSTS_APART_US
    ]
    found: list[Us] = []
    for from_us, until_us in zip(left_us, (*left_us[1:], NEVER_US), strict=False):
        after = [pulse_us - from_us for pulse_us in first if from_us <= pulse_us < until_us]
        found += after[:1]
    return found
