"""A link that is opened again when it was lost; nothing resumes by that.

The loss is told as of any link, and the controller latches it. When the port can be opened again
the driver begins from the start: it stops the device and asks who it is. Bursts come only when a
person has cleared the fault, armed, and raised the level from zero.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fes_ctrl.links.link import Link
from fes_ctrl.links.relay import RelayLink

RETRY_S: Final = 0.25
SILENT_S: Final = 2.0
"""After a port that could be opened, but where nobody answered: a device may be starting."""


class ReopeningLink(RelayLink):
    """A link around one that may be lost and another that takes its place.

    Parameters
    ----------
    link : Link
        The first.
    reopen : callable
        Opens the next one; raises ``OSError`` while that cannot be.
    on_back : callable
        Called when there is another: the driver is to begin anew.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``, except that ``on_lost`` may be called more than once.
    """

    def __init__(
        self, link: Link, reopen: Callable[[], Awaitable[Link]], on_back: Callable[[], None]
    ) -> None:
        self._reopen = reopen
        self._on_back = on_back
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._heard = True
        super().__init__(link)

    def drop(self) -> None:
        """Cut the device off; one that has not said a word since it came back is tried again."""
        super().drop()
        if not self._heard:
            self._try_again(SILENT_S)

    def close(self) -> None:
        """Close, for good."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
        super().close()

    def _bytes(self, data: bytes) -> None:
        self._heard = True
        super()._bytes(data)

    def _lost(self, reason: str) -> None:
        super()._lost(reason)
        self._try_again(RETRY_S)

    def _try_again(self, after_s: float) -> None:
        if not self._closed and (self._task is None or self._task.done()):
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._come_back(after_s), name="reopening the link")
            self._task.add_done_callback(_raise)

    async def _come_back(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        # Held any longer, its name would not become free for a device that is plugged in again.
        self._link.close()
        while True:
            try:
                link = await self._reopen()
            except OSError:
                await asyncio.sleep(RETRY_S)
            else:
                break
        self._heard = False
        self.take(link)
        self._on_back()


def _raise(task: "asyncio.Task[None]") -> None:
    """Let the loop know what went wrong: whoever watches it stops the output."""
    if not task.cancelled():
        task.result()
