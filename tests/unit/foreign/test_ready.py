"""Every ready map on a small file in the true layout of its exporter."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from fes_ctrl.recordings import RecordingError

Imports = Callable[..., object]
Walk = list[tuple[float, ...]]

SIX = [f"{kind}_{axis}" for kind in ("acc", "gyr") for axis in "xyz"]
TRACKER = "Acc_X\tAcc_Y\tAcc_Z\tGyr_X\tGyr_Y\tGyr_Z"


def joined(values: Sequence[float], delimiter: str = ",") -> str:
    return delimiter.join(f"{value:.9f}" for value in values)


def expected(found: object, prefix: str, walk: Walk, *, scale: float = 1.0) -> None:
    for index, name in enumerate(SIX):
        values = [row[index] * scale for row in walk]
        np.testing.assert_allclose(found.columns[f"{prefix}{name}"], values, atol=1e-5)


# -- gaitmap -----------------------------------------------------------------------------------


def gaitmap(walk: Walk, upper: Sequence[str]) -> str:
    sensors = [name for name in upper for _ in SIX]
    lines = [",".join(["sensor", *sensors]), ",".join(["axis", *SIX * len(upper)])]
    for number, row in enumerate(walk):
        both = [value * (-1) ** side for side in range(len(upper)) for value in row]
        lines.append(f"{number},{joined(both)}")
    return "\n".join(lines) + "\n"


def test_gaitmap_gives_both_feet_at_the_rate_that_is_said(imports: Imports, walk: Walk) -> None:
    text = gaitmap(walk, ["left_sensor", "right_sensor"])
    found = imports(text, "gaitmap", rate_hz=204.8)
    expected(found, "left.", walk)
    expected(found, "right.", walk, scale=-1)
    np.testing.assert_allclose(found.clock.t_s, np.arange(len(walk)) / 204.8)


def test_a_side_picks_one_foot_of_gaitmap(imports: Imports, walk: Walk) -> None:
    text = gaitmap(walk, ["left_sensor", "right_sensor"])
    found = imports(text, "gaitmap", side="right", site="foot", rate_hz=204.8)
    assert list(found.columns) == [f"right.foot.{name}" for name in SIX]
    text = gaitmap(walk, ["left_sensor"])
    with pytest.raises(RecordingError, match=r"--side right: every sensor is on the other leg"):
        imports(text, "gaitmap", side="right", rate_hz=204.8)


def test_sensors_of_gaitmap_say_their_places(imports: Imports, walk: Walk) -> None:
    found = imports(gaitmap(walk, ["left_shank", "left_foot"]), "gaitmap", rate_hz=204.8)
    expected(found, "left.shank.", walk)
    expected(found, "left.foot.", walk, scale=-1)
    with pytest.raises(RecordingError, match=r"two sensors are left; map one of them by hand"):
        imports(gaitmap(walk, ["left_heel", "left_toe"]), "gaitmap", rate_hz=204.8)


@pytest.mark.parametrize("upper", [["left_sensor"], None])
def test_gaitmap_with_one_sensor(imports: Imports, walk: Walk, upper: list[str] | None) -> None:
    text = gaitmap(walk, upper or ["x"])
    text = text if upper else text.partition("\n")[2]  # the MS example has one header line
    found = imports(text, "gaitmap", rate_hz=102.4)
    expected(found, "left." if upper else "", walk)


def test_gaitmap_has_no_clock_of_its_own(imports: Imports, walk: Walk) -> None:
    with pytest.raises(RecordingError, match=r"no time; give --rate-hz, or --map time="):
        imports(gaitmap(walk, ["left_sensor", "right_sensor"]), "gaitmap")


def test_sensors_of_gaitmap_without_a_side_are_not_guessed(imports: Imports, walk: Walk) -> None:
    with pytest.raises(RecordingError, match=r"'imu1' tells no side; say it: --map left\.acc="):
        imports(gaitmap(walk, ["imu1", "imu2"]), "gaitmap", rate_hz=204.8)


# -- gaitpdb -----------------------------------------------------------------------------------


def gaitpdb(rows: int = 200) -> str:
    lines = []
    for row in range(rows):
        load = max(0.0, math.sin(row / 20))
        left = [load * 10 * 2**sensor for sensor in range(8)]  # every sum is of different sensors
        right = [(1 - load) * 10 * 2**sensor for sensor in range(8)]
        values = [*left, *right, sum(left), sum(right)]
        lines.append("\t".join([f"{row * 0.01:.4f}", *(f"{value:.2f}" for value in values)]))
    return "\n".join(lines) + "\n"


def test_gaitpdb_is_grouped_from_heel_to_toe_on_both_feet(imports: Imports) -> None:
    found = imports(gaitpdb(), "gaitpdb")
    row = 31  # the left foot carries nearly everything
    load = math.sin(row / 20)
    for side, share in (("left", load), ("right", 1 - load)):
        for name, weight in (("heel_n", 1), ("mid_n", 2 + 4 + 8 + 16), ("fore_n", 32 + 64 + 128)):
            value = found.columns[f"{side}.{name}"][row]
            assert value == pytest.approx(10 * weight * share, abs=0.05)
        assert found.columns[f"{side}.total_n"][row] == pytest.approx(2550 * share, abs=0.1)
    assert found.rate_hz == pytest.approx(100)


def test_gaitpdb_in_another_order_is_noticed_by_its_totals(imports: Imports) -> None:
    swapped = []
    for line in gaitpdb().splitlines():
        cells = line.split("\t")
        swapped.append("\t".join([*cells[:17], cells[18], cells[17]]))
    with pytest.raises(RecordingError, match=r":\d+: columns #2 to #9 do not add up to #18"):
        imports("\n".join(swapped), "gaitpdb")
    with pytest.raises(RecordingError, match=r"18 columns, and gaitpdb has 19"):
        imports("\n".join(line.rpartition("\t")[0] for line in swapped), "gaitpdb")


# -- Xsens -------------------------------------------------------------------------------------


def xsens(walk: Walk, times: Sequence[str], first: int = 0, lost: Sequence[int] = ()) -> str:
    lines = [
        "// General information: ",
        "//  MT Manager version: 2022.2.0 ",
        "//  Update Rate: 100.0Hz",
        "// Coordinate system: ENU",
        f"PacketCounter\tSampleTimeFine\tYear\t{TRACKER}\tRoll",
    ]
    for row, (values, time) in enumerate(zip(walk, times, strict=True)):
        if row not in lost:
            radians = [*values[:3], *map(math.radians, values[3:])]
            count = (first + row) % 65536
            lines.append(f"{count:05d}\t{time}\t\t{joined(radians, chr(9))}\t-0.25")
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("empty", ["NaN", ""])
def test_xsens_without_times_is_timed_by_its_packets(
    imports: Imports, walk: Walk, empty: str
) -> None:
    lost = range(100, 110)  # the counter wraps among them
    text = xsens(walk, [empty] * len(walk), first=65536 - 105, lost=lost)
    found = imports(text, "xsens", side="right", site="shank")
    kept = [row for row in range(len(walk)) if row not in lost]
    expected(found, "right.shank.", [walk[row] for row in kept])
    np.testing.assert_allclose(found.clock.t_s, np.array(kept) / 100)
    assert found.clock.seq.tolist() == [65536 - 105 + row for row in kept]
    assert found.gaps == (1, pytest.approx(0.11))


@pytest.mark.parametrize("wrap", [1 << 32, 864_000_000])
def test_the_fine_time_of_xsens_goes_on_where_it_wraps(
    imports: Imports, walk: Walk, wrap: int
) -> None:
    ticks = [str((wrap - 5000 + 100 * row) % wrap) for row in range(len(walk))]
    found = imports(xsens(walk, ticks), "xsens")
    np.testing.assert_allclose(np.diff(found.clock.t_s), 0.01, atol=1e-9)


def test_old_exports_of_xsens_count_otherwise(imports: Imports, walk: Walk) -> None:
    text = xsens(walk, [""] * len(walk), lost=[7]).replace("PacketCounter", "Counter")
    found = imports(text.replace("//  Update Rate", "// Sample rate"), "xsens")
    assert found.clock.seq.tolist() == [*range(7), *range(8, len(walk))]
    assert found.rate_hz == pytest.approx(100)


def test_the_fine_time_of_xsens_must_agree_with_the_stated_rate(
    imports: Imports, walk: Walk
) -> None:
    text = xsens(walk, [str(1000 * row) for row in range(len(walk))]).replace("100.0Hz", "1000Hz")
    with pytest.raises(RecordingError, match=r"looks like us"):
        imports(text, "xsens")
    text = xsens(walk, [str(100 * row) for row in range(len(walk))]).replace("100.0Hz", "40.0Hz")
    with pytest.raises(RecordingError, match=r"steps by 0.01 s, and the file states 40 Hz"):
        imports(text, "xsens")


def test_free_acceleration_of_xsens_is_told_from_acceleration(imports: Imports, walk: Walk) -> None:
    text = xsens(walk, [""] * len(walk)).replace("Acc_", "FreeAcc_")
    with pytest.raises(RecordingError, match=r":5: no column Acc_X; .*free acceleration"):
        imports(text, "xsens")


# -- Movella DOT -------------------------------------------------------------------------------


def movella(walk: Walk, first_tick: int, end: str = "") -> bytes:
    lines = [
        "sep=,",
        "DeviceTag:,left foot",
        "FirmwareVersion:,1.6.0",
        "OutputRate:,60Hz",
        "StartTime: ,2021-08-30_17:05:05_000 GMT+8",
        "© Xsens Technologies B. V. 2005-2021",
        "",
        "PacketCounter,SampleTimeFine,Euler_X," + TRACKER.replace("\t", ","),
    ]
    zeros = [(0.0,) * 6, *walk[1:]]
    for row, values in enumerate(zeros):
        lines.append(f"{row},{(first_tick + 16667 * row) % 2**32},-179.9,{joined(values)}{end}")
    return ("\n".join(lines) + "\n").encode("cp1252")


@pytest.mark.parametrize("end", ["", ","])
def test_movella_goes_on_where_its_microseconds_wrap(
    imports: Imports, walk: Walk, end: str
) -> None:
    found = imports(movella(walk, 2**32 - 100_000, end), "movella", side="left", site="foot")
    expected(found, "left.foot.", walk[1:])
    np.testing.assert_allclose(np.diff(found.clock.t_s), 0.016667, atol=1e-9)
    assert found.clock.t_s[0] == pytest.approx((2**32 - 100_000 + 16667) / 1e6)
    assert found.rows_left_out == 1
    assert "a row of zeros at the beginning left out" in found.notes


def test_movella_must_agree_with_its_output_rate(imports: Imports, walk: Walk) -> None:
    content = movella(walk, 0).replace(b"60Hz", b"120Hz")
    with pytest.raises(RecordingError, match=r"steps by 0.0167 s, and the file states 120 Hz"):
        imports(content, "movella")


def test_movella_in_the_wrong_units_is_refused(imports: Imports, walk: Walk) -> None:
    with pytest.raises(RecordingError, match=r"looks like deg/s; give --gyr-unit deg/s"):
        imports(movella(walk, 0), "movella", gyr="rad/s")
    with pytest.raises(RecordingError, match=r"looks like us; give --time-unit us"):
        imports(movella(walk, 0), "movella", time="ms")
