"""Writing an exchange with a stimulator to a file while the run goes on."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.stimulators.config import StimulatorConfig
    from fes_ctrl.units import Us


class ExchangeFile:
    """A file that takes an exchange from a thread, so that a slow disk holds up nobody.

    Parameters
    ----------
    path : Path
        A new file; an old one of that name is replaced.
    stimulator : StimulatorConfig
        Of the run.
    min_interval_us : int
        As the driver was given it.

    Raises
    ------
    Refusal
        If it cannot be written.
    """

    def __init__(self, path: Path, stimulator: "StimulatorConfig", min_interval_us: "Us") -> None:
        from fes_ctrl.links.exchange import header_line
        from fes_ctrl.runlog.behind import Behind

        self._failed = False
        try:
            self._file = path.open("wb", buffering=0)
            self._file.write(header_line(stimulator, min_interval_us).encode())
        except OSError as error:
            message = f"--record {path}: {error.strerror}; choose a file that can be written"
            raise Refusal(message) from error
        self._behind = Behind(self._write)

    def put(self, lines: str) -> None:
        """Take lines; never waits."""
        self._behind.take(lines.encode())

    def close(self) -> bool:
        """Put away what is left; return whether the file is whole."""
        finished = self._behind.finish()
        if finished:
            self._file.close()
        return finished and not self._failed and not self._behind.dropped

    def _write(self, dropped: int, data: bytes) -> None:
        # In a file with a gap nothing after it can be relied on.
        self._failed = self._failed or dropped > 0
        try:
            while data and not self._failed:
                data = data[os.write(self._file.fileno(), data) :]
        except OSError:
            self._failed = True
