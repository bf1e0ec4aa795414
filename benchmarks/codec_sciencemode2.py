"""How many ScienceMode2 frames a second are said and read: one JSON line.

    python benchmarks/codec_sciencemode2.py [--frames N]

Typed frames, each validated: single pulses, updates of a list of two channels, answers. They are
read from a stream that comes in pieces of 64 bytes. The reference beside it, in the same run, is
the bare work that a frame cannot do without: its check, by table.
"""

import argparse
import json
import time
from collections.abc import Callable

from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire.sciencemode2_frames import crc8

PIECE = 64
PULSES = (sm2.ListPulse(sm2.SINGLE, 300, 40_000), sm2.ListPulse(sm2.SINGLE, 250, 35_000))


def said(count: int) -> list[bytes]:
    """Return so many frames."""
    frames = []
    for index in range(count):
        number = index % 256
        if index % 3 == 0:
            frames.append(sm2.single_pulse(number, index % 8, 300, 40_000))
        elif index % 3 == 1:
            frames.append(sm2.start_channel_list(number, PULSES))
        else:
            frames.append(sm2.ack(number, sm2.SINGLE_PULSE, sm2.NO_ERROR))
    return frames


def read(stream: bytes) -> int:
    """Return how many frames are read and understood."""
    decoder = sm2.Decoder()
    found = 0
    for start in range(0, len(stream), PIECE):
        for _, command, payload in decoder.feed(stream[start : start + PIECE]):
            if command == sm2.SINGLE_PULSE:
                found += sm2.decode_single_pulse(payload) is not None
            elif command == sm2.START_CHANNEL_LIST:
                found += sm2.decode_start_channel_list(payload) is not None
            else:
                found += sm2.decode_result(payload) == sm2.NO_ERROR
    return found


def per_second(count: int, work: Callable[[], object]) -> int:
    """Return the best of three."""
    best_s = float("inf")
    for _ in range(3):
        began_s = time.perf_counter()
        work()
        best_s = min(best_s, time.perf_counter() - began_s)
    return round(count / best_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100_000)
    count = parser.parse_args().frames
    frames = said(count)
    stream = b"".join(frames)
    if read(stream) != count:
        message = "not every frame was read"
        raise SystemExit(message)
    print(
        json.dumps(
            {
                "benchmark": "codec_sciencemode2",
                "frames": count,
                "encoded_per_s": per_second(count, lambda: said(count)),
                "decoded_per_s": per_second(count, lambda: read(stream)),
                "crc_alone_per_s": per_second(count, lambda: [crc8(f[5:-1]) for f in frames]),
            }
        )
    )


if __name__ == "__main__":
    main()
