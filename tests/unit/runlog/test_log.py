import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fes_ctrl.model import (
    Adaptation,
    Anticipation,
    Arm,
    BurstEnd,
    BurstStart,
    Command,
    Decision,
    Disarm,
    Fault,
    GaitEvent,
    Input,
    LinkReport,
    Operator,
    ParameterChange,
    PhaseChange,
    Record,
    Remark,
    Sample,
    Setpoint,
    StateChange,
    Stop,
)
from fes_ctrl.runlog.kinds import KINDS
from fes_ctrl.runlog.log import RunLogWriter
from fes_ctrl.runlog.reader import RunLogError, controller_inputs, read_log
from fes_ctrl.units import NEVER_US

SETPOINT = Setpoint(1000, 1, 0, -30_000, 300, 2000, 0)
NASTY = 'a "quoted"\n line \\ with \x00 and µ'
INPUTS: list[Input] = [
    Sample(1, 2, 3, 1, "heel_switch", (1.0,)),
    LinkReport(4, 0, "error", NEVER_US, NASTY),
    Operator(5, "level", 60),
    ParameterChange(6, 1, "delay_ms", 12.5),
]
COMMANDS: tuple[Command, ...] = (SETPOINT, Stop(7, 0, NASTY), Arm(8, 0), Disarm(9, 0))
RECORDS: tuple[Record, ...] = (
    GaitEvent("ho", 1, 10, 11, 0.75),
    Remark(12, 1, NASTY),
    PhaseChange(12, 1, "swing", "walking"),
    BurstStart(13, 1, 0, "heel_off", 10, 30_000),
    BurstEnd(14, 1, 0, "time_out", 13, NEVER_US),
    Anticipation(14, 1, "ho", "refused", NEVER_US, 0, NASTY),
    Adaptation(14, 1, "frozen", NASTY, float("nan"), 12.25, 400.0, 0.6, 0, 10_000, 5_000),
    Decision(15, 1, 0, "refuse", "late", SETPOINT),
    Fault(16, "link_silent", "stop", -1, NASTY),
    StateChange(17, True, 60, NASTY),
)


def write_everything(path: Path) -> None:
    log = RunLogWriter(
        path,
        {"config": {}, "config_sha256": "", "seed": 1, "versions": {}, "devices": [], "clock": {}},
    )
    for item in INPUTS:
        log.input(20, item)
    log.wake(21)
    log.step(22, COMMANDS, RECORDS)
    log.written(23, SETPOINT)
    log.frame("out", 24, None, b"\xf0\x0f")
    log.frame("in", 25, 24_500, b"")
    log.other("injection", name="cable_pulled", t=26)
    log.other("gap", dropped=1)
    log.other("limiter", now=27, t=27, reason="dead_man")
    log.close(ended="finished", setpoints_sha256="00")


def test_every_line_has_the_fields_of_its_kind_and_every_kind_has_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_everything(path)
    seen = set()
    for record in read_log(path):
        kind = str(record["kind"])
        seen.add(kind)
        assert set(record) == {"kind", *KINDS[kind]}, kind
        assert next(iter(record)) == "kind"
    assert seen == set(KINDS)


def test_the_header_comes_first_and_free_text_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_everything(path)
    records = list(read_log(path))
    assert (records[0]["kind"], records[-1]["kind"]) == ("header", "footer")
    told = [record for record in records if NASTY in record.values()]
    assert [record["kind"] for record in told] == [
        "report",
        "remark",
        "anticipation",
        "adaptation",
        "fault",
        "state",
        "command",
    ]
    assert len(path.read_bytes().splitlines()) == len(records)


