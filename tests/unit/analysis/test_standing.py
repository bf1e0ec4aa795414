"""How the authority over a leg stood, by a run's records."""

from collections.abc import Sequence

import pytest

from fes_ctrl.analysis.standing import standing_at
from fes_ctrl.model import ALL_LEGS, LEFT, RIGHT, Fault

LATCHED = Fault(1_000, "F12", "latch", ALL_LEGS, "no electrode")
SILENT = Fault(2_000, "F04L", "latch", RIGHT, "no fresh sample")
MISSED = Fault(3_000, "F10", "inhibit", LEFT, "3 bursts without a contact")
BACK = Fault(4_000, "F25", "cleared", ALL_LEGS, "the broker takes it again")
HAND = Fault(5_000, "F12", "cleared", ALL_LEGS, "by hand")
CONTACT = Fault(6_000, "F10", "cleared", LEFT, "contact")
ELSEWHERE = Fault(6_000, "F10", "cleared", RIGHT, "contact")


@pytest.mark.parametrize(
    ("faults", "held"),
    [
        ((LATCHED, MISSED), ["F12", "F10"]),
        ((LATCHED, BACK), ["F12"]),
        ((LATCHED, SILENT), ["F12", "F04L"]),
        ((LATCHED, SILENT, MISSED, HAND), ["F10"]),
        ((MISSED, CONTACT), []),
        ((MISSED, ELSEWHERE), ["F10"]),
    ],
)
def test_what_holds_a_leg_back_does_until_it_clears(
    faults: Sequence[Fault], held: list[str]
) -> None:
    standing = standing_at(9_000, LEFT, [], [], faults)
    assert [fault.id for fault in standing.faults] == held
