"""How often the truth lies in the 95 % intervals of `fes-ctrl identify`, and how wide they are.

    python benchmarks/identification.py [--patients N] [--seed S] [--jobs J]
                                        [--vary PERCENT] [--reflex GAIN]

One JSON line: for N patients drawn at random with a Ding 2003 muscle, and N with a Veltink muscle,
the share of intervals that hold the truth, the median error, and the median width. The fit knows
neither muscle. Beside it, threshold and gain as an examiner reads them by hand. Noise 0.2 deg,
zero off by up to 5 deg, steps of 0.1 deg. The seeds below 10000 were used to choose the methods;
the default ones were not.
``--vary`` also lets each burst reach the nerve with a current that differs by so much (standard
deviation) from what the recording says; ``--reflex`` gives every calf a stretch reflex.
"""

import argparse
import json
import math
import multiprocessing
import os
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from random import Random

from scipy.stats import t

from hil.identification.identify import NAMES, identify
from hil.identification.protocol import Protocol
from hil.identification.seated import GoniometerConfig
from hil.identification.session import Recording, answers, series
from hil.identification.trial import draw_patient, perform, recorded
from hil.patient.config import ReflexConfig

Row = dict[str, tuple[float, float, float, float]]


def one(model: str, vary: float, reflex: float, seed: int) -> Row:
    """Return truth, value, low and high of every figure of one patient."""
    random = Random(f"{model} {seed}")
    patient, knee_deg = draw_patient(random, model)
    lively = replace(patient.leg[0], reflex=ReflexConfig(gain_Nms_per_rad=reflex))
    patient = replace(patient, leg=(lively,))
    trial = perform(patient, knee_deg, Protocol(), Random(f"{model} {seed} vary"), vary)
    sensor = GoniometerConfig(bias_deg=random.uniform(-5.0, 5.0))
    recording = recorded(trial.session, sensor, random)
    found = identify(recording, trial.body)
    told = {
        name: (trial.truth[name], figure.value, figure.low, figure.high)
        for name, figure in found.figures.items()
    }
    return told | by_hand(recording, trial.truth)


def by_hand(recording: Recording, truth: dict[str, float]) -> Row:
    """Return what an examiner reads from the same session: the reference.

    The threshold lies between the last burst without and the first with an answer of half a
    degree; the gain is the mean of the repeats with Student's interval.
    """
    found = answers(recording)
    repeats = [math.degrees(answer.response_rad) for answer in series(found)[0]]
    first = next(k for k, answer in enumerate(found) if answer.response_rad > math.radians(0.5))
    low, high = found[first - 1].current_mA, found[first].current_mA
    mean = statistics.fmean(repeats)
    half = float(t.ppf(0.975, len(repeats) - 1)) * statistics.stdev(repeats) / len(repeats) ** 0.5
    threshold, gain = truth["motor_threshold_mA"], truth["gain_deg"]
    return {
        "motor_threshold_mA by hand": (threshold, 0.5 * (low + high), low, high),
        "gain_deg by hand": (gain, mean, mean - half, mean + half),
    }


def summed(rows: list[Row]) -> dict[str, dict[str, float | None]]:
    """Return coverage, errors and widths by figure."""
    whole: dict[str, dict[str, float | None]] = {}
    for name in (*NAMES, "motor_threshold_mA by hand", "gain_deg by hand"):
        found = [row[name] for row in rows if name in row]
        errors = [abs(value - true) for true, value, _, _ in found]
        whole[name] = {
            "told": len(found),
            "coverage": sum(low <= true <= high for true, _, low, high in found) / len(found),
            "median_error": round(statistics.median(errors), 4),
            "median_error_percent": round(
                100.0 * statistics.median(abs(v / t - 1.0) for t, v, _, _ in found), 2
            ),
            "bias": round(statistics.fmean(v - t for t, v, _, _ in found), 4),
            "median_half_width": round(
                statistics.median(0.5 * (high - low) for _, _, low, high in found), 4
            ),
            "truth_least": round(min(t for t, _, _, _ in found), 4),
            "truth_most": round(max(t for t, _, _, _ in found), 4),
        }
    return whole


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=200, help="of each muscle")
    parser.add_argument("--seed", type=int, default=10_000, help="of the first patient")
    parser.add_argument("--jobs", type=int, default=None, help="processes")
    parser.add_argument("--vary", type=float, default=0.0, help="percent, burst to burst")
    parser.add_argument("--reflex", type=float, default=0.0, help="Nms/rad")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.patients)
    line: dict[str, object] = {
        "benchmark": "identification",
        "patients": arguments.patients,
        "first_seed": arguments.seed,
        "current_varies_percent": arguments.vary,
        "reflex_Nms_per_rad": arguments.reflex,
        "asked": {"coverage": [0.9, 0.98]},
    }
    # A process a core: threads of the linear algebra besides would only wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:
        for model in ("ding2003", "veltink"):
            rows = pool.map(
                partial(one, model, arguments.vary, arguments.reflex), seeds, chunksize=5
            )
            line[model] = summed(list(rows))
    print(json.dumps(line))


if __name__ == "__main__":
    main()
