"""gaitmap's two frames of a foot as the right-handed sensor that our detectors expect.

The sensor frame (FSF) is ours already: x to the toe, y to the left, z up. The body frame (FBF) is
mirrored so that left and right feet give equal signs (dorsiflexion is ``+gyr_ml`` on both), so a
foot in it turns the wrong way about some axes until its side is known.
"""

from collections.abc import Collection
from typing import Final

from fes_ctrl.model import FOOT_IMU, LEFT, RIGHT, SENSOR_CHANNELS

SENSOR_FRAME: Final = "sensor"
BODY_FRAME: Final = "body"
FRAMES: Final = ("any", SENSOR_FRAME, BODY_FRAME)

BODY_COLUMNS: Final = ("acc_pa", "acc_ml", "acc_si", "gyr_pa", "gyr_ml", "gyr_si")
"""Posterior to anterior, medial to lateral, superior to inferior; m/s2 and deg/s."""

BODY_SIGNS: Final[dict[int, tuple[int, ...]]] = {
    LEFT: (1, 1, -1, -1, -1, -1),
    RIGHT: (1, -1, -1, 1, -1, 1),
}
"""What each of ``BODY_COLUMNS`` is multiplied with to give x, y, z in the sensor frame.

After gaitmap's guide "Coordinate Systems": the accelerometer's lateral axis points to the foot's
own side and its vertical one downwards; rates are positive for dorsiflexion, inversion and inward
turns whichever foot it is.
"""


def source_columns(have: Collection[str], frame: str, leg: int | None) -> dict[str, int]:
    """Return the six columns to read and the sign of each, in the order of a foot IMU's channels.

    Parameters
    ----------
    have : collection of str
        The columns at hand.
    frame : str
        ``sensor``: any right-handed mounting, aligned or not. ``body``: mirrored. ``any``: what
        the names of the columns say.
    leg : int or None
        ``model.LEFT`` or ``model.RIGHT``; needed for the body frame only.

    Raises
    ------
    ValueError
        If there is no such frame, its columns are not there, or both are and none was named, or
        the body frame's side is not known.
    """
    if frame not in FRAMES:
        message = f"frame {frame!r} does not exist: choose {', '.join(FRAMES)}"
        raise ValueError(message)
    sensor_columns = SENSOR_CHANNELS[FOOT_IMU]
    names = {SENSOR_FRAME: sensor_columns, BODY_FRAME: BODY_COLUMNS}
    there = [name for name, columns in names.items() if all(c in have for c in columns)]
    found = there if frame == "any" else [name for name in there if name == frame]
    if not found:
        wanted = " or ".join(
            " ".join(columns) for name, columns in names.items() if frame in {"any", name}
        )
        message = f"no columns {wanted} (frame={frame!r}); there are {' '.join(map(str, have))}"
        raise ValueError(message)
    if len(found) > 1:
        message = "columns of the sensor and of the body frame; say frame='sensor' or frame='body'"
        raise ValueError(message)
    if found[0] == SENSOR_FRAME:
        return dict.fromkeys(sensor_columns, 1)
    if leg is None:
        message = (
            "the body frame is mirrored: say side='left' or side='right', or give the sensor a "
            "name with left or right in it"
        )
        raise ValueError(message)
    return dict(zip(BODY_COLUMNS, BODY_SIGNS[leg], strict=True))
