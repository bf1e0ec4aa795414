"""The object that ``walk --json`` prints and ``summary.json`` holds."""

import os
import platform
from collections.abc import Mapping, Sequence

from fes_ctrl import __version__
from fes_ctrl.analysis.summary import FORMAT
from hil.origin import simulated_name
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
        "stimulator": simulated_name(scenario.walk.control.stimulator.device, scenario.walk),
        "seed": scenario.walk.seed,
        "evaluation": scenario.walk.evaluation,
        "orthosis": scenario.walk.orthosis.kind,
        "notes": notes(scenario, result),
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
        "probe": None if result.probe is None else result.probe.figures,
    }
    against = [str(reaction) for reaction in result.missing]
    if result.probe is not None:
        against += result.probe.problems
    summary["verdict"] = verdict(
        summary, scenario.bounds, result.walk.unreached_injections, against
    )
    summary["twins"] = {
        name: {"legs": twin.figures["legs"], "charge": twin.figures["charge"]}
        for name, twin in twins.items()
    }
    return summary


def notes(scenario: Scenario, result: WalkResult) -> list[str]:
    """Return what whoever reads the figures has to know of the patient."""
    patient = scenario.walk.patient
    found = [patient.note] if patient.note else []
    for leg, walk in zip(patient.leg, result.walk.legs, strict=True):
        if leg.muscle.innervation == 0.0 and walk.pulses_us:
            found.append(
                f"stimulation got no contraction on the {leg.side}: FES needs an intact lower "
                f"motor neuron"
            )
    return found


def add_reasons(summary: dict[str, object], reasons: Sequence[str]) -> None:
    """Add to a summary's verdict what else speaks against a pass."""
    found = summary["verdict"]
    if reasons and isinstance(found, dict):
        summary["verdict"] = {"passed": False, "reasons": [*found["reasons"], *reasons]}
