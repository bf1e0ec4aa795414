"""Every scenario of the bench suite, every driver, every link that the kernel carries.

    python benchmarks/real_links.py [--jobs N] [--link pty|tcp|guarded ...] [--times N]

A JSON line per link on stdout; on stderr a table of drivers and links, and what did not pass. In
real time, so a few runs share a core: they wait most of the time.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from fes_ctrl.stimulators.drivers import DRIVERS
from hil.suite.bench import BenchFailure
from hil.suite.scenarios import SCENARIOS
from hil.suite.simulated import REAL, LinkName, SimulatedBench

JOBS = 4
LOOK_US = 500_000
ENDURANCE_US = 15_000_000
"""Nobody waits for one of 525 runs for long."""


class Run(NamedTuple):
    """One run to be made: a row of the drivers, a link, the number of a scenario."""

    device: str
    mode: str
    link: LinkName
    scenario: int


def said(run: Run) -> str:
    """Make the run; return what it failed with, or nothing."""
    bench = SimulatedBench(run.device, run.mode, run.link)
    bench.look_us, bench.endurance_us, bench.walk_us = LOOK_US, ENDURANCE_US, ENDURANCE_US
    try:
        SCENARIOS[run.scenario](bench)
    except BenchFailure as failure:
        return str(failure)
    finally:
        bench.close()
    return ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=JOBS, help="runs at a time")
    parser.add_argument("--link", nargs="+", choices=sorted(REAL), default=sorted(REAL))
    parser.add_argument("--times", type=int, default=1, help="how often each run is made")
    arguments = parser.parse_args()
    runs = [
        Run(device, mode, link, number)
        for link in arguments.link
        for device, mode in DRIVERS
        for number in range(len(SCENARIOS))
        for _ in range(arguments.times)
    ]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        results = list(zip(runs, pool.map(said, runs), strict=True))
    for link in arguments.link:
        for device, mode in DRIVERS:
            row = [(run, why) for run, why in results if run[:3] == (device, mode, link)]
            passed = sum(not why for _, why in row)
            print(f"{link:8s} {device:10s} {mode:13s} {passed}/{len(row)}", file=sys.stderr)
            for run, why in row:
                if why:
                    name = SCENARIOS[run.scenario].__name__
                    print(f"    {run.scenario + 1}. {name}: {why}", file=sys.stderr)
        here = [why for run, why in results if run.link == link]
        passed = sum(not why for why in here)
        line = {"benchmark": "real_links", "link": link, "runs": len(here), "passed": passed}
        print(json.dumps(line))
    sys.exit(any(why for _, why in results))


if __name__ == "__main__":
    main()
