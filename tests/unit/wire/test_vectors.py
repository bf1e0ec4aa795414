"""ScienceMode4 frames, byte for byte as they were seen on a line."""

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


@pytest.mark.parametrize(
    ("duration_us", "current_ua", "says"),
    [
        (-1, 0, "point of -1 us"),
        (4096, 0, "point of 4096 us"),
        (100, 250, "multiple of 0.5 mA"),
        (100, 150_500, "within"),
        (100, -150_500, "within"),
    ],
)
def test_a_point_that_the_wire_cannot_say_is_refused(
    duration_us: int, current_ua: int, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        sm4.encode_point(duration_us, current_ua)


def test_channels_ramps_and_periods_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="channel 8"):
        sm4.low_level_pulse(0, 8, POINTS)
    with pytest.raises(ValueError, match="0 points"):
        sm4.low_level_pulse(0, 0, ())
    with pytest.raises(ValueError, match="17 points"):
        sm4.low_level_pulse(0, 0, POINTS * 8 + POINTS[:1])
    with pytest.raises(ValueError, match="ramp 16"):
        sm4.ml_update(0, [sm4.ChannelTrain(0, POINTS, 16, 25_000)])
    for period_us in (0, 400, 25_100, 16_383_750, 20_000_000):
        with pytest.raises(ValueError, match="period"):
            sm4.encode_period(period_us)
    with pytest.raises(ValueError, match="packet number 64"):
        encode(64, 0)


@pytest.mark.parametrize("channel", range(8))
def test_a_pulse_reads_back_as_it_was_written(channel: int) -> None:
    (frame,) = Decoder().feed(sm4.low_level_pulse(3, channel, POINTS))
    assert sm4.decode_channel_config(frame.payload) == (channel, True, POINTS)


def test_an_update_reads_back_as_it_was_written() -> None:
    trains = (
        sm4.ChannelTrain(0, POINTS, 0, 28_500),
        sm4.ChannelTrain(6, ((4095, 130_000), (10, -500)), 15, 16_383_500),
        sm4.ChannelTrain(7, POINTS, 2, 28_750),
    )
    (frame,) = Decoder().feed(sm4.ml_update(3, trains))
    assert sm4.decode_update(frame.payload) == trains


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


def test_start_and_end_bytes_behind_an_escape_of_the_header_split_no_frame() -> None:
    # Length 165 and 90 are A5 and 5A, which the mask makes F0 and 0F; so it is with the check.
    frames = [Frame(1, 500, bytes(size)) for size in (153, 78)]
    for check in (0xA5, 0x5A):
        high = next(n for n in range(60_000) if crc(n) >> 8 == check)
        low = next(n for n in range(60_000) if crc(n) & 0xFF == check)
        frames += [of_number(high), of_number(low)]
    lines = [encode(*frame) for frame in frames]
    traps = {line[at] for line in lines for at in (2, 4, 6, 8)}
    assert {0xF0, 0x0F} <= traps
    assert {lines[0][4], lines[1][4]} == {0xF0, 0x0F}
    stream = b"".join(lines)
    for size in (1, 2, 3, 7, len(stream)):
        decoder, found = Decoder(), []
        for start in range(0, len(stream), size):
            found += decoder.feed(stream[start : start + size])
        assert found == frames
        assert (decoder.junk, decoder.rejected) == (0, 0)


def of_number(number: int) -> Frame:
    return Frame(1, 500, number.to_bytes(2, "big"))


def crc(number: int) -> int:
    line = encode(*of_number(number))
    return (line[6] ^ 0x55) << 8 | line[8] ^ 0x55


@pytest.mark.parametrize("wrong", [1, 3, 5, 7])
def test_a_header_of_which_one_escape_is_damaged_is_none_though_all_else_is_right(
    wrong: int,
) -> None:
    line = bytearray(sm4.low_level_pulse(12, 0, POINTS))
    line[wrong] ^= 0x01
    assert Decoder().feed(bytes(line)) == []
    # Nor is it waited for when no more of it is here.
    decoder = Decoder()
    decoder.feed(bytes(line[:8]))
    assert decoder.rejected == 1


@pytest.mark.parametrize("bare", [0xF0, 0x0F])
def test_half_a_frame_with_a_bare_start_or_end_in_it_is_not_waited_for(bare: int) -> None:
    line = bytearray(encode(1, 99, b"\x01" * 20))
    line[15] = bare
    whole = encode(2, 98)
    assert Decoder().feed(bytes(line[:20]) + whole) == [Frame(2, 98, b"")]
    decoder = Decoder()
    decoder.feed(bytes(line[:20]))
    assert decoder.rejected >= 1
