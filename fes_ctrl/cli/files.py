"""Files that are there whole or not at all."""

import contextlib
import errno
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.config.layers import Layers

PAGE: Final = "report.html"
PICTURES: Final = ("strides.svg", "whatif.html", "whatif.json", PAGE)
"""What is made of a run, beside what is known of it."""
Kind = Literal["run", "sweep", "search", "campaign"]
"""What a folder may hold; never two of them, for each would take the other's page away."""
EXPORTS: Final = {"mcap": "run.mcap", "parquet": "parquet", "c3d": "run.c3d"}
"""And in other formats, where nobody says where to; Parquet is a folder."""


def write_whole(
    path: Path, text: str | bytes, option: str = "--out", *, own: Kind | None = None
) -> None:
    """Write a file that is there as a whole or not at all; gzipped if its name ends so.

    What is there already and no file, such as ``/dev/null`` or a pipe, is written to, not replaced.
    What a run, a sweep, a search or a campaign is read from is written by its like alone, which
    says what it is, ``own``; whatever else is asked to be written there is refused.
    """
    _keep_off(path, option, own)
    data = text if isinstance(text, bytes) else text.encode()
    if path.name.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    temporary = None
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(data)
        # A temporary file is private; the result gets the rights that any new file gets.
        temporary.chmod(0o666 & ~_mask())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        message = f"{option} {path}: cannot be written ({error.strerror}); choose another place"
        raise Refusal(message) from None


def _keep_off(path: Path, option: str, own: Kind | None = None) -> None:
    folder, name = path.resolve().parent, path.resolve().name
    for kind, (marks, others) in _kept().items():
        if kind == own or not any((folder / mark).is_file() for mark in marks):
            continue
        if any(fnmatchcase(name, known) for known in (*marks, *others)):
            message = (
                f"{option} {path}: the {kind} in {path.parent} is read from it; choose another name"
            )
            raise Refusal(message)


def check_writable(path: Path, option: str) -> None:
    """Refuse a place where ``write_whole`` will not be able to write; nothing is left there."""
    _keep_off(path, option)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            return
        # As it will be written: what else would tell of full, read-only and special file systems?
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        message = f"{option} {path}: cannot be written ({error.strerror}); choose another place"
        raise Refusal(message) from None


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_folder(folder: Path, files: Mapping[str, bytes], option: str = "--out") -> None:
    """Write a folder of files that is there as a whole or not at all.

    One that is there already is replaced if it holds files of these names alone; what else a
    person keeps in a folder is never touched.
    """
    temporary = None
    try:
        if folder.exists():
            others = sorted(each.name for each in folder.iterdir() if each.name not in files)
            if others:
                message = (
                    f"{option} {folder}: holds {others[0]} as well; choose a folder of its own"
                )
                raise Refusal(message)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        new, old = temporary / "new", temporary / "old"
        new.mkdir(mode=0o777 & ~_mask())
        for name, data in files.items():
            (new / name).write_bytes(data)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:  # Ctrl-C too
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        message = f"{option} {folder}: cannot be written ({error.strerror}); choose another place"
        raise Refusal(message) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                shutil.rmtree(temporary)


def keep_apart(result: Path, sources: Iterable[Path], option: str, what: str) -> None:
    """Refuse to write a result over a file that it is made of, by whichever name."""
    if result.is_file() and any(path.exists() and result.samefile(path) for path in sources):
        message = f"{option} {result}: that is the {what} itself; choose another name"
        raise Refusal(message)


def sources(folder: Path) -> list[Path]:
    """Return the files that a run is read from: nothing that is made of it is written over them."""
    marks, others = _kept()["run"]
    return [folder / name for name in (*marks, *others)]


