"""The simulated P24 behaves as the vendor's device, in both levels."""

from itertools import pairwise
from random import Random

import pytest

from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OPEN_OHM, OutputStage

POINTS = ((200, 20_000), (200, -20_000))


class Host:
    """The other side: sends frames at instants, collects answers and pulses."""

    def __init__(self, seed: int = 1) -> None:
        self.output = OutputStage(8)
        self.device = SimulatedP24(self.output, Random(seed))
        self.pulses: list[tuple[int, int, tuple[tuple[int, int], ...]]] = []
        self.output.sinks.append(
            lambda t, channel, points: self.pulses.append((t, channel, points))
        )
        self.decoder = sm4.Decoder()
        self.answered_us = 0

    def send(self, now_us: int, data: bytes) -> None:
        assert self.device.receive(now_us, data).out == b""

    def ask(self, now_us: int, data: bytes) -> sm4.Frame:
        """Send one frame and return its answer."""
        step = self.device.receive(now_us, data)
        frames = self.decoder.feed(step.out)
        while not frames:
            assert step.wake_at_us < NEVER_US
            self.answered_us = step.wake_at_us
            step = self.device.tick(step.wake_at_us)
            frames = self.decoder.feed(step.out)
        return frames[0]

    def result(self, now_us: int, data: bytes) -> int:
        return self.ask(now_us, data).payload[0]

    def until(self, t_us: int) -> None:
        step = self.device.tick(0)
        while step.wake_at_us <= t_us:
            step = self.device.tick(step.wake_at_us)
        self.device.tick(t_us)

    def status(self, now_us: int) -> int:
        return sm4.decode_stim_status(self.ask(now_us, sm4.get_stim_status(9)).payload)


def train(period_us: int = 25_000, ramp: int = 0, channel: int = 0) -> sm4.ChannelTrain:
    return sm4.ChannelTrain(channel, POINTS, ramp, period_us)


def test_every_command_is_answered_by_its_number_within_two_milliseconds() -> None:
    for seed in range(30):
        host = Host(seed)
        answer = host.ask(1_000_000, sm4.get_stim_status(seed))
        assert (answer.number, answer.command) == (seed, sm4.GET_STIM_STATUS + 1)
        assert 1_000 <= host.answered_us - 1_000_000 < 2_000


def test_repeated_numbers_are_answered_all_the_same() -> None:
    host = Host()
    for k in range(3):
        assert host.ask(k * 10_000, sm4.get_device_id(0)).number == 0


def test_it_says_that_it_is_simulated() -> None:
    assert sm4.decode_device_id(Host().ask(0, sm4.get_device_id(1)).payload).startswith("SIM")


def test_a_low_level_pulse_is_given_once_at_once_and_only_when_initialised() -> None:
    host = Host()
    assert host.result(0, sm4.low_level_pulse(1, 5, POINTS)) == sm4.NOT_INITIALISED
    assert host.result(10_000, sm4.ll_init(2)) == sm4.NO_ERROR
    answer = host.ask(20_000, sm4.low_level_pulse(3, 5, POINTS))
    assert answer.payload == bytes((sm4.NO_ERROR, 0x11, 0)), (
        "result, connector and channel, no data"
    )
    host.until(5_000_000)
    assert host.pulses == [(20_000, 5, POINTS)]
    assert host.result(6_000_000, sm4.ll_stop(4)) == sm4.NO_ERROR
    assert host.result(6_010_000, sm4.low_level_pulse(5, 5, POINTS)) == sm4.NOT_INITIALISED


def test_two_pulses_of_a_channel_too_close_are_refused_as_busy() -> None:
    host = Host()
    host.ask(0, sm4.ll_init(1))
    assert host.result(10_000, sm4.low_level_pulse(2, 0, POINTS)) == sm4.NO_ERROR
    assert host.result(11_999, sm4.low_level_pulse(3, 0, POINTS)) == sm4.BUSY
    assert host.result(11_999, sm4.low_level_pulse(4, 1, POINTS)) == sm4.NO_ERROR
    assert len(host.pulses) == 2


