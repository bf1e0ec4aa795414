"""How fast one walk is, and what many of them cost beyond their own time.

    python benchmarks/sweep.py --part speed|engine|tune [--walks N]

One JSON line. Part ``speed``: a closed-loop 60 s walk of the moderate stroke patient on the
stepper, run log off, one core, against real time. ``as_it_stands`` is the scenario: a heel switch
at 100 Hz, which the detector reads. ``complete`` wears everything that there is at 100 Hz (heel and
forefoot switches and forces, foot IMU, shank IMU), all of it sampled, sent and judged, though the
same detector reads the same switch. Medians; ``cpu`` is per second of processor time, which no
neighbour on a shared machine takes away.

Part ``engine``: ``--walks`` walks of 60 s as ``fes-ctrl sweep`` walks them (candidates of a Latin
hypercube with 20 seeds each, every candidate built and checked first, every row written), by two
workers, and a subset by one; beside it in the same run, the same walks by a plain
``multiprocessing.Pool`` of two and by a local Dask cluster of two. The walks' own time is what
``simulate`` takes in those workers, by their processor time; ``overhead_percent`` is all other
processor time of asking process and workers beside it, checking the candidates included, and
``idle_percent`` the part of two workers' wall time in which none walked. Workers are warm:
starting them, with all imports, is ``start_s``. ``bare_ms_a_walk`` is a loop over ``simulate`` in
one process while nothing else of this runs. The compiled build is measured in a process of its own
where `make fast` has made it.

Part ``tune`` is ``benchmarks/tune.py``: what a search of ``--walks`` walks saves.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from fes_ctrl.tuning.job import Job, Row
    from fes_ctrl.tuning.manifest import Manifest

ROOT = Path(__file__).resolve().parent.parent
FAST = ROOT / "build" / "fast"
DURATION_S = 60.0
SEEDS = 20
WORKERS = 2
OWN_S = "own_s"
ASKED = {
    "speed": {"plain": 120, "compiled": 800},
    "engine": {
        "two_workers_s_for_1000": 60,
        "two_per_one": 1.8,
        "overhead_percent": 10,
        "worker_mb": 300,
    },
}

Figures = dict[str, Any]


# -- one walk -------------------------------------------------------------------------------------


def speed(walks: int) -> Figures:
    """Return speeds against real time, of whatever build is imported."""
    from hil.patient import leg as patient_leg
    from hil.patient.sensors.config import SensorName
    from hil.scenarios import load_scenario
    from hil.simulate import simulate

    config = load_scenario("moderate_stroke", {"duration_s": DURATION_S}).walk
    everything = get_args(SensorName)
    legs = tuple(
        replace(leg, sensors=replace(leg.sensors, worn=everything)) for leg in config.patient.leg
    )
    complete = replace(config, patient=replace(config.patient, leg=legs))
    found: Figures = {"compiled": not patient_leg.__file__.endswith(".py")}
    kinds = {"as_it_stands": config, "complete": complete}
    wall: dict[str, list[float]] = {name: [] for name in kinds}
    cpu: dict[str, list[float]] = {name: [] for name in kinds}
    hashes = {name: simulate(walk).setpoints_sha256 for name, walk in kinds.items()}
    for _ in range(walks):
        for name, walk in kinds.items():
            started_s, used_s = time.perf_counter(), time.process_time()
            simulate(walk)
            wall[name].append(DURATION_S / (time.perf_counter() - started_s))
            cpu[name].append(DURATION_S / (time.process_time() - used_s))
    for name in kinds:
        found[name] = {
            "wall": round(statistics.median(wall[name]), 1),
            "cpu": round(statistics.median(cpu[name]), 1),
            "setpoints_sha256": hashes[name],
        }
    return found


# -- many walks -----------------------------------------------------------------------------------

SWEEP = """\
[sweep]
scenario = "moderate_stroke"
seed_count = {seeds}
duration_s = {duration_s}
design = "latin_hypercube"
candidates = {candidates}
baseline = false

[[sweep.axis]]
key = "program.delay_ms"
min = 0.0
max = 200.0