def _kept() -> dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the files by which a folder is known to hold something, and its others."""
    from fes_ctrl.analysis.run import LOG_FILE, SETTINGS_FILE, SUMMARY_FILE
    from fes_ctrl.analysis.truth import EVENTS_FILE, SERIES_FILE, STRIDES_FILE, TWIN_FILE
    from fes_ctrl.tuning.journal import JOURNAL
    from fes_ctrl.tuning.manifest import FILE, ROWS

    truth = (SERIES_FILE, STRIDES_FILE, EVENTS_FILE, TWIN_FILE)
    return {
        "run": ((LOG_FILE, SUMMARY_FILE, SETTINGS_FILE, *truth), ()),
        "sweep": ((FILE, ROWS), ("results.*", "candidates.csv")),
        "search": ((JOURNAL, "tune.json"), ("rows-*.jsonl", "*.lock", "trials.csv", "chosen.toml")),
        "campaign": (("walks.jsonl", "campaign.json"), ("reaction-times.md",)),
    }


def refuse_others(folder: Path, kind: Kind, option: str = "--out ") -> None:
    """Refuse a folder that holds something else: a run, a sweep, a search, or a campaign."""
    for other, (marks, _) in _kept().items():
        held = next((mark for mark in marks if other != kind and (folder / mark).exists()), None)
        if held is not None:
            message = f"{option}{folder}: holds a {other} ({held}); choose a folder of its own"
            raise Refusal(message)


def search_folder(out: Path, kind: Kind, option: str = "--out ") -> None:
    """Make the folder of many walks; what others have left there is theirs."""
    refuse_others(out, kind, option)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{option}{out}: {error.strerror}; choose a folder that can be written"
        raise Refusal(message) from error


def new_run(folder: Path, made_of: Sequence[Path] = ()) -> None:
    """Make a run's folder, and take away what an earlier run has left there.

    The new one may be killed, or know less: nothing of the old one may pass for its own. What the
    new one is made of, ``made_of``, may not be among it. A sweep, a search or a campaign is no
    earlier run.
    """
    from fes_ctrl.export.tables import BY_NAME

    refuse_others(folder, "run")
    parquet = [folder / EXPORTS["parquet"] / f"{name}.parquet" for name in BY_NAME]
    alone = [folder / f"{name}.parquet" for name in BY_NAME]
    exports = [folder / EXPORTS["mcap"], folder / EXPORTS["c3d"], *parquet, *alone]
    olds = [*sources(folder), *(folder / name for name in PICTURES), *exports]
    for old in olds:
        keep_apart(old, made_of, "--out", "source of this run")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in olds:
            # What is there and no file, such as a pipe, is written to, not replaced.
            if old.is_file():
                old.unlink()
        with contextlib.suppress(OSError):  # what else is in it stays
            (folder / EXPORTS["parquet"]).rmdir()
    except OSError as error:
        message = f"--out {folder}: {error.strerror}; choose a folder that can be written"
        raise Refusal(message) from error


def keep_settings(
    folder: Path, layers: "Layers", bounds: Mapping[str, Mapping[str, float | None]] | None = None
) -> None:
    """Write what a run is set to, where each value came from, and its bounds into its folder."""
    from fes_ctrl.analysis.run import SETTINGS_FILE
    from fes_ctrl.config.render import settings

    kept = json.dumps({**settings(layers), "pass": bounds or {}}, indent=1, allow_nan=False)
    write_whole(folder / SETTINGS_FILE, kept + "\n", own="run")


def run_folders(names: list[str], out: Path | None, option: str = "--out") -> list[Path | None]:
    """Return where each run is kept: several in folders by their scenarios' names."""
    if out is None or len(names) == 1:
        return [out] * len(names)
    taken: dict[str, str] = {}
    for name in names:
        stem = Path(name).stem
        if stem in taken:
            message = (
                f"{option} {out}: {taken[stem]} and {name} would both be kept in {out / stem}; "
                f"walk them one by one"
            )
            raise Refusal(message)
        taken[stem] = name
    return [out / stem for stem in taken]