@pytest.mark.parametrize("current_ua", [130_500, -130_500, 150_000])
def test_currents_beyond_its_range_are_refused(current_ua: int) -> None:
    host = Host()
    host.ask(0, sm4.ll_init(1))
    pulse = sm4.low_level_pulse(2, 0, ((200, current_ua),))
    assert host.result(10_000, pulse) == sm4.PARAMETER_ERROR
    assert host.pulses == []
    pulse = sm4.low_level_pulse(2, 0, ((200, 130_000), (200, -130_000)))
    assert host.result(20_000, pulse) == sm4.NO_ERROR


def test_the_vendors_device_does_not_check_charge_balance() -> None:
    host = Host()
    host.ask(0, sm4.ll_init(1))
    assert host.result(10_000, sm4.low_level_pulse(2, 0, ((100, 20_000),))) == sm4.NO_ERROR


def test_the_levels_exclude_each_other() -> None:
    host = Host()
    host.ask(0, sm4.ll_init(1))
    assert host.result(10_000, sm4.ml_init(2, stop_all_on_error=True)) == sm4.NOT_INITIALISED
    assert host.result(20_000, sm4.ml_stop(3)) == sm4.NOT_INITIALISED
    host.ask(30_000, sm4.ll_stop(4))
    assert host.result(40_000, sm4.ml_init(5, stop_all_on_error=True)) == sm4.NO_ERROR
    assert host.result(50_000, sm4.ll_init(6)) == sm4.NOT_INITIALISED
    assert host.result(60_000, sm4.ll_stop(7)) == sm4.NOT_INITIALISED


def mid(host: Host, trains: list[sm4.ChannelTrain], now_us: int = 10_000) -> None:
    host.ask(0, sm4.ml_init(1, stop_all_on_error=True))
    assert host.result(now_us, sm4.ml_update(2, trains)) == sm4.NO_ERROR


def test_the_mid_level_repeats_pulses_until_the_live_signal_stays_away() -> None:
    host = Host()
    mid(host, [train()])
    host.until(20_000_000)
    times = [t_us for t_us, _, _ in host.pulses]
    assert {b - a for a, b in pairwise(times)} == {25_000}
    assert times[-1] - 10_000 < 2_000_000 <= times[-1] + 25_000 - 10_000
    assert host.status(20_000_001) == sm4.STATUS_ML_INIT


def test_a_live_signal_prolongs_it_and_only_an_update_resumes_a_pause() -> None:
    host = Host()
    mid(host, [train()])
    for t_us in range(1_000_000, 6_000_000, 1_500_000):
        host.until(t_us)
        host.ask(t_us, sm4.ml_get_current_data(3))
    host.until(6_000_000)
    assert host.pulses[-1][0] > 5_900_000
    host.until(12_000_000)
    paused = len(host.pulses)
    host.ask(12_000_000, sm4.ml_get_current_data(4))
    host.until(13_000_000)
    assert len(host.pulses) == paused, "the live signal alone does not resume"
    assert host.result(13_000_000, sm4.ml_update(5, [train()])) == sm4.NO_ERROR
    host.until(14_000_000)
    assert len(host.pulses) > paused


def test_an_update_without_channels_ends_output_and_stays_initialised() -> None:
    host = Host()
    mid(host, [train()])
    host.until(500_000)
    host.ask(500_000, sm4.ml_update(3, []))
    given = len(host.pulses)
    host.until(1_500_000)
    assert len(host.pulses) == given
    assert host.status(1_600_000) == sm4.STATUS_ML_INIT


def test_a_ramp_rises_when_a_channel_is_switched_on_and_not_at_updates() -> None:
    host = Host()
    mid(host, [train(ramp=3)])
    host.until(300_000)
    currents = [points[0][1] for _, _, points in host.pulses]
    assert currents[:4] == [5_000, 10_000, 15_000, 20_000]
    host.ask(300_000, sm4.ml_update(3, [train(ramp=3)]))
    host.until(400_000)
    assert host.pulses[-1][2][0][1] == 20_000


