"""An editor is told every key, its bounds and its meaning, and that there is no other."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.config.schema import described, schema_of
from fes_ctrl.stim.config import ProgramConfig
from hil.scenarios import SECTIONS


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for inner in node.values():
            yield from objects(inner)


def test_bounds_choices_defaults_and_meaning_are_told() -> None:
    program = schema_of({"program": ProgramConfig}, "x")["$defs"]["ProgramConfig"]["properties"]
    delay = program["delay_ms"]
    assert (delay["minimum"], delay["maximum"], delay["default"]) == (0, 2000, 0)
    assert delay["description"] == "From the trigger to the first pulse."
    assert program["standing"]["enum"] == ["inhibit", "stimulate"]
    assert (program["channel"]["minItems"], program["channel"]["maxItems"]) == (1, 8)


def test_what_may_be_left_out_is_no_null() -> None:
    channel = schema_of({"program": ProgramConfig}, "x")["$defs"]["ChannelConfig"]["properties"]
    assert channel["current_mA"]["type"] == "number"
    assert channel["current_mA"]["exclusiveMinimum"] == 0
    assert "default" not in channel["current_mA"]


def test_no_other_key_is_allowed_anywhere() -> None:
    found = list(objects(schema_of(SECTIONS, "x")))
    assert len(found) > len(SECTIONS)
    assert all(node["additionalProperties"] is False for node in found)


def test_every_section_has_its_meaning() -> None:
    for node in schema_of(SECTIONS, "x")["$defs"].values():
        assert node["description"].endswith(".")
        assert "----" not in node["description"]


@pytest.mark.parametrize("part", ["program", "setup", "patient", "stimulator", "limits"])
def test_the_schema_knows_every_key_of_the_shipped_files(root: Path, part: str) -> None:
    schema = schema_of({part: SECTIONS[part]}, "x")

    def holds(node: dict[str, Any], value: object) -> None:
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        if isinstance(value, dict):
            for key, inner in value.items():
                holds(node["properties"][key], inner)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                holds(node["items"], item)

    files = list((root / "configs").glob(f"{part}*/*.toml"))
    assert files
    for file in files:
        holds(schema, tomllib.loads(file.read_text()))


def test_attributes_that_share_a_line_share_its_meaning() -> None:
    doc = """First line.

    More.

    Attributes
    ----------
    on_N, off_N : float
        Force above which
        it is loaded.
    side : str
        Which.
    """
    assert described(doc) == (
        "First line.",
        {
            "on_N": "Force above which it is loaded.",
            "off_N": "Force above which it is loaded.",
            "side": "Which.",
        },
    )
