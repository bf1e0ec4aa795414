"""A shank's stride on rates that are known exactly: a bounce after contact, a jerk, the hold."""

from typing import Any

import pytest

from fes_ctrl.gait.config import ShankImuConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.shank_stride import SWING, ShankStride
from fes_ctrl.gait.shank_walker import ShankWalker
from fes_ctrl.model import HEEL_OFF, INITIAL_CONTACT, LEFT

STEP_S = 0.01
SWING_BACK = (0.3, 250.0)
LANDS = (0.03, -150.0)
BOUNCES = (0.03, 250.0)
ROLLS = (0.6, -30.0)
PUSHES = (0.24, -200.0)


class Shank:
    """A stride machine that already knows its walker."""

    def __init__(self, **dials: Any) -> None:
        self.walker = ShankWalker()
        self.walker.expect(250.0, 75.0, 200.0)
        self.notes = Notebook(LEFT)
        self.stride = ShankStride(ShankImuConfig(**dials), self.walker, self.notes)
        self.row = 0
        self.deg = 0.0
        self.contacts_us: list[int] = []
        self.waited_us: list[int] = []

    def turn(self, *parts: tuple[float, float]) -> None:
        for length_s, rate in parts:
            for _ in range(round(length_s / STEP_S)):
                self.row += 1
                self.deg += rate * STEP_S
                now_us = self.row * 10_000
                told = self.stride.move(now_us, STEP_S, rate, self.deg)
                self.waited_us += [now_us - t_us for kind, t_us, _ in told if kind == HEEL_OFF]
                self.contacts_us += [t_us for kind, t_us, _ in told if kind == INITIAL_CONTACT]

    def stand(self) -> None:
        for _ in range(500):
            self.row += 1
            self.stride.rest(self.row * 10_000, self.deg)


def test_a_shank_that_bounces_has_landed_once_and_its_strides_keep_their_length() -> None:
    shank = Shank()
    for _ in range(5):
        shank.turn(SWING_BACK, LANDS, BOUNCES, LANDS, ROLLS, PUSHES)
    assert len(shank.contacts_us) == 5
    assert 1_200_000 <= shank.walker.stride_us <= 1_260_000


def test_a_contact_that_was_only_assumed_and_was_none_leaves_the_swing_to_go_on() -> None:
    shank = Shank()
    shank.row = 1_000  # ten seconds in, beyond the longest swing
    shank.stride.begin(shank.row * 10_000, 0.0, -2.0)
    shank.turn((0.03, 250.0))
    assert shank.stride.state == SWING
    shank.turn((0.27, 250.0), LANDS)
    texts = [remark.text for remark in shank.notes.take()]
    assert texts[0] == "the contact was none: the shank swings on"
    assert not [text for text in texts[1:] if "none" in text]
    assert len(shank.contacts_us) == 1


def test_a_heel_off_is_held_half_as_long_between_steps_as_out_of_standing() -> None:
    shank = Shank()
    for _ in range(5):
        shank.turn(SWING_BACK, LANDS, ROLLS, PUSHES)
    assert shank.waited_us[-3:] == [10_000] * 3
    shank.turn(SWING_BACK, LANDS, ROLLS)
    shank.stand()
    shank.turn((0.1, -30.0), PUSHES)
    assert shank.waited_us[5:] == [20_000]


def test_one_jerked_reading_between_steps_is_no_heel_off() -> None:
    shank = Shank()
    for _ in range(4):
        shank.turn(SWING_BACK, LANDS, ROLLS, PUSHES)
    shank.turn(SWING_BACK, LANDS, (0.8, -30.0), (0.01, -300.0), (0.1, -30.0))
    assert len(shank.waited_us) == 4


def test_after_shuffling_and_a_rest_a_usual_step_is_not_told_while_the_shank_still_rolls() -> None:
    shank = Shank()
    for _ in range(6):
        shank.turn(SWING_BACK, LANDS, ROLLS, PUSHES)
    shuffles = ((0.2, 125.0), (0.03, -75.0), (0.6, -15.0), (0.16, -90.0))
    for _ in range(8):
        shank.turn(*shuffles)
    shank.turn(*shuffles[:2])
    shank.stand()
    before = len(shank.waited_us)
    shank.turn((0.45, -60.0))
    assert len(shank.waited_us) == before
    shank.turn((0.05, -200.0))
    assert len(shank.waited_us) == before + 1


@pytest.mark.parametrize(
    ("min_stance_ms", "parts", "told"),
    [
        (150.0, (ROLLS, PUSHES), False),
        (500.0, (ROLLS, PUSHES), False),
        (750.0, (ROLLS, PUSHES), True),
        # It jerks while nobody looks, for less than the hold, and long before it pushes off.
        (500.0, ((0.3, -30.0), (0.01, -200.0), (0.3, -30.0), PUSHES), False),
        # All of the push goes by, and the swing alone is left to tell it.
        (950.0, (ROLLS, PUSHES), True),
    ],
)
def test_a_heel_off_that_came_within_the_shortest_stance_says_that_it_was_not_looked_for(
    min_stance_ms: float, parts: tuple[tuple[float, float], ...], told: bool
) -> None:
    shank = Shank(min_stance_ms=min_stance_ms)
    for _ in range(4):
        shank.turn(SWING_BACK, LANDS, *parts)
    shank.turn(SWING_BACK)
    texts = [remark.text for remark in shank.notes.take()]
    offs = [each for each in texts if each.startswith(("heel-off: ", "a swing without a push"))]
    assert len(offs) > 2
    assert {each.endswith(", looked for only now") for each in offs[1:]} == {told}
