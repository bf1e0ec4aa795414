"""What a controller and its guardian say to each other: one message a packet, its first byte a tag.

Packets of a Unix socket keep their bounds and their order, and one is sent whole or not at all, so
any thread and any signal handler may send one.
"""

from typing import Final

WRITE: Final = b"W"
"""From the controller: bytes for the device."""

BEAT: Final = b"H"
"""The controller's loop turns."""

DISCARD: Final = b"D"
"""Take back what the device's line has not taken yet."""

SEIZE: Final = b"S"
"""Let nothing else leave, and write this stop past everything that waits."""

RELEASE: Final = b"R"
"""Go on with what is written from now on."""

DROP: Final = b"X"
"""Let DTR and RTS go, and end."""

CLOSE: Final = b"C"
"""Close the port and end: nothing is wrong."""

READY: Final = b"O"
"""From the guardian: the port is open."""

BYTES: Final = b"B"
"""Bytes of the device."""

LOST: Final = b"L"
"""The port is gone, or could not be opened: why. Nothing comes after it."""

TRIPPED: Final = b"T"
"""The controller fell silent and the device was stopped: why. Nothing comes after it."""

PACKET: Final = 65_536
"""No packet is longer."""

STOPS: Final = 3
STOP_REPEAT_S: Final = 0.08
"""As a driver repeats a stop: three within 300 ms, then the line is let go."""
