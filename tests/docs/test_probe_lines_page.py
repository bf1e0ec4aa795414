"""The page of the probe's lines says what the code says."""

import re
from pathlib import Path

import pytest

from fes_ctrl.wire import probe_lines as lines
from fes_ctrl.wire.lines import LONGEST_LINE
from firmware_sim.probe import EDGES
from hil.probe.opening import IDENTIFY_S
from hil.probe.probe import SILENT_US

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "probe-lines.md").read_text(encoding="utf-8")
SKETCH = (ROOT / "firmware" / "probe" / "probe.ino").read_text(encoding="utf-8")
LINE = re.compile(r"^\| [^|]+ \| (probe|host) \| `(\w+)`([^|]*) \| `([^`]+)` \|$", re.MULTILINE)
RANGE = re.compile(r"^\| ([a-z_, ]+) \| (-?\d+) to (\d+) \|", re.MULTILINE)

KINDS = {
    "probe": (
        lines.ProbeIdentity,
        lines.PulseSeen,
        lines.EdgePlayed,
        lines.Alive,
        lines.ClockRead,
    ),
    "host": (lines.Identify, lines.ReadClock, lines.PlayEdge, lines.PlayEdge),
}
ROWS = LINE.findall(PAGE)
NAMES_OF = {"points": "phases"}


def heard(sender: str, example: str) -> lines.FromProbe | lines.ToProbe:
    reader = lines.ProbeDecoder() if sender == "probe" else lines.HostDecoder()
    (message,) = reader.feed(example.encode() + b"\n")
    return message


def test_the_table_has_every_line_and_nothing_else() -> None:
    found = {
        sender: tuple(type(heard(sender, row[3])) for row in ROWS if row[0] == sender)
        for sender in KINDS
    }
    assert found == KINDS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[3])
def test_an_example_is_what_the_code_writes_with_the_fields_of_its_row(
    row: tuple[str, str, str, str],
) -> None:
    sender, word, fields, example = row
    message = heard(sender, example)
    assert lines.encode(message) == example.encode() + b"\n"
    assert example.startswith(word)
    named = [name.strip() for name in fields.split(",") if name.strip()]
    of_code = [NAMES_OF.get(name, name) for name in message._fields]
    if isinstance(message, lines.PlayEdge) and message.at_us is None:
        of_code.remove("at_us")
    assert named == of_code


def at(field: str, value: int) -> list[lines.FromProbe]:
    """Return what is understood of a line in which one field has a value."""
    identity = dict(
        zip(
            lines.ProbeIdentity._fields,
            ["1", "a", "1", "1000", "100", "4", "120000", "200", "500"],
            strict=True,
        )
    )
    alive = {"t_us": "1", "pulses": "4294967295", "unrecorded": "0", "refused": "0"}
    pulse = {"number": "1", "t_us": "1", "channel": "0", "duration_us": "1", "current_ua": "1"}
    edge = {"t_us": "1", "loaded": "1"}
    clock = {"token": "1", "t_us": "1"}
    bodies = [("probe", identity), ("alive", alive), ("pulse", pulse), ("edge", edge)]
    word, row = next((w, r) for w, r in [*bodies, ("clock", clock)] if field in r)
    fields = [*(row | {field: str(value)}).values()]
    if word == "pulse":
        fields = [*fields[:3], "/".join(fields[3:])]
    return lines.ProbeDecoder().feed(lines.seal(",".join([word, *fields]).encode()))


RANGES = [
    (name, int(low), int(high))
    for names, low, high in RANGE.findall(PAGE)
    for name in names.split(", ")
    if name != "at_us"
]


def test_every_number_has_its_range() -> None:
    numbers = {name for kind in KINDS["probe"] for name in kind._fields}
    numbers = numbers - {"name", "firmware", "points"} | {"duration_us", "current_ua"}
    assert {name for name, *_ in RANGES} == numbers


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_a_range_is_the_code_s(name: str, low: int, high: int) -> None:
    assert at(name, low)
    assert at(name, high)
    assert not at(name, low - 1)
    assert not at(name, high + 1)


def test_figures_of_the_page_are_those_of_the_code() -> None:
    assert f"more than {LONGEST_LINE} bytes" in PAGE
    assert f"1 to {lines.PHASES_MAX} times duration_us/current_ua" in PAGE
    assert f"at least every {lines.ALIVE_EVERY_US // 1000} ms" in PAGE
    assert f"said nothing for {SILENT_US // 1000} ms" in PAGE
    assert f"within {IDENTIFY_S:g} s" in PAGE
    assert f"of these lines: {lines.VERSION};" in PAGE
    assert EDGES == 8, "as the sketch"


def test_figures_of_the_sketch_are_those_of_its_table() -> None:
    figure = {
        name: int(value)
        for name, value in re.findall(r"static const u?int\w+ (\w+) = (\d+);", SKETCH)
    }
    held = {
        name: int(value) for name, value in re.findall(r"(PHASES|RECORDS|EDGES) = (\d+)", SKETCH)
    }
    assert (
        f"steps of {figure['STEP_UA'] / 1e3:g} mA up to {figure['CEILING_UA'] / 1e3:g} mA" in PAGE
    )
    assert f"| floor | {figure['FLOOR_UA'] / 1e3:g} mA |" in PAGE
    assert f"| instants | {figure['STEP_US']} µs" in PAGE
    assert f"{figure['CLOCK_PPM']} ppm stated" in PAGE
    assert f"| end of a pulse | {figure['QUIET_US'] / 1e3:g} ms without current" in PAGE
    assert f"is {figure['UA_A_COUNT']} µA" in PAGE
    assert held == {"PHASES": 8, "RECORDS": 8, "EDGES": 8}
    unsure_uc = 2 * (figure["STEP_US"] * 43 + figure["STEP_UA"] * 0.3) / 1e3
    assert f"{unsure_uc:.1f} µC at 43 mA, 300 µs" in PAGE
