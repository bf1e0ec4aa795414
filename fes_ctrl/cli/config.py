"""``fes-ctrl config``: effective values with their origin, checks, and schemas for editors."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.config.layers import Layers


@click.group(
    name="config", epilog="Example: fes-ctrl config show standard --set program.delay_ms=50"
)
def command() -> None:
    """Show, check and describe the configuration."""


@command.command(epilog="Example: fes-ctrl config show late_onset --section program > my.toml")
@click.argument("scenario", default="standard", metavar="[SCENARIO]")
@click.option("--patient", help="Patient: a name in configs/patients or a file.")
@click.option("--program", help="Program: a name in configs/programs or a file.")
@click.option("--setup", help="Thresholds: a name in configs/setups or a file.")
@click.option("--stimulator", help="Stimulator: a name in configs/stimulators or a file.")
@click.option("--limits", help="Limits: a name in configs/limits or a file.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="One value, dotted key.")
@click.option("--section", help="This part only; the output is a file of it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(
    scenario: str,
    sets: tuple[str, ...],
    section: str | None,
    *,
    as_json: bool,
    **parts: str | None,
) -> None:
    """Show the effective values of a walk, and where each came from."""
    from fes_ctrl.config.errors import ConfigError
    from fes_ctrl.config.layers import sha256_of
    from fes_ctrl.config.render import origins, render
    from hil.scenarios import load_scenario

    options = {name: value for name, value in parts.items() if value}
    try:
        layers = load_scenario(scenario, options, sets).layers
    except ConfigError as error:
        raise Refusal(str(error)) from error
    effective = layers.effective()
    sections = [_section(section, layers)] if section else list(effective)
    if as_json:
        whole = {
            "config_sha256": sha256_of(effective),
            "values": {name: effective[name] for name in sections},
            "origins": {
                key: origin for name in sections for key, origin in origins(layers, name).items()
            },
        }
        click.echo(json.dumps(whole, allow_nan=False))
        return
    click.echo(f"# config_sha256 {sha256_of(effective)}")
    for name in sections:
        click.echo()
        click.echo(render(layers, name), nl=False)


def _section(section: str, layers: "Layers") -> str:
    known = layers.effective()
    if section not in known:
        message = f"--section {section}: there is no such part; choose {', '.join(known)}"
        raise Refusal(message)
    return section


@command.command(epilog="Example: fes-ctrl config check my/program.toml my/scenario.toml")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(ctx: click.Context, files: tuple[str, ...], *, as_json: bool) -> None:
    """Check files, each by what it holds: a part, a sweep or tune, or a scenario with all it names.

    A name without slash and .toml is a scenario's. Exit code 2: a file is refused.
    """
    from fes_ctrl.config.errors import ConfigError

    found: list[dict[str, object]] = []
    for file in files:
        try:
            kind = _check(file)
        except ConfigError as error:
            problem = " ".join(str(error).split())
            found.append({"file": file, "kind": None, "problem": problem})
            click.echo(f"fes-ctrl: {problem}", err=True)
        else:
            found.append({"file": file, "kind": kind, "problem": None})
            if not as_json:
                click.echo(f"{file}: good ({kind})")
    if as_json:
        click.echo(json.dumps({"files": found}))
    if any(entry["problem"] for entry in found):
        ctx.exit(Refusal.exit_code)


def _check(value: str) -> str:
    """Check one file and return what it is."""
    from fes_ctrl.assembly import problems_of
    from fes_ctrl.config.errors import ConfigError
    from fes_ctrl.config.files import find, read
    from fes_ctrl.config.layers import Layers
    from hil.scenarios import PARTS, SECTIONS, load_scenario

    path: Path = find("scenario", value)
    tables = list(read(path))
    if len(tables) == 1 and tables[0] in PARTS:
        part = tables[0]
        layers = Layers({part: SECTIONS[part]})
        layers.load(part, str(path.absolute()))
        layers.get(part)
        return part
    if tables == ["sweep"]:
        from hil.sweep_plan import load_plan, manifest_of

        manifest, unfit, _ = manifest_of(load_plan(str(path.absolute())))
        if unfit:
            of = len(manifest.candidates) * len(manifest.patients)
            click.echo(
                f"note: {len(unfit)} of {of} cannot be walked; the first: {unfit[0]}", err=True
            )
        return "sweep"
    if tables == ["tune"]:
        from fes_ctrl.cli.tune_space import told_by

        told_by(str(path.absolute()))
        return "tune"
    scenario = load_scenario(value)
    problems = problems_of(scenario.walk.legs, scenario.walk.control, scenario.walk.sensed)
    if problems:
        raise ConfigError(f"{problems[0]} ({value})")
    return "scenario"


@command.command(epilog="Example: fes-ctrl config schema program > program.schema.json")
@click.argument("kind", default="scenario", metavar="[KIND]")
def schema(kind: str) -> None:
    """Print the JSON schema of a file: scenario (the default), sweep, tune, program and so on."""
    from fes_ctrl.config.schema import schema_of
    from fes_ctrl.tuning.config import SweepConfig
    from hil.scenarios import PARTS, SECTIONS, Bound
    from hil.tune_config import TuneConfig

    if kind == "scenario":
        # Limits come from files of their own; a scenario only names them.
        tables = {name: cls for name, cls in SECTIONS.items() if name != "limits"}
        whole = schema_of({**tables, "pass": Bound}, "A scenario of fes-ctrl")
        figure = whole["properties"]["pass"]
        whole["properties"]["pass"] = {"type": "object", "additionalProperties": figure}
    elif kind in PARTS:
        whole = schema_of({kind: SECTIONS[kind]}, f"A {kind} file of fes-ctrl")
    elif kind == "sweep":
        whole = schema_of({"sweep": SweepConfig}, "A sweep of fes-ctrl")
    elif kind == "tune":
        whole = schema_of({"tune": TuneConfig}, "What a search of fes-ctrl is told")
    else:
        message = f"no schema {kind!r}; choose scenario, {', '.join(PARTS)}, sweep, tune"
        raise Refusal(message)
    click.echo(json.dumps(whole, indent=1, allow_nan=False))
