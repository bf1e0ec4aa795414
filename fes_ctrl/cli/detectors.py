"""Which detector a command takes: the one that was asked for, or what the sensors allow."""

from collections.abc import Mapping, Sequence

from fes_ctrl.cli.errors import Refusal


def choose(have: Sequence[str], asked: str | None, where: str) -> str:
    """Return the detector to take.

    Parameters
    ----------
    have : sequence of str
        The sensor kinds at hand.
    asked : str or None
        ``--detector``, where it was given.
    where : str
        Where the sensors come from, for the refusal.

    Raises
    ------
    Refusal
        If there is no such detector, or these sensors are not enough for it.
    """
    from fes_ctrl import plugins
    from fes_ctrl.gait import detector_for, needs_of, works_with

    plugins.load()
    try:
        name = detector_for(tuple(have)) if asked is None else asked
        needs = needs_of(name)
    except ValueError as error:
        message = f"{where if asked is None else '--detector'}: {error}"
        raise Refusal(message) from None
    if not works_with(name, tuple(have)):
        wanted = ", and ".join(" or ".join(group) for group in needs)
        message = (
            f"{where}: --detector {name} needs {wanted}, and there is "
            f"{', '.join(have)}; choose another detector"
        )
        raise Refusal(message)
    return name


def choose_for_all(worn: Mapping[int, Sequence[str]], asked: str | None, where: str) -> str:
    """Return the one detector that a controller takes for all its legs.

    Parameters
    ----------
    worn : mapping of leg to sequence of str
        The sensor kinds at hand on each leg.
    asked : str or None
        The detector that was named, if any; else the first that every leg can serve.
    where : str
        Where the sensors come from, for the refusal.

    Raises
    ------
    Refusal
        If there is no such detector, or the sensors of a leg are not enough for it.
    """
    from fes_ctrl.gait import DETECTORS, works_with
    from fes_ctrl.model import LEG_NAMES

    if asked is None:
        for name in DETECTORS:
            if all(works_with(name, tuple(have)) for have in worn.values()):
                return name
    names = [choose(have, asked, f"{where}, {LEG_NAMES[leg]} leg") for leg, have in worn.items()]
    if asked is None:
        each = "; ".join(f"{LEG_NAMES[leg]} {', '.join(have)}" for leg, have in worn.items())
        message = (
            f"{where}: one detector is taken for all legs, and none works with each ({each}); "
            f"leave out a leg"
        )
        raise Refusal(message)
    return names[0]
