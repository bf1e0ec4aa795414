"""Motion that real feet had at rest, laid on what a simulated inertial sensor reads.

Somebody hands over pieces of it in the segment's frame; here they are joined into one stretch,
turned as the sensor is mounted, and added: all of it while the foot bears, in swing only what is
too quick for a foot, which is the real sensor's noise.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.model import Sample
from hil.patient.sensors.config import ImuConfig
from hil.patient.sensors.converter import ACC_STEPS, GYRO_STEPS, converted
from hil.patient.sensors.imu import GRAVITY, mounting

Array = NDArray[np.float64]

FADE_ROWS: Final = 10
"""One piece goes over into the next in so many rows."""

NOISE_ROWS: Final = 5
"""What differs from the mean of so many rows is taken for noise. At 100 rows a second that is all
above some 10 Hz."""

SETTLES: Final = 0.2
"""Share by which a reading goes over from noise to motion, or back, with each row."""


def joined(pieces: Sequence[Array], rows: int, random: Random) -> Array:
    """Return one stretch, of pieces in random order that fade into each other.

    Parameters
    ----------
    pieces : sequence of array, shape (n, 6)
        Specific force (m/s2) and rate (deg/s) in the segment's frame, about a mean of 0; each of
        more than twice ``FADE_ROWS`` rows.
    rows : int
        Length of the stretch.
    random : random.Random
        Its own stream.

    Returns
    -------
    array, shape (rows, 6)
        It may be read round and round.

    Raises
    ------
    ValueError
        If there is no piece of that length.
    """
    usable = [piece for piece in pieces if len(piece) > 2 * FADE_ROWS]
    if not usable:
        message = f"no piece is longer than {2 * FADE_ROWS} rows; record longer rests"
        raise ValueError(message)
    fade = (0.5 - 0.5 * np.cos(np.pi * (np.arange(FADE_ROWS) + 0.5) / FADE_ROWS))[:, None]
    found = np.zeros((rows, 6))
    at = 0
    while at < rows:
        piece = random.choice(usable).copy()
        piece[:FADE_ROWS] *= fade
        piece[-FADE_ROWS:] *= fade[::-1]
        end = min(len(piece), rows - at)
        found[at : at + end] += piece[:end]
        at += len(piece) - FADE_ROWS
    found[-FADE_ROWS:] *= fade[::-1]
    return found


class Overlay:
    """What is laid on the readings of one sensor.

    Parameters
    ----------
    stretch : array, shape (n, 6)
        Motion at rest, a row for every reading, in the segment's frame.
    config : ImuConfig
        How the sensor is mounted, and what it can read.
    random : random.Random
        Where in the stretch to begin.
    """

    __slots__ = ("_acc", "_at", "_gyro", "_motion", "_noise", "_weight")

    def __init__(self, stretch: Array, config: ImuConfig, random: Random) -> None:
        turn = np.array(mounting(*config.mount_deg)).reshape(3, 3)
        turned = np.hstack((stretch[:, :3] @ turn.T, stretch[:, 3:] @ turn.T))
        kernel = np.ones(NOISE_ROWS) / NOISE_ROWS
        slow = np.stack([np.convolve(column, kernel, "same") for column in turned.T], axis=1)
        self._motion: list[list[float]] = turned.tolist()
        self._noise: list[list[float]] = (turned - slow).tolist()
        self._at: int = random.randrange(len(stretch))
        self._weight: float = 1.0
        self._acc: int = int(config.acc_range_g * GRAVITY * ACC_STEPS)
        self._gyro: int = int(config.gyro_range_deg_per_s * GYRO_STEPS)

    def laid_on(self, sample: Sample, *, bears: bool) -> Sample:
        """Return a reading with the next row laid on it.

        Parameters
        ----------
        sample : Sample
            Of an inertial sensor.
        bears : bool
            The foot is on the ground.
        """
        self._at = (self._at + 1) % len(self._motion)
        self._weight += SETTLES * ((1.0 if bears else 0.0) - self._weight)
        weight, motion, noise = self._weight, self._motion[self._at], self._noise[self._at]
        values = [
            value + n + weight * (m - n)
            for value, m, n in zip(sample.values, motion, noise, strict=True)
        ]
        acc = [converted(value, ACC_STEPS, -self._acc, self._acc) for value in values[:3]]
        rate = [converted(value, GYRO_STEPS, -self._gyro, self._gyro) for value in values[3:]]
        return sample._replace(values=(*acc, *rate))
