"""Numbers as options take them."""

import math
from typing import Any

import click


class Finite(click.FloatRange):
    """A number within bounds: click takes *nan* for one, which lies beyond none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or refuse it."""
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"{value} is no number", param, ctx)
        return found
