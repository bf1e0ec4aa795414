"""The simulated RehaStim2 behaves as the vendor's device: handshake, modes, watchdog, errors."""

from itertools import pairwise
from random import Random

import pytest

from fes_ctrl.wire import sciencemode2 as sm2
from firmware_sim.devices.rehastim2 import SimulatedRehastim2
from firmware_sim.injections import Acknowledgement
from firmware_sim.output import OPEN_OHM, OutputStage

PULSE = sm2.ListPulse(sm2.SINGLE, 300, 20_000)
LIST = sm2.ListSetup(0, 0b1, 0, 2_000, 25_000, sm2.FIXED)
BALANCED = ((300, 20_000), (100, 0), (300, -20_000))


class Host:
    """The other side: sends frames at instants, collects what comes back and what is given."""

    def __init__(self, seed: int = 1) -> None:
        self.output = OutputStage(8)
        self.device = SimulatedRehastim2(self.output, Random(seed))
        self.pulses: list[tuple[int, int, tuple[tuple[int, int], ...]]] = []
        self.output.sinks.append(
            lambda t, channel, points: self.pulses.append((t, channel, points))
        )
        self.decoder = sm2.Decoder()
        self.heard: list[tuple[int, sm2.Frame]] = []
        self.wake_us = self.device.tick(0).wake_at_us

    def send(self, now_us: int, data: bytes) -> None:
        self.until(now_us)
        step = self.device.receive(now_us, data)
        self._hear(now_us, step.out, step.wake_at_us)

    def inject(self, name: str, from_us: int, to_us: int) -> None:
        self.device.inject(name, from_us, to_us)
        self.wake_us = min(self.wake_us, from_us)

    def until(self, t_us: int) -> None:
        while self.wake_us <= t_us:
            now_us = self.wake_us
            step = self.device.tick(now_us)
            self._hear(now_us, step.out, step.wake_at_us)

    def _hear(self, now_us: int, out: bytes, wake_us: int) -> None:
        self.heard += [(now_us, frame) for frame in self.decoder.feed(out)]
        self.wake_us = wake_us

    def ask(self, now_us: int, data: bytes) -> tuple[int, sm2.Frame]:
        """Send one frame, wait for its answer, return when it came and what it was."""
        (asked,) = sm2.Decoder().feed(data)
        self.send(now_us, data)
        self.until(now_us + 200_000)
        for at_us, frame in self.heard:
            if frame.number == asked.number and frame.command == asked.command + 1:
                self.heard.remove((at_us, frame))
                return at_us, frame
        raise AssertionError(self.heard)

    def result(self, now_us: int, data: bytes) -> int:
        return sm2.decode_result(self.ask(now_us, data)[1].payload)

    def mode(self, now_us: int) -> int:
        frame = self.ask(now_us, sm2.get_stimulation_mode(200))[1]
        return sm2.decode_stimulation_mode(frame.payload)

    def errors(self) -> list[int]:
        return [
            sm2.decode_result(frame.payload)
            for _, frame in self.heard
            if frame.command == sm2.STIMULATION_ERROR
        ]

    def inits(self) -> list[int]:
        return [at_us for at_us, frame in self.heard if frame.command == sm2.INIT]


def connected(seed: int = 1) -> Host:
    """Shake hands within the first half second."""
    host = Host(seed)
    host.until(500_000)
    host.send(500_000, sm2.init_ack(host.heard[0][1].number))
    host.heard.clear()
    return host


def started(setup: sm2.ListSetup = LIST, *pulses: sm2.ListPulse) -> Host:
    host = connected()
    assert host.result(600_000, sm2.init_channel_list(1, setup)) == 0
    assert host.result(800_000, sm2.start_channel_list(2, pulses or (PULSE,))) == 0
    return host


def test_it_says_init_twice_a_second_until_it_is_accepted() -> None:
    host = Host()
    host.until(2_600_000)
    inits = host.inits()
    assert len(inits) >= 5
    assert {b - a for a, b in pairwise(inits)} == {500_000}
    assert host.heard[0][1].payload == bytes((sm2.VERSION,))
    host.send(2_600_000, sm2.init_ack(9, sm2.INCOMPATIBLE_VERSION))
    host.until(3_200_000)
    assert len(host.inits()) > len(inits), "a host that cannot is none"
    host.send(3_200_000, sm2.init_ack(9))
    host.heard.clear()
    host.until(4_300_000)
    assert host.inits() == []


