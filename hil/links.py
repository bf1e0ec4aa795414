"""The simulated cable: wire time, latency, jitter, loss and corruption, by seed.

The host's end is a ``Link`` like any other; the far end hands bytes to a simulated device and
takes its answers. Latency is never zero, and bytes stay in order in each direction.
"""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from fes_ctrl.links.link import Link
from fes_ctrl.runtime.clock import ORDER_LINK, Clock, Handle
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.injections import Acknowledgement, amount_of
from hil.config import CableConfig
from hil.noise import damaged

PULLED: Final = "cable_pulled"
CORRUPTED: Final = "frames_corrupted"
HELD: Final = "answers_held"
BLOCKED: Final = "write_blocked"


class Cable(Protocol):
    """What the rig needs of a cable: the host's link, the device's ear, and what can go wrong.

    Attributes
    ----------
    device : callable
        Called with bytes that arrive at the device.
    cut : callable
        Called when the line is gone: the device sees the host vanish.
    injections : tuple of str
        Those that this cable knows.
    acknowledgements : list of Acknowledgement
        Injections that have had an effect.
    """

    device: Callable[[bytes], None]
    cut: Callable[[], None]
    injections: tuple[str, ...]
    acknowledgements: list[Acknowledgement]

    @property
    def link(self) -> Link:
        """The host's end."""
        ...

    def answer(self, data: bytes) -> None:
        """Send bytes from the device towards the host."""
        ...

    def inject(self, name: str, to_us: Us = NEVER_US, amount: float = 0.0) -> None:
        """Make something go wrong with the cable, now, and until then."""
        ...


class _Flight:
    """One write on its way."""

    __slots__ = ("data", "from_us", "handle", "to_us")

    def __init__(self, data: bytes, from_us: Us, to_us: Us) -> None:
        self.data = data
        self.from_us = from_us
        self.to_us = to_us
        self.handle: Handle | None = None


class _Wire:
    """One direction."""

    __slots__ = (
        "_arrived_us",
        "_byte_us",
        "_clock",
        "_corruption",
        "_flights",
        "_free_us",
        "_held",
        "_held_name",
        "_held_to_us",
        "_jitter_us",
        "_last",
        "_latency_us",
        "_loss",
        "_noise",
        "_noise_to_us",
        "_random",
        "_share",
        "deliver",
        "hit",
        "lost",
    )

    def __init__(self, clock: Clock, config: CableConfig, random: Random) -> None:
        self._clock = clock
        self._byte_us: float = config.byte_us
        self._latency_us: Us = config.latency_us
        self._jitter_us: Us = config.jitter_us
        self._loss: float = config.loss
        self._corruption: float = config.corruption
        self._random = random
        self._free_us: Us = 0
        self._arrived_us: Us = 0
        self._flights: deque[_Flight] = deque()
        self._held: list[bytes] = []
        self._held_name = ""
        self._held_to_us: Us = -NEVER_US
        self._noise: Random = random
        self._noise_to_us: Us = -NEVER_US
        self._share = 0.0
        self._last = b""
        self.deliver: Callable[[bytes], None] = _nowhere
        self.hit: Callable[[str], None] = _nobody
        self.lost = 0

    def hold(self, name: str, to_us: Us) -> None:
        """Take bytes and send none until then, and then all of them at once."""
        self._held_name = name
        self._held_to_us = to_us
        if to_us < NEVER_US:
            self._clock.call_at_us(to_us, ORDER_LINK, self._release)

    def _release(self) -> None:
        held, self._held = self._held, []
        for data in held:
            self.send(data)

    def damage(self, to_us: Us, share: float, random: Random) -> None:
        """Damage so large a share of what is sent, until then."""
        self._noise = random
        self._noise_to_us = to_us
        self._share = share

    def send(self, data: bytes) -> None:
        """Put bytes on the wire behind those already there."""
        now_us = self._clock.now_us()
        if now_us < self._held_to_us:
            self._held.append(data)
            self.hit(self._held_name)
            return
        if now_us < self._noise_to_us:
            if self._noise.random() < self._share:
                last, self._last = self._last, data
                data = damaged(data, last, self._noise)
                self.hit(CORRUPTED)
            else:
                self._last = data
        from_us = max(now_us, self._free_us)
        to_us = from_us + round(len(data) * self._byte_us)
        self._free_us = to_us
        if self._loss > 0.0 and self._random.random() < self._loss:
            self.lost += 1
            return
        if self._corruption > 0.0 and self._random.random() < self._corruption:
            data = _flip_one_bit(data, self._random)
        arrival_us = to_us + self._latency_us
        if self._jitter_us:
            arrival_us += int(self._random.random() * self._jitter_us)
        self._arrived_us = max(arrival_us, self._arrived_us)
        flight = _Flight(data, from_us, to_us)
        self._flights.append(flight)
        flight.handle = self._clock.call_at_us(self._arrived_us, ORDER_LINK, self._arrive)

    def _arrive(self) -> None:
        self.deliver(self._flights.popleft().data)

    def discard(self) -> bool:
        """Take back what has not left: a write that is half out stays half out."""
        now_us = self._clock.now_us()
        taken_back = len(self._held) > 0
        self._held.clear()
        kept: deque[_Flight] = deque()
        for flight in self._flights:
            if flight.to_us <= now_us:
                kept.append(flight)
                continue
            taken_back = True
            out = 0
            if flight.from_us < now_us:
                out = int((now_us - flight.from_us) / self._byte_us)
            if out:
                flight.data = flight.data[:out]
                kept.append(flight)
            elif flight.handle is not None:
                flight.handle.cancel()
        self._flights = kept
        self._free_us = min(self._free_us, now_us)
        return taken_back

    def cut(self) -> None:
        """Lose everything on the wire."""
        for flight in self._flights:
            if flight.handle is not None:
                flight.handle.cancel()
        self._flights.clear()
        self._held.clear()


