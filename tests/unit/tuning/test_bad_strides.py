"""A program that is cheap on regular strides and fails in bad ones wins without them, and loses."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from fes_ctrl.tuning.job import Job, Row, Settings, settings_of
from fes_ctrl.tuning.measure import Judged, Measured, judge, measure
from fes_ctrl.tuning.objectives import ASTRAY, IN_BAD_WALKS, OBJECTIVES
from fes_ctrl.tuning.question import Member, Question
from fes_ctrl.tuning.search import Search
from fes_ctrl.tuning.space import given
from fes_ctrl.tuning.study import Study, StudyError
from helpers.landscape import Landscape, nothing_against, question
from hil.sweep_walk import walk_row

SEEDS = (4_000_001,)
SOME: Settings = (("bad_strides.percent", 20.0),)
CHATTERING: Settings = (("bad_strides.kinds", ("chatter",)), *SOME)
HESITANT: Settings = (("bad_strides.kinds", ("hesitation",)), *SOME)
ALL = (*OBJECTIVES, *ASTRAY)

LOSERS: dict[str, tuple[str, Settings, Settings]] = {
    "gives up before a hesitant swing is over": (
        "flaccid",
        HESITANT,
        (("program.time_out_ms", 700.0),),
    ),
    "gives up in stance, and misses the next swing": (
        "stroke_moderate",
        SOME,
        (("program.time_out_ms", 700.0),),
    ),
    "lets go at once of a heel that chatters": (
        "flaccid",
        CHATTERING,
        (("program.extension_ms", 0.0),),
    ),
    "comes too late for a short stride": ("stroke_moderate", SOME, (("program.delay_ms", 60.0),)),
}


def asked_of(patient: str, astray: Settings) -> Question:
    objectives = ALL if astray else OBJECTIVES
    return Question("standard", 60.0, (), (Member(patient),), SEEDS, (), objectives, astray=astray)


@cache
def walked(patient: str, astray: Settings, program: Settings = ()) -> Measured:
    asked = asked_of(patient, astray)
    rows = [
        walk_row(replace(job, settings=settings_of(dict((*job.settings, *program)))))
        for job in asked.jobs((), SEEDS)
    ]
    assert all(row["ok"] for row in rows)
    return measure(asked, SEEDS, rows)


def beside_standard(patient: str, astray: Settings, program: Settings = ()) -> Judged:
    return judge(
        asked_of(patient, astray), walked(patient, astray, program), walked(patient, astray)
    )


@pytest.mark.parametrize("loser", LOSERS)
def test_a_program_that_fails_in_bad_strides_loses_by_them_alone(loser: str) -> None:
    patient, astray, program = LOSERS[loser]
    charge = [objective.name for objective in OBJECTIVES].index("charge")
    standard = beside_standard(patient, ())
    cheap = beside_standard(patient, (), program)
    assert not cheap.against, "on regular strides nothing speaks against it"
    assert cheap.costs[charge] < 0.97 * standard.costs[charge]
    struck = beside_standard(patient, astray, program)
    names = {objective.name for objective in ASTRAY}
    assert {name for name in struck.against if name in names}
    assert all(name in names or name.endswith(IN_BAD_WALKS) for name in struck.against)


def test_what_the_time_out_costs_is_told_by_the_foot_and_by_the_bursts() -> None:
    patient, astray, program = LOSERS["gives up before a hesitant swing is over"]
    names = [objective.name for objective in ALL]
    values = dict(zip(names, beside_standard(patient, astray, program).values, strict=True))
    before = dict(zip(names, beside_standard(patient, astray).values, strict=True))
    assert before["bad_service"] == 0.0
    assert values["bad_service"] > 20.0, "half of them are the strides right after"
    assert values["bad_ankle"] < before["bad_ankle"] - 3.0
    assert values["ankle_at_contact"] == pytest.approx(before["ankle_at_contact"], abs=0.1)


def test_a_program_that_holds_on_through_chatter_gains() -> None:
    one = beside_standard("flaccid", SOME, (("program.min_on_ms", 600.0),))
    other = beside_standard("flaccid", SOME)
    assert not one.against
    at = [objective.name for objective in ALL].index("bad_service")
    assert other.costs[at] - one.costs[at] >= ALL[at].step


# -- the search -----------------------------------------------------------------------------------


class Rough(Landscape):
    """The made-up gait where strides go astray: below 80 ms of extension those are served badly."""

    def row(self, job: Job) -> Row:
        row = super().row(job)
        if dict(job.settings).get("bad_strides.percent"):
            extension = float(str(dict(job.settings).get("program.extension_ms", 100.0)))
            row |= {
                "legs.right.bad_strides.strides": 18,
                "legs.right.bad_strides.toe_clearance_mm.p05": 3.0,
                "legs.right.bad_strides.ankle_at_contact_deg.p05": -2.0,
                "legs.right.bad_strides.poor_percent": 10.0 + max(0.0, 80.0 - extension),
                "legs.right.bad_strides.lost_push_off_percent.p95": 5.0,
            }
        return row


def test_every_candidate_meets_the_same_bad_strides_as_the_given_program() -> None:
    asked = question(astray=SOME, objectives=ALL, members=(Member("anna"), Member("bert")))
    assert asked.each == 4
    one, other = asked.jobs((0.0, 0.5, 200.0), (7,)), asked.jobs(given(asked.dials), (7,))
    for jobs in (one, other):
        assert [dict(job.settings).get("bad_strides.percent") for job in jobs] == [
            *(None, None, 20.0, 20.0)
        ]
        assert [job.patient for job in jobs] == ["anna", "bert"] * 2
    assert {job.seed for job in (*one, *other)} == {7}


def test_a_search_with_bad_strides_counts_their_walks_and_keeps_off_what_fails_in_them(
    tmp_path: Path,
) -> None:
    def extension(asked: Question, name: str, walks: int) -> tuple[float, int]:
        gait = Rough()
        folder = tmp_path / name
        folder.mkdir()
        study = Study(folder, asked)
        try:
            search = Search(asked, study, gait, nothing_against, walks)
            search.run()
            good = [one for one in search.candidates() if one.confirmed and one.bearable]
        finally:
            study.close()
        best = min(good, key=lambda one: one.judged.costs[5])  # type: ignore[union-attr]
        return best.point[0], len({repr(job) for job in gait.walked})

    plain, walks = extension(question(steer="charge"), "plain", 70)
    assert plain <= 60
    assert walks <= 70
    robust, walks = extension(question(steer="charge", astray=SOME, objectives=ALL), "robust", 140)
    assert robust >= 70
    assert walks <= 140


def test_a_search_with_other_bad_strides_is_another_one(tmp_path: Path) -> None:
    asked = question(astray=SOME, objectives=ALL)
    Study(tmp_path, asked).close()
    with pytest.raises(StudyError, match=r"bad_strides\.percent was .*, is 10\.0"):
        Study(tmp_path, replace(asked, astray=(("bad_strides.percent", 10.0),)))


def test_a_walk_too_short_for_a_bad_stride_says_so() -> None:
    asked = question(astray=SOME, objectives=ALL)
    rows = [Landscape().row(job) for job in asked.jobs(given(asked.dials), (1,))]
    assert "no settled stride went astray; walk for longer" in measure(asked, (1,), rows).problem


def test_a_leg_that_was_spared_does_not_hide_the_other() -> None:
    asked = question(astray=SOME, objectives=ALL)
    rows = [Rough().row(job) for job in asked.jobs(given(asked.dials), (1,))]
    for row in rows:
        for key in [key for key in row if key.startswith("legs.right.")]:
            if ".bad_strides." not in key:
                row[key.replace("right", "left")] = row[key]
    assert not measure(asked, (1,), rows).problem
