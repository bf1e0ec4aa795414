"""The P24's driver session, spoken to in bytes and instants alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import Arm, Disarm, LinkReport, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import STOP_NUMBERS, P24Session
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4

INTERVAL_US = 20_000
POLL_US = 100_000


class Bench:
    """A session, and the device's side of the conversation, answered by hand."""

    def __init__(self) -> None:
        self.session = P24Session(capabilities_of(StimulatorConfig()), 0, INTERVAL_US, POLL_US)
        self.reports: list[LinkReport] = []
        self.frames: list[sm4.Frame] = []
        self.raw: list[bytes] = []
        self.dropped = 0
        self.wake_us = NEVER_US

    def take(self, step: DriverStep) -> DriverStep:
        self.reports += step.reports
        self.raw += step.out
        for data in step.out:
            self.frames += sm4.Decoder().feed(data)
        self.dropped += step.drop
        self.wake_us = step.wake_at_us
        return step

    def answer(self, now_us: int, frame: sm4.Frame, payload: bytes = b"\x00") -> DriverStep:
        return self.take(
            self.session.receive(now_us, sm4.ack(frame.number, frame.command, payload))
        )

    def unanswered(self) -> list[sm4.Frame]:
        frames, self.frames = self.frames, []
        return frames

    def kinds(self) -> list[str]:
        return [report.kind for report in self.reports]

    def answer_all(self, now_us: int, serial: bytes = b"SIM0000001") -> None:
        """Answer whatever is asked until nothing more is."""
        answers = {
            sm4.GET_DEVICE_ID: b"\x00" + serial,
            sm4.GET_EXTENDED_VERSION: bytes.fromhex("00010203040000 00C0FFEE01 01"),
        }
        while self.frames:
            for frame in self.unanswered():
                self.answer(now_us, frame, answers.get(frame.command, b"\x00"))
            now_us += 1_000

    def up(self) -> None:
        self.take(self.session.open(0))
        self.answer_all(1_000)

    def ready(self) -> None:
        self.up()
        self.take(self.session.command(50_000, Arm(50_000, 0)))
        self.answer_all(52_000)
        assert self.session.state == "ready"
        self.reports.clear()
        self.raw.clear()


def pulse(at_us: int, channel: int = 0, current_ua: int = 20_000) -> Setpoint:
    return Setpoint(at_us, 1, channel, current_ua, 300, at_us + 10_000, 0)


def test_the_device_is_stopped_before_it_is_asked_anything() -> None:
    bench = Bench()
    bench.take(bench.session.open(0))
    assert [frame.command for frame in bench.frames] == [sm4.LL_STOP, sm4.ML_STOP]
    assert bench.raw[0].startswith(sm4.FRAME_ENDS), "a half frame on the line would swallow it"
    bench.up()
    assert bench.kinds() == ["up"]
    assert "SIM0000001" in bench.reports[0].detail


def test_the_stops_numbers_belong_to_no_other_frame() -> None:
    bench = Bench()
    bench.ready()
    numbers = set()
    now_us = 100_000
    for _ in range(200):
        bench.take(bench.session.command(now_us, pulse(now_us)))
        for frame in bench.unanswered():
            numbers.add(frame.number)
            bench.answer(now_us + 2_000, frame, b"\x00\x00\x00")
        now_us += 25_000
    assert numbers == set(range(64)) - set(STOP_NUMBERS)


def test_a_pulse_is_written_at_once_and_its_answer_reported() -> None:
    bench = Bench()
    bench.ready()
    step = bench.take(bench.session.command(100_000, pulse(100_000)))
    assert step.written == (pulse(100_000),)
    (frame,) = bench.unanswered()
    channel, execute, points = sm4.decode_channel_config(frame.payload) or (None, None, None)
    assert (channel, execute) == (0, True)
    assert points == ((300, 20_000), (300, -20_000))
    bench.answer(102_000, frame, b"\x00\x00\x00")
    assert bench.kinds() == ["answer"]
    assert bench.reports[0].pending_since_us == NEVER_US


def test_a_second_pulse_waits_for_the_first_ones_answer_and_is_dropped_when_it_expires() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    bench.take(bench.session.command(105_000, pulse(105_000, channel=1)))
    assert len(bench.frames) == 1
    bench.take(bench.session.tick(115_001))
    assert bench.kinds() == ["skipped"]
    assert (bench.reports[-1].channel, bench.reports[-1].pulse_us) == (1, 105_000)
    (frame,) = bench.unanswered()
    bench.answer(116_000, frame, b"\x00\x00\x00")
    assert bench.frames == [], "what was dropped is not written later"


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["pulse", "answer", "answer last", "tick"]), st.integers(0, 30_000)),
    max_size=80,
)


