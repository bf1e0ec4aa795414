"""What a remote can never do, tried in every way there is a word for: on a bench and in a walk."""

import json
from typing import Any

import pytest

from fes_ctrl.safety.limit_rows import FIXED, HIGHER, ROWS
from fes_ctrl.telemetry.requests import Request
from helpers.asked import body, setting
from helpers.told_walk import ToldWalk

WORDS = ("arm", "clear", "test", "resume", "level", "pause", "disarm", "quit")


def wider(walk: ToldWalk) -> dict[str, float]:
    """Return, by key, a value of each limit that is a little wider than what is in force."""
    limits = walk.rig.session.controller._limits.config
    found = {}
    for row in ROWS:
        present = float(getattr(limits, row.key))
        step = 1.0 if row.key == "pulse_width_us" else 1e-6
        found[f"limits.{row.key}"] = present - step if row.narrower == HIGHER else present + step
    return found


def fixed(walk: ToldWalk) -> dict[str, float]:
    """Return those that no walk may change, narrower ones too."""
    limits = walk.rig.session.controller._limits.config
    rows = [row for row in ROWS if row.narrower == FIXED]
    assert rows
    return {f"limits.{row.key}": getattr(limits, row.key) / 2 for row in rows}


OTHERS = {
    "stimulator.mode": 1.0,
    "stimulator.dead_man_ms": 5000.0,
    "stimulator.guardian": 0.0,
    "stimulator.device": 1.0,
    "setup.leg": 1.0,
    "setup.dorsiflexors.motor_mA": 1.0,
    "setup.dorsiflexors.tolerated_mA": 100.0,
    "program.channel.0.current_mA": 100.0,
    "program.channel.0.pulse_width_us": 500.0,
    "program.channel.0.intensity": 1.0,
    "program.trigger": 1.0,
    "program.standing": 1.0,
    "program.adaptive.learn": 1.0,
    "detector.name": 1.0,
    "detector": 1.0,
    "operator.action": 1.0,
    "armed": 1.0,
    "watchdog": 0.0,
    "limits.dead_man_ms": 5000.0,
    "limits": 1.0,
    "": 1.0,
    "program.": 1.0,
    "limits.__class__": 1.0,
    "program.__class__": 1.0,
    **dict.fromkeys(WORDS, 1.0),
    **{f"operator.{word}": 1.0 for word in WORDS},
}


def untouched(walk: ToldWalk) -> tuple[object, ...]:
    """Return everything that must stay as it is."""
    controller = walk.rig.session.controller
    arming = controller._authorities[0].arming
    return (
        arming.state,
        arming.level_percent,
        arming.latched,
        arming.paused,
        controller._limits.config,
        [leg.program.config for leg in controller._legs],
    )


FOR_WHAT_IT_IS = {"key", "value", "limit", "leg", "malformed"}
"""And not because it came late, twice, too soon or to another run."""


def refused(walk: ToldWalk, request: Request) -> None:
    before = untouched(walk)
    (answer,) = walk._answers(request)
    assert answer["verdict"] == "refused", answer
    assert answer["reason"].partition(":")[0] in FOR_WHAT_IT_IS, answer
    assert untouched(walk) == before


@pytest.fixture(scope="module")
def asleep() -> ToldWalk:
    """A bench before anybody has armed it."""
    walk = ToldWalk(seconds=60.0, sets=("operator.arm_at_s=50.0",))
    walk.until(1.0)
    assert not walk.states() or not walk.states()[-1].armed
    return walk


@pytest.fixture(scope="module")
def walking() -> ToldWalk:
    """A walk at its level, between the steps of which things are asked for."""
    walk = ToldWalk(seconds=60.0)
    walk.until(8.0)
    assert walk.states()[-1].armed
    return walk


@pytest.fixture(params=["asleep", "walking"])
def walk(request: pytest.FixtureRequest) -> ToldWalk:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, ToldWalk)
    found.until(found.clock.now_us() / 1e6 + 0.01)
    return found


