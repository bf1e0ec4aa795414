"""Questions beside stimulation: every answer at its caller, none that could start output."""

from random import Random

import pytest

from fes_ctrl.stimulators.p24_inquiry import (
    ABOUT,
    ASKABLE,
    DEADLINE_US,
    UNANSWERED,
    P24Inquiry,
    Reply,
    about,
)
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire.sciencemode4_answers import (
    Battery,
    Build,
    Versions,
    encode_battery,
    encode_extended_version,
    encode_versions,
)
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


def test_a_clock_that_goes_back_between_two_questions_leaves_each_its_own_deadline() -> None:
    inquiry = P24Inquiry()
    inquiry.ask(10_000_000, sm4.GET_STIM_STATUS)
    inquiry.ask(1_000, sm4.GET_MAIN_STATUS)
    assert inquiry.tick(1_000 + DEADLINE_US) == [(2, sm4.GET_MAIN_STATUS, UNANSWERED, b"")]
    assert inquiry.receive(600_000, sm4.ack(1, sm4.GET_MAIN_STATUS, b"\0\1")) == []
    assert inquiry.late == 1
    told = inquiry.receive(600_000, sm4.ack(0, sm4.GET_STIM_STATUS, b"\0\0\1"))
    assert told == [Reply(1, sm4.GET_STIM_STATUS, 0, b"\0\0\1")]


def test_errors_by_number_belong_to_their_question() -> None:
    inquiry = P24Inquiry()
    first, _ = inquiry.ask(0, sm4.GET_MAIN_STATUS)
    second, _ = inquiry.ask(0, sm4.SET_POWER, bytes(8))
    data = sm4.encode(1, sm4.GENERAL_ERROR, b"\x04") + sm4.encode(0, sm4.UNKNOWN_COMMAND, b"\x0b")
    assert [(r.ticket, r.result) for r in inquiry.receive(1, data)] == [(second, 4), (first, 11)]


def test_tickets_count_from_one_and_a_frame_says_what_it_is_told_to() -> None:
    inquiry = P24Inquiry()
    asked = [
        inquiry.ask(0, sm4.GET_MAIN_STATUS),
        inquiry.ask(0, sm4.SET_POWER, b"12345678"),
        inquiry.ask(0, sm4.GET_MAIN_STATUS),
    ]
    assert asked == [
        (1, sm4.encode(0, sm4.GET_MAIN_STATUS, b"")),
        (2, sm4.encode(1, sm4.SET_POWER, b"12345678")),
        (3, sm4.encode(2, sm4.GET_MAIN_STATUS, b"")),
    ]


def test_an_answer_that_says_nothing_has_no_result() -> None:
    inquiry = P24Inquiry()
    ticket, _ = inquiry.ask(0, sm4.RESET)
    told = inquiry.receive(1, sm4.encode(0, sm4.RESET + 1, b""))
    assert told == [Reply(ticket, sm4.RESET, UNANSWERED, b"")]


def test_the_next_question_takes_the_one_number_that_is_free() -> None:
    inquiry = P24Inquiry()
    for _ in range(62):
        inquiry.ask(0, sm4.GET_STIM_STATUS)
    answer = sm4.ack(5, sm4.GET_STIM_STATUS, b"\0\0\1")
    assert inquiry.receive(1, answer) == [Reply(6, sm4.GET_STIM_STATUS, 0, b"\0\0\1")]
    assert inquiry.ask(2, sm4.RESET) == (63, sm4.encode(5, sm4.RESET, b""))


def test_one_that_is_overdue_is_told_though_younger_ones_wait() -> None:
    inquiry = P24Inquiry()
    inquiry.ask(0, sm4.GET_STIM_STATUS)
    inquiry.ask(10, sm4.GET_MAIN_STATUS)
    assert inquiry.tick(DEADLINE_US + 9) == [(1, sm4.GET_STIM_STATUS, UNANSWERED, b"")]
    assert inquiry.wake_at_us() == DEADLINE_US + 10
    told = inquiry.receive(DEADLINE_US + 10, b"")
    assert told == [(2, sm4.GET_MAIN_STATUS, UNANSWERED, b"")]


def test_more_questions_than_there_are_numbers_are_refused() -> None:
    inquiry = P24Inquiry()
    for _ in range(62):
        inquiry.ask(0, sm4.GET_STIM_STATUS)
    with pytest.raises(ValueError, match="no number is free"):
        inquiry.ask(0, sm4.GET_STIM_STATUS)


def test_what_a_device_says_of_itself_is_put_together() -> None:
    versions = Versions((1, 2, 3), (4, 5, 6))
    told = about(
        {
            sm4.GET_DEVICE_ID: b"\0AB12\0",
            sm4.GET_EXTENDED_VERSION: encode_extended_version(0, versions, Build(0xAB, 1, True)),
            sm4.GET_VERSION_MAIN: encode_versions(0, Versions((1, 0, 0), (2, 0, 0))),
            sm4.GET_VERSION_STIM: encode_versions(0, Versions((3, 0, 0), (4, 0, 0))),
            sm4.GET_BATTERY_STATUS: encode_battery(0, Battery(87, 7_900)),
            sm4.GET_STIM_STATUS: bytes((0, 3, 1)),
            sm4.GET_MAIN_STATUS: bytes((0, 9)),
        }
    )
    assert told == {
        "device": "p24",
        "id": "AB12",
        "versions": {
            "device": "firmware 1.2.3 protocol 4.5.6",
            "main": "firmware 1.0.0 protocol 2.0.0",
            "stimulation": "firmware 3.0.0 protocol 4.0.0",
        },
        "firmware_hash": "000000ab",
        "firmware_hash_valid": True,
        "battery_percent": 87,
        "battery_mV": 7_900,
        "level": "mid level, running",
        "high_voltage_code": 1,
        "main_status": 9,
    }


def test_what_a_device_does_not_say_is_left_open() -> None:
    nothing = dict.fromkeys(("device", "main", "stimulation"))
    told = about({})
    assert told.pop("device") == "p24"
    assert told.pop("versions") == nothing
    assert set(told.values()) == {None}
    assert len(told) == 8


def test_a_level_that_nobody_knows_is_told_by_its_number() -> None:
    levels = [about({sm4.GET_STIM_STATUS: bytes((0, code, 1))})["level"] for code in range(6)]
    assert levels == [*sm4.STATUS_NAMES, "status 4", "status 5"]


def test_a_simulated_device_answers_all_that_can_be_asked_about_it() -> None:
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
