"""A serial port behind a guardian: a link whose far end is a process that can outlive this one."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from fes_ctrl.links import guard_channel as say
from fes_ctrl.links.liveness import BEAT_S
from fes_ctrl.links.serial_port import SerialLinkError, SerialSettings

READY_S: Final = 10.0
"""A Python that starts on a busy machine has been seen to take 2 s."""

LEAVE_S: Final = 1.0
"""How long closing waits for the guardian to let the last bytes out."""


class GuardedLink:
    """A link to a guardian's process; ``open_guarded`` makes one.

    Parameters
    ----------
    channel : socket
        To the guardian, which has said that it is ready.
    process : Popen
        Its process.
    name : str
        For messages.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``.
    """

    def __init__(
        self, channel: socket.socket, process: "subprocess.Popen[bytes]", name: str
    ) -> None:
        self._channel = channel
        self._process = process
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._news: asyncio.Handle | None = None
        self._open = True
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        self._loop.add_reader(channel.fileno(), self._readable)

    def write(self, data: bytes) -> None:
        """Send bytes to the device; never waits."""
        if not self._open:
            return
        if self._timer is None:
            self._beat()
        for start in range(0, len(data), say.PACKET - 1):
            self._say(say.WRITE + data[start : start + say.PACKET - 1])

    def discard(self) -> bool:
        """Take back what has not left; whether there was anything, the guardian does not say."""
        self._say(say.DISCARD)
        return True

    def seize(self, stop: bytes) -> None:
        """Let nothing else leave from now on, and write a stop; from any thread or handler."""
        with contextlib.suppress(OSError):
            # A guardian that is gone has stopped the device, or never will.
            self._channel.send(say.SEIZE + stop)

    def release(self) -> None:
        """Give the line back, without what was written meanwhile."""
        self._say(say.RELEASE)

    def drop(self) -> None:
        """Have the guardian let DTR and RTS go."""
        self._leave(say.DROP)

    def close(self) -> None:
        """Have the guardian close the port; nothing is delivered afterwards."""
        self._leave(say.CLOSE)

    def _beat(self) -> None:
        self._timer = self._loop.call_later(BEAT_S, self._beat)
        self._say(say.BEAT)

    def _say(self, packet: bytes) -> None:
        if not self._open:
            return
        try:
            self._channel.send(packet)
        except BlockingIOError:
            self._lose(f"{self._name}: the guardian takes nothing")
        except OSError:
            self._lose(f"{self._name}: the guardian is gone")

    def _readable(self) -> None:
        while self._open:
            try:
                packet = self._channel.recv(say.PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if packet[:1] == say.BYTES:
                self.on_bytes(packet[1:])
            elif packet[:1] == say.TRIPPED:
                self._lose(f"{self._name}: the guardian stopped the device: {_text(packet)}")
            elif packet:
                self._lose(_text(packet))
            else:
                self._lose(f"{self._name}: the guardian is gone")

    def _lose(self, reason: str) -> None:
        if self._open:
            self._detach()
            # Whoever is writing just now must not hear of it in the middle of that.
            self._news = self._loop.call_soon(self.on_lost, reason)

    def _detach(self) -> None:
        if self._news is not None:
            self._news.cancel()
            self._news = None
        if self._open:
            self._open = False
            self._loop.remove_reader(self._channel.fileno())
            if self._timer is not None:
                self._timer.cancel()

    def _leave(self, word: bytes) -> None:
        self._say(word)
        self._detach()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LEAVE_S)
        self._channel.close()


async def open_guarded(port: str, settings: SerialSettings, stop: bytes) -> GuardedLink:
    """Start a guardian and wait until it has opened the port.

    Parameters
    ----------
    port : str
        Path of the serial port.
    settings : SerialSettings
        Of the line.
    stop : bytes
        What ends the device's output, in any state.

    Raises
    ------
    SerialLinkError
        If the port cannot be opened, or the guardian does not start.
    """
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near.setblocking(False)
    with far:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - ours, and it returns once it has forked
            [
                # -P: a select.py of the folder in which somebody works is none of Python's.
                *(sys.executable, "-P", "-m", "fes_ctrl.links.guardian", str(far.fileno()), port),
                *(str(settings.baud), settings.parity, str(settings.stop_bits)),
                *(str(int(settings.rts_cts)), stop.hex()),
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=[far.fileno()],
            # Ctrl-C at the controller's terminal is not for the guardian.
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(READY_S):
            answer = await asyncio.get_running_loop().sock_recv(near, say.PACKET)
    except TimeoutError as error:
        process.kill()
        near.close()
        message = f"serial port {port}: its guardian did not start within {READY_S:g} s"
        raise SerialLinkError(message) from error
    if answer != say.READY:
        near.close()
        process.wait()
        why = _text(answer) if answer else f"serial port {port}: its guardian ended at once"
        raise SerialLinkError(why)
    return GuardedLink(near, process, f"serial port {port}")


def _text(packet: bytes) -> str:
    return packet[1:].decode(errors="replace")


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
