"""What a trace's file may leave open, and what contradicts itself."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from helpers.scope_traces import TEXTS, numbered_channels, start_and_increment, without_units
from hil.scope.errors import TraceError
from hil.scope.read import Options, read_trace

PLAIN = TEXTS["comma, point"]
VOLTS = [0.01 * (place % 7) for place in range(40)]
OHM = Options(ohm=1000.0)


def read(tmp_path: Path, text: str, options: Options = OHM) -> tuple[float, Sequence[float]]:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    trace = read_trace(path, options)
    return trace.dt_s, trace.current_mA.tolist()


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (without_units(PLAIN, 0, 1e-5, VOLTS), OHM, r"column 1 \(Time\) has no unit.*--time-unit"),
        (
            without_units(PLAIN, 0, 1e-5, VOLTS),
            Options(ohm=1e3, time_unit="s"),
            r"column 2 \(Ampl\) has no unit.*--unit",
        ),
        (numbered_channels(PLAIN, 0, 1e-5, VOLTS), Options(), "a voltage.*--ohm 1000"),
        (
            numbered_channels(PLAIN, 0, 1e-5, VOLTS),
            Options(ohm=1e3, unit="mA"),
            "a current already; leave --ohm out",
        ),
        (numbered_channels(PLAIN, 0, -1e-5, VOLTS), OHM, "time does not rise at sample 2"),
        (
            "s,V\n" + "".join(f"{k * 1e-5 + (k > 20) * 1e-3:.6f},{k % 7}\n" for k in range(40)),
            OHM,
            r"a hole of 1\.01 ms at 0\.0002",
        ),
        (
            numbered_channels(PLAIN, 0, 1e-5, VOLTS * 8) + "0.0032,-\n",
            OHM,
            r"trace.csv:323: no number where a sample belongs",
        ),
        ("x,y\n" * 50, OHM, "no table of numbers"),
        ("", OHM, "no table of numbers"),
        ("s,CH1 (V),CH2 (V)\n" + "0.1,1,2\n0.2,2,3\n" * 20, OHM, r"columns 2 \(CH1\), 3 \(CH2\)"),
        (
            "Sample Interval,1e-6\ns,V\n" + "".join(f"{k}e-5,1\n" for k in range(40)),
            OHM,
            "1e-05 s apart, its preamble says 1e-06 s",
        ),
        (
            "s,V\n" + "".join(f"{k}e-5,{'∞' if k == 9 else 1}\n" for k in range(40)),
            OHM,
            "1 samples left the screen, clipped",
        ),
        ("V\n" + "1\n2\n" * 40, OHM, "no column of time and no sample interval"),
        ("".join(f"{k}e-5,{k % 7}\n" for k in range(40)), OHM, r"column 1 has no unit of time"),
        (
            "x,y\n" + "".join(f"{k}e-5,{k % 7}\n" for k in range(40)),
            OHM,
            r"column 1 \(x\) has no unit of time.*--time-unit",
        ),
        (
            "s,V\n" + "".join(f"{k}e-5,{'' if k == 20 else 1}\n" for k in range(90)),
            OHM,
            r"trace.csv:22: no number where a sample belongs",
        ),
        (
            "s,V\n" + "".join(f"{k}e-5,{'nan' if k == 300 else 1}\n" for k in range(400)),
            OHM,
            r"1 samples are no numbers, the first is sample 301",
        ),
        (
            "s,V\n" + "".join(f"{'nan' if k == 300 else f'{k}e-5'},1\n" for k in range(400)),
            OHM,
            r"the time is no number at sample 301",
        ),
    ],
)
def test_what_is_open_or_contradicts_itself_is_refused(
    tmp_path: Path, text: str, options: Options, says: str
) -> None:
    with pytest.raises(TraceError, match=says):
        read(tmp_path, text, options)


def test_a_file_without_line_ends_is_not_taken_in_whole(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(b"1,2,3," * 3_000_000)
    tracemalloc.start()
    with pytest.raises(TraceError, match="no table of numbers"):
        read_trace(path, OHM)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"No such file.*give the CSV"):
        read_trace(tmp_path / "nothing.csv", OHM)


def test_the_person_overrules_the_file(tmp_path: Path) -> None:
    text = numbered_channels(PLAIN, 0, 1e-5, VOLTS)
    options = Options(ohm=500.0, time_unit="ms", unit="mV", invert=True)
    step_s, current_mA = read(tmp_path, text, options)
    assert step_s == pytest.approx(1e-8)
    assert current_mA == pytest.approx([-volt / 500.0 for volt in VOLTS], abs=1e-7)


@pytest.mark.parametrize("column", ["CH2", "ch2", "3"])
def test_a_column_is_chosen_by_name_or_number(tmp_path: Path, column: str) -> None:
    text = "s,CH1 (V),CH2 (mA)\n" + "".join(f"{k}e-6,{k % 3},{k % 5}\n" for k in range(40))
    step_s, current_mA = read(tmp_path, text, Options(column=column))
    assert step_s == pytest.approx(1e-6)
    assert current_mA == pytest.approx([k % 5 for k in range(40)])


def test_a_channels_number_is_its_name_before_it_is_a_column(tmp_path: Path) -> None:
    text = "x-axis,1,2\nsecond,Volt,Volt\n" + "".join(f"{k}e-6,{k % 3},7\n" for k in range(40))
    assert read(tmp_path, text, Options(ohm=1000.0, column="2"))[1] == [7.0] * 40


def test_times_that_are_written_with_few_digits_are_regular(tmp_path: Path) -> None:
    lines = [f"{0.25 + k * 4e-7:.6f},{k % 3}\n" for k in range(5000)]
    step_s, _ = read(tmp_path, "s,V\n" + "".join(lines))
    assert step_s == pytest.approx(4e-7, rel=1e-3)


@pytest.mark.parametrize("digits", [4, 5, 6])
def test_times_of_so_many_digits_are_coarser_from_one_second_on(
    tmp_path: Path, digits: int
) -> None:
    times = [0.97 + k * 5e-6 for k in range(12_000)]
    lines = [f"{at:.{digits}g},{k % 3}\n" for k, at in enumerate(times)]
    path = tmp_path / "trace.csv"
    path.write_text("s,V\n" + "".join(lines))
    trace = read_trace(path, OHM)
    assert trace.times_s is None
    assert trace.dt_s == pytest.approx(5e-6, rel=5e-3)
    assert trace.time_s(12_000 - 1) == pytest.approx(times[-1], abs=10.0 ** (1 - digits))
    lacking = "s,V\n" + "".join([*lines[:6000], *lines[10_000:]])
    with pytest.raises(TraceError, match=r"a hole of 2\d\.?\d* ms at (0\.99\d*|1) s"):
        read(tmp_path, lacking)


@pytest.mark.parametrize("text", ['"{}","{}"\n', '"{}", "{}"\n', '"{}";"{}"\n'])
def test_numbers_in_quotation_marks_are_numbers(tmp_path: Path, text: str) -> None:
    rows = text.format("Time (s)", "CH1 (V)") + "".join(
        text.format(f"{k}e-6", k % 3) for k in range(40)
    )
    step_s, current_mA = read(tmp_path, rows)
    assert step_s == pytest.approx(1e-6)
    assert current_mA == pytest.approx([k % 3 for k in range(40)])


def test_a_quotation_mark_that_nobody_closes_ends_with_its_line(tmp_path: Path) -> None:
    text = 'Comment,"probe at 1 kohm\ns,V\n' + "".join(f"{k}e-6,{k % 3}\n" for k in range(40))
    assert read(tmp_path, text)[1] == pytest.approx([k % 3 for k in range(40)])


@pytest.mark.parametrize(
    ("head", "options"),
    [
        ("Time [msec],U [mVolts]", OHM),
        ("Time (divisions),U [mV]", Options(ohm=1e3, time_unit="ms")),
        ("Waveform Data,", Options(ohm=1e3, column="2", time_unit="ms", unit="mV")),
    ],
)
def test_a_time_of_a_strange_name_or_unit_is_one(
    tmp_path: Path, head: str, options: Options
) -> None:
    text = f"{head}\n" + "".join(f"{k}e-3,{k % 3}e3\n" for k in range(40))
    step_s, current_mA = read(tmp_path, text, options)
    assert step_s == pytest.approx(1e-6)
    assert current_mA == pytest.approx([k % 3 for k in range(40)])


def test_a_table_without_names_is_read_once_its_units_are_told(tmp_path: Path) -> None:
    text = "".join(f"{k}e-6,{k % 3}\n" for k in range(40))
    step_s, current_mA = read(tmp_path, text, Options(ohm=1000.0, time_unit="s", unit="V"))
    assert step_s == pytest.approx(1e-6)
    assert current_mA == pytest.approx([k % 3 for k in range(40)])


def test_samples_at_irregular_times_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    times = [k * 1e-5 + (k > 20) * 2e-5 for k in range(40)]
    path.write_text("s,V\n" + "".join(f"{at:.7f},1\n" for at in times))
    trace = read_trace(path, OHM)
    assert [trace.time_s(k) for k in range(40)] == pytest.approx(times)


def test_blocks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil.scope.read.BLOCK_LINES", 7)
    _, current_mA = read(tmp_path, start_and_increment(PLAIN, 0, 1e-5, VOLTS))
    assert current_mA == pytest.approx(VOLTS, abs=1e-6)


def test_a_quiet_column_without_a_name_is_no_time(tmp_path: Path) -> None:
    rows = [f"Vertical Units,V,,{k}e-6,{0.02 * (k > 30)}" for k in range(40)]
    rows[1] = f"Horizontal Units,s,,1e-6,{0.0}"
    _, current_mA = read(tmp_path, "\n".join(rows) + "\n")
    assert max(current_mA) == pytest.approx(0.02)
