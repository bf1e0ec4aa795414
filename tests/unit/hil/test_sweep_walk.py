"""A job walked: when two are the same walk, and what comes of one that cannot be walked."""

from dataclasses import replace

import pytest

from fes_ctrl.analysis.figures import figures_of_walk
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.tuning.job import Job, is_setting, options_of, settings_of
from hil import sweep_walk
from hil.scenarios import SECTIONS, load_scenario
from hil.simulate import simulate
from hil.sweep_walk import key_of, walk_row

JOB = Job("moderate_stroke", settings_of({"program.delay_ms": 50.0}), "stroke_mild", 7, 5.0)


def test_a_row_has_the_figures_of_the_same_walk_by_hand() -> None:
    row = walk_row(JOB)
    options = {"patient": "stroke_mild", "seed": 7, "duration_s": 5.0}
    result = simulate(load_scenario("moderate_stroke", options, ["program.delay_ms=50"]).walk)
    figures = figures_of_walk(result.figures)
    assert len(figures) > 40
    assert {name: row[name] for name in figures} == figures
    assert row["setpoints_sha256"] == result.setpoints_sha256
    assert (row["ok"], row["patient"], row["seed"]) == (True, "stroke_mild", 7)
    assert row["program.delay_ms"] == 50.0
    assert row["key"] == key_of(JOB)


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, seed=8),
        replace(JOB, duration_s=6.0),
        replace(JOB, duration_s=None),
        replace(JOB, patient="stroke_moderate"),
        replace(JOB, settings=settings_of({"program.delay_ms": 51})),
        replace(JOB, settings=()),
        replace(JOB, scenario="standard"),
    ],
)
def test_another_walk_has_another_key(other: Job) -> None:
    assert key_of(other) != key_of(JOB)


def test_a_value_written_otherwise_is_the_same_walk() -> None:
    assert key_of(replace(JOB, settings=settings_of({"program.delay_ms": 50}))) == key_of(JOB)
    as_it_stands = replace(JOB, settings=settings_of({"program.delay_ms": 0}))
    assert key_of(as_it_stands) == key_of(replace(JOB, settings=()))


def test_another_edition_of_the_code_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(JOB)
    monkeypatch.setattr(sweep_walk, "code_version", lambda: "edited")
    assert key_of(JOB) != before


def test_true_is_not_one() -> None:
    with pytest.raises(ConfigError, match="must be a number"):
        key_of(replace(JOB, settings=settings_of({"program.delay_ms": True})))
    assert key_of(replace(JOB, settings=settings_of({"program.delay_ms": 1})))


def test_an_exception_on_the_way_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        message = "the ankle\nturned round"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(sweep_walk, "simulate", broken)
    row = walk_row(JOB)
    assert (row["ok"], row["error"]) == (False, "ZeroDivisionError: the ankle turned round")
    assert (row["key"], row["seed"], row["program.delay_ms"]) == (key_of(JOB), 7, 50.0)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        # Each of them good, and not together: for a class, and for the stimulator.
        ({"setup.dorsiflexors.motor_mA": 50, "setup.dorsiflexors.tolerated_mA": 40}, "tolerated"),
        ({"walk.stimulator": "rehastim2"}, "rate_hz"),
    ],
)
def test_values_that_do_not_go_together_are_a_row_with_a_key(
    settings: dict[str, object], error: str
) -> None:
    job = replace(JOB, settings=settings_of(settings))
    row = walk_row(job)
    assert row["ok"] is False
    assert error in str(row["error"])
    assert row["key"] == key_of(job) != key_of(replace(job, seed=8))


def test_no_section_is_called_as_figures_are() -> None:
    # By their names, settings and figures are told apart in a row.
    row = walk_row(JOB)
    assert {name.partition(".")[0] for name in row if "." in name} == {
        *("legs", "charge", "safety", "program")
    }
    assert not {"legs", "charge", "safety"} & set(SECTIONS)


def test_settings_go_where_set_takes_them() -> None:
    settings = settings_of({"b.c": ["x", 'y"'], "a.b": True, "a.a": 1e-7})
    assert options_of(settings) == ("a.a=1e-07", "a.b=true", 'b.c=["x", "y\\""]')


def test_bad_strides_are_settings_like_any_other_and_the_same_for_every_program() -> None:
    astray = {"bad_strides.percent": 40.0, "bad_strides.kinds": ["hesitation", "gap"]}
    strides = "legs.right.bad_strides.in.strides"
    rows = [
        walk_row(Job("standard", settings_of({**astray, **program}), "flaccid", 3, 25.0))
        for program in ({}, {"program.time_out_ms": 700.0})
    ]
    assert all(row["ok"] and is_setting("bad_strides.percent") for row in rows)
    assert rows[0][strides] == rows[1][strides]
    assert int(str(rows[0][strides])) >= 5
    # And what they show is the program's doing.
    cut = "legs.right.bad_strides.by_kind.hesitation.cut_swings"
    assert int(str(rows[1][cut])) > int(str(rows[0][cut])) == 0
    plain = walk_row(Job("standard", (), "flaccid", 3, 25.0))
    assert not [name for name in plain if "bad_strides" in name]
