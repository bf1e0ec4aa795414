"""The fixtures ``stimulator`` and ``link``: a simulated device, and the cable to it."""

from typing import TYPE_CHECKING

from fes_ctrl.testing.errors import RefusedError
from fes_ctrl.testing.inject import injection_text, parsed
from fes_ctrl.testing.pulse import Pulses

if TYPE_CHECKING:
    from fes_ctrl.links.link import Link as HostLink
    from fes_ctrl.runtime.clock import Clock
    from firmware_sim.injections import Acknowledgement
    from hil.config import CableConfig

US = 1_000_000


class Stimulator:
    """A simulated device with its outputs.

    Attributes
    ----------
    device : str
        Its family.
    pulses : list of Pulse
        Every pulse that it delivered.
    """

    def __init__(self, device: str, seed: int) -> None:
        __tracebackhide__ = True
        from random import Random

        from fes_ctrl.runtime.stepper import Stepper
        from fes_ctrl.runtime.virtual import NotVirtualError, virtual_clock
        from firmware_sim.devices.catalogue import DEVICES
        from firmware_sim.output import OutputStage
        from hil.suite.far_end import FarEnd

        if device not in DEVICES:
            choices = " or ".join(sorted(DEVICES))
            raise RefusedError(f"stimulator {device!r}: nothing simulates one; choose {choices}")
        self.device = device
        self.pulses = Pulses()
        self.stepper: Stepper | None = None
        try:
            self.clock: Clock = virtual_clock()
        except (RuntimeError, NotVirtualError):
            self.stepper = Stepper()
            self.clock = self.stepper
        self._output = OutputStage(DEVICES[device].channels)
        self._output.sinks.append(self.pulses.see)
        self._device = DEVICES[device].make(self._output, Random(seed))
        self.far_end = FarEnd(self.clock, self._device, device)
        self._asked: list[str] = []

    def inject(self, name: str, lasts_s: float | None = None, amount: float | None = None) -> None:
        """Let something go wrong with the device or an electrode, from now on.

        Raises
        ------
        RefusedError
            If nothing of that name hits them.
        """
        __tracebackhide__ = True
        part, from_us, to_us, much = _now(self.clock, name, lasts_s, amount, DEVICE)
        target = self._device if part == "device" else self._output
        target.inject(name, from_us, to_us, much)
        self._asked.append(name)

    @property
    def reached(self) -> list[str]:
        """Injections that have had an effect."""
        return _names([*self._device.acknowledgements, *self._output.acknowledgements])

    def close(self) -> None:
        """Have felt everything that was injected."""
        __tracebackhide__ = True
        _refuse_unreached(self._asked, self.reached, self.device)


class Link:
    """A simulated cable to a simulated device, by seed.

    Attributes
    ----------
    host : links.link.Link
        Its end for a driver.
    stimulator : Stimulator
        What is at the other end.
    """

    def __init__(self, stimulator: Stimulator, terms: "CableConfig", seed: int) -> None:
        from random import Random

        from hil.links import SimCable

        self.stimulator = stimulator
        self._cable = SimCable(stimulator.clock, terms, Random(seed), Random(seed + 1))
        self._received = bytearray()
        self._asked: list[str] = []
        self.lost = ""
        self._cable.on_bytes = self._received.extend
        self._cable.on_lost = self._lose
        stimulator.far_end.join(self._cable)

    @property
    def host(self) -> "HostLink":
        """The host's end: give it to a driver, which takes over its ears."""
        return self._cable.link

    def _lose(self, reason: str) -> None:
        self.lost = reason

    def write(self, data: bytes) -> None:
        """Send bytes to the device."""
        self._cable.write(data)

    def read(self) -> bytes:
        """Return what has come since the last call."""
        data = bytes(self._received)
        self._received.clear()
        return data

    def run(self, for_s: float) -> None:
        """Let time pass; in an asyncio test, await ``asyncio.sleep`` instead.

        Raises
        ------
        RefusedError
            In an asyncio test.
        """
        __tracebackhide__ = True
        stepper = self.stimulator.stepper
        if stepper is None:
            raise RefusedError("link.run in an asyncio test: await asyncio.sleep there")
        stepper.run_until_us(stepper.now_us() + round(for_s * US))

    def inject(self, name: str, lasts_s: float | None = None, amount: float | None = None) -> None:
        """Let something go wrong with the cable, from now on.

        Raises
        ------
        RefusedError
            If nothing of that name hits it.
        """
        __tracebackhide__ = True
        _, _, to_us, much = _now(self.stimulator.clock, name, lasts_s, amount, CABLE)
        self._cable.inject(name, to_us, much)
        self._asked.append(name)

    @property
    def reached(self) -> list[str]:
        """Injections that have had an effect."""
        return _names(self._cable.acknowledgements)

    def close(self) -> None:
        """Have felt everything that was injected."""
        __tracebackhide__ = True
        _refuse_unreached(self._asked, self.reached, "link")


