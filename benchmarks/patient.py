"""The patient's kernel: how fast, how exact, how many at once; one JSON line on stdout.

    python benchmarks/patient.py [--repeats N] [--batch N]

* ``speed``: the complete moderate patient (two muscles, foot, reflex, own drive, eversion,
  compensation) over 60 s at 1 ms under a train, plain and compiled, and whether both agree.
* ``solve_ivp``: the same equations of swings given to SciPy, restarted at every pulse, in the same
  run and against the same span of the kernel (needs the extra ``bench``; else null).
* ``error``: the kernel's swings against the same equations by Runge-Kutta at 0.05 ms, the leg's
  motion from the series themselves and not from rows.
* ``batch``: walks of 60 s per second of wall time, by two processes of the compiled build.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from fine_swing import Fine

ROOT = Path(__file__).resolve().parent.parent
FAST = ROOT / "build" / "fast"
DURATION_S = 60.0
FINE_S = 5e-5


def patient_of(name: str) -> Any:
    """Return a preset."""
    from hil.scenarios import load_scenario

    return load_scenario("standard", {"patient": name}).walk.patient


def new_leg(patient: Any, seed: int = 1) -> Any:
    """Return the patient's first leg, standing."""
    from hil.patient.leg import PatientLeg
    from hil.patient.pace import steps_of
    from hil.patient.plan import stand_then_walk

    return PatientLeg(
        patient,
        patient.leg[0],
        Random(seed),
        steps_of(patient, stand_then_walk(1.0), Random(seed)),
        1,
    )


def speed(repeats: int) -> dict[str, Any]:
    """Return the kernel's speed against real time, and what it came to."""
    from hil.patient import leg as module
    from hil.patient.open_loop import drive
    from hil.patient.train import Train

    patient = patient_of("stroke_moderate")
    found = []
    pulses = 0
    for _ in range(repeats + 1):
        leg = new_leg(patient)
        started = time.perf_counter()
        pulses = drive(leg, Train(), int(DURATION_S * 1e6))
        found.append(DURATION_S / (time.perf_counter() - started))
    state = {key: float(value) for key, value in leg.snapshot().items()}
    swings = [float(value) for swing in leg.swings for value in swing]
    return {
        "compiled": not str(module.__file__).endswith(".py"),
        "times_real_time": round(statistics.median(found[1:]), 1),
        "pulses": pulses,
        "state": state,
        "swings": swings,
    }


def batch(count: int, workers: int) -> dict[str, Any]:
    """Return walks a second of many unlike patients."""
    from hil.patient.batch import walk_batch
    from hil.patient.train import OpenWalk, Train

    patient = patient_of("stroke_moderate")
    draw = Random(1)
    walks = []
    for seed in range(count):
        muscle = replace(patient.leg[0].muscle, strength=draw.uniform(0.4, 1.2))
        ankle = replace(patient.leg[0].ankle, calf_scale=draw.uniform(1.0, 2.0))
        leg = replace(patient.leg[0], muscle=muscle, ankle=ankle)
        someone = replace(patient, mass_kg=draw.uniform(55, 95), leg=(leg,))
        walks.append(OpenWalk(someone, Train(draw.randrange(25_000, 45_000)), seed))
    started = time.perf_counter()
    strides = sum(len(swings) for legs in walk_batch(walks, workers) for swings in legs)
    wall_s = time.perf_counter() - started
    return {
        "walks": count,
        "workers": workers,
        "strides": strides,
        "walks_per_s": round(count / wall_s, 1),
    }


