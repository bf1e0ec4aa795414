"""``fes-ctrl walk``: simulated walks in closed loop, a table for people, JSON for programs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.brokers import bench_at
from fes_ctrl.cli.desk import desk_at
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import run_folders, write_whole
from fes_ctrl.cli.numbers import Finite

if TYPE_CHECKING:
    from hil.scenarios import Scenario


@click.command(epilog="Example: fes-ctrl walk standard --set program.delay_ms=50 --twin evaluation")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--patient", help="Patient: a name in configs/patients or a file.")
@click.option("--program", help="Program: a name in configs/programs or a file.")
@click.option("--setup", help="Thresholds: a name in configs/setups or a file.")
@click.option("--stimulator", help="Stimulator: a name in configs/stimulators or a file.")
@click.option("--limits", help="Limits: a name in configs/limits or a file.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="One value, dotted key.")
@click.option("--duration", type=float, metavar="S", help="Seconds to walk.")
@click.option("--seed", type=int, help="Of everything random.")
@click.option("--evaluation", is_flag=True, help="Sense and decide, never stimulate.")
@click.option(
    "--clock",
    type=click.Choice(["stepper", "virtual", "real"]),
    default="stepper",
    show_default=True,
    help="Who makes time pass.",
)
@click.option(
    "--link",
    default="memory",
    show_default=True,
    metavar="memory|pty|ADDRESS",
    help="What carries the bytes: memory, a pseudo-terminal, or the port of a stimulator on the "
    "desk (p24:///dev/ttyACM0); the latter two need --clock real.",
)
@click.option(
    "--dummy-load",
    type=Finite(100, 10_000),
    metavar="OHM",
    help="What the stimulator on the desk gives into; without it, 10 mA at most.",
)
@click.option(
    "--probe",
    metavar="URL",
    help="Probe across the dummy load (serial:///dev/ttyACM1, tcp://HOST:PORT): what it measures "
    "is what reaches the patient.",
)
@click.option(
    "--limiter", is_flag=True, help="Fit the second guard between stimulator and electrode."
)
@click.option(
    "--inject",
    multiple=True,
    metavar="NAME[=AMOUNT]@T[+D]",
    help="Make something go wrong at T s, for D s; docs/reference/injections.md lists what.",
)
@click.option(
    "--orthosis",
    type=click.Choice(["none", "rigid", "hinged", "carbon"]),
    help="Ankle-foot orthosis that is worn.",
)
@click.option(
    "--twin",
    "twins",
    multiple=True,
    type=click.Choice(["evaluation", "orthosis", "both"]),
    help="Walk the same steps again under another treatment; repeatable.",
)
@click.option(
    "--telemetry",
    metavar="URL",
    help="With --clock real: tell the walk to a broker, mqtt://HOST/BENCH, and take guarded "
    "parameters from there.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Fail where figures moved further than 2 %, or the least that counts in their unit, from "
    "that run; of several scenarios: the folder that --out kept them in.",
)
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the verdicts there."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep the run there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    scenarios: tuple[str, ...],
    sets: tuple[str, ...],
    duration: float | None,
    seed: int | None,
    clock: str,
    link: str,
    inject: tuple[str, ...],
    twins: tuple[str, ...],
    telemetry: str | None,
    baseline: Path | None,
    junit: Path | None,
    out: Path | None,
    *,
    dummy_load: float | None,
    probe: str | None,
    evaluation: bool,
    limiter: bool,
    as_json: bool,
    **parts: str | None,
) -> int:
    """Simulate walks in closed loop: patient, sensors, controller, guard, driver, device.

    Without a SCENARIO the standard one is walked. Exit code 1: a bound of the scenario or of
    --baseline is not met, the guard refused a setpoint, the witness saw a violation, the limiter
    latched, or an injection was never reached, or went without the fault that answers it.
    """
    desk = None if link in {"memory", "pty"} else desk_at(link, dummy_load, probe)
    if probe is not None and desk is None:
        message = (
            f"--probe {probe} with --link {link}: a probe is across the load of a stimulator on "
            "the desk; name its port with --link"
        )
        raise Refusal(message)
    if link != "memory" and clock != "real":
        what = "a pseudo-terminal" if desk is None else "a stimulator on the desk"
        message = f"--link {link} with --clock {clock}: {what} has real time only; add --clock real"
        raise Refusal(message)
    broker = None
    if telemetry is not None:
        if clock != "real":
            message = (
                f"--telemetry with --clock {clock}: a broker has real time only; add --clock real"
            )
            raise Refusal(message)
        broker = bench_at(telemetry, "--telemetry")
    if desk is not None:
        parts["stimulator"] = parts.get("stimulator") or desk.address.device
    if evaluation and "evaluation" in twins:
        message = "--evaluation with --twin evaluation: both would be the same walk; leave one out"
        raise Refusal(message)
    options: dict[str, object] = {name: value for name, value in parts.items() if value}
    if duration is not None:
        options["duration_s"] = duration
    if seed is not None:
        options["seed"] = seed
    if inject:
        options["inject"] = list(inject)
    if limiter:
        sets = (*sets, "limiter.fitted=true")
    names = scenarios or ("standard",)
    earlier = [
        None if folder is None else _baseline(folder)
        for folder in run_folders(list(names), baseline, "--baseline")
    ]
    loaded = [_load(name, options, sets) for name in names]
    if desk is not None:
        for scenario in loaded:
            desk.fit(scenario, gives=not evaluation)
    if link == "pty":
        for scenario in loaded:
            _refuse_what_no_pty_does(scenario)
    folders = run_folders([scenario.name for scenario in loaded], out)
    from fes_ctrl.cli.walk_scenario import How, walk_scenario

    how = How(
        clock=clock,
        link=desk or link,
        twins=tuple(dict.fromkeys(twins)),
        evaluation=evaluation,
        broker=broker,
        quiet=as_json,
    )
    summaries = [
        walk_scenario(scenario, how, folder, before)
        for scenario, folder, before in zip(loaded, folders, earlier, strict=True)
    ]
    if junit is not None:
        from fes_ctrl.report.junit import junit_xml

        write_whole(junit, junit_xml(summaries), "--junit")
    if as_json:
        whole = summaries[0] if len(summaries) == 1 else {"walks": summaries}
        click.echo(json.dumps(whole, allow_nan=False))
    return int(not all(_passed(summary) for summary in summaries))


def _passed(summary: dict[str, object]) -> bool:
    found = summary["verdict"]
    return isinstance(found, dict) and found["passed"] is True


def _baseline(path: Path) -> dict[str, object]:
    from hil.baseline import BaselineError, read_baseline

    try:
        return read_baseline(path)
    except BaselineError as error:
        message = f"--baseline {error}"
        raise Refusal(message) from error


def _load(name: str, options: dict[str, object], sets: tuple[str, ...]) -> "Scenario":
    from fes_ctrl.assembly import problems_of
    from fes_ctrl.config.errors import ConfigError
    from hil.scenarios import load_scenario

    try:
        scenario = load_scenario(name, options, sets)
    except ConfigError as error:
        raise Refusal(str(error)) from error
    problems = problems_of(scenario.walk.legs, scenario.walk.control, scenario.walk.sensed)
    if problems:
        raise Refusal(problems[0])
    return scenario


def _refuse_what_no_pty_does(scenario: "Scenario") -> None:
    from firmware_sim.injections import BY_NAME
    from hil.real_cable import INJECTIONS

    for name, *_ in scenario.walk.inject:
        if BY_NAME[name].part == "link" and name not in INJECTIONS:
            message = f"--link pty with injection {name}: a cable in memory does it; leave one out"
            raise Refusal(message)
