"""The command's frame: help at once, one line where it cannot, and an exit code that is true."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fes_ctrl import __version__
from fes_ctrl.cli import COMMANDS, group

FOLDER = Path(importlib.import_module("fes_ctrl.cli").__path__[0])


def fes_ctrl(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fes_ctrl", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def commands() -> Iterator[tuple[list[str], click.Command]]:
    """Yield every command with the words that reach it."""
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield [name], command
        if isinstance(command, click.Group):
            for inner, sub in command.commands.items():
                yield [name, inner], sub


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nothing"]])
def test_help_waits_for_no_library_that_it_does_not_need(arguments: list[str]) -> None:
    done = python(
        "import sys\n"
        "from fes_ctrl.cli import main\n"
        f"sys.argv = ['fes-ctrl', *{arguments!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        "    print('\\nMODULES', *sys.modules)\n"
    )
    _, _, modules = done.stdout.partition("\nMODULES ")
    loaded = set(modules.split())
    assert "click" in loaded
    assert not loaded & {"numpy", "pydantic", "pydantic_core", "rich", "asyncio", "serial"}
    ours = {name for name in loaded if name.partition(".")[0] in {"fes_ctrl", "hil"}}
    assert ours == {"fes_ctrl", "fes_ctrl.cli"}


def test_the_table_names_every_command_that_there_is_and_no_other() -> None:
    found = {
        file.stem.removesuffix("_")  # what is a word of Python too has one
        for file in FOLDER.glob("*.py")
        if hasattr(importlib.import_module(f"fes_ctrl.cli.{file.stem}"), "command")
    }
    assert set(COMMANDS) == found


def test_the_help_lists_every_command_with_what_it_does() -> None:
    text = " ".join(fes_ctrl("--help").stdout.split())
    for name, does in COMMANDS.items():
        assert f"{name} {does}" in text


@pytest.mark.parametrize(
    ("words", "command"),
    [pytest.param(words, command, id=" ".join(words)) for words, command in commands()],
)
def test_every_help_has_an_example_that_its_command_understands(
    words: list[str], command: click.Command
) -> None:
    wide = {"terminal_width": 500, "max_content_width": 500}
    shown = CliRunner().invoke(command, ["--help"], **wide)
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    assert "\\b" not in text
    example = re.search(r"Example: fes-ctrl (.+?)(?: > \S+)?(?: Options: .*)?$", text)
    assert example is not None
    arguments = shlex.split(example[1])
    assert arguments[: len(words)] == words
    command.make_context(words[-1], arguments[len(words) :])


def test_the_version_is_told() -> None:
    assert fes_ctrl("--version").stdout == f"fes-ctrl {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["wlak"], "no command 'wlak'; did you mean walk?"),
        (["xyz"], "no command 'xyz'; choose walk, "),
        (["--bogus"], "no such option '--bogus'; see 'fes-ctrl --help'"),
        (["walk", "--clock", "sundial"], "'sundial' is not one of 'stepper', 'virtual', 'real'"),
        (["walk", "--seed", "x"], "'x' is not a valid integer"),
        (["walk", "nobody"], "scenario 'nobody' is unknown; choose "),
        (["config", "shwo"], "'shwo'"),
        (["config", "check"], "missing argument 'FILE...'; see 'fes-ctrl config check --help'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(arguments: list[str], told: str) -> None:
    done = fes_ctrl(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("fes-ctrl: ")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


def test_an_interrupted_command_leaves_with_130_and_no_traceback() -> None:
    done = python(
        "import signal, sys\n"
        "from fes_ctrl.cli import main\n"
        "signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.7)\n"
        "sys.argv = ['fes-ctrl', 'walk', '--duration', '36000', '--json']\n"
        "main()\n"
    )
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.split("\n")[-2] == "fes-ctrl: interrupted"
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_quiet_and_no_verdict() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = fes_ctrl("config", "show", stdout=writer)
    finally:
        os.close(writer)
    assert done.returncode == 2
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full disk at hand")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = fes_ctrl("config", "show", stdout=full.fileno())
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "bench latency --seconds nan",
        "doctor --seconds nan",
        "remote stop mqtt://localhost/bench --timeout nan",
        "tune --out nowhere --bad-strides nan",
        "walk --dummy-load nan",
        "watch mqtt://localhost --once nan",
    ],
)
def test_nan_lies_between_no_two_ends(words: str) -> None:
    told = fes_ctrl(*words.split())
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.count("\n") == 1
    assert f"{words.split()[-2]}': nan is no number" in told.stderr
