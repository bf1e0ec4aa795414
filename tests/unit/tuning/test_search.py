"""A search uses its walks, finds what there is, and can be stopped, taken up and shared."""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from fes_ctrl.tuning.course import tune
from fes_ctrl.tuning.job import Job, Row, Settings
from fes_ctrl.tuning.journal import JOURNAL
from fes_ctrl.tuning.question import Member, Question
from fes_ctrl.tuning.search import Candidate, Search
from fes_ctrl.tuning.space import given
from fes_ctrl.tuning.study import Study, StudyError
from helpers.landscape import EXTENSION, Landscape, nothing_against, question


class GoneError(BaseException):
    """Whoever walked is gone, as after a kill: nothing is tidied up."""


class Dying(Landscape):
    """A gait that is over after so many walks."""

    def __init__(self, walks: int) -> None:
        super().__init__()
        self._walks = walks

    def row(self, job: Job) -> Row:
        self._walks -= 1
        if self._walks < 0:
            raise GoneError
        return super().row(job)


def search(
    folder: Path, asked: Question, walks: int = 60, gait: Landscape | None = None
) -> list[Candidate]:
    folder.mkdir(exist_ok=True)
    study = Study(folder, asked)
    try:
        one = Search(asked, study, gait or Landscape(), nothing_against, walks)
        one.run()
        return one.candidates()
    finally:
        study.close()


def test_a_search_walks_no_more_than_it_may_and_confirms_by_all_seeds(tmp_path: Path) -> None:
    gait = Landscape()
    found = search(tmp_path, question(), 40, gait)
    # Walks that are walked already cost nothing: a candidate's first seed is not walked again
    # where rows are kept.
    assert len({repr(job) for job in gait.walked}) <= 40
    confirmed = [one for one in found if one.confirmed]
    assert given(question().dials) in [one.point for one in confirmed]
    assert len(confirmed) > 3
    assert all(len(one.measured.values) == 3 for one in confirmed)


def test_a_search_for_less_charge_finds_it_and_keeps_all_else(tmp_path: Path) -> None:
    found = search(tmp_path, question(steer="charge"), 70)
    good = [one for one in found if one.confirmed and one.bearable and one.judged]
    extension, intensity, _ = min(good, key=lambda one: one.judged.costs[5]).point  # type: ignore[union-attr]
    # Below 40 ms the foot slaps by more than 2 %, below 0.475 it lands a degree lower.
    assert 30 <= extension <= 60
    assert 0.47 <= intensity <= 0.53


def test_equal_seeds_search_alike_and_others_do_not(tmp_path: Path) -> None:
    one, same, other = (
        search(tmp_path / str(number), question(seed=seed), 32)
        for number, seed in enumerate((1, 1, 2))
    )
    assert one == same
    assert [c.point for c in one] != [c.point for c in other]


@pytest.mark.parametrize("walks", [2, 30])
def test_a_search_that_was_killed_goes_on_to_the_same_end(tmp_path: Path, walks: int) -> None:
    whole = search(tmp_path / "whole", question(), 40)
    with pytest.raises(GoneError):
        search(tmp_path / "torn", question(), 40, Dying(walks))
    # A kill in the middle of a line, too, which leaves Optuna's own lock behind.
    (tmp_path / "torn" / f"{JOURNAL}.lock").symlink_to(tmp_path / "torn" / JOURNAL)
    with (tmp_path / "torn" / JOURNAL).open("ab") as file:
        file.write(b'{"op_code":6,"worker')
    assert search(tmp_path / "torn", question(), 40) == whole


def test_more_walks_take_a_search_up_where_it_ended(tmp_path: Path) -> None:
    few = search(tmp_path, question(), 30)
    more = search(tmp_path, question(), 60)
    assert len(more) > len(few)
    points = [one.point for one in more]
    assert [one.point for one in few] == points[: len(few)]


def test_another_question_in_the_same_folder_is_refused_with_what_differs(tmp_path: Path) -> None:
    search(tmp_path, question(), 12)
    with pytest.raises(StudyError, match="seed was 1"):
        search(tmp_path, question(seed=2), 12)
    with pytest.raises(StudyError, match="patient was anna, is berta"):
        search(tmp_path, question(members=(Member("berta"),)), 12)


