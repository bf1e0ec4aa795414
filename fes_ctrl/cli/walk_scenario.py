"""One scenario of ``fes-ctrl walk``: walked as asked, with its twins, and kept in its folder."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fes_ctrl.cli.desk import Desk
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_settings, new_run, write_whole
from fes_ctrl.cli.progress import BAR, bar
from hil.baseline import differences
from hil.config import WalkConfig, treated
from hil.origin import simulated_name
from hil.probe import ProbeError
from hil.rig import Rig
from hil.scenarios import Scenario
from hil.simulate import ClockName, WalkResult, simulate
from hil.simulate_real import simulate_real
from hil.summary import add_reasons, walk_summary

if TYPE_CHECKING:
    from fes_ctrl.links.broker import Broker
    from fes_ctrl.runtime.broadcast import Broadcast
    from fes_ctrl.runtime.realtime import RealClock


@dataclass(frozen=True, slots=True)
class How:
    """How scenarios are walked.

    Attributes
    ----------
    clock : str
        Who makes time pass: ``stepper``, ``virtual`` or ``real``.
    link : str or Desk
        What carries the bytes: ``memory``, ``pty``, or a stimulator on the desk.
    twins : tuple of str
        Other treatments under which the same steps are walked again.
    evaluation : bool
        Whether it is only sensed and decided.
    broker : Broker or None
        Whom it is told to, on the real clock.
    quiet : bool
        Whether nothing is to be printed.
    """

    clock: str
    link: str | Desk
    twins: tuple[str, ...]
    evaluation: bool
    broker: "Broker | None"
    quiet: bool


def walk_scenario(
    scenario: Scenario, how: How, folder: Path | None, before: dict[str, object] | None
) -> dict[str, object]:
    """Walk a scenario and its twins; return the summary.

    Parameters
    ----------
    scenario : Scenario
        Has the walk that was walked in the end.
    how : How
        On which clock, with what.
    folder : Path or None
        Where the run is kept; one that is interrupted keeps its log, and nothing half-written.
    before : dict or None
        Summary of a run that it is held against.
    """
    walk = replace(scenario.walk, evaluation=how.evaluation, trace=folder is not None)
    scenario.walk = walk
    others = {name: _treated(walk, name) for name in how.twins}
    if folder is not None:
        new_run(folder)
        bounds = {name: asdict(bound) for name, bound in scenario.bounds.items()}
        keep_settings(folder, scenario.layers, bounds)
    result = _simulate(scenario, how, folder)
    results: dict[str, WalkResult] = {}
    for name, other in others.items():
        with _progress(f"{scenario.name}, {name}", walk.duration_s, quiet=how.quiet) as advance:
            results[name] = simulate(other, progress=advance)
    summary = walk_summary(scenario, result, how.clock, results)
    if before is not None:
        add_reasons(summary, differences(summary, before))
    if folder is not None:
        _keep(folder, scenario, result, results.get("evaluation"), summary)
    if not how.quiet:
        from fes_ctrl.report.table import print_walk

        print_walk(summary, None if folder is None else str(folder))
    return summary


def _treated(walk: WalkConfig, treatment: str) -> WalkConfig:
    """Return the same steps under another treatment.

    Raises
    ------
    Refusal
        If that is how the walk is treated already.
    """
    other = treated(walk, treatment)
    if replace(other, trace=walk.trace) == walk:
        message = f"--twin {treatment}: that is this walk itself; choose another treatment"
        raise Refusal(message)
    return other


def _simulate(scenario: Scenario, how: How, folder: Path | None) -> WalkResult:
    walk, link, sha256 = scenario.walk, how.link, scenario.config_sha256
    log = None if folder is None else folder / "log.jsonl"
    tell = None if how.broker is None else partial(_tell, scenario, how.broker, folder)
    with _progress(scenario.name, walk.duration_s, quiet=how.quiet) as advance:
        if isinstance(link, Desk):
            opening = partial(link.open, walk.control)
            probe = link.open_probe if link.probe_url else None
            try:
                return simulate_real(
                    walk, log, advance, desk=opening, probe=probe, tell=tell, config_sha256=sha256
                )
            except ProbeError as error:
                message = f"--probe {error}"
                raise Refusal(message) from error
            except OSError as error:
                message = f"--link {link.url}: {error}"
                raise Refusal(message) from error
        if how.clock == "real":
            over_pty = link == "pty"
            return simulate_real(
                walk, log, advance, over_pty=over_pty, tell=tell, config_sha256=sha256
            )
        clock: ClockName = "virtual" if how.clock == "virtual" else "stepper"
        return simulate(walk, clock, log, advance, config_sha256=sha256)


def _tell(
    scenario: Scenario, broker: "Broker", files: Path | None, rig: Rig, clock: "RealClock"
) -> "Broadcast":
    """Begin to tell a walk to a broker."""
    from fes_ctrl.cli.attended import say
    from fes_ctrl.runtime.broadcast import Broadcast
    from fes_ctrl.runtime.telling import About

    walk = scenario.walk
    about = About(
        bench=broker.path,
        program=scenario.names["program"],
        device=simulated_name(walk.control.stimulator.device, walk),
        legs=walk.legs,
        control=walk.control,
        sensed=walk.sensed,
        simulated=True,
        config_sha256=scenario.config_sha256,
    )
    audit = None if files is None else files / "audit.jsonl"
    try:
        return Broadcast(rig.session, clock, broker, about, say, audit)
    except OSError as error:
        message = f"--telemetry {broker}: {error.strerror or error}; no process speaks to it"
        raise Refusal(message) from error


@contextmanager
def _progress(
    name: str, duration_s: float, *, quiet: bool
) -> Iterator[Callable[[float], None] | None]:
    if quiet:
        yield None
        return
    with bar("{task.description:24s}", BAR, "{task.completed:.0f} s") as progress:
        task = progress.add_task(name, total=duration_s)

        def advance(done_s: float) -> None:
            progress.update(task, completed=done_s)

        yield advance


def _keep(
    folder: Path,
    scenario: Scenario,
    result: WalkResult,
    untreated: WalkResult | None,
    summary: dict[str, object],
) -> None:
    from fes_ctrl.analysis.truth import truth_files, twin_files
    from fes_ctrl.report.strides import strides_svg
    from hil.trace import few_strides, trace_of, truth_of

    first, last = few_strides(result, 4)
    title = f"{scenario.name}: {scenario.names['patient']} with {scenario.names['program']}"
    svg = strides_svg(
        title, trace_of(result), None if untreated is None else trace_of(untreated), first, last
    )
    write_whole(folder / "strides.svg", svg)
    tables = truth_files(truth_of(result))
    if untreated is not None:
        tables |= twin_files(truth_of(untreated))
    for name, text in tables.items():
        write_whole(folder / name, text, own="run")
    whole = json.dumps(summary, indent=1, allow_nan=False) + "\n"
    write_whole(folder / "summary.json", whole, own="run")
