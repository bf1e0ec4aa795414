"""The P24's mid level, driven: trains that live by setpoints, on a simulated device."""

import heapq
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.model import Arm, Command, LinkReport, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.stimulators.p24_level import PulseError, require_pulse
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OPEN_OHM, OutputStage
from helpers.steps import held

INTERVAL_US = 20_000
PERIOD_US = 25_000
LIFE_US = 10_000
WIRE_US = 700
CONFIG = StimulatorConfig(mode="mid_level")


class Bench:
    """A driver and a simulated device, with a cable between them that can be cut or deafened."""

    def __init__(self, seed: int = 1, jitter_us: int = 0) -> None:
        self.session = driver_for(CONFIG, INTERVAL_US)
        self.output = OutputStage(8)
        self.device = SimulatedP24(self.output, Random(seed))
        self.random = Random(seed)
        self.jitter_us = jitter_us
        self.wire_us = WIRE_US
        self.pulses: list[tuple[int, int, int]] = []
        self.output.sinks.append(
            lambda t_us, channel, points: self.pulses.append((t_us, channel, points[0][1]))
        )
        self.asked: list[Setpoint] = []
        self.frames: list[tuple[int, sm4.Frame]] = []
        self.reports: list[LinkReport] = []
        self.written: list[Setpoint] = []
        self.dropped = self.taken_back = 0
        self.mute_from_us = self.cut_from_us = NEVER_US
        self.now_us = 0
        self._queue: list[tuple[int, int, str, object]] = []
        self._count = 0
        self._arrived_us = [0, 0]
        self._wake_us = NEVER_US
        self._take(self.session.open(0))
        self.until(50_000)
        self.command(Arm(50_000, 0))
        self.until(100_000)
        assert self.kinds() == ["up", "ready"]
        self.reports.clear()
        self.frames.clear()

    def _put(self, at_us: int, what: str, data: object) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at_us, self._count, what, data))

    def _send(self, what: str, data: bytes) -> None:
        way = what == "answer"
        at_us = self.now_us + self.wire_us + self.random.randint(0, self.jitter_us)
        self._arrived_us[way] = at_us = max(at_us, self._arrived_us[way])
        self._put(at_us, what, data)

    def _take(self, step: DriverStep) -> None:
        held(step, self.now_us)
        for data in step.out:
            for frame in sm4.Decoder().feed(data):
                self.frames.append((self.now_us, frame))
            if self.now_us < self.cut_from_us:
                self._send("frame", data)
        self.reports += step.reports
        self.written += step.written
        self.dropped += step.drop
        self.taken_back += step.discard
        self._wake_us = step.wake_at_us
        self._put(step.wake_at_us, "tick", None)

    def _device(self, step: object) -> None:
        out, wake_us = step
        if out and self.now_us < min(self.mute_from_us, self.cut_from_us):
            self._send("answer", out)
        self._put(wake_us, "device", None)

    def until(self, t_us: int) -> None:
        while self._queue and self._queue[0][0] <= t_us:
            at_us, _, what, data = heapq.heappop(self._queue)
            self.now_us = max(self.now_us, at_us)
            if what == "tick" and self.now_us >= self._wake_us:
                self._take(self.session.tick(self.now_us))
            elif what == "frame":
                self._device(self.device.receive(self.now_us, data))
            elif what == "device":
                self._device(self.device.tick(self.now_us))
            elif what == "answer":
                self._take(self.session.receive(self.now_us, data))
        self.now_us = max(self.now_us, t_us)

    def command(self, command: Command) -> None:
        self.until(self.now_us)
        if isinstance(command, Setpoint):
            self.asked.append(command)
        self._take(self.session.command(self.now_us, command))

    def pulse(self, at_us: int, current_ua: int = 20_000, channel: int = 0) -> None:
        self.until(at_us)
        self.command(Setpoint(at_us, 1, channel, current_ua, 300, at_us + LIFE_US, 0))

    def kinds(self) -> list[str]:
        return [report.kind for report in self.reports if report.kind != "answer"]

    def commands(self) -> list[int]:
        return [frame.command for _, frame in self.frames]


def burst(bench: Bench, from_us: int, count: int, channel: int = 0) -> None:
    for k in range(count):
        bench.pulse(from_us + k * PERIOD_US, 18_000 + 500 * min(k, 8), channel)


