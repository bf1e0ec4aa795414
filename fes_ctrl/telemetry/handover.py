"""From the control loop to another process, and back: lines over a socket, without ever waiting.

What the other process does not take stays here, so many lines at most; then the oldest gives way
and is counted. It may be slow, hang or die: nobody here notices but the counter.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

MOST_LINES: Final = 2000
PIECE: Final = 65_536
MOST_BEGUN: Final = 65_536
"""Of a line that has not ended; what is longer is none of ours."""


class Handover:
    """One end of a socket, on the running loop.

    Parameters
    ----------
    line : socket
        Connected; made non-blocking, and closed by ``close``.
    on_line : callable
        Called with each line that comes back, without its end.
    on_lost : callable
        Called once when the other process is gone.

    Attributes
    ----------
    lost : int
        Lines that had to give way.
    """

    def __init__(
        self, line: socket.socket, on_line: Callable[[bytes], None], on_lost: Callable[[], None]
    ) -> None:
        line.setblocking(False)
        self._line = line
        self._on_line = on_line
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._begun = b""
        self._heard = b""
        self._writing = False
        self._open = True
        self.lost = 0
        self._loop.add_reader(line.fileno(), self._read)

    def send(self, text: str) -> None:
        """Hand over a line, with its end; never waits."""
        if not self._open:
            self.lost += 1
            return
        self._waiting.append(text.encode())
        if len(self._waiting) > MOST_LINES:
            self._waiting.popleft()
            self.lost += 1
        if not self._writing:
            self._write()

    def _write(self) -> None:
        try:
            while self._begun or self._waiting:
                data = self._begun or self._waiting.popleft()
                # Kept until it is gone: half a line would spoil the next.
                self._begun = data
                self._begun = data[self._line.send(data) :]
        except (BlockingIOError, InterruptedError):
            if not self._writing:
                self._writing = True
                self._loop.add_writer(self._line.fileno(), self._write)
            return
        except OSError:
            self._gone()
            return
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._line.fileno())

    def _read(self) -> None:
        try:
            data = self._line.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._gone()
            return
        *lines, self._heard = (self._heard + data).split(b"\n")
        if len(self._heard) > MOST_BEGUN:
            self._heard = b""
        for line in lines:
            self._on_line(line)

    def _gone(self) -> None:
        if self._open:
            self.close()
            self._on_lost()

    def close(self) -> None:
        """Hang up; as often as you like."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._line.fileno())
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._line.fileno())
        self.lost += len(self._waiting)
        self._waiting.clear()
        self._begun = b""
        with contextlib.suppress(OSError):
            self._line.close()
