"""What the guard did not let through as it was, by reason, and whether a walk may pass with it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from fes_ctrl.model import Decision
from fes_ctrl.safety.refusals import REFUSALS


def by_reason(decisions: Sequence[Decision]) -> dict[str, int]:
    """Return how many setpoints each of the guard's reasons concerned, in the order they came."""
    return dict(Counter(decision.reason for decision in decisions))


def against(refused: Mapping[str, int]) -> list[str]:
    """Return what speaks against a pass: every refusal but those of stalls.

    Parameters
    ----------
    refused : mapping of str to int
        Setpoints by reason.
    """
    return [
        f"the guard refused {count} setpoint{'s' if count > 1 else ''}: {REFUSALS[reason].meaning}"
        for reason, count in refused.items()
        if not REFUSALS[reason].stall
    ]
