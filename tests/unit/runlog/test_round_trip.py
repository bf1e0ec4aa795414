"""What the controller was given, and what it said, is read back from the log to the last bit."""

import json
import math
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import (
    SENSOR_CHANNELS,
    Adaptation,
    Anticipation,
    Arm,
    BurstEnd,
    BurstStart,
    Command,
    Decision,
    Disarm,
    Fault,
    GaitEvent,
    Input,
    LinkReport,
    Operator,
    ParameterChange,
    PhaseChange,
    Record,
    Remark,
    Sample,
    Setpoint,
    StateChange,
    Stop,
)
from fes_ctrl.runlog.decode import decode_command, decode_record
from fes_ctrl.runlog.format import command_line, input_line, record_line
from fes_ctrl.runlog.log import RunLogWriter
from fes_ctrl.runlog.reader import controller_inputs, decode_input
from fes_ctrl.units import NEVER_US

INSTANTS = st.integers(0, 10**12)
FLOATS = st.floats(allow_nan=False)
SAMPLES = st.sampled_from(sorted(SENSOR_CHANNELS)).flatmap(
    lambda sensor: st.builds(
        Sample,
        INSTANTS,
        INSTANTS,
        st.integers(0, 10**9),
        st.integers(0, 1),
        st.just(sensor),
        st.tuples(*[FLOATS for _ in SENSOR_CHANNELS[sensor]]),
    )
)
REPORTS = st.builds(
    LinkReport,
    INSTANTS,
    st.integers(0, 3),
    st.sampled_from(["up", "answer", "error"]),
    INSTANTS | st.just(NEVER_US),
    st.text(),
)
OPERATORS = st.builds(Operator, INSTANTS, st.sampled_from(["arm", "level"]), st.integers(0, 100))
CHANGES = st.builds(ParameterChange, INSTANTS, st.integers(0, 1), st.text(), FLOATS)
INPUTS: st.SearchStrategy[Input] = SAMPLES | REPORTS | OPERATORS | CHANGES


LEGS = st.integers(-1, 1)
WORDS = st.sampled_from(["ic", "heel_off", "walking", "clip"])
MAYBE = FLOATS | st.just(math.nan)
COMES = INSTANTS | st.just(NEVER_US)
SETPOINTS = st.builds(
    Setpoint, INSTANTS, LEGS, st.integers(0, 7), INSTANTS, INSTANTS, INSTANTS, st.integers(0, 1)
)
ASKED = st.builds(
    Setpoint, INSTANTS, LEGS, st.just(3), INSTANTS, INSTANTS, st.just(NEVER_US), st.just(0)
)
COMMANDS: st.SearchStrategy[Command] = (
    SETPOINTS
    | st.builds(Stop, INSTANTS, st.integers(0, 3), st.text())
    | st.builds(Arm, INSTANTS, st.integers(0, 3))
    | st.builds(Disarm, INSTANTS, st.integers(0, 3))
)
RECORDS: st.SearchStrategy[Record] = (
    st.builds(GaitEvent, WORDS, LEGS, INSTANTS, INSTANTS, st.floats(0, 1))
    | st.builds(Remark, INSTANTS, LEGS, st.text())
    | st.builds(PhaseChange, INSTANTS, LEGS, WORDS, WORDS)
    | st.builds(BurstStart, INSTANTS, LEGS, st.integers(0, 7), WORDS, INSTANTS, INSTANTS)
    | st.builds(BurstEnd, INSTANTS, LEGS, st.integers(0, 7), WORDS, INSTANTS, COMES)
    | st.builds(Anticipation, INSTANTS, LEGS, WORDS, WORDS, COMES, INSTANTS, st.text())
    | st.builds(
        Adaptation,
        *(INSTANTS, LEGS, WORDS, st.text(), MAYBE, MAYBE, MAYBE, FLOATS, INSTANTS, INSTANTS),
    )
    | ASKED.map(lambda asked: Decision(5, asked.leg, asked.channel, "clip", "rate", asked))
    | st.builds(Fault, INSTANTS, WORDS, WORDS, LEGS, st.text())
    | st.builds(StateChange, INSTANTS, st.booleans(), st.integers(0, 100), st.text())
)


@given(RECORDS)
def test_what_was_said_comes_back_as_it_was(record: Record) -> None:
    assert repr(decode_record(json.loads(record_line(5, record)))) == repr(record)


@given(COMMANDS)
def test_commands_come_back_as_they_were_given(command: Command) -> None:
    now_us = 5 if isinstance(command, Setpoint) else command.t_us
    assert decode_command(json.loads(command_line(now_us, command))) == command


def bits(item: Input | None) -> str:
    """Tell -0.0 from 0.0, which compare equal."""
    return repr(item)


@given(st.lists(st.tuples(INSTANTS, INPUTS | st.none()), max_size=20))
def test_inputs_come_back_as_they_were(inputs: list[tuple[int, Input | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.jsonl")
        log = RunLogWriter(path, {"seed": 1})
        for now_us, item in inputs:
            if item is None:
                log.wake(now_us)
            else:
                log.input(now_us, item)
        log.close(ended="finished")
        read = list(controller_inputs(path))
    assert [(now_us, bits(item)) for now_us, item in read] == [
        (now_us, bits(item)) for now_us, item in inputs
    ]


def _refuse(constant: str) -> float:
    raise AssertionError(constant)


@given(st.lists(st.floats(), min_size=6, max_size=6))
def test_every_float_there_is_makes_a_line_of_strict_json(values: list[float]) -> None:
    line = input_line(5, Sample(1, 2, 3, 0, "foot_imu", tuple(values)))
    back = decode_input(json.loads(line, parse_constant=_refuse))
    assert isinstance(back, Sample)
    for there, here in zip(back.values, values, strict=True):
        assert there == here or (math.isnan(there) and math.isnan(here))


def test_floats_of_numpy_make_the_same_line_as_python_s() -> None:
    plain = (0.5, -9.81, 1e-9, 3.0, 4.0, 5.0)
    foreign = tuple(np.array(plain))
    assert isinstance(foreign[0], np.float64)
    lines = [input_line(5, Sample(1, 2, 3, 0, "foot_imu", each)) for each in (plain, foreign)]
    assert json.loads(lines[0]) == json.loads(lines[1])
