"""A process between a controller and its stimulator that outlives the controller, to stop it.

    python -m fes_ctrl.links.guardian FD PORT BAUD PARITY STOP_BITS RTS_CTS STOP

It alone holds the serial port. It passes bytes both ways, and where the controller's loop does not
beat any more, or the controller is gone, it takes back what has not left, writes the stop, repeats
it, and lets the line go. So a device that goes on for seconds without its host is silent a fifth
of a second after the host's death. It decodes nothing and keeps no state of the device.

What it cannot do: it needs the machine. When that loses power the device's own watchdog is all
there is; and a guardian that is killed takes the line with it.
"""

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from typing import Final

from fes_ctrl.links import guard_channel as say
from fes_ctrl.links.liveness import LOOK_S, Liveness, boottime_us, monotonic_us
from fes_ctrl.links.serial_port import SerialLinkError, SerialPort, SerialSettings

READ_SIZE: Final = 4096


class Guardian:
    """Passes bytes between a controller's socket and a device's port, and watches the controller.

    Parameters
    ----------
    controller : socket
        Packets of ``guard_channel``; non-blocking.
    port : SerialPort
        Open; belongs to the guardian from now on.
    stop : bytes
        What ends the device's output, in any state.

    Attributes
    ----------
    told_to_end : bool
        Set by whoever wants it to stop the device and end.
    """

    def __init__(self, controller: socket.socket, port: SerialPort, stop: bytes) -> None:
        self._controller = controller
        self._port = port
        self._stop = stop
        self._waiting = b""
        self._seized = False
        self._beats = 0
        self._over = b""
        self._why = ""
        self.told_to_end = False

    def guard(self) -> None:
        """Pass bytes until it is over, and leave the device silent wherever that was no closing."""
        with selectors.DefaultSelector() as ready:
            ready.register(self._controller, selectors.EVENT_READ)
            ready.register(self._port.fd, selectors.EVENT_READ)
            self._pass_bytes(ready)
        if self._over == say.TRIPPED:
            self._stop_device()
        if self._over == say.LOST:
            self._tell()
        if self._over != say.CLOSE:
            self._port.hang_up()
        self._port.let_out()
        self._port.close()

    def _pass_bytes(self, ready: selectors.BaseSelector) -> None:
        liveness: Liveness | None = None
        while not self._over:
            for key, _ in ready.select(LOOK_S):
                if key.fd == self._port.fd:
                    self._hear_device()
                else:
                    self._hear_controller()
            self._push()
            if self.told_to_end:
                self._end(say.TRIPPED, "the guardian was told to end")
            if not self._beats:
                # Nobody has written yet, so there is nothing to stop.
                continue
            if liveness is None:
                liveness = Liveness(monotonic_us(), boottime_us())
            wrong = liveness.look(monotonic_us(), boottime_us(), self._beats)
            if wrong:
                self._end(say.TRIPPED, wrong)

    def _end(self, tag: bytes, why: str = "") -> None:
        """Let it be over; what came first counts."""
        if not self._over:
            self._over, self._why = tag, why

    def _stop_device(self) -> None:
        """Stop the device past everything that waits, and some times more."""
        for attempt in range(say.STOPS):
            self._port.flush()
            with contextlib.suppress(OSError):
                os.write(self._port.fd, self._stop)
            if attempt == 0:
                self._tell()
            if attempt + 1 < say.STOPS:
                time.sleep(say.STOP_REPEAT_S)

    def _tell(self) -> None:
        """Tell the controller why it is over, if anybody listens."""
        with contextlib.suppress(OSError):
            self._controller.send(self._over + self._why.encode())

    # -- both ends --------------------------------------------------------------------------------

    def _hear_controller(self) -> None:
        """Take all that has come before anything is written: a stop overtakes what came first."""
        while not self._over:
            try:
                packet = self._controller.recv(say.PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._end(say.TRIPPED, "the controller is gone")
                return
            self._take(packet[:1], packet[1:])

    def _take(self, tag: bytes, data: bytes) -> None:
        if tag == say.WRITE:
            if not self._seized:
                self._waiting += data
        elif tag == say.BEAT:
            self._beats += 1
        elif tag == say.DISCARD:
            if not self._seized:
                self._waiting = b""
                self._port.flush()
        elif tag == say.SEIZE:
            # Nothing but stops is written until the line is given back.
            self._seized = True
            self._port.flush()
            self._waiting = data
        elif tag == say.RELEASE:
            self._seized = False
        elif tag == say.CLOSE:
            self._end(say.CLOSE)
        else:
            self._end(say.DROP)

    def _hear_device(self) -> None:
        try:
            data = os.read(self._port.fd, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(say.LOST, f"{self._port.name}: {error.strerror or error}")
            return
        if not data:
            self._end(say.LOST, f"{self._port.name}: hung up")
            return
        with contextlib.suppress(OSError):
            # A controller that takes nothing is about to be found silent.
            self._controller.send(say.BYTES + data)

    def _push(self) -> None:
        try:
            while self._waiting:
                self._waiting = self._waiting[os.write(self._port.fd, self._waiting) :]
        except BlockingIOError:
            return
        except OSError as error:
            self._end(say.LOST, f"{self._port.name}: {error.strerror or error}")


def main(arguments: list[str]) -> int:
    """Open the port and guard it."""
    fd, name, baud, parity, stop_bits, rts_cts, stop = arguments
    controller = socket.socket(fileno=int(fd))
    controller.setblocking(False)
    settings = SerialSettings(
        int(baud),
        "E" if parity == "E" else "O" if parity == "O" else "N",
        2 if stop_bits == "2" else 1,
        rts_cts == "1",
    )
    try:
        port = SerialPort(name, settings)
    except SerialLinkError as error:
        controller.send(say.LOST + str(error).encode())
        return 1
    guardian = Guardian(controller, port, bytes.fromhex(stop))

    def end(_number: int, _frame: object) -> None:
        guardian.told_to_end = True

    # What ends the controller is to end the device, and not who stops it.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)
    controller.send(say.READY)
    guardian.guard()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
