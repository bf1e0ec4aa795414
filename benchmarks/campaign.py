"""How fast a campaign walks and judges, beside the virtual loop alone in the same run.

    python benchmarks/campaign.py [--hours H] [--seed N] [--jobs J] [--page FILE]

One JSON line: simulated hours, violations, reaction times, and simulated seconds a second of wall
time. The reference is the virtual loop of ``benchmarks/closed_loop.py``: its standard walk with the
run log on, one process, measured before the campaign and after it; the mean counts. Machines are
shared, so both are also given per second of processor time, which no neighbour takes away:
``speed_a_cpu`` and ``virtual_a_cpu``; starting the processes and making failures small included.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def in_process(*command: str, codes: tuple[int, ...] = (0,)) -> dict[str, object]:
    """Return the JSON object that a command of ours prints; what else it says passes through."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    if done.returncode not in codes:
        sys.exit(done.returncode)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def measure(walks: int) -> dict[str, float]:
    """Return the virtual loop's speed, medians, by the wall's clock and by processor time."""
    from hil.scenarios import load_scenario
    from hil.simulate import simulate

    config = load_scenario("standard").walk
    wall, cpu = [], []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        for _ in range(walks):
            started_s, used_s = time.perf_counter(), time.process_time()
            simulate(config, "virtual", log)
            wall.append(config.duration_s / (time.perf_counter() - started_s))
            cpu.append(config.duration_s / (time.process_time() - used_s))
    return {"wall": statistics.median(wall), "cpu": statistics.median(cpu)}


def used_by_children_s() -> float:
    """Return the processor time of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Print the figures with what is asked of them; return 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=10.0, help="simulated hours")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--walks", type=int, default=3, help="counted walks of the reference")
    parser.add_argument("--out", help="keep the campaign there")
    parser.add_argument("--page", help="write the table of reaction times there")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.walks)))
        return 0
    options = ["--hours", str(arguments.hours), "--seed", str(arguments.seed)]
    options += ["--jobs", str(arguments.jobs)]
    for name in ("out", "page"):
        if getattr(arguments, name):
            options += [f"--{name}", getattr(arguments, name)]
    virtual = ("benchmarks/campaign.py", "--measure", "--walks", str(arguments.walks))
    references = [in_process(*virtual)]
    used_s = used_by_children_s()
    found = in_process("-m", "fes_ctrl", "campaign", *options, "--json", codes=(0, 1))
    used_s = used_by_children_s() - used_s
    references.append(in_process(*virtual))
    run: dict[str, object] = found.pop("run")
    wall, cpu = (
        statistics.mean(float(str(reference[name])) for reference in references)
        for name in ("wall", "cpu")
    )
    speed_a_cpu = float(str(found["simulated_hours"])) * 3600 / used_s
    line = {
        "benchmark": "campaign",
        "unit": "times real time",
        **found,
        "jobs": run["jobs"],
        "wall_s": run["wall_s"],
        "speed": run["speed"],
        "virtual": round(wall, 1),
        "speed_per_virtual": round(run["speed"] / wall, 3),
        "speed_a_cpu": round(speed_a_cpu, 1),
        "virtual_a_cpu": round(cpu, 1),
        "asked": {"simulated_hours": 10, "violations": 0, "speed_per_virtual": 1},
    }
    print(json.dumps(line))
    return int(bool(found["violations"]))


if __name__ == "__main__":
    sys.exit(main())