def errors(swings: int) -> dict[str, Any]:
    """Return the kernel's largest errors in a few swings, and SciPy's speed in the same ones."""
    patient = patient_of("stroke_moderate")
    leg = new_leg(patient)
    pitch_deg, toe_mm = [], []
    kernel_s = scipy_s = 0.0
    solve_ivp: Callable[..., Any] | None
    try:
        from scipy.integrate import solve_ivp
    except ImportError:
        solve_ivp = None
    t_us = next_us = 0
    done = 0
    while done < swings:
        t_us += 1000
        while next_us <= t_us:
            leg.stimulate(next_us, ((300, 35_000), (300, -35_000)))
            next_us += 25_000
        leg.advance_to(t_us)
        if leg.standing_or_stance:
            continue
        # Toe-off has just passed. Pulses to the end of the swing are given at once.
        locomotion = leg._locomotion
        cycle, foot = locomotion.cycle, locomotion.foot
        end_us = (cycle.start_ms + cycle.period_ms) * 1000
        while next_us <= end_us:
            leg.stimulate(next_us, ((300, 35_000), (300, -35_000)))
            next_us += 25_000
        muscle = locomotion.muscles.dorsiflexors
        late_us = muscle._delay_us * (1.0 + 2.0 * muscle._delay_growth * (1.0 - muscle.fitness()))
        coming = [(at_us, share) for at_us, share, _ in muscle._pulses]
        coming += [(t_us + int(late_us), share) for t_us, share, _ in muscle._given]
        ahead = [(at_us, share) for at_us, share in coming if at_us < end_us]
        fine = Fine(leg, ahead, FINE_S)
        coarse = Fine(leg, ahead, 0.001)
        found = fine.run()
        if solve_ivp is not None:
            started = time.perf_counter()
            coarse.by_scipy(solve_ivp)
            scipy_s += time.perf_counter() - started
        for k in range(len(found) - 1):
            reference = found[k][0]
            pitch = foot.pitch
            pitch_deg.append(abs(pitch - reference) * 57.29577951308232)
            toe_mm.append(1000.0 * cycle.scale * abs(_toe(pitch) - _toe(reference)))
            started = time.perf_counter()
            t_us += 1000
            leg.advance_to(t_us)
            kernel_s += time.perf_counter() - started
        done += 1
    return {
        "swings": swings,
        "pitch_deg_max": round(max(pitch_deg), 4),
        "toe_mm_max": round(max(toe_mm), 4),
        "solve_ivp_seconds_per_kernel_second": (
            None if solve_ivp is None else round(scipy_s / kernel_s, 1)
        ),
    }


def _toe(pitch: float) -> float:
    from hil.patient.gait_table import TOE_DOWN_M, TOE_FORWARD_M

    return TOE_FORWARD_M * math.sin(pitch) - TOE_DOWN_M * math.cos(pitch)


def in_process(folder: Path, *arguments: str) -> dict[str, Any]:
    """Measure one build in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments],
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def apart(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Return the largest relative difference of two builds' states and swings."""
    pairs = [(a["state"][key], b["state"][key]) for key in a["state"]]
    pairs += list(zip(a["swings"], b["swings"], strict=True))
    return max(abs(x - y) / max(abs(x), abs(y), 1e-12) for x, y in pairs)


def main() -> None:
    """Print the figures with what is asked of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--part", choices=["speed", "batch"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "speed":
        print(json.dumps(speed(arguments.repeats)))
        return
    if arguments.part == "batch":
        print(json.dumps(batch(arguments.batch, 2)))
        return
    repeats = str(arguments.repeats)
    plain = in_process(ROOT, "--part", "speed", "--repeats", repeats)
    line: dict[str, Any] = {
        "benchmark": "patient",
        "plain_times_real_time": plain["times_real_time"],
        "pulses": plain["pulses"],
        "error": errors(20),
        "asked": {
            "plain_times_real_time": 150,
            "compiled_times_real_time": 2000,
            "relative_difference": 1e-9,
            "batch_walks_per_s": 40,
            "pitch_deg_max": 0.2,
            "toe_mm_max": 0.5,
        },
    }
    if FAST.is_dir():
        compiled = in_process(FAST, "--part", "speed", "--repeats", repeats)
        line["compiled_times_real_time"] = compiled["times_real_time"]
        line["relative_difference"] = apart(plain, compiled)
        line["batch"] = in_process(FAST, "--part", "batch", "--batch", str(arguments.batch))
    line["batch_plain"] = batch(min(arguments.batch, 24), 2)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
