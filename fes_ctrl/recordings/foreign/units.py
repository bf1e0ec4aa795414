"""The units that foreign files come in, and whether the numbers can be what they are said to be.

Every quantity has a figure that must lie in a band for whoever walks. The units of a quantity
are further apart than its band is wide, so that a wrong unit falls out of it and the right one
can be named.
"""

from dataclasses import dataclass
from math import pi
from typing import Final

import numpy as np
from numpy.typing import NDArray

G_M_S2: Final = 9.80665
"""Standard gravity, exact by definition (CGPM 1901)."""

PEAK_PERCENTILE: Final = 99.9
"""A peak is what one row in a thousand exceeds: a single glitch is none."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is measured, the units it comes in, and the band its figure lies in.

    Attributes
    ----------
    units : dict of str to float
        Each unit in the recording's own, which stands first.
    low, high : float
        The band, in the recording's unit.
    says : str
        What falls out of the band, for the refusal: ``{where}``, ``{value}`` and ``{unit}``.
    otherwise : str
        What to do where no unit fits.
    unless : str
        When ``--trust-units`` is the way out; empty if it is none.
    """

    option: str
    units: dict[str, float]
    low: float
    high: float
    says: str
    otherwise: str
    unless: str = ""

    @property
    def unit(self) -> str:
        """The recording's own unit."""
        return next(iter(self.units))

    def looks_like(self, value: float, claimed: str) -> tuple[str, ...]:
        """Return the units in which a figure would lie in the band.

        Parameters
        ----------
        value : float
            In the recording's unit, as converted from the claimed one.
        claimed : str
            The unit that the numbers were said to have.
        """
        raw = value / self.units[claimed]
        return tuple(
            unit for unit, factor in self.units.items() if self.low <= raw * factor <= self.high
        )

    def objection(self, value: float, claimed: str, where: str) -> str | None:
        """Return why a figure cannot be in the claimed unit, and what to do; else ``None``."""
        if self.low <= value <= self.high:
            return None
        what = self.says.format(where=where, value=f"{value:.3g}", unit=self.unit)
        fits = self.looks_like(value, claimed)
        unless = f", or --trust-units if {self.unless}" if self.unless else ""
        if not fits:
            return f"{what}, whatever its unit; {self.otherwise}{unless}"
        return (
            f"{what}: looks like {' or '.join(fits)}; give --{self.option}-unit {fits[0]}{unless}"
        )


ACC: Final = Quantity(
    option="acc",
    units={"m/s2": 1.0, "g": G_M_S2, "mg": G_M_S2 / 1000},
    low=7.0,
    high=15.0,
    says="the median of |{where}| is {value} {unit}, far from gravity's 9.8",
    otherwise="map calibrated acceleration with gravity in it: no raw counts, no free acceleration",
    unless="it is right",
)
"""A body that comes back to where it was feels gravity on average; steps add a little to it."""

GYR: Final = Quantity(
    option="gyr",
    units={"deg/s": 1.0, "rad/s": 180 / pi, "mdeg/s": 0.001},
    low=40.0,
    high=40.0 * 180 / pi,
    says="the peak of |{where}| is {value} {unit}, which no walking leg shows",
    otherwise="map angular rates in known units",
    unless="nobody walks in it",
)
"""The fastest turns of feet lie between some 300 and 1,600 deg/s in gaitmap's example and in the
healthy and hemiparetic walkers of Sanchez Manchola et al. 2019 (Sensors 19:2988). The band is as
wide as a radian has degrees, the widest that still tells the two units apart."""

FORCE: Final = Quantity(
    option="force",
    units={"N": 1.0, "kgf": G_M_S2, "kN": 1000.0},
    low=60.0,
    high=4000.0,
    says="the peak of {where} is {value} {unit}, which no loaded foot shows",
    otherwise="scale the readings to newton",
    unless="nobody stands on it",
)

TIME: Final = Quantity(
    option="time",
    units={"s": 1.0, "ms": 1e-3, "100us": 1e-4, "us": 1e-6, "ns": 1e-9},
    low=1 / 2000,
    high=1 / 20,
    says="{where} steps by {value} {unit}, and gait is sampled at 20 to 2000 Hz",
    otherwise="map the column that holds the time, or give --rate-hz",
)
"""The figure is the ordinary step from row to row."""

QUANTITIES: Final = {quantity.option: quantity for quantity in (ACC, GYR, FORCE, TIME)}


def median_length(vectors: NDArray[np.float64]) -> float:
    """Return the median length of vectors, shape (rows, 3)."""
    return float(np.median(np.linalg.norm(vectors, axis=1)))


def peak(values: NDArray[np.float64]) -> float:
    """Return the value, or the length of a vector, that one row in a thousand exceeds."""
    lengths = np.linalg.norm(values, axis=1) if values.ndim > 1 else np.abs(values)
    return float(np.percentile(lengths, PEAK_PERCENTILE))
