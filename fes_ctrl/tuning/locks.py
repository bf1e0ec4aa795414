"""Locks on files, which a process gives back however it ends."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(fd: int, *, wait: bool) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _take(fd: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


class FileLock:
    """A lock that is held until it is released or the process ends.

    Parameters
    ----------
    path : Path
        Of the file that stands for it; made where it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def take(self, *, wait: bool) -> bool:
        """Take it; return whether it is held now."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            held = _take(fd, wait=wait)
        except BaseException:
            os.close(fd)
            raise
        if held:
            self._fd = fd
        else:
            os.close(fd)
        return held

    def release(self) -> None:
        """Give it back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock for a while, waiting for it."""
    lock = FileLock(path)
    while not lock.take(wait=True):
        pass
    try:
        yield
    finally:
        lock.release()
