"""``export`` of a walk in which the program learnt: every stride of the log, in all formats."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from fes_ctrl.cli.export import command
from helpers.lab_files import open_c3d, open_mcap
from helpers.runs import kept_walk

SIDES = ("left", "right")


def exported(folder: Path, kind: str, out: Path, *options: str) -> Path:
    result = CliRunner().invoke(command, [str(folder), "--to", kind, *options, "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Walk with two legs that learn, from a share of a half."""
    options = ["detector.name=fused", "program.adaptive.learn=true", "program.adaptive.start=0.5"]
    settings = [word for option in options for word in ("--set", option)]
    folder = tmp_path_factory.mktemp("learning") / "walk"
    return kept_walk(folder, "both_legs", "--duration", "14", *settings)


@pytest.fixture(scope="module")
def told(kept: Path) -> list[dict[str, Any]]:
    """Return what the log has of learning."""
    lines = (kept / "log.jsonl").read_text().splitlines()
    found = [record for record in map(json.loads, lines) if record["kind"] == "adaptation"]
    assert {record["leg"] for record in found} == {0, 1}
    assert {record["verdict"] for record in found} >= {"learnt", "frozen"}
    assert len({record["share"] for record in found}) > 5
    assert any(record["mid_deg"] is None for record in found), "one was not measured"
    return found


COLUMNS = {
    "t_us": "t",
    "verdict": "verdict",
    "reason": "reason",
    "mid_deg": "mid_deg",
    "contact_deg": "contact_deg",
    "fall_deg_per_s": "fall_dps",
    "share": "share",
    "later_us": "later",
    "sooner_us": "sooner",
    "shorter_us": "shorter",
}
"""What the log calls each column."""


def row_of(record: dict[str, Any]) -> dict[str, Any]:
    named = {column: record[name] for column, name in COLUMNS.items()}
    return {**named, "leg": SIDES[record["leg"]]}


def known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and name != "stride"}


def test_mcap_has_what_was_learnt_of_each_stride(
    kept: Path, told: list[dict[str, Any]], tmp_path: Path
) -> None:
    reader = open_mcap(exported(kept, "mcap", tmp_path / "run.mcap").read_bytes())
    topics = {channel.topic: number for number, channel in reader.get_channels().items()}
    for leg, side in enumerate(SIDES):
        number = topics[f"/{side}/adaptations"]
        schema = reader.get_channel_schema(number)
        assert schema is not None
        assert (schema.name, schema.encoding) == ("fes_ctrl.adaptations", "jsonschema")
        meant = json.loads(schema.data)["properties"]
        assert meant["share"]["type"] == "number"
        assert meant["contact_deg"]["description"].endswith(", deg")
        found = list(reader.get_messages(number))
        rows = [json.loads(message.data) for message in found]
        assert all(row.keys() <= meant.keys() for row in rows)
        wanted = [known(row_of(record)) for record in told if record["leg"] == leg]
        assert [known(row) for row in rows] == wanted
        assert [message.log_time for message in found] == [1000 * row["t_us"] for row in rows]
    lines = [json.loads(each.data) for each in reader.get_messages(topics["/log"])]
    learning = [line["message"] for line in lines if line["name"] == "learning, left"]
    assert len(learning) == sum(record["leg"] == 0 for record in told)
    assert any(text.startswith("frozen: the level was changed; next share ") for text in learning)


def test_parquet_has_what_was_learnt_with_the_number_of_its_stride(
    kept: Path, told: list[dict[str, Any]], tmp_path: Path
) -> None:
    fastparquet = pytest.importorskip("fastparquet")
    folder = exported(kept, "parquet", tmp_path / "tables")
    tables = {
        name: fastparquet.ParquetFile(io.BytesIO((folder / f"{name}.parquet").read_bytes()))
        for name in ("adaptations", "strides")
    }
    learnt, strides = (tables[name].to_pandas() for name in ("adaptations", "strides"))
    rows = learnt.replace({np.nan: None}).to_dict("records")
    assert [known(row) for row in rows] == [known(row_of(record)) for record in told]
    # A record comes when the foot is flat, which is after the contact that ended its stride.
    both = learnt.merge(strides, on=["leg", "stride"], how="inner")
    assert len(both) > 0.9 * len(learnt)
    flat = both[both["mid_deg"].notna()]
    assert ((flat["t_us"] - flat["contact_us"]).between(0, 700_000)).all()
    for _, of_leg in flat.groupby("leg"):
        assert of_leg["stride"].is_unique


# An odd number of frames: where they end with a block of the file, its writer adds an empty one,
# which its reader warns of.
@pytest.mark.parametrize("options", [("--until", "13"), ("--from", "6", "--until", "9")])
def test_c3d_has_what_the_next_burst_gets_as_steps(
    kept: Path, told: list[dict[str, Any]], tmp_path: Path, options: tuple[str, ...]
) -> None:
    reader = open_c3d(exported(kept, "c3d", tmp_path / "run.c3d", *options).read_bytes())
    labels = [label.strip() for label in reader.analog_labels]
    units = [text.strip() for text in reader.get("ANALOG:UNITS").string_array]
    values = np.hstack([analog for _, _, analog in reader.read_frames()])
    first_us = int(reader.get("FES:FRAME_1_US").string_value)
    t_us = first_us + 10_000 * np.arange(values.shape[1])
    for leg, side in enumerate("LR"):
        of_leg = [record for record in told if record["leg"] == leg]
        lines = (("Share", "share", "", 1.0), ("Later", "later", "ms", 1e3))
        ends = (("Sooner", "sooner", "ms", 1e3), ("Shorter", "shorter", "ms", 1e3))
        for label, name, unit, scale in (*lines, *ends):
            place = labels.index(f"{side}Learnt.{label}")
            assert units[place] == unit
            start = 0.5 if label == "Share" else 0.0
            meant = np.full(len(t_us), start)
            for record in of_leg:
                meant[t_us >= record["t"]] = record[name] / scale
            assert values[place] == pytest.approx(meant, abs=1e-5), (side, label)
        assert len(set(values[labels.index(f"{side}Learnt.Share")])) > 1


def test_a_walk_without_learning_has_no_place_for_it(tmp_path: Path) -> None:
    folder = kept_walk(tmp_path / "walk", "standard", "--duration", "5")
    reader = open_mcap(exported(folder, "mcap", tmp_path / "run.mcap").read_bytes())
    assert not [each for each in reader.get_channels().values() if "adapt" in each.topic]
    lab = open_c3d(exported(folder, "c3d", tmp_path / "run.c3d").read_bytes())
    assert not [label for label in lab.analog_labels if "Learnt" in label]
    table = exported(folder, "parquet", tmp_path / "one.parquet", "--table", "adaptations")
    assert pytest.importorskip("fastparquet").ParquetFile(str(table)).count() == 0
