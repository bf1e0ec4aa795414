"""Whatever comes from afar: a clear refusal, no command twice, no change beyond a file."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from fes_ctrl.assembly import ControlConfig, problems_of
from fes_ctrl.model import ALL_LEGS, LEFT, LEG_NAMES, RIGHT
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limit_rows import FIXED, HIGHER, ROWS
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stim.dials import CHANGEABLE
from fes_ctrl.telemetry.gate import FUTURE_US, LIFE_US, Gate, RefusedError
from fes_ctrl.telemetry.parameters import Parameters
from fes_ctrl.telemetry.remote import Answer, Entry, Remote
from fes_ctrl.telemetry.requests import SET, STOP, MalformedError, Request, parse
from helpers.asked import NOON_US, SESSION, body, command

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELD = st.sampled_from(sorted(body()))
PIECES = st.dictionaries(FIELD, JSON, max_size=3)


def spelt(fields: object) -> str:
    return json.dumps(fields)


SAID = st.one_of(
    st.text(),
    st.binary().map(lambda data: data.decode(errors="replace")),
    JSON.map(spelt),
    PIECES.map(lambda fields: spelt({**body(), **fields})),
    PIECES.map(lambda fields: spelt({**body(), "change": fields})),
)


@given(SAID)
def test_whatever_is_said_it_is_a_command_or_malformed(payload: str) -> None:
    try:
        found = parse(payload)
    except MalformedError:
        return
    assert found.change
    assert all(abs(value) < 1e300 for value in found.change.values())


class Quiet:
    """A bench that only remembers."""

    def __init__(self, level_percent: int = 50) -> None:
        self.level_percent = level_percent
        self.waiting = False
        self.stops = 0
        self.done: list[object] = []

    def stop(self) -> None:
        self.stops += 1

    def lower(self, level_percent: int) -> None:
        assert level_percent <= self.level_percent
        self.level_percent = level_percent

    def change(self, leg: int, name: str, value: float) -> None:
        self.done.append((leg, name, value))


@given(st.lists(st.tuples(st.sampled_from([SET, STOP]), st.booleans(), SAID), max_size=8))
def test_whatever_comes_every_request_is_answered_once_at_least(
    requests: list[tuple[str, bool, str]],
) -> None:
    bench = Quiet()
    answers: list[Answer] = []
    entries: list[Entry] = []
    remote = Remote(
        bench,
        Parameters((RIGHT,), ControlConfig(), (RIGHT,)),
        SESSION,
        lambda _request, answer: answers.append(answer),
        entries.append,
    )
    for what, retained, payload in requests:
        known = len(answers)
        remote.take(Request(what, "somebody", retained, payload), 0, NOON_US)
        assert len(answers) > known
        json.dumps([answer._asdict() for answer in answers], allow_nan=False).encode()
        json.dumps([entry._asdict() for entry in entries], allow_nan=False).encode()
    assert bench.stops == sum(what == STOP and not retained for what, retained, _ in requests)
    assert bench.level_percent <= 50


INSTANT = st.integers(-3 * LIFE_US, 3 * LIFE_US)
SENT = st.tuples(st.sampled_from("ab"), st.integers(0, 6), INSTANT, st.integers(0, LIFE_US))


@given(st.lists(SENT, min_size=1, max_size=8), st.data())
def test_a_command_that_was_let_in_never_comes_in_again(
    sent: list[tuple[str, int, int, int]], data: st.DataObject
) -> None:
    gate = Gate(SESSION)
    order = data.draw(st.lists(st.sampled_from(range(len(sent))), max_size=24))
    let_in: set[int] = set()
    highest = {"a": -1, "b": -1}
    for index in order:
        sender, seq, issued, life = sent[index]
        now_us = NOON_US + data.draw(INSTANT)
        issued_us = NOON_US + issued
        given_ = command(seq, issued_us=issued_us, not_after_us=issued_us + life)
        try:
            gate.admit(sender, given_, now_us)
        except RefusedError:
            continue
        assert index not in let_in
        assert seq > highest[sender]
        assert issued_us - FUTURE_US <= now_us <= issued_us + life
        let_in.add(index)
        highest[sender] = seq


FILE = TypeAdapter(ControlConfig)
KEYS = st.sampled_from(
    [f"program.{name}" for name in CHANGEABLE]
    + [f"limits.{row.key}" for row in ROWS]
    + ["level_percent", "program.channel", "setup.leg", "limits.none", "stimulator.mode", "arm"]
)
VALUES = st.one_of(
    st.floats(0.0, 3200.0),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 3000).map(float),
    st.sampled_from([0.0, 1.0, 50.0, 79.0, 80.0, 100.0, 1500.0, 1800.0, 1850.0, 2000.0, 3000.0]),
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ALL_LEGS, LEFT, RIGHT]), st.dictionaries(KEYS, VALUES, min_size=1)
        ),
        max_size=6,
    )
)
def test_what_is_accepted_a_file_could_say_and_limits_only_narrow(
    asked: list[tuple[int, dict[str, float]]],
) -> None:
    legs = (LEFT, RIGHT)
    parameters = Parameters(legs, ControlConfig(), legs)
    in_force = Limits(ControlConfig().limits)
    level = 60
    narrowed = False
    for leg, change in asked:
        before = parameters.told(waiting=False)
        try:
            plan = parameters.consider(leg, change, level)
        except RefusedError:
            assert parameters.told(waiting=False) == before, "all of it or nothing"
            continue
        parameters.adopt(plan)
        assert not {"program.channel", "setup.leg", "stimulator.mode", "arm"} & set(change)
        if plan.level_percent is not None:
            assert plan.level_percent <= level
            level = plan.level_percent
        for key, value in plan.limits:
            assert in_force.narrow(key, value) == "", "the controller takes what was accepted"
        for config in plan.control.values():
            read = FILE.validate_python(asdict(config))
            assert read.program == config.program
            assert asdict(in_force.config) == pytest.approx(asdict(config.limits))
            narrowed = narrowed or bool(plan.limits)
            if not narrowed:
                assert problems_of(legs, config) == []
            elif plan.dials and not plan.limits:
                known = problems_of(legs, replace(config, program=ProgramConfig()))
                assert not set(problems_of(legs, config)) - set(known)
    told = parameters.told(waiting=False)
    assert set(told["values"]) == {LEG_NAMES[leg] for leg in legs}  # type: ignore[call-overload]
    for row in ROWS:
        now, was = getattr(in_force.config, row.key), getattr(LimitsConfig(), row.key)
        assert now == was if row.narrower == FIXED else True
        assert now >= was if row.narrower == HIGHER else now <= was