def test_an_instant_that_never_comes_is_null(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_everything(path)
    by_kind = {str(record["kind"]): record for record in read_log(path)}
    assert by_kind["burst_end"]["contact"] is None
    assert by_kind["report"]["pending"] is None


KILLED = """
import sys, time
from pathlib import Path
from fes_ctrl.model import Sample
from fes_ctrl.runlog.log import RunLogWriter
log = RunLogWriter(Path(sys.argv[1]), {"seed": 1})
started, count = time.monotonic(), 0
while True:
    log.input(count, Sample(count, count, count, 0, "heel_switch", (1.0,)))
    count += 1
    if time.monotonic() - started > 0.6:
        print(count, flush=True)
        started += 3600
    time.sleep(0.0005)
"""


def test_a_run_that_is_killed_leaves_all_but_its_last_half_second(
    tmp_path: Path, root: Path
) -> None:
    path = tmp_path / "log.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        written = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    read = [now_us for now_us, _ in controller_inputs(path)]
    # 0.6 s had been written; a sixth of it must be there even if a flush was just due.
    assert read == list(range(len(read)))
    assert len(read) > written // 6


def test_a_cut_last_line_is_left_out_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_everything(path)
    whole = path.read_bytes()
    kinds = [record["kind"] for record in read_log(path)]
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        path.write_bytes(whole[:end])
        assert [r["kind"] for r in read_log(path)] == kinds[: whole[:end].count(b"\n")]


VALUE_OF_TEXT = (
    b'{"kind":"sample","now":1,"meas":1,"arrive":1,"seq":1,"leg":0,"sensor":"heel_switch",'
    b'"values":["x"]}\n'
)


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\x00\n",
        b'{"kind":"sample","now"\n',
        b'{"kind":"novel"}\n',
        b"[]\n",
        b'{"kind":"sample","now":1}\n',
        b'{"kind":"wake","now":"soon"}\n',
        VALUE_OF_TEXT,
    ],
)
def test_damage_in_the_middle_is_an_error_that_names_the_line(
    tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "log.jsonl"
    log = RunLogWriter(path, {"seed": 1})
    log.wake(1)
    log.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], damage, *lines[2:]]))
    with pytest.raises(RunLogError) as caught:
        list(controller_inputs(path))
    assert str(caught.value).startswith(f"{path}:3: ")


@pytest.mark.parametrize(
    "content", [b"", b'{"kind":"hea', b"t_s,heel\n0,1\n", b'{"kind":"wake"}\n']
)
def test_a_file_that_is_no_log_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)
    with pytest.raises(RunLogError, match=r"log\.jsonl:1: "):
        list(read_log(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunLogError, match="No such file"):
        list(read_log(tmp_path / "log.jsonl"))


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """Have the kernel refuse to let files grow beyond ``size``: writes are cut, then fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_wherever_a_full_disk_cuts_the_log_it_goes_on_with_a_gap_that_is_counted(
    tmp_path: Path,
) -> None:
    line = len(b'{"kind":"wake","now":100}\n')
    for cut in range(2 * line + 1):
        path = tmp_path / f"{cut}.jsonl"
        log = RunLogWriter(path, {"seed": 1})
        with disk_full_after(path.stat().st_size + cut):
            for round_us in (100, 200, 300):
                for now_us in range(round_us, round_us + 4):
                    log.wake(now_us)
                log.flush()
        log.wake(999)
        log.close(ended="finished")

        records = list(read_log(path))
        kept = [r["now"] for r in records if r["kind"] == "wake"]
        gaps = [r["dropped"] for r in records if r["kind"] == "gap"]
        begun = -(-cut // line)
        assert kept == [*range(100, 100 + begun), 999], cut
        assert gaps == [12 - begun] == [log.dropped], cut
        assert records[-1]["dropped"] == log.dropped


def test_a_disk_that_does_not_even_take_the_header_is_an_error_at_the_start() -> None:
    with pytest.raises(OSError, match="make room"):
        RunLogWriter(Path("/dev/full"), {"seed": 1})


def test_a_header_that_is_not_json_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with pytest.raises(ValueError, match="JSON"):
        RunLogWriter(path, {"seed": float("nan")})
    assert not path.exists()


def test_a_line_after_the_end_is_dropped_and_reaches_no_other_file(tmp_path: Path) -> None:
    log = RunLogWriter(tmp_path / "log.jsonl", {"seed": 1})
    log.close(ended="finished")
    other = tmp_path / "other"
    with other.open("wb"):  # takes the descriptor that has become free
        log.wake(1)
        log.flush()
    assert other.read_bytes() == b""
    assert log.dropped == 1


def test_lines_wait_for_a_while_and_are_on_disk_after_a_flush(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = RunLogWriter(path, {"seed": 1})
    log.wake(1)
    log.flush()
    assert json.loads(path.read_bytes().splitlines()[-1]) == {"kind": "wake", "now": 1}
    log.close()


def test_a_disk_that_hangs_holds_up_nobody_and_its_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        log = RunLogWriter(path, {"seed": 1}, behind=True)
        for now_us in range(200_000):  # far beyond what a pipe and the queue hold
            log.wake(now_us)
        log.flush()
        log.close(ended="finished")
        assert log.dropped > 50_000
    finally:
        os.close(reader)


def test_a_log_written_behind_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = RunLogWriter(path, {"seed": 1}, behind=True)
    for now_us in range(5_000):
        log.wake(now_us)
        if now_us % 1_000 == 0:
            log.flush()
    log.close(ended="finished")
    records = list(read_log(path))
    assert [record["now"] for record in records if record["kind"] == "wake"] == list(range(5_000))
    assert (records[-1]["ended"], records[-1]["dropped"], log.dropped) == ("finished", 0, 0)
