"""Sweeps whose processes are really killed: no walk is lost, and none is walked twice."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fes_ctrl.tuning.cluster import LOCAL, Cluster, ClusterError
from helpers.sweeping import version_of_this_process

pytest.importorskip("scipy")

DEADLINE_S = 120.0
SWEEP = """\
[sweep]
scenario = "moderate_stroke"
seed_count = 8
duration_s = 8.0

[[sweep.axis]]
key = "program.delay_ms"
values = [0.0, 100.0]
"""
ASKED = 24
WALKED = 16
"""The candidate of 0 ms is the scenario as it stands, and is walked once."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep walked by one worker: file and folder."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "my.toml").write_text(SWEEP)
    with started(folder, folder / "out", "--workers", "1") as process:
        assert process.wait(DEADLINE_S) == 0
    assert len(rows(folder / "out")) == WALKED
    return folder


@contextlib.contextmanager
def started(folder: Path, out: Path, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "fes_ctrl", "sweep", str(folder / "my.toml")]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--format", "csv", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
        assert process.stderr is not None
        process.stderr.close()


def rows(out: Path) -> list[str]:
    """Return the keys of the rows that are whole."""
    path = out / "rows.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    return [json.loads(line)["key"] for line in lines if line.endswith("\n")]


def wait_until(true: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(FileNotFoundError):
            found += [int(child), *children_of(int(child))]
    return found


def alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def told_by(process: "subprocess.Popen[str]") -> str:
    _, told = process.communicate(timeout=DEADLINE_S)
    return told


def same(folder: Path, out: Path) -> bool:
    kept = rows(out)
    assert len(kept) == len(set(kept)) == WALKED
    for name in ("results.csv", "candidates.csv"):
        assert (out / name).read_bytes() == (folder / "out" / name).read_bytes()
    return True


def test_a_sweep_that_is_killed_goes_on_where_it_was_and_leaves_no_process(
    undisturbed: Path, tmp_path: Path
) -> None:
    with started(undisturbed, tmp_path, "--workers", "2") as process:
        wait_until(lambda: len(rows(tmp_path)) >= 3, process)
        workers = children_of(process.pid)
        process.kill()
        process.wait(DEADLINE_S)
        deadline_s = time.monotonic() + DEADLINE_S
        while any(map(alive, workers)):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
    before = rows(tmp_path)
    assert 3 <= len(before) < WALKED
    with started(undisturbed, tmp_path, "--workers", "2") as process:
        told = told_by(process)
    assert process.returncode == 0, told
    assert f"{WALKED - len(before)} walked now" in told
    assert rows(tmp_path)[: len(before)] == before
    assert same(undisturbed, tmp_path)


def test_a_worker_that_is_killed_costs_nothing_but_time(undisturbed: Path, tmp_path: Path) -> None:
    with started(undisturbed, tmp_path, "--workers", "2") as process:
        wait_until(lambda: len(rows(tmp_path)) >= 3, process)
        # Workers are the children of the server that forks them.
        worker = children_of(process.pid)[-1]
        os.kill(worker, signal.SIGKILL)
        told = told_by(process)
    assert process.returncode == 0, told
    assert "failed" not in told
    assert same(undisturbed, tmp_path)


@pytest.mark.parametrize("how", [(), ("--cluster", "local")])
def test_ctrl_c_keeps_what_is_done(undisturbed: Path, tmp_path: Path, how: tuple[str, ...]) -> None:
    if how:
        pytest.importorskip("distributed")
    with started(undisturbed, tmp_path, "--workers", "2", *how) as process:
        wait_until(lambda: len(rows(tmp_path)) >= 3, process)
        # A terminal sends it to all of them.
        os.killpg(process.pid, signal.SIGINT)
        told = told_by(process)
    assert process.returncode == 130, told
    assert f"what is done stays in {tmp_path}, the same command goes on" in told
    assert "Traceback" not in told
    assert 3 <= len(rows(tmp_path)) < WALKED
    assert not (tmp_path / "results.csv").exists()


def dask(stack: contextlib.ExitStack, kind: str, *arguments: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, "--no-dashboard"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait, DEADLINE_S)
    stack.callback(process.kill)
    return process


def scheduler_of(stack: contextlib.ExitStack, file: Path) -> "tuple[str, subprocess.Popen[bytes]]":
    """Return the address of a scheduler without workers, and its process."""
    host = ("--host", "127.0.0.1", "--port", "0")
    scheduler = dask(stack, "scheduler", *host, "--scheduler-file", str(file))
    deadline_s = time.monotonic() + DEADLINE_S
    while not (file.is_file() and file.read_text().endswith("}")):
        assert scheduler.poll() is None
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    return str(json.loads(file.read_text())["address"]), scheduler


def worker_of(stack: contextlib.ExitStack, address: str) -> "subprocess.Popen[bytes]":
    return dask(stack, "worker", address, "--nthreads", "1", "--no-nanny")


def test_a_cluster_may_lose_a_worker_and_get_another(undisturbed: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with contextlib.ExitStack() as stack:
        address, _ = scheduler_of(stack, tmp_path / "scheduler.json")
        first = worker_of(stack, address)
        worker_of(stack, address)
        out = tmp_path / "out"
        with started(undisturbed, out, "--cluster", address) as process:
            wait_until(lambda: len(rows(out)) >= 3, process)
            first.kill()
            worker_of(stack, address)
            told = told_by(process)
        assert process.returncode == 0, told
        assert "failed" not in told
        assert same(undisturbed, out)


def test_it_is_said_that_a_cluster_has_no_worker_at_the_start_and_later(
    undisturbed: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    with contextlib.ExitStack() as stack:
        address, _ = scheduler_of(stack, tmp_path / "scheduler.json")
        out = tmp_path / "out"
        with started(undisturbed, out, "--cluster", address) as process:
            assert process.stderr is not None
            head = f"{ASKED} walks; walked by the workers of {address}\n"
            waits = (
                f"waits for workers of {address}; start some: dask worker --nthreads 1 {address}"
            )
            assert process.stderr.readline() == head
            assert process.stderr.readline() == f"{waits}\n"
            worker = worker_of(stack, address)
            wait_until(lambda: len(rows(out)) >= 2, process)
            worker.kill()
            assert process.stderr.readline() == f"{waits}\n"
            worker_of(stack, address)
            told = told_by(process)
        assert process.returncode == 0, told
        assert same(undisturbed, out)


@pytest.mark.parametrize("command", ["sweep", "tune"])
def test_a_scheduler_that_goes_before_the_first_worker_is_told_as_that(
    undisturbed: Path, tmp_path: Path, command: str
) -> None:
    pytest.importorskip("distributed")
    if command == "tune":
        pytest.importorskip("optuna")
        pytest.importorskip("tomlkit")
    with contextlib.ExitStack() as stack:
        file, out = tmp_path / "scheduler.json", tmp_path / "out"
        address, scheduler = scheduler_of(stack, file)
        what = {"sweep": str(undisturbed / "my.toml"), "tune": "moderate_stroke"}[command]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "fes_ctrl", command, what),
                *("--out", str(out), "--cluster", address),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        stack.callback(process.wait, DEADLINE_S)
        stack.callback(process.kill)
        assert process.stderr is not None
        while "waits for workers" not in (line := process.stderr.readline()):
            assert line, "it ended"
        scheduler.kill()
        told = told_by(process)
    assert process.returncode == 2, told
    last = told.splitlines()[-1]
    assert last.startswith(
        f"fes-ctrl: --cluster {address}: the scheduler went before any worker had come ("
    )
    assert last.endswith("); start one; nothing is done yet, the same command begins")
    others = [line for line in told.splitlines()[:-1] if "waits for workers" not in line]
    assert others == []


def test_a_cluster_whose_workers_have_another_version_is_refused() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ClusterError, match="another version of fes-ctrl"):
        Cluster(LOCAL, 1, version_of_this_process)
