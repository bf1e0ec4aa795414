"""The fixture ``golden``: a walk against the one that is stored beside the test."""

import json
import platform
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fes_ctrl.testing.errors import RefusedError

if TYPE_CHECKING:
    from fes_ctrl.testing.walk import Walked

FORMAT: Final = 1
FOLDER: Final = "golden"
ABOUT: Final = ("scenario", "patient", "program", "stimulator", "seed")
UPDATE: Final = "pytest --fes-update"
ABSENT: Final = "-"


def here() -> str:
    """Return the platform as far as hashes depend on it."""
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{platform.system()} {platform.machine()} {platform.python_implementation()} {python}"


class Golden:
    """Compare a walk with the one that is stored in ``golden/`` beside the test.

    Parameters
    ----------
    beside : Path
        The folder of the test.
    test : str
        Its name, for files that have none of their own.
    update : bool
        Rewrite them.
    exact : bool
        Compare the hash of all setpoints as well.
    """

    def __init__(self, beside: Path, test: str, *, update: bool, exact: bool) -> None:
        self._folder = beside / FOLDER
        self._test = test
        self._update = update
        self._exact = exact
        self._asked: set[Path] = set()

    def __call__(
        self,
        walked: "Walked",
        name: str = "",
        *,
        tolerances: Mapping[str, float] | None = None,
        exact: bool = False,
    ) -> bool:
        """Return ``True``, or fail with the figures that moved, one a line.

        Parameters
        ----------
        walked : Walked
            The walk.
        name : str
            Of the file, where a test has several; by default that of the test.
        tolerances : mapping of str to float or None
            By figure; ``*`` stands for anything. Others are those that the file states.
        exact : bool
            Compare the hash of all setpoints as well: on the platform that the file is of.

        Raises
        ------
        RefusedError
            If there is no golden, it is damaged, or it lacks a tolerance.
        AssertionError
            If a figure moved out of its tolerance.
        """
        __tracebackhide__ = True
        path = self._folder / f"{_file_name(name or self._test)}.json"
        if path in self._asked:
            message = f"{_shown(path)}: compared twice in one test; give each walk a name"
            raise RefusedError(message)
        self._asked.add(path)
        from fes_ctrl.analysis.figures import figures_of_walk

        now = figures_of_walk(walked.summary)
        own = _own(tolerances or {}, now)
        if self._update:
            _write(path, walked.summary, now, own)
            return True
        stored = _read(path)
        wrong = _moved(path, stored["figures"], now, own)
        if exact or self._exact:
            wrong += _other_setpoints(path, stored, walked.setpoints_sha256)
        if wrong:
            raise AssertionError(_told(path, wrong))
        return True


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.=+]+", "-", name).strip("-.") or "walk"


def _shown(path: Path) -> str:
    from fes_ctrl.config.files import shown

    return shown(path)


def _own(patterns: Mapping[str, float], now: Mapping[str, object]) -> dict[str, float]:
    """Return the tolerances that a test states itself, by figure."""
    __tracebackhide__ = True
    found: dict[str, float] = {}
    for pattern, tolerance in patterns.items():
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float):
            raise RefusedError(f"tolerance of {pattern!r}: {tolerance!r} is no number")
        if not 0.0 <= tolerance < float("inf"):
            raise RefusedError(f"tolerance of {pattern!r}: {tolerance!r} must be 0 or more")
        names = [name for name in now if fnmatchcase(name, pattern)]
        if not names:
            message = f"tolerance of {pattern!r}: the walk has no such figure; write it as in "
            raise RefusedError(message + "the golden file, * for anything")
        found |= dict.fromkeys(names, float(tolerance))
    return found


