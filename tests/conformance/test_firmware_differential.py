"""The firmware in C and the device in Python, told the same, do the same: bytes, state, pulses."""

import ctypes
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.units import NEVER_US as HOST_NEVER_US
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH, Table
from firmware_sim.devices.feslink_core import FeslinkCore
from firmware_sim.output import Points
from helpers.firmware import NEVER_US, Firmware, Given, build, load

SERIAL = b"SIMF0001"

TABLES = (
    BENCH,
    BENCH._replace(burst_ms=120, ramp_ms=60),
    BENCH._replace(rms_steps=6, interval_us=5_000),
    BENCH._replace(dose_100mc=0),
    BENCH._replace(interval_us=1_000, level_steps=2, start_steps=20, channels=3, queue=2),
    BENCH._replace(width_step_us=10, waveforms=0b10, current_step_ua=333, charge_nc=3_000),
)

Action = tuple[Any, ...]


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return load(build("libfeslink.so", tmp_path_factory.mktemp("firmware")))


class Both:
    """The two devices, and a host that says the same to both.

    The device in Python is ticked only when it is spoken to, and so late; the one in C at its
    wake, by its timer.
    """

    def __init__(
        self, lib: ctypes.CDLL, table: Table, boot_us: int, *, tested: bool = True
    ) -> None:
        self.nonces = [(index * 0x9E37_79B1 + 0x5EED) & fm.U32 or 1 for index in range(1, 600)]
        turn = iter(self.nonces)
        self.given: list[Given] = []
        self.ohm = 1000
        self.pulses = 0
        self.python = FeslinkCore(
            table, SERIAL, lambda: next(turn), self._give, boot_us, tested=tested
        )
        self.c = Firmware(lib, table, SERIAL, boot_us, self_test_passed=tested)
        for nonce in self.nonces:
            self.c.offer(nonce)
        self.t_us = boot_us
        self.nonce = 0
        self.sequence = 0
        self.said = [feslink.STOP_BYTES]

    def _give(self, at_us: int, channel: int, points: Points) -> int:
        self.given.append((at_us, channel, points))
        self.pulses += 1
        return self.ohm

    def agree(self) -> None:
        wake_us = self.python.wake_us
        python = (self.python.state, self.python.fault, self.given)
        assert (self.c.state, self.c.fault, self.c.given()) == python
        assert self.c.wake_us == (wake_us if wake_us < HOST_NEVER_US else NEVER_US)
        self.given = []

    def hear(self, data: bytes) -> None:
        python = self.python.receive(self.t_us, data)
        c = self.c.receive(self.t_us, data)
        for answer in feslink.Decoder().feed(python):
            if isinstance(answer, fm.Offered) and answer.nonce:
                self.nonce = answer.nonce
                self.sequence = 0
        if c != python:
            assert feslink.Decoder().feed(c) == feslink.Decoder().feed(python)
        assert c == python
        self.agree()

    def wait(self, us: int) -> None:
        self.t_us += us
        self.c.tick(self.t_us)

    def tick(self) -> None:
        self.python.tick(self.t_us)
        self.c.tick(self.t_us)
        self.agree()

    def tick_late(self, by_us: int) -> None:
        """Let both find that their timer was late, once something was due."""
        self.tick()
        due_us = self.python.wake_us
        if due_us < HOST_NEVER_US:
            self.t_us = max(self.t_us, due_us + by_us)
            self.python.tick(self.t_us, late=True)
            self.c.tick_late(self.t_us)
            self.agree()

    def button(self, pressed: bool) -> None:
        self.python.button(self.t_us, pressed=pressed)
        self.c.button(self.t_us, pressed=pressed)
        self.agree()

    def load(self, ohm: int, *, fails: bool = False, lacks_ua: int = 0) -> None:
        self.tick()
        self.ohm = ohm
        self.python.stage.fails = fails
        self.python.stage.lacks_ua = lacks_ua
        self.c.load(ohm, fails=fails, lacks_ua=lacks_ua)

    def next(self, by: int = 1) -> int:
        number = self.sequence + by
        self.sequence = max(self.sequence, number)
        return number & fm.U32

    def pulse(self, ahead_us: int, **other: int) -> bytes:
        sequence = self.next(other.pop("by", 1))
        nonce = self.nonce ^ other.pop("other_nonce", 0)
        at_us = (self.t_us + ahead_us) & fm.U32
        pulse = fm.Setpoint(sequence & 0xFF, nonce, sequence, at_us, 0, 0, 40, 300)
        return feslink.encode(pulse._replace(**other))

    def frame(self, action: Action) -> bytes:
        match action:
            case ("pulse", ahead_us, other):
                return self.pulse(ahead_us, **other)
            case ("keep", by, other_nonce):
                return feslink.encode(fm.Keep(7, self.nonce ^ other_nonce, self.next(by)))
            case ("arm", dead_man_ms, other_nonce):
                return feslink.encode(fm.Arm(8, self.nonce ^ other_nonce, dead_man_ms))
            case ("clear", fault):
                named = self.python.fault if fault < 0 else fault
                return feslink.encode(fm.Clear(9, self.nonce, named))
            case ("ask", kind):
                return feslink.encode(kind)
            case ("again", back):
                return self.said[-1 - back % len(self.said)]
            case ("body", body):
                return feslink.frame_of(body)
            case ("noise", data):
                return bytes(data)
            case _:
                return feslink.STOP_BYTES

    def do(self, action: Action) -> None:
        match action:
            case ("wait", us):
                self.wait(us)
            case ("tick",):
                self.tick()
            case ("load", ohm):
                self.load(ohm)
            case ("stage", fails, lacks_ua):
                self.load(self.ohm, fails=fails, lacks_ua=lacks_ua)
            case ("late", by_us):
                self.tick_late(by_us)
            case ("button", pressed):
                self.button(pressed)
            case ("session", dead_man_ms):
                self.begin(dead_man_ms)
            case ("in pieces", inner, cuts, apart_us):
                data = self.frame(inner)
                for place in range(0, len(data), cuts):
                    self.hear(data[place : place + cuts])
                    self.wait(apart_us)
            case ("hurt", inner, bit):
                data = bytearray(self.frame(inner))
                self.said.append(bytes(data))
                bit %= 8 * len(data) or 1
                if data:
                    data[bit // 8] ^= 1 << bit % 8
                self.hear(bytes(data))
            case ("together", first, second):
                self.hear(self.frame(first) + self.frame(second))
            case ("train", pulses, every_us, steps, channel):
                for _ in range(pulses):
                    self.hear(self.pulse(4_000, steps=steps, channel=channel))
                    self.wait(every_us)
            case _:
                data = self.frame(action)
                self.said.append(data)
                self.hear(data)

    def begin(self, dead_man_ms: int) -> None:
        self.hear(feslink.encode(fm.Offer(1)))
        if self.python.state == fm.LATCHED:
            self.hear(feslink.encode(fm.Clear(2, self.nonce, self.python.fault)))
            self.hear(feslink.encode(fm.Offer(3)))
        self.hear(feslink.encode(fm.Arm(4, self.nonce, dead_man_ms)))


def often(*usual: Any, rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*[st.just(value) for value in usual], rare)


def pulses() -> st.SearchStrategy[Action]:
    other = st.fixed_dictionaries(
        {
            "steps": often(40, 40, 56, rare=st.integers(0, 220)),
            "channel": st.sampled_from((0, 0, 0, 1, 1, 2, 7, 8, 255)),
            "width_us": often(300, 300, 100, rare=st.integers(0, 520)),
            "waveform": often(0, 0, 1, rare=st.integers(0, 5)),
        },
        optional={
            "by": st.integers(-3, 3),
            "other_nonce": st.sampled_from((0, 1, 1 << 31)),
        },
    )
    ahead_us = often(0, 4_000, 4_000, 20_000, rare=st.integers(-2_000, 160_000) | st.just(1 << 31))
    return st.tuples(st.just("pulse"), ahead_us, other)


FRAMES = st.one_of(
    pulses(),
    pulses(),
    pulses(),
    st.tuples(st.just("keep"), st.integers(-1, 3), st.sampled_from((0, 0, 0, 1))),
    st.tuples(st.just("again"), st.integers(0, 60)),
    st.tuples(st.just("arm"), st.integers(45, 155), st.sampled_from((0, 0, 1))),
    st.tuples(st.just("clear"), often(-1, -1, rare=st.integers(0, 19))),
    st.tuples(
        st.just("ask"),
        st.sampled_from(
            (
                fm.Offer(1),
                fm.AskStatus(2),
                fm.AskLimits(3),
                fm.AskCapabilities(4),
                fm.Identify(5),
                fm.Identify(6, 2, 1),
            )
        ),
    ),
    st.tuples(st.just("body"), st.binary(min_size=1, max_size=32)),
    st.tuples(st.just("noise"), st.binary(max_size=60)),
    st.tuples(st.just("stop")),
)

ACTIONS = st.one_of(
    FRAMES,
    FRAMES,
    FRAMES,
    st.tuples(st.just("wait"), often(300, 600, 20_000, 25_000, rare=st.integers(0, 200_000))),
    st.tuples(st.just("wait"), often(1_000, 5_000, rare=st.integers(0, 1_300_000))),
    st.tuples(st.just("session"), st.sampled_from((50, 100, 150, 150))),
    st.tuples(st.just("tick")),
    st.tuples(st.just("load"), st.sampled_from((1000, 1000, 99, 3_000, 9_000, 70_000, 10**9))),
    st.tuples(
        st.just("stage"),
        st.sampled_from((False, False, False, True)),
        st.sampled_from((0, 0, 500, 2_500, 2_501, 30_000)),
    ),
    st.tuples(st.just("late"), often(0, 1, 700, 1_000, 1_001, rare=st.integers(0, 200_000))),
    st.tuples(st.just("button"), st.booleans()),
    st.tuples(st.just("in pieces"), FRAMES, st.integers(1, 20), st.sampled_from((0, 10, 900))),
    st.tuples(st.just("hurt"), FRAMES, st.integers(0, 400)),
    st.tuples(st.just("together"), FRAMES, FRAMES),
    st.tuples(
        st.just("train"),
        st.integers(2, 12),
        st.sampled_from((5_000, 20_000, 25_000, 110_000)),
        st.sampled_from((20, 40, 60, 64)),
        st.integers(0, 2),
    ),
)


@settings(max_examples=300)
@given(
    table=st.sampled_from(TABLES),
    boot_us=st.sampled_from((0, (1 << 32) - 300_000, 1 << 33)),
    tested=st.sampled_from((True,) * 19 + (False,)),
    pressed_us=st.sampled_from((None,) * 9 + (10_000,)),
    actions=st.lists(ACTIONS, min_size=5, max_size=50),
)
def test_whatever_is_said_to_both_they_answer_and_give_the_same(
    lib: ctypes.CDLL,
    table: Table,
    boot_us: int,
    tested: bool,
    pressed_us: int | None,
    actions: list[Action],
) -> None:
    both = Both(lib, table, boot_us, tested=tested)
    if pressed_us is not None:
        both.wait(pressed_us)
        both.button(pressed=True)
    both.wait(60_000)
    both.begin(150)
    for action in actions:
        both.do(action)
    both.wait(2_000_000)
    both.tick()


STRICT = (
    BENCH,
    BENCH._replace(ramp_ms=0, burst_ms=200),
    BENCH._replace(ramp_ms=40, rms_steps=5),
)


@settings(max_examples=200)
@given(
    table=st.sampled_from(STRICT),
    bursts=st.lists(
        st.tuples(
            st.lists(
                st.sampled_from((20, 56, 60, 60, 60, 61, 64, 68, 70, 71)), min_size=1, max_size=8
            ),
            st.sampled_from((12_000, 20_000, 25_000, 60_000, 100_000, 101_000)),
            st.sampled_from((0, 0, 20_000, 101_000, 140_000, 300_000, 600_000)),
            st.booleans(),
            st.sampled_from((0, 0, 1)),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_trains_of_any_strength_and_spacing_are_judged_alike(
    lib: ctypes.CDLL, table: Table, bursts: list[tuple[list[int], int, int, bool, int]]
) -> None:
    both = Both(lib, table, 0)
    both.wait(60_000)
    for steps_of, every_us, pause_us, rises, waveform in bursts:
        if both.python.state != fm.ARMED:
            both.begin(150)
            both.wait(60_000)
            for steps in (60, 60, 60):
                both.hear(both.pulse(3_000, steps=steps))
                both.wait(25_000)
        for _ in range(0, pause_us, 100_000):
            both.hear(both.frame(("keep", 1, 0)))
            both.wait(min(pause_us, 100_000))
        for steps in sorted(steps_of) if rises else steps_of:
            both.hear(both.pulse(3_000, steps=steps, waveform=waveform))
            both.wait(every_us)
    both.wait(200_000)
    both.tick()


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        (("stage", True, 0), fm.FAULT_OUTPUT),
        (("stage", False, 2_501), fm.FAULT_OUTPUT),
        (("late", 1_001), fm.FAULT_OVERRUN),
        (("button", True), fm.FAULT_BUTTON),
    ],
)
def test_what_is_wrong_with_its_hardware_latches_both_alike(
    lib: ctypes.CDLL, what: Action, fault: int
) -> None:
    both = Both(lib, BENCH, 0)
    both.wait(60_000)
    both.begin(150)
    both.hear(both.pulse(4_000))
    both.do(what)
    both.wait(20_000)
    both.tick()
    assert both.python.fault == both.c.fault == fault
    assert both.pulses == (what == ("stage", False, 2_501))
    both.begin(150)
    assert both.python.state == (fm.LATCHED if fault == fm.FAULT_BUTTON else fm.ARMED)
    both.button(pressed=False)
    both.begin(150)
    assert both.python.state == fm.ARMED


def test_a_pulse_that_was_late_and_the_one_behind_it_begin_alike(lib: ctypes.CDLL) -> None:
    both = Both(lib, BENCH, 0)
    both.wait(60_000)
    both.begin(150)
    both.hear(both.pulse(10_000))
    both.hear(both.pulse(10_800, channel=1))
    both.tick_late(700)
    both.wait(20_000)
    both.tick()
    assert (both.pulses, both.python.fault) == (2, fm.NO_FAULT)


@pytest.mark.parametrize("beyond", [{}, {"channels": 9}, {"queue": 9}, {"current_steps": 201}])
def test_a_self_test_that_failed_is_cleared_by_neither(
    lib: ctypes.CDLL, beyond: dict[str, int]
) -> None:
    both = Both(lib, BENCH._replace(**beyond), 0, tested=bool(beyond))
    both.wait(60_000)
    both.tick()
    for _ in range(2):
        both.begin(150)
        assert both.python.fault == both.c.fault == fm.FAULT_SELF_TEST


def test_a_pulse_keeps_its_distance_from_one_of_another_channel_that_has_just_ended(
    lib: ctypes.CDLL,
) -> None:
    both = Both(lib, BENCH, 0)
    both.wait(60_000)
    both.begin(150)
    both.hear(both.pulse(0))
    both.wait(799)
    both.hear(both.pulse(0, channel=1))
    both.wait(1)
    both.hear(both.pulse(0, channel=1))
    assert both.pulses == 2


@pytest.mark.parametrize(
    ("slices", "fault"), [(7, fm.FAULT_RMS), (8, fm.FAULT_RMS), (9, fm.NO_FAULT)]
)
def test_a_pulse_counts_for_the_eight_slices_after_its_own(
    lib: ctypes.CDLL, slices: int, fault: int
) -> None:
    both = Both(lib, BENCH._replace(rms_steps=2), 0)
    both.wait(60_000)
    both.begin(150)
    for at_us in (200_000, 249_999):
        both.wait(at_us - 10_000 - both.t_us)
        both.hear(both.frame(("keep", 1, 0)))
        both.hear(both.pulse(10_000, steps=56))
    last_us = 250_000 + slices * 125_000 - 1 if fault else 250_000 + (slices - 1) * 125_000
    while both.t_us < last_us - 100_000:
        both.hear(both.frame(("keep", 1, 0)))
        both.wait(50_000)
    both.hear(both.pulse(last_us - both.t_us, steps=56))
    assert both.c.fault == fault


@pytest.mark.parametrize(("charge_nc", "fault"), [(6_000, fm.NO_FAULT), (5_999, fm.FAULT_CHARGE)])
def test_charge_is_judged_to_the_nanocoulomb(lib: ctypes.CDLL, charge_nc: int, fault: int) -> None:
    both = Both(lib, BENCH._replace(charge_nc=charge_nc), 0)
    both.wait(60_000)
    both.begin(150)
    both.hear(both.pulse(1_000, steps=40, width_us=300))
    assert both.c.fault == fault


@pytest.mark.parametrize(("steps", "fault"), [(60, fm.NO_FAULT), (61, fm.FAULT_START)])
def test_a_later_burst_begins_no_stronger_than_the_first(
    lib: ctypes.CDLL, steps: int, fault: int
) -> None:
    both = Both(lib, BENCH, 0)
    both.wait(60_000)
    both.begin(150)
    for _ in range(3):
        both.hear(both.pulse(1_000, steps=60))
        both.wait(25_000)
    for _ in range(2):
        both.wait(60_000)
        both.hear(both.frame(("keep", 1, 0)))
    both.hear(both.pulse(1_000, steps=steps))
    assert both.c.fault == fault


def test_an_answer_does_not_count_damage_that_came_after_its_message(lib: ctypes.CDLL) -> None:
    device = FeslinkCore(BENCH, SERIAL, lambda: 1, lambda *_: 1000)
    firmware = Firmware(lib, BENCH, SERIAL)
    data = feslink.encode(fm.AskStatus(1)) + b"\x05\x00"
    assert firmware.receive(60_000, data) == device.receive(60_000, data)
