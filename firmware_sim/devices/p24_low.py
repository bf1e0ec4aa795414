"""The low level of a simulated P24: every accepted Ll_Channel_Config gives one pulse at once.

Not stated by the vendor, and assumed: two pulses of a channel are at least 2 ms apart, else the
command is refused as busy.
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.defects import Defects
from firmware_sim.devices.p24_points import padded, valid
from firmware_sim.output import OutputStage

INTERVAL_US: Final = 2_000


class LowLevel:
    """The low level of one device.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    defects : Defects
        What is wrong with the device.

    Attributes
    ----------
    active : bool
        Whether it is initialised; the device sees to it that only one level is.
    """

    __slots__ = ("_defects", "_last_us", "_output", "active")

    def __init__(self, output: OutputStage, defects: Defects) -> None:
        self._output = output
        self._defects = defects
        self._last_us: list[Us] = [-NEVER_US] * sm4.CHANNELS
        self.active = False

    def reset(self) -> None:
        """Be as after power-on."""
        self.active = False

    def init(self, payload: bytes) -> int:
        """Take Ll_Init."""
        if len(payload) != 1:
            return sm4.PARAMETER_ERROR
        self.active = True
        return sm4.NO_ERROR

    def stop(self) -> int:
        """Take Ll_Stop."""
        self.active = False
        return sm4.NO_ERROR

    def pulse(self, now_us: Us, payload: bytes) -> bytes:
        """Take Ll_Channel_Config; return the answer's payload."""
        config = sm4.decode_channel_config(payload)
        if config is None:
            return bytes((sm4.PARAMETER_ERROR, 0, 0))
        channel, execute, points = config
        where = ((channel // 4) << 4) | (channel % 4)
        result = sm4.NO_ERROR
        if not self.active:
            result = sm4.NOT_INITIALISED
        elif not valid(points):
            result = sm4.PARAMETER_ERROR
        elif now_us - self._last_us[channel] < INTERVAL_US:
            result = sm4.BUSY
        elif execute:
            self._last_us[channel] = now_us
            if self._defects.any:
                self._defects.gave(now_us, channel, padded(points))
            if not self._output.deliver(now_us, channel, padded(points)):
                result = sm4.ELECTRODE_ERROR
        return bytes((result, where, 0))
