"""What a search is told to have been asked otherwise, where another one is in its folder."""

from dataclasses import replace

import pytest

from fes_ctrl.tuning.objectives import BY_NAME
from fes_ctrl.tuning.otherwise import differences, values_of
from fes_ctrl.tuning.question import Member, Question
from fes_ctrl.tuning.space import Dial
from fes_ctrl.tuning.study import question_text

RISE = Dial("program.rise_ms", "rise", "ms", 50, 500, 10, 200)
ASKED = Question(
    scenario="moderate_stroke",
    duration_s=8.0,
    base=(("program.fall_ms", 100),),
    members=(Member("stroke_mild"), Member("healthy", (("patient.mass_kg", 80.0),))),
    seeds=(1_000_001, 1_000_002),
    dials=(RISE,),
    objectives=(BY_NAME["foot_slap"], BY_NAME["charge"]),
    code="c" * 64,
    files=("1" * 64, "2" * 64),
)
MOVED = replace(RISE, now=150)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"duration_s": None}, ["duration_s was 8.0, is none"]),
        ({"seed": 2, "seeds": (2_000_001, 2_000_002)}, ["seed was 1, is 2"]),
        ({"steer": "charge"}, ["choose was knee, is keep"]),
        ({"seeds": (1_000_001,)}, ["number of seeds was 2, is 1"]),
        ({"base": (("program.fall_ms", 90),)}, ["program.fall_ms was 100, is 90"]),
        ({"base": ()}, ["program.fall_ms was 100, is not given"]),
        (
            {"astray": (("bad_strides.percent", 20.0),)},
            ["bad_strides.percent was not given, is 20.0"],
        ),
        ({"objectives": ASKED.objectives[1:]}, ["objectives was foot_slap, charge, is charge"]),
        (
            {"objectives": (ASKED.objectives[0], replace(ASKED.objectives[1], may_lose=4.0))},
            ["charge.may_lose was none, is 4.0"],
        ),
        ({"reach": (("charge", 9.0),)}, ["to be reached: charge was not given, is 9.0"]),
        ({"dials": (replace(RISE, high=400),)}, ["dial program.rise_ms.high was 500, is 400"]),
        ({"code": "d" * 64}, ["this program's code was cccccccccccc, is dddddddddddd"]),
        (
            {"files": ("1" * 64, "3" * 64)},
            ["a file was changed: the walk of healthy (2) was 222222222222, is 333333333333"],
        ),
        (
            {"members": (Member("stroke_mild"), Member("healthy", (("patient.mass_kg", 81.0),)))},
            ["patient.mass_kg of healthy (2) was 80.0, is 81.0"],
        ),
        # What only follows from another patient or program is not told beside it.
        (
            {"members": (Member("stroke_mild"),), "dials": (), "files": ("4" * 64,)},
            ["patient was stroke_mild, healthy, is stroke_mild"],
        ),
        (
            {"dials": (MOVED,), "files": ("4" * 64, "5" * 64)},
            ["dial program.rise_ms.now was 200, is 150"],
        ),
        ({"seed": 2, "together": 8}, ["seed was 1, is 2", "together was 4, is 8"]),
    ],
)
def test_each_part_that_differs_is_told_with_what_it_was_and_is(
    now: dict[str, object], said: list[str]
) -> None:
    other = replace(ASKED, **now)  # type: ignore[arg-type]
    assert differences(question_text(ASKED), question_text(other)) == said


def test_a_file_that_was_changed_is_named_with_the_value() -> None:
    before, now = question_text(ASKED), question_text(replace(ASKED, files=("3" * 64, "4" * 64)))
    was = values_of({"program": {"end": "time_out", "channel": [{"rate_hz": 40}], "slow": [1, 2]}})
    assert was == {
        "program.end": "time_out",
        "program.channel.0.rate_hz": 40,
        "program.slow": [1, 2],
    }
    other = {**was, "program.channel.0.rate_hz": 30}
    same = {"setup.leg": "left"}
    assert differences(
        {**before, "read": {"prog.toml": was, "setup.toml": same}},
        {**now, "read": {"prog.toml": other, "setup.toml": same}},
    ) == ["prog.toml was changed: program.channel.0.rate_hz was 40, is 30"]
    # A file of another patient is not among them; a search of before has none.
    unread = differences(before, {**now, "read": {"prog.toml": other}})
    assert unread[0].startswith("a file was changed: the walk of stroke_mild (1) was 1111")
