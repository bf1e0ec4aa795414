"""A sweep made ready: its file read, and every candidate built once as every patient walks it."""

from collections.abc import Callable
from dataclasses import replace

from fes_ctrl.config.errors import ConfigError
from fes_ctrl.tuning.job import Job, Settings
from fes_ctrl.tuning.manifest import Manifest
from fes_ctrl.tuning.plan import Plan, read_plan
from hil.code_version import code_version, versions
from hil.scenarios import load_scenario
from hil.sweep_names import Sort, sort_of
from hil.sweep_walk import build


def load_plan(name: str) -> Plan:
    """Read a sweep and make its candidates; nothing is walked.

    Parameters
    ----------
    name : str
        Name in ``configs/sweeps``, or a file.

    Raises
    ------
    ConfigError
        If the file does not fit, or what it asks for is absurd; with the place.
    """
    return read_plan(name, lambda scenario: load_scenario(scenario).names["patient"])


def manifest_of(
    plan: Plan, shard: tuple[int, int] | None = None, advance: Callable[[], None] = lambda: None
) -> tuple[Manifest, list[str], list[Job]]:
    """Build every candidate as every patient walks it, or refuse all of them.

    Parameters
    ----------
    plan : Plan
        What to walk.
    shard : tuple of int or None
        Which part of it, of how many.
    advance : callable
        Called after each candidate.

    Returns
    -------
    tuple
        What is walked; why some of it cannot be: values, each of them good, that do not go
        together; and a walk of each sort, which together have every figure.

    Raises
    ------
    ConfigError
        If a value of any candidate is refused; with the place of its axis.
    """
    baseline: tuple[Settings, ...] = ((),) if plan.config.baseline else ()
    candidates = (*baseline, *plan.candidates)
    job = Job(plan.scenario, (), plan.patients[0], plan.config.all_seeds[0], plan.config.duration_s)
    configs: list[tuple[str, ...]] = []
    problems: list[str] = []
    sorts: dict[Sort, Job] = {}
    for settings in candidates:
        digests = []
        for patient in plan.patients:
            one = replace(job, settings=settings, patient=patient)
            try:
                built = build(one)
            except ConfigError as error:
                raise ConfigError(plan.explained(settings, patient, str(error))) from error
            digests.append(built.sha256)
            if built.problem:
                problems.append(built.problem)
            elif built.walk is not None:
                sorts.setdefault(sort_of(built.walk), one)
        configs.append(tuple(digests))
        advance()
    whole = Manifest(
        name=plan.name,
        scenario=plan.scenario,
        candidates=candidates,
        patients=plan.patients,
        seeds=plan.config.all_seeds,
        duration_s=plan.config.duration_s,
        configs=tuple(configs),
        code=code_version(),
        shard=shard,
        asked=plan.asked(),
        versions=versions(),
    )
    return whole, problems, list(sorts.values())
