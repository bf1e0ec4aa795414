"""The floor of a latency: a loop that answers bytes on one port with bytes on another.

    python -m hil.latency.echo SENSOR STIMULATOR BYTES

It reads what a controller reads and writes as many bytes as a pulse's frame has, with nothing in
between: what is left is the machine, the kernel and asyncio.
"""

import asyncio
import os
import sys
import tty

from fes_ctrl.runtime.realtime import real_time_loop


async def echo(sensor: str, stimulator: str, size: int) -> None:
    """Answer every line, until the sensor's port hangs up."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK
    near, far = os.open(sensor, flags), os.open(stimulator, flags)
    for port in (near, far):
        tty.setraw(port)
    frame = bytes(size)

    def readable() -> None:
        try:
            data = os.read(near, 4096)
        except OSError:
            data = b""
        if data:
            os.write(far, frame * data.count(b"\n"))
        elif not over.done():
            over.set_result(None)

    loop.add_reader(near, readable)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await over


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        runner.run(echo(sys.argv[1], sys.argv[2], int(sys.argv[3])))
