"""ScienceMode2 frames, byte for byte as they were seen on a line or printed by others."""

from collections.abc import Callable

import pytest

from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode2_frames
from fes_ctrl.wire.sciencemode2_frames import DATA_MAX, Decoder, Frame, crc8, encode, stuff


def hexed(data: bytes) -> str:
    return data.hex(" ").upper()


def slow_crc8(data: bytes) -> int:
    """Divide bit by bit, as the polynomial x^8 + x^2 + x + 1 says."""
    rest = int.from_bytes(data, "big") << 8
    for bit in range(rest.bit_length() - 1, 7, -1):
        if rest >> bit & 1:
            rest ^= 0x107 << (bit - 8)
    return rest


def slow_encode(number: int, command: int, payload: bytes) -> bytes:
    """Say a frame byte by byte, sharing nothing with the encoder."""
    body = b""
    for byte in (number, command, *payload):
        body += bytes((0x81, byte ^ 0x55)) if byte in (0xF0, 0x0F, 0x81) else bytes((byte,))
    check, length = slow_crc8(body) ^ 0x55, len(body) ^ 0x55
    return bytes((0xF0, 0x81, check, 0x81, length)) + body + bytes((0x0F,))


BOTH = sm2.ListSetup(0, 0b11, 0, 2_000, 25_000, sm2.FIXED)


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (lambda: sm2.init(0), "F0 81 47 81 56 00 01 01 0F"),
        (lambda: sm2.init(1), "F0 81 2C 81 56 01 01 01 0F"),
        (lambda: sm2.init_ack(0), "F0 81 7F 81 56 00 02 00 0F"),
        (lambda: sm2.init_ack(1), "F0 81 14 81 56 01 02 00 0F"),
        (lambda: sm2.watchdog(0), "F0 81 49 81 57 00 04 0F"),
        (lambda: sm2.watchdog(5), "F0 81 08 81 57 05 04 0F"),
        (lambda: sm2.watchdog(15), "F0 81 A7 81 56 81 5A 04 0F"),
        (lambda: sm2.get_stimulation_mode(1), "F0 81 76 81 57 01 0A 0F"),
        (
            lambda: sm2.init_channel_list(2, sm2.ListSetup(0, 1, 0, 1_500, 33_000, sm2.FAST)),
            "F0 81 17 81 5C 02 1E 00 01 00 00 00 40 01 0F",
        ),
        (lambda: sm2.init_channel_list(1, BOTH), "F0 81 7D 81 5C 01 1E 00 03 00 01 00 30 00 0F"),
        (lambda: sm2.init_channel_list(0, BOTH), "F0 81 04 81 5C 00 1E 00 03 00 01 00 30 00 0F"),
        (
            lambda: sm2.start_channel_list(2, [sm2.ListPulse(sm2.SINGLE, 350, 20_000)]),
            "F0 81 BE 81 53 02 20 00 01 5E 14 0F",
        ),
        (
            lambda: sm2.start_channel_list(
                4, [sm2.ListPulse(sm2.SINGLE, 500, 0), sm2.ListPulse(sm2.DOUBLET, 200, 0)]
            ),
            "F0 81 E8 81 5F 04 20 00 01 F4 00 01 00 C8 00 0F",
        ),
        (lambda: sm2.stop_channel_list(2), "F0 81 91 81 57 02 22 0F"),
        (lambda: sm2.stop_channel_list(3), "F0 81 84 81 57 03 22 0F"),
        (lambda: sm2.stop_channel_list(7), "F0 81 D0 81 57 07 22 0F"),
        (lambda: sm2.ack(2, sm2.STOP_CHANNEL_LIST, 0), "F0 81 12 81 56 02 23 00 0F"),
        (lambda: sm2.ack(0, sm2.INIT_CHANNEL_LIST, 0), "F0 81 C1 81 56 00 1F 00 0F"),
        (lambda: sm2.ack(1, sm2.START_CHANNEL_LIST, 0), "F0 81 85 81 56 01 21 00 0F"),
        (
            lambda: sm2.ack(1, sm2.GET_STIMULATION_MODE, 0, b"\x02"),
            hexed(slow_encode(1, 0x0B, b"\x00\x02")),
        ),
        (lambda: sm2.stimulation_error(9, sm2.ELECTRODE_ERROR), "F0 81 4B 81 56 09 26 FE 0F"),
        (lambda: sm2.unknown_command(7, 0x5F), "F0 81 E6 81 56 07 03 5F 0F"),
    ],
)  # fmt: skip
def test_frames_are_what_clients_and_devices_said(frame: Callable[[], bytes], line: str) -> None:
    assert hexed(frame()) == line
    (found,) = Decoder().feed(frame())
    assert encode(*found) == frame()