def test_channel_states_tell_running_channels_and_electrode_errors() -> None:
    host = Host()
    host.output.impedance_ohm[3] = OPEN_OHM
    host.ask(0, sm4.ml_init(1, stop_all_on_error=False))
    host.ask(10_000, sm4.ml_update(2, [train(), train(channel=3)]))
    host.until(100_000)
    states = sm4.decode_channel_states(host.ask(100_000, sm4.ml_get_current_data(3)).payload)
    assert states == (0b0000_0001, (0, 0, 0, 1, 0, 0, 0, 0))
    short = host.ask(110_000, sm4.ml_get_current_data(4, sm4.SELECT_ELECTRODES_8)).payload
    assert short == bytes((0, 3, 0b0001_1000, 0))


def test_an_error_stops_all_channels_where_that_was_asked_for() -> None:
    host = Host()
    host.output.impedance_ohm[3] = OPEN_OHM
    mid(host, [train(), train(channel=3)])
    host.until(1_000_000)
    assert host.status(1_000_001) == sm4.STATUS_ML_INIT


@pytest.mark.parametrize(("current_ua", "result"), [(14_500, sm4.NO_ERROR), (15_000, 10)])
def test_an_open_electrode_is_noticed_from_fifteen_milliamperes_up(
    current_ua: int, result: int
) -> None:
    host = Host()
    host.output.inject("electrode_off", 0, NEVER_US)
    host.ask(0, sm4.ll_init(1))
    pulse = sm4.low_level_pulse(2, 0, ((200, current_ua), (200, -current_ua)))
    assert host.result(10_000, pulse) == result
    assert host.pulses == [], "nothing flows into an open electrode"


def test_a_reset_forgets_everything() -> None:
    host = Host()
    mid(host, [train()])
    host.ask(500_000, sm4.reset(3))
    given = len(host.pulses)
    host.until(1_000_000)
    assert len(host.pulses) == given
    assert host.status(1_000_001) == sm4.STATUS_NONE


def test_unknown_commands_get_their_own_answer_and_damaged_frames_none() -> None:
    host = Host()
    answer = host.ask(0, sm4.encode(7, 200))
    assert (answer.number, answer.command) == (7, sm4.UNKNOWN_COMMAND)
    assert answer.payload == bytes((sm4.INVALID_COMMAND,))
    damaged = bytearray(sm4.get_device_id(8))
    damaged[-2] ^= 1
    step = host.device.receive(100_000, bytes(damaged))
    assert step.wake_at_us == NEVER_US


@pytest.mark.parametrize(
    "frame",
    [
        sm4.encode(1, sm4.LL_CHANNEL_CONFIG, b"\x81"),
        sm4.encode(1, sm4.LL_CHANNEL_CONFIG, b""),
        sm4.encode(1, sm4.LL_INIT, b""),
        sm4.encode(1, sm4.ML_INIT, b"\x00\x00"),
        sm4.encode(1, sm4.ML_GET_CURRENT_DATA, b""),
        sm4.encode(1, sm4.ML_GET_CURRENT_DATA, b"\x09"),
    ],
)
def test_payloads_of_a_wrong_length_are_parameter_errors(frame: bytes) -> None:
    assert Host().result(0, frame) == sm4.PARAMETER_ERROR


@pytest.mark.parametrize(
    "command",
    [sm4.GET_VERSION_MAIN, sm4.GET_VERSION_STIM, sm4.GET_BATTERY_STATUS, sm4.GET_MAIN_STATUS],
)
def test_the_other_questions_are_answered(command: int) -> None:
    answer = Host().ask(0, sm4.encode(3, command))
    assert answer.command == command + 1
    assert answer.payload[0] == sm4.NO_ERROR


def test_compliance_voltage_clips_what_is_delivered() -> None:
    host = Host()
    host.output.impedance_ohm[0] = 5_000
    host.ask(0, sm4.ll_init(1))
    host.ask(10_000, sm4.low_level_pulse(2, 0, ((200, 60_000), (200, -60_000))))
    assert host.pulses == [(10_000, 0, ((200, 30_000), (200, -30_000)))], "150 V into 5 kohm"
    assert host.output.delivered_pc[0] == 200 * 30_000


