"""Bytes over a file descriptor without ever waiting: what serial ports and sockets share.

Writing hands the kernel what it takes at once and keeps the rest until the descriptor is ready.
A device that stalls can therefore never stall the loop.

What the loop writes goes through a descriptor of its own. Whoever seizes the line puts a dead end
behind that number, which the kernel does in one step; so it needs no lock that a blocked loop
could hold.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Callable

READ_SIZE = 4096


class DescriptorLink:
    """A link over a non-blocking descriptor on the running loop.

    Parameters
    ----------
    fd : int
        Open for reading and writing; belongs to the caller. Made non-blocking.
    name : str
        For messages.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``.
        ``on_lost`` comes from the loop, never from within a call of this class.
    unsent : int
        Bytes that the kernel has not taken yet.
    """

    def __init__(self, fd: int, name: str) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._out = os.dup(fd)
        self._dead_end, self._nobody = socket.socketpair()
        self._dead_end.setblocking(False)
        # Held by whoever seizes or lets go, for some microseconds; nobody but the latter waits, and
        # a signal handler may interrupt its own thread in it.
        self._handing_over = threading.RLock()
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._waiting = b""
        self._open = True
        self._news: asyncio.Handle | None = None
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        self._loop.add_reader(fd, self._readable)

    @property
    def unsent(self) -> int:
        """How many bytes wait here for the kernel."""
        return len(self._waiting)

    def write(self, data: bytes) -> None:
        """Send bytes behind those that wait; never blocks."""
        if not self._open:
            return
        if self._waiting:
            self._waiting += data
            return
        self._waiting = data
        self._push()
        if self._waiting and self._open:
            self._loop.add_writer(self._fd, self._writable)

    def seize(self, stop: bytes) -> None:
        """Let nothing else leave from now on, and write a stop past everything that waits."""
        if not self._handing_over.acquire(blocking=False):
            # It is being seized or closed just now.
            return
        try:
            if self._out >= 0:
                os.dup2(self._dead_end.fileno(), self._out, inheritable=False)
                self._flush(self._fd)
                os.write(self._fd, stop)
        except OSError:
            # Nobody is there to take it; whoever calls this repeats it or cuts the line.
            return
        finally:
            self._handing_over.release()

    def release(self) -> None:
        """Give the line back to the loop, and forget what the loop wanted written meanwhile."""
        self._waiting = b""
        if self._out >= 0:
            os.dup2(self._fd, self._out, inheritable=False)

    def discard(self) -> bool:
        """Drop what has not left: here, and in the kernel where it can be told to.

        Of a line that was seized nothing is dropped, least of all the stop.

        Returns
        -------
        bool
            False where all had left; True where something was dropped, or may have been.
        """
        waited = len(self._waiting) > 0
        self._waiting = b""
        return (self._out >= 0 and self._flush(self._out)) or waited

    def _flush(self, fd: int) -> bool:  # noqa: ARG002 - serial ports override it and need it
        """Drop what the kernel has not sent; return whether there was, or may have been, any."""
        return False

    def _let_go(self, close: Callable[[], None]) -> None:
        """Close both descriptors; ``close`` closes the line's."""
        with self._handing_over:
            out, self._out = self._out, -1
            if out >= 0:
                os.close(out)
                self._dead_end.close()
                self._nobody.close()
            close()

    def _push(self) -> None:
        try:
            while self._waiting:
                self._waiting = self._waiting[os.write(self._out, self._waiting) :]
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(f"{self._name}: {error.strerror or error}")

    def _writable(self) -> None:
        self._push()
        if not self._waiting and self._open:
            self._loop.remove_writer(self._fd)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(f"{self._name}: {error.strerror or error}")
            return
        if data:
            self.on_bytes(data)
        else:
            self._lose(f"{self._name}: hung up")

    def _lose(self, reason: str) -> None:
        if self._open:
            self.detach()
            # Whoever is writing just now must not hear of it in the middle of that.
            self._news = self._loop.call_soon(self._tell_lost, reason)

    def _tell_lost(self, reason: str) -> None:
        self._news = None
        self.on_lost(reason)

    def detach(self) -> None:
        """Listen no more, write no more, tell no more."""
        if self._news is not None:
            self._news.cancel()
            self._news = None
        if self._open:
            self._open = False
            self._waiting = b""
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
