"""A campaign's walks follow from seed and number, lie within bounds, and can be kept as files."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware_sim.injections import EVERYWHERE
from hil.campaign.case import refusals, scenario_text
from hil.campaign.draw import draw, numbers
from hil.campaign.vary import bounds_of
from hil.scenarios import load_scenario

SEED = 5
NUMBERS = range(60)


def test_nothing_that_is_drawn_is_out_of_bounds() -> None:
    assert [found for number in range(300) for found in refusals(draw(SEED, number))] == []


@pytest.mark.parametrize("number", range(0, 60, 3))
def test_the_file_of_a_walk_gives_that_walk(number: int, tmp_path: Path) -> None:
    case = draw(SEED, number)
    file = tmp_path / "walk.toml"
    file.write_text(scenario_text(case, ("why", "and how")))
    assert load_scenario(str(file)).walk == case.walk


def test_another_process_with_another_hash_seed_draws_the_same() -> None:
    code = (
        "import hashlib\n"
        "from hil.campaign.draw import draw\n"
        "walks = repr([draw(5, number) for number in range(20)])\n"
        "print(hashlib.sha256(walks.encode()).hexdigest())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "4711")
    }
    assert len(found) == 1
    assert draw(SEED, 7) == draw(SEED, 7)
    assert draw(SEED, 7) != draw(SEED + 1, 7)


def test_every_row_of_the_injections_comes_up_alone_and_with_others() -> None:
    walks = [draw(SEED, number).walk for number in range(300)]
    for row in EVERYWHERE:
        with_row = [walk for walk in walks if row.name in [found.name for found in walk.inject]]
        assert with_row, row.name
        assert any(len(walk.inject) > 1 for walk in with_row), row.name


def test_everything_that_can_be_chosen_is_chosen_now_and_then() -> None:
    cases = [draw(SEED, number) for number in range(300)]
    walks = [case.walk for case in cases]
    assert {walk.control.detector.name for walk in walks} == {
        "heel",
        "foot-imu",
        "shank-imu",
        "fused",
    }
    triggers = {walk.control.program.trigger for walk in walks}
    assert triggers == {"heel_off", "initial_contact", "tilt"}
    assert {len(walk.patient.leg) for walk in walks} == {1, 2}
    assert {len(walk.control.program.channel) for walk in walks} >= {1, 2, 3}
    assert {case.both_clocks for case in cases} == {True, False}
    hands = {text.partition("@")[0].partition("=")[0] for w in walks for text in w.operator.hand}
    assert hands == {"arm", "disarm", "level", "pause", "resume", "clear", "stop"}


def test_so_many_hours_are_walked_and_no_whole_walk_more() -> None:
    walks = list(numbers(SEED, 0.5))
    assert [number for number, _ in walks] == list(range(len(walks)))
    assert sum(lasts_s for _, lasts_s in walks) >= 1800
    assert sum(lasts_s for _, lasts_s in walks[:-1]) < 1800
    assert [draw(SEED, number).walk.duration_s for number, _ in walks] == [s for _, s in walks]


def test_a_number_without_bounds_is_left_alone() -> None:
    assert bounds_of(float) is None
