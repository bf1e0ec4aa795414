"""The rows of a search that several processes share: each writes its own file, all read all."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fes_ctrl.tuning.job import Job, Row, candidate_of
from fes_ctrl.tuning.store import Store

Runner = Callable[[Sequence[Job], Store], Iterator[Row]]
"""Walks what is not in the store yet; yields every job's row, in any order."""


class Rows:
    """What was walked in a folder, by whomever.

    Parameters
    ----------
    folder : Path
        Of the search.
    number : int
        Of this process: no other one has it at the time.

    Attributes
    ----------
    walked : int
        How many walks this process did itself.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._own = Store(folder / f"rows-{number}.jsonl")
        self._read: dict[Path, int] = {}
        self._others: dict[str, Row] = {}
        self.walked = 0

    def close(self) -> None:
        """Close the file."""
        self._own.close()

    def walk(
        self,
        jobs: Sequence[Job],
        run: Runner,
        key_of: Callable[[Job], str],
        told: Callable[[], None] = lambda: None,
    ) -> list[Row]:
        """Return the rows of jobs, in their order; only what nobody has walked is walked.

        ``told`` is called as each is there.
        """
        missing = {key for job in jobs if (key := key_of(job)) not in self._own}
        if missing:
            self._look_around()
            for key in sorted(missing & self._others.keys()):
                self._own.put(self._others.pop(key))
        before = len(self._own)
        found = {}
        for row in run(jobs, self._own):
            found[_identity(row)] = row
            told()
        self.walked += len(self._own) - before
        return [found[candidate_of(job.settings), job.patient, job.seed] for job in jobs]

    def _look_around(self) -> None:
        """Read what others have added; a line that is not whole yet is read the next time."""
        for path in sorted(self._folder.glob("rows-*.jsonl")):
            if path == self._own.path:
                continue
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                data = file.read()
            whole = data.rfind(b"\n") + 1
            self._read[path] = self._read.get(path, 0) + whole
            for line in data[:whole].splitlines():
                row: Row = json.loads(line)
                self._others[str(row["key"])] = row


def _identity(row: Row) -> tuple[object, object, object]:
    return row["candidate"], row["patient"], row["seed"]
