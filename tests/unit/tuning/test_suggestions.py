"""What is said of a change: beyond noise only, with numbers, and proven on unseen seeds."""

from collections.abc import Sequence

import pytest

from fes_ctrl.tuning.around import Around, Change, Effect, ablations, put_back, sensitivity
from fes_ctrl.tuning.difference import beyond_noise, paired
from fes_ctrl.tuning.job import Job, Row
from fes_ctrl.tuning.measure import Measured, judge, measure
from fes_ctrl.tuning.objectives import BY_NAME
from fes_ctrl.tuning.promise import verify
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.sentences import sentence
from fes_ctrl.tuning.space import Point, given
from helpers.landscape import EXTENSION, Landscape, nothing_against, question

UNSEEN = (101, 102, 103, 104, 105)


def base_of(asked: Question) -> Measured:
    jobs = asked.jobs(given(asked.dials), asked.seeds)
    return measure(asked, asked.seeds, Landscape()(jobs))


def around(asked: Question, seeds: Sequence[int] = UNSEEN) -> Around:
    return Around(asked, Landscape(), seeds, base_of(asked))


def said(asked: Question, point: Point) -> list[str]:
    here = around(asked)
    return [sentence(change, here.objectives) for change in here.changes(ablations(asked, point))]


def test_a_sentence_tells_from_where_to_where_and_what_it_costs() -> None:
    # Without the extension 20 % of strides slap, and with 60 ms of it none does.
    assert said(question(), (160.0, 0.6, 200.0)) == ["extension +60 ms: charge +9 %"]
    assert said(question(), (0.0, 0.6, 200.0)) == [
        "extension -100 ms: foot slap up from 0 % to 20 % of strides, charge -14 %"
    ]


def test_the_greatest_effect_comes_first_and_charge_last() -> None:
    def effect(name: str, before: float, after: float) -> Effect:
        moved = paired([after, after + 1e-6], [before, before])
        return Effect(name, before, after, moved, matters=True)

    names = ("push_off", "foot_slap", "charge")
    change = Change(
        EXTENSION,
        100.0,
        160.0,
        (effect("push_off", 1.9, 2.3), effect("foot_slap", 31.0, 4.0), effect("charge", 400, 428)),
    )
    assert sentence(change, [BY_NAME[name] for name in names]) == (
        "extension +60 ms: foot slap down from 31 % to 4 % of strides, "
        "push-off work lost up from 1.9 % to 2.3 %, charge +7 %"
    )


def test_a_change_that_does_nothing_is_said_to() -> None:
    assert said(question(), (100.0, 0.6, 300.0)) == ["rise +100 ms: no effect beyond noise"]


def test_one_seed_tells_no_noise_and_so_nothing_is_said() -> None:
    asked = question()
    here = around(asked, (101,))
    (change,) = here.changes(ablations(asked, (0.0, 0.6, 200.0)))
    assert sentence(change, here.objectives) == (
        "extension -100 ms: unknown, for one seed tells no noise"
    )


def test_what_does_nothing_is_put_back_and_what_does_something_is_not() -> None:
    asked = question()
    here = around(asked, asked.seeds)
    point = (60.0, 0.5, 340.0)
    assert put_back(asked, here, nothing_against, point, base_of(asked)) == (60.0, 0.5, 200.0)


def test_sensitivity_turns_every_dial_either_way_but_not_beyond_its_ends() -> None:
    asked = question()
    pairs = sensitivity(asked, nothing_against, (0.0, 0.5, 200.0))
    turns = around(asked, asked.seeds).changes(pairs)
    assert [(turn.dial.words, turn.after) for turn in turns] == [
        ("extension", 30.0),
        ("intensity", 0.41),
        ("intensity", 0.59),
        ("rise", 160.0),
        ("rise", 240.0),
    ]


def test_a_program_that_keeps_its_promises_on_unseen_seeds_passes() -> None:
    verdict = verify(question(), around(question()), (50.0, 0.5, 200.0), "charge")
    assert verdict.passed, verdict.reasons
    assert "charge" in verdict.better
    assert {kept.state for kept in verdict.promises} == {"held"}


@pytest.mark.parametrize(
    ("point", "word"),
    [
        ((0.0, 0.6, 200.0), "foot slap: at most 2 % of strides worse is broken"),
        ((100.0, 0.3, 200.0), "compensation"),
        ((100.0, 0.6, 300.0), "charge is not better beyond noise"),
        ((100.0, 0.6, 200.0), "no better program was found"),
    ],
)
def test_one_that_does_not_is_told_why(point: Point, word: str) -> None:
    verdict = verify(question(), around(question()), point, "charge")
    assert not verdict.passed
    assert any(word in reason for reason in verdict.reasons)


def test_a_promise_that_only_the_mean_keeps_is_unsure() -> None:
    class Uneven(Landscape):
        def row(self, job: Job) -> Row:
            row = super().row(job)
            slap = 12.0 if job.seed == 101 and job.settings else 0.0
            return {**row, "legs.right.foot_slap_percent": slap}

    asked = question()
    here = Around(asked, Uneven(), (101, *range(201, 209)), base_of(asked))
    verdict = verify(asked, here, (50.0, 0.5, 200.0), "charge")
    assert not verdict.passed
    assert [k.state for k in verdict.promises if k.objective == "foot_slap"] == ["unsure"]


def test_more_than_enough_is_no_better() -> None:
    class High(Landscape):
        def row(self, job: Job) -> Row:
            clearance = 18.0 + 2.0 * bool(job.settings) + 0.01 * (job.seed % 3)
            return {**super().row(job), "legs.right.toe_clearance_mm.median": clearance}

    asked = question()
    here = Around(asked, High(), UNSEEN, base_of(asked))
    verdict = verify(asked, here, (50.0, 0.6, 200.0))
    assert verdict.effects[0].difference.mean == pytest.approx(2.0)
    assert verdict.better == ("charge",)


def test_what_is_forbidden_breaks_a_promise_whatever_is_won() -> None:
    class Missing(Landscape):
        def row(self, job: Job) -> Row:
            row = super().row(job)
            return {**row, "legs.right.burst.missed_swings": int(bool(job.settings))}

    asked = question()
    verdict = verify(asked, Around(asked, Missing(), UNSEEN, base_of(asked)), (50.0, 0.5, 200.0))
    assert verdict.reasons == ("missed swings: 5 more than may be",)


def test_what_has_to_be_reached_has_to_be_reached_on_every_seed_of_the_search() -> None:
    asked = question(reach=(("ankle_at_contact", 1.5),))
    base = base_of(asked)
    assert judge(asked, base, base).against == {"ankle_at_contact": pytest.approx(2.5, abs=0.5)}
    assert not judge(question(), base, base).against


def test_one_pair_tells_no_interval_and_equal_pairs_a_sure_one() -> None:
    one = paired([2.0], [1.0])
    assert (one.mean, one.low, beyond_noise(one)) == (1.0, None, False)
    sure = paired([2.0, 3.0, 4.0], [1.0, 2.0, 3.0])
    assert (sure.low, sure.high, beyond_noise(sure)) == (1.0, 1.0, True)
    # Student: mean 1, sd 1, n 3: 1 +- 4.303 / sqrt 3.
    spread = paired([0.0, 1.0, 2.0], [0.0, 0.0, 0.0])
    assert spread.low == pytest.approx(1 - 4.3027 / 3**0.5, abs=1e-3)
