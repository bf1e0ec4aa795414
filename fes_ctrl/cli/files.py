"""Files that are there whole or not at all."""

import gzip
import os
import tempfile
from pathlib import Path

from fes_ctrl.cli.errors import Refusal


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
