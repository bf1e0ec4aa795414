"""What a program that learns reaches, and what it costs: one JSON line on stdout, tables on stderr.

    python benchmarks/adaptive.py [--jobs J] [--parts presets,fatigue] [--patients A,B]
                                  [--targets standard,firmer] [--seeds 5,6,7]

*presets*: every patient preset from bad starts, see ``adaptive_starts``. *fatigue*: 30 minutes of
the fatiguing preset against fixed programs, see ``adaptive_fatigue``. Both of each seed.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from adaptive_fatigue import fatigue
from adaptive_starts import STARTS, over_seeds, presets
from adaptive_walks import TARGETS

from fes_ctrl.config.files import names_of

ASKED = {"strides_to_target": 10, "charge_percent_of_best_fixed": 100}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--parts", default="presets,fatigue")
    parser.add_argument("--patients", default=",".join(names_of("patient")))
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--seeds", default="5", help="of walk, mounting and bias")
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    found: dict[str, object] = {"benchmark": "adaptive", "seeds": seeds, "asked": ASKED}
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        if "presets" in parts:
            patients = arguments.patients.split(",")
            rows = [row for seed in seeds for row in presets(pool, patients, seed)]
            helped = [row for row in rows if row["can_be_helped"]]
            counts = [row[start]["strides_to_target"] for row in helped for start in STARTS]
            found["strides_to_target"] = None if None in counts else max(counts, default=None)
            found["over_seeds"] = over_seeds(rows)
            found["presets"] = rows
        if "fatigue" in parts:
            found["fatigue"] = {
                name: [fatigue(pool, TARGETS[name], seed) for seed in seeds]
                for name in arguments.targets.split(",")
            }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
