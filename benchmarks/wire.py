"""How fast the codecs are, each way: one JSON line on stdout, a table on stderr.

    python benchmarks/wire.py [--frames N] [--updates N] [--seed N]

Frames as a walk has them are made from typed values and refused where the wire cannot say them;
streams of them come in pieces and end as typed values again. Beside each codec, in the same run and
on the same values, its reference: science-mode-4 of PyPI, or the bare check where no other
implementation can be had that gives frames without a port. Random updates are compared with
science-mode-4's bytes, and a stream is split and joined in random ways, which must change nothing.
Rates are by processor time; the wall's are beside them.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from random import Random

import science_mode_4 as client
from science_mode_4.protocol.protocol import Protocol
from wire_frames import CODECS, Codec

from fes_ctrl.wire import sciencemode4 as sm4

ASKED_PER_S = 80_000
PIECE = 512
"""Bytes that come at once: a loop that turns every few milliseconds reads about so many."""


def rates(work: Callable[[], int]) -> tuple[float, float]:
    """Return frames a second of processor and of wall time."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    count = work()
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    return round(count / cpu_s), round(count / wall_s)


def measure(codec: Codec, frames: int) -> dict[str, object]:
    """Return one codec's rates beside the reference's."""
    lines = codec.encode(frames)
    few = lines[: max(200, frames // 100)]
    stream = b"".join(lines)
    if codec.decode(stream, PIECE) != frames:
        sys.exit("frames were lost")
    encode = rates(lambda: len(codec.encode(frames)))
    decode = rates(lambda: codec.decode(stream, PIECE))
    row: dict[str, object] = {
        "encode_per_s": encode[0],
        "decode_per_s": decode[0],
        "encode_per_wall_s": encode[1],
        "decode_per_wall_s": decode[1],
        "reference": codec.reference,
    }
    theirs = codec.theirs
    if theirs is not None:
        if theirs(len(few)) != few:
            sys.exit("the reference says other bytes")
        row["reference_encode_per_s"] = rates(lambda: len(theirs(len(few))))[0]
    row["reference_decode_per_s"] = rates(lambda: codec.their_decode(few))[0]
    row["reached"] = min(encode[0], decode[0]) >= ASKED_PER_S
    return row


def random_trains(random: Random, k: int) -> list[sm4.ChannelTrain]:
    """Return one update: most of a channel or two, some of eight, some of sixteen points."""
    trains = []
    for channel in random.sample(range(8), 8 if k % 50 == 0 else random.randint(0, 2)):
        count = 16 if k % 20 == 0 else random.randint(1, 3)
        points = tuple(
            [(random.randint(0, 4095), 500 * random.randint(-300, 300)) for _ in range(count)]
        )
        period_us = 1000 * random.randint(1, 16_383)
        trains.append(sm4.ChannelTrain(channel, points, random.randint(0, 15), period_us))
    return trains


def differing_updates(count: int, random: Random) -> int:
    """Return how many random updates the reference says in other bytes, or do not read back."""
    wrong = 0
    packet = client.PacketMidLevelUpdate()
    for k in range(count):
        trains = random_trains(random, k)
        theirs: list[client.MidLevelChannelConfiguration | None] = [None] * 8
        for channel, points, ramp, period_us in trains:
            said = [client.ChannelPoint(us, ua / 1000) for us, ua in points]
            theirs[channel] = client.MidLevelChannelConfiguration(
                True, ramp, period_us // 1000, said
            )
        packet.channel_configuration = theirs
        packet.number = k & 63
        line = sm4.ml_update(k & 63, trains)
        frames = sm4.Decoder().feed(line)
        wrong += (
            line != Protocol.packet_to_bytes(packet)
            or len(frames) != 1
            or sm4.decode_update(frames[0].payload) != tuple(sorted(trains))
        )
    return wrong


def splits_that_differ(random: Random, rounds: int) -> int:
    """Return how many ways of splitting a stream, special bytes and junk in it, change it."""
    special = (0xF0, 0x0F, 0x81, 0x55)
    lines = [
        sm4.encode(k & 63, random.randrange(1024), bytes(random.choices(special, k=k % 40)))
        for k in range(60)
    ]
    stream = b"".join(
        [line + bytes(random.choices(special, k=k % 3 == 0)) for k, line in enumerate(lines)]
    )
    whole = sm4.Decoder().feed(stream)
    wrong = 0
    for _ in range(rounds):
        decoder, found, start = sm4.Decoder(), [], 0
        while start < len(stream):
            end = start + random.randint(1, 60)
            found += decoder.feed(stream[start:end])
            start = end
        wrong += found != whole
    return wrong


def main() -> None:
    """Print the table and the line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=2_000, help="20000 for the whole figure")
    parser.add_argument("--splits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = Random(options.seed)
    rows = {name: measure(codec, options.frames) for name, codec in CODECS.items()}
    for name, row in rows.items():
        print(name, file=sys.stderr)
        for figure, value in row.items():
            print(f"  {figure:26}{value!s:>10}", file=sys.stderr)
    whole = {
        "benchmark": "wire",
        "frames": options.frames,
        "asked_per_s": ASKED_PER_S,
        "codecs": rows,
        "updates": options.updates,
        "updates_that_differ": differing_updates(options.updates, random),
        "splits": options.splits,
        "splits_that_differ": splits_that_differ(random, options.splits),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(whole))


if __name__ == "__main__":
    main()