def test_a_folder_with_something_else_for_a_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text('{"mine": 1}\n')
    with pytest.raises(StudyError, match=r"study\.journal"):
        search(tmp_path, question(), 12)


def test_two_who_search_together_share_the_walks(tmp_path: Path) -> None:
    asked = question()
    studies = [Study(tmp_path, asked), Study(tmp_path, asked)]
    gaits = [Landscape(), Landscape()]
    assert [study.number for study in studies] == [1, 2]
    one = Search(asked, studies[0], gaits[0], nothing_against, 60)
    # The other one holds a batch while the first goes on, and gives it up when it is gone.
    Search(asked, studies[1], gaits[1], nothing_against, 3).run()
    claims, _ = studies[1].claim(one._plan, 4)
    assert len(claims) == 4
    studies[1].close()
    one.run()
    known = studies[0].known()
    assert len({(k.entry.batch, k.entry.slot) for k in known}) == len(studies[0].entries())
    assert all(k.measured is not None for k in known)
    walked = {repr(job) for gait in gaits for job in gait.walked}
    assert sum(entry.walks for entry in studies[0].entries()) <= 60
    assert len(walked) <= 60
    studies[0].close()


def test_what_limits_refuse_is_never_walked_and_costs_nothing(tmp_path: Path) -> None:
    def check(settings: Settings) -> str:
        long = float(str(dict(settings).get(EXTENSION.key, 0))) > 150
        return "program.extension_ms: above the limits" if long else ""

    gait = Landscape()
    study = Study(tmp_path, question())
    one = Search(question(), study, gait, check, 60)
    one.run()
    refused = study.refused()
    study.close()
    assert refused
    assert all(row.point[0] > 150 for row in refused)
    assert {row.why for row in refused} == {"program.extension_ms: above the limits"}
    assert all(float(str(dict(job.settings).get(EXTENSION.key, 0))) <= 150 for job in gait.walked)
    assert one.used() > 40


def test_a_candidate_whose_walk_fails_is_no_candidate_and_the_search_goes_on(
    tmp_path: Path,
) -> None:
    class Falling(Landscape):
        def row(self, job: Job) -> Row:
            row = super().row(job)
            if float(str(dict(job.settings).get(EXTENSION.key, 100))) > 150:
                return {**row, "ok": False, "error": "fell"}
            return row

    found = search(tmp_path, question(), 40, Falling())
    failed = [one for one in found if one.judged is None]
    assert failed
    assert {one.measured.problem for one in failed} == {"fell"}
    assert not any(one.bearable for one in failed)
    # The journal is a plain record that other tools read.
    lines = (tmp_path / JOURNAL).read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)


UNREACHED = (("toe_clearance", 99.0),)


@pytest.mark.parametrize(("rule", "reach"), [("knee", ()), ("1", ()), ("knee", UNREACHED)])
def test_what_is_left_after_the_search_is_known_before_it_is_walked(
    tmp_path: Path, rule: str, reach: tuple[tuple[str, float], ...]
) -> None:
    told: list[tuple[int, int | None]] = []
    asked = question(reach=reach)
    study, gait = Study(tmp_path, asked), Landscape()

    def walk(jobs: Sequence[Job], told: Callable[[], None]) -> list[Row]:
        found = []
        for job in jobs:
            found += gait([job])
            told()
        return found

    def stage(what: str, done: int, total: int | None) -> None:
        if what == "proof":
            told.append((done, total))

    try:
        unseen = (501, 502, 503)
        found = tune(
            *(asked, study, walk, nothing_against),
            walks=40,
            unseen=unseen,
            rule=rule,
            stage=stage,
        )
    finally:
        study.close()
    assert found.unchanged == bool(reach)
    known = [(done, total) for done, total in told if total is not None]
    assert len({total for _, total in known}) == 1
    first, last = known[0], known[-1]
    assert first[0] < last[0] == last[1]
    assert {later[0] - sooner[0] for sooner, later in pairwise(known)} <= {0, 1}, "walk by walk"
    assert last[0] == sum(found.walks[part] for part in ("around", "proof", "changes"))
