"""What every test shares: the recordings, who goes first, and no task left behind."""

import asyncio
import contextlib
import fcntl
import os
import signal
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from helpers.stillness import Witness

# Read when numpy is first imported: a pool of threads in each worker is slower than none.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell's job in the background ignores Ctrl-C, and so would each program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
AHEAD = 20
"""Nicer numbers are smaller: so much goes first what runs in real time."""

TURN = Path(tempfile.gettempdir()) / f"fes-ctrl-real-time-{os.getuid()}"
"""Whoever holds it runs in real time."""

AGAIN = 2
"""So often at most a test in real time is run again, when it failed on a machine that stood still.

Only then: the witness below tells, which runs beside it. Each time is in the summary, with how long
the machine stood still; what fails on a machine that does not has failed.
"""

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
    """Count a skip as a failure where everything is required; say when the machine stood still."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.failed and real_time(item):
        report.longrepr.addsection("The machine stood still", in_real_time.told())
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but FES_REQUIRE_ALL=1: {report.longrepr}"


class InRealTime:
    """What is known of the test in real time that runs now, or ran last."""

    def __init__(self) -> None:
        self._witness: Witness | None = None
        self._began = 0.0

    def begin(self) -> None:
        """Let a witness look on, of the priority that this process now has."""
        self._witness = self._witness or Witness()
        self._began = time.monotonic()

    def machine_stood_still(self) -> bool:
        """Return whether the machine stood still since the test began."""
        return self._witness is not None and bool(self._witness.stood_still(self._began))

    def told(self) -> str:
        """Return when and how long, in words."""
        if self._witness is None:
            return "nobody looked on"
        return ", ".join(map(str, self._witness.stood_still(self._began))) or "at no time"

    def end(self) -> None:
        """Send the witness home."""
        if self._witness is not None:
            self._witness.close()


in_real_time = InRealTime()


def real_time(item: pytest.Item) -> bool:
    return item.get_closest_marker("real_time") is not None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests in real time first; run one again that failed on a machine that stood still.

    Only one of them runs at a time. Being first, all are given to one of several processes, which
    goes from one to the next, and no other process has to wait for its turn.
    """
    items.sort(key=lambda item: not real_time(item))
    again = pytest.mark.flaky(reruns=AGAIN, condition=in_real_time.machine_stood_still)
    for item in filter(real_time, items):
        item.add_marker(again)


def pytest_sessionfinish() -> None:
    in_real_time.end()


@pytest.fixture(autouse=True)
def _first_in_line(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test in real time, and the programs that it starts, have the processor first.

    What it times is the program and not how many others the machine has to serve: so one such test
    runs at a time, whatever else runs beside it. Only who may do so (root, as on most machines of a
    CI) goes first.
    """
    if not real_time(request.node):
        yield
        return
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with TURN.open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, usual - AHEAD)
        in_real_time.begin()
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
