"""What the P24's driver session tells, to the word, and when it wants to be woken."""

from collections.abc import Callable

import pytest

from fes_ctrl.model import ASYMMETRIC, Arm, Disarm, LinkReport, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import P24Session, points_of
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4

WHICH = 3
POLL_US = 150_000
VERSION = bytes.fromhex("00 01 02 03 04 05 06 00")
SELF = "p24 AB12 firmware 1.2.3 protocol 4.5.6"
ANSWERS = {sm4.GET_DEVICE_ID: b"\x00AB12", sm4.GET_EXTENDED_VERSION: VERSION}


class Talk:
    """A session and what it said last; it is answered as a healthy device would."""

    def __init__(self) -> None:
        self.session = P24Session(capabilities_of(StimulatorConfig()), WHICH, 20_000, POLL_US)
        self.frames: list[sm4.Frame] = []
        self.step: DriverStep

    def take(self, step: DriverStep) -> DriverStep:
        self.step = step
        self.frames = [frame for data in step.out for frame in sm4.Decoder().feed(data)]
        return step

    def open(self, now_us: int = 0) -> DriverStep:
        return self.take(self.session.open(now_us))

    def arm(self, now_us: int) -> DriverStep:
        return self.take(self.session.command(now_us, Arm(now_us, WHICH)))

    def stop(self, now_us: int) -> DriverStep:
        return self.take(self.session.command(now_us, Stop(now_us, WHICH, "test")))

    def pulse(self, now_us: int, channel: int = 0, life_us: int = 10_000) -> DriverStep:
        point = Setpoint(now_us, 1, channel, 20_000, 300, now_us + life_us, 0)
        return self.take(self.session.command(now_us, point))

    def tick(self, now_us: int) -> DriverStep:
        return self.take(self.session.tick(now_us))

    def receive(self, now_us: int, data: bytes) -> DriverStep:
        return self.take(self.session.receive(now_us, data))

    def answer(self, now_us: int, frame: sm4.Frame, payload: bytes | None = None) -> DriverStep:
        body = ANSWERS.get(frame.command, b"\x00") if payload is None else payload
        return self.receive(now_us, sm4.ack(frame.number, frame.command, body))

    def well(self, now_us: int) -> DriverStep:
        """Answer each frame until nothing more is asked; all at one instant."""
        while self.frames:
            for frame in self.frames:
                self.answer(now_us, frame)
        return self.step

    def asked(self) -> list[int]:
        return [frame.command for frame in self.frames]


def report(t_us: int, kind: str, detail: str, pending_us: int = NEVER_US) -> LinkReport:
    return LinkReport(t_us, WHICH, kind, pending_us, detail)


def opened() -> Talk:
    talk = Talk()
    talk.open()
    talk.well(1_000)
    return talk


def ready() -> Talk:
    talk = opened()
    talk.arm(50_000)
    talk.well(52_000)
    assert talk.session.state == "ready"
    return talk


def test_a_handshake_and_an_arming_tell_who_the_device_is() -> None:
    talk = Talk()
    assert talk.session.identity == ""
    step = talk.open()
    assert (step.discard, step.drop, step.reports) == (True, False, ())
    assert talk.well(1_000).reports == (report(1_000, "up", SELF),)
    assert (talk.session.state, talk.session.identity) == ("up", SELF)
    assert not talk.arm(50_000).reports
    assert talk.well(52_000).reports == (report(52_000, "ready", SELF),)
    assert (talk.session.state, talk.session.identity) == ("ready", SELF)


