"""Every patient preset, learning from a bad start: how soon the target is just met.

The foot IMU is mounted at random and has another bias on each axis. One start is too weak (the
motor threshold), one too strong (the highest tolerated current). Counted are the strides at the
full level until the target is just met and stays so. A patient can be helped where the target comes
at all with a fixed program at the highest tolerated current. Where it does not, the leg is walked
again with a target of its own, two degrees below what that program gives.

The target is met from half a degree below it on, and just met up to three above; how soon it was
met from one degree below on stands beside it.
"""

import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby, product

from adaptive_walks import (
    HOLDS,
    SETTLED,
    TARGETS,
    Job,
    Walked,
    fixed,
    held,
    rounded,
    strides_to_target,
    walk,
    wanting,
)

PRESET_S = 75.0
NEAR_DEG = 1.0
OWN_DEG = 2.0
STARTS = {"too weak": 0.0, "too strong": 1.0}


def from_bad_starts(
    patient: str, side: str, target: tuple[float, float], walks: dict[str, Walked]
) -> dict[str, object]:
    """Return how soon the target was met from each start."""
    row: dict[str, object] = {}
    for name, walked in walks.items():
        seen = walked.legs[side]
        row[name] = {
            "strides_to_target": strides_to_target(seen, target),
            "within_a_degree": strides_to_target(seen, target, NEAR_DEG),
            "held": rounded(held(seen, target), 3),
            "share": rounded(seen.learnt[-1].share, 3),
            "later_ms": seen.learnt[-1].later_us // 1000,
            "clearance_mm": rounded(seen.clearance_mm, 1),
            "compensation_mm": rounded(seen.compensation_mm, 1),
            "frozen": sum(each.verdict == "frozen" for each in seen.learnt),
            "clipped": walked.clipped,
            "refused": walked.refused,
            "violations": walked.violations,
        }
        print(f"  {patient} {side}, {name}: {row[name]}", file=sys.stderr)
    return row


def presets(pool: ProcessPoolExecutor, patients: list[str], seed: int) -> list[dict[str, object]]:
    """Walk every preset from both starts."""
    standard = TARGETS["standard"]
    strong = list(pool.map(walk, [(name, fixed(1.0, 0, 100), seed, PRESET_S) for name in patients]))
    starts = [f"program.adaptive.start={start}" for start in STARTS.values()]
    both = list(
        pool.map(
            walk,
            [
                (name, (start, *wanting(standard)), seed, PRESET_S)
                for name, start in product(patients, starts)
            ],
        )
    )
    rows: list[dict[str, object]] = []
    again: list[tuple[str, str, tuple[float, float]]] = []
    for index, name in enumerate(patients):
        for side, seen in strong[index].legs.items():
            late = [stride for stride in seen.strides if stride.t_us > seen.full_from_us][SETTLED:]
            can = held(seen, standard) >= HOLDS
            most = (
                statistics.median(stride.contact_deg for stride in late),
                statistics.median(stride.mid_deg for stride in late),
            )
            walks = dict(zip(STARTS, both[2 * index : 2 * index + 2], strict=True))
            rows.append(
                {
                    "seed": seed,
                    "patient": name,
                    "side": side,
                    "contact_deg": standard[0],
                    "mid_deg": standard[1],
                    "at_the_most": [round(most[0], 1), round(most[1], 1)],
                    "can_be_helped": can,
                    **from_bad_starts(name, side, standard, walks),
                }
            )
            if not can:
                own = (
                    min(standard[0], most[0] - OWN_DEG),
                    min(standard[1], most[1] - OWN_DEG),
                )
                again.append((name, side, own))
    jobs: list[Job] = [
        (name, (start, *wanting(target)), seed, PRESET_S)
        for (name, _, target), start in product(again, starts)
    ]
    jobs += [
        (name, ("program.adaptive.start=0", "operator.arm_at_s=3600"), seed, PRESET_S)
        for name, _, _ in again
    ]
    lower = list(pool.map(walk, jobs))
    bare = lower[2 * len(again) :]
    for index, (name, side, target) in enumerate(again):
        without = held(bare[index].legs[side], target) if bare[index].legs[side].strides else 0.0
        walks = dict(zip(STARTS, lower[2 * index : 2 * index + 2], strict=True))
        rows.append(
            {
                "seed": seed,
                "patient": name,
                "side": side,
                "contact_deg": round(target[0], 1),
                "mid_deg": round(target[1], 1),
                "met_without": rounded(without, 3),
                "can_be_helped": without < HOLDS,
                "own_target": True,
                **from_bad_starts(name, side, target, walks),
            }
        )
    return rows


def over_seeds(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return, of each leg and start, the strides to the target: of all seeds, median, worst."""
    found: list[dict[str, object]] = []
    for (patient, side, own), of_leg in groupby(sorted(rows, key=leg_of), key=leg_of):
        walked = list(of_leg)
        for start in STARTS:
            counts = [row[start]["strides_to_target"] for row in walked]
            reached = sorted(count for count in counts if count is not None)
            never = len(counts) - len(reached)
            found.append(
                {
                    "patient": patient,
                    "side": side,
                    "own_target": own,
                    "can_be_helped": all(row["can_be_helped"] for row in walked),
                    "start": start,
                    "strides_to_target": counts,
                    "median": statistics.median_high(counts) if not never else None,
                    "worst": reached[-1] if not never else None,
                    "never": never,
                }
            )
            print(f"  over seeds: {found[-1]}", file=sys.stderr)
    return found


def leg_of(row: dict[str, object]) -> tuple[str, str, bool]:
    """Return whose row it is."""
    return str(row["patient"]), str(row["side"]), bool(row.get("own_target"))
