"""ScienceMode4 frames, byte for byte as they were seen on a line."""

from binascii import crc_hqx
from collections.abc import Callable

import pytest

from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire.sciencemode4_frames import Decoder, Frame, encode

POINTS = ((200, 25_000), (200, -25_000))


def hexed(data: bytes) -> str:
    return data.hex(" ").upper()


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (lambda: sm4.get_stim_status(1), "F0 81 55 81 59 81 4E 81 0C 04 3E 0F"),
        (lambda: sm4.get_device_id(2), "F0 81 55 81 59 81 AA 81 2B 08 34 0F"),
        (lambda: sm4.get_extended_version(3), "F0 81 55 81 59 81 18 81 78 0C 44 0F"),
        (lambda: sm4.ml_init(4, stop_all_on_error=True), "F0 81 55 81 58 81 26 81 6B 10 1E 01 0F"),
        (
            lambda: sm4.ml_update(5, [sm4.ChannelTrain(0, POINTS, 3, 25_000)]),
            "F0 81 55 81 4D 81 36 81 03 14 20 01 13 00 64 0C 85 78 00 0C 83 E8 00 0F",
        ),
        (
            lambda: sm4.ml_update(
                6,
                [
                    sm4.ChannelTrain(0, ((300, 20_000), (100, 0), (300, -20_000)), 0, 20_000),
                    sm4.ChannelTrain(1, ((250, 10_500), (250, -10_500)), 0, 20_000),
                ],
            ),
            "F0 81 55 81 7C 81 6B 81 C7 18 20 03 20 00 50 12 C5 50 00 06 44 B0 00 12 C4 10 00 "
            "10 00 50 81 5A A5 04 00 81 5A A4 5C 00 0F",
        ),
        (lambda: sm4.ml_get_current_data(7), "F0 81 55 81 58 81 E9 81 F1 1C 24 04 0F"),
        (lambda: sm4.ml_update(9, []), "F0 81 55 81 58 81 09 81 B5 24 20 00 0F"),
        (lambda: sm4.ml_stop(10), "F0 81 55 81 59 81 DE 81 3A 28 22 0F"),
        (lambda: sm4.ll_init(11), "F0 81 55 81 58 81 A6 81 F2 2C 00 00 0F"),
        (
            lambda: sm4.low_level_pulse(12, 0, POINTS),
            "F0 81 55 81 43 81 37 81 09 30 02 81 D4 0C 85 78 00 0C 83 E8 00 0F",
        ),
        (lambda: sm4.ll_stop(13), "F0 81 55 81 59 81 DC 81 80 34 04 0F"),
        (lambda: sm4.reset(14), "F0 81 55 81 59 81 4E 81 70 38 3A 0F"),
        (lambda: sm4.ack(1, sm4.GET_STIM_STATUS, b"\x00\x00\x01"),
         "F0 81 55 81 5A 81 34 81 75 04 3F 00 00 01 0F"),
        (lambda: sm4.ack(2, sm4.GET_DEVICE_ID, b"\x00SIM0000001"),
         "F0 81 55 81 42 81 D3 81 E8 08 35 00 53 49 4D 30 30 30 30 30 30 31 0F"),
        (lambda: sm4.ack(12, sm4.LL_CHANNEL_CONFIG, b"\x00\x00\x00"),
         "F0 81 55 81 5A 81 C2 81 67 30 03 00 00 00 0F"),
    ],
)  # fmt: skip
def test_frames_are_what_a_client_and_a_device_said(frame: Callable[[], bytes], line: str) -> None:
    assert hexed(frame()) == line


def test_points_are_packed_as_the_vendor_packs_them() -> None:
    assert hexed(sm4.encode_point(200, 25_000)) == "0C 85 78 00"
    assert hexed(sm4.encode_point(200, -25_000)) == "0C 83 E8 00"
    assert hexed(sm4.encode_point(100, 0)) == "06 44 B0 00"


def refusal(asked: Callable[[], object]) -> str:
    with pytest.raises(ValueError, match=" ") as refused:
        asked()
    return str(refused.value)


