"""Recordings: what can be read, and that what cannot is refused with the place and the way out."""

import gzip
from pathlib import Path

import pytest

from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    LEFT,
    RIGHT,
    SHANK_IMU,
    Sample,
)
from fes_ctrl.recordings import (
    RecordingError,
    parse_spans,
    read_events,
    read_index,
    read_recording,
)

IMU = "acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"
IMU_ROW = "0.1,0.2,9.8,1,2,3"


def write(folder: Path, text: str, name: str = "walk.csv") -> Path:
    path = folder / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["walk.csv", "walk.csv.gz"])
def test_a_foot_recording_becomes_samples_in_order(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"t_s,{IMU}\n0.005,{IMU_ROW}\n0.0102,4,5,6,7,8,9\n", name)
    recording = read_recording(path)
    assert recording.name == "walk"
    assert list(recording.samples()) == [
        Sample(5_000, 5_000, 0, LEFT, FOOT_IMU, (0.1, 0.2, 9.8, 1.0, 2.0, 3.0)),
        Sample(10_200, 10_200, 1, LEFT, FOOT_IMU, (4.0, 5.0, 6.0, 7.0, 8.0, 9.0)),
    ]


def test_arrival_and_count_are_the_files_own_where_it_has_them(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,t_arrive_s,seq,heel\n1.0,1.02,7,0\n1.01,1.05,9,1\n")
    assert list(read_recording(path).samples()) == [
        Sample(1_000_000, 1_020_000, 7, LEFT, HEEL_SWITCH, (0.0,)),
        Sample(1_010_000, 1_050_000, 9, LEFT, HEEL_SWITCH, (1.0,)),
    ]


def test_prefixes_name_leg_and_site(tmp_path: Path) -> None:
    shank = ",".join(f"right.shank.{name}" for name in IMU.split(","))
    path = write(tmp_path, f"t_s,left.heel_n,right.heel,{shank}\n0,50,1,{IMU_ROW}\n")
    recording = read_recording(path)
    assert recording.legs == (LEFT, RIGHT)
    assert recording.sensors(LEFT) == (HEEL_FORCE,)
    assert recording.sensors(RIGHT) == (HEEL_SWITCH, SHANK_IMU)
    assert [sample.sensor for sample in recording.samples()] == [
        HEEL_FORCE,
        HEEL_SWITCH,
        SHANK_IMU,
    ]


def test_switches_and_forces_of_heel_and_forefoot_have_a_column_each(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,heel,fore,heel_n,fore_n\n0,1,0,50,2\n")
    values = {sample.sensor: sample.values for sample in read_recording(path).samples()}
    assert values == {
        HEEL_SWITCH: (1.0,),
        FOREFOOT_SWITCH: (0.0,),
        HEEL_FORCE: (50.0,),
        FORE_FORCE: (2.0,),
    }


@pytest.mark.parametrize("mounting", ["shank", "shank, lateral", "Right Shank"])
def test_the_description_beside_it_names_side_and_mounting(tmp_path: Path, mounting: str) -> None:
    path = write(tmp_path, f"t_s,{IMU}\n0,{IMU_ROW}\n")
    write(tmp_path, f'side = "right"\nmounting = "{mounting}"\n', "walk.meta.toml")
    recording = read_recording(path)
    assert recording.legs == (RIGHT,)
    assert recording.sensors(RIGHT) == (SHANK_IMU,)


def test_stimulation_is_kept_and_unknown_columns_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,heel,stim_mA,knee_deg\n0,1,20,3\n0.01,1,21,3\n")
    recording = read_recording(path)
    assert recording.stim_ma is not None
    assert recording.stim_ma.tolist() == [20.0, 21.0]
    assert recording.ignored == ("knee_deg",)


def test_equal_stamps_are_let_through(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,heel\n0,1\n0,1\n0.01,0\n")
    assert len(list(read_recording(path).samples())) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "walk.csv:1: empty"),
        ("t_s,heel\n", "no rows"),
        ("time,heel\n0,1\n", "walk.csv:1: no column t_s"),
        ("t_s,knee\n0,1\n", "walk.csv:1: no column of a sensor"),
        ("t_s,heel,heel\n0,1,1\n", "column heel is there twice"),
        ("t_s,acc_x,acc_y,acc_z,gyr_x,gyr_y\n0,1,2,3,4,5\n", "no column gyr_z"),
        ("t_s,left.foot.gyr_x\n0,1\n", "no column left.foot.acc_x"),
        ("t_s,heel\n0,1\n0.01,up\n", "walk.csv:3: column heel: 'up' is not a number"),
        ("t_s,heel\n0,1\n\n0.01,\n", "walk.csv:4: column heel: no value"),
        ("t_s,heel\n0,1\n0.01,nan\n", "walk.csv:3: column heel: nan is not a finite number"),
        ("t_s,heel\n0,1\ninf,1\n", "walk.csv:3: column t_s: inf is not a finite number"),
        ("t_s,heel\n0,1\n0.01,1,1\n", "walk.csv:3: 3 values for 2 columns"),
        ("t_s,heel\n0,1\n0.02,1\n0.01,1\n", "walk.csv:4: t_s goes back from 0.020000 to 0.010000"),
        ("t_s,heel\n1e12,1\n", "is not a time in seconds"),
        ("t_s,t_arrive_s,heel\n0,0,1\n1,0.5,1\n", "walk.csv:3: t_arrive_s lies before t_s"),
        ("t_s,heel,left.heel\n0,1,1\n", "both name the left heel_switch"),
    ],
)
def test_a_recording_that_cannot_be_trusted_is_refused(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(RecordingError) as caught:
        read_recording(write(tmp_path, text))
    message = str(caught.value)
    assert says in message
    assert str(tmp_path) in message
    assert "\n" not in message


def test_blank_lines_do_not_shift_the_place_of_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,heel\n0,1\n\n\n0.02,1\n0.01,1\n")
    with pytest.raises(RecordingError, match=r"walk\.csv:6: t_s goes back"):
        read_recording(path)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such file"):
        read_recording(tmp_path / "missing.csv")
    with pytest.raises(RecordingError, match=r"give a \.csv or \.csv\.gz"):
        read_recording(write(tmp_path, "t_s,heel\n0,1\n", "walk.txt"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RecordingError, match="cannot be read"):
        read_recording(tmp_path / "folder.csv")


def test_broken_compression_and_foreign_text_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"t_s,heel\n" + b"0.01,1\n" * 1000)
    for number, data in enumerate((whole[:-20], b"t_s,heel\n0,1\n", b"")):
        path = tmp_path / f"broken{number}.csv.gz"
        path.write_bytes(data)
        with pytest.raises(RecordingError, match=r"not a whole gzip file|empty"):
            read_recording(path)
    path = tmp_path / "latin.csv"
    path.write_bytes("t_s,heel\n0,1\n0,µ\n".encode("latin-1"))
    with pytest.raises(RecordingError, match=r"latin\.csv:3: not UTF-8"):
        read_recording(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('side = "both"\n', "say left or right"),
        ('clock = "sun"\n', "say measurement or arrival"),
        (
            'mounting = "knee"\n',
            "walk.meta.toml: mounting = 'knee'; name foot or shank, or leave it out",
        ),
        ('mounting = "foot and shank"\n', "name foot or shank"),
        ("side = 1\n", "is not text"),
        ("side = \n", "not TOML"),
        ('sied = "right"\n', "sied is unknown, did you mean side"),
        ('affected-side = "left"\n', "did you mean affected_side"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, "t_s,heel\n0,1\n")
    write(tmp_path, text, "walk.meta.toml")
    with pytest.raises(RecordingError, match=says):
        read_recording(path)


def test_what_a_lab_says_besides_is_nobodys_affair(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,heel\n0,1\n")
    write(tmp_path, 'side = "right"\nsubject = "P03"\nrate_hz = 100\n', "walk.meta.toml")
    assert read_recording(path).meta.side == "right"


def test_references_and_detections_are_read_in_order_of_time(tmp_path: Path) -> None:
    reference = read_events(write(tmp_path, "t_s,event\n2.5,tc\n1.25,ic\n"))
    assert [(event.t_us, event.kind, event.leg) for event in reference] == [
        (1_250_000, "ic", -1),
        (2_500_000, "tc", -1),
    ]
    detected = read_events(
        write(tmp_path, "t_emit_s,t_event_s,event,leg\n1.3,1.25,ic,right\n", "found.csv")
    )
    assert detected[0].t_emit_us == 1_300_000
    assert detected[0].leg == RIGHT


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("t_s,kind\n1,ic\n", "walk.csv:1: no column event"),
        ("when,event\n1,ic\n", "walk.csv:1: no column t_event_s"),
        ("t_s,event\n1,ic\n2,heel\n", "walk.csv:3: event 'heel' is unknown"),
        ("t_s,event\nsoon,ic\n", "walk.csv:2: column t_s: 'soon' is not a number"),
        ("t_s,event\nnan,ic\n", "walk.csv:2: column t_s: nan"),
        ("t_s,event,leg\n1,ic,middle\n", "walk.csv:2: leg 'middle'"),
        ("t_s,event\n1\n", "walk.csv:2: 1 values for 2 columns"),
    ],
)
def test_events_that_cannot_be_trusted_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RecordingError) as caught:
        read_events(write(tmp_path, text))
    assert says in str(caught.value)


def test_the_index_gives_the_spans_of_each_recording(tmp_path: Path) -> None:
    path = write(tmp_path, "name,cohort,exclude_s\na,healthy,\nb,stroke,-1.00 2.50;5.8 10\n")
    index = read_index(path)
    assert index["a"].exclude_us == ()
    assert index["b"].exclude_us == ((-1_000_000, 2_500_000), (5_800_000, 10_000_000))


@pytest.mark.parametrize("text", ["1", "2 1", "a b", "1 nan", "1 2 3", "1 2;x"])
def test_a_span_is_two_times_in_order(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span"):
        parse_spans(text)
