"""The fixture ``inject``: what is to go wrong in the next walk."""

from fes_ctrl.testing.errors import RefusedError


class Inject:
    """Let something go wrong in the next walk.

    The names are those of ``docs/reference/injections.md``. A walk takes what was asked for since
    the last one, instead of what its scenario injects.
    """

    def __init__(self) -> None:
        self._pending: list[str] = []

    def __call__(
        self, name: str, at_s: float, lasts_s: float | None = None, amount: float | None = None
    ) -> None:
        """Ask for one.

        Parameters
        ----------
        name : str
            What.
        at_s, lasts_s : float
            When, from the start of the walk, and for how long; for as long as is usual for it.
        amount : float or None
            How much, in its own unit.

        Raises
        ------
        RefusedError
            If there is no such injection, or it cannot be had so.
        """
        __tracebackhide__ = True
        text = injection_text(name, at_s, lasts_s, amount)
        parsed(text)
        self._pending.append(text)

    def take(self) -> tuple[str, ...]:
        """Return what is pending, for a walk that takes place now."""
        taken = tuple(self._pending)
        self._pending.clear()
        return taken

    def close(self) -> None:
        """Be asked for nothing that no walk has taken.

        Raises
        ------
        RefusedError
            If something is left.
        """
        __tracebackhide__ = True
        if self._pending:
            message = f"inject {', '.join(self._pending)}: no walk came after it; walk, or leave it"
            raise RefusedError(message)


def injection_text(
    name: str, at_s: float, lasts_s: float | None = None, amount: float | None = None
) -> str:
    """Return an injection as the command line takes it."""
    much = "" if amount is None else f"={amount!r}"
    end = "" if lasts_s is None else f"+{lasts_s!r}"
    return f"{name}{much}@{at_s!r}{end}"


def parsed(text: str) -> tuple[str, int, int, float]:
    """Return name, beginning and end in us, and amount of an injection.

    Raises
    ------
    RefusedError
        If there is no such injection, or it cannot be had so.
    """
    __tracebackhide__ = True
    from firmware_sim.injection_text import parse

    try:
        return parse(text)
    except ValueError as error:
        raise RefusedError(error) from None
