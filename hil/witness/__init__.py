"""The third pair of eyes: raw current at the electrode, judged by limits that it reads itself.

It shares no code with what it watches, and can change nothing.
"""

from hil.witness.violation import Violation
from hil.witness.witness import Witness

__all__ = ["Violation", "Witness"]
