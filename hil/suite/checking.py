"""One scenario on one bench: what it found, and what that proves."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias

from hil.suite.bench import TALK, Bench, BenchFailure, NotProvenError, Result
from hil.suite.scenarios import Scenario, number_of, title_of

Check: TypeAlias = Callable[[Scenario], None]
"""Puts the bench of a test through a scenario; fails, or skips what cannot be proven."""

Verdict: TypeAlias = Literal["passed", "failed", "not proven"]

UNSEEN: Final = "what reached the electrode was not seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a certificate says of one scenario.

    Attributes
    ----------
    number : int
        Of the test.
    title : str
        What it demands.
    row : str
        Which device, in which mode.
    identity : str
        What the device called itself; empty where it never did.
    verdict : str
        ``passed``, ``failed`` or ``not proven``.
    seen : str
        The figure, or what is wrong, or what is lacking.
    ms, allowed_ms : float or None
        Where the figure is a time.
    origin : str
        Where what is allowed is from.
    source : str
        Where the figure is from: see ``bench.Source``, or ``conversation``.
    note : str
        What else has to be known to read it.
    """

    number: int
    title: str
    row: str
    identity: str
    verdict: Verdict
    seen: str
    ms: float | None = None
    allowed_ms: float | None = None
    origin: str = ""
    source: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return it as plain data."""
        return asdict(self)


def put_through(bench: Bench, scenario: Scenario, row: str) -> Finding:
    """Put a bench through a scenario, and judge what came of it.

    Parameters
    ----------
    bench : Bench
        New; closed by whoever made it.
    scenario : callable
        One of ``SCENARIOS``.
    row : str
        What the certificate calls the device.

    Returns
    -------
    Finding
        ``not proven`` where the bench cannot do what is needed, or where the figure is about
        output that nobody has seen.
    """
    number, title = number_of(scenario), title_of(scenario)
    try:
        result = scenario(bench)
    except BenchFailure as failure:
        return Finding(number, title, row, bench.identity, "failed", str(failure))
    except NotProvenError as lack:
        return Finding(number, title, row, bench.identity, "not proven", str(lack))
    return _judged(bench, result, Finding(number, title, row, bench.identity, "passed", ""))


def _judged(bench: Bench, result: Result, passed: Finding) -> Finding:
    blind = bench.blind()
    talk = result.of == TALK
    verdict: Verdict = "not proven" if blind and not talk else "passed"
    return Finding(
        passed.number,
        passed.title,
        passed.row,
        passed.identity,
        verdict,
        result.seen,
        result.ms,
        result.allowed_ms,
        result.origin,
        result.of if talk else bench.source,
        (f"{UNSEEN}: {blind}" if talk else blind) if blind else "",
    )
