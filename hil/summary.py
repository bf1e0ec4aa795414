"""The object that ``walk --json`` prints and ``summary.json`` holds."""

import os
import platform
from collections.abc import Mapping, Sequence

from fes_ctrl import __version__
from fes_ctrl.analysis.summary import FORMAT
from hil.rig import SIM_NAME
from hil.scenarios import Scenario, verdict
from hil.simulate import WalkResult


def walk_summary(
    scenario: Scenario,
    result: WalkResult,
    clock: str,
    twins: Mapping[str, WalkResult],
) -> dict[str, object]:
    """Return the summary of a walk.

    Parameters
    ----------
    scenario : Scenario
        What was walked.
    result : WalkResult
        What came of it.
    clock : str
        On which clock.
    twins : mapping of str to WalkResult
        The same steps under other treatments.

    Returns
    -------
    dict
        As promised to users; everything but ``run`` is equal for equal walks.
    """
    summary: dict[str, object] = {
        "format": FORMAT,
        "scenario": scenario.name,
        "patient": scenario.names["patient"],
        "program": scenario.names["program"],
        "stimulator": f"{SIM_NAME}{scenario.names['stimulator']}",
        "seed": scenario.walk.seed,
        "evaluation": scenario.walk.evaluation,
        "config_sha256": scenario.config_sha256,
        "setpoints_sha256": result.setpoints_sha256,
        "run": {
            "clock": clock,
            "version": __version__,
            "wall_s": round(result.wall_s, 3),
            "machine": f"{platform.machine()} {os.cpu_count()} cpus python "
            f"{platform.python_version()}",
        },
        **result.figures,
        "injections": [
            {"name": known.name, "t_s": known.t_us / 1e6} for known in result.rig.acknowledgements()
        ],
    }
    summary["verdict"] = verdict(summary, scenario.bounds, result.walk.unreached_injections)
    summary["twins"] = {
        name: {"legs": twin.figures["legs"], "charge": twin.figures["charge"]}
        for name, twin in twins.items()
    }
    return summary


def add_reasons(summary: dict[str, object], reasons: Sequence[str]) -> None:
    """Add to a summary's verdict what else speaks against a pass."""
    found = summary["verdict"]
    if reasons and isinstance(found, dict):
        summary["verdict"] = {"passed": False, "reasons": [*found["reasons"], *reasons]}
