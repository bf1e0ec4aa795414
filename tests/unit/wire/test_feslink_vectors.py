"""The vectors of feslink that every implementation is held to, and the page that explains them."""

import json
import re
import sys
from pathlib import Path

import pytest

from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import Table
from firmware_sim.devices.feslink_core import FeslinkCore

ROOT = Path(__file__).resolve().parents[3]
VECTORS = json.loads((ROOT / "tests/vectors/feslink.json").read_text())
PAGE = (ROOT / "docs/reference/feslink.md").read_text()
BY_TYPE = {
    "6a": fm.Setpoint,
    "59": fm.Keep,
    "47": fm.Arm,
    "33": fm.Clear,
    "2d": fm.Offer,
    "1e": fm.AskStatus,
    "74": fm.Stop,
    "0b": fm.Identify,
    "15": fm.AskCapabilities,
    "26": fm.AskLimits,
    "8b": fm.Identity,
    "95": fm.DeviceCapabilities,
    "a6": fm.DeviceLimits,
    "ad": fm.Offered,
    "ea": fm.Account,
    "d9": fm.Account,
}


def message_of(said: dict[str, int | str]) -> fm.Message:
    fields = {name: value for name, value in said.items() if name != "type"}
    return BY_TYPE.get(said["type"], fm.Status)(**fields)


@pytest.mark.parametrize("row", VECTORS["frames"], ids=lambda row: row["wire"])
def test_each_frame_says_what_the_file_says(row: dict) -> None:
    message = message_of(row["message"])
    assert feslink.encode(message).hex() == row["wire"]
    decoder = feslink.Decoder()
    assert decoder.feed(bytes.fromhex(row["wire"])) == [message]
    assert decoder.rejected == 0


def test_every_message_has_a_vector() -> None:
    seen = {int(row["message"]["type"], 16) for row in VECTORS["frames"]}
    assert seen == {*fm.LAYOUTS, fm.STOP}


@pytest.mark.parametrize("row", VECTORS["damaged"], ids=lambda row: row["name"])
def test_of_each_damaged_stream_only_whole_frames_come_out(row: dict) -> None:
    decoder = feslink.Decoder()
    found = decoder.feed(bytes.fromhex(row["wire"]))
    assert [f"{feslink.type_of(message):02x}" for message in found] == [
        said["type"] for said in row["messages"]
    ]
    for message, said in zip(found, row["messages"], strict=True):
        expected = {name: value for name, value in said.items() if name != "type"}
        if not isinstance(message, fm.Unknown):
            assert message._asdict() == expected
    assert decoder.rejected == row["rejected"]


@pytest.mark.parametrize("size", [10_000, 1, 7])
@pytest.mark.parametrize("row", VECTORS["dialogues"], ids=lambda row: row["name"])
def test_the_device_says_and_gives_what_the_dialogue_says(row: dict, size: int) -> None:
    table = Table(**VECTORS["table"])._replace(**row["table"])
    nonces = list(row["nonces"])
    given = []
    load = {"ohm": 1000}

    def give(at_us: int, channel: int, points: tuple[tuple[int, int], ...]) -> int:
        given.append([at_us, channel, [list(point) for point in points]])
        return load["ohm"]

    core = FeslinkCore(
        table, VECTORS["serial"].encode(), lambda: nonces.pop(0), give, row["boot_us"]
    )
    for step in row["steps"]:
        out = b""
        if "in" in step:
            data = bytes.fromhex(step["in"])
            for place in range(0, max(1, len(data)), size):
                out += core.receive(step["t"], data[place : place + size])
        else:
            core.tick(step["t"])
            load["ohm"] = step.get("ohm", load["ohm"])
        assert out.hex() == step.get("out", ""), step
        assert fm.STATE_NAMES[core.state] == step["state"], step
        assert core.fault == step["fault"], step
        assert core.wake_us == step["wake"] or (core.wake_us >= NEVER_US and step["wake"] is None)
        assert given == step.get("pulses", []), step
        given.clear()
    assert nonces == []


def test_the_dialogues_show_every_refusal_and_every_fault_of_the_reference() -> None:
    results, faults = set(), set()
    for row in VECTORS["dialogues"]:
        for step in row["steps"]:
            faults.add(step["fault"])
            for answer in feslink.Decoder().feed(bytes.fromhex(step.get("out", ""))):
                results.add(answer.result)
    assert results == set(range(len(fm.RESULT_NAMES)))
    # 16 to 19 are of real outputs, timers, memories and buttons.
    assert faults == set(range(fm.FAULT_COMPLIANCE + 1))


def test_the_file_is_what_its_tool_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import feslink_vectors

    try:
        assert (ROOT / "tests/vectors/feslink.json").read_text() == feslink_vectors.text()
    finally:
        for name in ("feslink_vectors", "feslink_dialogues", "feslink_dialogue"):
            sys.modules.pop(name, None)


def test_the_page_shows_the_stop_and_an_exchange_that_really_takes_place() -> None:
    assert feslink.STOP_BYTES.hex(" ").upper() in PAGE
    (walk_through,) = [row for row in VECTORS["dialogues"] if row["name"] == "walk-through"]
    steps = [step for step in walk_through["steps"] if "in" in step]
    sent = re.findall(r"^ *[\d.]+ (?:ms)? *> ([0-9a-f]+)", PAGE, re.MULTILINE)
    assert sent == [step["in"] for step in steps]
    answers = re.findall(r"^ +< ([0-9a-f]+)", PAGE, re.MULTILINE)
    for answer, step in zip(answers, steps, strict=True):
        assert step["out"] in {answer, answer * 2}


def test_the_page_gives_each_message_its_fields_and_length() -> None:
    for code, fields in fm.LAYOUTS.items():
        (row,) = [line for line in PAGE.splitlines() if re.match(rf"\| .*`{code:02X}`", line)]
        own = fields if code < fm.ANSWER else fields[5:]
        told = [(name, int(size)) for name, size in re.findall(r"`([a-z_0-9]+)` (\d)\b", row)]
        named = [(field.name, field.size) for field in own]
        # Fields of one size may share it: `a`, `b` and so on are in the row in any case.
        assert [name for name, _ in told] == [name for name, _ in named], row
        assert [size for _, size in told] == [size for _, size in named], row
        assert f"| {1 + sum(field.size for field in fields)} |" in row


def test_the_page_names_every_result_and_every_fault() -> None:
    results, faults = PAGE.split("### Faults")
    for number in range(len(fm.RESULT_NAMES)):
        assert f"\n| {number} | " in results.split("### Results")[1]
    for number in range(len(fm.FAULT_NAMES)):
        assert f"\n| {number} | " in faults
