"""Whatever a line does to ScienceMode2 frames: what comes out of the decoder, and how often."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire.sciencemode2_frames import (
    BODY_MAX,
    FRAME_ENDS,
    HEADER_LENGTH,
    Decoder,
    Frame,
    crc8,
    encode,
)

BYTES = st.one_of(st.integers(0, 255), st.sampled_from([0xF0, 0x0F, 0x81, 0x55, 0xD4, 0xA5, 0x5A]))
FRAMES = st.builds(Frame, BYTES, BYTES, st.lists(BYTES, max_size=60).map(bytes))


def line_of(frames: list[Frame]) -> bytes:
    return b"".join(encode(*frame) for frame in frames)


def in_pieces(stream: bytes, data: st.DataObject) -> tuple[Decoder, list[Frame]]:
    decoder, found, position = Decoder(), [], 0
    while position < len(stream):
        size = data.draw(st.integers(1, 20))
        found += decoder.feed(stream[position : position + size])
        position += size
    return decoder, found


@given(st.lists(FRAMES, max_size=5), st.data())
def test_frames_survive_any_splitting_of_the_stream(
    frames: list[Frame], data: st.DataObject
) -> None:
    decoder, found = in_pieces(line_of(frames), data)
    assert found == frames
    assert decoder.rejected == 0


NOISY = st.one_of(
    FRAMES.map(lambda frame: encode(*frame)),
    st.lists(st.sampled_from([0xF0, 0x0F, 0x81, 0x55, 0x01, 0x56, 0x57]), max_size=20).map(bytes),
    st.binary(max_size=20),
    st.tuples(FRAMES, st.integers(0, 8)).map(lambda cut: encode(*cut[0])[: -cut[1]]),
)


@given(st.lists(NOISY, max_size=8), st.data())
def test_how_a_noisy_stream_is_split_changes_nothing(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    whole = Decoder()
    frames = whole.feed(stream)
    split, found = in_pieces(stream, data)
    assert found == frames
    assert (split.rejected, split.junk) == (whole.rejected, whole.junk)
    assert split.damaged == whole.damaged


@given(st.lists(FRAMES, min_size=1, max_size=4), st.binary(max_size=12))
def test_junk_without_a_start_byte_costs_no_frame(frames: list[Frame], junk: bytes) -> None:
    clean = junk.replace(b"\xf0", b"")
    decoder = Decoder()
    assert decoder.feed(clean + line_of(frames)) == frames
    assert decoder.junk == len(clean)


@given(FRAMES, FRAMES, st.data())
def test_a_frame_cut_short_and_ended_does_not_swallow_the_next(
    cut: Frame, whole: Frame, data: st.DataObject
) -> None:
    half = encode(*cut)
    half = half[: data.draw(st.integers(0, len(half) - 1))]
    found = Decoder().feed(half + FRAME_ENDS + encode(*whole))
    assert found[-1:] == [whole]


@given(st.binary(max_size=3000))
def test_noise_never_makes_the_decoder_raise_or_hoard(noise: bytes) -> None:
    decoder = Decoder()
    for position in range(0, len(noise), 50):
        decoder.feed(noise[position : position + 50])
        assert len(decoder._buffer) <= HEADER_LENGTH + BODY_MAX + 1
        assert len(decoder.damaged) <= 16


PULSES = st.builds(
    sm2.ListPulse, st.integers(0, 2), st.integers(0, 500), st.integers(0, 130).map((1000).__mul__)
)


@given(st.lists(PULSES, min_size=1, max_size=8), BYTES)
def test_a_list_reads_back_whatever_is_in_it(pulses: list[sm2.ListPulse], number: int) -> None:
    (frame,) = Decoder().feed(sm2.start_channel_list(number, pulses))
    assert sm2.decode_start_channel_list(frame.payload) == tuple(pulses)


def test_up_to_two_flipped_bits_of_a_body_are_always_noticed() -> None:
    # Polynomial 07 finds one and two wrong bits within 127, and no more for certain.
    body = bytes((3, sm2.SINGLE_PULSE, 0, 1, 0x2C, 20))
    check = crc8(body)
    bits = 8 * len(body)
    for first in range(bits):
        for second in range(first, bits):
            wrong = int.from_bytes(body, "big") ^ (1 << first) ^ (1 << second) * (second > first)
            assert crc8(wrong.to_bytes(len(body), "big")) != check


def test_of_badly_damaged_pulses_at_most_one_in_256_is_believed() -> None:
    """Bytes of the body replaced at random, shape kept: what the check alone has to find."""
    random = Random(11)
    tried = believed = 0
    for _ in range(40_000):
        line = bytearray(sm2.single_pulse(random.randrange(1, 15), 0, 300, 40_000))
        (meant,) = Decoder().feed(bytes(line))
        for at in range(5, 11):
            if random.random() < 0.5:
                line[at] = random.choice((random.randrange(16, 129), random.randrange(15)))
        tried += 1
        believed += sum(frame != meant for frame in Decoder().feed(bytes(line)))
    expected = tried / 256
    assert believed <= expected + 4 * expected**0.5
    assert believed > 0, "eight bits cannot find everything: the bound is measured, not wished for"
