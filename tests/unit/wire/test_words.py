"""What the protocols say and refuse, at their borders and in their words."""

import pytest

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers
from fes_ctrl.wire.feslink_messages import Field
from fes_ctrl.wire.sciencemode4_frames import Decoder, Frame

PAIR = ((200, 25_000), (200, -25_000))


def said(line: bytes) -> Frame:
    (frame,) = Decoder().feed(line)
    return frame


@pytest.mark.parametrize("duration_us", [0, 1, 4095])
@pytest.mark.parametrize("current_ua", [-150_000, -500, 0, 500, 150_000])
def test_points_at_the_borders_of_their_fields_are_said(duration_us: int, current_ua: int) -> None:
    line = sm4.low_level_pulse(0, 0, ((duration_us, current_ua),))
    assert sm4.decode_channel_config(said(line).payload) == (0, True, ((duration_us, current_ua),))


@pytest.mark.parametrize(
    ("duration_us", "current_ua", "says"),
    [
        (-1, 250, "point of -1 us: must be 0 to 4095 us"),
        (4096, 250, "point of 4096 us: must be 0 to 4095 us"),
        (0, 250, "point of 0.25 mA: must be a multiple of 0.5 mA"),
        (4095, 20_250, "point of 20.25 mA: must be a multiple of 0.5 mA"),
        (1, 150_500, "point of 150.5 mA: must be within +-150 mA"),
    ],
)
def test_a_point_is_refused_in_its_own_words(duration_us: int, current_ua: int, says: str) -> None:
    with pytest.raises(ValueError) as refused:
        sm4.encode_point(duration_us, current_ua)
    assert str(refused.value) == says


def test_what_does_not_balance_says_what_is_left() -> None:
    assert str(sm4.UnbalancedError(123_456_700)) == (
        "pulse leaves 123.457 uC: its phases must balance to zero"
    )
    assert str(sm4.UnbalancedError(999_999_600_000)).startswith("pulse leaves 1e+06 uC")


@pytest.mark.parametrize("channel", [-1, 8])
def test_a_channel_that_there_is_not_is_refused(channel: int) -> None:
    with pytest.raises(ValueError) as refused:
        sm4.low_level_pulse(0, channel, PAIR)
    assert str(refused.value) == f"channel {channel}: must be 0 to 7"


@pytest.mark.parametrize(
    ("period_us", "says"),
    [
        (400, "period 0.4 ms: must be a multiple of 0.25 ms, from 0.5 ms to 8191.75 ms"),
        (250, "period 0.25 ms: must be a multiple of 0.25 ms, from 0.5 ms to 8191.75 ms"),
        (16_384_000, "period 16384 ms: must be a multiple of 0.25 ms, from 0.5 ms to 16383.5 ms"),
        (8_192_250, "period 8192.25 ms: must be a multiple of 0.25 ms, from 0.5 ms to 8191.75 ms"),
    ],
)
def test_a_period_is_refused_in_its_own_words(period_us: int, says: str) -> None:
    with pytest.raises(ValueError) as refused:
        sm4.encode_period(period_us)
    assert str(refused.value) == says


@pytest.mark.parametrize("period_us", [500, 750, 8_191_750, 16_383_500])
def test_periods_at_the_borders_of_their_field_are_said(period_us: int) -> None:
    train = sm4.ChannelTrain(0, PAIR, 0, period_us)
    assert sm4.decode_update(said(sm4.ml_update(0, [train])).payload) == (train,)


def test_a_channel_that_comes_twice_is_refused_and_its_neighbour_is_not() -> None:
    trains = [sm4.ChannelTrain(channel, PAIR, 0, 25_000) for channel in range(8)]
    assert sm4.decode_update(said(sm4.ml_update(0, trains)).payload) == tuple(trains)
    for twice in range(8):
        with pytest.raises(ValueError, match=f"channel {twice} comes twice"):
            sm4.ml_update(0, [*trains, trains[twice]])


