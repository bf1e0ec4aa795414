"""What a laboratory's file can have wrong: told in one line with the place and the way out."""

import contextlib
import gzip
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.recordings import RecordingError
from fes_ctrl.recordings.foreign import READY, Layout, by_hand, convert, own_units, read_foreign

Imports = Callable[..., object]
Walk = list[tuple[float, ...]]

MAPS = ("acc=a{xyz}", "gyr=w{xyz}", "time=t")
HEADER = "t,ax,ay,az,wx,wy,wz"


def lab(
    walk: Walk, *, acc: float = 1.0, gyr: float = 1.0, time: float = 1.0, header: str = HEADER
) -> list[str]:
    """Return lines of a table, each quantity multiplied as another unit would."""
    lines = [header]
    for row, values in enumerate(walk):
        scaled = [value * acc for value in values[:3]] + [value * gyr for value in values[3:]]
        cells = [f"{row / 100 * time:.6g}", *(f"{value:.8g}" for value in scaled)]
        lines.append(",".join(cells))
    return lines


def refused(imports: Imports, content: str | bytes, *maps: str, **options: object) -> str:
    with pytest.raises(RecordingError) as caught:
        imports(content, *(maps or MAPS), **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


# -- units -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scales", "said", "looks"),
    [
        ({"acc": 1 / 9.80665}, {}, "the median of |acc| is 0.99 m/s2, far from gravity's 9.8: "
         "looks like g; give --acc-unit g"),
        ({"acc": 1000 / 9.80665}, {}, "looks like mg; give --acc-unit mg"),
        ({}, {"acc": "g"}, "looks like m/s2; give --acc-unit m/s2"),
        ({"acc": 1 / 9.80665}, {"acc": "mg"}, "looks like g;"),
        ({"acc": 208.0}, {}, "whatever its unit; map calibrated acceleration"),
        ({"acc": 0.2}, {}, "whatever its unit; map calibrated acceleration"),
        ({"gyr": math.pi / 180}, {}, "looks like rad/s; give --gyr-unit rad/s, or --trust-units if "
         "nobody walks"),
        ({"gyr": 1000.0}, {}, "looks like mdeg/s;"),
        ({}, {"gyr": "rad/s"}, "looks like deg/s;"),
        ({"gyr": math.pi / 180}, {"gyr": "mdeg/s"}, "looks like rad/s;"),
        ({"gyr": 0.0005}, {}, "whatever its unit; map angular rates"),
        ({"time": 1e3}, {}, "t steps by 10 s, and gait is sampled at 20 to 2000 Hz: looks like ms"),
        ({"time": 1e6}, {}, "looks like us; give --time-unit us"),
        ({"time": 1e9}, {}, "looks like ns;"),
        ({}, {"time": "ms"}, "looks like s;"),
        ({"time": 10.0}, {}, "whatever its unit; map the column that holds the time"),
    ],
)  # fmt: skip
def test_numbers_that_contradict_their_unit_name_the_right_one(
    imports: Imports, walk: Walk, scales: dict[str, float], said: dict[str, str], looks: str
) -> None:
    assert looks in refused(imports, "\n".join(lab(walk, **scales)), **said)


@pytest.mark.parametrize(
    ("scales", "said"),
    [
        ({}, {}),
        ({"acc": 1 / 9.80665, "gyr": math.pi / 180, "time": 1e3},
         {"acc": "g", "gyr": "rad/s", "time": "ms"}),
        ({"acc": 1000 / 9.80665, "gyr": 1000.0, "time": 1e6},
         {"acc": "mg", "gyr": "mdeg/s", "time": "us"}),
    ],
)  # fmt: skip
def test_the_same_walk_comes_out_of_every_unit(
    imports: Imports, walk: Walk, scales: dict[str, float], said: dict[str, str]
) -> None:
    found = imports("\n".join(lab(walk, **scales)), *MAPS, **said)
    values = np.column_stack(list(found.columns.values()))
    np.testing.assert_allclose(values, walk, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.clock.t_s, np.arange(len(walk)) / 100, atol=1e-6)