def test_the_handshake_asks_one_thing_after_the_other() -> None:
    talk = Talk()
    talk.open(5_000)
    assert talk.step.wake_at_us == 85_000
    for frame in talk.frames:
        assert talk.step.reports == ()
        talk.answer(6_000, frame)
    assert talk.asked() == [sm4.GET_DEVICE_ID]
    assert talk.session.state == "hello"
    assert talk.step.wake_at_us == 106_000
    talk.answer(7_000, talk.frames[0])
    assert talk.asked() == [sm4.GET_EXTENDED_VERSION]
    assert talk.step.wake_at_us == 107_000
    talk.answer(8_000, talk.frames[0])
    assert talk.asked() == []
    assert talk.step.wake_at_us == 7_000 + POLL_US, "then the idle link is polled"
    talk.arm(50_000)
    assert talk.asked() == [sm4.GET_DEVICE_ID]
    assert (talk.session.state, talk.step.wake_at_us) == ("arming", 150_000)
    talk.answer(51_000, talk.frames[0])
    assert talk.asked() == [sm4.GET_EXTENDED_VERSION]
    talk.answer(52_000, talk.frames[0])
    assert talk.asked() == [sm4.LL_INIT]
    assert talk.step.wake_at_us == 152_000
    talk.answer(53_000, talk.frames[0])
    assert talk.step.wake_at_us == 52_000 + POLL_US


@pytest.mark.parametrize("answered", [0, 1])
def test_a_question_of_the_handshake_is_asked_three_times_and_then_all_begins_anew(
    answered: int,
) -> None:
    talk = Talk()
    talk.open()
    for frame in talk.frames:
        talk.answer(1_000, frame)
    for _ in range(answered):
        talk.answer(1_000, talk.frames[0])
    question = talk.asked()
    assert question == [(sm4.GET_DEVICE_ID, sm4.GET_EXTENDED_VERSION)[answered]]
    numbers = {talk.frames[0].number}
    for again_us in (101_000, 201_000):
        assert talk.step.wake_at_us == again_us
        assert talk.tick(again_us - 1).out == ()
        assert talk.tick(again_us).reports == ()
        assert talk.asked() == question
        numbers.add(talk.frames[0].number)
    assert len(numbers) == 3
    step = talk.tick(301_000)
    assert step.reports == (report(301_000, "silent", "3 questions were not answered"),)
    assert step.out == (talk.session.stop_bytes,)
    assert (talk.session.state, step.wake_at_us) == ("stopping", 381_000)
    assert talk.well(302_000).reports == (report(302_000, "up", SELF),)


@pytest.mark.parametrize("answered", [0, 1, 2])
def test_an_arming_that_is_not_answered_ends_in_a_stop_and_may_be_asked_for_again(
    answered: int,
) -> None:
    talk = opened()
    talk.arm(50_000)
    for _ in range(answered):
        talk.answer(50_000, talk.frames[0])
    question = talk.asked()
    assert question == [(sm4.GET_DEVICE_ID, sm4.GET_EXTENDED_VERSION, sm4.LL_INIT)[answered]]
    for again_us in (150_000, 250_000):
        talk.tick(again_us)
        assert talk.asked() == question
    step = talk.tick(350_000)
    assert step.reports == (report(350_000, "silent", "3 questions were not answered"),)
    assert step.out == (talk.session.stop_bytes,)
    assert talk.well(351_000).reports == (report(351_000, "idle", "output ended"),)
    talk.arm(360_000)
    assert talk.well(361_000).reports == (report(361_000, "ready", SELF),)


def test_each_question_has_its_own_three_tries() -> None:
    talk = Talk()
    talk.open()
    for frame in talk.frames:
        talk.answer(0, frame)
    now_us = 0
    for _ in range(2):
        for _ in range(2):
            now_us += 100_000
            assert talk.tick(now_us).reports == ()
        talk.answer(now_us, talk.frames[0])
    assert talk.step.reports == (report(now_us, "up", SELF),)
    talk.arm(now_us)
    for _ in range(3):
        for _ in range(2):
            now_us += 100_000
            assert talk.tick(now_us).reports == ()
        talk.answer(now_us, talk.frames[0])
    assert talk.step.reports == (report(now_us, "ready", SELF),)


