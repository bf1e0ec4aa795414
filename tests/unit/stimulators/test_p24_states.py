"""The P24's driver session from its opening to its end: what it asks, and what stops it."""

import pytest

from fes_ctrl.model import Disarm
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.talk import POLL_US, SELF, WHICH, Talk, opened, ready, report


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
    assert (
        talk.take(200_000, talk.session.command(200_000, Disarm(200_000, WHICH))).wake_at_us
        == 260_000
    )


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
    step = talk.take(102_000, talk.session.hang_up(102_000, "unplugged"))
    assert step == DriverStep((), (report(102_000, "down", "unplugged"),), NEVER_US)
    assert (talk.session.state, talk.session.identity) == ("dead", "")
    assert talk.tick(300_000) == DriverStep((), (), NEVER_US)
    assert talk.stop(300_000) == DriverStep((), (), NEVER_US)


def test_a_session_that_was_not_opened_says_nothing() -> None:
    talk = Talk()
    assert talk.session.state == "closed"
    assert talk.stop(0) == DriverStep((), (), NEVER_US)
    assert talk.tick(1_000_000) == DriverStep((), (), NEVER_US)
    assert talk.receive(1_000_000, b"\x00\x0f") == DriverStep((), (), NEVER_US)


def test_a_line_that_is_opened_anew_knows_no_device_until_it_answers() -> None:
    talk = ready()
    talk.open(200_000)
    assert talk.session.identity == ""
    talk.well(201_000)
    assert talk.session.identity == SELF


def test_a_stop_that_was_said_again_puts_off_the_next_poll() -> None:
    talk = ready()
    talk.stop(100_000)
    talk.tick(180_000)
    assert talk.well(181_000).reports == (report(181_000, "idle", "output ended"),)
    assert talk.step.wake_at_us == 180_000 + POLL_US


def test_a_pulse_that_was_answered_wakes_nobody_any_more() -> None:
    talk = ready()
    talk.pulse(100_000)
    talk.answer(101_000, talk.frames[0], b"\x00\x00\x00")
    talk.tick(100_000 + POLL_US)
    assert talk.asked() == [sm4.GET_STIM_STATUS]
    assert talk.step.wake_at_us == 100_000 + POLL_US + 100_000