[[sweep.axis]]
key = "program.extension_ms"
min = 0.0
max = 300.0
"""


def engine(walks: int) -> Figures:
    """Return what many walks cost, of whatever build is imported."""
    from hil.patient import leg as patient_leg
    from hil.sweep_plan import load_plan, manifest_of
    from hil.sweep_walk import _build

    seeds = min(SEEDS, walks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.toml"
        text = SWEEP.format(seeds=seeds, duration_s=DURATION_S, candidates=max(1, walks // seeds))
        path.write_text(text, encoding="utf-8")
        # Once for what is imported and made on the way, once to see what it costs.
        checked_s = 0.0
        for _ in range(2):
            _build.cache_clear()
            used_s = time.process_time()
            manifest, _, _ = manifest_of(load_plan(str(path)))
            checked_s = time.process_time() - used_s
    jobs = [job for _, job in manifest.jobs()]
    subset = jobs[: max(1, len(jobs) // 5)]
    own = bare(subset)
    two = by_engine(manifest, jobs, WORKERS)
    one = by_engine(manifest, subset, 1)
    pool = by_pool(jobs)
    dask = by_dask(manifest, jobs) if find_spec("distributed") else None
    two_s, one_s = two["wall_s"] / len(jobs), one["wall_s"] / len(subset)
    return {
        "compiled": not patient_leg.__file__.endswith(".py"),
        "walks": len(jobs),
        "bare_ms_a_walk": {name: round(1e3 * each, 2) for name, each in own.items()},
        "checking_ms_a_candidate": round(1e3 * checked_s * seeds / len(jobs), 2),
        "two_workers": told(two, jobs),
        "one_worker": told(one, subset),
        "pool": told(pool, jobs),
        "dask": None if dask is None else told(dask, jobs),
        "two_workers_s_for_1000": round(1000 * two_s, 1),
        "two_per_one": round(one_s / two_s, 3),
        "overhead_percent": round(100 * ((two["cpu_s"] + checked_s) / two["own_s"] - 1), 1),
        "idle_percent": round(100 * (1 - two["walking_s"] / (WORKERS * two["wall_s"])), 1),
        "pool_overhead_percent": round(100 * (pool["cpu_s"] / pool["own_s"] - 1), 1),
        "dask_overhead_percent": None
        if dask is None
        else round(100 * (dask["cpu_s"] / dask["own_s"] - 1), 1),
        "worker_mb": two["worker_mb"],
        "same_rows": len({found["rows"] for found in (two, pool, dask or two)}) == 1,
    }


def timed_row(job: "Job") -> "Row":
    """Walk a job as the sweep does, and tell what the walk itself took of the processor."""
    from hil import sweep_walk
    from hil.simulate import simulate

    own_s = 0.0

    def timed(config: Any) -> Any:
        nonlocal own_s
        used_s = time.process_time()
        result = simulate(config)
        own_s = time.process_time() - used_s
        return result

    vars(sweep_walk)["simulate"] = timed
    row = sweep_walk.walk_row(job)
    return {**row, OWN_S: own_s}


def told(found: Figures, jobs: "list[Job]") -> Figures:
    """Return figures of one way of walking, a walk each."""
    return {
        "walks": len(jobs),
        "wall_ms_a_walk": round(1e3 * found["wall_s"] / len(jobs), 2),
        "cpu_ms_a_walk": round(1e3 * found["cpu_s"] / len(jobs), 2),
        "start_s": round(found["start_s"], 2),
        "worker_mb": found["worker_mb"],
    }


def bare(jobs: "list[Job]") -> dict[str, float]:
    """Return the walks' own time, each."""
    from hil.simulate import simulate
    from hil.sweep_walk import build

    walks = [replace(walk, seed=job.seed) for job in jobs if (walk := build(job).walk)]
    simulate(walks[0])
    started_s, used_s = time.perf_counter(), time.process_time()
    for walk in walks:
        simulate(walk)
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - used_s
    return {"wall_s": wall_s / len(walks), "cpu_s": cpu_s / len(walks)}


def by_engine(manifest: "Manifest", jobs: "list[Job]", count: int) -> Figures:
    """Walk as ``fes-ctrl sweep`` does."""
    from fes_ctrl.tuning.pool import Workers

    started_s = time.perf_counter()
    with Workers(count, ("hil.sweep_walk",)) as workers:

        def pids() -> list[int]:
            return list(getattr(workers.executor, "_processes", {}))

        return through(manifest, jobs, workers, pids, started_s)


def by_dask(manifest: "Manifest", jobs: "list[Job]") -> Figures:
    """Walk by the same engine on a local Dask cluster."""
    from fes_ctrl.tuning.cluster import LOCAL, Cluster
    from hil.code_version import code_version

    started_s = time.perf_counter()
    with Cluster(LOCAL, WORKERS, code_version) as workers:

        def pids() -> list[int]:
            return list(workers._client.run(os.getpid).values())

        return through(manifest, jobs, workers, pids, started_s)