@pytest.mark.parametrize(
    ("duration_us", "current_ua", "says"),
    [
        (-1, 0, "point of -1 us: must be 0 to 4095 us"),
        (4096, 0, "point of 4096 us: must be 0 to 4095 us"),
        (100, 250, "point of 0.25 mA: must be a multiple of 0.5 mA"),
        (100, 499, "point of 0.499 mA: must be a multiple of 0.5 mA"),
        (100, 150_500, "point of 150.5 mA: must be within +-150 mA"),
        (100, -150_500, "point of -150.5 mA: must be within +-150 mA"),
    ],
)
def test_a_point_that_the_wire_cannot_say_is_refused(
    duration_us: int, current_ua: int, says: str
) -> None:
    assert refusal(lambda: sm4.encode_point(duration_us, current_ua)) == says


@pytest.mark.parametrize(
    "point", [(0, 0), (1, 500), (4095, -500), (4095, 150_000), (4095, -150_000)]
)
def test_a_point_is_said_up_to_the_last_step_of_the_field(point: tuple[int, int]) -> None:
    assert sm4.decode_point(sm4.encode_point(*point)) == point


TRAIN = sm4.ChannelTrain(0, POINTS, 0, 25_000)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (lambda: sm4.low_level_pulse(0, 8, POINTS), "channel 8: must be 0 to 7"),
        (lambda: sm4.low_level_pulse(0, -1, POINTS), "channel -1: must be 0 to 7"),
        (lambda: sm4.ml_update(0, [TRAIN._replace(channel=8)]), "channel 8: must be 0 to 7"),
        (lambda: sm4.low_level_pulse(0, 0, ()), "0 points: a pulse has 1 to 16"),
        (lambda: sm4.low_level_pulse(0, 0, POINTS[:1] * 17), "17 points: a pulse has 1 to 16"),
        (lambda: sm4.ml_update(0, [TRAIN._replace(ramp=16)]), "ramp 16: must be 0 to 15 pulses"),
        (lambda: sm4.ml_update(0, [TRAIN._replace(ramp=-1)]), "ramp -1: must be 0 to 15 pulses"),
        (lambda: encode(64, 0), "packet number 64: must be 0 to 63"),
        (lambda: encode(-1, 0), "packet number -1: must be 0 to 63"),
        (lambda: encode(0, 1024), "command 1024: must be 0 to 1023"),
        (lambda: encode(0, -1), "command -1: must be 0 to 1023"),
    ],
)
def test_what_the_wire_cannot_say_is_refused_with_what_it_can(
    asked: Callable[[], object], says: str
) -> None:
    assert refusal(asked) == says


@pytest.mark.parametrize(
    ("period_us", "named", "most"),
    [
        (0, "0", "16383.5"),
        (400, "0.4", "8191.75"),
        (250, "0.25", "8191.75"),
        (25_100, "25.1", "8191.75"),
        (8_192_250, "8192.25", "8191.75"),
        (16_384_000, "16384", "16383.5"),
    ],
)
def test_a_period_that_the_wire_cannot_say_is_refused(
    period_us: int, named: str, most: str
) -> None:
    assert refusal(lambda: sm4.encode_period(period_us)) == (
        f"period {named} ms: must be a multiple of 0.25 ms, from 0.5 ms to {most} ms"
    )


@pytest.mark.parametrize("period_us", [500, 750, 25_000, 25_250, 8_191_750, 16_383_500])
def test_a_period_is_said_to_the_quarter_of_a_millisecond(period_us: int) -> None:
    assert sm4.decode_period(sm4.encode_period(period_us)) == period_us


@pytest.mark.parametrize("count", [1, 2, 16])
@pytest.mark.parametrize("channel", range(8))
def test_a_pulse_reads_back_as_it_was_written(channel: int, count: int) -> None:
    points = (POINTS * 8)[:count]
    (frame,) = Decoder().feed(sm4.low_level_pulse(3, channel, points))
    assert (frame.number, frame.command) == (3, sm4.LL_CHANNEL_CONFIG)
    assert sm4.decode_channel_config(frame.payload) == (channel, True, points)


def test_a_pulse_that_is_only_to_be_kept_is_not_one_to_be_given() -> None:
    (frame,) = Decoder().feed(sm4.low_level_pulse(3, 6, POINTS))
    kept = bytes((frame.payload[0] & 0x7F,)) + frame.payload[1:]
    assert sm4.decode_channel_config(kept) == (6, False, POINTS)