def test_before_it_is_accepted_it_hears_nothing_else() -> None:
    host = Host()
    host.send(10_000, sm2.watchdog(0) + sm2.single_pulse(1, 0, 300, 20_000))
    host.until(400_000)
    assert host.pulses == []
    assert {frame.command for _, frame in host.heard} <= {sm2.INIT}


@pytest.mark.parametrize("seed", range(20))
def test_a_single_pulse_is_given_and_answered_10_to_24_ms_after_its_command(seed: int) -> None:
    host = connected(seed)
    at_us, answer = host.ask(600_000, sm2.single_pulse(3, 2, 300, 20_000))
    assert sm2.decode_result(answer.payload) == 0
    assert host.pulses == [(at_us, 2, BALANCED)]
    assert 10_000 <= at_us - 600_000 <= 24_000


def test_the_latency_uses_the_whole_of_its_range() -> None:
    host = connected()
    took = [
        host.ask(now_us, sm2.get_stimulation_mode(1))[0] - now_us
        for now_us in range(600_000, 60_600_000, 300_000)
    ]
    assert min(took) < 11_000
    assert max(took) > 23_000


@pytest.mark.parametrize("seed", range(10))
def test_commands_are_carried_out_and_answered_in_order(seed: int) -> None:
    host = connected(seed)
    host.send(600_000, b"".join([sm2.get_stimulation_mode(number) for number in range(20)]))
    host.until(700_000)
    assert [frame.number for _, frame in host.heard] == list(range(20))


def test_a_width_below_20_us_counts_as_20_us() -> None:
    host = connected()
    host.result(600_000, sm2.single_pulse(3, 0, 5, 20_000))
    assert host.pulses[0][2] == ((20, 20_000), (100, 0), (20, -20_000))


def test_the_modes_follow_each_other_and_nothing_else_does() -> None:
    host = connected()
    assert host.mode(600_000) == sm2.MODE_START
    start = sm2.start_channel_list(3, [PULSE])
    assert host.result(900_000, start) == sm2.WRONG_MODE
    assert host.result(1_200_000, sm2.init_channel_list(4, LIST)) == 0
    assert host.mode(1_500_000) == sm2.MODE_INITIALISED
    pulse = sm2.single_pulse(5, 0, 300, 20_000)
    assert host.result(1_800_000, pulse) == sm2.WRONG_MODE
    assert host.pulses == []
    assert host.result(2_100_000, start) == 0
    assert host.mode(2_400_000) == sm2.MODE_STARTED
    assert host.result(2_700_000, pulse) == sm2.WRONG_MODE
    assert host.result(3_000_000, sm2.init_channel_list(4, LIST)) == sm2.WRONG_MODE
    assert host.result(3_300_000, sm2.stop_channel_list(6)) == 0
    assert host.mode(3_600_000) == sm2.MODE_START
    given = len(host.pulses)
    host.until(4_000_000)
    assert len(host.pulses) == given > 10
    assert host.result(4_000_000, pulse) == 0


def test_a_list_repeats_at_its_main_interval() -> None:
    host = started()
    host.until(1_500_000)
    times = [at_us for at_us, _, _ in host.pulses]
    assert {b - a for a, b in pairwise(times)} == {25_000}
    assert {points for _, _, points in host.pulses} == {BALANCED}


def test_channels_take_turns_within_a_source_and_run_beside_the_other() -> None:
    channels = LIST._replace(channels=0b10001001)
    for execution, slots in ((sm2.FIXED, (0, 4_500, 4_500)), (sm2.FAST, (0, 1_500, 0))):
        host = started(channels._replace(execution=execution), PULSE, PULSE, PULSE)
        begins_us = host.pulses[0][0]
        first = {channel: at_us - begins_us for at_us, channel, _ in host.pulses[:3]}
        assert first == dict(zip((0, 3, 7), slots, strict=True))


