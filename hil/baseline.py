"""A walk against an earlier one: which figures moved further than they may."""

import json
from collections.abc import Mapping
from pathlib import Path

from fes_ctrl.analysis.figures import figures_of_walk, moved, said, tolerance_of


class BaselineError(ValueError):
    """A baseline that cannot be read: which, why, and what to do."""


def read_baseline(path: Path) -> dict[str, object]:
    """Return an earlier summary, of a run folder or a file.

    Raises
    ------
    BaselineError
        If there is none, or it is none.
    """
    file = path / "summary.json" if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{file}: {error.strerror}; give the folder of an earlier run"
        raise BaselineError(message) from error
    except ValueError as error:
        message = f"{file}: not the summary of a walk; give the folder of an earlier run"
        raise BaselineError(message) from error
    if not isinstance(found, dict) or not isinstance(found.get("legs"), dict):
        message = f"{file}: not the summary of a walk; give the folder of an earlier run"
        raise BaselineError(message)
    return found


def differences(summary: Mapping[str, object], baseline: Mapping[str, object]) -> list[str]:
    """Return the figures that moved out of tolerance, one sentence each.

    Parameters
    ----------
    summary, baseline : mapping
        Two summaries; figures that only one of them knows count as moved.
    """
    now, before = figures_of_walk(summary), figures_of_walk(baseline)
    found = []
    for name in sorted(now.keys() | before.keys()):
        new, old = now.get(name), before.get(name)
        tolerance = tolerance_of(name, old) or 0.0
        if moved(new, old, tolerance):
            found.append(
                f"baseline out of tolerance: {name} = {said(new)}, was {said(old)}, "
                f"give or take {tolerance:g}"
            )
    return found
