"""Both framings of ScienceMode: whatever a line does, whole frames come out as they were meant."""

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.wire import sciencemode2_frames as second
from fes_ctrl.wire import sciencemode4_frames as fourth
from fes_ctrl.wire.stuffing import FRAME_ENDS

BYTES = st.one_of(st.integers(0, 255), st.sampled_from([0xF0, 0x0F, 0x81, 0x55, 0xD4, 0xA5, 0x5A]))
"""Special bytes, and what they are escaped to, as often as others."""

Frame = second.Frame | fourth.Frame
PAYLOADS = st.lists(BYTES, max_size=60).map(bytes)
FRAMES = {
    second: st.builds(second.Frame, BYTES, BYTES, PAYLOADS),
    fourth: st.builds(fourth.Frame, st.integers(0, 63), st.integers(0, 1023), PAYLOADS),
}
HOARD = {second: second.HEADER_LENGTH + second.BODY_MAX + 1, fourth: fourth.MAX_FRAME}
"""The longest frame: nothing beyond it is ever waited for."""

framings = pytest.mark.parametrize("framing", FRAMES, ids=["sciencemode2", "sciencemode4"])


def line_of(framing: ModuleType, frames: list[Frame]) -> bytes:
    return b"".join(framing.encode(*frame) for frame in frames)


def in_pieces(framing: ModuleType, stream: bytes, data: st.DataObject) -> tuple[object, ...]:
    """Return what a decoder finds, rejects, skips and keeps of a stream that comes in pieces."""
    decoder, found, position = framing.Decoder(), [], 0
    while position < len(stream):
        size = data.draw(st.integers(1, 20))
        found += decoder.feed(stream[position : position + size])
        position += size
    return found, decoder.rejected, decoder.junk, getattr(decoder, "damaged", None)


@framings
@given(data=st.data())
def test_frames_survive_any_splitting_of_the_stream(
    framing: ModuleType, data: st.DataObject
) -> None:
    frames = data.draw(st.lists(FRAMES[framing], max_size=5))
    found, rejected, *_ = in_pieces(framing, line_of(framing, frames), data)
    assert found == frames
    assert rejected == 0


def noisy(framing: ModuleType) -> st.SearchStrategy[bytes]:
    """Return whole frames, frames cut short, special bytes and noise."""
    frames = FRAMES[framing]
    return st.one_of(
        frames.map(lambda frame: framing.encode(*frame)),
        st.lists(st.sampled_from([0xF0, 0x0F, 0x81, 0x55, 0x01, 0x56, 0x57]), max_size=20).map(
            bytes
        ),
        st.binary(max_size=20),
        st.tuples(frames, st.integers(0, 8)).map(lambda cut: framing.encode(*cut[0])[: -cut[1]]),
    )


@framings
@given(data=st.data())
def test_how_a_noisy_stream_is_split_changes_nothing(
    framing: ModuleType, data: st.DataObject
) -> None:
    stream = b"".join(data.draw(st.lists(noisy(framing), max_size=8)))
    decoder = framing.Decoder()
    frames = decoder.feed(stream)
    whole = (frames, decoder.rejected, decoder.junk, getattr(decoder, "damaged", None))
    assert in_pieces(framing, stream, data) == whole


@framings
@given(data=st.data())
def test_junk_without_a_start_byte_costs_no_frame(framing: ModuleType, data: st.DataObject) -> None:
    frames = data.draw(st.lists(FRAMES[framing], min_size=1, max_size=4))
    junk = data.draw(st.binary(max_size=12)).replace(b"\xf0", b"")
    decoder = framing.Decoder()
    assert decoder.feed(junk + line_of(framing, frames)) == frames
    assert decoder.junk == len(junk)


@framings
@given(data=st.data())
def test_a_frame_cut_short_and_ended_does_not_swallow_the_next(
    framing: ModuleType, data: st.DataObject
) -> None:
    half = framing.encode(*data.draw(FRAMES[framing]))
    half = half[: data.draw(st.integers(0, len(half) - 1))]
    whole = data.draw(FRAMES[framing])
    found = framing.Decoder().feed(half + FRAME_ENDS + framing.encode(*whole))
    assert found[-1:] == [whole]


@framings
@given(noise=st.binary(max_size=3000))
def test_noise_never_makes_the_decoder_raise_or_hoard(framing: ModuleType, noise: bytes) -> None:
    decoder = framing.Decoder()
    for position in range(0, len(noise), 50):
        decoder.feed(noise[position : position + 50])
        assert len(decoder._buffer) <= HOARD[framing]
        assert len(getattr(decoder, "damaged", ())) <= 16
