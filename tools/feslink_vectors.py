"""Make the test vectors of feslink, which every implementation is held to.

    python tools/feslink_vectors.py [--check]

Frames with their meaning, damaged streams with what comes out of them, and dialogues: instants of
the device's clock, bytes in, bytes out, pulses given, state after. docs/reference/feslink.md says
how to read them. With ``--check`` nothing is written, and it fails if the file is stale.
"""

import argparse
import json
import sys
from pathlib import Path
from random import Random

from feslink_dialogue import SERIAL, Json
from feslink_dialogues import dialogues

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH

FILE = Path(__file__).resolve().parents[1] / "tests/vectors/feslink.json"


def said(message: fm.Message) -> Json:
    """Return a message as the file says it: its type in hex, then its fields."""
    return {**message._asdict(), "type": f"{feslink.type_of(message):02x}"}


# -- frames -------------------------------------------------------------------------------------


def frames() -> list[Json]:
    """Return one of each message, and those with the most and the fewest zeros."""
    head = {"result": 0, "state": 1, "fault": 0, "clock_us": 123_456_789}
    status = fm.Status(fm.STATUS, 9, 0, 3, 1, 5_000_000, 2, 0, 17, 3)
    messages: list[fm.Message] = [
        fm.Stop(),
        fm.Identify(1),
        fm.AskCapabilities(2),
        fm.AskLimits(3),
        fm.AskStatus(4),
        fm.Offer(5),
        fm.Arm(6, 0xDEADBEEF, 100),
        fm.Arm(255, 1, 150),
        fm.Clear(7, 0x0100_0000, fm.FAULT_OPEN),
        fm.Keep(8, 0xFFFF_FFFF, 0xFFFF_FFFF),
        fm.Keep(8, 1, 0),
        fm.Setpoint(9, 0xDEADBEEF, 1, 104_000, 0, 0, 40, 300),
        fm.Setpoint(10, 0x0000_0001, 256, 0, 7, 3, 160, 256),
        fm.Setpoint(11, 0x7F7F_7F7F, 0x0101_0101, 0xFFFF_FFFF, 255, 255, 0xFFFF, 0xFFFF),
        status,
        status._replace(asked=fm.STOP, number=0),
        status._replace(asked=fm.ARM, result=fm.REFUSED_LATCHED),
        status._replace(asked=fm.CLEAR, refused=65_535, damaged=65_535),
        status._replace(asked=fm.UNKNOWN, result=fm.REFUSED_UNKNOWN),
        fm.Identity(1, **head, major=1, minor=0, firmware_major=1, firmware_minor=0,
                    firmware_patch=0, serial=int.from_bytes(SERIAL, "little")),
        fm.DeviceCapabilities(2, *head.values(), *BENCH[:13]),
        fm.DeviceLimits(3, *head.values(), *BENCH[14:]),
        fm.Offered(5, *head.values(), nonce=0xDEADBEEF),
        fm.Account(fm.SETPOINT, 9, *head.values(), 12, 72_000, 12, 2_000, 1_000),
        fm.Account(fm.KEEP, 8, 4, 2, 0, 0, 0, 0, 0, 0, 0),
    ]  # fmt: skip
    return [
        {"message": said(message), "wire": feslink.encode(message).hex()} for message in messages
    ]


def damaged() -> list[Json]:
    """Return streams that a line has hurt, with what a decoder makes of each."""
    pulse = feslink.encode(fm.Setpoint(9, 0xDEADBEEF, 1, 104_000, 0, 0, 40, 300))
    keep = feslink.encode(fm.Keep(8, 0xDEADBEEF, 2))
    streams: list[tuple[str, bytes]] = [
        ("nothing but ends", bytes(5)),
        ("an end is missing: two frames become one", pulse[:-1] + keep + pulse),
        ("a byte is lost", pulse[:4] + pulse[5:] + keep),
        ("a byte comes twice", pulse[:4] + pulse[3:] + keep),
        ("a byte is zero", pulse[:4] + b"\x00" + pulse[5:] + keep),
        ("cut short, then an end and the next", pulse[:12] + b"\x00" + keep),
        ("spliced", pulse[:12] + keep[5:] + keep),
        ("check bytes without their top bits", topless(pulse) + keep),
        ("the unused bits of the check are set", pulse[:-2] + bytes((pulse[-2] | 0x10, 0)) + keep),
        ("a distance leads past the end", bad_distance(pulse, 200) + keep),
        ("a distance is too short", bad_distance(pulse, 1) + keep),
        ("longer than any frame", b"\x11" * 4000 + b"\x00" + keep),
        ("too short", b"\x02\x1e\x80\x80\x80\x00" + keep),
        ("right check, unknown type", feslink.frame_of(b"\x70\x05") + keep),
        ("right check, wrong length", feslink.frame_of(bytes((fm.KEEP, 5, 1, 2))) + keep),
        ("right check, no such state", feslink.frame_of(b"\x9e\x05\x00\x04" + bytes(11)) + keep),
        ("stop without its word", feslink.frame_of(b"\x74STOQ") + feslink.STOP_BYTES),
        ("stop behind half a frame", pulse[:10] + feslink.STOP_BYTES),
        ("the first stop is hurt", feslink.STOP_BYTES[:5] + b"\x7f" + feslink.STOP_BYTES[6:]),
    ]  # fmt: skip
    random = Random(5)
    for bit in sorted(random.sample(range(8 * len(pulse)), 24)):
        data = bytearray(pulse)
        data[bit // 8] ^= 1 << bit % 8
        streams.append((f"bit {bit} of a setpoint is flipped", bytes(data) + keep))
    found = []
    for name, stream in streams:
        decoder = feslink.Decoder()
        messages = [said(message) for message in decoder.feed(stream)]
        found.append(
            {"name": name, "wire": stream.hex(), "messages": messages, "rejected": decoder.rejected}
        )
    return found


def topless(frame: bytes) -> bytes:
    """Return a frame whose check bytes lack their top bits."""
    return frame[:-6] + bytes([byte & 0x7F for byte in frame[-6:]])


def bad_distance(frame: bytes, distance: int) -> bytes:
    """Return a frame whose first distance is wrong, and whose check is right."""
    stuffed = bytes((distance,)) + frame[1 : -1 - feslink.CHECK_LENGTH]
    return stuffed + feslink.check_of(stuffed) + feslink.ZERO


def text() -> str:
    """Return the whole file: one frame, one stream, one step of a dialogue a line."""
    lines = ['{"feslink": "1.0",', f'"serial": "{SERIAL.decode()}",']
    lines.append(f'"stop": "{feslink.STOP_BYTES.hex()}",')
    lines.append(f'"table": {json.dumps(BENCH._asdict())},')
    for key, rows in (("frames", frames()), ("damaged", damaged())):
        lines += [f'"{key}": [', ",\n".join([json.dumps(row) for row in rows]), "],"]
    told = []
    for dialogue in dialogues():
        whole = dialogue.as_json()
        del whole["steps"]
        body = ",\n".join([json.dumps(step) for step in dialogue.steps])
        told.append(f'{json.dumps(whole)[:-1]}, "steps": [\n{body}\n]}}')
    lines += ['"dialogues": [', ",\n".join(told), "]}"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    made = text()
    if not parser.parse_args().check:
        FILE.write_text(made)
    elif not FILE.exists() or FILE.read_text() != made:
        print(f"stale: {FILE}; run python tools/feslink_vectors.py", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