@pytest.mark.parametrize(
    ("line", "number", "pulses"),
    [
        # A public client escapes 55 and 0A as well, which a device takes for what they mean.
        (
            "F0 81 6C 81 5E 01 20 00 01 5E 14 01 00 C8 81 5A 0F",
            1, (sm2.ListPulse(0, 350, 20_000), sm2.ListPulse(1, 200, 15_000)),
        ),
        (
            "F0 81 28 81 5E 02 20 00 01 F4 1E 01 00 C8 81 5A 0F",
            2, (sm2.ListPulse(0, 500, 30_000), sm2.ListPulse(1, 200, 15_000)),
        ),
        (
            "F0 81 86 81 59 03 20 00 01 F4 81 00 01 00 C8 81 5F 0F",
            3, (sm2.ListPulse(0, 500, 85_000), sm2.ListPulse(1, 200, 10_000)),
        ),
    ],
)  # fmt: skip
def test_a_clients_updates_are_read(
    line: str, number: int, pulses: tuple[sm2.ListPulse, ...]
) -> None:
    (frame,) = Decoder().feed(bytes.fromhex(line))
    assert (frame.number, frame.command) == (number, sm2.START_CHANNEL_LIST)
    assert sm2.decode_start_channel_list(frame.payload) == pulses


def test_a_byte_that_means_start_is_said_in_two() -> None:
    assert hexed(stuff(b"\xf0")) == "81 A5"
    assert hexed(stuff(b"\x0f")) == "81 5A"
    assert hexed(stuff(b"\x81")) == "81 D4"
    assert stuff(b"\x55\x0a") == b"\x55\x0a"


@pytest.mark.parametrize("number", [0, 1, 0x0F, 0x55, 0x81, 0xF0, 255])
def test_every_command_and_number_is_what_a_slow_encoder_says(number: int) -> None:
    for command in range(256):
        payload = bytes((command, 0xF0, number))
        frame = encode(number, command, payload)
        assert frame == slow_encode(number, command, payload)
        assert Decoder().feed(frame) == [Frame(number, command, payload)]


def test_the_check_of_the_usual_nine_digits_is_that_of_the_catalogues() -> None:
    assert crc8(b"123456789") == 0xF4


def test_the_table_is_what_the_polynomial_says_of_each_byte() -> None:
    assert sciencemode2_frames._table() == bytes([slow_crc8(bytes((byte,))) for byte in range(256)])


def test_frames_whose_check_or_length_is_a_start_or_end_byte_are_read() -> None:
    checks, lengths = set(), set()
    for number in range(256):
        for size in range(DATA_MAX + 1):
            frame = encode(number, 99, b"\xf0" * size)
            checks.add(frame[2])
            lengths.add(frame[4])
            if frame[2] in (0xF0, 0x0F, 0x81) or frame[4] in (0xF0, 0x0F, 0x81):
                assert Decoder().feed(frame) == [Frame(number, 99, b"\xf0" * size)]
    assert checks >= {0xF0, 0x0F, 0x81}
    assert 0x0F in lengths, "90 stuffed bytes; 165 and 212 are beyond the longest"


def test_what_the_wire_cannot_say_is_refused_by_name() -> None:
    one = sm2.ListPulse(sm2.SINGLE, 300, 20_000)
    cases: list[tuple[Callable[[], bytes], str]] = [
        (lambda: sm2.single_pulse(0, 8, 300, 20_000), "channel 8"),
        (lambda: sm2.single_pulse(0, -1, 300, 20_000), "channel -1"),
        (lambda: sm2.single_pulse(0, 0, 501, 20_000), "pulse of 501 us"),
        (lambda: sm2.single_pulse(0, 0, -1, 20_000), "pulse of -1 us"),
        (lambda: sm2.single_pulse(0, 0, 300, 20_500), "pulse of 20.5 mA"),
        (lambda: sm2.single_pulse(0, 0, 300, 131_000), "pulse of 131 mA"),
        (lambda: sm2.single_pulse(0, 0, 300, -1_000), "pulse of -1 mA"),
        (lambda: sm2.start_channel_list(0, []), "0 pulses"),
        (lambda: sm2.start_channel_list(0, [one] * 9), "9 pulses"),
        (lambda: sm2.start_channel_list(0, [one._replace(mode=3)]), "pulse mode 3"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(factor=8)), "factor 8"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(channels=256)), "active channels"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(low_channels=-1)), "^low-frequency chan"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(execution=2)), "execution 2"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(group_us=1_000)), "^inter-pulse int"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(group_us=129_500)), "inter-pulse"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(main_us=25_100)), "main interval 25.1"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(main_us=1_000)), "from 1.5 ms to 1025 ms"),
        (lambda: sm2.init_channel_list(0, BOTH._replace(main_us=1_025_500)), "main interval"),
        (lambda: encode(256, 0), "packet number 256"),
        (lambda: encode(0, 256), "command 256"),
        (lambda: encode(0, 0, bytes(DATA_MAX + 1)), "61 bytes"),
    ]
    for refused, says in cases:
        with pytest.raises(ValueError, match=says):
            refused()