def test_answers_that_are_injected_away_vanish_while_commands_still_act() -> None:
    host = Host()
    host.ask(0, sm4.ll_init(1))
    host.device.inject("answers_lost", 5_000, 50_000)
    host.send(10_000, sm4.low_level_pulse(2, 0, POINTS))
    host.until(100_000)
    assert len(host.pulses) == 1
    assert [known.t_us for known in host.device.acknowledgements] == [10_000]
    assert host.result(200_000, sm4.get_stim_status(3)) == sm4.NO_ERROR


def test_parts_refuse_injections_that_are_not_theirs() -> None:
    host = Host()
    with pytest.raises(ValueError, match="device does not know"):
        host.device.inject("electrode_off", 0, 1)
    with pytest.raises(ValueError, match="electrode does not know"):
        host.output.inject("answers_lost", 0, 1)


def test_a_device_that_starts_anew_is_not_armed_and_may_be_another() -> None:
    host = Host()
    host.ask(0, sm4.ll_init(1))
    before = host.ask(1_000, sm4.get_device_id(2)).payload
    host.device.inject("device_reset", 5_000, NEVER_US)
    assert host.result(10_000, sm4.low_level_pulse(3, 0, POINTS)) == sm4.NOT_INITIALISED
    assert host.ask(20_000, sm4.get_device_id(4)).payload == before
    host.ask(30_000, sm4.ll_init(5))
    host.device.inject("device_swapped", 35_000, NEVER_US)
    assert host.status(40_000) == sm4.STATUS_NONE
    assert host.ask(50_000, sm4.get_device_id(6)).payload != before
    assert [known.t_us for known in host.device.acknowledgements] == [10_000, 40_000]


def test_a_device_that_is_stuck_on_hears_nothing_until_its_line_is_cut() -> None:
    host = Host()
    host.device.inject("device_stuck_on", 20_000, NEVER_US)
    host.ask(0, sm4.ll_init(1))
    host.ask(10_000, sm4.low_level_pulse(2, 0, POINTS))
    host.send(30_000, sm4.ll_stop(3))
    host.until(100_000)
    assert [t_us for t_us, _, _ in host.pulses] == [10_000, 35_000, 60_000, 85_000]
    assert {points for _, _, points in host.pulses} == {POINTS}
    host.device.cut(100_000)
    host.until(1_000_000)
    assert len(host.pulses) == 4


def test_answers_to_nobody_come_beside_the_true_one() -> None:
    host = Host()
    host.device.inject("answers_to_nobody", 0, NEVER_US)
    step = host.device.receive(0, sm4.get_stim_status(7))
    frames: list[sm4.Frame] = []
    while step.wake_at_us < NEVER_US:
        step = host.device.tick(step.wake_at_us)
        frames += host.decoder.feed(step.out)
    true = [frame for frame in frames if frame[:2] == (7, sm4.GET_STIM_STATUS + 1)]
    assert (len(true), len(frames)) == (2, 4)


@pytest.mark.parametrize(("ohm", "result"), [(99, sm4.ELECTRODE_ERROR), (100, sm4.NO_ERROR)])
def test_electrodes_that_touch_are_an_electrode_error(ohm: int, result: int) -> None:
    host = Host()
    host.output.impedance_ohm[0] = ohm
    host.ask(0, sm4.ll_init(1))
    pulse = sm4.low_level_pulse(2, 0, ((200, 20_000), (200, -20_000)))
    assert host.result(10_000, pulse) == result


def test_an_electrode_that_comes_off_in_part_is_clipped_by_its_impedance() -> None:
    host = Host()
    host.output.inject("electrode_peeled", 0, NEVER_US, 80.0)
    host.ask(0, sm4.ll_init(1))
    host.ask(10_000, sm4.low_level_pulse(2, 0, ((200, 60_000), (200, -60_000))))
    assert host.pulses == [(10_000, 0, ((200, 30_000), (200, -30_000)))], "1 kohm on a fifth"
