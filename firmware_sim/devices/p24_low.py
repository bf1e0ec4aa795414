"""The low level of a simulated P24: every accepted Ll_Channel_Config gives one pulse at once.

Not stated by the vendor, and assumed: two pulses of a channel are at least 2 ms apart, else the
command is refused as busy; without high voltage a pulse is answered as a high-voltage error; a
measurement is of the pulse that was just given, 128 samples over its whole length.
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers
from firmware_sim.devices.defects import Defects
from firmware_sim.devices.p24_points import padded, valid
from firmware_sim.output import COMPLIANCE_MV, OutputStage, Points

INTERVAL_US: Final = 2_000
NO_LEVEL: Final = 7
"""What the field of the high voltage can say and the device does not know."""


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
    voltage : int
        Level of the high voltage, as Ll_Init asked for it.
    """

    __slots__ = ("_defects", "_last_us", "_measures", "_output", "active", "voltage")

    def __init__(self, output: OutputStage, defects: Defects) -> None:
        self._output = output
        self._defects = defects
        self._last_us: list[Us] = [-NEVER_US] * sm4.CHANNELS
        self._measures = answers.MEASURE_NOTHING
        self.active = False
        self.voltage = sm4.VOLTAGE_DEFAULT

    def reset(self) -> None:
        """Be as after power-on."""
        self.active = False
        self._measures = answers.MEASURE_NOTHING
        self.voltage = sm4.VOLTAGE_DEFAULT
        self._output.compliance_mv = COMPLIANCE_MV

    def init(self, payload: bytes) -> int:
        """Take Ll_Init."""
        asked = sm4.decode_ll_init(payload)
        if asked is None or asked.measures > answers.MEASURE_SUPPLY or asked.voltage == NO_LEVEL:
            return sm4.PARAMETER_ERROR
        self.active = True
        self._measures, self.voltage = asked
        self._output.compliance_mv = sm4.VOLTAGES_MV.get(self.voltage, COMPLIANCE_MV)
        return sm4.NO_ERROR

    def stop(self) -> int:
        """Take Ll_Stop."""
        self.reset()
        return sm4.NO_ERROR

    def pulse(self, now_us: Us, payload: bytes) -> bytes:
        """Take Ll_Channel_Config; return the answer's payload."""
        config = sm4.decode_channel_config(payload)
        if config is None:
            return bytes((sm4.PARAMETER_ERROR, 0, 0))
        channel, execute, points = config
        result = sm4.NO_ERROR
        measures = answers.MEASURE_NOTHING
        points = padded(points)
        if not self.active:
            result = sm4.NOT_INITIALISED
        elif not valid(points):
            result = sm4.PARAMETER_ERROR
        elif now_us - self._last_us[channel] < INTERVAL_US:
            result = sm4.BUSY
        elif execute and self.voltage == sm4.VOLTAGE_OFF:
            result = sm4.HIGH_VOLTAGE_ERROR
        elif execute:
            self._last_us[channel] = now_us
            if self._defects.any:
                self._defects.gave(now_us, channel, points)
            if not self._output.deliver(now_us, channel, points):
                result = sm4.ELECTRODE_ERROR
            measures = self._measures
        sampling_us = 0
        samples: tuple[int, ...] = ()
        if measures != answers.MEASURE_NOTHING:
            sampling_us, samples = self._sampled(channel, points)
        return answers.encode_pulse_answer(
            result, answers.PulseAnswer(channel, measures, sampling_us, samples)
        )

    def _sampled(self, channel: int, points: Points) -> tuple[Us, tuple[int, ...]]:
        """Return how far apart the samples of a pulse are, and their magnitudes."""
        supply_mv, ohm = self._output.compliance_mv, self._output.present_ohm[channel]
        most_ua = supply_mv * 1_000 // ohm
        whole_us = sum([duration_us for duration_us, _ in points])
        sampling_us = -(-whole_us // answers.SAMPLES)
        samples = [0] * answers.SAMPLES
        begun_us = 0
        for duration_us, current_ua in points:
            flows_ua = min(abs(current_ua), most_ua)
            if self._measures == answers.MEASURE_CURRENT:
                sample = flows_ua // 10
            elif self._measures == answers.MEASURE_VOLTAGE:
                sample = flows_ua * ohm // 10_000
            else:
                sample = supply_mv // 10
            first = -(-begun_us // sampling_us)
            begun_us += duration_us
            for index in range(first, -(-begun_us // sampling_us)):
                samples[index] = sample
        return sampling_us, tuple(samples)
