"""What a simulated P24 does beyond giving pulses: power, voltage, measurement, states."""

from random import Random

import pytest

from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers
from firmware_sim.devices.p24 import BATTERY, VERSIONS, SimulatedP24
from firmware_sim.output import OPEN_OHM, OutputStage

POINTS = ((200, 20_000), (200, -20_000))


class Host:
    """Sends frames, collects answers and pulses."""

    def __init__(self) -> None:
        self.output = OutputStage(8)
        self.pulses: list[tuple[int, int]] = []
        self.output.sinks.append(lambda t_us, channel, _points: self.pulses.append((t_us, channel)))
        self.device = SimulatedP24(self.output, Random(1))
        self.now_us = 0

    def ask(self, frame: bytes) -> sm4.Frame:
        """Return the answer to one frame; 10 ms pass."""
        self.now_us += 10_000
        out = self.device.receive(self.now_us, frame).out
        return sm4.Decoder().feed(out + self.until(self.now_us + 5_000))[0]

    def until(self, t_us: int) -> bytes:
        out, wake_us = b"", 0
        while wake_us <= t_us:
            step = self.device.tick(wake_us)
            out, wake_us = out + step.out, step.wake_at_us
        assert wake_us <= NEVER_US
        return out

    def result(self, frame: bytes) -> int:
        return self.ask(frame).payload[0]


def question(command: int) -> bytes:
    return sm4.encode(3, command)


def test_it_tells_battery_versions_and_states() -> None:
    host = Host()
    assert answers.decode_battery(host.ask(question(sm4.GET_BATTERY_STATUS)).payload) == BATTERY
    for command in (sm4.GET_VERSION_MAIN, sm4.GET_VERSION_STIM, sm4.GET_EXTENDED_VERSION):
        assert answers.decode_versions(host.ask(question(command)).payload) == VERSIONS
    assert answers.decode_main_status(host.ask(question(sm4.GET_MAIN_STATUS)).payload) == 0
    assert host.result(sm4.ll_emg_switches(1, bytes(5))) == sm4.NO_ERROR
    assert host.result(sm4.encode(1, sm4.LL_EMG_SWITCHES, b"")) == sm4.PARAMETER_ERROR


@pytest.mark.parametrize("command", [6, 17, 29, 100, 160, 1023])
def test_what_it_does_not_know_it_says_so_by_the_number(command: int) -> None:
    answer = Host().ask(sm4.encode(9, command, b"\x0f"))
    assert answer == (9, sm4.UNKNOWN_COMMAND, bytes((sm4.INVALID_COMMAND,)))


def test_without_power_the_stimulation_module_ends_and_answers_an_error_until_reset() -> None:
    host = Host()
    host.ask(sm4.ml_init(1, stop_all_on_error=True))
    host.ask(sm4.ml_update(2, [sm4.ChannelTrain(0, POINTS, 0, 25_000)]))
    assert host.result(sm4.set_power(3, (1, 2))) == sm4.NO_ERROR
    given = len(host.pulses)
    host.until(500_000)
    assert len(host.pulses) == given
    answer = host.ask(sm4.ml_init(4, stop_all_on_error=True))
    assert answer == (4, sm4.GENERAL_ERROR, bytes((sm4.TIMEOUT_ERROR,)))
    assert host.result(sm4.reset(5)) == sm4.NO_ERROR
    assert host.result(sm4.ml_init(6, stop_all_on_error=True)) == sm4.NO_ERROR
    assert host.result(sm4.encode(7, sm4.SET_POWER, b"\x01")) == sm4.PARAMETER_ERROR


def test_the_high_voltage_bounds_the_current_and_is_told() -> None:
    host = Host()
    host.output.impedance_ohm[0] = 3_000
    host.ask(sm4.ll_init(1, 0, 2))
    host.ask(sm4.low_level_pulse(2, 0, POINTS))
    assert host.output.delivered_pc[0] == 200 * 10_000, "30 V into 3 kohm"
    assert answers.decode_status(host.ask(question(sm4.GET_STIM_STATUS)).payload) == (1, 2)
    host.ask(sm4.ll_stop(3))
    assert answers.decode_status(host.ask(question(sm4.GET_STIM_STATUS)).payload) == (0, 1)
    host.ask(sm4.ll_init(4, 0, 1))
    assert host.result(sm4.low_level_pulse(5, 0, POINTS)) == sm4.HIGH_VOLTAGE_ERROR
    assert host.result(sm4.encode(6, sm4.LL_INIT, b"\x0e")) == sm4.PARAMETER_ERROR
    host.ask(sm4.ll_stop(7))
    host.ask(sm4.ll_init(8))
    host.ask(sm4.low_level_pulse(9, 0, POINTS))
    assert host.output.delivered_pc[0] == 200 * 30_000, "the default again"


@pytest.mark.parametrize(("measures", "first"), [(1, 2_000), (2, 1_000), (3, 15_000)])
def test_a_measured_pulse_is_sampled_over_its_length(measures: int, first: int) -> None:
    host = Host()
    host.output.impedance_ohm[5] = 500
    host.ask(sm4.ll_init(1, measures))
    points = ((256, 20_000), (128, 0), (256, -20_000))
    said = answers.decode_pulse_answer(host.ask(sm4.low_level_pulse(2, 5, points)).payload)
    assert said is not None
    assert (said.channel, said.measures, said.sampling_us) == (5, measures, 5)
    gap = first if measures == 3 else 0
    assert said.samples[0] == said.samples[51] == said.samples[127] == first
    assert said.samples[52] == said.samples[76] == gap
    assert said.samples[77] == first


def test_channels_that_the_source_has_no_time_for_are_told_and_do_not_run() -> None:
    host = Host()
    host.ask(sm4.ml_init(1, stop_all_on_error=False))
    trains = [sm4.ChannelTrain(channel, POINTS, 0, 1_000) for channel in (0, 1, 2)]
    host.ask(sm4.ml_update(2, trains))
    said = sm4.decode_channel_states(host.ask(sm4.ml_get_current_data(3)).payload)
    assert said is not None
    assert said.running == 0b11
    assert said.states[:4] == (0, 0, sm4.STATE_TIMEOUT, 0)
    assert {channel for _, channel in host.pulses} == {0, 1}


def test_one_source_gives_one_pulse_at_a_time() -> None:
    host = Host()
    host.ask(sm4.ml_init(1, stop_all_on_error=False))
    host.ask(sm4.ml_update(2, [sm4.ChannelTrain(c, POINTS, 0, 25_000) for c in (0, 3, 7)]))
    host.until(60_000)
    at_us = [t_us for t_us, _ in host.pulses[:6]]
    assert [t - at_us[0] for t in at_us] == [0, 460, 920, 25_000, 25_460, 25_920]


def test_a_channel_that_gets_too_little_current_goes_on_and_says_so() -> None:
    host = Host()
    host.output.impedance_ohm[1] = 10_000
    host.output.impedance_ohm[2] = OPEN_OHM
    host.ask(sm4.ml_init(1, stop_all_on_error=False))
    host.ask(sm4.ml_update(2, [sm4.ChannelTrain(c, POINTS, 0, 25_000) for c in (1, 2)]))
    said = sm4.decode_channel_states(host.ask(sm4.ml_get_current_data(3)).payload)
    assert said is not None
    assert said.running == 0b10
    assert said.states[1:3] == (sm4.STATE_LOW_CURRENT, sm4.STATE_ELECTRODE)
