"""Questions beside stimulation: every answer at its caller, none that could start output."""

from random import Random

import pytest

from fes_ctrl.stimulators.p24_inquiry import (
    ABOUT,
    ASKABLE,
    DEADLINE_US,
    UNANSWERED,
    P24Inquiry,
    about,
)
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage


def test_what_starts_or_prolongs_output_cannot_be_asked() -> None:
    inquiry = P24Inquiry()
    for command in range(1024):
        if command not in ASKABLE:
            with pytest.raises(ValueError, match=f"command {command}:"):
                inquiry.ask(0, command)
    starts = {sm4.LL_INIT, sm4.LL_CHANNEL_CONFIG, sm4.ML_INIT, sm4.ML_UPDATE}
    assert not {*starts, sm4.ML_GET_CURRENT_DATA} & set(ASKABLE)


def test_answers_in_any_order_reach_the_questions_they_belong_to() -> None:
    random = Random(7)
    inquiry = P24Inquiry()
    on_the_way: list[tuple[int, bytes]] = []
    asked: dict[int, int] = {}
    answered: dict[int, int] = {}
    for now_us in range(0, 3_000_000, 1_000):
        for _ in range(random.randrange(3)):
            command = random.choice(ASKABLE)
            ticket, frame = inquiry.ask(now_us, command)
            asked[ticket] = command
            ((number, said, _),) = sm4.Decoder().feed(frame)
            answer = sm4.ack(number, said, bytes((0, said)))
            on_the_way.append((now_us + random.randrange(30_000), answer))
        due = [answer for at_us, answer in on_the_way if at_us <= now_us]
        on_the_way = [one for one in on_the_way if one[0] > now_us]
        random.shuffle(due)
        for reply in inquiry.receive(now_us, b"".join(due)):
            assert reply.payload == bytes((0, asked[reply.ticket]))
            assert reply.ticket not in answered
            answered[reply.ticket] = reply.command
    late = inquiry.receive(3_000_000, b"".join([answer for _, answer in on_the_way]))
    answered |= {reply.ticket: reply.command for reply in late}
    assert answered == asked
    assert inquiry.late == 0


def test_no_answer_is_told_in_time_and_a_late_one_reaches_nobody() -> None:
    inquiry = P24Inquiry()
    ticket, frame = inquiry.ask(1_000, sm4.RESET)
    assert inquiry.wake_at_us() == 1_000 + DEADLINE_US
    assert inquiry.tick(DEADLINE_US) == []
    assert inquiry.tick(1_000 + DEADLINE_US) == [(ticket, sm4.RESET, UNANSWERED, b"")]
    assert inquiry.wake_at_us() == NEVER_US
    ((number, command, _),) = sm4.Decoder().feed(frame)
    assert inquiry.receive(2 * DEADLINE_US, sm4.ack(number, command, b"\x00")) == []
    assert inquiry.late == 1


def test_errors_by_number_belong_to_their_question() -> None:
    inquiry = P24Inquiry()
    first, _ = inquiry.ask(0, sm4.GET_MAIN_STATUS)
    second, _ = inquiry.ask(0, sm4.SET_POWER, bytes(8))
    data = sm4.encode(1, sm4.GENERAL_ERROR, b"\x04") + sm4.encode(0, sm4.UNKNOWN_COMMAND, b"\x0b")
    assert [(r.ticket, r.result) for r in inquiry.receive(1, data)] == [(second, 4), (first, 11)]


def test_more_questions_than_there_are_numbers_are_refused() -> None:
    inquiry = P24Inquiry()
    for _ in range(62):
        inquiry.ask(0, sm4.GET_STIM_STATUS)
    with pytest.raises(ValueError, match="no number is free"):
        inquiry.ask(0, sm4.GET_STIM_STATUS)


def test_what_a_device_says_of_itself_is_put_together() -> None:
    device = SimulatedP24(OutputStage(8), Random(1))
    inquiry = P24Inquiry()
    out = b""
    for command in ABOUT:
        out += device.receive(0, inquiry.ask(0, command)[1]).out
    out += device.tick(10_000).out
    replies = inquiry.receive(10_000, out)
    told = about({reply.command: reply.payload for reply in replies})
    assert None not in told.values()
    assert told["battery_mV"] == 7900
    assert told["firmware_hash_valid"] is True
    missing = about({})
    assert missing["id"] is missing["battery_mV"] is missing["level"] is None
