"""The device's side of a pseudo-terminal."""

import asyncio
import os
import tty

DEADLINE_S = 10.0


class FarEnd:
    """The device's side of a pseudo-terminal."""

    def __init__(self) -> None:
        self.fd, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        # Kept open, so that bytes survive the moments when nobody else has the port.
        self._slave = slave
        os.set_blocking(self.fd, False)
        self._open = True

    def take(self) -> bytes:
        try:
            return os.read(self.fd, 65536)
        except BlockingIOError:
            return b""
        except OSError:
            # The host has closed its end, and everything it wrote was taken.
            return b""

    async def take_until(self, end: bytes) -> bytes:
        data = b""
        async with asyncio.timeout(DEADLINE_S):
            while not data.endswith(end):
                data += self.take()
                await asyncio.sleep(0.001)
        return data

    def unplug(self) -> None:
        if self._open:
            self._open = False
            os.close(self.fd)
            os.close(self._slave)