def asking(walk: ToldWalk, change: dict[str, Any], leg: str = "both") -> Request:
    now_us = walk.utc_us()
    return setting(issued_us=now_us, seq=now_us, base_version=walk.version, change=change, leg=leg)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_no_limit_is_raised(walk: ToldWalk, row: Any) -> None:
    key = f"limits.{row.key}"
    for value in (wider(walk)[key], 1e9 if row.narrower != HIGHER else 0.0, -1.0):
        refused(walk, asking(walk, {key: value}))
        walk.until(walk.clock.now_us() / 1e6 + 0.001)


def test_no_watchdog_is_touched(walk: ToldWalk) -> None:
    for key, value in fixed(walk).items():
        refused(walk, asking(walk, {key: value}))


def test_the_level_is_not_raised(walk: ToldWalk) -> None:
    level = walk.rig.session.controller._authorities[0].arming.level_percent
    for value in (level + 1.0, 101.0, 1000.0, level + 0.5, -1.0):
        refused(walk, asking(walk, {"level_percent": value}))
        walk.until(walk.clock.now_us() / 1e6 + 0.001)


@pytest.mark.parametrize("key", OTHERS)
def test_nothing_else_is_touched(walk: ToldWalk, key: str) -> None:
    for leg in ("both", "right"):
        refused(walk, asking(walk, {key: OTHERS[key]}, leg))
        walk.until(walk.clock.now_us() / 1e6 + 0.001)


@pytest.mark.parametrize("word", WORDS)
def test_there_is_no_word_for_it_beside_the_change_either(walk: ToldWalk, word: str) -> None:
    now_us = walk.utc_us()
    fields = body(issued_us=now_us, seq=now_us, base_version=walk.version)
    for extra in ({"action": word}, {word: True}, {"operator": {"action": word, "value": 100}}):
        refused(walk, Request("set", "tuner", False, json.dumps({**fields, **extra})))
    refused(walk, Request("set", "tuner", False, json.dumps({"action": word})))
    refused(walk, Request("set", "tuner", False, word))


@pytest.mark.parametrize("word", WORDS)
def test_on_the_topic_for_stops_every_word_stops(word: str) -> None:
    walk = ToldWalk(seconds=60.0)
    walk.until(8.0)
    walk.hand_up(Request("stop", "viewer", False, json.dumps({"action": word, "level": 100})))
    stopped_us = walk.clock.now_us()
    walk.until(12.0)
    assert not walk.states()[-1].armed
    assert not [at_us for at_us, _ in walk.setpoints if at_us > stopped_us]


def test_a_topic_that_there_is_not_is_nobodys(walk: ToldWalk) -> None:
    for what in ("arm", "clear", "test", "", "SET"):
        now_us = walk.utc_us()
        walk.hand_up(Request(what, "tuner", False, json.dumps(body(issued_us=now_us, seq=now_us))))
        assert walk.answers()[-1]["verdict"] == "refused"


def test_of_all_that_nothing_was_armed_and_no_burst_begun() -> None:
    walk = ToldWalk(seconds=60.0, sets=("operator.arm_at_s=50.0",))
    walk.until(1.0)
    for key, value in {**OTHERS, **wider(walk), **fixed(walk), "level_percent": 100.0}.items():
        walk.hand_up(asking(walk, {key: value}))
        walk.hand_up(Request("stop", "viewer", False, json.dumps({"action": key})))
        walk.until(walk.clock.now_us() / 1e6 + 0.05)
    walk.until(12.0)
    assert not any(state.armed for state in walk.states())
    assert all(burst.set_current_ua == 0 for burst in walk.bursts()), "those that nobody feels"
    assert walk.setpoints == []


def test_a_latched_fault_stays_latched() -> None:
    walk = ToldWalk("electrode_off@9.0", seconds=60.0, sets=("operator.clear_after_s=600.0",))
    walk.until(12.0)
    arming = walk.rig.session.controller._authorities[0].arming
    assert arming.latched
    held = arming.latched
    for change in ({"clear": 1.0}, {"level_percent": 0.0}, {"program.rise_ms": 150.0}):
        walk.hand_up(asking(walk, change))
        walk.stop(json.dumps({"action": "clear"}))
        walk.until(walk.clock.now_us() / 1e6 + 1.1)
    assert arming.latched == held
    assert not walk.states()[-1].armed