@given(ACTIONS)
def test_whatever_comes_no_pulse_is_repeated_late_or_too_close(
    actions: list[tuple[str, int]],
) -> None:
    bench = Bench()
    bench.ready()
    now_us, waiting, written = 100_000, [], []
    asked = set()
    for action, wait_us in actions:
        now_us += wait_us
        if action == "pulse":
            point = pulse(now_us, channel=len(asked) % 2)
            asked.add(point)
            step = bench.take(bench.session.command(now_us, point))
        elif action == "tick":
            step = bench.take(bench.session.tick(now_us))
        elif waiting:
            frame = waiting.pop(-1 if action == "answer last" else 0)
            step = bench.answer(now_us, frame, b"\x00\x01\x00")
        else:
            continue
        fresh = bench.unanswered()
        waiting += fresh
        with_current = [f for f in waiting if f.command == sm4.LL_CHANNEL_CONFIG]
        assert len([f for f in fresh if f.command == sm4.LL_CHANNEL_CONFIG]) == len(step.written)
        if not {"silent"} & set(bench.kinds()):
            assert len(with_current) <= 1
        for point in step.written:
            assert point in asked
            assert point not in [p for _, p in written]
            assert now_us <= point.expires_us
            before = [t for t, p in written if p.channel == point.channel]
            assert not before or now_us - before[-1] >= INTERVAL_US
            written.append((now_us, point))


@pytest.mark.parametrize(
    ("result", "kind"),
    [(10, "electrode"), (2, "error"), (7, "error"), (21, "error"), (255, "error")],
)
def test_every_refusal_of_the_device_reaches_the_caller(result: int, kind: str) -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    (frame,) = bench.unanswered()
    bench.answer(102_000, frame, bytes((result, 0, 0)))
    assert bench.kinds() == [kind]
    assert str(result) in bench.reports[0].detail


@pytest.mark.parametrize("command", [sm4.GENERAL_ERROR, sm4.UNKNOWN_COMMAND])
def test_unsolicited_errors_reach_the_caller(command: int) -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.receive(100_000, sm4.encode(9, command, b"\x0a")))
    assert bench.kinds() == ["electrode"]


def test_an_error_that_bears_a_stops_number_is_an_error_all_the_same() -> None:
    bench = Bench()
    bench.ready()
    error = sm4.encode(STOP_NUMBERS[0], sm4.GENERAL_ERROR, bytes((sm4.ELECTRODE_ERROR,)))
    bench.take(bench.session.receive(100_000, error))
    assert bench.kinds() == ["electrode"]


def test_after_a_complaint_nothing_that_waited_is_written() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    bench.take(bench.session.command(101_000, pulse(101_000, channel=1)))
    (frame,) = bench.unanswered()
    bench.answer(102_000, frame, bytes((sm4.ELECTRODE_ERROR, 0, 0)))
    assert bench.kinds() == ["electrode", "skipped"]
    assert bench.frames == []


def test_answers_that_belong_to_nobody_are_counted_and_change_nothing() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    (frame,) = bench.unanswered()
    bench.answer(101_000, frame._replace(number=frame.number + 1), b"\x00\x00\x00")
    bench.answer(101_500, frame._replace(command=sm4.GET_STIM_STATUS), b"\x00\x01\x06")
    assert bench.kinds() == ["orphan"], "told of once, however many come"
    assert bench.reports[0].pending_since_us == 100_000, "the wait goes on"
    bench.answer(102_000, frame, b"\x00\x00\x00")
    bench.answer(103_000, frame, b"\x00\x00\x00")
    assert bench.kinds() == ["orphan", "answer"]
    assert bench.session.orphans == 3


def test_another_device_than_the_one_that_answered_is_not_armed() -> None:
    bench = Bench()
    bench.up()
    bench.reports.clear()
    bench.take(bench.session.command(50_000, Arm(50_000, 0)))
    bench.raw.clear()
    bench.answer_all(52_000, serial=b"SIM0000002")
    assert bench.kinds() == ["changed", "up"]
    assert "SIM0000002" in bench.reports[0].detail
    assert "SIM0000001" in bench.reports[0].detail
    frames = [frame for data in bench.raw for frame in sm4.Decoder().feed(data)]
    commands = [frame.command for frame in frames]
    assert sm4.LL_INIT not in commands
    assert sm4.LL_STOP in commands, "whatever it is doing ends"
    bench.take(bench.session.command(80_000, Arm(80_000, 0)))
    bench.answer_all(82_000, serial=b"SIM0000002")
    assert bench.session.state == "ready", "asked for once more, it is the known one"


def test_a_damaged_frame_is_told_of_and_those_behind_it_are_taken() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    (frame,) = bench.unanswered()
    good = sm4.ack(frame.number, frame.command, b"\x00\x00\x00")
    bad = bytes((*good[:-3], good[-3] ^ 1, *good[-2:]))
    bench.take(bench.session.receive(102_000, bad + good))
    assert bench.kinds() == ["answer", "corrupt"]


def test_an_answer_that_does_not_come_is_told_at_the_deadline() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    assert bench.wake_us <= 200_000
    bench.take(bench.session.tick(199_999))
    assert bench.kinds() == []
    bench.take(bench.session.tick(200_000))
    assert bench.kinds() == ["silent"]


