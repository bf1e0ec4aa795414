"""The files of a search beside its rows: Optuna's journal, and who takes part at present.

Each who takes part has a number and holds the lock of its seat; a seat that can be taken belongs to
nobody, or to a process that has gone.
"""

import contextlib
import json
from pathlib import Path
from typing import Any, Final

from fes_ctrl.tuning.locks import FileLock

JOURNAL: Final = "study.journal"


def seat(folder: Path) -> tuple[int, FileLock]:
    """Return the lowest number that no living process has, and its lock."""
    number = 1
    while True:
        lock = FileLock(folder / f"searcher-{number}.lock")
        if lock.take(wait=False):
            return number, lock
        number += 1


def is_alive(folder: Path, owner: object) -> bool:
    """Return whether the process with this number still takes part."""
    lock = FileLock(folder / f"searcher-{owner}.lock")
    if lock.take(wait=False):
        lock.release()
        return False
    return True


def others(folder: Path, number: int) -> bool:
    """Return whether anybody else takes part at present."""
    seats = [path.stem.rpartition("-")[2] for path in folder.glob("searcher-*.lock")]
    return any(seat != str(number) and is_alive(folder, seat) for seat in seats)


def mend(journal: Path, *, alone: bool) -> None:
    """Cut off a line that a kill or a full disk tore; Optuna would read no further for ever."""
    from optuna.storages.journal import JournalFileSymlinkLock

    if not journal.is_file():
        return
    if alone:
        # A process that was killed while it wrote leaves Optuna's lock behind: nobody holds it.
        for left in journal.parent.glob(f"{journal.name}.lock*"):
            left.unlink(missing_ok=True)
    lock = JournalFileSymlinkLock(str(journal))
    lock.acquire()
    try:
        data = journal.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with journal.open("r+b") as file:
                file.truncate(whole)
    finally:
        lock.release()


def asked_before(folder: Path) -> dict[str, Any] | None:
    """Return the question of the search in a folder, as JSON holds it; ``None`` where none is."""
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        with contextlib.suppress(ValueError, AttributeError):
            question = json.loads(line).get("user_attr", {}).get("question")
            if isinstance(question, dict):
                return question
    return None
