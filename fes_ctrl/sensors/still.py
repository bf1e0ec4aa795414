"""A heel that stays on the ground: the source of samples of a person who sits or stands still."""

from fes_ctrl.sensors.metronome import Metronome
from fes_ctrl.sensors.source import NowUs


def still(leg: int, now_us: NowUs) -> Metronome:
    """Return a source of an ideal heel switch that never opens, read a hundred times a second.

    Parameters
    ----------
    leg : int
        Whose heel.
    now_us : callable
        The walk's clock.
    """
    return Metronome(leg, stride_s=1.0, stance=1.0, now_us=now_us)