def test_every_setpoint_becomes_one_pulse_of_its_own_current_on_the_devices_clock() -> None:
    bench = Bench(jitter_us=700)
    for begins_us in (200_000, 1_300_000, 2_400_000):
        burst(bench, begins_us, 20)
        bench.until(begins_us + 900_000)
    assert [ua for _, _, ua in bench.pulses] == [point.current_ua for point in bench.asked]
    for (t_us, _, _), point in zip(bench.pulses, bench.asked, strict=True):
        assert point.at_us < t_us <= point.expires_us
    for first, second in pairwise(bench.pulses[21:40]):
        assert second[0] - first[0] == PERIOD_US, "no jitter of the line reaches the electrode"
    assert bench.written == bench.asked
    assert bench.kinds() == []


def test_equal_setpoints_cost_no_frame_and_the_live_signal_comes_while_they_do() -> None:
    bench = Bench()
    for k in range(80):
        bench.pulse(200_000 + k * PERIOD_US)
    bench.until(2_600_000)
    assert len(bench.pulses) == 80
    updates = bench.commands().count(sm4.ML_UPDATE)
    assert updates <= 5, "begun, ended, begun in its rhythm, ended"
    live_us = [t for t, frame in bench.frames if frame.command == sm4.ML_GET_CURRENT_DATA]
    assert max(b - a for a, b in pairwise(live_us)) <= 130_000
    assert live_us[-1] <= bench.asked[-1].expires_us
    assert bench.commands()[-1] == sm4.GET_STIM_STATUS, "an idle link is asked without prolonging"


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_without_a_next_setpoint_the_train_is_ended_before_the_next_pulse(count: int) -> None:
    bench = Bench()
    burst(bench, 200_000, count)
    bench.until(4_000_000)
    assert len(bench.pulses) == count
    last = [frame for _, frame in bench.frames if frame.command == sm4.ML_UPDATE][-1]
    assert last.payload == b"\x00", "all channels end"
    assert bench.device.status == sm4.STATUS_ML_INIT


def test_two_channels_each_have_their_rhythm() -> None:
    bench = Bench()
    for k in range(20):
        bench.pulse(200_000 + k * PERIOD_US, 20_000 + 500 * k)
        bench.pulse(205_000 + k * PERIOD_US, 30_000 - 500 * k, channel=4)
    bench.until(1_500_000)
    for channel in (0, 4):
        given = [ua for _, c, ua in bench.pulses if c == channel]
        assert given == [point.current_ua for point in bench.asked if point.channel == channel]
    assert bench.taken_back == 1, "by the first stop, for nothing was late"


def test_another_rhythm_is_taken_up_without_a_pulse_too_close() -> None:
    bench = Bench()
    at_us = 200_000
    for period_us in (25_000, 50_000, 25_000, 20_000, 28_500):
        for _ in range(6):
            bench.pulse(at_us)
            at_us += period_us
    bench.until(at_us + 500_000)
    gaps = [b[0] - a[0] for a, b in pairwise(bench.pulses)]
    assert min(gaps) >= INTERVAL_US - 1_000
    assert len(bench.pulses) >= 26


def test_a_setpoint_too_late_to_tell_whether_its_pulse_was_taken_back_is_not_given_again() -> None:
    bench = Bench()
    burst(bench, 200_000, 6)
    bench.until(200_000 + 6 * PERIOD_US + 4_500)
    bench.command(Setpoint(350_000, 1, 0, 22_000, 300, 360_000, 0))
    burst(bench, 375_000, 3)
    bench.until(1_000_000)
    assert bench.kinds() == ["skipped"]
    assert len(bench.pulses) == 9


def test_no_second_frame_with_current_is_on_its_way_though_a_train_has_to_end() -> None:
    bench = Bench()
    for k in range(8):
        bench.pulse(200_000 + k * PERIOD_US, 20_000 + 500 * k)
        if k < 7:
            bench.pulse(205_000 + k * PERIOD_US, 20_000, channel=4)
    bench.until(bench.now_us + 1_000)
    bench.frames.clear()
    bench.mute_from_us = bench.now_us - 1_000
    bench.pulse(200_000 + 8 * PERIOD_US, 30_000)
    bench.until(bench.now_us + 60_000)
    updates = [frame.payload for _, frame in bench.frames if frame.command == sm4.ML_UPDATE]
    with_current = [payload for payload in updates if payload != b"\x00"]
    assert with_current == []
    assert updates[0] == b"\x00", "rather none than one of two"
    assert bench.device.status == sm4.STATUS_ML_INIT


