"""A made-up gait in place of walks: quick, and its best program is known."""

from collections.abc import Sequence
from random import Random

from fes_ctrl.tuning.job import Job, Row, Settings, identity_of
from fes_ctrl.tuning.objectives import OBJECTIVES
from fes_ctrl.tuning.question import Member, Question
from fes_ctrl.tuning.space import Dial

EXTENSION = Dial("program.extension_ms", "extension", "ms", 0, 300, 10, 100)
INTENSITY = Dial("program.channel.0.intensity", "intensity", "", 0.1, 1.0, 0.01, 0.6)
RISE = Dial("program.rise_ms", "rise", "ms", 50, 500, 10, 200)


def question(**changed: object) -> Question:
    known: dict[str, object] = {
        "scenario": "made-up",
        "duration_s": None,
        "base": (),
        "members": (Member("anna"),),
        "seeds": (1, 2, 3),
        "dials": (EXTENSION, INTENSITY, RISE),
        "objectives": OBJECTIVES,
    }
    return Question(**{**known, **changed})  # type: ignore[arg-type]


class Landscape:
    """Walks of the made-up gait.

    The foot slaps without 40 ms of extension; more costs charge alone, as intensity does above
    0.5, below which the foot lands flat. A rise does nothing at all.
    """

    def __init__(self) -> None:
        self.walked: list[Job] = []

    def __call__(self, jobs: Sequence[Job]) -> list[Row]:
        self.walked += jobs
        return [self.row(job) for job in jobs]

    def row(self, job: Job) -> Row:
        at = dict(job.settings)
        extension = float(str(at.get(EXTENSION.key, EXTENSION.now)))
        intensity = float(str(at.get(INTENSITY.key, INTENSITY.now)))
        noise = Random(f"{job.seed} {extension} {intensity}").gauss
        lacking = max(0.0, 0.5 - intensity)
        figures: dict[str, object] = {
            "toe_clearance_mm.median": 14.0 + noise(0, 0.05),
            "toe_clearance_mm.p05": 11.0 + noise(0, 0.05),
            "ankle_at_contact_deg.p05": 1.0 - 40.0 * lacking + noise(0, 0.01),
            "foot_slap_percent": max(0.0, 40.0 - extension) / 2,
            "push_off.lost_work_percent": 2.0 + noise(0, 0.01),
            "compensation_mm": 1.0 + 50.0 * lacking + noise(0, 0.05),
            "fatigue_percent": 2.0 + 5.0 * intensity,
            "burst.missed_swings": 0,
            "drag_strides": 0,
            "strides": 44,
        }
        return {
            **identity_of(job),
            "key": repr(job),
            "ok": True,
            "error": "",
            "charge.total_mC": (20.0 * intensity + 0.02 * extension) * (1 + noise(0, 0.002)),
            "safety.refused_setpoints": 0,
            "safety.faults": 0,
            "safety.witness_violations": 0,
            **{f"legs.right.{name}": value for name, value in figures.items()},
        }


def nothing_against(_settings: Settings) -> str:
    return ""
