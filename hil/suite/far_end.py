"""The far end of a cable in the suite: a simulated device whose answers can be tampered with."""

from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.clock import ORDER_DEVICE, Clock
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.devices.device import Device, DeviceStep
from hil.links import Cable
from hil.suite.bench import Answers, Who
from hil.suite.masks import MASKS


class FarEnd:
    """A simulated device on the far end of one cable after another, woken by the clock.

    Parameters
    ----------
    clock : Clock
        The bench's.
    device : Device
        The device.
    name : str
        Its family, a key of ``MASKS``.
    who : str
        Whose name and version it gives.
    """

    def __init__(self, clock: Clock, device: Device, name: str, who: Who = "the same") -> None:
        self._clock = clock
        self._device = device
        self._mask = MASKS[name](who)
        self._who: Who = who
        self._cable: Cable | None = None
        self._alarm = Alarm(clock, ORDER_DEVICE, self._ring)
        self._how: Answers = "as they are"
        self._by_us: Us = 0
        self._alarm.move(clock.now_us())

    def join(self, cable: Cable) -> None:
        """Put it at the end of a cable."""
        self._cable = cable
        cable.device = self._bytes
        cable.cut = self._cut

    def leave(self) -> None:
        """Unplug it: it hears nothing and nobody hears it."""
        if self._cable is not None:
            self._cable.device = _nowhere
            self._cable.cut = _nobody
            self._cable = None

    def answer(self, how: Answers, by_us: Us) -> None:
        """Answer so from now on."""
        self._how = how
        self._by_us = by_us
        if how == "to nobody":
            self._device.inject("answers_to_nobody", self._clock.now_us(), NEVER_US)

    def restart(self) -> None:
        """Start anew with the next frame that comes."""
        self._device.inject("device_reset", self._clock.now_us(), NEVER_US)

    def _cut(self) -> None:
        self._device.cut(self._clock.now_us())
        self.leave()

    def _bytes(self, data: bytes) -> None:
        self._carry_out(self._device.receive(self._clock.now_us(), data))

    def _ring(self, now_us: Us) -> None:
        self._carry_out(self._device.tick(now_us))

    def _carry_out(self, step: DeviceStep) -> None:
        if step.out:
            self._say(step.out)
        self._alarm.move(step.wake_at_us)

    def _say(self, out: bytes) -> None:
        if self._how == "never":
            return
        if self._who != "the same":
            out = self._mask(out)
        if self._how == "damaged":
            middle = len(out) // 2
            out = out[:middle] + bytes((out[middle] ^ 0x04,)) + out[middle + 1 :]
        if self._how == "late":
            at_us = self._clock.now_us() + self._by_us
            self._clock.call_at_us(at_us, ORDER_DEVICE, self._send, out)
        else:
            self._send(out)

    def _send(self, out: bytes) -> None:
        if self._cable is not None:
            self._cable.answer(out)


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody() -> None:
    """Drop news that nobody listens to."""
