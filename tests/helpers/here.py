"""The command line without a process of its own: its words, its exit code, not its start-up."""

import contextlib
import io
import subprocess
import sys
from unittest.mock import patch

from fes_ctrl.cli import main


def fes_ctrl_here(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Do what ``python -m fes_ctrl`` does with these arguments, in this process."""
    out, errors = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["fes-ctrl", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        try:
            main()
        except SystemExit as left:
            code = left.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), errors.getvalue())
