"""``export``: what other libraries read back is what the run log says, to the microsecond."""

import io
import itertools
import json
import shutil
import struct
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner, Result

from fes_ctrl.analysis.run import read_run
from fes_ctrl.cli.export import command
from fes_ctrl.cli.walk import command as walk
from fes_ctrl.export.tables import TABLES
from fes_ctrl.model import FOOT_IMU, RIGHT
from helpers.here import fes_ctrl_here
from helpers.lab_files import open_c3d, open_mcap

DROPPED_S = (4.0, 5.0)


def export(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two legs with heel switch and foot IMU; no reading for a second; the cable is pulled."""
    folder = tmp_path_factory.mktemp("export") / "walk"
    options = ["--set", "detector.name=fused", "--duration", "9"]
    faults = ["--inject", f"sensor_dropout@{DROPPED_S[0]}", "--inject", "cable_pulled@8"]
    done = CliRunner().invoke(
        walk, ["both_legs", *options, *faults, "--out", str(folder), "--json"]
    )
    assert done.exit_code in {0, 1}, done.output
    return folder


@pytest.fixture(scope="module")
def log(kept: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the lines of the run log, by kind."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (kept / "log.jsonl").read_text().splitlines():
        record = json.loads(line)
        found[record["kind"]].append(record)
    assert len(found["setpoint"]) > 150
    assert len(found["event"]) > 30
    assert found["fault"]
    return found


SIDES = ("left", "right")


def setpoint_of(record: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(record[key] for key in ("at", "channel", "uA", "us", "expires"))


# -- MCAP ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mcap(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("mcap") / "run.mcap"
    result = export(kept, "--to", "mcap", "--out", out)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"written {out}: ")
    return out.read_bytes()


Message = tuple[Any, Any, Any, dict[str, Any]]


def messages(data: bytes) -> Iterator[Message]:
    """Yield all messages in the order of the file, each with its schema and channel."""
    reader = open_mcap(data)
    for message in reader.get_messages(in_log_time_order=False):
        schema, channel = reader.get_message_schema(message), reader.get_channel(message.channel_id)
        yield schema, channel, message, json.loads(message.data)


def metadata(data: bytes) -> dict[str, dict[str, str]]:
    return {record.name: record.metadata for record in open_mcap(data).get_metadata()}


def test_mcap_has_every_setpoint_and_event_of_the_log(
    mcap: bytes, log: dict[str, list[dict[str, Any]]]
) -> None:
    pulses: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    events: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for _, channel, message, told in messages(mcap):
        side = channel.topic.split("/")[1]
        if channel.topic.endswith("/setpoints"):
            assert f"/channel_{told['channel']}/" in channel.topic
            assert message.log_time == message.publish_time == told["at_us"] * 1000
            fields = ("at_us", "channel", "current_uA", "width_us", "expires_us")
            pulses[side].append(tuple(told[field] for field in fields))
        elif channel.topic.endswith("/events"):
            assert message.publish_time == told["t_event_us"] * 1000
            assert message.log_time == told["t_emit_us"] * 1000
            fields = ("t_event_us", "t_emit_us", "event", "confidence")
            events[side].append(tuple(told[field] for field in fields))
    for leg, side in enumerate(SIDES):
        of_leg = [setpoint_of(each) for each in log["setpoint"] if each["leg"] == leg]
        assert pulses[side] == sorted(of_leg)
        fields = ("t_event", "t_emit", "event", "confidence")
        told = [tuple(e[field] for field in fields) for e in log["event"] if e["leg"] == leg]
        assert sorted(events[side]) == sorted(told)


def test_index_and_statistics_of_mcap_lead_to_what_the_log_has(
    mcap: bytes, log: dict[str, list[dict[str, Any]]]
) -> None:
    reader = open_mcap(mcap)
    topics = {channel.topic: number for number, channel in reader.get_channels().items()}
    statistics = reader.get_statistics()
    counts = statistics.channel_message_counts
    assert statistics.message_count == sum(counts.values())
    assert counts[topics["/frames"]] == len(log["frame"])
    assert counts[topics["/states"]] == len(log["state"])
    for leg, side in enumerate(SIDES):
        for sensor in ("heel_switch", "foot_imu"):
            read = [e for e in log["sample"] if (e["leg"], e["sensor"]) == (leg, sensor)]
            assert counts[topics[f"/{side}/{sensor}"]] == len(read)
    for number, place in ((0, "/right/channel_0"), (4, "/left/channel_4")):
        pulses = [each for each in log["setpoint"] if each["channel"] == number]
        topic = topics[f"{place}/setpoints"]
        assert counts[topic] == len(pulses)
        for pulse in pulses[::20]:
            message = reader.get_message(topic, pulse["at"] * 1000)
            assert message is not None
            told = json.loads(message.data)
            assert (told["current_uA"], told["width_us"]) == (pulse["uA"], pulse["us"])
    assert reader.get_footer().summary_crc != 0, "what is read was checked"
    chunks = [reader.get_chunk(each) for each in reader.get_chunk_indexes()]
    assert len(chunks) == statistics.chunk_count > 1
    assert all(chunk.uncompressed_crc != 0 for chunk in chunks)


def test_every_message_is_as_its_schema_says_and_in_order(mcap: bytes) -> None:
    validators: dict[str, Any] = {}
    times: list[int] = []
    for schema, channel, message, told in messages(mcap):
        assert (schema.encoding, channel.message_encoding) == ("jsonschema", "json")
        if schema.name not in validators:
            meant = json.loads(schema.data)
            assert meant["type"] == "object"
            validators[schema.name] = jsonschema.Draft202012Validator(meant)
        validators[schema.name].validate(told)
        times.append(message.log_time)
    assert times == sorted(times)
    assert "foxglove.Log" in validators
    assert len(validators) >= 15


def test_a_plot_of_the_envelope_comes_back_to_zero_after_every_burst(mcap: bytes) -> None:
    currents: dict[str, list[float]] = defaultdict(list)
    bursts: dict[str, int] = defaultdict(int)
    for _, channel, _, told in messages(mcap):
        place = channel.topic.rpartition("/")[0]
        if channel.topic.endswith("/envelope"):
            currents[place].append(told["current_mA"])
        elif channel.topic.endswith("/bursts"):
            bursts[place] += told["pulses"] > 0
    assert sorted(currents) == ["/left/channel_4", "/right/channel_0"]
    for place, line in currents.items():
        assert line[-1] == 0
        assert line.count(0) == bursts[place]


def test_mcap_says_what_was_simulated_and_how_it_was_set(mcap: bytes, kept: Path) -> None:
    told = metadata(mcap)
    header = json.loads((kept / "log.jsonl").read_text().partition("\n")[0])
    run = told["fes_ctrl.run"]
    assert run["simulated"] == "patient, stimulator sim+p24"
    assert run["config_sha256"] == header["config_sha256"]
    assert run["seed"] == str(header["seed"])
    assert run["shifted_by_us"] == "0"
    assert told["fes_ctrl.config"]["control.program.rise_ms"] == "200.0"
    assert told["fes_ctrl.config"]["control.program.channel[0].pulse_width_us"] == "300"
    attached = open_mcap(mcap, check=False).get_attachments()
    files = {each.name: json.loads(each.data) for each in attached}
    assert files["summary.json"] == json.loads((kept / "summary.json").read_text())


def test_the_bytes_of_an_mcap_file_are_those_of_its_specification(mcap: bytes) -> None:
    magic = b"\x89MCAP0\r\n"
    assert mcap[:8] == mcap[-8:] == magic
    opcode, length = struct.unpack_from("<BQ", mcap, 8)
    assert opcode == 0x01, "the header is first"
    profile, library = 17, 21
    assert mcap[profile : profile + 4] == b"\0\0\0\0"
    (size,) = struct.unpack_from("<I", mcap, library)
    assert mcap[library + 4 : library + 4 + size].startswith(b"fes-ctrl ")
    assert length == 8 + size
    footer = len(mcap) - 8 - 9 - 20
    opcode, length, summary_start, offsets_start = struct.unpack_from("<BQQQ", mcap, footer)
    assert (opcode, length) == (0x02, 20)
    assert mcap[summary_start] == 0x03, "the summary begins with the schemas"
    assert mcap[offsets_start] == 0x0E, "and ends with offsets"
    kinds = set()
    at = 8
    while at < footer:
        opcode, length = struct.unpack_from("<BQ", mcap, at)
        kinds.add(opcode)
        at += 9 + length
        if opcode == 0x09:
            (checksum,) = struct.unpack_from("<I", mcap, at - 4)
            assert checksum == zlib.crc32(mcap[at - length : at - 4]), "of all before it"
    assert at == footer
    assert {0x01, 0x06, 0x07, 0x08, 0x09, 0x0B, 0x0C, 0x0F} <= kinds


# -- Parquet ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parquet(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("parquet") / "tables"
    for _ in range(2):  # the second time it takes the place of the first
        result = export(kept, "--to", "parquet", "--out", out)
        assert result.exit_code == 0, result.output
    assert {file.name for file in out.iterdir()} == {f"{table.name}.parquet" for table in TABLES}
    assert [each.name for each in out.parent.iterdir()] == ["tables"]
    return out


def frame(file: Path) -> Any:
    """Return a table as a library that is not Arrow reads it."""
    return pytest.importorskip("fastparquet").ParquetFile(io.BytesIO(file.read_bytes())).to_pandas()


def test_parquet_has_every_setpoint_and_event_of_the_log(
    parquet: Path, log: dict[str, list[dict[str, Any]]]
) -> None:
    pulses = frame(parquet / "setpoints.parquet")
    columns = ["at_us", "channel", "current_uA", "width_us", "expires_us"]
    rows = [tuple(row) for row in pulses[columns].itertuples(index=False)]
    assert rows == [setpoint_of(each) for each in log["setpoint"]]
    assert [SIDES.index(leg) for leg in pulses["leg"]] == [each["leg"] for each in log["setpoint"]]
    written = {(each["at"], each["leg"], each["channel"]): each["now"] for each in log["written"]}
    for record, now_us in zip(log["setpoint"], pulses["written_us"], strict=True):
        key = record["at"], record["leg"], record["channel"]
        assert written.get(key) == (None if np.isnan(now_us) else now_us)
    events = frame(parquet / "events.parquet")
    told = sorted((e["t_emit"], e["t_event"], SIDES[e["leg"]], e["event"]) for e in log["event"])
    columns = ["t_emit_us", "t_event_us", "leg", "event"]
    assert sorted(tuple(row) for row in events[columns].itertuples(index=False)) == told


def test_parquet_has_every_reading_of_the_log(
    parquet: Path, log: dict[str, list[dict[str, Any]]]
) -> None:
    samples = frame(parquet / "samples.parquet")
    assert len(samples) == len(log["sample"])
    imu = samples[(samples["leg"] == "left") & (samples["sensor"] == "foot_imu")]
    told = [e for e in log["sample"] if (e["leg"], e["sensor"]) == (0, "foot_imu")]
    assert imu["t_meas_us"].tolist() == [each["meas"] for each in told]
    names = [*(f"acc_{a}_m_per_s2" for a in "xyz"), *(f"gyr_{a}_deg_per_s" for a in "xyz")]
    assert imu[names].to_numpy().tolist() == [each["values"] for each in told]
    assert imu["heel"].isna().all()


def test_columns_and_files_say_unit_meaning_and_origin(parquet: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    for table in TABLES:
        schema = pq.read_schema(parquet / f"{table.name}.parquet")
        assert schema.names == [field.name for field in table.fields]
        for field in schema:
            assert field.metadata[b"description"]
        assert schema.metadata[b"fes_ctrl.simulated"] == b"patient, stimulator sim+p24"
        config = json.loads(schema.metadata[b"fes_ctrl.config"])
        assert config["control"]["detector"]["name"] == "fused"
    pulses = pq.read_schema(parquet / "setpoints.parquet")
    units = {name: pulses.field(name).metadata[b"unit"] for name in pulses.names}
    assert units["at_us"] == b"us"
    assert units["current_uA"] == b"uA"
    assert units["charge_per_phase_uC"] == b"uC"
    assert units["leg"] == b""


def test_strides_and_bursts_are_those_of_the_walk(parquet: Path, kept: Path) -> None:
    run = read_run(kept)
    strides, bursts = frame(parquet / "strides.parquet"), frame(parquet / "bursts.parquet")
    assert set(strides["source"]) == {"truth"}
    swings = [swing for leg in sorted(run.walk.legs, key=lambda e: e.leg) for swing in leg.swings]
    assert strides["clearance_mm"].tolist() == [swing.clearance_mm for swing in swings]
    assert strides["slap"].tolist() == [swing.slap for swing in swings]
    assert bursts["pulses"].sum() == len(run.setpoints)
    charge = sum(abs(each.current_ua) * each.width_us for each in run.setpoints) / 1e6
    assert bursts["charge_uC"].sum() == pytest.approx(charge)


def test_one_table_alone(kept: Path, tmp_path: Path, log: dict[str, list[dict[str, Any]]]) -> None:
    out = tmp_path / "faults.parquet"
    result = export(kept, "--to", "parquet", "--table", "faults", "--out", out, "--json")
    told = json.loads(result.stdout)
    assert [(Path(each["path"]), each["rows"]) for each in told["files"]] == [
        (out, len(log["fault"]))
    ]
    assert frame(out)["fault"].tolist() == [each["id"] for each in log["fault"]]


# -- C3D ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("c3d") / "run.c3d"
    result = export(kept, "--to", "c3d", "--out", out)
    assert result.exit_code == 0, result.output
    return out.read_bytes()


@pytest.fixture(scope="module")
def frames(lab: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return analog channels, points and residuals by label."""
    reader = open_c3d(lab)
    read = list(reader.read_frames())
    signals = np.hstack([analog for _, _, analog in read])
    points = np.stack([point for _, point, _ in read])
    names = [label.strip() for label in reader.analog_labels]
    places = [label.strip() for label in reader.point_labels]
    return (
        dict(zip(names, signals, strict=True)),
        {name: points[:, number, 0] for number, name in enumerate(places)},
        {name: points[:, number, 3] for number, name in enumerate(places)},
    )


def test_the_header_of_a_c3d_file_is_as_the_format_has_it(lab: bytes) -> None:
    words = struct.unpack_from("<BBHHHHHfHHf", lab)
    parameters, key, points, analog, first, last, _, scale, start, per_frame, rate = words
    assert (parameters, key) == (2, 0x50)
    assert (points, analog) == (8, 2 * (2 + 7 + 2 + 2))
    assert (first, per_frame, rate) == (1, 1, 100.0)
    assert scale < 0, "numbers are floats"
    assert lab[512 + 3] == 84, "of a processor that has the low byte first"
    assert len(lab) >= (start - 1) * 512 + (last - first + 1) * 4 * (4 * points + analog)


def test_readings_on_the_grid_are_the_sensors_own_and_gaps_are_marked(
    kept: Path, frames: tuple[dict[str, Any], ...]
) -> None:
    run = read_run(kept)
    signals = frames[0]
    readings = {sample.t_meas_us: sample for sample in run.samples[RIGHT, FOOT_IMU]}
    checked = 0
    for number, valid in enumerate(signals["RFootIMU.OK"]):
        sample = readings.get(number * 10_000)
        assert valid == (sample is not None), number
        row = [signals[f"RFootIMU.{axis}"][number] for axis in ("AccX", "AccZ", "GyrY")]
        if sample is None:
            assert row == [0, 0, 0]
        else:
            told = [sample.values[0], sample.values[2], sample.values[4]]
            assert row == pytest.approx(told, rel=1e-6, abs=1e-6)
            checked += 1
    assert checked > 750
    begin, end = (round(s * 100) for s in DROPPED_S)
    assert not signals["RFootIMU.OK"][begin + 1 : end - 1].any()


def test_the_current_on_the_grid_is_that_of_the_latest_pulse(
    frames: tuple[dict[str, Any], ...], log: dict[str, list[dict[str, Any]]]
) -> None:
    line = frames[0]["RStim0.Current"]
    pulses = [e for e in log["setpoint"] if (e["leg"], e["channel"]) == (1, 0)]
    assert pulses
    for one, other in itertools.pairwise(pulses):
        at = -(-one["at"] // 10_000)  # the first instant of the grid that is not before it
        if at * 10_000 < other["at"]:
            assert line[at] == pytest.approx(one["uA"] / 1e3)
    assert (line == 0).sum() > 300


def test_the_simulated_ankle_is_an_angle_with_the_events_of_a_gait_laboratory(
    kept: Path, lab: bytes, frames: tuple[dict[str, Any], ...]
) -> None:
    run, reader = read_run(kept), open_c3d(lab)
    assert run.truth is not None
    true = run.truth.of(RIGHT)
    assert true is not None
    _, points, residuals = frames
    there = (true.t_us // 10_000)[true.t_us % 10_000 == 0]
    there = there[there < len(points["RAnkleAngles"])]
    found = points["RAnkleAngles"][there]
    assert found == pytest.approx(true.series["ankle_deg"][: len(there)], abs=1e-4)
    assert residuals["RAnkleAngles"][0] == -1, "nothing is known of the first instant"
    assert (residuals["RAnkleAngles"][there] == 0).all()
    angles = [label.strip() for label in reader.get("POINT:ANGLES").string_array]
    assert "RAnkleAngles" in angles
    assert "RToeHeight" not in angles
    events = {
        (context.strip(), label.strip(), round(60e6 * minute + 1e6 * second))
        for context, label, (minute, second) in zip(
            reader.get("EVENT:CONTEXTS").string_array,
            reader.get("EVENT:LABELS").string_array,
            reader.get("EVENT:TIMES").float_array.astype(float),
            strict=True,
        )
    }
    strikes = sorted(
        t for context, label, t in events if (context, label) == ("Left", "Foot Strike")
    )
    told = [e.t_event_us for leg in run.walk.legs if leg.leg == 0 for e in leg.detected]
    kinds = [e.kind for leg in run.walk.legs if leg.leg == 0 for e in leg.detected]
    wanted = sorted(t for t, kind in zip(told, kinds, strict=True) if kind == "ic")
    assert len(strikes) == len(wanted) > 3
    assert strikes == pytest.approx(wanted, abs=2)
    assert any((context, label) == ("General", "Stim On") for context, label, _ in events)
    assert any((context, label) == ("General", "Fault") for context, label, _ in events)


def test_true_events_instead_of_detected_ones(kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "true.c3d"
    assert export(kept, "--to", "c3d", "--events", "truth", "--out", out).exit_code == 0
    reader = open_c3d(out.read_bytes())
    labels = [label.strip() for label in reader.get("EVENT:LABELS").string_array]
    run = read_run(kept)
    assert run.truth is not None
    true = [event.kind for leg in run.truth.legs for event in leg.events]
    assert labels.count("Foot Strike") == true.count("ic")
    assert labels.count("Foot Off") == true.count("tc")


# -- other runs ---------------------------------------------------------------------------------


def test_a_killed_run_is_exported_as_far_as_it_came(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    text = (kept / "log.jsonl").read_bytes()
    (folder / "log.jsonl").write_bytes(text[: len(text) // 2])
    for kind in ("mcap", "parquet", "c3d"):
        result = export(folder, "--to", kind)
        assert result.exit_code == 0
        assert "the run was killed; what the log holds is exported" in result.stderr
    assert {file.name for file in folder.iterdir()} == {
        *("log.jsonl", "run.mcap", "parquet", "run.c3d")
    }
    told = metadata((folder / "run.mcap").read_bytes())
    assert told["fes_ctrl.run"]["ended"] == "killed"
    strides = frame(folder / "parquet" / "strides.parquet")
    assert set(strides["source"]) == {"detected"}
    assert strides["clearance_mm"].isna().all()
    assert len(frame(folder / "parquet" / "truth.parquet")) == 0
    reader = open_c3d((folder / "run.c3d").read_bytes())
    assert reader.point_used == 0
    result = export(folder, "--to", "c3d", "--events", "truth")
    assert result.exit_code == 2
    assert "has no simulated patient; leave it out" in result.stderr


def test_of_a_cut_log_it_is_told_that_it_is_cut(kept: Path, tmp_path: Path) -> None:
    log = (kept / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(log[: len(log) // 2])
    (tmp_path / "summary.json").write_bytes((kept / "summary.json").read_bytes())
    result = export(tmp_path, "--to", "mcap")
    assert result.exit_code == 0
    assert result.stderr == "its log is cut; what the log holds is exported\n"
    assert metadata((tmp_path / "run.mcap").read_bytes())["fes_ctrl.run"]["ended"] == "log cut"
    assert export(kept, "--to", "mcap", "--out", str(tmp_path / "whole.mcap")).stderr == ""


def test_a_replay_says_that_no_pulse_was_given(kept: Path, tmp_path: Path) -> None:
    samples = read_run(kept).samples[RIGHT, "heel_switch"]
    rows = [f"{each.t_meas_us / 1e6:.6f},{each.values[0]:g}" for each in samples]
    recording = tmp_path / "walk.csv"
    recording.write_text("\n".join(["t_s,right.heel", *rows]) + "\n")
    folder = tmp_path / "replay"
    done = fes_ctrl_here("replay", str(recording), "--out", str(folder))
    assert done.returncode in {0, 1}, done.stderr
    assert export(folder, "--to", "mcap").exit_code == 0
    told = metadata((folder / "run.mcap").read_bytes())
    assert told["fes_ctrl.run"]["simulated"] == "stimulator paper+p24 (no pulse was given)"
    assert told["fes_ctrl.run"]["recording"] == "walk.csv"


def test_instants_before_the_start_are_shifted_and_it_says_by_how_much(
    kept: Path, tmp_path: Path
) -> None:
    lines = (kept / "log.jsonl").read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if '"kind":"sample"' in line)
    early = json.loads(lines[first])
    early["meas"] = -2_500
    lines[first] = json.dumps(early)
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
    assert export(tmp_path, "--to", "mcap").exit_code == 0
    data = (tmp_path / "run.mcap").read_bytes()
    told = metadata(data)
    assert told["fes_ctrl.run"]["shifted_by_us"] == "2500"
    times = {
        message["t_meas_us"]: record.publish_time
        for _, _, record, message in messages(data)
        if "t_meas_us" in message
    }
    assert times[-2_500] == 0
    assert times[20_000] == 22_500_000


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("none", "--to", "mcap"), "none: no log.jsonl there; give the folder that --out named"),
        (("RUN", "--to", "xml"), "'xml' is not one of 'mcap', 'parquet', 'c3d'"),
        (("RUN", "--to", "mcap", "--rate", "50"), "--rate: is for --to c3d; leave it out"),
        (("RUN", "--to", "c3d", "--table", "events"), "--table: is for --to parquet"),
        (("RUN", "--to", "parquet", "--table", "x"), "--table x: there is none; choose samples, "),
        (("RUN", "--to", "c3d", "--rate", "5"), "--rate 5: give samples a second, 10 to 2000"),
        (("RUN", "--to", "c3d", "--rate", "nan"), "--rate nan: give samples a second"),
        (("RUN", "--to", "c3d", "--from", "inf"), "--from inf: give seconds on the run's clock"),
        (("RUN", "--to", "c3d", "--from", "3", "--until", "3"), "give an end after the start"),
        (("RUN", "--to", "c3d", "--from", "900"), "has nothing in that part"),
        (("RUN", "--to", "mcap", "--out", "RUN/log.jsonl"), "that is the run itself"),
        (("RUN", "--to", "c3d", "--out", "RUN/truth.csv.gz"), "that is the run itself"),
        (("RUN", "--to", "parquet", "--out", "RUN"), "holds log.jsonl as well; choose a folder of"),
        (("RUN", "--to", "parquet", "--out", "RUN/log.jsonl"), "cannot be written (Not a direct"),
        (("RUN", "--to", "mcap", "--out", "RUN"), "cannot be written (Is a directory)"),
        (("RUN", "--to", "mcap", "--out", "no/such/run.mcap"), "cannot be written (No such file"),
        (("RUN", "--to", "parquet", "--out", "no/such/run"), "cannot be written (No such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(
    arguments: tuple[str, ...],
    says: str,
    kept: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(kept, tmp_path / "RUN")
    monkeypatch.chdir(tmp_path)
    before = {file: file.read_bytes() for file in sorted(Path().rglob("*")) if file.is_file()}
    result = export(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""
    after = {file: file.read_bytes() for file in sorted(Path().rglob("*")) if file.is_file()}
    assert after == before


def test_a_run_in_which_nothing_happened_is_refused(kept: Path, tmp_path: Path) -> None:
    with (kept / "log.jsonl").open() as file:
        (tmp_path / "log.jsonl").write_text(file.readline())
    result = export(tmp_path, "--to", "mcap")
    assert result.exit_code == 2
    assert "no sample of a sensor and no pulse in it" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["log.jsonl"]


@pytest.mark.parametrize(
    ("kind", "library"), [("mcap", "mcap"), ("parquet", "pyarrow"), ("c3d", "ezc3d")]
)
def test_a_missing_library_is_named_with_its_extra(
    kind: str, library: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    result = export(kept, "--to", kind)
    assert result.exit_code == 2
    assert f"export --to {kind} needs {library}: pip install 'fes-ctrl[export]'" in result.stderr
