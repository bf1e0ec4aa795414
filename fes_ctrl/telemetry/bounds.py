"""How much a process takes: what comes in a second, and its memory."""

import contextlib
import resource
import sys
from pathlib import Path


class Budget:
    """So many a second, and as many at once."""

    def __init__(self, a_second: int) -> None:
        self._a_second = a_second
        self._left = float(a_second)
        self._at_s = 0.0

    def spend(self, now_s: float) -> bool:
        """Return whether one more may come."""
        self._left = min(float(self._a_second), self._left + self._a_second * (now_s - self._at_s))
        self._at_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def memory_mb() -> float:
    """Return the resident memory of this process."""
    with contextlib.suppress(OSError):
        resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return round(resident * resource.getpagesize() / (1 << 20), 1)
    # Where there is no such file: the most that it ever was.
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes, on macOS bytes.
    return round(used / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
