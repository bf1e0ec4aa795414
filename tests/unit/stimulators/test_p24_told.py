"""What the P24's driver session tells of pulses and answers, and when it is to be woken."""

from collections.abc import Callable

import pytest

from fes_ctrl.model import ASYMMETRIC, Setpoint
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.p24_level import Level, points_of
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.talk import POLL_US, SELF, WHICH, Talk, opened, ready, report, skip


def test_a_pulse_for_a_device_that_is_not_ready_is_skipped_and_counted() -> None:
    talk = opened()
    step = talk.pulse(30_000)
    assert step.out == ()
    assert step.written == ()
    assert step.reports == (skip(30_000, 30_000, "device is up"),)
    assert talk.session.skipped == 1
    talk.pulse(31_000)
    assert talk.session.skipped == 2


def test_a_pulse_that_waited_too_long_is_told_of_by_its_instant() -> None:
    talk = ready()
    talk.pulse(100_000)
    assert talk.pulse(101_000, channel=1).wake_at_us == 110_001, "it cannot be written sooner"
    assert talk.tick(111_000).reports == ()
    assert talk.tick(111_001).reports == (
        skip(111_001, 101_000, "expired before it could be written", 1, 100_000),
    )
    assert talk.session.skipped == 1


def test_what_waits_when_the_device_complains_is_told_of_each_by_itself() -> None:
    talk = ready()
    talk.pulse(100_000)
    frame = talk.frames[0]
    talk.pulse(101_000, channel=1)
    talk.pulse(102_000, channel=2)
    step = talk.answer(103_000, frame, b"\x15\x00\x00")
    assert step.reports == (
        report(103_000, "error", "command 2: busy (21)"),
        skip(103_000, 101_000, "waited when the device complained", 1),
        skip(103_000, 102_000, "waited when the device complained", 2),
    )
    assert talk.session.skipped == 2


@pytest.mark.parametrize(
    ("payload", "kind", "detail"),
    [
        (b"\x0a\x00\x00", "electrode", "command 2: electrode error (10)"),
        (b"\x02", "error", "command 2: parameter error (2)"),
        (b"\xff", "error", "command 2: unknown result (255)"),
        (b"", "error", "command 2: unknown result (-1)"),
    ],
)
def test_a_refusal_names_the_command_and_the_result(payload: bytes, kind: str, detail: str) -> None:
    talk = ready()
    talk.pulse(100_000)
    assert talk.answer(101_000, talk.frames[0], payload).reports == (report(101_000, kind, detail),)


@pytest.mark.parametrize(
    ("command", "payload", "kind", "detail"),
    [
        (sm4.GENERAL_ERROR, b"\x0a", "electrode", "answer 66: electrode error (10)"),
        (sm4.GENERAL_ERROR, b"", "error", "answer 66: unknown result (-1)"),
        (sm4.UNKNOWN_COMMAND, b"\x0b", "error", "answer 67: invalid command (11)"),
    ],
)
def test_an_error_of_the_devices_own_names_what_it_is_and_is_no_orphan(
    command: int, payload: bytes, kind: str, detail: str
) -> None:
    talk = ready()
    data = sm4.encode(40, command, payload)
    assert talk.receive(100_000, data).reports == (report(100_000, kind, detail),)
    assert talk.receive(101_000, data).reports == (report(101_000, kind, detail),)


def test_an_error_that_names_a_frame_ends_the_wait_for_its_answer() -> None:
    talk = ready()
    talk.pulse(100_000)
    number = talk.frames[0].number
    step = talk.receive(101_000, sm4.encode(number, sm4.GENERAL_ERROR, b"\x04"))
    assert step.reports == (
        report(101_000, "error", "answer 66: stimulation controller timed out (4)"),
    )
    talk.pulse(125_000)
    assert talk.asked() == [sm4.LL_CHANNEL_CONFIG]