class SimCable:
    """A cable between a driver's link and a simulated device.

    Parameters
    ----------
    clock : Clock
        The walk's clock.
    config : CableConfig
        Its terms.
    random : random.Random
        This cable's own stream.
    noise : random.Random or None
        Another, for what is injected.

    Attributes
    ----------
    on_bytes, on_lost : callable
        The host's ears, as of every ``Link``.
    device : callable
        The device's ear: called with bytes that arrive there.
    cut : callable
        Called when the line is gone.
    injections : tuple of str
        Those that this cable knows.
    pulled_us : int or None
        When it was pulled out.
    acknowledgements : list of Acknowledgement
        Injections that have had an effect.
    """

    def __init__(
        self, clock: Clock, config: CableConfig, random: Random, noise: Random | None = None
    ) -> None:
        self._clock = clock
        self._noise = random if noise is None else noise
        self._out = _Wire(clock, config, random)
        self._back = _Wire(clock, config, random)
        self._out.hit = self._hit
        self._back.hit = self._hit
        self._out.deliver = self._to_device
        self._back.deliver = self._to_host
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        self.device: Callable[[bytes], None] = _nowhere
        self.cut: Callable[[], None] = _vanished
        self.injections: tuple[str, ...] = (PULLED, CORRUPTED, HELD, BLOCKED)
        self.pulled_us: Us | None = None
        self.acknowledgements: list[Acknowledgement] = []
        self._closed = False
        self._seized = False

    @property
    def link(self) -> "SimCable":
        """The host's end: this object itself."""
        return self

    # -- the host's end, a Link -------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes towards the device; never waits."""
        if self.pulled_us is None and not self._closed and not self._seized:
            self._out.send(data)

    def discard(self) -> bool:
        """Take back what has not been sent."""
        return not self._seized and self._out.discard()

    def seize(self, stop: bytes) -> None:
        """Let nothing else leave from now on, and write a stop."""
        if self.pulled_us is None and not self._closed:
            self._seized = True
            self._out.discard()
            self._out.send(stop)

    def release(self) -> None:
        """Give the line back."""
        self._seized = False

    def drop(self) -> None:
        """Let DTR and RTS go: the device sees the host vanish."""
        self.pull("line dropped by the host")

    def close(self) -> None:
        """Close the host's end; what is on the wire still arrives."""
        self._closed = True

    # -- the far end ------------------------------------------------------------------------------

    def answer(self, data: bytes) -> None:
        """Send bytes from the device towards the host."""
        if self.pulled_us is None:
            self._back.send(data)

    def pull(self, reason: str) -> None:
        """Pull the cable: what is on it is lost, and the host hears of it at once."""
        if self.pulled_us is not None:
            return
        self.pulled_us = self._clock.now_us()
        self._out.cut()
        self._back.cut()
        self.cut()
        self.on_lost(reason)

    def inject(self, name: str, to_us: Us = NEVER_US, amount: float = 0.0) -> None:
        """Make something go wrong with the cable, now, and until then.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        if name == PULLED:
            if self.pulled_us is None:
                self._hit(name)
            self.pull("cable pulled")
        elif name == CORRUPTED:
            share = amount_of(name, amount) / 100.0
            self._out.damage(to_us, share, self._noise)
            self._back.damage(to_us, share, self._noise)
        elif name == HELD:
            self._back.hold(name, to_us)
        elif name == BLOCKED:
            self._out.hold(name, to_us)
        else:
            message = f"the cable does not know the injection {name!r}"
            raise ValueError(message)

    def _hit(self, name: str) -> None:
        """Take note that an injection has had an effect."""
        for known in self.acknowledgements:
            if known.name == name:
                return
        self.acknowledgements.append(Acknowledgement(name, self._clock.now_us()))

    def _to_device(self, data: bytes) -> None:
        self.device(data)

    def _to_host(self, data: bytes) -> None:
        if not self._closed:
            self.on_bytes(data)


def _flip_one_bit(data: bytes, random: Random) -> bytes:
    bits = bytearray(data)
    position = int(random.random() * len(bits) * 8)
    bits[position // 8] ^= 1 << (position % 8)
    return bytes(bits)


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _vanished() -> None:
    """Drop news that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
