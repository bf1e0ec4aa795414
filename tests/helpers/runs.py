"""Run folders for tests: short walks, and runs whose log is written line by line."""

import re
from collections.abc import Iterable
from pathlib import Path

from click.testing import CliRunner

from fes_ctrl.analysis.run import Run, read_run
from fes_ctrl.cli.files import PAGE
from fes_ctrl.cli.report import command as report
from fes_ctrl.cli.walk import command as walk
from fes_ctrl.config.layers import sha256_of
from fes_ctrl.export.origin import origin
from fes_ctrl.model import Command, Input, Record
from fes_ctrl.runlog.log import RunLogWriter
from fes_ctrl.units import Us

Line = tuple[Us, Input | None, tuple[Command, ...], tuple[Record, ...]]
"""When, what came in, what the controller said."""


def kept_walk(folder: Path, *arguments: str) -> Path:
    """Walk with ``--out``; whether it passes is not asked."""
    done = CliRunner().invoke(walk, [*arguments, "--out", str(folder), "--json"])
    assert done.exception is None or done.exit_code == 1, done.output
    return folder


def written_run(
    folder: Path, lines: Iterable[Line], config: dict[str, object] | None = None
) -> Run:
    """Write a log of the right leg, as a controller would have filled it, and read it back."""
    folder.mkdir()
    header = {
        "config": config or {"program": {"trigger": "heel_off", "trigger_side": "same"}},
        "config_sha256": "",
        "seed": None,
        "versions": {},
        "devices": ["paper+p24"],
        "clock": {"unit": "us", "starts_at": 0},
        "legs": {"right": "stimulated"},
    }
    log = RunLogWriter(folder / "log.jsonl", header)
    for now_us, item, commands, records in lines:
        if item is None:
            log.wake(now_us)
        else:
            log.input(now_us, item)
        log.step(now_us, commands, records)
    log.close(ended="finished")
    return read_run(folder)


def config_hashes(folder: Path) -> dict[str, str]:
    """Return what each place says that the hash of a run's configuration is."""
    run = read_run(folder)
    assert run.summary is not None
    assert run.settings is not None
    done = CliRunner().invoke(report, [str(folder)])
    assert done.exit_code == 0, done.output
    page = re.search(r"configuration, SHA-256.*?<code>(\w+)</code>", (folder / PAGE).read_text())
    return {
        "effective values": sha256_of(run.settings["values"]),
        "settings": run.settings["config_sha256"],
        "summary": run.summary["config_sha256"],
        "log": run.header["config_sha256"],
        "exports": origin(run)["config_sha256"],
        "page": "" if page is None else page[1],
    }