def test_answers_to_nobody_are_told_of_every_ten_seconds_at_most() -> None:
    talk = ready()
    stray = sm4.ack(50, sm4.LL_CHANNEL_CONFIG, b"\x00\x00\x00")
    told = [
        report(100_000, "orphan", "1 answers to nobody so far"),
        report(10_100_000, "orphan", "3 answers to nobody so far"),
    ]
    reports = [
        each
        for t_us in (100_000, 10_099_999, 10_100_000)
        for each in talk.receive(t_us, stray).reports
    ]
    assert reports == told
    assert talk.session.orphans == 3


def test_damaged_frames_are_told_of_every_ten_seconds_at_most_and_apart_from_orphans() -> None:
    talk = ready()
    good = sm4.ack(50, sm4.LL_CHANNEL_CONFIG, b"\x00\x00\x00")
    bad = bytes((*good[:-3], good[-3] ^ 1, *good[-2:]))
    assert talk.receive(100_000, bad).reports == (
        report(100_000, "corrupt", "1 damaged frames so far"),
    )
    assert talk.receive(100_001, good).reports == (
        report(100_001, "orphan", "1 answers to nobody so far"),
    )
    assert talk.receive(10_099_999, bad).reports == ()
    assert talk.receive(10_100_000, b"").reports == (), "nothing new, nothing to tell"
    assert talk.receive(10_100_000, bad).reports == (
        report(10_100_000, "corrupt", "3 damaged frames so far"),
    )


def test_what_was_damaged_on_a_line_that_is_gone_is_not_told_of_on_the_next() -> None:
    talk = ready()
    good = sm4.ack(50, sm4.LL_CHANNEL_CONFIG, b"\x00\x00\x00")
    talk.receive(100_000, bytes((*good[:-3], good[-3] ^ 1, *good[-2:])) + good[:7])
    talk.session.hang_up(101_000, "gone")
    talk.open(20_000_000)
    assert talk.well(20_001_000).reports == (report(20_001_000, "up", SELF),)


def test_an_answer_that_stays_away_is_told_of_once_and_by_how_long() -> None:
    talk = ready()
    talk.pulse(100_000)
    assert talk.step.wake_at_us == 110_001, "to take it back from this side of the line"
    assert talk.tick(110_001).wake_at_us == 200_000
    step = talk.tick(1_100_400)
    assert step.reports == (
        report(1_100_400, "silent", "no answer for 1000 ms", pending_us=100_000),
    )
    assert not step.discard
    assert talk.tick(1_100_401).reports == ()


def test_a_younger_frames_answer_is_still_waited_for() -> None:
    talk = ready()
    talk.tick(talk.step.wake_at_us)
    polled_us = 52_000 + POLL_US
    assert talk.asked() == [sm4.GET_STIM_STATUS]
    talk.pulse(polled_us + 60_000)
    younger = talk.frames[0]
    step = talk.tick(polled_us + 100_000)
    assert step.reports == (
        report(polled_us + 100_000, "silent", "no answer for 100 ms", pending_us=polled_us),
    )
    assert talk.answer(polled_us + 101_000, younger).reports == (
        report(polled_us + 101_000, "answer", ""),
    )


@pytest.mark.parametrize(("life_us", "void_us"), [(10_000, 110_000), (2_000, 105_000)])
def test_a_pulse_whose_time_is_over_is_taken_back_from_this_side_of_the_line_once(
    life_us: int, void_us: int
) -> None:
    talk = ready()
    assert talk.pulse(100_000, life_us=life_us).wake_at_us == void_us + 1
    assert talk.tick(void_us) == DriverStep((), (), void_us + 1)
    assert talk.tick(void_us + 1) == DriverStep((sm4.FRAME_ENDS,), (), 200_000, discard=True)
    assert talk.tick(void_us + 2) == DriverStep((), (), 200_000)


MISSED = "a pulse was taken back and not answered, what was asked behind it was"


