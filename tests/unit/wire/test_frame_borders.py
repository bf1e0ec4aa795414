"""Frames made by hand that are right but for one thing, and headers that state what cannot be."""

import re
from binascii import crc_hqx
from collections.abc import Callable

import pytest

from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode2_frames as second
from fes_ctrl.wire import sciencemode4_answers as answers
from fes_ctrl.wire import sciencemode4_frames as fourth

MASK = 0x55


def fourth_frame(body: bytes, stated: int | None = None) -> bytes:
    """Return a frame of ScienceMode4 around a body that is taken as it is."""
    length = len(body) + 10 if stated is None else stated
    header = b"\xf0"
    for value in (*length.to_bytes(2, "big"), *crc_hqx(body, 0).to_bytes(2, "big")):
        header += bytes((0x81, value ^ MASK))
    return header + body + b"\x0f"


def second_frame(body: bytes, off: int = 0) -> bytes:
    """Return a frame of ScienceMode2 around a body that is taken as it is."""
    check = second.crc8(body) ^ off
    return bytes((0xF0, 0x81, check ^ MASK, 0x81, len(body) ^ MASK)) + body + b"\x0f"


# -- ScienceMode4 -------------------------------------------------------------------------------


def test_a_hand_made_frame_is_read() -> None:
    assert fourth.Decoder().feed(fourth_frame(b"\x04\x63\x07")) == [fourth.Frame(1, 99, b"\x07")]


@pytest.mark.parametrize(
    "body",
    [
        b"\x04\x63\x0f\x07",  # a bare end
        b"\x04\x63\xf0\x07",  # a bare start
        b"\x81\xd4",  # one plain byte: half a head
        b"\x04\x81",  # an escape of nothing
    ],
)
def test_a_body_that_no_encoder_makes_is_no_frame(body: bytes) -> None:
    decoder = fourth.Decoder()
    assert decoder.feed(fourth_frame(body) + fourth.encode(2, 98)) == [fourth.Frame(2, 98, b"")]
    assert decoder.rejected >= 1


@pytest.mark.parametrize("stated", [0, 9, 11, 1201, 65_535])
@pytest.mark.parametrize("more", [0, 3])
def test_a_header_that_states_no_possible_length_is_not_waited_for(stated: int, more: int) -> None:
    decoder = fourth.Decoder()
    decoder.feed(fourth_frame(b"\x04\x63\x07", stated)[: fourth.HEADER_LENGTH + more])
    assert (decoder.rejected, decoder.junk) == (1, fourth.HEADER_LENGTH + more)


@pytest.mark.parametrize("stated", [12, 1200])
def test_a_header_that_states_a_possible_length_is_waited_for(stated: int) -> None:
    decoder = fourth.Decoder()
    assert decoder.feed(fourth_frame(b"\x04\x63", stated)[:-1]) == []
    assert (decoder.rejected, decoder.junk) == (0, 0)


