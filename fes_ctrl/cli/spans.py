"""Numbers of options that have to lie between two ends."""

import math
from typing import Any

import click


class Span(click.FloatRange):
    """A number between two ends, which NaN is not; click lets it pass, as it is beyond neither."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or refuse it."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number
