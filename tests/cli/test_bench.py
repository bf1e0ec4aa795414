"""``fes-ctrl bench latency``: what is timed, and what is made of it."""

import json

import pytest
from click.testing import CliRunner

from fes_ctrl.cli.bench import EDGES_MS, _judged, command
from hil.latency.measure import Latency, LatencyError, Player, histogram, quantiles


def test_quantiles_are_values_that_were_seen() -> None:
    assert quantiles([float(k) for k in range(100, -1, -1)]) == (101, 50.0, 95.0, 99.0, 100.0)
    assert quantiles([0.25]) == (1, 0.25, 0.25, 0.25, 0.25)


def test_every_value_is_in_one_bar() -> None:
    assert histogram([0.0, 0.9, 1.0, 1.99, 2.0, 50.0], [0.0, 1.0, 2.0]) == [2, 2, 2]


@pytest.mark.parametrize(
    ("frames", "echoes", "missing", "busy", "says"),
    [
        ([0.6], [0.2], 0, 0, []),
        ([0.61], [0.2], 0, 0, ["p50 0.61 ms is above 3 times the echo's"]),
        ([0.2] * 60 + [3.0] * 40, [0.2] * 60 + [1.0] * 40, 0, 0, []),
        (
            [0.2] * 60 + [3.1] * 40,
            [0.2] * 60 + [1.0] * 40,
            0,
            0,
            ["p99 3.1 ms is above the echo's"],
        ),
        ([9.9], [0.2], 0, 2, []),
        ([10.1], [0.2], 0, 2, ["p99 10.1 ms is above 10 ms"]),
        ([0.2], [0.2], 3, 0, ["3 heel-offs had no burst within 0.1 s"]),
    ],
)
def test_the_verdict_says_what_is_not_good(
    frames: list[float], echoes: list[float], missing: int, busy: int, says: list[str]
) -> None:
    whole = _judged(Latency(frames, echoes, missing), busy=busy, real_time=False)
    verdict = whole["verdict"]
    assert verdict["passed"] == (not says)
    assert len(verdict["reasons"]) == len(says)
    assert all(map(str.startswith, verdict["reasons"], says))
    assert sum(whole["histogram"]["latency"]) == len(frames)


@pytest.mark.real_time
def test_a_whole_run_is_timed_beside_an_echo() -> None:
    done = CliRunner().invoke(command, ["latency", "--seconds", "4", "--json"])
    whole = json.loads(done.stdout)
    assert done.exit_code == (0 if whole["verdict"]["passed"] else 1)
    took, echo = whole["latency_ms"], whole["echo_ms"]
    # The heel leaves the ground after 0.42 s, and every 0.7 s from then on.
    assert took["n"] + whole["missing"] == echo["n"] == 6
    assert took["n"] >= 1, "a busy machine may miss some"
    assert 0.0 < took["p50_ms"] <= took["p95_ms"] <= took["p99_ms"] <= took["max_ms"] < 100.0
    assert len(whole["histogram"]["echo"]) == len(EDGES_MS)
    assert "armed, level 40 %" in done.stderr


@pytest.mark.real_time
def test_a_run_that_ends_says_why() -> None:
    player = Player(lambda _line: None)
    try:
        with pytest.raises(LatencyError, match=r"the run has ended: .*program 'nobody' is unk"):
            player.measure(2, "--program", "nobody")
    finally:
        player.close()
