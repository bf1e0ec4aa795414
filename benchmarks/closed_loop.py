"""How fast a whole closed loop walks, beside its bare muscle-and-ankle kernel in the same run.

    python benchmarks/closed_loop.py [--walks N]

One JSON line: a 60 s walk of the standard scenario, sensors at 100 Hz, run log on, one core. The
leg wears the heel switch that the detector reads; ``stepper_with_imu`` is the same walk with a foot
IMU worn and logged besides.
``kernel`` is the patient's leg alone, advanced every 10 ms under the pulses of that same walk.
Kernel, stepper and virtual loop take turns, and medians are compared, since machines are shared.
The compiled build is measured the same way in a process of its own where `make fast` has made it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hil.patient.leg import PatientLeg

ROOT = Path(__file__).resolve().parent.parent
FAST = ROOT / "build" / "fast"
DURATION_S = 60.0


def measure(walks: int) -> dict[str, object]:
    """Return speeds against real time, of whatever build is imported."""
    from hil.patient import leg as patient_leg
    from hil.patient.patient import VirtualPatient
    from hil.scenarios import load_scenario
    from hil.simulate import simulate

    config = load_scenario("standard").walk
    speeds: dict[str, list[float]] = {
        "kernel": [],
        "stepper": [],
        "virtual": [],
        "stepper_with_imu": [],
    }
    legs = tuple(
        replace(leg, sensors=replace(leg.sensors, worn=("heel_switch", "foot_imu")))
        for leg in config.patient.leg
    )
    with_imu = replace(config, patient=replace(config.patient, leg=legs))
    hashes = set()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        first = simulate(config, "stepper", log)
        pulses = list(zip(first.walk.legs[0].pulses_us, first.walk.legs[0].pulses_ua, strict=True))
        for _ in range(walks):
            patient = VirtualPatient(config.patient, config.seed, config.way)
            started = time.perf_counter()
            advance(patient.legs[0], pulses)
            speeds["kernel"].append(DURATION_S / (time.perf_counter() - started))
            for clock in ("stepper", "virtual"):
                started = time.perf_counter()
                result = simulate(config, "virtual" if clock == "virtual" else "stepper", log)
                speeds[clock].append(DURATION_S / (time.perf_counter() - started))
                hashes.add(result.setpoints_sha256)
            started = time.perf_counter()
            simulate(with_imu, "stepper", log)
            speeds["stepper_with_imu"].append(DURATION_S / (time.perf_counter() - started))
        simulate(config, "stepper", log)
        lines = sum(1 for _ in log.open())
    return {
        "compiled": not patient_leg.__file__.endswith(".py"),
        "hashes": sorted(hashes),
        "log_lines": lines,
        **{name: round(statistics.median(found), 1) for name, found in speeds.items()},
    }


def advance(leg: "PatientLeg", pulses: list[tuple[int, int]]) -> None:
    """Walk the bare leg through the minute, given its pulses at their instants."""
    upcoming = 0
    for t_us in range(10_000, int(DURATION_S * 1e6) + 1, 10_000):
        while upcoming < len(pulses) and pulses[upcoming][0] <= t_us:
            at_us, current_ua = pulses[upcoming]
            leg.stimulate(at_us, ((300, current_ua), (300, -current_ua)))
            upcoming += 1
        leg.advance_to(t_us)


def in_process(folder: Path, walks: int) -> dict[str, object]:
    """Measure one build in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, __file__, "--measure", "--walks", str(walks)],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def ratio(a: object, b: object) -> float:
    """Return a over b, rounded."""
    return round(float(str(a)) / float(str(b)), 3)


def main() -> None:
    """Print the figures with what is asked of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--walks", type=int, default=7, help="counted walks of each kind")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.walks)))
        return
    plain = in_process(ROOT, arguments.walks)
    line = {
        "benchmark": "closed_loop",
        "unit": "times real time, median",
        "walks": arguments.walks,
        "plain": plain,
        "stepper_per_kernel": ratio(plain["stepper"], plain["kernel"]),
        "virtual_per_kernel": ratio(plain["virtual"], plain["kernel"]),
        "asked": {
            "stepper_per_kernel": 0.4,
            "virtual_per_kernel": 0.2,
            "stepper": 100,
            "virtual": 50,
            "compiled_per_plain_stepper": 4,
        },
    }
    if FAST.is_dir():
        compiled = in_process(FAST, arguments.walks)
        line["compiled"] = compiled
        line["compiled_per_plain_stepper"] = ratio(compiled["stepper"], plain["stepper"])
        line["same_hash"] = plain["hashes"] == compiled["hashes"]
    print(json.dumps(line))


if __name__ == "__main__":
    main()
