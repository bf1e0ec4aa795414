"""The audit trail of remote commands: JSON lines, each with the hash of the one before.

Whoever alters, removes or inserts a line breaks the chain from there on; only the end can be cut
off unnoticed, and the entries that the bench has published say where it was. Those hold all that
their seals cover, so that whoever has heard them can check the chain as well.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from fes_ctrl.runlog.behind import Behind
from fes_ctrl.telemetry.remote import Entry

BEGIN: Final = "0" * 64
SEALED: Final = (
    "session",
    "entry",
    "judged_us",
    "judged_utc_us",
    "sender",
    "verdict",
    "reason",
    "change",
    "version",
)
"""What a seal covers, on disk and as it is published."""


def sealed(entry: dict[str, Any], before: str) -> str:
    """Return the hash of an entry behind the one whose hash is ``before``."""
    body = {key: value for key, value in entry.items() if key != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256((before + text).encode()).hexdigest()


class Trail:
    """Numbers and seals entries.

    Parameters
    ----------
    session : str
        The run's nonce; begins the chain.
    put : callable
        Takes each entry, sealed.
    """

    def __init__(self, session: str, put: Callable[[dict[str, Any]], None]) -> None:
        self._put = put
        self._count = 0
        self._last = BEGIN
        self._session = session

    def add(self, entry: Entry, now_us: int, utc_us: int) -> dict[str, Any]:
        """Seal an entry and hand it on."""
        self._count += 1
        found = {
            "session": self._session,
            "entry": self._count,
            "judged_us": now_us,
            "judged_utc_us": utc_us,
            "sender": entry.sender,
            "verdict": entry.verdict,
            "reason": entry.reason,
            "change": {key: list(pair) for key, pair in entry.change.items()},
            "version": entry.version,
        }
        self._last = found["sha256"] = sealed(found, self._last)
        self._put(found)
        return found


class AuditFile:
    """A trail on disk, written from a thread: a slow disk holds up nobody.

    Parameters
    ----------
    path : Path
        Replaced.

    Raises
    ------
    OSError
        If the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._refused = 0
        self._behind = Behind(self._write)

    def put(self, entry: dict[str, Any]) -> None:
        """Write an entry."""
        self._behind.take((json.dumps(entry, allow_nan=False) + "\n").encode())

    @property
    def lost(self) -> int:
        """Entries that the disk did not take."""
        return self._refused + self._behind.dropped

    def _write(self, _lost: int, data: bytes) -> None:
        try:
            whole = self._file.write(data) == len(data)
        except OSError:
            whole = False
        if not whole:
            self._refused += 1

    def close(self) -> None:
        """Wait a moment for what is left."""
        if self._behind.finish():
            self._file.close()


def broken_at(lines: Iterable[str]) -> int | None:
    """Return the first entry, from 1, at which a trail is not what was written; ``None``: whole."""
    last = BEGIN
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            whole = entry["entry"] == number and entry["sha256"] == sealed(entry, last)
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            return number
        last = entry["sha256"]
    return None
