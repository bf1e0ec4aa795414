"""The far end of the cable: a simulated device, woken by the clock and by the bytes it is sent."""

from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.clock import ORDER_DEVICE, Clock
from fes_ctrl.units import Us
from firmware_sim.devices.device import Device, DeviceStep
from firmware_sim.limiter import Limiter
from hil.links import Cable


class DeviceEnd:
    """Joins a device to its cable; it lives from then on as long as the cable does.

    Parameters
    ----------
    clock : Clock
        Who makes time pass.
    device : Device
        What hears and answers.
    cable : Cable
        What carries its bytes; being cut reaches the device too.
    limiter : Limiter or None
        Hears what the device is sent, where one is fitted.
    """

    __slots__ = ("_alarm", "_cable", "_clock", "_device", "_limiter")

    def __init__(self, clock: Clock, device: Device, cable: Cable, limiter: Limiter | None) -> None:
        self._clock = clock
        self._device = device
        self._cable = cable
        self._limiter = limiter
        self._alarm = Alarm(clock, ORDER_DEVICE, self._ring)
        cable.device = self._bytes
        cable.cut = self._cut

    def _cut(self) -> None:
        self._device.cut(self._clock.now_us())

    def _bytes(self, data: bytes) -> None:
        now_us = self._clock.now_us()
        if self._limiter is not None:
            self._limiter.hear(now_us, data)
        step = self._device.receive(now_us, data)
        self._carry_out(step)

    def _ring(self, now_us: Us) -> None:
        self._carry_out(self._device.tick(now_us))

    def _carry_out(self, step: DeviceStep) -> None:
        if step.out:
            self._cable.answer(step.out)
        self._alarm.move(step.wake_at_us)
