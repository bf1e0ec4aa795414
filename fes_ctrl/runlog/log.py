"""Writing a run log while the run goes on, so that a kill leaves it readable.

Lines are gathered and written together, at least twice a second. A disk that is full or gone
never reaches the controller: lines are dropped and counted, and where they are missing the file
says so.
"""

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from fes_ctrl.model import Command, Input, Record, Setpoint
from fes_ctrl.runlog.behind import Behind
from fes_ctrl.runlog.format import (
    command_line,
    frame_line,
    input_line,
    record_line,
    written_line,
)
from fes_ctrl.runlog.kinds import FORMAT
from fes_ctrl.units import Us

FLUSH_S: Final = 0.25
LOOK_EVERY: Final = 64
CLOSED: Final = -1


class RunLog(Protocol):
    """What a session tells of a run."""

    def input(self, now_us: Us, item: Input) -> None:
        """Take an input that the controller is about to be given."""
        ...

    def wake(self, now_us: Us) -> None:
        """Take note that the controller was woken and had something to say."""
        ...

    def step(self, now_us: Us, commands: tuple[Command, ...], records: tuple[Record, ...]) -> None:
        """Take what the controller said."""
        ...

    def written(self, now_us: Us, setpoint: Setpoint) -> None:
        """Take note of when a setpoint went to its link."""
        ...

    def frame(self, direction: str, now_us: Us, device_us: Us | None, data: bytes) -> None:
        """Take bytes that went ``out`` or came ``in``."""
        ...


class NullLog:
    """A run that nobody writes down."""

    __slots__ = ()

    def input(self, now_us: Us, item: Input) -> None:
        """Forget it."""

    def wake(self, now_us: Us) -> None:
        """Forget it."""

    def step(self, now_us: Us, commands: tuple[Command, ...], records: tuple[Record, ...]) -> None:
        """Forget it."""

    def written(self, now_us: Us, setpoint: Setpoint) -> None:
        """Forget it."""

    def frame(self, direction: str, now_us: Us, device_us: Us | None, data: bytes) -> None:
        """Forget it."""


class RunLogWriter:
    """A run log on disk.

    Parameters
    ----------
    path : Path
        A new file; an old one of that name is replaced.
    header : mapping
        First record; ``kind`` and ``format`` are added.
    behind : bool
        Write from a thread, so that a disk that is slow or hangs holds up nobody: for runs in real
        time.

    Raises
    ------
    OSError
        If the file cannot be made or does not take the header; later errors are counted, not
        raised.
    """

    __slots__ = (
        "_behind",
        "_cut",
        "_fd",
        "_last_s",
        "_lines",
        "_look_at",
        "_missing",
        "_refused",
    )

    def __init__(self, path: Path, header: Mapping[str, object], *, behind: bool = False) -> None:
        first = {"kind": "header", "format": FORMAT, **header}
        line = json.dumps(first, allow_nan=False) + "\n"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self._lines: list[str] = [line]
        self._look_at = LOOK_EVERY
        self._last_s = time.monotonic()
        self._cut = b""
        self._missing = 0
        self._refused = 0
        self._behind: Behind | None = None
        self.flush()
        if self._refused or self._cut:
            os.close(self._fd)
            message = f"{path}: the disk does not take the run log; make room or choose another"
            raise OSError(message)
        if behind:
            self._behind = Behind(self._put)

    @property
    def dropped(self) -> int:
        """Lines that could not be written."""
        return self._refused + (0 if self._behind is None else self._behind.dropped)

    def input(self, now_us: Us, item: Input) -> None:
        """Write an input that the controller is about to be given."""
        lines = self._lines
        lines.append(input_line(now_us, item))
        if len(lines) >= self._look_at:
            self._look()

    def wake(self, now_us: Us) -> None:
        """Write that the controller was woken and had something to say."""
        self._add(f'{{"kind":"wake","now":{now_us}}}\n')

    def step(self, now_us: Us, commands: tuple[Command, ...], records: tuple[Record, ...]) -> None:
        """Write what the controller said."""
        for record in records:
            self._add(record_line(now_us, record))
        for command in commands:
            self._add(command_line(now_us, command))

    def written(self, now_us: Us, setpoint: Setpoint) -> None:
        """Write when a setpoint went to its link."""
        self._add(written_line(now_us, setpoint))

    def frame(self, direction: str, now_us: Us, device_us: Us | None, data: bytes) -> None:
        """Write bytes that went ``out`` or came ``in``."""
        self._add(frame_line(direction, now_us, device_us, data))

    def other(self, kind: str, **fields: object) -> None:
        """Write a record of a rare kind."""
        self._add(json.dumps({"kind": kind, **fields}, allow_nan=False) + "\n")

    def _add(self, line: str) -> None:
        lines = self._lines
        lines.append(line)
        if len(lines) >= self._look_at:
            self._look()

    def _look(self) -> None:
        """Flush if it is time to; looking at the clock at every line would cost more."""
        count = len(self._lines)
        if time.monotonic() - self._last_s >= FLUSH_S or count >= 64 * LOOK_EVERY:
            self.flush()
        else:
            self._look_at = count + LOOK_EVERY

    def flush(self) -> None:
        """Hand everything gathered to the operating system."""
        data = "".join(self._lines).encode()
        self._lines.clear()
        self._look_at = LOOK_EVERY
        self._last_s = time.monotonic()
        if self._behind is not None:
            self._behind.take(data)
        else:
            self._put(0, data)

    def _put(self, lost: int, data: bytes) -> None:
        """Write, behind so many lines that were lost."""
        self._missing += lost
        # A line that a full disk has cut in two is mended first: half a line would spoil the file.
        gap = f'{{"kind":"gap","dropped":{self._missing}}}\n'.encode() if self._missing else b""
        data = self._cut + gap + data
        done = 0
        try:
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError:
            self._give_up(data, done, len(self._cut) + len(gap))
        else:
            self._cut = b""
            self._missing = 0

    def _give_up(self, data: bytes, done: int, gap_end: int) -> None:
        """Keep the rest of the line that is begun on the disk, and count those after it."""
        begun = data[done - 1 : done] != b"\n" if done else bool(self._cut)
        end = data.index(b"\n", done) + 1 if begun else done
        self._cut = data[done:end]
        lost = data.count(b"\n", end)
        if self._missing and end < gap_end:
            # The line that tells of the gap is lost itself; the next one tells of both.
            lost -= 1
            self._missing += lost
        else:
            self._missing = lost
        self._refused += lost

    def close(self, **footer: object) -> None:
        """Write the footer and close the file; what comes after that is dropped."""
        if self._behind is not None:
            self.flush()
            if not self._behind.finish():
                return  # the disk hangs: whoever waits for it there keeps the descriptor
            self._refused += self._behind.dropped
            self._behind = None
        self.other("footer", dropped=self.dropped, **footer)
        self.flush()
        fd, self._fd = self._fd, CLOSED
        with contextlib.suppress(OSError):
            # A disk that refuses the last bytes only now can be told to nobody any more.
            os.close(fd)
