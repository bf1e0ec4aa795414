"""The chosen program as a file: comments and order stay, and it loads as what was chosen."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.config.files import find
from fes_ctrl.tuning.program_file import (
    ProgramFileError,
    between,
    read_program,
    rewritten,
    with_settings,
)

STANDARD = find("program", "standard").read_text()
CHOSEN = (
    ("program.channel.0.intensity", 0.66),
    ("program.channel.0.pulse_width_us", 220),
    ("program.delay_ms", 15.0),
    ("program.rise_ms", 180.0),
)


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


def test_comments_order_and_columns_stay_and_only_values_differ() -> None:
    text = rewritten(STANDARD, "standard.toml", CHOSEN, ["Found by a search."])
    assert text.startswith("# Found by a search.\n")
    assert comments(text)[1:] == comments(STANDARD)
    old, new = STANDARD.splitlines(), text.splitlines()[2:]
    assert len(old) == len(new)
    differing = [after for before, after in zip(old, new, strict=True) if before != after]
    assert differing == [
        "delay_ms = 15",
        "rise_ms = 180                   # current, from the motor threshold to the set current",
        "intensity = 0.66                # 0 motor threshold .. 1 highest tolerated; or current_mA",
        "pulse_width_us = 220",
    ]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "program.delay_ms": st.floats(0, 200),
            "program.extension_ms": st.integers(0, 300),
            "program.trigger_lead_ms": st.floats(0, 150),
            "program.adaptive.start": st.floats(0, 1),
            "program.adaptive.step_ms": st.floats(1, 100),
            "program.channel.0.intensity": st.floats(0, 1),
            "program.channel.0.current_mA": st.floats(1, 100),
            "program.channel.0.pulse_width_us": st.integers(10, 500),
        },
    )
)
def test_a_written_program_loads_as_the_chosen_one(values: dict[str, object]) -> None:
    before = read_program(STANDARD, "standard.toml")
    wanted = with_settings(tomllib.loads(STANDARD)["program"], tuple(values.items()))
    settings = between(before, wanted)
    assert read_program(rewritten(STANDARD, "standard.toml", settings), "new.toml") == wanted


def test_of_a_table_within_the_program_only_the_value_that_differs_is_written() -> None:
    text = find("program", "adaptive").read_text()
    before = read_program(text, "adaptive.toml")
    wanted = with_settings(tomllib.loads(text)["program"], (("program.adaptive.start", 0.05),))
    settings = between(before, wanted)
    assert settings == (("program.adaptive.start", 0.05),)
    new = rewritten(text, "adaptive.toml", settings)
    assert read_program(new, "new.toml") == wanted
    assert comments(new) == comments(text)


def test_a_file_that_says_nothing_gets_what_was_chosen() -> None:
    text = rewritten("# mine\n", "mine.toml", CHOSEN)
    assert text.startswith("# mine\n")
    program = read_program(text, "new.toml")
    assert (program.delay_ms, program.channel[0].pulse_width_us) == (15, 220)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ((("program.delay_ms", 5000.0),), "delay_ms"),
        ((("program.channel.0.intensity", 1.5),), "intensity"),
        ((("program.dealy_ms", 5.0),), "dealy_ms"),
        ((("program.channel.4.intensity", 0.5),), "no such place"),
    ],
)
def test_what_would_not_load_is_not_written(
    settings: tuple[tuple[str, object], ...], word: str
) -> None:
    with pytest.raises(ProgramFileError, match=word):
        rewritten(STANDARD, "standard.toml", settings)
