"""Half an hour of the fatiguing preset: learning against the best fixed program.

For each of some onsets, ends and ramps the least intensity is sought that holds the target as well
over the same 30 minutes, of the same seed; the best of them is the one with the least charge, and
the best with the program's own ramp stands beside it. The target is met from half a degree below it
on, and a program holds it as well as in its worst five minutes.
"""

import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product

from adaptive_walks import HOLDS, Walked, fixed, held, held_always, rounded, walk, wanting

FATIGUE_S = 1800.0
FATIGUING = "ms_fatigue"
OWN_RISE_MS = 200
LEAST_RISE_MS = 100
"""The program's ramp, and the shortest that the guard allows."""
GRID = [
    *product((0, 30, 60), (OWN_RISE_MS,), (100, 30)),
    *product((50, 80, 110), (LEAST_RISE_MS,), (30,)),
]
"""Onset later by, ramp and extension of the fixed programs, ms."""
FINE = 0.01
"""How finely their intensity is sought: the stimulator's own step is 0.5 of 42 mA."""


def least_intensity(
    job: tuple[int, int, int, tuple[float, float], float, int, float],
) -> tuple[float, Walked] | None:
    """Return the weakest fixed program of one onset, ramp and end that holds the target.

    It is sought about a guess, upwards and downwards in steps of 8 %, and halved from there until
    it is known to ``FINE``.
    """
    later_ms, rise_ms, extension_ms, target, wanted, seed, guess = job
    found: dict[float, Walked] = {}
    low, high = 0.0, 2.0
    tried = min(1.0, guess)
    while high - low > FINE:
        walked = walk((FATIGUING, fixed(tried, later_ms, extension_ms, rise_ms), seed, FATIGUE_S))
        (seen,) = walked.legs.values()
        good = held_always(seen, target)
        times = f"{later_ms}, {rise_ms}, {extension_ms} ms"
        print(f"  {times}, {tried:.3f}: held {good:.3f}", file=sys.stderr)
        if good >= wanted:
            found[tried], high = walked, tried
        elif tried == 1.0:
            return None
        else:
            low = tried
        step = 0.08
        if high > 1.0:
            tried = min(1.0, low + step)
        elif low == 0.0 and high > step:
            tried = high - step
        else:
            tried = 0.5 * (low + high)
    return high, found[high]


def fatigue(pool: ProcessPoolExecutor, target: tuple[float, float], seed: int) -> dict[str, object]:
    """Walk for half an hour, learning and fixed."""
    learning = pool.submit(walk, (FATIGUING, wanting(target), seed, FATIGUE_S)).result()
    (seen,) = learning.legs.values()
    got = held_always(seen, target)
    wanted = min(HOLDS, got)
    quarters = [
        statistics.fmean(a.share for a in seen.learnt if k * 450 <= a.t_us / 1e6 < (k + 1) * 450)
        for k in range(4)
    ]
    found = list(
        pool.map(least_intensity, [(*each, target, wanted, seed, max(quarters)) for each in GRID])
    )
    fixed_rows = []
    for (later_ms, rise_ms, extension_ms), best in zip(GRID, found, strict=True):
        if best is None:
            continue
        intensity, walked = best
        (fixed_seen,) = walked.legs.values()
        fixed_rows.append(
            {
                "delay_ms": later_ms,
                "rise_ms": rise_ms,
                "extension_ms": extension_ms,
                "intensity": round(intensity, 3),
                "held": rounded(held(fixed_seen, target), 3),
                "held_always": rounded(held_always(fixed_seen, target), 3),
                "charge_mC": rounded(walked.charge_mC, 1),
                "clearance_mm": rounded(fixed_seen.clearance_mm, 1),
                "compensation_mm": rounded(fixed_seen.compensation_mm, 1),
            }
        )
        print(f"  fixed: {fixed_rows[-1]}", file=sys.stderr)
    own_ramp = [row for row in fixed_rows if row["rise_ms"] == OWN_RISE_MS]
    standard = [row for row in own_ramp if (row["delay_ms"], row["extension_ms"]) == (0, 100)]
    best_row = min(fixed_rows, key=charge_of) if fixed_rows else None
    best_of_ramp = min(own_ramp, key=charge_of) if own_ramp else None
    row: dict[str, object] = {
        "seed": seed,
        "contact_deg": target[0],
        "mid_deg": target[1],
        "held": rounded(held(seen, target), 3),
        "held_always": rounded(got, 3),
        "charge_mC": rounded(learning.charge_mC, 1),
        "clearance_mm": rounded(seen.clearance_mm, 1),
        "compensation_mm": rounded(seen.compensation_mm, 1),
        "share_by_quarter": [round(share, 3) for share in quarters],
        "frozen": sum(each.verdict == "frozen" for each in seen.learnt),
        "refused": learning.refused,
        "violations": learning.violations,
        "best_fixed": best_row,
        "best_fixed_of_own_ramp": best_of_ramp,
        "charge_percent_of_best_fixed": None,
        "charge_percent_of_best_fixed_of_own_ramp": None,
        "charge_percent_of_fixed_intensity": None,
    }
    for key, other in (
        ("charge_percent_of_best_fixed", best_row),
        ("charge_percent_of_best_fixed_of_own_ramp", best_of_ramp),
        ("charge_percent_of_fixed_intensity", standard[0] if standard else None),
    ):
        if other is not None and other["charge_mC"]:
            row[key] = round(100.0 * learning.charge_mC / other["charge_mC"], 1)
    print(f"  learning: {row}", file=sys.stderr)
    return row


def charge_of(row: dict[str, object]) -> float:
    """Return the charge of a fixed program's row, mC."""
    charge = row["charge_mC"]
    return charge if isinstance(charge, float) else 0.0
