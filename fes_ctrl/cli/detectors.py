"""Which detector a command takes: the one that was asked for, or what the sensors allow."""

from collections.abc import Sequence

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
    from fes_ctrl.gait import detector_for, needs_of, works_with

    try:
        name = asked or detector_for(tuple(have))
        needs = needs_of(name)
    except ValueError as error:
        message = f"{'--detector' if asked else where}: {error}"
        raise Refusal(message) from None
    if not works_with(name, tuple(have)):
        wanted = ", and ".join(" or ".join(group) for group in needs)
        message = (
            f"{where}: --detector {name} needs {wanted}, and there is "
            f"{', '.join(have)}; choose another detector"
        )
        raise Refusal(message)
    return name
