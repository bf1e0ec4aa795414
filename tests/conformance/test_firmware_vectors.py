"""The firmware in C says and does what the vectors of feslink say, frame by frame, step by step."""

import ctypes
import json
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import Table
from helpers.firmware import NEVER_US, Firmware, build, load

VECTORS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "feslink.json").read_text())
SERIAL = VECTORS["serial"].encode()


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return load(build("libfeslink.so", tmp_path_factory.mktemp("firmware")))


@pytest.mark.parametrize(
    "dialogue", VECTORS["dialogues"], ids=[dialogue["name"] for dialogue in VECTORS["dialogues"]]
)
def test_it_answers_and_gives_what_the_dialogue_says(
    lib: ctypes.CDLL, dialogue: dict[str, Any]
) -> None:
    table = Table(**{**VECTORS["table"], **dialogue["table"]})
    device = Firmware(lib, table, SERIAL, dialogue["boot_us"])
    for nonce in dialogue["nonces"]:
        device.offer(nonce)
    for step in dialogue["steps"]:
        if "in" in step:
            out = device.receive(step["t"], bytes.fromhex(step["in"]))
            assert out.hex() == step["out"], step
        else:
            device.tick(step["t"])
            if "ohm" in step:
                device.load(step["ohm"])
        wake_us = device.wake_us
        assert {
            "state": fm.STATE_NAMES[device.state],
            "fault": device.fault,
            "pulses": [
                [at_us, channel, [list(phase) for phase in points]]
                for at_us, channel, points in device.given()
            ],
            "wake": None if wake_us == NEVER_US else wake_us,
        } == {
            "state": step["state"],
            "fault": step["fault"],
            "pulses": step.get("pulses", []),
            "wake": step["wake"],
        }, step


@pytest.mark.parametrize(
    "stream", VECTORS["damaged"], ids=[stream["name"] for stream in VECTORS["damaged"]]
)
def test_it_takes_and_counts_of_a_damaged_stream_what_the_vectors_say(
    lib: ctypes.CDLL, stream: dict[str, Any]
) -> None:
    device = Firmware(lib, Table(**VECTORS["table"]), SERIAL)
    out = device.receive(60_000, bytes.fromhex(stream["wire"]) + feslink.encode(fm.AskStatus(1)))
    *answers, status = feslink.Decoder().feed(out)
    assert isinstance(status, fm.Status)
    assert status.damaged == stream["rejected"]
    asked = [message for message in stream["messages"] if _type_of(message) < fm.ANSWER]
    assert [answer.number for answer in answers] == [message.get("number", 0) for message in asked]
    for answer, message in zip(answers, asked, strict=True):
        assert answer.asked == (_type_of(message) if _is_whole(message) else fm.UNKNOWN)


def test_it_answers_each_frame_of_a_host_with_the_answer_of_its_type(lib: ctypes.CDLL) -> None:
    device = Firmware(lib, Table(**VECTORS["table"]), SERIAL)
    answered = 0
    for frame in VECTORS["frames"]:
        code = int(frame["message"]["type"], 16)
        answers = feslink.Decoder().feed(device.receive(60_000, bytes.fromhex(frame["wire"])))
        if code < fm.ANSWER:
            (answer,) = answers
            assert feslink.type_of(answer) == fm.ANSWER | code
            answered += 1
        else:
            assert not answers
    assert answered >= 10


def _type_of(message: dict[str, Any]) -> int:
    code = message["type"]
    return code if isinstance(code, int) else int(code, 16)


def _is_whole(message: dict[str, Any]) -> bool:
    code = _type_of(message)
    if code == fm.STOP:
        return "number" not in message
    return {field.name for field in fm.LAYOUTS.get(code, fm.LAYOUTS[fm.SETPOINT])} <= set(message)