def test_a_sensor_that_nobody_walks_with_is_taken_on_trust(imports: Imports, walk: Walk) -> None:
    still = "\n".join(lab(walk, gyr=0.01))
    assert "--trust-units" in refused(imports, still)
    found = imports(still, *MAPS, trusting=True)
    assert found.rows == len(walk)
    assert found.figures["gyr"] == pytest.approx(3, abs=0.1)  # told, but not held against it


@pytest.mark.parametrize(
    ("scale", "says"),
    [
        (1.0, None),
        (1 / 9.80665, "looks like kgf"),
        (1e-3, "looks like kN"),
        (0.0, "whatever its unit"),
    ],
)
def test_forces_are_judged_by_what_a_foot_bears(
    imports: Imports, scale: float, says: str | None
) -> None:
    rows = [
        f"{row / 100},{row % 100 * 2 * scale:.5f},{row % 100 * scale:.5f}" for row in range(300)
    ]
    text = "\n".join(["t,L1,L2", *rows])
    maps = ("heel_n=L1+L2", "time=t")
    if says is None:
        assert imports(text, *maps).columns["heel_n"][99] == pytest.approx(297)
    else:
        assert says in refused(imports, text, *maps)


# -- clocks ------------------------------------------------------------------------------------


def test_time_that_goes_back_is_refused_with_its_line(imports: Imports, walk: Walk) -> None:
    lines = lab(walk)
    lines[51:] = lines[11:-40]  # set anew by 0.4 s
    assert "lab.csv:52: t goes back from 0.49 to 0.1; cut the file" in refused(
        imports, "\n".join(lines)
    )


@pytest.mark.parametrize(("first", "last"), [(0, 199), (50, 300)])
def test_a_counter_set_anew_is_no_wrap(imports: Imports, walk: Walk, first: int, last: int) -> None:
    period = last - first + 1
    lines = [f"{first + n % period},{line}" for n, line in enumerate(lab(walk)[1:])]
    text = "\n".join([f"n,{HEADER}", *lines])
    maps = ("acc=a{xyz}", "gyr=w{xyz}", "seq=n")
    assert f"n goes back from {last} to {first}" in refused(imports, text, *maps, rate_hz=100.0)
    found = imports(text, *maps, "time=t")  # the clock is sound: the count alone is dropped
    assert found.clock.seq is None
    assert any("left out as seq" in note for note in found.notes)


def test_a_byte_wide_counter_keeps_its_gaps(imports: Imports, walk: Walk) -> None:
    lines = [f"{n % 256},{line}" for n, line in enumerate(lab(walk)[1:]) if not 250 <= n < 258]
    found = imports("\n".join([f"n,{HEADER}", *lines]), *MAPS[:2], "seq=n", rate_hz=100.0)
    assert found.clock.seq.tolist() == [*range(250), *range(258, 400)]
    assert found.gaps == (1, pytest.approx(0.09))


def test_times_of_day_and_clocks_that_stand_still_are_refused(imports: Imports, walk: Walk) -> None:
    lines = lab(walk)
    lines[1] = "2024-01-02 10:00:00.0" + lines[1][1:]
    says = refused(imports, "\n".join(lines))
    assert "lab.csv:2: column t:" in says
    assert "--rate-hz" in says
    whole = "\n".join([HEADER, *(f"{n // 100}{line[line.index(','):]}" for n, line in
                                 enumerate(lab(walk)[1:]))])  # fmt: skip
    assert "t stands still for most rows" in refused(imports, whole)
    maps = (*MAPS[:2], "seq=t")
    assert "seq stands still for most rows" in refused(imports, whole, *maps, rate_hz=100.0)


def test_absolute_time_begins_at_the_first_row(imports: Imports, walk: Walk) -> None:
    lines = [f"{1_700_000_000_000 + 10 * n}{line[line.index(','):]}" for n, line in
             enumerate(lab(walk)[1:])]  # fmt: skip
    found = imports("\n".join([HEADER, *lines]), *MAPS, time="ms")
    np.testing.assert_allclose(found.clock.t_s, np.arange(len(walk)) / 100, atol=1e-6)
    assert found.clock.origin_s == pytest.approx(1.7e9)
    assert "time counts from the first row, 1700000000.000000 s" in found.notes