def test_doublets_triplets_and_low_frequency_channels() -> None:
    setup = sm2.ListSetup(1, 0b111, 0b100, 5_000, 40_000, sm2.FIXED)
    modes = [PULSE._replace(mode=mode) for mode in (sm2.DOUBLET, sm2.TRIPLET, sm2.SINGLE)]
    host = started(setup, *modes)
    host.until(980_000)
    begins_us = host.pulses[0][0]
    times: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for at_us, channel, _ in host.pulses:
        if at_us - begins_us < 120_000:
            times[channel].append(at_us - begins_us)
    assert times[0] == [0, 5_000, 40_000, 45_000, 80_000, 85_000]
    assert times[1][:3] == [1_500, 6_500, 11_500]
    assert times[2] == [3_000, 83_000], "sits out every other round"


def test_updates_that_come_before_the_next_round_overwrite_each_other() -> None:
    host = started(LIST._replace(main_us=400_000))
    for k, current_ua in enumerate((30_000, 40_000, 50_000)):
        host.send(
            1_010_000 + k * 30_000,
            sm2.start_channel_list(k, [PULSE._replace(current_ua=current_ua)]),
        )
    host.until(1_700_000)
    assert [points[0][1] for _, _, points in host.pulses] == [20_000, 50_000, 50_000]


def test_a_list_with_interval_zero_is_given_once_for_each_start() -> None:
    host = started(LIST._replace(main_us=sm2.ONE_SHOT_US))
    host.until(1_700_000)
    assert len(host.pulses) == 1
    assert host.mode(1_700_000) == sm2.MODE_STARTED
    assert host.result(1_900_000, sm2.start_channel_list(9, [PULSE])) == 0
    assert len(host.pulses) == 2


@pytest.mark.parametrize("when_us", [0, 700_000])
def test_1200_ms_without_a_valid_packet_end_everything(when_us: int) -> None:
    host = started()
    last_us = 800_000
    if when_us:
        host.send(last_us + when_us, sm2.watchdog(7))
        last_us += when_us
    # What is damaged is no sign of life.
    damaged = bytearray(sm2.watchdog(7))
    damaged[2] ^= 1
    host.send(last_us + 600_000, bytes(damaged))
    host.until(last_us + 1_900_000)
    assert last_us + 1_170_000 < host.pulses[-1][0] <= last_us + 1_200_000
    assert host.inits() == [last_us + 1_200_000, last_us + 1_700_000]
    assert host.device.mode == sm2.MODE_START
    assert not host.device.connected
    before = len(host.pulses)
    host.send(last_us + 1_900_000, sm2.start_channel_list(2, [PULSE]))
    host.until(last_us + 2_300_000)
    assert len(host.pulses) == before, "a lost host is not heard until it shakes hands again"


@pytest.mark.parametrize(
    ("ohm", "current_ua"),
    [(OPEN_OHM, 20_000), (OPEN_OHM, 1_000), (50, 20_000), (50, 1_000), (200_000, 20_000)],
)
def test_where_there_is_no_skin_no_pulse_is_given_and_the_list_ends(
    ohm: int, current_ua: int
) -> None:
    host = started(LIST, PULSE._replace(current_ua=current_ua))
    host.until(1_000_000)
    before = len(host.pulses)
    assert before > 5
    host.output.impedance_ohm[0] = ohm
    host.until(1_100_000)
    assert len(host.pulses) == before
    assert host.errors() == [sm2.ELECTRODE_ERROR]
    assert host.mode(1_100_000) == sm2.MODE_START


@pytest.mark.parametrize("ohm", [100, 1_000, 100_000])
def test_what_may_be_skin_is_no_electrode_error(ohm: int) -> None:
    host = connected()
    host.output.impedance_ohm[0] = ohm
    assert host.result(600_000, sm2.single_pulse(1, 0, 300, 5_000)) == 0
    assert host.errors() == []


def test_nothing_is_felt_for_where_nothing_is_to_be_given() -> None:
    host = started(LIST._replace(channels=0b11), PULSE, PULSE._replace(current_ua=0))
    host.output.impedance_ohm[1] = OPEN_OHM
    host.until(1_200_000)
    assert host.errors() == []
    assert {channel for _, channel, _ in host.pulses} == {0}


