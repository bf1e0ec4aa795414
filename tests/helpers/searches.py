"""Folders of sweeps and searches that nobody had to walk: their figures are known beforehand."""

import json
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from fes_ctrl.tuning.job import Row, Settings, failed_row, identity_of, settings_of
from fes_ctrl.tuning.manifest import ROWS, Manifest
from fes_ctrl.tuning.store import Store

DELAY = "program.delay_ms"
EXTENSION = "program.extension_ms"
CLEARANCE = "legs.right.toe_clearance_mm.median"
CHARGE = "charge.total_mC"

Figures = Callable[[dict[str, Any], str, int], dict[str, Any] | None]


def grid(delays: Sequence[float], extensions: Sequence[float]) -> list[Settings]:
    """Return every combination."""
    return [
        settings_of({DELAY: delay, EXTENSION: extension})
        for delay, extension in product(delays, extensions)
    ]


def linear(settings: dict[str, Any], _patient: str, seed: int) -> dict[str, float]:
    """Return figures that fall with the delay and rise with the extension, and a seed's own."""
    delay, extension = settings.get(DELAY, 50.0), settings.get(EXTENSION, 100.0)
    return {
        CLEARANCE: 20.0 - 0.01 * delay + 0.5 * seed,
        CHARGE: 8.0 - 0.005 * delay + 0.01 * extension + 0.1 * seed,
    }


def cheap_that_fail(settings: dict[str, Any], _patient: str, seed: int) -> dict[str, Any]:
    """Return figures by which the later the cheaper; of 100 ms a walk fails, of 150 all do."""
    delay = settings.get(DELAY, 0.0)
    passed = delay < 100.0 or (delay < 150.0 and seed > 1)
    return {CLEARANCE: 20.0 - 0.01 * delay, CHARGE: 8.0 - 0.01 * delay, "passed": passed}


def sweep_folder(
    folder: Path,
    candidates: Sequence[Settings],
    figures: Figures = linear,
    *,
    seeds: Sequence[int] = (1, 2, 3),
    patients: Sequence[str] = ("flaccid",),
    walked: int | None = None,
    by: str = "toe_clearance_mm.median",
    best: str = "highest",
) -> Manifest:
    """Write a sweep's folder, and return its manifest.

    Figures of ``None`` are a walk without a result; ``passed`` among them may say that it did not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    all_of_them = ((), *candidates)
    manifest = Manifest(
        name="sweeps/made & <up>.toml",
        scenario="standard",
        candidates=all_of_them,
        patients=tuple(patients),
        seeds=tuple(seeds),
        duration_s=30.0,
        configs=tuple(
            tuple(f"{number} {patient}" for patient in patients)
            for number in range(len(all_of_them))
        ),
        code="0" * 64,
        asked={"by": by, "best": best, "design": "grid"},
        versions={"fes_ctrl": "0"},
    )
    (folder / "sweep.json").write_text(manifest.text())
    with Store(folder / ROWS) as store:
        for number, (key, job) in enumerate(manifest.jobs()):
            if walked is not None and number >= walked:
                break
            found = figures(dict(job.settings), job.patient, job.seed)
            row: Row = failed_row(job, key, "the muscle <gave up>")
            if found is not None:
                row = {**identity_of(job), "key": key, "ok": True, "error": "", "wall_s": 0.1}
                row |= {"passed": True, **found}
            store.put(row)
    return manifest


GOALS = (
    ("toe_clearance", "toe clearance", "mm", "more", 0.5),
    ("charge", "charge", "uC a stride", "less", 4.0),
    ("foot_slap", "foot slap", "% of strides", "less", 1.0),
)
DIALS = (
    (DELAY, "onset", "ms", 0.0, 200.0, 0.0),
    ("program.rise_ms", "rise", "ms", 50.0, 500.0, 200.0),
)


def tune_object(passed: bool = True) -> dict[str, Any]:
    """Return what a small search leaves: four programs, of which two are the front."""

    def effect(name: str, before: float, after: float, matters: bool) -> dict[str, Any]:
        apart = after - before
        spread = abs(apart) / 4 + 0.01
        return {
            "objective": name,
            "before": before,
            "after": after,
            "difference": apart,
            "low": apart - spread,
            "high": apart + spread,
            "seeds": 4,
            "matters": matters,
        }

    effects = [
        effect("toe_clearance", 21.0, 20.5, False),
        effect("charge", 400.0, 300.0, True),
        effect("foot_slap", 0.0, 0.0, False),
    ]

    def values(clearance: float, charge: float) -> dict[str, float]:
        return {"toe_clearance": clearance, "charge": charge, "foot_slap": 0.0}

    points = [
        ((0.0, 200.0), values(21.0, 400.0), {}),
        ((40.0, 150.0), values(20.5, 300.0), {}),
        ((0.0, 300.0), values(20.0, 420.0), {}),
        ((150.0, 150.0), values(4.0, 90.0), {"drag_strides": 3.0}),
        ((150.0, 500.0), None, {"failed": "no <end>"}),
    ]
    settings = [dict(zip((DELAY, "program.rise_ms"), point, strict=True)) for point, *_ in points]
    turn = {"key": DELAY, "before": 40.0, "after": 60.0, "effects": effects, "problem": ""}
    return {
        "format": 1,
        "scenario": "moderate_stroke",
        "duration_s": 20.0,
        "settings": {},
        "patients": [{"patient": "stroke_moderate", "settings": {}}],
        "seeds": [1, 2],
        "unseen_seeds": [1001, 1002, 1003, 1004],
        "seed": 1,
        "digest": "d" * 64,
        "code": "c" * 64,
        "walks": {"search": 12, "proof": 8},
        "space": [
            dict(zip(("key", "words", "unit", "low", "high", "now"), dial, strict=True))
            | {"step": 5.0, "whole": False}
            for dial in DIALS
        ],
        "objectives": [
            dict(zip(("name", "words", "unit", "better", "step"), goal, strict=True))
            | {"may_lose": 3.0 if goal[0] != "charge" else None, "why": "a reason & more"}
            for goal in GOALS
        ],
        "reach": {},
        "steer": True,
        "given": settings[0],
        "candidates": [
            {
                "point": point,
                "kind": "proposed",
                "seeds": 2,
                "confirmed": True,
                "values": found,
                "against": against,
            }
            for point, (_, found, against) in zip(settings, points, strict=True)
        ],
        "refused": [{"point": settings[3], "why": "beyond the limit"}],
        "front": [
            {
                "number": number,
                "settings": settings[at],
                "knee": number == 1,
                "given": at == 0,
                "from_ideal": 0.5,
                "values": points[at][1],
                "against": {},
            }
            for number, at in ((1, 1), (2, 0))
        ],
        "chosen": {
            "rule": "keep",
            "means": "least charge",
            "settings": settings[1],
            "put_back": [],
        },
        "verification": {
            "effects": effects,
            "promises": [
                {"objective": "toe_clearance", "what": what, "state": "held"}
                for what in ("at most 3 mm worse", "at least 8 mm in the median of every patient")
            ],
            "better": ["charge"],
        },
        "changes": [turn],
        "sensitivity": [turn, {**turn, "after": 20.0}],
        "suggestions": ["onset +40 ms: charge \N{MINUS SIGN}25 %"],
        "verdict": {"passed": passed, "reasons": [] if passed else ["toe clearance: <broken>"]},
    }


def tune_folder(folder: Path, *, passed: bool = True) -> None:
    """Write a search's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tune.json").write_text(json.dumps(tune_object(passed)))