def test_an_idle_link_is_polled_and_a_reset_device_noticed() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.tick(bench.wake_us))
    (frame,) = bench.unanswered()
    assert frame.command == sm4.GET_STIM_STATUS
    bench.answer(200_000, frame, bytes((0, sm4.STATUS_LL_INIT, 6)))
    assert bench.kinds() == ["answer"]
    bench.take(bench.session.tick(bench.wake_us))
    (frame,) = bench.unanswered()
    bench.answer(350_000, frame, bytes((0, sm4.STATUS_NONE, 1)))
    assert bench.kinds() == ["answer", "error"]


def test_a_stop_discards_what_waits_and_is_confirmed() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    bench.take(bench.session.command(101_000, pulse(101_000, channel=1)))
    bench.unanswered()
    step = bench.take(bench.session.command(102_000, Stop(102_000, 0, "test")))
    assert step.discard
    assert step.out == (bench.session.stop_bytes,)
    for frame in bench.unanswered():
        bench.answer(104_000, frame)
    assert bench.kinds() == ["idle"]
    bench.take(bench.session.tick(112_000))
    assert bench.kinds() == ["idle"], "the waiting pulse is gone, not skipped later"
    bench.take(bench.session.command(120_000, pulse(120_000)))
    assert bench.kinds() == ["idle", "skipped"], "stopped is not ready"


def test_a_wish_to_arm_waits_until_the_stop_is_confirmed() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, Stop(100_000, 0, "test")))
    stops = bench.unanswered()
    assert not bench.take(bench.session.command(100_500, Arm(100_500, 0))).out
    for frame in stops:
        bench.answer(102_000, frame)
    assert bench.kinds() == ["idle"]
    bench.answer_all(103_000)
    assert bench.kinds() == ["idle", "ready"]


def test_a_stop_takes_back_a_wish_to_arm_that_waits() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, Stop(100_000, 0, "test")))
    bench.take(bench.session.command(100_500, Arm(100_500, 0)))
    bench.take(bench.session.command(101_000, Stop(101_000, 0, "test")))
    bench.answer_all(103_000)
    assert (bench.kinds(), bench.session.state) == (["idle"], "up")


def test_a_deaf_device_is_cut_off_after_three_stops() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, Stop(100_000, 0, "test")))
    while bench.dropped == 0:
        assert bench.wake_us < NEVER_US
        now_us = bench.wake_us
        bench.take(bench.session.tick(now_us))
    assert bench.raw == [bench.session.stop_bytes] * 3
    assert bench.kinds() == ["stuck"]
    assert now_us - 100_000 <= 300_000


@pytest.mark.parametrize(
    ("results", "ended"),
    [
        ((sm4.NO_ERROR, sm4.NOT_INITIALISED), True),
        ((sm4.NOT_INITIALISED, sm4.NO_ERROR), True),
        ((sm4.NO_ERROR, sm4.INVALID_COMMAND), True),
        ((sm4.BUSY, sm4.NOT_INITIALISED), False),
        ((sm4.NO_ERROR, sm4.TRANSFER_ERROR), False),
        ((sm4.NO_ERROR, None), False),
    ],
)
def test_a_stop_is_confirmed_only_by_answers_that_mean_silence(
    results: tuple[int, int | None], ended: bool
) -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, Stop(100_000, 0, "test")))
    for frame, result in zip(bench.unanswered(), results, strict=True):
        bench.answer(101_000, frame, b"" if result is None else bytes((result,)))
    assert bench.kinds() == (["idle"] if ended else [])
    if not ended:
        bench.raw.clear()
        bench.take(bench.session.tick(bench.wake_us))
        assert bench.raw == [bench.session.stop_bytes], "so it is said again"


def test_a_stop_on_the_way_to_a_stop_is_written_again() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, Disarm(100_000, 0)))
    step = bench.take(bench.session.command(101_000, Stop(101_000, 0, "test")))
    assert step.out == (bench.session.stop_bytes,)


def test_a_hang_up_is_told_once_and_ends_everything() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.command(100_000, pulse(100_000)))
    bench.take(bench.session.hang_up(101_000, "unplugged"))
    bench.take(bench.session.hang_up(102_000, "unplugged"))
    assert bench.kinds() == ["down"]
    assert bench.wake_us == NEVER_US
    assert bench.take(bench.session.command(110_000, pulse(110_000))).out == ()


def test_after_a_hang_up_the_handshake_begins_anew_with_a_stop() -> None:
    bench = Bench()
    bench.ready()
    bench.take(bench.session.hang_up(101_000, "unplugged"))
    bench.unanswered()
    bench.take(bench.session.open(200_000))
    assert [frame.command for frame in bench.frames] == [sm4.LL_STOP, sm4.ML_STOP]


def test_a_device_that_never_answers_the_handshake_is_told_of_and_given_up() -> None:
    bench = Bench()
    bench.take(bench.session.open(0))
    for _ in range(10):
        if bench.wake_us == NEVER_US:
            break
        bench.take(bench.session.tick(bench.wake_us))
    assert bench.kinds() == ["stuck"]
