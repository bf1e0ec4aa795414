"""The output stage: what of a wanted pulse reaches the electrode, and what the device notices.

A current source with a compliance voltage drives each channel into its electrode's impedance.
What is delivered goes to the sinks: the patient, the witness.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.units import NEVER_US, MicroAmp, PicoCoulomb, Us
from firmware_sim.injections import Acknowledgement

Points = tuple[tuple[Us, MicroAmp], ...]
Sink = Callable[[Us, int, Points], None]

COMPLIANCE_MV: Final = 150_000
"""Highest level of the P24's high-voltage supply (ScienceMode4 C library headers)."""

SKIN_OHM: Final = 1_000
"""Electrode and skin together: the load that stimulators are specified at."""

OPEN_OHM: Final = 1_000_000_000

DETECTION_UA: Final = 15_000
"""Electrode errors are detected from 15 mA up (ScienceMode4 C library headers)."""


class OutputStage:
    """Channels, their electrodes, and who sees what is delivered.

    Parameters
    ----------
    channels : int
        How many.

    Attributes
    ----------
    sinks : list of callable
        Called with instant, channel and delivered points of each pulse that has any current.
    impedance_ohm : list of int
        Per channel; ``OPEN_OHM`` where the electrode is off.
    delivered_pc : list of int
        Charge of the first phases so far, per channel.
    acknowledgements : list of Acknowledgement
        Injections that have had an effect.
    """

    __slots__ = (
        "_open_from_us",
        "_open_to_us",
        "acknowledgements",
        "delivered_pc",
        "impedance_ohm",
        "sinks",
    )

    def __init__(self, channels: int) -> None:
        self.sinks: list[Sink] = []
        self.impedance_ohm: list[int] = [SKIN_OHM] * channels
        self.delivered_pc: list[PicoCoulomb] = [0] * channels
        self.acknowledgements: list[Acknowledgement] = []
        self._open_from_us: Us = NEVER_US
        self._open_to_us: Us = NEVER_US

    def inject(self, name: str, from_us: Us, to_us: Us) -> None:
        """Take the electrodes off from one instant to another.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        if name != "electrode_off":
            message = f"the electrode does not know the injection {name!r}"
            raise ValueError(message)
        self._open_from_us = from_us
        self._open_to_us = to_us

    def deliver(self, t_us: Us, channel: int, points: Points) -> bool:
        """Give one pulse.

        Parameters
        ----------
        t_us : int
            When it begins.
        channel : int
            Where.
        points : tuple of (int, int)
            Duration in us and wanted current in uA.

        Returns
        -------
        bool
            False where the device notices that no electrode is there: only if the wanted current
            is high enough to tell.
        """
        impedance_ohm = self.impedance_ohm[channel]
        if self._open_from_us <= t_us < self._open_to_us:
            impedance_ohm = OPEN_OHM
            if not self.acknowledgements:
                self.acknowledgements.append(Acknowledgement("electrode_off", t_us))
        limit_ua = COMPLIANCE_MV * 1_000 // impedance_ohm
        wanted_ua = 0
        clipped = False
        for _, current_ua in points:
            amount_ua = abs(current_ua)
            wanted_ua = max(wanted_ua, amount_ua)
            clipped = clipped or amount_ua > limit_ua
        if clipped:
            points = tuple(
                [(duration, max(-limit_ua, min(limit_ua, current))) for duration, current in points]
            )
        if wanted_ua > 0 and limit_ua > 0:
            self.delivered_pc[channel] += points[0][0] * abs(points[0][1])
            for sink in self.sinks:
                sink(t_us, channel, points)
        return impedance_ohm < OPEN_OHM or wanted_ua < DETECTION_UA
