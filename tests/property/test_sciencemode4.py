"""Whatever a line does to ScienceMode4 frames, no altered one comes out of the decoder."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.wire.sciencemode4_frames import FRAME_ENDS, Decoder, Frame, encode

FRAMES = st.builds(
    Frame,
    st.integers(0, 63),
    st.integers(0, 1023),
    # Special bytes as often as others.
    st.lists(
        st.one_of(st.integers(0, 255), st.sampled_from([0xF0, 0x0F, 0x81, 0x55])), max_size=60
    ).map(bytes),
)


def line_of(frames: list[Frame]) -> bytes:
    return b"".join(encode(*frame) for frame in frames)


@given(st.lists(FRAMES, max_size=5), st.data())
def test_frames_survive_any_splitting_of_the_stream(
    frames: list[Frame], data: st.DataObject
) -> None:
    stream = line_of(frames)
    decoder, found, position = Decoder(), [], 0
    while position < len(stream):
        size = data.draw(st.integers(1, 20))
        found += decoder.feed(stream[position : position + size])
        position += size
    assert found == frames
    assert decoder.rejected == 0


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
    assert len(decoder._buffer) <= 1250


def test_up_to_three_flipped_bits_are_always_noticed() -> None:
    random = Random(4)
    for _ in range(20_000):
        frame = Frame(
            random.randrange(64), random.randrange(1024), random.randbytes(random.randrange(14))
        )
        line = bytearray(encode(*frame))
        for position in random.sample(range(8 * len(line)), random.randint(1, 3)):
            line[position // 8] ^= 1 << position % 8
        for found in Decoder().feed(bytes(line)):
            assert found == frame, f"{frame} became {found}"