def test_an_update_reads_back_as_it_was_written() -> None:
    trains = (
        sm4.ChannelTrain(0, POINTS, 0, 28_500),
        sm4.ChannelTrain(6, ((4095, 130_000), (10, -500)), 15, 16_383_500),
        sm4.ChannelTrain(7, POINTS[:1], 2, 28_750),
    )
    (frame,) = Decoder().feed(sm4.ml_update(3, trains[::-1]))
    assert sm4.decode_update(frame.payload) == trains
    (frame,) = Decoder().feed(sm4.ml_update(3, trains[1:]))
    assert sm4.decode_update(frame.payload) == trains[1:]
    (frame,) = Decoder().feed(sm4.ml_update(3, ()))
    assert sm4.decode_update(frame.payload) == ()
    assert sm4.decode_update(b"") is None


@pytest.mark.parametrize("cut", [0, 1, 5, 8])
def test_payloads_of_a_wrong_length_are_none(cut: int) -> None:
    (frame,) = Decoder().feed(sm4.low_level_pulse(3, 0, POINTS))
    assert sm4.decode_channel_config(frame.payload[:cut]) is None
    assert sm4.decode_channel_config(frame.payload + b"\x00") is None
    (frame,) = Decoder().feed(sm4.ml_update(3, [sm4.ChannelTrain(0, POINTS, 0, 25_000)]))
    assert sm4.decode_update(frame.payload[:cut]) is None
    assert sm4.decode_update(frame.payload + b"\x00") is None


def test_a_frame_whose_header_holds_start_and_end_bytes_is_read() -> None:
    # 94 data bytes make a length of 106 and its low byte 6A ^ 55 = 3F; 165 ^ 55 = F0 does.
    found = [
        length
        for length in range(400)
        for frame in [encode(1, 99, b"\x01" * length)]
        if frame[2] in (0xF0, 0x0F) or frame[4] in (0xF0, 0x0F)
        if Decoder().feed(frame) == [Frame(1, 99, b"\x01" * length)]
    ]
    assert len(found) >= 2


def test_the_longest_frame_is_read_and_a_longer_one_refused() -> None:
    payload = b"\x01" * (1200 - 12)
    assert Decoder().feed(encode(1, 2, payload)) == [Frame(1, 2, payload)]
    with pytest.raises(ValueError, match="at most 1200"):
        encode(1, 2, payload + b"\x01")


# -- answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "status"), [("00 03 06", 3), ("00 01", 1), ("00", -1), ("", -1)]
)
def test_the_state_of_the_stimulation_is_read_or_not_known(payload: str, status: int) -> None:
    assert sm4.decode_stim_status(bytes.fromhex(payload)) == status


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"\x00SIM0000001", "SIM0000001"),
        (b"\x00SIM0000001\x07\x07", "SIM0000001"),
        (b"\x00AB 12 \x00\x00\x00\x00", "AB 12"),
        (b"\x00X\xffX", "X\ufffdX"),
        (b"\x00", ""),
        (b"", ""),
    ],
)
def test_the_name_of_a_device_is_read_without_what_fills_the_field(
    payload: bytes, name: str
) -> None:
    assert sm4.decode_device_id(payload) == name


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("00 01 02 03 04 05 06", "firmware 1.2.3 protocol 4.5.6"),
        ("00 01 02 03 04 05 06 C0 FF EE", "firmware 1.2.3 protocol 4.5.6"),
        ("00 01 02 03 04 05", "firmware unknown"),
        ("", "firmware unknown"),
    ],
)
def test_the_versions_are_put_into_words(payload: str, words: str) -> None:
    assert sm4.decode_extended_version(bytes.fromhex(payload)) == words


def test_the_states_of_the_channels_are_read_in_their_order() -> None:
    payload = bytes.fromhex("00 04 81 10 32 03 21")
    assert sm4.decode_channel_states(payload) == (0x81, (0, 1, 2, 3, 3, 0, 1, 2))
    assert sm4.decode_channel_states(payload[:-1]) is None
    assert sm4.decode_channel_states(payload + b"\x00") is None
    assert sm4.decode_channel_states(b"\x00\x03" + payload[2:]) is None, "of another question"


