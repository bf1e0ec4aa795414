"""Work for the engine that costs nothing, some of it deadly; it travels to worker processes."""

import os
import signal

from fes_ctrl.tuning.job import Job, Row, candidate_of, failed_row, identity_of, settings_of

DEADLY = 13
"""The seed whose walk kills its process."""


def job(seed: int, **settings: object) -> Job:
    values = {key.replace("__", "."): value for key, value in settings.items()}
    return Job("standard", settings_of(values), "flaccid", seed)


def key_of(job: Job) -> str:
    return f"{candidate_of(job.settings)} {job.patient} {job.seed}"


def walk(job: Job) -> Row:
    """What a walk would give, without walking."""
    if job.seed % 7 == 6:
        return failed_row(job, key_of(job), "ValueError: a knee of 400 degrees")
    row = {**identity_of(job), "key": key_of(job), "ok": True, "error": "", "wall_s": 0.0}
    return {**row, "legs.left.strides": 10 * job.seed}


def raising(job: Job) -> Row:
    if job.seed == DEADLY:
        message = "work itself is broken"
        raise RuntimeError(message)
    return walk(job)


def deadly(job: Job) -> Row:
    """Kill the process that was given the wrong seed, as a machine out of memory does."""
    if job.seed == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return walk(job)


def always_deadly(job: Job) -> Row:
    os.kill(os.getpid(), signal.SIGKILL)
    return walk(job)


def other_code(job: Job) -> Row:
    return {**walk(job), "key": "walked by other code"}


def version_of_this_process() -> str:
    """Return what no two processes have alike."""
    return str(os.getpid())