def taken_back(void_us: int = 110_000) -> Talk:
    """A pulse of 100 000 us that its link may have taken back."""
    talk = ready()
    talk.pulse(100_000)
    talk.tick(void_us + 1)
    talk.take(void_us + 1, talk.session.taken_back(void_us + 1))
    return talk


def test_what_became_of_a_pulse_that_was_taken_back_is_asked_in_time() -> None:
    talk = taken_back()
    assert talk.step == DriverStep((), (), 150_000)
    assert talk.tick(149_999) == DriverStep((), (), 150_000)
    assert talk.tick(150_000).wake_at_us == 200_000
    assert talk.asked() == [sm4.GET_STIM_STATUS]
    told = talk.answer(152_000, talk.frames[0], b"\x00\x01\x06").reports
    assert told == (
        report(152_000, "answer", ""),
        report(152_000, "missed", MISSED)._replace(channel=0),
    )
    # It may have been given until then: the next keeps its distance.
    assert talk.pulse(155_000, life_us=30_000).out == ()
    assert talk.step.wake_at_us == 172_000
    talk.tick(172_000)
    assert talk.asked() == [sm4.LL_CHANNEL_CONFIG]


@pytest.mark.parametrize("asked", [True, False])
def test_a_device_that_answers_neither_pulse_nor_question_is_silent_as_soon_as_ever(
    asked: bool,
) -> None:
    talk = taken_back() if asked else ready()
    if asked:
        talk.tick(150_000)
    else:
        talk.pulse(100_000)
        talk.tick(110_001)
    assert talk.tick(199_999).reports == ()
    assert talk.tick(200_000).reports == (
        report(200_000, "silent", "no answer for 100 ms", pending_us=100_000),
    )


def test_a_pulse_that_had_left_after_all_is_answered_for_itself() -> None:
    talk = ready()
    talk.pulse(100_000)
    (pulse,) = talk.frames
    talk.tick(110_001)
    talk.take(110_001, talk.session.taken_back(110_001))
    assert talk.answer(140_000, pulse, b"\x00\x00\x00").reports == (report(140_000, "answer", ""),)
    assert talk.step.wake_at_us > 200_000, "nothing is to be asked any more"


def test_a_pulse_whose_answer_may_have_been_damaged_is_missed() -> None:
    for damaged_us in (100_000, 105_000, 120_000):
        talk = ready()
        talk.pulse(100_000)
        good = sm4.ack(50, sm4.LL_CHANNEL_CONFIG, b"\x00\x00\x00")
        bad = bytes((*good[:-3], good[-3] ^ 1, *good[-2:]))
        if damaged_us < 110_001:
            talk.receive(damaged_us, bad)
        talk.tick(110_001)
        talk.take(110_001, talk.session.taken_back(110_001))
        if damaged_us > 110_001:
            talk.receive(damaged_us, bad)
        assert talk.tick(150_000).out == ()
        (told,) = talk.tick(200_000).reports
        assert told.kind == "silent"


def test_an_idle_link_is_polled_after_its_pause_and_not_while_an_answer_is_out() -> None:
    talk = opened()
    at_us = talk.step.wake_at_us
    assert at_us == 1_000 + POLL_US
    assert talk.tick(at_us - 1).out == ()
    assert talk.tick(at_us).wake_at_us == at_us + 100_000
    assert talk.asked() == [sm4.GET_STIM_STATUS]
    poll = talk.frames[0]
    assert talk.tick(at_us + 99_999).out == ()
    assert talk.answer(at_us + 99_999, poll, b"\x00\x00\x06").reports == (
        report(at_us + 99_999, "answer", ""),
    )
    assert talk.step.wake_at_us == at_us + POLL_US


