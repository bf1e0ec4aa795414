"""The command line: one module a command, imported only when it is called.

Everything a person types and everything they read starts here; each command joins the rooms it
needs. The group itself imports nothing but click, so that help comes at once.
"""

import contextlib
import difflib
import importlib
import keyword
import os
import sys
from typing import Final, TextIO

import click

from fes_ctrl import __version__

COMMANDS: Final[dict[str, str]] = {
    "walk": "Simulate walks in closed loop.",
    "replay": "Put a recording through detector, program and guard.",
    "detect": "Find the gait events of a recording.",
    "score": "Compare detected events with a reference.",
    "report": "Make one HTML file of a run.",
    "import": "Make a recording of another program's file.",
    "run": "Run the controller in real time on real sensors and a stimulator.",
    "watch": "Show how the benches on a broker stand.",
    "remote": "Change a bench's parameters from afar, or stop it.",
    "setup": "Find a seated wearer's thresholds by test bursts.",
    "device": "Ask a stimulator about itself, or reset it.",
    "campaign": "Walk random faults and judge every step.",
    "sweep": "Walk many settings, patients and seeds, and compare them.",
    "merge": "Join the shards of a sweep.",
    "tune": "Search for a better program, and write it as TOML.",
    "export": "Write a run for Foxglove, as Parquet tables or as C3D.",
    "identify": "Tell a patient's parameters from a bench session.",
    "limits": "Show the limits in force, and the output table.",
    "doctor": "Tell what this machine can do, what is plugged in and what speaks.",
    "bench": "Measure this program on this machine, and what comes out of a stimulator.",
    "compare": "Put runs side by side: what changed, and what came of it.",
    "explain": "Tell why a stride got what it got.",
    "config": "Show, check and describe the configuration.",
}

COULD_NOT: Final = 2
INTERRUPTED: Final = 130


class ReaderGoneError(Exception):
    """Whoever read our output has closed it."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        # No module can be called as a word of the language is.
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"fes_ctrl.cli.{name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; click alone would take a closed pipe for a verdict, exit code 1."""
        try:
            result: object = super().invoke(ctx)
            stdout: TextIO | None = sys.stdout  # None where it was closed from the beginning
            if stdout is not None:
                stdout.flush()
        except BrokenPipeError as error:
            raise ReaderGoneError from error
        return result

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where there is none of that name."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"choose {', '.join(COMMANDS)}"
            message = f"no command {name!r}; {hint}"
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: fes-ctrl walk standard --twin evaluation --out runs/first",
)
@click.version_option(__version__, "--version", message="fes-ctrl %(version)s")
def group() -> None:
    """Closed-loop control of functional electrical stimulation for drop foot.

    A research and bench tool, not a medical device.
    """


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = group.main(prog_name="fes-ctrl", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(COULD_NOT)
    except click.ClickException as error:
        click.echo(f"fes-ctrl: {one_line(error)}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        with contextlib.suppress(OSError):
            # The terminal may be what has gone.
            click.echo("fes-ctrl: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except ReaderGoneError:
        _give_up_stdout()
        sys.exit(COULD_NOT)
    except OSError as error:
        _give_up_stdout()
        where = error.filename or "output"
        what = f"{where}: {error.strerror or error}; check the disk and who may use it"
        click.echo(f"fes-ctrl: {what}", err=True)
        sys.exit(COULD_NOT)
    sys.exit(code if isinstance(code, int) else 0)


def _give_up_stdout() -> None:
    # What is still buffered would fail once more, with a traceback, when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def one_line(error: click.ClickException) -> str:
    """Return what was wrong and what to do, in one line."""
    text = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.UsageError):
        text = f"{text[:1].lower()}{text[1:]}"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{text}; see '{error.ctx.command_path} --help'"
    return text