def test_the_emergency_switch_ends_everything_until_it_is_released() -> None:
    host = started()
    host.device.emergency(1_000_000)
    before = len(host.pulses)
    host.until(1_100_000)
    assert host.errors() == [sm2.EMERGENCY_ERROR]
    assert host.mode(1_100_000) == sm2.MODE_START
    host.result(1_300_000, sm2.single_pulse(1, 0, 300, 20_000))
    assert len(host.pulses) == before
    assert host.errors() == [sm2.EMERGENCY_ERROR] * 2
    host.device.emergency(1_500_000, pressed=False)
    assert host.result(1_500_000, sm2.single_pulse(1, 0, 300, 20_000)) == 0
    assert len(host.pulses) == before + 1


@pytest.mark.parametrize(
    ("name", "error"),
    [("emergency_switch", sm2.EMERGENCY_ERROR), ("module_failed", sm2.MODULE_ERROR)],
)
def test_what_is_off_ends_output_at_once_and_gives_none_while_it_is(name: str, error: int) -> None:
    host = started()
    host.inject(name, 1_005_000, 1_500_000)
    host.until(1_004_999)
    before = len(host.pulses)
    assert before
    assert (host.errors(), host.device.acknowledgements) == ([], [])
    host.until(1_100_000)
    told_us = [at_us for at_us, frame in host.heard if frame.command == sm2.STIMULATION_ERROR]
    assert told_us == [1_005_000]
    assert host.device.acknowledgements == [Acknowledgement(name, 1_005_000)]
    assert host.mode(1_100_000) == sm2.MODE_START
    host.result(1_300_000, sm2.single_pulse(1, 0, 300, 20_000))
    assert host.errors() == [error] * 2
    assert len(host.pulses) == before
    assert host.result(1_500_000, sm2.single_pulse(2, 0, 300, 20_000)) == sm2.NO_ERROR
    assert host.errors() == [error] * 2
    assert len(host.pulses) == before + 1
    assert host.device.acknowledgements == [Acknowledgement(name, 1_005_000)]