# -- the file -----------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    __tracebackhide__ = True
    shown = _shown(path)
    mend = f"bring it back, or write it anew with {UPDATE}"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{shown}: there is no golden yet; write it with {UPDATE}, read it, and commit it"
        raise RefusedError(message) from None
    except OSError as error:
        raise RefusedError(f"{shown}: {error.strerror}; {mend}") from None
    except ValueError as error:
        raise RefusedError(f"{shown}: damaged, {error}; {mend}") from None
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise RefusedError(f"{shown}: no golden walk of format {FORMAT}; {mend}")
    figures = stored.get("figures")
    if not isinstance(figures, dict):
        raise RefusedError(f"{shown}: damaged, it has no figures; {mend}")
    for name, row in figures.items():
        if not isinstance(row, dict) or not _is_figure(row.get("golden", "")):
            raise RefusedError(f"{shown}: damaged at {name}; {mend}")
    return stored


def _is_figure(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _write(
    path: Path,
    summary: Mapping[str, object],
    now: Mapping[str, float | None],
    own: Mapping[str, float],
) -> None:
    """Store a walk; tolerances that somebody wrote into the file are kept."""
    __tracebackhide__ = True
    from fes_ctrl.analysis.figures import tolerance_of

    try:
        written = {name: row.get("tolerance") for name, row in _read(path)["figures"].items()}
    except RefusedError:
        written = {}
    rows = []
    for name, value in now.items():
        tolerance = own.get(name, written.get(name))
        if tolerance is None:
            usual = tolerance_of(name, value)
            if usual is None:
                raise RefusedError(
                    f"{name} has no tolerance; state one: tolerances={{{name!r}: …}}"
                )
            tolerance = float(f"{usual:.3g}")
        row = json.dumps({"golden": value, "tolerance": tolerance}, allow_nan=False)
        rows.append(f"  {json.dumps(name)}: {row}")
    about = {
        "format": FORMAT,
        # Files by their names: where they are differs from machine to machine.
        **{key: _name(summary[key]) for key in ABOUT},
        "platform": here(),
        "setpoints_sha256": summary["setpoints_sha256"],
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in about.items()]
    lines.append(' "figures": {\n' + ",\n".join(rows) + "\n }")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    except OSError as error:
        raise RefusedError(f"{_shown(path)}: cannot be written ({error.strerror})") from None


def _name(value: object) -> object:
    return Path(value).name if isinstance(value, str) else value


# -- the comparison -----------------------------------------------------------------------------

Row = tuple[str, str, str, str]


def _moved(
    path: Path,
    stored: Mapping[str, Mapping[str, Any]],
    now: Mapping[str, float | None],
    own: Mapping[str, float],
) -> list[Row]:
    """Return the figures that are out of tolerance, and those that only one side has."""
    __tracebackhide__ = True
    from fes_ctrl.analysis.figures import moved, said

    wrong: list[Row] = []
    for name, row in stored.items():
        tolerance = own.get(name, row.get("tolerance"))
        if tolerance is None or not _is_figure(tolerance) or not tolerance >= 0.0:
            message = (
                f"{_shown(path)}: {name} has no tolerance; write one beside it, or rewrite the "
                f"file with {UPDATE}"
            )
            raise RefusedError(message)
        golden = row["golden"]
        if name not in now:
            wrong.append((name, said(golden), ABSENT, f"{tolerance:g}"))
        elif moved(now[name], golden, tolerance):
            wrong.append((name, said(golden), said(now[name]), f"{tolerance:g}"))
    wrong += [(name, ABSENT, said(now[name]), ABSENT) for name in now if name not in stored]
    return wrong


def _other_setpoints(path: Path, stored: Mapping[str, Any], now: str) -> list[Row]:
    __tracebackhide__ = True
    if stored.get("platform") != here():
        message = (
            f"{_shown(path)}: its hash is of {stored.get('platform')}, and this is {here()}; "
            f"compare exactly there, or rewrite the file here with {UPDATE}"
        )
        raise RefusedError(message)
    golden = str(stored.get("setpoints_sha256"))
    return [] if golden == now else [("setpoints_sha256", golden[:12], now[:12], "exact")]


def _told(path: Path, wrong: list[Row]) -> str:
    table = [("figure", "golden", "now", "tolerance"), *wrong]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in table
    ]
    moved = "1 figure moved" if len(wrong) == 1 else f"{len(wrong)} figures moved"
    head = f"{_shown(path)}: {moved}; where that is meant: {UPDATE}"
    return "\n".join([head, *lines])