DEVICE = ("device", "electrode")
CABLE = ("link",)
WHERE = {"device": "stimulator", "electrode": "stimulator", "link": "link"}


def _now(
    clock: "Clock", name: str, lasts_s: float | None, amount: float | None, hits: tuple[str, ...]
) -> tuple[str, int, int, float]:
    """Return part, beginning, end and amount of an injection that begins now."""
    __tracebackhide__ = True
    from firmware_sim.injections import BY_NAME

    now_us = clock.now_us()
    _, from_us, to_us, much = parsed(injection_text(name, now_us / US, lasts_s, amount))
    part = BY_NAME[name].part
    if part not in hits:
        where = WHERE.get(part, "walk")
        raise RefusedError(f"injection {name!r} hits the {part}: inject it into a {where}")
    return part, from_us, to_us, much


def _names(acknowledgements: "list[Acknowledgement]") -> list[str]:
    return list(dict.fromkeys(known.name for known in acknowledgements))


def _refuse_unreached(asked: list[str], reached: list[str], where: str) -> None:
    __tracebackhide__ = True
    unreached = [name for name in asked if name not in reached]
    if unreached:
        message = f"injection {', '.join(unreached)} was never reached: nothing of the {where} "
        raise RefusedError(message + "felt it before the test ended; let it do what is hit")


class StimulatorFactory:
    """Make simulated stimulators."""

    def __init__(self) -> None:
        self._made: list[Stimulator] = []

    def __call__(self, device: str = "p24", seed: int = 1) -> Stimulator:
        """Return one.

        Parameters
        ----------
        device : str
            ``p24``, ``rehastim2`` or ``feslink``.
        seed : int
            Of its latency.

        Raises
        ------
        RefusedError
            If nothing simulates such a device.
        """
        __tracebackhide__ = True
        self._made.append(Stimulator(device, seed))
        return self._made[-1]

    def close(self) -> None:
        """Have felt everything that was injected."""
        __tracebackhide__ = True
        for stimulator in self._made:
            stimulator.close()


class LinkFactory:
    """Make simulated cables."""

    def __init__(self) -> None:
        self._made: list[Link] = []

    def __call__(
        self,
        stimulator: Stimulator,
        *,
        latency_us: int | None = None,
        jitter_us: int | None = None,
        loss: float | None = None,
        corruption: float | None = None,
        seed: int = 1,
    ) -> Link:
        """Return one, with a device at its end.

        Parameters
        ----------
        stimulator : Stimulator
            The device.
        latency_us, jitter_us, loss, corruption
            As in ``[cable]`` of a scenario; by default as there.
        seed : int
            Of everything random.

        Raises
        ------
        RefusedError
            If there is no such cable.
        """
        __tracebackhide__ = True
        from fes_ctrl.config.build import UnplacedError, build
        from hil.config import CableConfig

        given = {
            "latency_us": latency_us,
            "jitter_us": jitter_us,
            "loss": loss,
            "corruption": corruption,
        }
        table = {key: value for key, value in given.items() if value is not None}
        try:
            terms: CableConfig = build(CableConfig, table, ("link",))
        except UnplacedError as problem:
            raise RefusedError(problem.what) from None
        self._made.append(Link(stimulator, terms, seed))
        return self._made[-1]

    def close(self) -> None:
        """Have felt everything that was injected."""
        __tracebackhide__ = True
        for link in self._made:
            link.close()