def test_a_train_that_a_slow_line_began_late_is_begun_anew_in_step() -> None:
    bench = Bench()
    burst(bench, 200_000, 4)
    bench.until(500_000)
    bench.pulses.clear()
    bench.pulse(1_000_000)
    bench.wire_us = 9_000
    bench.until(1_007_000)
    bench.wire_us = WIRE_US
    for k in range(1, 12):
        bench.pulse(1_000_000 + k * PERIOD_US)
    bench.until(2_000_000)
    for t_us, *_ in bench.pulses[1:]:
        assert any(point.at_us <= t_us <= point.expires_us for point in bench.asked)
    assert len(bench.pulses) >= 10


@pytest.mark.parametrize("slow_us", [4_000, 8_000, 14_000, 19_000, 33_000, 60_000])
def test_a_line_that_is_slow_now_and_then_brings_no_two_pulses_too_close(slow_us: int) -> None:
    bench = Bench()
    random = Random(slow_us)
    for k in range(400):
        bench.wire_us = slow_us if random.random() < 0.15 else WIRE_US
        bench.pulse(200_000 + k * PERIOD_US, 20_000 + 500 * (k % 3))
    bench.until(bench.now_us + 1_000_000)
    gaps = [b[0] - a[0] for a, b in pairwise(bench.pulses)]
    assert min(gaps) >= INTERVAL_US - 2_000, "what witness and limiter grant the line"
    assert len(bench.pulses) > 40


def test_a_stop_ends_the_trains_and_nothing_brings_them_back() -> None:
    bench = Bench()
    burst(bench, 200_000, 5)
    bench.command(Stop(bench.now_us, 0, "test"))
    bench.until(bench.now_us + WIRE_US)
    given = len(bench.pulses)
    burst(bench, 400_000, 5)
    bench.until(3_000_000)
    assert len(bench.pulses) == given
    assert bench.device.status == sm4.STATUS_NONE
    assert bench.kinds() == ["idle"] + ["skipped"] * 5


def test_an_answer_that_stays_away_stops_the_device_by_the_driver_itself() -> None:
    bench = Bench()
    burst(bench, 200_000, 5)
    bench.mute_from_us = bench.now_us
    for k in range(5, 40):
        bench.pulse(200_000 + k * PERIOD_US, 22_000 + 500 * (k % 3))
    assert bench.kinds().count("silent") == 1
    assert bench.device.status == sm4.STATUS_NONE, "it has heard the stop"
    assert "stuck" in bench.kinds()
    assert bench.dropped == 1


def test_a_cable_cut_in_a_burst_leaves_the_device_to_itself_for_two_seconds_at_most() -> None:
    bench = Bench()
    burst(bench, 200_000, 10)
    bench.cut_from_us = bench.now_us
    bench.until(6_000_000)
    cut_us = bench.cut_from_us
    assert cut_us + 1_500_000 < bench.pulses[-1][0] <= cut_us + 2_000_000 + PERIOD_US
    assert {ua for t, _, ua in bench.pulses if t > cut_us} == {bench.asked[-2].current_ua}


def test_electrode_errors_name_the_channel_from_fifteen_milliamperes_up() -> None:
    for current_ua, told in ((14_500, False), (15_000, True)):
        bench = Bench()
        bench.output.impedance_ohm[5] = OPEN_OHM
        for k in range(12):
            bench.pulse(200_000 + k * PERIOD_US, 20_000)
            bench.pulse(205_000 + k * PERIOD_US, current_ua, channel=5)
        bench.until(800_000)
        errors = [report for report in bench.reports if report.kind == "electrode"]
        assert bool(errors) == told
        for error in errors:
            assert (error.channel, error.detail) == (5, "channel 5: electrode error")


def test_a_device_that_paused_or_lost_its_level_is_told_of() -> None:
    bench = Bench()
    for k in range(60):
        bench.pulse(200_000 + k * PERIOD_US)
        if k == 30:
            bench.device.receive(bench.now_us, sm4.reset(9))
    assert "error" in bench.kinds()


