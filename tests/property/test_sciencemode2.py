"""Whatever a line does to ScienceMode2 frames: what comes out of the decoder, and how often."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire.sciencemode2_frames import Decoder, crc8

BYTES = st.one_of(st.integers(0, 255), st.sampled_from([0xF0, 0x0F, 0x81, 0x55, 0xD4, 0xA5, 0x5A]))

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