@pytest.mark.parametrize("measures", range(4))
def test_what_may_be_measured_is_said(measures: int) -> None:
    frame = said(sm4.ll_init(3, measures))
    assert (frame.number, frame.command) == (3, sm4.LL_INIT)
    for wrong in (-1, 4):
        with pytest.raises(ValueError, match=f"measurement {wrong}: must be 0 to 3"):
            sm4.ll_init(3, wrong)


def test_power_is_said_module_by_module() -> None:
    every = range(len(sm4.POWER_MODULES))
    assert sm4.decode_set_power(said(sm4.set_power(0, ())).payload) == 0
    for module in every:
        assert sm4.decode_set_power(said(sm4.set_power(0, (module,))).payload) == 1 << module
    assert sm4.decode_set_power(said(sm4.set_power(0, every)).payload) == (1 << len(every)) - 1
    last = len(every) - 1
    for module in (-1, len(every)):
        with pytest.raises(ValueError, match=f"power module {module}: must be 0 to {last}"):
            sm4.set_power(0, (module,))
    assert sm4.decode_set_power(b"\0" * 7) is None
    assert sm4.decode_set_power(b"\0" * 9) is None


def test_every_question_says_its_number_its_command_and_nothing_more() -> None:
    for ask, command in (
        (sm4.ll_stop, sm4.LL_STOP),
        (sm4.ml_stop, sm4.ML_STOP),
        (sm4.get_device_id, sm4.GET_DEVICE_ID),
        (sm4.get_extended_version, sm4.GET_EXTENDED_VERSION),
        (sm4.get_stim_status, sm4.GET_STIM_STATUS),
        (sm4.get_battery_status, sm4.GET_BATTERY_STATUS),
        (sm4.reset, sm4.RESET),
    ):
        for number in (0, 1, 63):
            assert said(ask(number)) == Frame(number, command, b"")
    for stops, byte in ((True, 1), (False, 0)):
        frame = said(sm4.ml_init(5, stop_all_on_error=stops))
        assert frame == Frame(5, sm4.ML_INIT, bytes((byte,)))
    assert said(sm4.ml_get_current_data(6)) == Frame(6, sm4.ML_GET_CURRENT_DATA, b"\x04")
    assert said(sm4.ll_emg_switches(7, b"\1\2\3\4\5")) == (
        Frame(7, sm4.LL_EMG_SWITCHES, b"\1\2\3\4\5")
    )


def test_names_and_versions_read_in_words() -> None:
    assert answers.decode_device_id(b"\0SIM0000001xyz") == "SIM0000001"
    assert answers.decode_device_id(b"\0 AB 12 \0 \0 ") == " AB 12"
    assert answers.decode_device_id(b"\0XX1\xff\0\0\0") == "XX1\ufffd"
    assert answers.decode_device_id(b"\0X") == "X"
    assert answers.decode_extended_version(b"\0") == "firmware unknown"
    whole = bytes.fromhex("00010203040506 00C0FFEE0101")
    assert answers.decode_extended_version(whole) == "firmware 1.2.3 protocol 4.5.6"
    assert [answers.decode_stim_status(data) for data in (b"", b"\0", b"\0\1", b"\0\2\6")] == [
        -1,
        -1,
        1,
        2,
    ]


def test_layouts_are_read_field_by_field() -> None:
    assert fm._fields("a:1 b:2 c:4:1-9 d:8") == (
        Field("a", 1, 0, 0xFF),
        Field("b", 2, 0, 0xFFFF),
        Field("c", 4, 1, 9),
        Field("d", 8, 0, 0xFFFF_FFFF_FFFF_FFFF),
    )


