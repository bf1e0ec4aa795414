"""The devices that ``latency.py`` talks to, on five pseudo-terminals, in a process of their own.

Their names come first, one line of JSON; when the host closes the standard input, another says
what was seen.
"""

import json
import os
import select
import sys
import time
import tty
from random import Random

from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage

LATE_US = 30_000
NAMES = ("quick", "echo", "client", "whole", "slow")


class Quick:
    """Answers every frame at once, well."""

    def __init__(self) -> None:
        self._decoder = sm4.Decoder()
        payload = {
            sm4.GET_DEVICE_ID: b"\x00SIM0000001",
            sm4.GET_EXTENDED_VERSION: bytes.fromhex("00010203040000C0FFEE010101"),
            sm4.GET_STIM_STATUS: b"\x00\x01\x06",
            sm4.LL_CHANNEL_CONFIG: b"\x00\x00\x00",
        }
        self._payload = payload

    def receive(self, data: bytes) -> bytes:
        """Return the answers."""
        out = b""
        for number, command, _ in self._decoder.feed(data):
            out += sm4.ack(number, command, self._payload.get(command, b"\x00"))
        return out


class Whole:
    """A simulated P24 in real time, which notes pulses and live signals."""

    def __init__(self) -> None:
        output = OutputStage(sm4.CHANNELS)
        self.pulses_us: list[int] = []
        output.sinks.append(lambda t_us, _channel, _points: self.pulses_us.append(t_us))
        self._device = SimulatedP24(output, Random(1))
        self._decoder = sm4.Decoder()
        self._live_us: int | None = None
        self.gap_us = 0
        self.gaps = 0
        self.pauses = 0
        self.wake_us = NEVER_US

    def receive(self, now_us: int, data: bytes) -> bytes:
        """Take bytes, or time alone; return the answers that are due."""
        before = self._device.status
        if not data:
            step = self._device.tick(now_us)
            if before == sm4.STATUS_ML_RUNNING and self._device.status != before:
                self.pauses += 1
        else:
            step = self._device.receive(now_us, data)
            for _, command, _ in self._decoder.feed(data):
                if command in (sm4.ML_UPDATE, sm4.ML_GET_CURRENT_DATA):
                    self._live(now_us, running=before == sm4.STATUS_ML_RUNNING)
        self.wake_us = step.wake_at_us
        return step.out

    def _live(self, now_us: int, *, running: bool) -> None:
        if running and self._live_us is not None:
            self.gaps += 1
            self.gap_us = max(self.gap_us, now_us - self._live_us)
        self._live_us = now_us


class Slow:
    """Answers each frame with its own data, up to 30 ms later, in whatever order that makes."""

    def __init__(self) -> None:
        self._decoder = sm4.Decoder()
        self._random = Random(2)
        self._due: list[tuple[int, bytes]] = []

    def receive(self, now_us: int, data: bytes) -> None:
        """Take bytes."""
        for number, command, payload in self._decoder.feed(data):
            at_us = now_us + self._random.randrange(LATE_US)
            self._due.append((at_us, sm4.ack(number, command, b"\x00" + payload)))

    def answers(self, now_us: int) -> bytes:
        """Return what is due."""
        due = sorted([one for one in self._due if one[0] <= now_us])
        self._due = [one for one in self._due if one[0] > now_us]
        return b"".join([data for _, data in due])

    @property
    def wake_us(self) -> int:
        """When the next is due."""
        return min([at_us for at_us, _ in self._due], default=NEVER_US)


def main() -> None:
    """Serve all five until the host closes the standard input; then tell what was seen."""
    ends = {name: os.openpty() for name in NAMES}
    for master, slave in ends.values():
        tty.setraw(slave)
        os.set_blocking(master, False)
    print(json.dumps({name: os.ttyname(slave) for name, (_, slave) in ends.items()}), flush=True)
    name_of = {master: name for name, (master, _) in ends.items()}
    quick, client_device, whole, slow = Quick(), Quick(), Whole(), Slow()
    start_ns = time.monotonic_ns()
    while True:
        now_us = (time.monotonic_ns() - start_ns) // 1000
        wait_s = max(0, min(whole.wake_us, slow.wake_us, now_us + 500_000) - now_us) / 1e6
        ready, _, _ = select.select([*name_of, sys.stdin], [], [], wait_s)
        now_us = (time.monotonic_ns() - start_ns) // 1000
        if sys.stdin in ready:
            break
        for fd in ready:
            data, name = os.read(fd, 4096), name_of[fd]
            if name == "echo":
                os.write(fd, data)
            elif name == "quick":
                os.write(fd, quick.receive(data))
            elif name == "client":
                os.write(fd, client_device.receive(data))
            elif name == "slow":
                slow.receive(now_us, data)
            else:
                os.write(fd, whole.receive(now_us, data))
        if whole.wake_us <= now_us:
            os.write(ends["whole"][0], whole.receive(now_us, b""))
        if slow.wake_us <= now_us:
            os.write(ends["slow"][0], slow.answers(now_us))
    seen = {
        "pulses_us": whole.pulses_us,
        "gap_us": whole.gap_us,
        "gaps": whole.gaps,
        "pauses": whole.pauses,
    }
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()