def test_what_was_rejected_and_what_was_junk_adds_up() -> None:
    decoder = fourth.Decoder()
    whole = fourth.encode(2, 98)
    for count in (1, 2, 3):
        assert decoder.feed(b"\x01\xf0\xf0" + whole) == [fourth.Frame(2, 98, b"")]
        assert (decoder.rejected, decoder.junk) == (2 * count, 3 * count)
    assert decoder.feed(b"\xf0" + whole) == [fourth.Frame(2, 98, b"")], "not a byte is passed over"
    assert (decoder.rejected, decoder.junk) == (7, 10)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (lambda: fourth.encode(0, 1024), "command 1024: must be 0 to 1023"),
        (lambda: fourth.encode(0, -1), "command -1: must be 0 to 1023"),
        (lambda: fourth.encode(64, 0), "packet number 64: must be 0 to 63"),
        (lambda: fourth.encode(-1, 0), "packet number -1: must be 0 to 63"),
        (lambda: sm2.single_pulse(0, 8, 300, 20_000), "channel 8: must be 0 to 7"),
        (lambda: sm2.single_pulse(0, 0, 300, 131_000), "pulse of 131 mA: must be 0 to 130 mA"),
    ],
)
def test_what_a_frame_cannot_say_is_refused_in_its_own_words(
    frame: Callable[[], bytes], says: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        frame()


def test_the_highest_number_and_command_are_said() -> None:
    (frame,) = fourth.Decoder().feed(fourth.encode(63, 1023))
    assert frame == (63, 1023, b"")


def test_a_pulse_of_which_nothing_was_measured_is_read_at_its_own_length() -> None:
    said = answers.PulseAnswer(7, 0, 0, ())
    assert answers.decode_pulse_answer(b"\x00\x13\x00") == said
    for payload in (b"", b"\x00\x13", b"\x00\x13\x00\x00"):
        assert answers.decode_pulse_answer(payload) is None


# -- ScienceMode2 -------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "is_read"), [(0, True), (60, True), (61, False), (62, False)])
@pytest.mark.parametrize("byte", [b"\x01", b"\x81\xd4"])
def test_a_frame_holds_sixty_bytes_of_data_and_no_more(
    size: int, is_read: bool, byte: bytes
) -> None:
    decoder = second.Decoder()
    found = decoder.feed(second_frame(b"\x05\x06" + byte * size) + second.encode(2, 98))
    plain = b"\x81" if len(byte) == 2 else byte
    assert found[:-1] == ([second.Frame(5, 6, plain * size)] if is_read else [])
    assert found[-1] == (2, 98, b"")
    assert decoder.damaged == []


@pytest.mark.parametrize(
    "body",
    [b"", b"\x05", b"\x81\xd4", b"\x05\x81", b"\x05\xf0\x06"],
)
def test_a_body_of_less_than_a_head_is_no_frame(body: bytes) -> None:
    decoder = second.Decoder()
    assert decoder.feed(second_frame(body) + second.encode(2, 98)) == [second.Frame(2, 98, b"")]
    assert decoder.damaged == []
    assert decoder.rejected >= 1


@pytest.mark.parametrize(
    "begun",
    [
        b"\xf0\x05",
        b"\xf0\x81\x33\x05",
        b"\xf0\x81\x33\x81\x44\x01\xf0",
        second_frame(bytes(second.BODY_MAX + 1))[:-1],
    ],
)
def test_what_can_be_no_frame_any_more_is_not_waited_for(begun: bytes) -> None:
    decoder = second.Decoder()
    for byte in begun[:-1]:
        decoder.feed(bytes((byte,)))
        assert (decoder.rejected, decoder.junk) == (0, 0)
    decoder.feed(begun[-1:])
    assert decoder.rejected == 1


def test_what_was_rejected_and_what_was_junk_adds_up_here_too() -> None:
    decoder = second.Decoder()
    whole = second.encode(2, 98)
    for count in (1, 2, 3):
        assert decoder.feed(b"\x01\xf0\xf0" + whole) == [second.Frame(2, 98, b"")]
        assert (decoder.rejected, decoder.junk) == (2 * count, 3 * count)
    assert decoder.feed(b"\xf0" + whole) == [second.Frame(2, 98, b"")]
    assert (decoder.rejected, decoder.junk) == (7, 10)


def test_a_start_byte_for_check_or_length_is_no_damage_to_tell_of() -> None:
    # A check that reads as a start byte, and a length that does: either may be half a frame's.
    body = next(
        bytes((number, 99, 1))
        for number in range(256)
        if number not in {0xF0, 0x0F, 0x81} and second.crc8(bytes((number, 99, 1))) == 0xF0 ^ MASK
    )
    wrong = bytearray(second_frame(body))
    wrong[4] ^= 1
    told = bytearray(wrong)
    told[2] ^= 2
    stated = bytearray(second_frame(b"\x05\x63\x01", off=1))
    stated[4] = 0xF0
    for line, damaged in ((wrong, 0), (told, 1), (stated, 0)):
        decoder = second.Decoder()
        assert decoder.feed(bytes(line)) == []
        assert len(decoder.damaged) == damaged