def test_what_the_source_has_no_time_for_is_refused() -> None:
    bench = Bench()
    wide = Setpoint(200_000, 1, 0, 20_000, 4095, 210_000, 1)  # its second phase: 16 ms
    bench.until(200_000)
    bench.command(wide)
    assert bench.kinds() == ["skipped", "error"]
    assert "16380 us" in bench.reports[-1].detail
    assert bench.pulses == []


def test_pulses_of_up_to_sixteen_points_are_held_to_balance_steps_and_range() -> None:
    device = capabilities_of(CONFIG)
    sixteen = tuple([(100, (-1) ** k * 10_000) for k in range(16)])
    require_pulse(sixteen, device)
    with pytest.raises(sm4.UnbalancedError, match="leaves 1 uC"):
        require_pulse(sixteen[:15], device)
    for points, says in (
        (sixteen + sixteen, "32 points"),
        ((), "0 points"),
        (((100, 130_500), (100, -130_500)), "beyond"),
        (((100, 20_250), (100, -20_250)), "whole steps"),
        (((9, 20_000), (9, -20_000)), "gives 10 to 4095"),
    ):
        with pytest.raises(PulseError, match=says):
            require_pulse(points, device)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 0, 0, 700, 3_000, 5_000, 7_000, 26_000]), st.integers(0, 3)
        ),
        min_size=5,
        max_size=40,
    ),
    st.integers(0, 1_500),
    st.integers(0, 5),
)
def test_however_late_setpoints_are_each_gives_one_pulse_at_most_and_none_is_too_close(
    doings: list[tuple[int, int]], jitter_us: int, seed: int
) -> None:
    bench = Bench(seed, jitter_us)
    for k, (late_us, steps) in enumerate(doings):
        at_us = 200_000 + k * PERIOD_US
        bench.until(max(bench.now_us, at_us + late_us))
        point = Setpoint(at_us, 1, 0, 20_000 + 500 * steps, 300, at_us + LIFE_US, 0)
        bench.command(point)
    bench.until(bench.now_us + 3_000_000)
    assert len(bench.pulses) <= len(bench.asked)
    for first, second in pairwise(bench.pulses):
        assert second[0] - first[0] >= INTERVAL_US - 2 * jitter_us
    for t_us, _, current_ua in bench.pulses:
        stands = [p for p in bench.asked if p.at_us <= t_us <= p.expires_us + 2 * jitter_us]
        assert any(point.current_ua == current_ua for point in stands), (t_us, current_ua)
    valid = [(p.at_us, p.expires_us) for p in bench.asked]
    for t_us, frame in bench.frames:
        prolongs = frame.command == sm4.ML_GET_CURRENT_DATA or (
            frame.command == sm4.ML_UPDATE and frame.payload != b"\x00"
        )
        if prolongs:
            assert any(begins <= t_us <= ends for begins, ends in valid)


def test_what_waits_when_the_device_complains_is_told_of_and_every_train_ended() -> None:
    bench = Bench()
    burst(bench, 200_000, 4)
    bench.cut_from_us = 300_000
    bench.pulse(300_000, 25_000)
    bench.pulse(301_000, 12_000, channel=3)
    number = bench.frames[-1][1].number
    refusal = sm4.ack(number, sm4.ML_UPDATE, b"\x15")
    bench.until(302_000)
    step = held(bench.session.receive(302_000, refusal), 302_000)
    assert [(report.kind, report.detail, report.channel) for report in step.reports] == [
        ("error", "command 32: busy (21)", -1),
        ("skipped", "pulse of 301000 us waited when the device complained", 3),
    ]
    (ended,) = [frame for data in step.out for frame in sm4.Decoder().feed(data)]
    assert sm4.decode_update(ended.payload) == ()


def test_an_answer_that_stays_away_leads_back_to_a_device_that_may_be_armed() -> None:
    bench = Bench()
    burst(bench, 200_000, 2)
    bench.until(226_000)
    bench.mute_from_us = bench.now_us
    bench.pulse(250_000, 25_000)
    taken_back = bench.taken_back
    bench.until(350_000)
    assert bench.kinds()[-1] == "silent"
    assert bench.session.state == "stopping"
    assert bench.taken_back > taken_back, "what waits goes no more"
    bench.mute_from_us = NEVER_US
    bench.until(600_000)
    assert bench.session.state == "up"
    assert bench.kinds()[-2:] == ["silent", "idle"]