def test_an_answer_to_a_question_that_was_asked_again_is_one_to_nobody() -> None:
    talk = Talk()
    talk.open()
    for frame in talk.frames:
        talk.answer(0, frame)
    first = talk.frames[0]
    talk.tick(100_000)
    second = talk.frames[0]
    step = talk.answer(101_000, first)
    assert step.reports == (
        report(101_000, "orphan", "1 answers to nobody so far", pending_us=100_000),
    )
    talk.answer(102_000, second)
    assert talk.asked() == [sm4.GET_EXTENDED_VERSION]


def test_a_wish_to_arm_that_cannot_be_met_is_answered_with_why() -> None:
    talk = Talk()
    assert talk.arm(0).reports == (report(0, "error", "cannot arm: device is closed"),)
    talk.open()
    assert talk.arm(10).reports == (report(10, "error", "cannot arm: device is stopping"),)
    talk = opened()
    talk.arm(50_000)
    assert talk.arm(50_001).reports == (
        report(50_001, "error", "cannot arm: device is arming", pending_us=50_000),
    )
    talk.session.hang_up(60_000, "gone")
    assert talk.arm(60_001).reports == (report(60_001, "error", "cannot arm: device is dead"),)


def test_a_device_that_is_ready_says_so_again_and_is_not_asked() -> None:
    talk = ready()
    step = talk.arm(60_000)
    assert (step.out, step.reports) == ((), (report(60_000, "ready", SELF),))


def test_a_pulse_for_a_device_that_is_not_ready_is_skipped_and_counted() -> None:
    talk = opened()
    step = talk.pulse(30_000)
    assert step.out == ()
    assert step.written == ()
    assert step.reports == (report(30_000, "skipped", "pulse of 30000 us device is up"),)
    assert talk.session.skipped == 1
    talk.pulse(31_000)
    assert talk.session.skipped == 2