@pytest.mark.parametrize("main_us", [sm2.ONE_SHOT_US, 1_500, 8_000, 25_000, 1_025_000])
def test_a_list_reads_back_as_it_was_set_up(main_us: int) -> None:
    setup = sm2.ListSetup(7, 0xFF, 0x80, 129_000, main_us, sm2.FAST)
    (frame,) = Decoder().feed(sm2.init_channel_list(3, setup))
    assert sm2.decode_init_channel_list(frame.payload) == setup


def test_a_list_of_the_highest_current_and_width_reads_back() -> None:
    pulses = (sm2.ListPulse(sm2.TRIPLET, 500, 130_000), sm2.ListPulse(sm2.SINGLE, 0, 0))
    (frame,) = Decoder().feed(sm2.start_channel_list(3, pulses))
    assert sm2.decode_start_channel_list(frame.payload) == pulses


@pytest.mark.parametrize("current_ua", [0, 15_000, 85_000, 130_000])
@pytest.mark.parametrize("channel", range(8))
def test_a_single_pulse_reads_back_as_it_was_written(channel: int, current_ua: int) -> None:
    (frame,) = Decoder().feed(sm2.single_pulse(3, channel, 500, current_ua))
    assert sm2.decode_single_pulse(frame.payload) == (channel, 500, current_ua)


@pytest.mark.parametrize(
    ("decode", "payloads"),
    [
        (sm2.decode_single_pulse, ["", "00012C", "00012C1400", "08012C14", "0001F514", "00012C83"]),
        (
            sm2.decode_start_channel_list,
            ["", "00012C", "00012C1400", "03012C14", "0001F514", "00012C83", "00012C14" * 9],
        ),
        (
            sm2.decode_init_channel_list,
            ["", "000300010030", "00030001003000FF", "08030001003000", "00030001080100",
             "00030001003002"],
        ),
    ],
)  # fmt: skip
def test_payloads_of_a_wrong_length_or_range_are_none(
    decode: Callable[[bytes], object], payloads: list[str]
) -> None:
    for payload in payloads:
        assert decode(bytes.fromhex(payload)) is None


def test_results_are_signed_and_an_empty_answer_is_none() -> None:
    for result in (0, -1, -2, -3, -5, -8, 127, -127, -128):
        (frame,) = Decoder().feed(sm2.ack(1, sm2.SINGLE_PULSE, result))
        assert sm2.decode_result(frame.payload) == result
    assert sm2.decode_result(b"") == sm2.TRANSFER_ERROR
    assert sm2.decode_stimulation_mode(b"\x00\x02") == sm2.MODE_STARTED
    assert sm2.decode_stimulation_mode(b"\xfd") == -1
    assert sm2.decode_stimulation_mode(b"\x00\x02\x02") == -1
    assert sm2.decode_stimulation_mode(b"\xfd\x02") == -1


def test_what_a_damaged_frame_said_is_kept_for_an_answer() -> None:
    decoder = Decoder()
    line = bytearray(sm2.single_pulse(9, 2, 300, 20_000))
    line[-2] ^= 1
    assert decoder.feed(bytes(line)) == []
    assert [(frame.number, frame.command) for frame in decoder.damaged] == [(9, sm2.SINGLE_PULSE)]
    decoder = Decoder()
    assert decoder.feed(sm2.single_pulse(9, 2, 300, 20_000)[:-1] + sm2.watchdog(1)) == [
        Frame(1, sm2.WATCHDOG, b"")
    ], "a start before an end drops what was begun"
    assert decoder.damaged == []
    decoder = Decoder()
    wrong = bytearray(sm2.watchdog(3))
    wrong[4] ^= 1
    assert decoder.feed(bytes(wrong)) == [], "the length alone is wrong"
    assert [(frame.number, frame.command) for frame in decoder.damaged] == [(3, sm2.WATCHDOG)]
    decoder = Decoder()
    half = sm2.watchdog(3)[:2]
    assert decoder.feed(half + sm2.watchdog(1)) == [Frame(1, sm2.WATCHDOG, b"")]
    assert decoder.damaged == [], "half a frame before a whole one is none that was answered"


def test_the_longest_frame_is_read_and_what_has_no_end_is_let_go() -> None:
    frame = encode(0xF0, 0x0F, b"\x81" * DATA_MAX)
    assert Decoder().feed(frame) == [Frame(0xF0, 0x0F, b"\x81" * DATA_MAX)]
    decoder = Decoder()
    decoder.feed(frame[:5] + b"\x01" * 1000)
    assert decoder.rejected == 1
