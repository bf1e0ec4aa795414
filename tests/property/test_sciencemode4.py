"""Whatever a line does to ScienceMode4 frames, no altered one comes out of the decoder."""

from random import Random

from fes_ctrl.wire.sciencemode4_frames import Decoder, Frame, encode


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
