"""What a ScienceMode4 device answers reads back as it was said, and only at its own length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers

BYTE = st.integers(0, 255)
THREE = st.tuples(BYTE, BYTE, BYTE)
WORD = st.integers(0, 65_535)


def test_answers_are_read_as_the_vendors_header_lays_them_out() -> None:
    states = answers.decode_channel_states(bytes.fromhex("00 04 03 01 20 00 00"))
    assert states == (0b11, (1, 0, 0, 2, 0, 0, 0, 0))
    assert answers.decode_battery(bytes.fromhex("00 57 1E DC")) == (87, 7900)
    build = answers.decode_build(bytes.fromhex("00 010203 040000 C0FFEE01 01 01"))
    assert build == (0xC0FFEE01, 1, True)
    assert answers.decode_extended_version(bytes.fromhex("00 010203 040000 C0FFEE01 01 01")) == (
        "firmware 1.2.3 protocol 4.0.0"
    )
    assert answers.decode_status(b"\x00\x03\x06") == (3, 6)
    assert answers.decode_main_status(b"\x00\x07") == 7


@given(st.integers(0, 7), st.integers(1, 3), WORD, st.lists(WORD, min_size=128, max_size=128))
def test_a_measured_pulse_reads_back(
    channel: int, measures: int, sampling_us: int, samples: list[int]
) -> None:
    said = answers.PulseAnswer(channel, measures, sampling_us, tuple(samples))
    payload = answers.encode_pulse_answer(0, said)
    assert answers.decode_pulse_answer(payload) == said
    assert answers.decode_pulse_answer(payload[:-1]) is None
    (frame,) = sm4.Decoder().feed(sm4.ack(1, sm4.LL_CHANNEL_CONFIG, payload))
    assert frame.payload == payload, "the longest answer there is, stuffed"


@given(BYTE, st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_channel_states_read_back_and_the_short_selections_tell_electrodes(
    running: int, states: list[int]
) -> None:
    whole = answers.encode_channel_states(0, sm4.SELECT_CHANNEL_STATES, running, states)
    assert answers.decode_channel_states(whole) == (running, tuple(states))
    off = tuple(int(state == sm4.STATE_ELECTRODE) for state in states)
    eight = answers.encode_channel_states(0, sm4.SELECT_ELECTRODES_8, running, states)
    assert answers.decode_channel_states(eight) == (running, off)
    four = answers.encode_channel_states(0, sm4.SELECT_ELECTRODES_4, running, states)
    assert answers.decode_channel_states(four) == (running & 15, (*off[:4], 0, 0, 0, 0))


@given(THREE, THREE, st.integers(0, 2**32 - 1), st.integers(0, 3), st.booleans())
def test_versions_and_the_battery_read_back(
    firmware: tuple[int, int, int],
    protocol: tuple[int, int, int],
    hash_: int,
    kind: int,
    valid: bool,
) -> None:
    versions = answers.Versions(firmware, protocol)
    assert answers.decode_versions(answers.encode_versions(0, versions)) == versions
    build = answers.Build(hash_, kind, valid)
    payload = answers.encode_extended_version(0, versions, build)
    assert (answers.decode_versions(payload), answers.decode_build(payload)) == (versions, build)
    battery = answers.Battery(firmware[0], hash_ & 0xFFFF)
    assert answers.decode_battery(answers.encode_battery(0, battery)) == battery


@given(st.binary(max_size=300))
def test_no_answer_of_whatever_length_makes_a_decoder_raise(payload: bytes) -> None:
    for decode in (
        answers.decode_pulse_answer,
        answers.decode_channel_states,
        answers.decode_versions,
        answers.decode_build,
        answers.decode_battery,
        answers.decode_status,
        answers.decode_main_status,
        answers.decode_device_id,
        answers.decode_extended_version,
    ):
        decode(payload)


def test_what_a_pulse_leaves_is_refused_and_named() -> None:
    sm4.require_balance(((200, 20_000), (100, 0), (400, -10_000)))
    with pytest.raises(sm4.UnbalancedError, match="leaves 2 uC") as refusal:
        sm4.require_balance(((100, 20_000), (100, 20_000), (100, -20_000)))
    assert refusal.value.net_pc == 2_000_000


def test_sixteen_points_go_there_and_back() -> None:
    points = tuple([(10 + 200 * k, (-1) ** k * 500 * k) for k in range(16)])
    (frame,) = sm4.Decoder().feed(sm4.low_level_pulse(1, 6, points, execute=False))
    assert sm4.decode_channel_config(frame.payload) == (6, False, points)


def test_the_duty_is_reckoned_as_the_vendors_library_does() -> None:
    pulse = ((200, 20_000), (200, -20_000))
    trains = [sm4.ChannelTrain(channel, pulse, 0, 4_600) for channel in range(8)]
    assert sm4.duty_percent(trains[:1]) == pytest.approx(10.0)
    assert sm4.duty_percent(trains) == pytest.approx(80.0)


def test_power_init_and_switches_are_said_or_refused() -> None:
    (frame,) = sm4.Decoder().feed(sm4.set_power(1, (0, 2, 4)))
    assert frame.payload == bytes.fromhex("15 00 00 00 00 00 00 00")
    assert sm4.decode_set_power(frame.payload) == 0b10101
    (frame,) = sm4.Decoder().feed(sm4.ll_init(1, 2, 5))
    assert sm4.decode_ll_init(frame.payload) == (2, 5)
    assert frame.payload == b"\x2a"
    for wrong in (
        lambda: sm4.set_power(1, (5,)),
        lambda: sm4.ll_init(1, 4),
        lambda: sm4.ll_init(1, 0, 7),
        lambda: sm4.ll_emg_switches(1, b"\0"),
        lambda: sm4.ml_update(1, [sm4.ChannelTrain(0, ((10, 0),), 0, 500)] * 2),
    ):
        with pytest.raises(ValueError, match=r"must be|comes twice"):
            wrong()
