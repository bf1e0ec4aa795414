"""The output stage: what of a wanted pulse reaches the electrode, and what the device notices.

A current source with a compliance voltage drives each channel into its electrode's impedance.
What is delivered goes to the sinks: the patient, the witness.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.units import MicroAmp, PicoCoulomb, Us
from firmware_sim.injections import Acknowledgement, amount_of

Points = tuple[tuple[Us, MicroAmp], ...]
Sink = Callable[[Us, int, Points], None]

COMPLIANCE_MV: Final = 150_000
"""Highest level of the P24's high-voltage supply (ScienceMode4 C library headers)."""

SKIN_OHM: Final = 1_000
"""Electrode and skin together: the load that stimulators are specified at."""

OPEN_OHM: Final = 1_000_000_000

DETECTION_UA: Final = 15_000
"""Electrode errors are detected from 15 mA up (ScienceMode4 C library headers)."""

SHORT_OHM: Final = 100
"""Below this the electrodes touch, and the device calls it an electrode error as well. Assumption:
the vendor says that an electrode error is detected, not whether one error covers both. A stage
that sees an open circuit measures the voltage across it, and a short as well then; the test pulse
of RehaStim1 refuses a skin resistance out of range either way. A P24 that reports no short gives
the host no other means to notice: its answers carry a result and no voltage."""

OFF: Final = "electrode_off"
SHORT: Final = "electrode_short"
PEELED: Final = "electrode_peeled"


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
    present_ohm : list of int
        Per channel, as it was at the last pulse: the injections of that instant included.
    met_ohm : int
        What the last pulse met: ``OPEN_OHM`` through an open electrode.
    delivered_pc : list of int
        Charge of the first phases so far, per channel.
    acknowledgements : list of Acknowledgement
        Injections that have had an effect.
    """

    __slots__ = (
        "_injected",
        "acknowledgements",
        "delivered_pc",
        "impedance_ohm",
        "met_ohm",
        "present_ohm",
        "sinks",
    )

    def __init__(self, channels: int) -> None:
        self.sinks: list[Sink] = []
        self.impedance_ohm: list[int] = [SKIN_OHM] * channels
        self.present_ohm: list[int] = [SKIN_OHM] * channels
        self.met_ohm = SKIN_OHM
        self.delivered_pc: list[PicoCoulomb] = [0] * channels
        self.acknowledgements: list[Acknowledgement] = []
        self._injected: list[tuple[str, Us, Us, float]] = []

    def inject(self, name: str, from_us: Us, to_us: Us, amount: float = 0.0) -> None:
        """Change the electrodes from one instant to another; 0 is the row's own amount.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        if name not in {OFF, SHORT, PEELED}:
            message = f"the electrode does not know the injection {name!r}"
            raise ValueError(message)
        self._injected.append((name, from_us, to_us, amount_of(name, amount)))

    def _altered_ohm(self, t_us: Us, impedance_ohm: int) -> int:
        """Return the impedance that the injections of this instant leave."""
        for name, from_us, to_us, amount in self._injected:
            if not from_us <= t_us < to_us:
                continue
            if name == OFF:
                impedance_ohm = OPEN_OHM
            elif name == SHORT:
                impedance_ohm = max(1, int(amount))
            else:
                # What is left of the area carries it all.
                impedance_ohm = int(impedance_ohm * 100.0 / (100.0 - amount))
            if name not in [known.name for known in self.acknowledgements]:
                self.acknowledgements.append(Acknowledgement(name, t_us))
        return impedance_ohm

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
            False where the device notices that no electrode is there, or that they touch: only if
            the wanted current is high enough to tell.
        """
        impedance_ohm = self.impedance_ohm[channel]
        if self._injected:
            impedance_ohm = self._altered_ohm(t_us, impedance_ohm)
        self.met_ohm = impedance_ohm
        if impedance_ohm < OPEN_OHM:  # through an open one nothing flows
            self.present_ohm[channel] = impedance_ohm
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
        return SHORT_OHM <= impedance_ohm < OPEN_OHM or wanted_ua < DETECTION_UA
