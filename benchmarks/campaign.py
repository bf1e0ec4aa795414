"""How fast a campaign walks and judges, beside the virtual loop alone in the same run.

    python benchmarks/campaign.py [--hours H] [--seed N] [--jobs J] [--page FILE]

One JSON line: simulated hours, violations, reaction times, and simulated seconds a second of wall
time. The reference is the virtual loop of ``benchmarks/closed_loop.py``, one standard walk at a
time with its run log, measured before the campaign and after it; machines are shared, so their
mean counts. ``speed_a_job`` is the campaign's speed for each process.
"""

import argparse
import json
import os
import subprocess
import sys
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


def virtual_speed(walks: int) -> float:
    """Return the virtual loop's speed against real time."""
    found = in_process("benchmarks/closed_loop.py", "--measure", "--walks", str(walks))
    return float(str(found["virtual"]))


def main() -> int:
    """Print the figures with what is asked of them; return 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=10.0, help="simulated hours")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--walks", type=int, default=3, help="counted walks of the reference")
    parser.add_argument("--out", help="keep the campaign there")
    parser.add_argument("--page", help="write the table of reaction times there")
    arguments = parser.parse_args()
    options = ["--hours", str(arguments.hours), "--seed", str(arguments.seed)]
    options += ["--jobs", str(arguments.jobs)]
    for name in ("out", "page"):
        if getattr(arguments, name):
            options += [f"--{name}", getattr(arguments, name)]
    before = virtual_speed(arguments.walks)
    found = in_process("-m", "fes_ctrl", "campaign", *options, "--json", codes=(0, 1))
    after = virtual_speed(arguments.walks)
    run = found.pop("run")
    assert isinstance(run, dict)  # noqa: S101 - as the command promises
    reference = round((before + after) / 2, 1)
    line = {
        "benchmark": "campaign",
        "unit": "times real time",
        **found,
        "jobs": run["jobs"],
        "wall_s": run["wall_s"],
        "speed": run["speed"],
        "speed_a_job": round(run["speed"] / run["jobs"], 1),
        "virtual": reference,
        "speed_per_virtual": round(run["speed"] / reference, 3),
        "asked": {"simulated_hours": 10, "violations": 0, "speed_per_virtual": 1},
    }
    print(json.dumps(line))
    return int(bool(found["violations"]))


if __name__ == "__main__":
    sys.exit(main())
