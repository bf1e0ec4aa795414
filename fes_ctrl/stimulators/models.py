"""Which devices are models, by what they say of themselves."""

from typing import Final

SIMULATED: Final = "sim+"
"""What the names of devices begin with that are models."""

LIMITED: Final = "+limiter"
"""What the names of models end in that have a limiter between them and the electrodes."""

SIMULATED_SERIAL: Final = "SIM"
"""What the serial numbers of simulated devices begin with, whatever they are plugged into."""


def says_simulated(said: str) -> bool:
    """Return whether a device's name, or its answer to who it is, is that of a model.

    One of which neither is known, as a RehaStim 2, cannot say so at the end of a cable.
    """
    if said.startswith(SIMULATED):
        return True
    return any(word.startswith(SIMULATED_SERIAL) for word in said.split())