@pytest.mark.parametrize(
    ("make", "status", "detail"),
    [
        (opened, 1, "device is in state 1, it was stopped: it was reset or driven by another"),
        (ready, 0, "device is in state 0, it was armed: it was reset or driven by another"),
    ],
)
def test_a_device_in_another_state_than_it_was_put_into_is_told_of(
    make: Callable[[], Talk], status: int, detail: str
) -> None:
    talk = make()
    at_us = talk.step.wake_at_us
    talk.tick(at_us)
    step = talk.answer(at_us + 1_000, talk.frames[0], bytes((0, status, 6)))
    assert step.reports == (report(at_us + 1_000, "error", detail),)


def test_a_long_shallow_second_phase_is_written_as_one() -> None:
    talk = ready()
    point = Setpoint(100_000, 1, 4, -22_000, 300, 110_000, ASYMMETRIC)
    assert talk.take(100_000, talk.session.command(100_000, point)).written == (point,)
    said = sm4.decode_channel_config(talk.frames[0].payload)
    assert said == (4, True, ((300, -22_000), (1_200, 5_500)))


def test_both_phases_of_a_pulse_carry_the_same_charge() -> None:
    point = Setpoint(0, 1, 0, 20_000, 300, 10_000, 0)
    assert points_of(point) == ((300, 20_000), (300, -20_000))
    long = point._replace(waveform=ASYMMETRIC)
    assert points_of(long) == ((300, 20_000), (1_200, -5_000))
    assert points_of(long._replace(current_ua=-20_000)) == ((300, -20_000), (1_200, 5_000))


def test_the_devices_own_least_distance_holds_where_less_is_asked_for() -> None:
    talk = Talk()
    device = capabilities_of(StimulatorConfig())
    talk.session = P24Session(device, WHICH, 0, POLL_US)
    talk.open()
    talk.well(1_000)
    talk.arm(50_000)
    talk.well(52_000)
    talk.pulse(100_000)
    talk.answer(100_100, talk.frames[0], b"\x00\x00\x00")
    step = talk.pulse(100_200)
    assert (step.out, step.wake_at_us) == ((), 100_000 + device.min_interval_us)
    assert talk.tick(step.wake_at_us).written != ()


def test_a_pulse_that_the_device_cannot_give_is_dropped_as_an_error_and_never_rounded() -> None:
    talk = ready()
    point = Setpoint(100_000, 1, 5, 20_250, 300, 110_000, 0)
    step = talk.take(100_000, talk.session.command(100_000, point))
    refused = "setpoint refused: 20.25 mA for 300 us: no whole steps of the device"
    assert (step.out, step.written) == ((), ())
    assert step.reports == (
        skip(100_000, 100_000, "refused by the driver", 5),
        report(100_000, "error", refused)._replace(channel=5),
    )


def test_a_device_that_no_more_answers_is_asked_three_times_and_keeps_its_line() -> None:
    talk = opened()
    talk.arm(50_000)
    asked, now_us = [talk.asked()], 50_000
    while talk.session.state == "arming":
        now_us = talk.step.wake_at_us
        step = talk.tick(now_us)
        asked.append(talk.asked())
        assert not step.drop
    assert asked[:3] == [[sm4.GET_DEVICE_ID]] * 3
    assert talk.session.state == "stopping"
    assert step.reports == (report(now_us, "silent", "3 questions were not answered"),)
    talk.well(now_us + 1_000)
    assert talk.session.state == "up"


class AskedWhen:
    """A level that remembers of when each status is that it is held against."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self.asked_us: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._level, name)

    def agrees(self, status: int, asked_us: int) -> bool:
        self.asked_us.append(asked_us)
        return self._level.agrees(status, asked_us)


def test_a_status_is_held_against_what_was_when_it_was_asked() -> None:
    talk = ready()
    level = talk.session._level = AskedWhen(talk.session._level)
    at_us = talk.step.wake_at_us
    talk.tick(at_us)
    talk.answer(at_us + 50_000, talk.frames[0], b"\x00\x01\x06")
    assert level.asked_us == [at_us]
