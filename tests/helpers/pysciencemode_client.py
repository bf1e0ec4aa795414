"""pysciencemode's RehaStim2, driven by lines on standard input; each answered by a line of JSON.

A process of its own: its threads are no daemons, and some of its calls never return.
"""

import json
import os
import sys
import time

from pysciencemode import Channel, Device, Modes, Rehastim2


def say(**words: object) -> None:
    """Tell whoever drives this process, on a line that the client's own prints do not get into."""
    os.write(1, f"\n{json.dumps(words)}\n".encode())


def channels(*currents_ma: str) -> list[Channel]:
    """Return the channels from the first on, 300 us each."""
    return [
        Channel(
            mode=Modes.SINGLE,
            no_channel=index + 1,
            amplitude=int(current_ma),
            pulse_width=300,
            device_type=Device.Rehastim2,
        )
        for index, current_ma in enumerate(currents_ma)
    ]


def after_a_watchdog(client: Rehastim2, wait_s: float) -> None:
    """Wait until its thread has sent one, and then so long."""
    seen = client.time_last_cmd
    while client.time_last_cmd == seen:
        time.sleep(0.002)
    time.sleep(wait_s)


def do(client: Rehastim2, word: str, rest: list[str]) -> None:
    """Carry out one line."""
    if word == "init":
        client.init_channel(stimulation_interval=int(rest[0]), list_channels=channels(*rest[1:]))
    elif word == "start":
        client.start_stimulation(upd_list_channels=channels(*rest))
    elif word == "pause":
        client.pause_stimulation()
    elif word == "end":
        client.end_stimulation()
    elif word == "mode":
        client._send_packet("GetStimulationMode")
    elif word == "wait":
        time.sleep(float(rest[0]))
    elif word == "phase":
        after_a_watchdog(client, float(rest[0]))


def main() -> None:
    """Connect, and do what the lines say."""
    client = Rehastim2(port=sys.argv[1], show_log=sys.argv[2] == "log")
    say(did="connect")
    for line in sys.stdin:
        word, *rest = line.split()
        try:
            do(client, word, rest)
            say(did=word)
        except Exception as error:  # noqa: BLE001 - whatever it raises is to be told
            say(did=word, raised=f"{type(error).__name__}: {error}")
    os._exit(0)


main()