def test_a_pulse_that_waited_too_long_is_told_of_by_its_instant() -> None:
    talk = ready()
    talk.pulse(100_000)
    talk.pulse(101_000, channel=1)
    assert talk.tick(111_000).reports == ()
    assert talk.tick(111_001).reports == (
        report(
            111_001,
            "skipped",
            "pulse of 101000 us expired before it could be written",
            pending_us=100_000,
        ),
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
        report(103_000, "skipped", "pulse of 101000 us waited when the device complained"),
        report(103_000, "skipped", "pulse of 102000 us waited when the device complained"),
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
    step = talk.tick(203_400)
    assert step.reports == (report(203_400, "silent", "no answer for 103 ms", pending_us=100_000),)
    assert not step.discard
    assert talk.tick(203_401).reports == ()


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
        (opened, 1, "device is in state 1, expected 0: it was reset or driven by another"),
        (ready, 0, "device is in state 0, expected 1: it was reset or driven by another"),
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


def test_a_stop_is_said_three_times_and_then_the_line_is_cut() -> None:
    talk = ready()
    step = talk.stop(100_000)
    assert step == DriverStep((talk.session.stop_bytes,), (), 180_000, discard=True)
    for again_us in (180_000, 260_000):
        assert talk.tick(again_us - 1) == DriverStep((), (), again_us)
        assert talk.tick(again_us) == DriverStep((talk.session.stop_bytes,), (), again_us + 80_000)
    assert talk.tick(340_000) == DriverStep(
        (), (report(340_000, "stuck", "3 stops were not confirmed; line cut"),), NEVER_US, drop=True
    )
    assert talk.stop(341_000) == DriverStep((), (), NEVER_US), "there is no line to say it on"


@pytest.mark.parametrize("first", [0, 1])
def test_a_stop_is_confirmed_by_both_levels_in_either_order(first: int) -> None:
    talk = ready()
    talk.stop(100_000)
    frames = talk.frames
    assert talk.answer(101_000, frames[first]).reports == ()
    assert talk.answer(101_500, frames[first]).reports == (), "twice the same is not both"
    assert talk.answer(102_000, frames[1 - first]).reports == (
        report(102_000, "idle", "output ended"),
    )
    assert talk.session.state == "up"
    assert talk.step.wake_at_us == 100_000 + POLL_US


def test_a_stop_waits_for_the_answers_to_itself_alone() -> None:
    talk = ready()
    talk.pulse(100_000)
    late = talk.frames[0]
    talk.stop(101_000)
    stops = talk.frames
    error = sm4.encode(40, sm4.GENERAL_ERROR, b"\x0a")
    for data in (sm4.ack(late.number, late.command, b"\x0a\x00\x00"), error):
        assert talk.receive(102_000, data) == DriverStep((), (), 181_000)
    for frame in stops:
        talk.answer(103_000, frame)
    assert talk.step.reports == (report(103_000, "idle", "output ended"),)
    assert talk.session.orphans == 0


def test_an_answer_to_a_stop_that_is_over_changes_nothing() -> None:
    talk = ready()
    talk.stop(100_000)
    stops = talk.frames
    talk.well(101_000)
    talk.arm(102_000)
    talk.well(103_000)
    for frame in stops:
        assert talk.answer(104_000, frame).reports == ()
    assert talk.session.state == "ready"


def test_a_stop_before_the_device_is_known_asks_afterwards_who_it_is() -> None:
    talk = Talk()
    talk.open()
    for frame in talk.frames:
        talk.answer(1_000, frame)
    assert talk.asked() == [sm4.GET_DEVICE_ID]
    step = talk.stop(2_000)
    assert step == DriverStep((talk.session.stop_bytes,), (), 82_000, discard=True)
    assert talk.well(3_000).reports == (report(3_000, "up", SELF),)


def test_one_more_stop_while_stopping_does_not_put_off_the_end() -> None:
    talk = ready()
    talk.stop(100_000)
    again = DriverStep((talk.session.stop_bytes,), (), 180_000, discard=True)
    assert talk.stop(150_000) == again
    talk.tick(180_000)
    assert talk.take(talk.session.command(200_000, Disarm(200_000, WHICH))).wake_at_us == 260_000


def test_a_stop_of_the_opening_is_followed_by_the_question_whatever_is_commanded() -> None:
    talk = Talk()
    talk.open()
    stops = talk.frames
    talk.stop(500)
    for frame in stops:
        talk.answer(1_000, frame)
    assert talk.asked() == [sm4.GET_DEVICE_ID]


def test_a_changed_device_is_stopped_and_named_with_the_one_it_was() -> None:
    talk = opened()
    talk.arm(50_000)
    talk.answer(51_000, talk.frames[0], b"\x00CD34")
    step = talk.answer(52_000, talk.frames[0])
    other = SELF.replace("AB12", "CD34")
    assert step.reports == (report(52_000, "changed", f"{other} answers, it was {SELF}"),)
    assert step.out == (talk.session.stop_bytes,)
    assert (talk.session.identity, step.wake_at_us) == ("", 132_000)


def test_a_connection_that_is_gone_is_told_of_with_its_reason_and_forgets_the_device() -> None:
    talk = ready()
    talk.pulse(100_000)
    talk.pulse(101_000, channel=1)
    step = talk.take(talk.session.hang_up(102_000, "unplugged"))
    assert step == DriverStep((), (report(102_000, "down", "unplugged"),), NEVER_US)
    assert (talk.session.state, talk.session.identity) == ("dead", "")
    assert talk.tick(300_000) == DriverStep((), (), NEVER_US)
    assert talk.stop(300_000) == DriverStep((), (), NEVER_US)


def test_a_session_that_was_not_opened_says_nothing() -> None:
    talk = Talk()
    assert talk.session.state == "closed"
    assert talk.stop(0) == DriverStep((), (), NEVER_US)
    assert talk.tick(1_000_000) == DriverStep((), (), NEVER_US)


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
