"""A walk against an earlier one: which figures moved further than they may."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

RELATIVE: Final = 0.02
ABSOLUTE: Final = 0.5
"""A figure may differ by two per cent or by half its unit, whichever is more."""

COMPARED: Final = ("duration_s", "legs", "charge", "safety.refused_setpoints")


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
    if not isinstance(found, dict) or "legs" not in found:
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
    now, before = dict(_figures(summary)), dict(_figures(baseline))
    found = []
    for name in sorted(now.keys() | before.keys()):
        if not name.startswith(COMPARED):
            continue
        new, old = now.get(name), before.get(name)
        if new == old:
            continue
        if new is not None and old is not None:
            if abs(new - old) <= max(ABSOLUTE, RELATIVE * abs(old)):
                continue
            found.append(f"{name} = {new:g}: was {old:g} in the baseline")
        else:
            found.append(f"{name} is {_said(new)}: was {_said(old)} in the baseline")
    return found


def _said(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _figures(values: Mapping[str, object], above: str = "") -> Iterator[tuple[str, float | None]]:
    for key, value in values.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _figures(value, f"{name}.")
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            yield name, value
