"""What ``fes-ctrl tune`` leaves: the chosen program with where it comes from, trials, all of it."""

import json
import shlex
import sys
from pathlib import Path

import click

from fes_ctrl import __version__
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import PAGE, write_whole
from fes_ctrl.cli.tune_question import Asked
from fes_ctrl.config.files import read_text
from fes_ctrl.config.render import toml_value
from fes_ctrl.tuning.job import options_of, settings_of
from fes_ctrl.tuning.program_file import ProgramFileError, between, read_program, rewritten
from fes_ctrl.tuning.promise import NONE_BETTER
from fes_ctrl.tuning.result import Found, as_csv, as_object
from fes_ctrl.tuning.space import settings_at
from hil.scenarios import load_scenario


def keep(told: Asked, found: Found, out: Path, write: Path | None) -> dict[str, object]:
    """Write what was found, and the chosen program where it keeps its promises.

    Parameters
    ----------
    told : Asked
        What was asked.
    found : Found
        What came of it.
    out : Path
        Folder of the search.
    write : Path or None
        Where else the program is wanted.

    Returns
    -------
    dict
        All of it as one object.
    """
    text = read_text(told.file)
    try:
        before = read_program(text, str(told.file))
        wanted = told.with_settings(settings_at(found.question.dials, found.chosen))
        settings = between(before, wanted)
        program = rewritten(text, str(told.file), settings, _notes(told, found))
    except ProgramFileError as error:
        raise Refusal(str(error)) from error
    whole: dict[str, object] = {"version": __version__, **as_object(found)}
    kept = write is not None and found.verdict.passed
    whole["walk_s"] = told.scenario.walk.duration_s
    whole["program"] = {
        "from": str(told.file),
        "file": str(out / "chosen.toml"),
        "written": str(write) if kept else None,
        "text": program,
    }
    write_whole(out / "chosen.toml", program, own="search")
    write_whole(out / "trials.csv", as_csv(found), own="search")
    (out / PAGE).unlink(missing_ok=True)  # of another choice, or of fewer walks
    write_whole(
        out / "tune.json", json.dumps(whole, indent=1, allow_nan=False) + "\n", own="search"
    )
    if write is not None and kept:
        write_whole(write, program, "--write")
    return whole


def _notes(told: Asked, found: Found) -> list[str]:
    """Return where a program comes from, as the head of its file."""
    question = found.question
    patients = ", ".join(dict.fromkeys(member.patient for member in question.members))
    command = " ".join(["fes-ctrl", *map(shlex.quote, sys.argv[1:])])
    verdict = "kept its promises" if found.verdict.passed else "did NOT keep its promises"
    unseen = f"{found.unseen[0]} to {found.unseen[-1]}"
    proved = f"It {verdict} on seeds {unseen}, which the search had not seen."
    if found.unchanged:
        proved = f"The given program as it was: {NONE_BETTER}."
    lines = [
        f"Found by fes-ctrl {__version__} from {told.file.name}: {command}",
        f"Scenario {question.scenario}, simulated patients: {len(question.members)} ({patients}), "
        f"search {question.digest()[:12]}.",
        *_astray(found),
        proved,
        *[f"- {line}" for line in found.sentences],
        *[f"- against it: {line}" for line in found.verdict.reasons if line != NONE_BETTER],
    ]
    return [" ".join(line.split()) for line in lines]


def _astray(found: Found) -> list[str]:
    """Return with which strides astray a program was walked; nothing where none were."""
    astray = dict(found.question.astray)
    if not astray:
        return []
    percent = astray.pop("bad_strides.percent")
    others = "".join(f", {key} = {toml_value(value)}" for key, value in astray.items())
    return [f"Every program was walked again with {percent:g} % of its strides astray{others}."]


def say_where(told: Asked, found: Found, out: Path, write: Path | None) -> None:
    """Say where everything is, and how the program is tried."""
    file = out / "chosen.toml"
    what = (
        f"{file} is the given program, unchanged" if found.unchanged else f"the program in {file}"
    )
    click.echo(f"everything is in {out}, {what}", err=True)
    if write is not None and not found.verdict.passed:
        why = "there is no better program"
        if not found.unchanged:
            why = "the program did not keep its promises"
        click.echo(f"{write} was not written: {why}", err=True)
    if not found.unchanged:
        click.echo(f"try it: {trial(told, found, file)}", err=True)


def trial(told: Asked, found: Found, file: Path) -> str:
    """Return the command that walks the chosen program as it was walked in the search.

    Of several patients it has the first one, and then names the others. Settings of the program
    are left out where the file alone gives them; a scenario's own win over a file.
    """
    question = found.question
    patients = list(dict.fromkeys(member.patient for member in question.members))
    wanted = settings_at(question.dials, found.chosen)
    chosen = dict((*question.base, *wanted))
    parts: dict[str, str] = {"patient": patients[0], "program": str(file)}
    others: dict[str, object] = {}
    for key, value in chosen.items():
        part = key.removeprefix("walk.")
        if part in {"setup", "stimulator", "limits"} and isinstance(value, str):
            parts[part] = value
        elif key != "walk.program":
            others[key] = value
    alone = {key: value for key, value in others.items() if not key.startswith("program.")}
    loaded = load_scenario(question.scenario, parts, options_of(settings_of(alone)))
    if loaded.walk.control.program == told.with_settings(wanted):
        others = alone
    words = ["fes-ctrl", "walk", question.scenario]
    words += [word for part, value in parts.items() for word in (f"--{part}", value)]
    words += [word for option in options_of(settings_of(others)) for word in ("--set", option)]
    if question.duration_s is not None:
        words += ["--duration", f"{question.duration_s:g}"]
    more = f" (and so with --patient {', '.join(patients[1:])})" if patients[1:] else ""
    return shlex.join(words) + more
