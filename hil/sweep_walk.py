"""A job of a sweep walked: its key, its row, and never an exception.

Both travel to worker processes and are called there; a worker builds each candidate once, for the
seeds that come after it.
"""

import time
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Final

from fes_ctrl.analysis.figures import figures_of_walk
from fes_ctrl.assembly import problems_of
from fes_ctrl.config.build import UnplacedError
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.layers import canonical
from fes_ctrl.tuning.job import (
    Job,
    Row,
    digest_of,
    failed_row,
    identity_of,
    key_from,
    options_of,
)
from hil.code_version import code_version
from hil.config import WalkConfig
from hil.scenarios import Bound, load_scenario, verdict
from hil.simulate import simulate

BUILT: Final = 16


@dataclass(frozen=True, slots=True)
class Built:
    """A candidate as one patient walks it.

    Attributes
    ----------
    walk : WalkConfig or None
        Of any seed; ``None`` where its values, each of them good, do not go together.
    bounds : dict of str to Bound
        What makes it a pass.
    sha256 : str
        Digest of both.
    problem : str
        Why it cannot be walked; empty where it can.
    """

    walk: WalkConfig | None
    bounds: dict[str, Bound]
    sha256: str
    problem: str = ""


def build(job: Job) -> Built:
    """Return what a job walks, whatever its seed.

    Raises
    ------
    ConfigError
        If one of its values is refused, or names what there is not.
    """
    # By their text: true, 1 and 1.0 are equal to Python, and not to a configuration.
    return _build(job.scenario, options_of(job.settings), job.patient, job.duration_s)


@lru_cache(maxsize=BUILT)
def _build(name: str, sets: tuple[str, ...], patient: str, duration_s: float | None) -> Built:
    options: dict[str, object] = {"patient": patient, "seed": 0}
    if duration_s is not None:
        options["duration_s"] = duration_s
    try:
        scenario = load_scenario(name, options, sets)
    except ConfigError as error:
        cause = error.__cause__
        if not (isinstance(cause, UnplacedError) and cause.together):
            raise
        asked = digest_of(name, *sets, patient, f"{duration_s}", str(error))
        return Built(None, {}, asked, str(error))
    problems = problems_of(scenario.walk.legs, scenario.walk.control, scenario.walk.sensed)
    bounds = canonical({name: asdict(bound) for name, bound in scenario.bounds.items()})
    sha256 = digest_of(scenario.config_sha256, bounds)
    return Built(scenario.walk, scenario.bounds, sha256, problems[0] if problems else "")


def key_of(job: Job) -> str:
    """Return a job's key: a digest of its effective configuration, its seed and the code.

    Raises
    ------
    ConfigError
        If its configuration is refused.
    """
    return key_from(build(job).sha256, job.seed, code_version())


def walk_row(job: Job) -> Row:
    """Walk a job and return its row; whatever goes wrong on the way is a row too."""
    started_s = time.perf_counter()
    key = ""
    try:
        built = build(job)
        key = key_from(built.sha256, job.seed, code_version())
        if built.walk is None or built.problem:
            return failed_row(job, key, built.problem)
        result = simulate(replace(built.walk, seed=job.seed))
        missing = [str(reaction) for reaction in result.missing]
        judged = verdict(result.figures, built.bounds, result.walk.unreached_injections, missing)
        return {
            **identity_of(job),
            "key": key,
            "ok": True,
            "error": "",
            "wall_s": round(time.perf_counter() - started_s, 4),
            "passed": judged["passed"],
            "setpoints_sha256": result.setpoints_sha256,
            **figures_of_walk(result.figures),
        }
    except Exception as error:  # noqa: BLE001 - one walk of thousands: the others go on
        said = str(error) if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
        return failed_row(job, key, said, time.perf_counter() - started_s)