def through(
    manifest: "Manifest",
    jobs: "list[Job]",
    workers: Any,
    pids: Callable[[], list[int]],
    started_s: float,
) -> Figures:
    """Walk by the engine; workers are warm, each having walked once."""
    from fes_ctrl.tuning.engine import run_jobs
    from fes_ctrl.tuning.store import Store

    warm(lambda job: workers.executor.submit(timed_row, job).result, jobs, workers.count)
    start_s = time.perf_counter() - started_s
    before_s = time.process_time() + sum(map(cpu_of, pids()))
    keys = {job: key for key, job in manifest.jobs()}
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder) / "rows.jsonl") as store,
    ):
        started_s = time.perf_counter()
        rows = run_jobs(
            jobs,
            timed_row,
            workers.executor,
            store,
            key_of=keys.__getitem__,
            in_flight=workers.in_flight,
            died=workers.died,
        )
        return measured(rows, started_s, start_s, before_s, pids())


def by_pool(jobs: "list[Job]") -> Figures:
    """Walk by a plain ``multiprocessing.Pool``; nothing is kept."""
    started_s = time.perf_counter()
    with multiprocessing.get_context("forkserver").Pool(WORKERS) as pool:
        pids = [worker.pid for worker in multiprocessing.active_children() if worker.pid]
        warm(lambda job: pool.apply_async(timed_row, (job,)).get, jobs, WORKERS)
        start_s = time.perf_counter() - started_s
        before_s = time.process_time() + sum(map(cpu_of, pids))
        started_s = time.perf_counter()
        rows = pool.imap_unordered(timed_row, jobs)
        return measured(rows, started_s, start_s, before_s, pids)


def warm(start: "Callable[[Job], Callable[[], Row]]", jobs: "list[Job]", count: int) -> None:
    """Have each worker walk: so many at once that none gets by."""
    for wait in [start(job) for job in (jobs * 2 * count)[: 2 * count]]:
        wait()


def measured(
    rows: "Iterable[Row]", started_s: float, start_s: float, before_s: float, pids: list[int]
) -> Figures:
    """Take all rows and return what they cost."""
    digests: list[str] = []
    walking_s = own_s = 0.0
    for row in rows:
        if not row["ok"]:
            sys.exit(f"a walk failed: {row['error']}")
        walking_s += float(str(row["wall_s"]))
        own_s += float(str(row[OWN_S]))
        plain = {name: row[name] for name in row if name not in {"wall_s", OWN_S}}
        digests.append(hashlib.sha256(json.dumps(plain).encode()).hexdigest())
    wall_s = time.perf_counter() - started_s
    cpu_s = time.process_time() + sum(map(cpu_of, pids)) - before_s
    return {
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "start_s": start_s,
        "walking_s": walking_s,
        "own_s": own_s,
        "worker_mb": max(map(peak_mb_of, pids)),
        "rows": hashlib.sha256("".join(sorted(digests)).encode()).hexdigest(),
    }


def cpu_of(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb_of(pid: int) -> float:
    """Return the most memory that a process has had, shared pages included."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


# -- both builds ----------------------------------------------------------------------------------

PARTS: dict[str, Callable[[int], Figures]] = {"speed": speed, "engine": engine}
COUNTED = {"speed": 7, "engine": 1000}


def in_process(folder: Path, part: str, walks: int) -> Figures:
    """Measure one build in a process of its own."""
    command = [sys.executable, __file__, "--part", part, "--measure", "--walks", str(walks)]
    environment = {**os.environ, "PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the figures with what is asked of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=[*PARTS, "tune"], default="speed")
    parser.add_argument(
        "--walks", type=int, help="of each kind; default: 7, 1000 for engine, 200 for tune"
    )
    parser.add_argument("--plain", action="store_true", help="of engine, the plain build")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "tune":
        walks_told = [] if arguments.walks is None else ["--walks", str(arguments.walks)]
        subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "tune.py"), *walks_told], check=True
        )
        return
    walks = arguments.walks or COUNTED[arguments.part]
    if arguments.measure:
        print(json.dumps(PARTS[arguments.part](walks)))
        return
    line: Figures = {"benchmark": "sweep", "part": arguments.part}
    if arguments.part == "speed":
        line |= {"unit": "times real time, median", "walks": walks}
        line["plain"] = in_process(ROOT, "speed", walks)
        if FAST.is_dir():
            line["compiled"] = in_process(FAST, "speed", walks)
            line["same_hash"] = all(
                line["plain"][name]["setpoints_sha256"]
                == line["compiled"][name]["setpoints_sha256"]
                for name in ("as_it_stands", "complete")
            )
    else:
        there = FAST.is_dir() and not arguments.plain
        line |= in_process(FAST if there else ROOT, "engine", walks)
    line["asked"] = ASKED[arguments.part]
    print(json.dumps(line))


if __name__ == "__main__":
    main()
