"""A job of a sweep walked: its key, its row, and never an exception.

Both travel to worker processes and are called there; a worker builds each candidate once, for the
seeds that come after it.
"""

import hashlib
import time
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Final

from fes_ctrl.assembly import problems_of
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.layers import canonical
from fes_ctrl.tuning.job import Job, Row, failed_row, identity_of, options_of
from hil.code_version import code_version
from hil.config import WalkConfig
from hil.figures import figures_of_walk
from hil.scenarios import Bound, load_scenario, verdict
from hil.simulate import simulate

BUILT: Final = 16


@dataclass(frozen=True, slots=True)
class Built:
    """A candidate as one patient walks it.

    Attributes
    ----------
    walk : WalkConfig
        Of any seed.
    bounds : dict of str to Bound
        What makes it a pass.
    sha256 : str
        Digest of both.
    """

    walk: WalkConfig
    bounds: dict[str, Bound]
    sha256: str


def build(job: Job) -> Built:
    """Return what a job walks, whatever its seed.

    Raises
    ------
    ConfigError
        If its values are refused or do not fit together.
    """
    # By their text: true, 1 and 1.0 are equal to Python, and not to a configuration.
    return _build(job.scenario, options_of(job.settings), job.patient, job.duration_s)


@lru_cache(maxsize=BUILT)
def _build(name: str, sets: tuple[str, ...], patient: str, duration_s: float | None) -> Built:
    options: dict[str, object] = {"patient": patient, "seed": 0}
    if duration_s is not None:
        options["duration_s"] = duration_s
    scenario = load_scenario(name, options, sets)
    problems = problems_of(scenario.walk.legs, scenario.walk.control, scenario.walk.sensed)
    if problems:
        raise ConfigError(problems[0])
    bounds = {name: asdict(bound) for name, bound in scenario.bounds.items()}
    digest = _digest(scenario.config_sha256, canonical(bounds))
    return Built(scenario.walk, scenario.bounds, digest)


def key_of(job: Job) -> str:
    """Return a job's key: a digest of its effective configuration, its seed and the code.

    Raises
    ------
    ConfigError
        If its configuration is refused.
    """
    return _digest(build(job).sha256, str(job.seed), code_version())


def walk_row(job: Job) -> Row:
    """Walk a job and return its row; whatever goes wrong on the way is a row too."""
    started_s = time.perf_counter()
    key = ""
    try:
        key = key_of(job)
        built = build(job)
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


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