def test_what_is_off_for_several_reasons_is_off_until_the_last_is_over() -> None:
    host = connected()
    host.inject("module_failed", 1_000_000, 2_000_000)
    host.inject("emergency_switch", 1_500_000, 2_500_000)
    host.inject("emergency_switch", 1_600_000, 3_000_000)
    host.inject("emergency_switch", 9_000_000, 9_000_000)
    given = []
    for now_us in (1_200_000, 1_700_000, 2_200_000, 2_700_000, 3_200_000):
        before = len(host.pulses)
        host.result(now_us, sm2.single_pulse(now_us // 100_000, 0, 300, 20_000))
        given.append(len(host.pulses) - before)
    assert given == [0, 0, 0, 0, 1]
    module, emergency = sm2.MODULE_ERROR, sm2.EMERGENCY_ERROR
    # When each begins, and for each pulse that is asked for.
    assert host.errors() == [module, module, emergency, module, emergency, emergency]


def test_a_device_that_is_stuck_gives_nothing_past_its_emergency_switch() -> None:
    host = connected()
    host.device.inject("device_stuck_on", 650_000, 1 << 62)
    host.inject("emergency_switch", 1_000_000, 1_500_000)
    host.result(600_000, sm2.single_pulse(1, 0, 300, 20_000))
    host.send(900_000, sm2.stop_channel_list(2))
    host.until(2_000_000)
    times = [at_us for at_us, _, _ in host.pulses]
    assert [at_us for at_us in times if at_us < 1_000_000]
    assert [at_us for at_us in times if at_us > 1_500_000]
    assert not [at_us for at_us in times if 1_000_000 <= at_us < 1_500_000]


def test_a_module_that_fails_says_so_and_gives_no_more() -> None:
    host = started()
    host.device.module_fails(1_000_000)
    before = len(host.pulses)
    host.until(1_100_000)
    assert host.errors() == [sm2.MODULE_ERROR]
    assert len(host.pulses) == before


def test_bad_parameters_are_refused() -> None:
    host = connected()
    now_us = 600_000
    for data in (
        sm2.encode(1, sm2.SINGLE_PULSE, bytes.fromhex("08012C14")),
        sm2.encode(1, sm2.SINGLE_PULSE, bytes.fromhex("0001F514")),
        sm2.encode(1, sm2.SINGLE_PULSE, bytes.fromhex("00012C83")),
        sm2.encode(1, sm2.SINGLE_PULSE, bytes.fromhex("00012C")),
        sm2.encode(1, sm2.GET_STIMULATION_MODE, b"\x00"),
        sm2.encode(1, sm2.INIT_CHANNEL_LIST, bytes.fromhex("00030001003000FF")),
        sm2.init_channel_list(1, LIST._replace(channels=0)),
        sm2.init_channel_list(1, LIST._replace(low_channels=0b10)),
        sm2.init_channel_list(1, LIST._replace(main_us=7_500)),
    ):
        assert host.result(now_us, data) == sm2.PARAMETER_ERROR
        now_us += 300_000
    assert host.result(now_us, sm2.init_channel_list(1, LIST._replace(channels=0b11))) == 0
    for pulses in ([PULSE], [PULSE] * 3, [PULSE, PULSE._replace(mode=sm2.TRIPLET)] * 4):
        now_us += 300_000
        assert host.result(now_us, sm2.start_channel_list(2, pulses)) == sm2.PARAMETER_ERROR
    assert host.pulses == []


def test_a_group_that_is_longer_than_a_round_is_refused() -> None:
    host = connected()
    slow = LIST._replace(group_us=20_000)
    assert host.result(600_000, sm2.init_channel_list(1, slow)) == 0
    doublet = sm2.start_channel_list(2, [PULSE._replace(mode=sm2.DOUBLET)])
    assert host.result(900_000, doublet) == sm2.PARAMETER_ERROR


def test_a_damaged_frame_is_answered_as_such_and_does_nothing() -> None:
    host = connected()
    frame = bytearray(sm2.single_pulse(7, 0, 300, 20_000))
    frame[-2] ^= 1
    host.send(600_000, bytes(frame))
    host.until(700_000)
    ((_, answer),) = host.heard
    assert answer == sm2.Frame(7, sm2.SINGLE_PULSE + 1, b"\xff")
    assert host.pulses == []


def test_a_command_that_it_does_not_know_is_named() -> None:
    host = connected()
    host.send(600_000, sm2.encode(7, 0x5F))
    host.until(700_000)
    assert [frame for _, frame in host.heard] == [sm2.Frame(7, sm2.UNKNOWN_COMMAND, b"\x5f")]


def test_a_second_single_pulse_before_the_first_was_given_is_refused_as_busy() -> None:
    host = connected()
    host.send(600_000, sm2.single_pulse(1, 0, 300, 20_000) + sm2.single_pulse(2, 1, 300, 20_000))
    host.until(700_000)
    results = {frame.number: sm2.decode_result(frame.payload) for _, frame in host.heard}
    assert results == {1: 0, 2: sm2.BUSY}
    assert [channel for _, channel, _ in host.pulses] == [0]


def test_a_stop_ends_a_list_within_its_latency() -> None:
    host = started()
    host.send(1_003_000, sm2.FRAME_ENDS + sm2.stop_channel_list(3))
    host.until(1_500_000)
    assert host.pulses[-1][0] <= 1_003_000 + 24_000


def test_its_own_numbers_are_such_as_a_careless_client_reads() -> None:
    host = Host()
    host.until(200_000_000)
    numbers = [frame.number for _, frame in host.heard]
    assert len(set(numbers)) > 200
    assert not {0x0A, 0x0F, 0x55, 0x81, 0xF0} & set(numbers)


@pytest.mark.parametrize("name", ["device_reset", "device_swapped"])
def test_a_device_that_starts_anew_says_init_and_has_forgotten_its_list(name: str) -> None:
    host = started()
    host.device.inject(name, 1_000_000, 1_000_000)
    host.send(1_050_000, sm2.watchdog(1))
    host.heard.clear()
    before = len(host.pulses)
    host.until(1_200_000)
    assert len(host.pulses) == before
    assert host.inits() == [1_070_000]
    version = 2 if name == "device_swapped" else 1
    assert host.heard[0][1].payload == bytes((version,))


def test_a_device_that_is_stuck_goes_on_until_its_line_is_cut() -> None:
    host = connected()
    host.device.inject("device_stuck_on", 650_000, 1 << 62)
    host.result(600_000, sm2.single_pulse(1, 0, 300, 20_000))
    host.send(900_000, sm2.stop_channel_list(2))
    host.until(2_000_000)
    assert len(host.pulses) > 30
    host.device.cut(2_000_000)
    before = len(host.pulses)
    host.until(2_600_000)
    assert len(host.pulses) == before
    assert host.inits()
