"""Rows on disk: JSON Lines that are only ever appended to, found by their keys.

A kill leaves at most a torn last line, which the next one to open the file cuts off. One process
at a time writes; whoever comes second is refused. Only keys and places are kept in memory.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self

from fes_ctrl.tuning.job import Row

locking: ModuleType | None
try:
    import fcntl

    locking = fcntl
except ImportError:  # pragma: no cover - not a POSIX system: nobody is refused there
    locking = None


class StoreError(ValueError):
    """A file of rows that cannot be used: what, where, what to do."""


class Store:
    """The rows of a file, by key; the last of a key counts.

    Parameters
    ----------
    path : Path
        The file; made where it is not there.
    read_only : bool
        Only read what is there; whoever writes there at the same time is refused too.

    Raises
    ------
    StoreError
        If another process writes there, it cannot be opened, or a line of it is no row.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._places: dict[str, tuple[int, int]] = {}
        self._failed: set[str] = set()
        flags = os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT | os.O_APPEND
        flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._fd = os.open(path, flags, 0o666)
        except OSError as error:
            what = "check the name" if read_only else "choose a folder that can be written"
            message = f"{path}: {error.strerror}; {what}"
            raise StoreError(message) from error
        try:
            self._lock()
            self._end = self._read()
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def __len__(self) -> int:
        """Return the number of different keys."""
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        """Return whether there is a row of this key."""
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        """Go through the keys, in order of arrival."""
        return iter(self._places)

    def get(self, key: str) -> Row | None:
        """Return the row of a key, read from the file; ``None`` where there is none."""
        if key not in self._places:
            return None
        start, length = self._places[key]
        os.lseek(self._fd, start, os.SEEK_SET)
        row: Row = json.loads(os.read(self._fd, length))
        return row

    def put(self, row: Row) -> None:
        """Append a row; it is with the operating system when this returns.

        Raises
        ------
        ValueError
            If a number in it is not finite.
        OSError
            If the disk takes no more; what was written of the row is cut off again.
        """
        line = json.dumps(row, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        try:
            written = 0
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError:
            os.ftruncate(self._fd, self._end)
            raise
        self._note(row, self._end, len(line))
        self._end += len(line)

    def forget_failed(self) -> int:
        """Leave out, from now on, rows that are not ``ok``; return how many."""
        for key in self._failed:
            del self._places[key]
        count = len(self._failed)
        self._failed.clear()
        return count

    def close(self) -> None:
        """Close the file, and let others write."""
        os.close(self._fd)

    def _lock(self) -> None:
        if locking is None:
            return
        try:
            kind = locking.LOCK_SH if self._read_only else locking.LOCK_EX
            locking.flock(self._fd, kind | locking.LOCK_NB)
        except OSError as error:
            message = (
                f"{self.path}: another process writes there; wait until it is done, or keep these "
                "rows elsewhere"
            )
            raise StoreError(message) from error

    def _read(self) -> int:
        """Note every row and cut off what a kill tore; return the length of what is whole."""
        end = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    if not self._read_only:
                        os.ftruncate(self._fd, end)
                    break
                try:
                    self._note(json.loads(line), end, len(line))
                except (ValueError, KeyError, TypeError) as error:
                    message = (
                        f"{self.path}:{number}: no row; take that line out, or keep the rows "
                        "elsewhere"
                    )
                    raise StoreError(message) from error
                end += len(line)
        return end

    def _note(self, row: Row, start: int, length: int) -> None:
        key = row["key"]
        if not isinstance(key, str):
            raise TypeError(key)
        self._places[key] = (start, length)
        if row["ok"]:
            self._failed.discard(key)
        else:
            self._failed.add(key)
