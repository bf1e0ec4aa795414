"""One figure of a comparison: what was asked, what was got, what is allowed, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

NAMED: Final = 3
"""So many instants are named in a reason."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``got`` may differ from ``asked`` by ``allowed``; ``origin`` says where that comes from."""

    name: str
    unit: str
    asked: float
    got: float
    allowed: float
    origin: str
    where: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is as asked, within what is allowed."""
        return abs(self.got - self.asked) <= self.allowed + 1e-9

    def reason(self) -> str:
        """Return what is not as asked."""
        unit = f" {self.unit}" if self.unit else ""
        allowed = f", ±{self.allowed:.3g} allowed" if self.allowed else ""
        place = f" ({self.where})" if self.where else ""
        return f"{self.name}: {self.got:.5g}{unit}, asked {self.asked:.5g}{allowed}{place}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON wants it."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "asked": round(self.asked, 6),
            "got": round(self.got, 6),
            "allowed": round(self.allowed, 6),
            "origin": self.origin,
            "where": self.where,
            "passed": self.passed,
        }


def figure(
    name: str, unit: str, asked: float, got: float, allowed: float, origin: str, where: str = ""
) -> Figure:
    """Return a figure of plain numbers."""
    return Figure(name, unit, float(asked), float(got), float(allowed), origin, where)


def counted(name: str, count: int, places: Sequence[str]) -> Figure:
    """Return the figure of something that is not to be."""
    where = ", ".join(places[:NAMED]) + (" …" if count > NAMED else "")
    return figure(name, "", 0.0, count, 0.0, "none", f"at {where}" if count else "")