# -- tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty; export it again"),
        (b"\r\n \r\n", "empty; export it again"),
        (b"\x00\x01" * 50, "not text"),
        (b"PK\x03\x04 and so on", "a workbook or zip archive"),
        (b"<?xml version='1.0'?><mvnx/>", "XML or HTML"),
        (HEADER.encode(), "no rows below the header in line 1"),
    ],
)
def test_what_is_no_table_of_text_says_so(imports: Imports, content: bytes, says: str) -> None:
    assert says in refused(imports, content)


def test_a_missing_column_names_the_nearest(imports: Imports, walk: Walk) -> None:
    text = "\n".join(lab(walk, header="t,Acc_X,Acc_Y,Acc_Z,wx,wy,wz"))
    says = refused(imports, text, "acc=acc_{xyz}", *MAPS[1:])
    assert "lab.csv:1: no column acc_x; the nearest is Acc_X" in says
    says = refused(imports, text, "acc=knee1,knee2,knee3", *MAPS[1:])
    assert "no column knee1; the columns are t, Acc_X," in says
    text = "\n".join(lab(walk, header="t,ax,ax,az,wx,wy,wz"))
    says = refused(imports, text, "acc=ax,#3,az", *MAPS[1:])
    assert "2 columns are called ax; say which by its number, such as #2" in says
    assert "there is no column #9; they are #1 to #7" in refused(
        imports, text, "acc=#2,#3,#9", *MAPS[1:]
    )


def test_rows_without_a_value_become_a_gap(imports: Imports, walk: Walk) -> None:
    lines = lab(walk)
    for line in range(100, 105):
        lines[line] = lines[line].split(",", 1)[0] + ",NaN,,,1,2,3"
    found = imports("\n".join(lines), *MAPS)
    assert found.rows_left_out == 5
    assert found.gaps == (1, pytest.approx(0.06))
    assert "5 rows lack a value (line 101 on) and became a gap" in found.notes
    for line in range(1, 300):
        lines[line] = lines[line].split(",", 1)[0] + ",NaN,0,9.8,1,2,3"
    says = refused(imports, "\n".join(lines))
    assert "column ax is empty in 299 of 400 rows" in says


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("0.1,a,0,9.8,1,2,3", "lab.csv:12: column ax: 'a' is not a number"),
        ("0.1,inf,0,9.8,1,2,3", "lab.csv:12: column ax: inf is not a finite number"),
        ("0.1,0,9.8,1,2,3", "lab.csv:12: 6 values for 7 columns"),
        ("0,1,0,0,9,8,1,2,3", "lab.csv:12: 9 values for 7 columns"),
    ],
)
def test_a_broken_row_is_named(imports: Imports, walk: Walk, row: str, says: str) -> None:
    lines = lab(walk)
    lines[11] = row
    assert says in refused(imports, "\n".join(lines))


def test_a_last_line_that_breaks_off_is_left_out(imports: Imports, walk: Walk) -> None:
    found = imports("\n".join([*lab(walk), "4.00,0.1,0"]), *MAPS)
    assert found.rows == len(walk)
    assert "line 402, the last, breaks off and was left out" in found.notes


