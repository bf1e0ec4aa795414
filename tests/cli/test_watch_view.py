"""Benches as lines: readable on a narrow terminal, and never wider than it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fes_ctrl.cli.watch_view import besides, lines_of, sentence, span, summary
from fes_ctrl.telemetry.benches import Noise
from fes_ctrl.telemetry.picture import HeldFault, Picture, Presence

F12 = HeldFault("F12", "latch", "left", "no electrode on channel 1 since two pulses of 18 mA")
WALKING = Picture(
    bench="bench-3",
    presence=Presence.ONLINE,
    why="started",
    simulated=True,
    device="p24",
    program="standard",
    session="nonce",
    armed=True,
    level_percent=40,
    activity={"left": "walking", "right": "standing"},
    cadence_per_min={"left": 104.2, "right": None},
    bursts={"left": 1203, "right": 1198},
    faults=(F12,),
    version=3,
    waiting=False,
    lag_ms=12.0,
    clock_ms=3.0,
    missed={},
    dropped={},
    restarts=0,
    malformed=0,
    heard_s=0.3,
    live=True,
    contested=False,
    newer=False,
)
GONE = replace(WALKING, bench="bench-4", presence=Presence.LOST, why="lost", heard_s=7300.0)


def shown(*pictures: Picture, width: int = 60, most: int | None = None) -> str:
    return "\n".join(line.plain for line in lines_of(list(pictures), width, most))


@pytest.mark.parametrize("width", [60, 200])
def test_everything_that_matters_of_a_bench_is_there(width: int) -> None:
    text = " ".join(shown(WALKING, width=width).split())
    for told in (
        "bench-3",
        "simulated",
        "online",
        "ARMED 40 %",
        "L walking R standing",
        "L 104 R -",
        "L 1203 R 1198",
        "F12 latch, left: no electrode on channel 1 since two pulses of 18 mA",
    ):
        assert told in text


def test_a_real_bench_is_not_marked_and_one_of_which_it_is_not_known_is() -> None:
    assert "simulated" not in shown(replace(WALKING, simulated=False))
    assert "simulated?" in shown(replace(WALKING, simulated=None))


def test_of_a_bench_that_is_gone_nothing_is_told_as_if_it_held() -> None:
    text = shown(GONE, width=120)
    assert "lost" in text
    assert "2 h" in text
    for word in ("ARMED", "walking", "104", "F12"):
        assert word not in text


def test_what_is_odd_is_said() -> None:
    odd = replace(
        WALKING,
        faults=(),
        contested=True,
        newer=True,
        waiting=True,
        malformed=2,
        restarts=1,
        clock_ms=-3200.0,
        missed={"events": 3},
        dropped={"events": 3, "lines_lost": 1},
        lag_ms=250.0,
    )
    text = " ".join(shown(odd).split())
    for told in (
        "two runs use this name",
        "a later version",
        "waits for the end of a burst",
        "that make no sense: 2",
        "started anew, 1 x",
        "its clock is 3.2 s ahead of ours",
        "lost 7",
        "lag 250 ms",
    ):
        assert told in text


pictures = st.builds(
    lambda bench, presence, detail, faults, activity, missed, level: replace(
        WALKING,
        bench=bench,
        presence=presence,
        faults=(HeldFault("F12", "latch", "left", detail),) * faults,
        activity={"left": activity, "right": "walking"},
        missed={"state": missed},
        level_percent=level,
    ),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", fullmatch=True),
    st.sampled_from(Presence),
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=200),
    st.integers(0, 12),
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20),
    st.integers(0, 10**18),
    st.none() | st.integers(0, 100),
)


@given(
    benches=st.lists(pictures, max_size=8),
    width=st.integers(24, 200),
    most=st.none() | st.integers(3, 40),
)
def test_no_line_is_wider_than_the_terminal_and_there_are_no_more_than_fit(
    benches: list[Picture], width: int, most: int | None
) -> None:
    lines = lines_of(benches, width, most)
    assert all(cell_len(line.plain) <= width for line in lines)
    if most is not None:
        assert len(lines) <= most


def test_what_does_not_fit_is_counted() -> None:
    many = [replace(WALKING, bench=f"b{at}") for at in range(100)]
    text = shown(*many, most=20)
    assert text.count("ARMED") == 5
    assert text.splitlines()[-1] == "and 95 more; name those that you want to see"


def test_on_a_terminal_that_is_hardly_one_lines_are_cut() -> None:
    many = [replace(WALKING, bench=f"b{at}") for at in range(9)]
    lines = lines_of(many, 30, 12)
    assert max(cell_len(line.plain) for line in lines) <= 30
    assert lines[-1].plain.startswith("and ")


def test_a_line_for_a_change_holds_state_and_faults() -> None:
    line = sentence(WALKING)
    assert line.startswith("bench-3: online; simulated; ARMED 40 %; L walking R standing; F12")
    assert sentence(GONE) == "bench-4: lost; simulated"


def test_the_summary_counts_by_presence_and_the_rest_is_named() -> None:
    assert summary([WALKING, WALKING, GONE]) == "2 online, 1 lost"
    assert summary([]) == "no bench has spoken"
    assert besides(Noise(1, 2, 0), 3) == (
        "messages besides: not understood 2, nobody's 1, too fast to be read 3"
    )
    assert not besides(Noise(0, 0, 0), 0)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.012, "12 ms"),
        (3.14, "3.1 s"),
        (42, "42 s"),
        (200, "3 min"),
        (7300, "2 h"),
        (9e9, "99999 d"),
    ],
)
def test_lengths_of_time_are_short(seconds: float, told: str) -> None:
    assert span(seconds) == told
