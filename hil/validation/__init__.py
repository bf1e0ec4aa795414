"""The virtual patient against what is published: every number with its target and its source.

Three kinds of check, which prove different things. *Equation*: the code computes what the
published equations say. *Table*: the able stride that everything is made of is the able stride of
the literature. *Evidence*: one patient, ``stroke_moderate`` under the standard program, answers as
patients in trials did, in all respects together.
"""

from collections.abc import Sequence
from typing import Final

from hil.validation.check import Check, Finding
from hil.validation.parts import PARTS
from hil.validation.whole import WHOLE

CHECKS: Final = PARTS + WHOLE


def findings(checks: Sequence[Check] = ()) -> list[Finding]:
    """Carry out checks, all by default, in order."""
    return [Finding(check, check.measure()) for check in checks or CHECKS]
