"""What the numbered tests share: the bench that they run on, and what is kept of a run.

pytest hil/suite                                   every simulated device
pytest hil/suite --fes-stimulator p24:///dev/ttyACM0 --fes-bench bench.toml --fes-out DIR
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from fes_ctrl.config.errors import ConfigError
from fes_ctrl.links.url import LinkUrlError, parse_link_url
from fes_ctrl.stimulators.config import MODES
from fes_ctrl.stimulators.drivers import DRIVERS
from hil.probe import ProbeError, parse_probe_url
from hil.suite.bench import Bench
from hil.suite.certificate import Conditions, certificate_html
from hil.suite.checking import Check, Finding, put_through
from hil.suite.desk import DeskBench
from hil.suite.desk_config import DeskConfig, read_desk
from hil.suite.scenarios import SCENARIOS, SIMULATED_ONLY, Scenario
from hil.suite.simulated import SimulatedBench

DESK_KEY = pytest.StashKey[DeskConfig]()
FINDING: Final = "fes_finding"
DESK: Final = "desk"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the desk."""
    group = parser.getgroup("fes-ctrl bench suite")
    group.addoption(
        "--fes-stimulator", metavar="URL", help="What is on the desk, as p24:///dev/ttyACM0."
    )
    group.addoption("--fes-bench", type=Path, metavar="FILE", help="What it is connected to.")
    group.addoption("--fes-probe", metavar="URL", help="A probe across the dummy load.")
    group.addoption("--fes-dummy-load", type=float, metavar="OHM", help="That load.")
    group.addoption(
        "--fes-out", type=Path, metavar="DIR", help="Certificate, JUnit and transcripts."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the bench file before anything is collected, and say where results go."""
    out = config.getoption("--fes-out")
    if out is not None and not hasattr(config, "workerinput"):
        out.mkdir(parents=True, exist_ok=True)
        if config.option.xmlpath is None:
            config.option.xmlpath = str(out / "junit.xml")
        config.pluginmanager.register(Findings(config, out), "fes-findings")
    url = config.getoption("--fes-stimulator")
    given = {
        "probe": config.getoption("--fes-probe"),
        "dummy_load_ohm": config.getoption("--fes-dummy-load"),
    }
    given = {key: value for key, value in given.items() if value is not None}
    file = config.getoption("--fes-bench")
    if url is None:
        if file is not None or given:
            message = "--fes-bench, --fes-probe, --fes-dummy-load: only with --fes-stimulator"
            raise pytest.UsageError(message)
        return
    if getattr(config.option, "numprocesses", None):
        message = "-n with --fes-stimulator: there is one port; leave it out"
        raise pytest.UsageError(message)
    try:
        parse_link_url(url, tuple(MODES))
    except LinkUrlError as error:
        raise pytest.UsageError(f"--fes-stimulator {error}") from error
    try:
        desk = config.stash[DESK_KEY] = read_desk(file, given)
        if desk.probe:
            parse_probe_url(desk.probe)
    except ConfigError as error:
        raise pytest.UsageError(f"--fes-bench {error}") from error
    except ProbeError as error:
        raise pytest.UsageError(f"--fes-probe {error}") from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let each numbered test run on every simulated device, or on the one on the desk."""
    if "row" in metafunc.fixturenames:
        on_desk = metafunc.config.getoption("--fes-stimulator") is not None
        rows = [DESK] if on_desk else [f"{device}-{mode}" for device, mode in DRIVERS]
        metafunc.parametrize("row", rows)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what no real device is asked for; nobody ends a test on the desk from outside."""
    if config.getoption("--fes-stimulator") is None:
        return
    names = tuple(f"_{scenario.__name__}[{DESK}]" for scenario in SIMULATED_ONLY)
    left_out = [item for item in items if item.name.endswith(names)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
    for item in items:
        item.add_marker(pytest.mark.timeout(0))


@pytest.fixture
def bench(request: pytest.FixtureRequest, row: str) -> Iterator[Bench]:
    """Return a bench of its own for each test, closed whatever happens."""
    made = _bench(request.config, row)
    try:
        yield made
    finally:
        made.close()


def _bench(config: pytest.Config, row: str) -> Bench:
    if row != DESK:
        device, _, mode = row.partition("-")
        return SimulatedBench(device, mode, "stepper")
    url = config.getoption("--fes-stimulator")
    try:
        return DeskBench(url, config.stash[DESK_KEY], _ask)
    except (OSError, ProbeError, ValueError) as error:
        # Nothing that follows would find it either.
        pytest.exit(f"--fes-stimulator {url}: {error}", returncode=pytest.ExitCode.USAGE_ERROR)


def _ask(what: str) -> None:
    """Ask the person at the terminal, past pytest's capturing."""
    terminal = Path("/dev/tty")
    # Twice: one that is read and written at once would have to be seekable.
    with terminal.open("w", encoding="utf-8") as told, terminal.open(encoding="utf-8") as answer:
        told.write(f"\n>>> {what}, then press Enter: ")
        told.flush()
        answer.readline()


@pytest.fixture
def check(request: pytest.FixtureRequest, bench: Bench, row: str) -> Check:
    """Put the bench through a scenario; keep what was found, and every byte of it."""

    def run(scenario: Scenario) -> None:
        __tracebackhide__ = True
        finding = put_through(bench, scenario, row)
        request.node.user_properties.append((FINDING, json.dumps(finding.as_dict())))
        out = request.config.getoption("--fes-out")
        if out is not None:
            _keep(out / "transcripts", f"{finding.number}-{scenario.__name__}-{row}", bench)
        if finding.verdict == "failed":
            pytest.fail(finding.seen, pytrace=False)
        if finding.verdict == "not proven":
            pytest.skip(f"not proven: {finding.note or finding.seen}")

    return run


def _keep(folder: Path, name: str, bench: Bench) -> None:
    """Keep what passed on the line, where anything did."""
    transcript = bench.transcript()
    if transcript:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.jsonl").write_text(transcript, encoding="utf-8")


class Findings:
    """Collects what was found, from whichever process, and writes the certificate."""

    def __init__(self, config: pytest.Config, out: Path) -> None:
        self._config = config
        self._out = out
        self._found: list[Finding] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the finding of one test; one that ended before it had any is a failure."""
        if report.when == "call":
            told = [value for name, value in report.user_properties if name == FINDING]
            self._found += [Finding(**json.loads(str(value))) for value in told]
        elif report.failed:
            name = report.nodeid.rpartition("::")[2]
            self._found.append(Finding(0, name, "", "", "failed", str(report.longrepr)[-300:]))

    def pytest_sessionfinish(self) -> None:
        """Write it."""
        found = sorted(self._found, key=_order)
        expected = len(SCENARIOS)
        if self._config.getoption("--fes-stimulator") is not None:
            expected -= len(SIMULATED_ONLY)
        page = certificate_html(found, _conditions(self._config), expected)
        (self._out / "certificate.html").write_text(page, encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the results are."""
        terminalreporter.write_line(f"certificate: {self._out / 'certificate.html'}")


def _order(finding: Finding) -> tuple[str, int]:
    return finding.row, finding.number


def _conditions(config: pytest.Config) -> Conditions:
    url = config.getoption("--fes-stimulator")
    if url is None:
        return Conditions("simulated devices, on the stepper", None, sys.argv)
    return Conditions(url, config.stash[DESK_KEY], sys.argv)