@pytest.mark.parametrize("stop_all_on_error", [True, False])
def test_whether_an_error_stops_all_is_said(stop_all_on_error: bool) -> None:
    data = sm4.ml_init(5, stop_all_on_error=stop_all_on_error)
    assert Decoder().feed(data) == [Frame(5, sm4.ML_INIT, bytes((stop_all_on_error,)))]


# -- a line that is not clean -------------------------------------------------------------------


@pytest.mark.parametrize("offset", [1, 3, 5, 7])
def test_what_cannot_be_a_header_is_not_waited_for(offset: int) -> None:
    header = bytearray(encode(1, 2, b"abc")[: offset + 1])
    decoder = Decoder()
    assert decoder.feed(bytes(header[:-1])) == []
    assert decoder.rejected == 0
    header[offset] ^= 1
    assert decoder.feed(bytes(header[-1:])) == []
    assert decoder.rejected == 1
    assert decoder.junk == len(header)


@pytest.mark.parametrize("length", [0, 11, 1201, 65_535])
def test_a_header_that_states_no_length_of_a_frame_is_not_waited_for(length: int) -> None:
    header = bytearray(encode(1, 2, b"abc")[:9])
    header[2], header[4] = (length >> 8) ^ 0x55, (length & 0xFF) ^ 0x55
    decoder = Decoder()
    decoder.feed(bytes(header[:-1]))
    assert decoder.rejected == 0
    decoder.feed(bytes(header[-1:]))
    assert decoder.rejected >= 1


@pytest.mark.parametrize("bare", [0xF0, 0x0F])
def test_half_a_frame_is_waited_for_until_a_bare_byte_is_in_it(bare: int) -> None:
    whole = encode(1, 2, b"abcdef")
    decoder = Decoder()
    assert decoder.feed(whole[:-4]) == []
    assert (decoder.rejected, decoder.junk) == (0, 0)
    assert decoder.feed(bytes((bare,))) == []
    assert decoder.rejected == 1
    assert decoder.feed(whole) == [Frame(1, 2, b"abcdef")]


def framed(body: bytes) -> bytes:
    """Return a frame whose length and CRC are right, whatever its body."""
    length, crc = len(body) + 10, crc_hqx(body, 0)
    header = b"\xf0" + b"".join(
        bytes((0x81, byte ^ 0x55)) for byte in (length >> 8, length & 0xFF, crc >> 8, crc & 0xFF)
    )
    return header + body + b"\x0f"


@pytest.mark.parametrize(
    "body",
    ["04 3E F0", "04 3E 0F", "04 3E F0 0F", "04 3E 81", "81 81", "81 5A", "04"],
)
def test_a_body_that_nobody_would_have_stuffed_so_is_no_frame(body: str) -> None:
    good = bytes.fromhex("04 3E 81 D4")
    assert Decoder().feed(framed(good)) == [Frame(1, sm4.GET_STIM_STATUS, b"\x81")]
    decoder = Decoder()
    assert decoder.feed(framed(bytes.fromhex(body)) + framed(good)) == [
        Frame(1, sm4.GET_STIM_STATUS, b"\x81")
    ]
    assert decoder.rejected >= 1


@pytest.mark.parametrize("offset", [1, 3, 5, 7])
def test_a_header_that_lacks_one_escape_is_none_however_right_the_rest(offset: int) -> None:
    damaged = bytearray(encode(1, 2, b"abc"))
    damaged[offset] ^= 1
    decoder = Decoder()
    assert decoder.feed(bytes(damaged) + encode(3, 4)) == [Frame(3, 4, b"")]
    assert decoder.rejected == 1


def test_every_damaged_frame_and_every_byte_of_it_is_counted() -> None:
    good = encode(1, 2, b"abc")
    bad = good[:-2] + bytes((good[-2] ^ 1,)) + good[-1:]
    decoder = Decoder()
    assert decoder.feed(bad + b"\x00" + bad + good) == [Frame(1, 2, b"abc")]
    assert (decoder.rejected, decoder.junk) == (2, 2 * len(bad) + 1)
    assert decoder.feed(bad) == []
    assert (decoder.rejected, decoder.junk) == (3, 3 * len(bad) + 1)