def test_states_of_channels_are_read_where_select_and_length_fit_and_nowhere_else() -> None:
    read = answers.decode_channel_states
    assert read(b"\0\4\5\x10\x32\0\x40") == (5, (0, 1, 2, 3, 0, 0, 0, 4))
    assert read(b"\0\2\x31") == (3, (1, 0, 0, 0, 0, 0, 0, 0))
    assert read(b"\0\3\x31\x18") == (0x13, (1, 0, 0, 0, 0, 0, 0, 1))
    for payload in (
        b"\0\4",
        b"\0\4\5\x10\x32\0",
        b"\0\4\5\x10\x32\0\x40\0",
        b"\0\2\x31\x18",
        b"\0\3\x31",
        b"\0\3\x31\x18\0",
        b"\0\2\5\x10\x32\0\x40",
        b"\0\3\5\x10\x32\0\x40",
        b"\0\x09\x31",
        b"\0\x09\x31\x18",
        b"\0\x09\5\x10\x32\0\x40",
        b"\0\0\x31",
    ):
        assert read(payload) is None, payload


def test_a_feslink_field_that_is_no_number_is_refused_by_its_message() -> None:
    wrong = fm.Keep("1", 2, 3)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        feslink.encode(wrong)
    half = fm.Keep(1, 2, 3.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError) as refused:
        feslink.encode(half)
    assert str(refused.value) == "message 59: a field is no integer"
    with pytest.raises(ValueError) as refused:
        feslink.encode(fm.Keep(256, 2, 3))
    assert str(refused.value) == "number = 256: must be 0 to 255"


STATUS = fm.Status(0x1E, 2, 0, 3, 0, 5, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (fm.Unknown(0x93, 1), "a Unknown for type 147: it has no such layout"),
        (STATUS._replace(asked=0x7E), "a Status for type 126: it has no such layout"),
        (STATUS._replace(state=4), "state = 4: must be 0 to 3"),
        (STATUS._replace(state=-1), "state = -1: must be 0 to 3"),
    ],
)
def test_a_feslink_message_that_there_is_not_is_refused_in_its_own_words(
    message: fm.Message, says: str
) -> None:
    with pytest.raises(ValueError) as refused:
        feslink.encode(message)
    assert str(refused.value) == says


def test_a_feslink_answer_of_the_highest_state_is_said() -> None:
    assert feslink.Decoder().feed(feslink.encode(STATUS)) == [STATUS]


@pytest.mark.parametrize("size", [0, feslink.MAX_BODY + 1])
def test_a_feslink_body_of_no_size_that_there_is_is_refused(size: int) -> None:
    with pytest.raises(ValueError) as refused:
        feslink.frame_of(bytes(size))
    assert str(refused.value) == f"a body of {size} bytes: must be 1 to {feslink.MAX_BODY}"


@pytest.mark.parametrize("size", [1, feslink.MAX_BODY])
def test_a_feslink_body_of_each_size_that_there_is_is_framed(size: int) -> None:
    assert feslink.frame_of(b"\x01" * size).endswith(feslink.ZERO)


def test_the_longest_feslink_frame_is_read_however_it_comes() -> None:
    body = b"\x01" * feslink.MAX_BODY
    frame = feslink.frame_of(body)
    assert feslink.body_of(frame[:-1]) == body
    decoder = feslink.Decoder()
    found = [message for byte in frame for message in decoder.feed(bytes((byte,)))]
    assert found == [fm.Unknown(1, 1)]
    # One byte more is no frame, and stays none however long it becomes.
    stuffed = b"\x22" + b"\x01" * (feslink.MAX_BODY + 1)
    longer = stuffed + feslink.check_of(stuffed)
    assert feslink.body_of(longer) is None
    for byte in longer + b"\x01" * 50:
        assert decoder.feed(bytes((byte,))) == []
    assert (decoder.feed(feslink.ZERO), decoder.rejected) == ([], 1)


def test_a_feslink_frame_of_no_body_is_none() -> None:
    assert feslink.body_of(b"\x01" + feslink.check_of(b"\x01")) is None
    assert feslink.body_of(feslink.frame_of(b"\x01")[:-1]) == b"\x01"
