"""Foreign files to recordings: found columns, true units, one clock, or a refusal.

Loggers and exporters disagree about everything but the numbers; so the numbers are asked whether
they can be what they are said to be.
"""

from fes_ctrl.recordings.foreign.convert import Imported, convert
from fes_ctrl.recordings.foreign.layout import Layout, by_hand, own_units
from fes_ctrl.recordings.foreign.ready import READY
from fes_ctrl.recordings.foreign.text import ForeignText, read_foreign
from fes_ctrl.recordings.foreign.units import QUANTITIES
from fes_ctrl.recordings.foreign.write import as_csv, as_meta

__all__ = [
    "QUANTITIES",
    "READY",
    "ForeignText",
    "Imported",
    "Layout",
    "as_csv",
    "as_meta",
    "by_hand",
    "convert",
    "own_units",
    "read_foreign",
]
