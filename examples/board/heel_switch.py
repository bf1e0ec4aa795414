"""A heel switch for fes-ctrl over MQTT: all that a board has to say, 100 times a second.

    python heel_switch.py BROKER[:PORT] TOPIC
    fes-ctrl run --sensor "mqtt://BROKER/TOPIC?sensors=right.heel_switch" ...

Each reading bears its number and the board's own clock, in microseconds since it began: a clock
that is never set, for a reading whose age cannot be told counts for nothing.
"""

import sys
import time

from paho.mqtt.client import CallbackAPIVersion, Client

PERIOD_S = 0.01


def heel() -> int:
    """Return 1 while the heel bears load: read your pin here; this one walks by itself."""
    return int(time.monotonic() % 1.2 < 0.7)


host, _, port = sys.argv[1].partition(":")
board = Client(CallbackAPIVersion.VERSION2)
board.connect(host, int(port or 1883))
board.loop_start()
seq, due_s = 0, time.monotonic()
while True:
    seq, due_s = seq + 1, due_s + PERIOD_S
    now_us = time.monotonic_ns() // 1000
    # Not of QoS 1: what was lost is old before it could be sent again. Not retained either.
    board.publish(sys.argv[2], f"right,heel_switch,{seq},{now_us},{heel()}", qos=0)
    time.sleep(max(0.0, due_s - time.monotonic()))
