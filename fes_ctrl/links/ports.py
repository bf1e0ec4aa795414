"""What is plugged in, who may open it, and what answers there.

Asking sends the question of each known protocol, on its own line settings, and none that could
start or change output. Still it opens the port: boards that restart when DTR rises do so, and a
device that speaks none of these protocols is sent bytes that were not meant for it.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import serial
from serial.tools import list_ports

from fes_ctrl.links.advice import NOT_OPENED, why_not_opened
from fes_ctrl.stimulators.hello import Hello
from fes_ctrl.stimulators.line import SerialSettings

READ_S: Final = 0.02
WRITE_S: Final = 0.5


class PortInfo(NamedTuple):
    """A serial port: ``usb`` is ``VID:PID`` in hexadecimal where it is one of that kind."""

    name: str
    usb: str
    serial_number: str
    description: str
    access: str


class Voice(NamedTuple):
    """What answered on a port, or why nobody could be asked; all empty where nobody answered."""

    device: str = ""
    identity: str = ""
    problem: str = ""


def plugged_in() -> list[PortInfo]:
    """Return the serial ports of this machine, by name."""
    found = []
    for port in sorted(list_ports.comports()):
        usb = "" if port.vid is None else f"{port.vid:04x}:{port.pid:04x}"
        description = "" if port.description in {None, "n/a"} else port.description
        found.append(
            PortInfo(
                port.device, usb, port.serial_number or "", description, access_to(port.device)
            )
        )
    return found


def access_to(name: str) -> str:
    """Return who may open a port: ``you``, or whoever has to let you.

    Parameters
    ----------
    name : str
        Its path, or its name where ports are no files.
    """
    if os.name != "posix":
        return "you"
    path = Path(name)
    if not path.exists():
        return "nobody: it is gone"
    if os.access(name, os.R_OK | os.W_OK):
        return "you"
    import grp

    group = path.stat().st_gid
    try:
        return f"group {grp.getgrgid(group).gr_name}"
    except KeyError:
        return f"group {group}"


def known_as(name: str) -> PortInfo | None:
    """Return what is plugged in under a name, or under what that name points to."""
    real = os.path.realpath(name)
    return next((port for port in plugged_in() if port.name in {name, real}), None)


def again(name: str, before: PortInfo | None) -> str:
    """Return where a device is that was plugged in before: the system may call it anew.

    Parameters
    ----------
    name : str
        What it was opened as.
    before : PortInfo or None
        What was known of it then.
    """
    if before is not None and before.usb and before.serial_number:
        mark = (before.usb, before.serial_number)
        for port in plugged_in():
            if (port.usb, port.serial_number) == mark:
                return name if os.path.realpath(name) == port.name else port.name
    return name


def ask(name: str, hellos: Mapping[str, tuple[SerialSettings, Hello]]) -> Voice:
    """Ask a port who is there, one protocol after the other until one is spoken.

    Parameters
    ----------
    name : str
        The port.
    hellos : mapping of str to (SerialSettings, Hello)
        By device: its line and its question.

    Returns
    -------
    Voice
        What answered.
    """
    for device, (line, hello) in hellos.items():
        try:
            identity = _ask(name, line, hello)
        except NOT_OPENED as error:
            return Voice(problem=why_not_opened(error))
        if identity:
            return Voice(device, identity)
    return Voice()


def _ask(name: str, line: SerialSettings, hello: Hello) -> str:
    with serial.Serial(
        name,
        line.baud,
        parity=line.parity,
        stopbits=line.stop_bits,
        rtscts=line.rts_cts,
        timeout=READ_S,
        write_timeout=WRITE_S,
        exclusive=True,
    ) as port:
        port.reset_input_buffer()
        port.write(hello.question)
        data = b""
        until_s = time.monotonic() + hello.listen_ms / 1000
        while time.monotonic() < until_s:
            data += port.read(4096)
            identity = hello.recognise(data)
            if identity:
                return identity
        return ""
