"""What every test shares: the recordings, who goes first, and no task left behind."""

import asyncio
import contextlib
import fcntl
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Read when numpy is first imported: a pool of threads in each worker is slower than none.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
AHEAD = 20
"""Nicer numbers are smaller: so much goes first what runs in real time."""

TURN = Path(tempfile.gettempdir()) / f"fes-ctrl-real-time-{os.getuid()}"
"""Whoever holds it runs in real time."""

REQUIRE_ALL = os.environ.get("FES_REQUIRE_ALL") == "1"

settings.register_profile(
    "project",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, object, None]:
    """Count a skip as a failure where everything is required."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but FES_REQUIRE_ALL=1: {report.longrepr}"


@pytest.fixture(autouse=True)
def _first_in_line(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test in real time, and the programs that it starts, have the processor first.

    What it times is the program and not how many others the machine has to serve: so one such test
    runs at a time, whatever else runs beside it. Only who may do so (root, as on most machines of a
    CI) goes first.
    """
    if request.node.get_closest_marker("real_time") is None:
        yield
        return
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with TURN.open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, usual - AHEAD)
        yield
        os.setpriority(os.PRIO_PROCESS, 0, usual)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings and plant tables, which is no part of the repository."""
    folder = Path(os.environ.get("FES_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "gait" / "recordings.csv").is_file():
        pytest.skip(f"no recordings at {folder}: set FES_DATA to the folder that holds gait/")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(autouse=True)
def _no_task_left_behind(monkeypatch: pytest.MonkeyPatch) -> Generator[None, None, None]:
    """Fail a test whose loop is closed while tasks of it are pending."""
    left: list[str] = []
    cancel_all = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]

    def watched(loop: asyncio.AbstractEventLoop) -> None:
        left.extend(task.get_name() for task in asyncio.all_tasks(loop) if not task.done())
        cancel_all(loop)

    monkeypatch.setattr(asyncio.runners, "_cancel_all_tasks", watched)
    yield
    assert not left, f"tasks left pending: {', '.join(left)}"
