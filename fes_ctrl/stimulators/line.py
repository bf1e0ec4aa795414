"""The terms of a serial line: what a device's port is opened with."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """Line settings; nominal for USB devices that have no line behind them.

    Attributes
    ----------
    baud : int
        Symbols a second.
    parity : str
        ``N`` none, ``E`` even, ``O`` odd.
    stop_bits : int
        1 or 2.
    rts_cts : bool
        Whether the lines RTS and CTS hold the sender back.
    """

    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    rts_cts: bool = False


PLAIN: Final = SerialSettings()