def test_spreadsheets_and_loggers_are_read_whatever_they_do_to_text(
    imports: Imports, walk: Walk
) -> None:
    plain = lab(walk)
    german = [line.replace(",", ";").replace(".", ",") for line in plain]
    noted = ["# Straße 1", "operator;Ångström", ""]
    units = "s,m/s2,m/s2,m/s2,deg/s,deg/s,deg/s"
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in plain]
    variants = [
        "\ufeff" + "\r\n".join(german),
        "\n".join([*noted, *german]).encode("cp1252"),
        "\n".join(german).encode("utf-16"),
        "\n".join(line.replace(",", "\t") for line in plain),
        "\n".join(line.replace(",", "   ") for line in plain),
        "\n".join([plain[0], units, *plain[1:]]),
        "\n".join(quoted),
        "sep=;\n" + "\n".join(german),
    ]
    for content in variants:
        found = imports(content, *MAPS)
        values = np.column_stack(list(found.columns.values()))
        np.testing.assert_allclose(values, walk, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_names_with_units_in_them_are_names(imports: Imports, walk: Walk, encoding: str) -> None:
    header = "Zeit,x [m/s²],y [m/s²],z [m/s²],wx [°/s],wy [°/s],wz [°/s]"
    text = "\n".join(lab(walk, header=header))
    maps = ("acc={xyz} [m/s²]", "gyr=w{xyz} [°/s]", "time=Zeit")
    assert imports(text.encode(encoding), *maps).rows == len(walk)


def test_merged_cells_name_every_column_below_them(imports: Imports, walk: Walk) -> None:
    rows = [f"{line},{line.partition(',')[2]}" for line in lab(walk, gyr=2.0)]
    text = "\n".join([",left,,,,,,right,,,,,", *rows])
    found = imports(text, "acc=right.a{xyz}", "gyr=right.w{xyz}", "time=t")
    np.testing.assert_allclose(found.columns["gyr_y"], [2 * row[4] for row in walk], atol=1e-5)
    assert "2 columns are called ax" in refused(imports, text)


def test_point_and_comma_in_one_file_are_not_guessed(imports: Imports, walk: Walk) -> None:
    german = [line.replace(",", ";").replace(".", ",") for line in lab(walk)]
    german[50] = "1.234" + german[50][german[50].index(";") :]
    says = refused(imports, "\n".join(german))
    assert "decimal point in line 51, decimal comma in line" in says


# -- maps --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maps", "says"),
    [
        (["foot.heel_n=a"], "nothing in a recording is called that"),
        (["speed=a"], "nothing in a recording is called that; there are time"),
        (["left.time=a"], "nothing in a recording is called that"),
        (["acc=a,b"], "acc takes three columns"),
        (["heel_n=a,b"], "heel_n takes one column, or a sum"),
        (["heel_n="], "heel_n takes one column"),
        (["heel=a", "heel=b"], "heel is mapped twice"),
        (["acc=ax,ay,az", "time=t"], "gyr is missing; an IMU has both"),
        (["time=t"], "no sensor; map acc and gyr"),
        (["mid_n=ax", "time=t"], "no sensor; map acc and gyr"),
        ([*MAPS, "left.foot.acc=a{xyz}", "left.foot.gyr=w{xyz}"], "acc is the same place"),
        (["heel=ax", "time=t"], "heel = 0.125581 is neither 0 nor 1; map a sensor of force"),
    ],
)
def test_a_map_that_makes_no_recording_is_refused(
    imports: Imports, walk: Walk, maps: list[str], says: str
) -> None:
    assert says in refused(imports, "\n".join(lab(walk)), *maps)


def test_two_sensors_do_not_come_to_one_place(imports: Imports, walk: Walk) -> None:
    both = [*MAPS, "left.acc=w{xyz}", "left.gyr=w{xyz}"]
    says = refused(imports, "\n".join(lab(walk)), *both, side="left")
    assert "--map left.acc: left.acc is mapped already; keep one of them" in says


def test_columns_by_number_need_no_header(imports: Imports, walk: Walk) -> None:
    text = "\n".join(["a walk of Tuesday", *lab(walk)[1:]])
    found = imports(text, "acc=#2,#3,#4", "gyr=#5,#6,#7", "time=#1")
    assert found.rows == len(walk)


def test_a_gzipped_file_is_read(tmp_path: object, walk: Walk) -> None:
    path = tmp_path / "lab.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lab(walk)).encode()))
    layout = Layout(by_hand(MAPS), own_units())
    assert convert(read_foreign(path), layout).rows == len(walk)


CELLS = st.sampled_from(
    ["", "1e300", "-7", "0", "1.5", "2,5", "x", "NaN", "acc_x", "Acc_X", "\t", ";", ",", '"']
)


@given(st.one_of(st.binary(max_size=200), st.lists(CELLS, max_size=60).map(
    lambda cells: ",".join(cells).replace("x,", "x\n").encode())))  # fmt: skip
def test_no_file_whatsoever_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    path.write_bytes(content)
    for name in (*READY, None):
        with contextlib.suppress(RecordingError):
            text = read_foreign(path)
            layout = (
                READY[name](text) if name else Layout(by_hand(["heel_n=#1", "seq=#2"]), own_units())
            )
            convert(text, layout, rate_hz=100.0)
