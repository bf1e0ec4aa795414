"""What a campaign amounts to: figures for programs, a table of reaction times for people."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl import __version__
from fes_ctrl.safety.faults import BY_ID
from firmware_sim.injections import BY_NAME, EVERYWHERE
from hil.campaign.reactions import Reaction
from hil.campaign.run import Outcome

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class ReactionRow:
    """The pooled reactions to one injection.

    Attributes
    ----------
    injection, fault : str
        Rows of the tables of injections and faults.
    reached : int
        Walks in which the injection had an effect.
    seen : int
        Those in which the fault came of it: the others ended too soon to be noticed, or
        something graver was latched already.
    in_burst : int
        Those of them that came while there was stimulation.
    p50_ms, p99_ms, max_ms : float or None
        From the fault to the last pulse, where there was any; ``None`` where there never was.
    allowed_ms : tuple of float
        What the fault's row allows, least and most, as it may depend on the device's deadline.
    least_margin_ms : float or None
        What was left of it at least.
    """

    injection: str
    fault: str
    reached: int
    seen: int
    in_burst: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    allowed_ms: tuple[float, float]
    least_margin_ms: float | None


def reaction_rows(outcomes: Mapping[int, Outcome]) -> list[ReactionRow]:
    """Return a row for each injection whose row names a fault, in the order of the table."""
    pooled: dict[str, list[Reaction]] = defaultdict(list)
    reached: Counter[str] = Counter()
    for outcome in outcomes.values():
        reached.update(outcome.acknowledged)
        for reaction in outcome.reactions:
            pooled[reaction.injection].append(reaction)
    return [
        _row(row.name, row.fault, reached[row.name], pooled[row.name])
        for row in EVERYWHERE
        if row.fault
    ]


def _row(name: str, fault: str, reached: int, reactions: list[Reaction]) -> ReactionRow:
    allowed = [reaction.allowed_us / 1e3 for reaction in reactions] or [BY_ID[fault].limit_ms]
    # A fault that comes while nothing is given says nothing of how fast it is answered.
    given = [r for r in reactions if r.in_burst or r.took_us > 0]
    took = sorted(reaction.took_us / 1e3 for reaction in given)
    margins = [(reaction.allowed_us - reaction.took_us) / 1e3 for reaction in given]
    return ReactionRow(
        injection=name,
        fault=fault,
        reached=reached,
        seen=len(reactions),
        in_burst=len(given),
        p50_ms=percentile(took, 50) if took else None,
        p99_ms=percentile(took, 99) if took else None,
        max_ms=took[-1] if took else None,
        allowed_ms=(min(allowed), max(allowed)),
        least_margin_ms=round(min(margins), 3) if margins else None,
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that so many per cent do not exceed: one that was measured."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def digest(outcomes: Mapping[int, Outcome]) -> str:
    """Return a hash over what came of every walk, in order."""
    found = hashlib.sha256()
    for number in sorted(outcomes):
        outcome = outcomes[number]
        parts = (number, outcome.setpoints_sha256, outcome.pulses, outcome.violations)
        found.update(repr((*parts, outcome.reactions)).encode())
    return found.hexdigest()


def figures(seed: int, hours: float, outcomes: Mapping[int, Outcome]) -> dict[str, object]:
    """Return the campaign's figures as ``--json`` prints them, apart from the run itself.

    Parameters
    ----------
    seed : int
        Of the campaign.
    hours : float
        That were asked for.
    outcomes : mapping of int to Outcome
        By the walks' numbers.
    """
    done = outcomes.values()
    acknowledged: Counter[str] = Counter()
    unreached: Counter[str] = Counter()
    for outcome in done:
        acknowledged.update(outcome.acknowledged)
        unreached.update(outcome.unreached)
    return {
        "format": FORMAT,
        "version": __version__,
        "seed": seed,
        "hours": hours,
        "simulated_hours": round(sum(outcome.duration_s for outcome in done) / 3600, 3),
        "walks": len(outcomes),
        "setpoints": sum(outcome.setpoints for outcome in done),
        "pulses": sum(outcome.pulses for outcome in done),
        "refused": sum(bool(outcome.refused) for outcome in done),
        "violations": sum(len(outcome.violations) for outcome in done),
        "injections": {
            row.name: {"reached": acknowledged[row.name], "unreached": unreached[row.name]}
            for row in EVERYWHERE
        },
        "reactions": [
            {
                "injection": row.injection,
                "fault": row.fault,
                "reached": row.reached,
                "seen": row.seen,
                "in_burst": row.in_burst,
                "p50_ms": row.p50_ms,
                "p99_ms": row.p99_ms,
                "max_ms": row.max_ms,
                "allowed_ms": list(row.allowed_ms),
                "least_margin_ms": row.least_margin_ms,
            }
            for row in reaction_rows(outcomes)
        ],
        "campaign_sha256": digest(outcomes),
    }


HEAD: Final = ("injection", "fault", "reached", "seen", "in burst", "p50", "p99", "max", "allowed")


def table_cells(rows: Sequence[ReactionRow]) -> list[tuple[str, ...]]:
    """Return the table as text, a tuple a row, milliseconds."""
    return [
        (
            row.injection,
            row.fault,
            str(row.reached),
            str(row.seen),
            str(row.in_burst),
            _ms(row.p50_ms),
            _ms(row.p99_ms),
            _ms(row.max_ms),
            _range(row.allowed_ms),
        )
        for row in rows
    ]


def page(seed: int, hours: float, command: str, outcomes: Mapping[int, Outcome]) -> str:
    """Return the page of reaction times, Markdown.

    Parameters
    ----------
    seed : int
        Of the campaign.
    hours : float
        That were asked for.
    command : str
        What made it.
    outcomes : mapping of int to Outcome
        By the walks' numbers.
    """
    rows = reaction_rows(outcomes)
    simulated_h = sum(outcome.duration_s for outcome in outcomes.values()) / 3600
    violations = sum(len(outcome.violations) for outcome in outcomes.values())
    lines = [
        "# Reaction times",
        "",
        f"Written by `{command}` (fes-ctrl {__version__}): seed {seed}, {hours:g} hours asked for, "
        f"{len(outcomes)} walks of {simulated_h:.2f} simulated hours, {violations} violations of "
        f"an invariant. Do not edit: run it again.",
        "",
        "Random patients, programs, operators and faults on the virtual clock. Each time is from "
        "the moment at which the part that was hit says so to the last pulse at the simulated "
        "electrode before stimulation may go on; 0 means that no pulse came after it. *Reached*: "
        "walks in which the injection had an effect. *Seen*: those in which the fault came of it; "
        "in the others it ended before it could be noticed, or something else was latched "
        "already. *In a burst*: those that came while there was stimulation; the times are of them "
        "alone. *Allowed* is the time of the fault's row, from when what it observes is there: for "
        "F20 the first stop, when it is said at the latest by the stimulator's poll and deadline. "
        "Where a fault only warns, the time is that of the burst in which it was seen.",
        "",
        "| injection | fault | what | reached | seen | in a burst | p50, ms | p99, ms | "
        "max, ms | allowed, ms |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for cells in table_cells(rows):
        what = BY_NAME[cells[0]].effect
        lines.append("| " + " | ".join((f"`{cells[0]}`", cells[1], what, *cells[2:])) + " |")
    without = [row for row in EVERYWHERE if not row.fault]
    lines += ["", "Injections that name no fault, so that no time is allowed to it:", ""]
    acknowledged: Counter[str] = Counter()
    for outcome in outcomes.values():
        acknowledged.update(outcome.acknowledged)
    lines += [f"- `{row.name}`, reached {acknowledged[row.name]} times" for row in without]
    return "\n".join(lines) + "\n"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _range(allowed_ms: tuple[float, float]) -> str:
    least, most = allowed_ms
    return f"{least:.0f}" if least == most else f"{least:.0f} to {most:.0f}"
