"""The simulated P24 against a reference of what its vendor says of it, in any state."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OPEN_OHM, OutputStage
from helpers.reference_p24 import (
    BATTERY,
    CURRENT_DATA,
    DEVICE_ID,
    EXTENDED_VERSION,
    LOW_INIT,
    LOW_PULSE,
    LOW_STOP,
    MAIN_STATUS,
    MID_INIT,
    MID_STOP,
    MID_UPDATE,
    RESET,
    STIM_STATUS,
    VERSION_MAIN,
    VERSION_STIM,
    Answer,
    Points,
    ReferenceP24,
    Train,
    low_pulse,
    mid_update,
)

QUESTIONS = [STIM_STATUS, DEVICE_ID, EXTENDED_VERSION, BATTERY, MAIN_STATUS]
QUESTIONS += [VERSION_MAIN, VERSION_STIM, STIM_STATUS]
ENDS = [MID_STOP, RESET, MID_INIT]
UNKNOWN = [1, 3, 6, 31, 33, 35, 66, 67, 99, 130, 200, 1023]

GAPS_US = [0, 1, 700, 1_999, 2_000, 2_001, 10_000, 24_999, 25_000, 100_000]
WAITS_US = [1_000, 2_000, 25_000, 310_000, 1_000_000, 1_999_999, 2_000_000, 2_000_001, 5_000_000]
TALKS_US = [25_000, 700_000, 1_500_000, 1_999_999, 2_000_000]
CURRENTS_UA = [0, 500, 10_000, 14_500, 15_000, 20_000, 60_000, 130_000]
TOO_STRONG_UA = [130_500, -130_500, 150_000, -150_000, 361_500]
PERIODS_US = [10_000, 25_000, 28_500, 33_250, 100_000, 700_000]
IMPEDANCES_OHM = [1_000, 1_000, 1_000, 5_000, 5_000, OPEN_OHM, 99, 100]

NOISE = [b"", b"", b"", b"\x0f\x0f", b"\x00\x81\x55", b"\xf0", b"\xf0\x81"]

channels = st.integers(0, 7)
few_channels = st.sampled_from([0, 0, 3, 4, 7])
duration_us = st.sampled_from([0, 1, 9, 10, 200, 300, 4095])


@st.composite
def pulses(draw: st.DrawFn) -> Points:
    """Balanced or not: a P24 does not mind."""
    current_ua, width_us = draw(st.sampled_from(CURRENTS_UA)), draw(duration_us)
    tail = draw(st.sampled_from([0, 0, 0, 1, 13]))
    second = (width_us, -current_ua)
    return ((width_us, current_ua), *[second] * draw(st.integers(0, 1)), *[(20, 500)] * tail)


@st.composite
def updates(draw: st.DrawFn, least: int = 0) -> dict[int, Train]:
    trains = {}
    for channel in draw(st.sets(few_channels, min_size=least, max_size=3)):
        ramp = draw(st.sampled_from([0, 0, 1, 3, 15]))
        trains[channel] = Train(draw(pulses()), ramp, draw(st.sampled_from(PERIODS_US)))
    return trains


@st.composite
def ways(draw: st.DrawFn) -> tuple[int, int, int, bytes]:
    """How a frame comes: after how long, cut where and for how long, behind which noise."""
    cut = draw(st.sampled_from([0, 0, 0, 1, 5, 8, 9, 11]))
    noise = draw(st.sampled_from(NOISE))
    return draw(st.sampled_from(GAPS_US)), cut, draw(st.sampled_from(GAPS_US)), noise


Way = tuple[int, int, int, bytes]
AT_ONCE: Way = (0, 0, 0, b"")


def test_the_reference_writes_the_vendors_bytes() -> None:
    """As public clients of the P24 write them."""
    points = ((200, 25_000), (200, -25_000))
    assert low_pulse(0, points, 1).hex() == "81" + "0c857800" + "0c83e800"
    assert mid_update({0: Train(points, 3, 25_000)}).hex() == "01130064" + "0c857800" + "0c83e800"
    gap = ((300, 20_000), (100, 0), (300, -20_000))
    short = ((250, 10_500), (250, -10_500))
    assert mid_update({0: Train(gap, 0, 20_000), 1: Train(short, 0, 20_000)}).hex() == (
        "03" + "200050" + "12c55000" + "0644b000" + "12c41000" + "100050" + "0fa50400" + "0fa45c00"
    )


class DeviceAgainstReference(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.output = OutputStage(8)
        self.device = SimulatedP24(self.output, Random(seed))
        self.given: list[tuple[int, int, Points]] = []
        self.output.sinks.append(lambda *pulse: self.given.append(pulse))
        self.reference = ReferenceP24()
        self.decoder = sm4.Decoder()
        self.now_us = 7_000_000
        self.wake_us = NEVER_US
        self.number = 0

    # -- driving it -------------------------------------------------------------------------------

    def came(self, out: bytes, now_us: int, *, late: bool = False) -> None:
        for number, command, payload in self.decoder.feed(out):
            self.reference.answered(Answer(number, command, payload), now_us, late=late)

    def pass_time(self, span_us: int, *, late: bool = False) -> None:
        """Call the device whenever it wants to be, or late: only at the end."""
        until_us = self.now_us + span_us
        while not late and self.wake_us <= until_us:
            self.now_us = self.wake_us
            step = self.device.tick(self.now_us)
            assert step.wake_at_us > self.now_us, "what is due is done"
            self.wake_us = step.wake_at_us
            self.came(step.out, self.now_us)
        self.now_us = until_us
        step = self.device.tick(self.now_us)
        self.wake_us = step.wake_at_us
        self.came(step.out, self.now_us, late=late)
        self.reference.pass_time(self.now_us)

    def write(self, data: bytes) -> None:
        step = self.device.receive(self.now_us, data)
        assert step.wake_at_us > self.now_us
        self.wake_us = step.wake_at_us
        self.came(step.out, self.now_us)

    def send(self, command: int, payload: bytes, way: Way) -> None:
        gap_us, cut, pause_us, noise = way
        self.pass_time(gap_us)
        self.number = (self.number + 1) % 64
        frame = sm4.encode(self.number, command, payload)
        if noise:
            self.write(noise)
        if cut:
            self.write(frame[:cut])
            self.pass_time(pause_us)
        self.write(frame[cut:])
        self.reference.take(self.now_us, self.number, command, payload)

    # -- rules ------------------------------------------------------------------------------------

    @rule(span_us=st.sampled_from(WAITS_US), late=st.booleans())
    def wait(self, span_us: int, *, late: bool) -> None:
        self.pass_time(span_us, late=late)

    @rule(level=st.integers(0, 255), way=ways())
    def low_init(self, level: int, way: Way) -> None:
        # What it measures has tests of its own.
        self.send(LOW_INIT, bytes((level & 0x8F,)), way)

    @rule(way=ways(), channel=few_channels, points=pulses(), execute=st.sampled_from([1, 1, 1, 0]))
    def low_pulse(self, way: Way, channel: int, points: Points, execute: int) -> None:
        self.send(LOW_PULSE, low_pulse(channel, points, execute), way)

    @rule(
        gaps_us=st.lists(st.sampled_from(GAPS_US), min_size=2, max_size=8),
        channel=channels,
        points=pulses(),
    )
    def low_burst(self, gaps_us: list[int], channel: int, points: Points) -> None:
        self.send(MID_STOP, b"", AT_ONCE)
        self.send(LOW_INIT, b"\0", AT_ONCE)
        for gap_us in gaps_us:
            self.send(LOW_PULSE, low_pulse(channel, points, 1), (gap_us, 0, 0, b""))

    @rule(way=ways(), current_ua=st.sampled_from(TOO_STRONG_UA), index=st.integers(0, 2))
    def pulse_too_strong(self, way: Way, current_ua: int, index: int) -> None:
        points = [(200, 20_000), (200, -20_000), (200, 0)]
        points[index] = (200, current_ua)
        self.send(self.reference.stop, b"", AT_ONCE)
        self.send(LOW_INIT, b"\0", AT_ONCE)
        self.send(LOW_PULSE, low_pulse(0, tuple(points), 1), way)
        self.send(LOW_STOP, b"", AT_ONCE)
        self.send(MID_INIT, b"\0", AT_ONCE)
        self.send(MID_UPDATE, mid_update({2: Train(tuple(points), 0, 25_000)}), way)

    @rule(way=ways(), command=st.sampled_from([LOW_STOP, MID_STOP]))
    def stop(self, way: Way, command: int) -> None:
        self.send(command, b"", way)

    @rule(way=ways(), flags=st.sampled_from([0, 1, 0xFE, 0xFF]))
    def mid_init(self, way: Way, flags: int) -> None:
        self.send(MID_INIT, bytes((flags,)), way)

    @rule(way=ways(), trains=updates())
    def mid_update(self, way: Way, trains: dict[int, Train]) -> None:
        self.send(MID_UPDATE, mid_update(trains), way)

    @rule(
        flags=st.integers(0, 1),
        trains=updates(least=1),
        talks=st.lists(
            st.tuples(
                st.sampled_from(TALKS_US),
                st.sampled_from([CURRENT_DATA, CURRENT_DATA, MID_UPDATE, STIM_STATUS]),
                st.sampled_from(IMPEDANCES_OHM),
            ),
            max_size=4,
        ),
        then=st.sampled_from([*ENDS, *ENDS, LOW_INIT, LOW_STOP, STIM_STATUS]),
        way=ways(),
    )
    def mid_walk(
        self,
        flags: int,
        trains: dict[int, Train],
        talks: list[tuple[int, int, int]],
        then: int,
        way: Way,
    ) -> None:
        self.send(LOW_STOP, b"", AT_ONCE)
        self.send(MID_INIT, bytes((flags,)), AT_ONCE)
        self.send(MID_UPDATE, mid_update(trains), AT_ONCE)
        payloads = {CURRENT_DATA: b"\4", MID_UPDATE: mid_update(trains)}
        for wait_us, command, ohm in talks:
            self.electrode(0, ohm)
            self.send(command, payloads.get(command, b""), (wait_us, 0, 0, b""))
            if command == MID_UPDATE:
                self.send(CURRENT_DATA, b"\3", AT_ONCE)
        # Three of these end it, the others change nothing.
        self.send(then, b"\0" if then in {MID_INIT, LOW_INIT} else b"", way)
        self.pass_time(200_000)

    @rule(way=ways(), select=st.sampled_from([2, 3, 4, 4, 4, 0, 1, 5, 255]))
    def current_data(self, way: Way, select: int) -> None:
        self.send(CURRENT_DATA, bytes((select,)), way)

    @rule(way=ways(), command=st.sampled_from(QUESTIONS))
    def question(self, way: Way, command: int) -> None:
        self.send(command, b"", way)

    @rule(way=ways())
    def reset(self, way: Way) -> None:
        self.send(RESET, b"", way)

    @rule(way=ways(), command=st.sampled_from(UNKNOWN), payload=st.binary(max_size=3))
    def unknown(self, way: Way, command: int, payload: bytes) -> None:
        self.send(command, payload, way)

    @rule(
        way=ways(),
        command=st.sampled_from([LOW_INIT, LOW_PULSE, MID_INIT, MID_UPDATE, CURRENT_DATA]),
        trains=updates(),
        points=pulses(),
        longer=st.booleans(),
    )
    def wrong_length(
        self, way: Way, command: int, trains: dict[int, Train], points: Points, *, longer: bool
    ) -> None:
        good = {LOW_PULSE: low_pulse(1, points, 1), MID_UPDATE: mid_update(trains)}
        payload = good.get(command, b"\4")
        self.send(command, payload + b"\0" if longer else payload[:-1], way)

    @rule(way=ways(), code=st.sampled_from([0, 1]), fine=st.booleans())
    def period_too_short(self, way: Way, code: int, *, fine: bool) -> None:
        train = Train(((200, 20_000),), 0, 25_000)
        self.send(self.reference.stop, b"", AT_ONCE)
        self.send(MID_INIT, b"\0", AT_ONCE)
        payload = bytearray(mid_update({5: train}))
        payload[2:4] = (code << 1 | fine).to_bytes(2, "big")
        self.send(MID_UPDATE, bytes(payload), way)

    @rule(kept=st.integers(1, 20), damaged=st.booleans(), way=ways())
    def lost_frame_and_a_stop_behind_it(self, kept: int, way: Way, *, damaged: bool) -> None:
        """What is cut off or damaged is never executed, and hides nothing that follows.

        All but its end would be whole: noise of frame ends can follow.
        """
        frame = bytearray(sm4.encode(1, LOW_PULSE, low_pulse(0, ((200, 20_000),), 1)))
        if damaged:
            frame[min(kept + 8, len(frame) - 1)] ^= 0x40
        self.write(bytes(frame) if damaged else bytes(frame[: min(kept, len(frame) - 2)]))
        self.send(self.reference.stop, b"", way)

    @rule(channel=few_channels, ohm=st.sampled_from(IMPEDANCES_OHM))
    def electrode(self, channel: int, ohm: int) -> None:
        self.output.impedance_ohm[channel] = ohm
        self.reference.ohm[channel] = ohm

    @rule(
        channel=few_channels, ohm=st.sampled_from([OPEN_OHM, 99]), select=st.sampled_from([2, 3, 4])
    )
    def electrode_comes_back(self, channel: int, ohm: int, select: int) -> None:
        update = mid_update({channel: Train(((200, 15_000), (200, -15_000)), 0, 25_000)})
        self.send(self.reference.stop, b"", AT_ONCE)
        self.send(MID_INIT, b"\0", AT_ONCE)
        for present_ohm in (ohm, 1_000):
            self.electrode(channel, present_ohm)
            self.send(MID_UPDATE, update, AT_ONCE)
            self.pass_time(60_000)
            self.send(CURRENT_DATA, bytes((select,)), AT_ONCE)

    @rule()
    def repeat_a_number(self) -> None:
        self.pass_time(2_000)
        self.number = (self.number - 1) % 64

    @invariant()
    def the_same_came_out(self) -> None:
        if hasattr(self, "reference"):
            self.reference.pass_time(self.now_us)
            assert self.given == self.reference.given
            self.given.clear()
            self.reference.given.clear()


DeviceAgainstReference.TestCase.settings = settings(
    max_examples=80, stateful_step_count=16, deadline=None
)
TestDeviceAgainstReference = DeviceAgainstReference.TestCase
