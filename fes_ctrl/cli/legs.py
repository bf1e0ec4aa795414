"""Which legs a command stimulates, and how it tells a person which does what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

LEG_CHOICES: Final = ("left", "right", "both")


def legs_to_stimulate(sensed: Iterable[int], asked: str | None, setup_leg: str) -> tuple[int, ...]:
    """Return the legs to stimulate: those asked for, else the setup's, else all that are sensed.

    Parameters
    ----------
    sensed : iterable of int
        The legs that wear sensors.
    asked : str or None
        ``--leg``, where it was given.
    setup_leg : str
        Whose thresholds the setup holds; empty where it does not say.
    """
    from fes_ctrl.model import LEFT, LEG_NAMES, RIGHT

    wanted = asked or setup_leg
    if not wanted:
        return tuple(sensed)
    return (LEFT, RIGHT) if wanted == "both" else (LEG_NAMES.index(wanted),)


def roles(legs: Sequence[int], worn: Mapping[int, Sequence[str]]) -> dict[str, str]:
    """Return what each leg is there for, in words.

    Parameters
    ----------
    legs : sequence of int
        Those that are stimulated.
    worn : mapping of leg to sequence of str
        The sensor kinds of each leg that wears any.
    """
    from fes_ctrl.model import LEG_NAMES

    told = {}
    for leg in sorted({*legs, *worn}):
        sensors = ", ".join(worn.get(leg, ())) or "no sensor"
        told[LEG_NAMES[leg]] = f"{'stimulated' if leg in legs else 'only senses'} ({sensors})"
    return told
