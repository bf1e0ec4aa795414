"""A link whose device answers late, wrong, to nobody or not at all: in the host, before the driver.

What is on the desk answers as it does; here it is what the driver hears that is altered. The
device hears everything that the driver writes.
"""

from fes_ctrl.links.link import Link
from fes_ctrl.links.relay import RelayLink
from fes_ctrl.runtime.clock import ORDER_LINK, Clock
from fes_ctrl.units import Us
from hil.suite.bench import Answers, Who
from hil.suite.masks import MASKS, STRAYS


class TamperedLink(RelayLink):
    """A link around one.

    Parameters
    ----------
    link : Link
        To the device.
    clock : Clock
        Of the bench.
    device : str
        Its family, a key of ``MASKS``.
    """

    def __init__(self, link: Link, clock: Clock, device: str) -> None:
        self._clock = clock
        self._who: Who = "the same"
        self._how: Answers = "as they are"
        self._by_us: Us = 0
        self._device = device
        self._mask = MASKS[device](self._who)
        self._strays = STRAYS[device]()
        self._lost_it = False
        super().__init__(link)

    def wear(self, who: Who) -> None:
        """Let the device pass for somebody from now on."""
        self._who = who
        self._mask = MASKS[self._device](who)

    def answer(self, how: Answers, by_us: Us) -> None:
        """Let the driver hear answers so from now on."""
        self._how = how
        self._by_us = by_us

    def pull(self) -> None:
        """Close the port, and tell the driver that the line is gone: the device is alone."""
        self._lost_it = True
        self._link.close()
        self.on_lost("unplugged by the bench")

    def _bytes(self, data: bytes) -> None:
        if self._how == "never" or self._lost_it:
            return
        if self._who != "the same":
            data = self._mask(data)
        if self._how == "damaged" and data:
            middle = len(data) // 2
            data = data[:middle] + bytes((data[middle] ^ 0x04,)) + data[middle + 1 :]
        elif self._how == "to nobody":
            data += self._strays(data)
        if self._how == "late":
            at_us = self._clock.now_us() + self._by_us
            self._clock.call_at_us(at_us, ORDER_LINK, self._hear, data)
        else:
            self._hear(data)

    def _hear(self, data: bytes) -> None:
        if data and not self._lost_it:
            self.on_bytes(data)

    def _lost(self, reason: str) -> None:
        if not self._lost_it:
            super()._lost(reason)
