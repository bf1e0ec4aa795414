"""How fast feslink frames are written and read, and what a million damaged ones become.

    python benchmarks/feslink.py [--frames N] [--seed N]

One JSON line on stdout, a table on stderr. Speed is processor time, in plain Python, of setpoints
and of the device's answers to them, typed and validated; the reference is the ScienceMode4 pulse
in the same run. Damage is that of benchmarks/corruption.py; altered is what the decoder lets
through and nobody sent, and the bound is none.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from random import Random

from corruption import WAYS

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode4 as sm4

WANTED_PER_S = 80_000
ROUNDS = 40_000


def rate(work: Callable[[], object], frames: int) -> int:
    """Return frames a second of processor time."""
    started_s = time.process_time()
    work()
    return round(frames / (time.process_time() - started_s))


def speeds() -> dict[str, int]:
    """Return frames a second, each way."""
    setpoints = [
        fm.Setpoint(i % 255 + 1, 0xDEAD_BEEF, i, i * 25_000, i % 8, 0, 40, 300)
        for i in range(ROUNDS)
    ]
    accounts = [
        fm.Account(fm.SETPOINT, i % 255 + 1, 0, 2, 0, i * 25_000, i, i * 6_000, i, 2_000, 1_000)
        for i in range(ROUNDS)
    ]
    points = ((300, 20_000), (300, -20_000))
    found: dict[str, int] = {}
    for name, messages in (("setpoint", setpoints), ("account", accounts)):
        lines = [feslink.encode(message) for message in messages]
        found[f"write {name}"] = rate(lambda m=messages: list(map(feslink.encode, m)), ROUNDS)
        decoder = feslink.Decoder()
        found[f"read {name}"] = rate(lambda d=decoder, w=lines: list(map(d.feed, w)), ROUNDS)
    pulses = [sm4.low_level_pulse(i % 62, i % 8, points) for i in range(ROUNDS)]
    found["write P24 pulse"] = rate(
        lambda: [sm4.low_level_pulse(i % 62, i % 8, points) for i in range(ROUNDS)], ROUNDS
    )
    reader = sm4.Decoder()
    found["read P24 pulse"] = rate(lambda: list(map(reader.feed, pulses)), ROUNDS)
    return found


def sent(random: Random) -> fm.Message:
    """Return one frame of a host or of a device."""
    kind = random.random()
    number = random.randint(1, 255)
    nonce, sequence = random.randrange(1 << 32), random.randrange(1 << random.choice((8, 32)))
    if kind < 0.6:
        at_us = random.randrange(1 << 32)
        steps, width_us = random.randint(1, 160), random.randint(20, 300)
        return fm.Setpoint(
            number,
            nonce,
            sequence,
            at_us,
            random.randrange(8),
            random.randrange(4),
            steps,
            width_us,
        )
    if kind < 0.75:
        return fm.Keep(number, nonce, sequence)
    if kind < 0.8:
        return fm.Arm(number, nonce, random.randint(50, 150))
    if kind < 0.85:
        return fm.AskStatus(number)
    return fm.Account(fm.KEEP, number, 0, 2, 0, nonce, sequence, sequence, sequence, 2_000, 1_000)


def main() -> None:
    """Measure, then damage frames and read what is left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random = Random(arguments.seed)
    per_s = speeds()
    for name, value in per_s.items():
        print(f"{name:32}{value:>10} frames/s", file=sys.stderr)
    rows = {way: {"frames": 0, "changed": 0, "altered": 0} for way in WAYS}
    names = list(WAYS)
    for index in range(arguments.frames):
        way = names[index % len(names)]
        one, other = sent(random), sent(random)
        line, next_line = feslink.encode(one), feslink.encode(other)
        damaged = WAYS[way](line, next_line, random)
        row = rows[way]
        row["frames"] += 1
        row["changed"] += damaged not in {line, line + next_line}
        for found in feslink.Decoder().feed(damaged + feslink.ZERO):
            row["altered"] += found not in {one, other}
    print(f"{'damage':32}{'frames':>9}{'changed':>9}{'altered':>9}", file=sys.stderr)
    for way, row in rows.items():
        print(f"{way:32}{row['frames']:>9}{row['changed']:>9}{row['altered']:>9}", file=sys.stderr)
    altered = sum(row["altered"] for row in rows.values())
    held = altered == 0 and min(list(per_s.values())[:4]) >= WANTED_PER_S
    print(
        json.dumps(
            {
                "benchmark": "feslink",
                "frames": arguments.frames,
                "seed": arguments.seed,
                "held": held,
                "altered": altered,
                "frames_per_s": per_s,
                "rows": rows,
            }
        )
    )
    sys.exit(not held)


if __name__ == "__main__":
    main()
