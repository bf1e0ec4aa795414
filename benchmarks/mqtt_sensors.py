"""From a board's reading to the control loop over a real mosquitto: one JSON line on stdout.

    python benchmarks/mqtt_sensors.py [--seconds S] [--hz F]

The board is a process of its own that publishes a heel switch stamped with this machine's clock.
Timed is from the stamp to the call in which the reading reaches the control loop, through the
broker, the process that listens and the line between the two; and how old the source itself took it
to be. Beside it in the same run, from the same messages: when a bare paho client has them, which is
what the broker and the machine take.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time

from mqtt_broker import mosquitto, percentiles
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from fes_ctrl.links.broker import Broker
from fes_ctrl.model import HEEL_SWITCH, RIGHT, Sample
from fes_ctrl.runtime.realtime import real_time_loop
from fes_ctrl.sensors.in_time import CLOCK_PPM
from fes_ctrl.sensors.mqtt import MqttSensors
from fes_ctrl.sensors.source import Worn

TOPIC = "feet/right"
BOARD = """
import sys, time
from paho.mqtt.client import CallbackAPIVersion, Client
board = Client(CallbackAPIVersion.VERSION2)
board.connect("127.0.0.1", int(sys.argv[1]))
board.loop_start()
seq, due_s = 0, time.monotonic()
while True:
    seq, due_s = seq + 1, due_s + 1 / float(sys.argv[2])
    now_us = time.monotonic_ns() // 1000
    board.publish("feet/right", f"right,heel_switch,{seq},{now_us},{seq % 2}", qos=0)
    time.sleep(max(0.0, due_s - time.monotonic()))
"""


def now_us() -> int:
    """Return this machine's clock."""
    return time.monotonic_ns() // 1000


async def measure(port: int, seconds: float) -> dict[str, object]:
    """Listen for so long, in both ways."""
    heel = Worn(RIGHT, HEEL_SWITCH)
    # Generous: what is late is to be seen.
    source = MqttSensors(Broker("127.0.0.1", port, TOPIC), (heel,), 500_000, CLOCK_PPM, now_us)
    found: list[Sample] = []
    came_us: dict[int, int] = {}
    bare_us: dict[int, int] = {}
    stamps_us: dict[int, int] = {}

    def take(sample: Sample) -> None:
        came_us[sample.seq] = now_us()
        found.append(sample)

    def bare(_client: Client, _data: object, message: MQTTMessage) -> None:
        at_us = now_us()
        fields = message.payload.split(b",")
        bare_us[int(fields[2])] = at_us
        stamps_us[int(fields[2])] = int(fields[3])

    source.on_sample = take
    beside = Client(CallbackAPIVersion.VERSION2)
    beside.on_message = bare
    beside.connect("127.0.0.1", port)
    beside.subscribe(TOPIC, 0)
    # Not in this process's loop: a thread, as paho's users have it.
    beside.loop_start()
    await asyncio.sleep(seconds)
    beside.loop_stop()
    source.close()
    both = [seq for seq in came_us if seq in stamps_us]
    in_time = source.in_time[heel]
    return {
        "to_the_loop": percentiles([(came_us[seq] - stamps_us[seq]) / 1e6 for seq in both]),
        "bare_client": percentiles([(bare_us[seq] - stamps_us[seq]) / 1e6 for seq in both]),
        "age_as_told": percentiles([(each.t_arrive_us - each.t_meas_us) / 1e6 for each in found]),
        "late": in_time.late,
        "lost": in_time.lost,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--hz", type=float, default=100.0)
    asked = parser.parse_args()
    with mosquitto() as (port, _):
        board = subprocess.Popen([sys.executable, "-c", BOARD, str(port), str(asked.hz)])
        try:
            with asyncio.Runner(loop_factory=real_time_loop) as runner:
                figures = runner.run(measure(port, asked.seconds))
        finally:
            board.kill()
            board.wait()
    load = os.getloadavg()[0]
    print(json.dumps({"hz": asked.hz, "load_average": round(load, 1), **figures}))


if __name__ == "__main__":
    main()
