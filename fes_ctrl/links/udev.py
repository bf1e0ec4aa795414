"""What Linux's device manager sets for serial ports, and the lines by which it sets them better."""

from pathlib import Path
from re import fullmatch
from typing import Final

RULES: Final = "/etc/udev/rules.d/60-fes-ctrl.rules"
"""Before 73, where the rules are that give a port to whoever sits at the machine."""

USB_SERIAL: Final = Path("/sys/bus/usb-serial/devices")
FTDI_RULE: Final = (
    'ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"'
)


def access_rule(usb: str) -> str:
    """Return the line that lets whoever sits at the machine open a port; none if it is no USB's.

    Parameters
    ----------
    usb : str
        ``VID:PID`` in hexadecimal, or empty.
    """
    found = fullmatch("([0-9a-f]{4}):([0-9a-f]{4})", usb)
    if found is None:
        return ""
    vendor, product = found.groups()
    return (
        f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}", '
        'TAG+="uaccess"'
    )


def latency_timers(place: Path = USB_SERIAL) -> dict[str, int]:
    """Return for how many milliseconds each FTDI port keeps what it has received.

    Parameters
    ----------
    place : Path
        Where the system lists serial ports on USB.
    """
    found = {}
    for file in sorted(place.glob("*/latency_timer")):
        text = file.read_text(encoding="ascii").strip()
        if text.isdigit():
            found[file.parent.name] = int(text)
    return found
