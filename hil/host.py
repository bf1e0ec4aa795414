"""A host that is halted, sleeps, or whose clock jumps: everything of the host runs through it.

It stands between the walk's clock and what runs on the host. While the host is halted nothing of
it is called; what has happened meanwhile is called when it goes on, in the order in which it
happened, and whatever carries a stamp of arrival is stamped then, as it is read.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from fes_ctrl.links.link import Link
from fes_ctrl.links.relay import RelayLink
from fes_ctrl.model import Sample
from fes_ctrl.runtime.clock import ORDER_INJECTION, Clock
from fes_ctrl.units import Us
from firmware_sim.injections import Acknowledgement, amount_of

PAUSED: Final = "host_paused"
SUSPENDED: Final = "host_suspended"
FORWARD: Final = "clock_forward"
BACK: Final = "clock_back"


class _Call:
    """A timer of the host that can be taken back, even while the host is halted."""

    __slots__ = ("_args", "_callback", "_host")

    def __init__(
        self, host: "SimHost", callback: Callable[..., None], args: tuple[object, ...]
    ) -> None:
        self._host = host
        self._callback: Callable[..., None] | None = callback
        self._args = args

    def cancel(self) -> None:
        """Never ring."""
        self._callback = None

    def ring(self) -> None:
        """Ring, or wait until the host goes on."""
        if self._callback is not None:
            self._host.call(self.now)

    def now(self) -> None:
        """Ring, whatever the host does."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback(*self._args)


class SimHost:
    """The host, and its clock.

    Parameters
    ----------
    clock : Clock
        The walk's.

    Attributes
    ----------
    acknowledgements : list of Acknowledgement
        Injections that have had an effect.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_us: Us = 0
        self._halted = ""
        self._waiting: deque[Callable[[], None]] = deque()
        self.acknowledgements: list[Acknowledgement] = []

    @property
    def halted(self) -> str:
        """Which injection holds it just now; empty where it runs."""
        return self._halted

    # -- a Clock ------------------------------------------------------------------------------

    def now_us(self) -> Us:
        """Return the present, as the host has it."""
        return self._clock.now_us() + self._offset_us

    def call_at_us(
        self, when_us: Us, order: int, callback: Callable[..., None], *args: object
    ) -> _Call:
        """Call back at ``when_us`` of the host, or when it goes on after that."""
        call = _Call(self, callback, args)
        self._clock.call_at_us(when_us - self._offset_us, order, call.ring)
        return call

    # -- what comes in ------------------------------------------------------------------------

    def call(self, callback: Callable[[], None]) -> None:
        """Let something happen on the host, now or when it goes on."""
        if not self._halted:
            callback()
            return
        self._hit(self._halted)
        self._waiting.append(callback)

    def takes(self, deliver: Callable[[Sample], None]) -> Callable[[Sample], None]:
        """Return what to hand samples to, so that they reach ``deliver`` through the host."""

        def stamped(sample: Sample) -> None:
            if self._halted == SUSPENDED:
                self._hit(SUSPENDED)
                return
            # Whoever ties the sensor's clock to the host's does so anew after a jump.
            t_meas_us = sample.t_meas_us + self._offset_us
            if self._halted:
                self.call(
                    lambda: deliver(sample._replace(t_meas_us=t_meas_us, t_arrive_us=self.now_us()))
                )
            else:
                arrive_us = sample.t_arrive_us + self._offset_us
                deliver(sample._replace(t_meas_us=t_meas_us, t_arrive_us=arrive_us))

        return stamped

    # -- injections ---------------------------------------------------------------------------

    def inject(self, name: str, from_us: Us, to_us: Us, amount: float) -> None:
        """Make something go wrong with the host from one instant to another.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        if name in {PAUSED, SUSPENDED}:
            self._clock.call_at_us(from_us, ORDER_INJECTION, self._halt, name)
            self._clock.call_at_us(to_us, ORDER_INJECTION, self._go_on)
        elif name in {FORWARD, BACK}:
            seconds = amount_of(name, amount) if name == FORWARD else -amount_of(name, amount)
            self._clock.call_at_us(from_us, ORDER_INJECTION, self._jump, name, round(seconds * 1e6))
        else:
            message = f"the host does not know the injection {name!r}"
            raise ValueError(message)

    def _halt(self, name: str) -> None:
        self._halted = name

    def _go_on(self) -> None:
        self._halted = ""
        waiting = self._waiting
        while waiting and not self._halted:
            waiting.popleft()()

    def _jump(self, name: str, by_us: Us) -> None:
        self._offset_us += by_us
        self._hit(name)

    def _hit(self, name: str) -> None:
        for known in self.acknowledgements:
            if known.name == name:
                return
        self.acknowledgements.append(Acknowledgement(name, self._clock.now_us()))


class HostedLink(RelayLink):
    """The host's end of a link, whose news reaches the host only while it runs.

    Parameters
    ----------
    link : Link
        The end itself.
    host : SimHost
        Whose end it is.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``.
    """

    def __init__(self, link: Link, host: SimHost) -> None:
        self._host = host
        super().__init__(link)

    def _bytes(self, data: bytes) -> None:
        self._host.call(lambda: self.on_bytes(data))

    def _lost(self, reason: str) -> None:
        self._host.call(lambda: self.on_lost(reason))
