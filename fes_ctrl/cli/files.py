"""Files that are there whole or not at all."""

import gzip
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.config.layers import Layers


def write_whole(path: Path, text: str, option: str = "--out") -> None:
    """Write a file that is there as a whole or not at all; gzipped if its name ends so.

    What is there already and no file, such as ``/dev/null`` or a pipe, is written to, not replaced.
    """
    data = text.encode()
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
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        message = f"{option} {path}: cannot be written ({error.strerror}); choose another place"
        raise Refusal(message) from None


def keep_apart(result: Path, sources: Iterable[Path], option: str, what: str) -> None:
    """Refuse to write a result over a file that it is made of, by whichever name."""
    if result.is_file() and any(path.exists() and result.samefile(path) for path in sources):
        message = f"{option} {result}: that is the {what} itself; choose another name"
        raise Refusal(message)


def keep_settings(folder: Path, layers: "Layers") -> None:
    """Write what a run is set to, and where each value came from, into its folder."""
    from fes_ctrl.analysis.run import SETTINGS_FILE
    from fes_ctrl.config.render import settings

    kept = json.dumps(settings(layers), indent=1, allow_nan=False)
    write_whole(folder / SETTINGS_FILE, kept + "\n")


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
