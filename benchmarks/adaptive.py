"""What a program that learns reaches, and what it costs: one JSON line on stdout, tables on stderr.

    python benchmarks/adaptive.py [--jobs J] [--parts presets,fatigue] [--patients A,B] [--seed N]

*presets*: every patient preset from bad starts, see ``adaptive_starts``. *fatigue*: 30 minutes of
the fatiguing preset against fixed programs, see ``adaptive_fatigue``.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from adaptive_fatigue import fatigue
from adaptive_starts import STARTS, presets
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
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    found: dict[str, object] = {"benchmark": "adaptive", "seed": arguments.seed, "asked": ASKED}
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        if "presets" in parts:
            rows = presets(pool, arguments.patients.split(","), arguments.seed)
            helped = [row for row in rows if row["can_be_helped"]]
            counts = [row[start]["strides_to_target"] for row in helped for start in STARTS]
            found["strides_to_target"] = None if None in counts else max(counts, default=None)
            found["presets"] = rows
        if "fatigue" in parts:
            found["fatigue"] = {
                name: fatigue(pool, TARGETS[name], arguments.seed)
                for name in arguments.targets.split(",")
            }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
