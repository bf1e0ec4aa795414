"""Writing a run log while the run goes on, so that a kill leaves it readable.

Lines are gathered and written together, at least twice a second. A disk that is full or gone
never reaches the controller: lines are dropped and counted.
"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from fes_ctrl.model import Command, Input, Record, Setpoint
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

    Attributes
    ----------
    dropped : int
        Lines that could not be written.

    Raises
    ------
    OSError
        If the file cannot be made; later errors are counted, not raised.
    """

    __slots__ = ("_fd", "_last_s", "_lines", "_look_at", "dropped")

    def __init__(self, path: Path, header: Mapping[str, object]) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self._lines: list[str] = []
        self._look_at = LOOK_EVERY
        self._last_s = time.monotonic()
        self.dropped = 0
        first = {"kind": "header", "format": FORMAT, **header}
        self._lines.append(json.dumps(first, allow_nan=False) + "\n")
        self.flush()

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
        count = len(self._lines)
        self._lines.clear()
        self._look_at = LOOK_EVERY
        self._last_s = time.monotonic()
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            self.dropped += count

    def close(self, **footer: object) -> None:
        """Write the footer and close the file."""
        self.other("footer", dropped=self.dropped, **footer)
        self.flush()
        try:
            os.close(self._fd)
        except OSError:
            self.dropped += 1
