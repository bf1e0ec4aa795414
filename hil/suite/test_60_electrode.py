"""60. The electrode comes off."""

from hil.suite import electrode
from hil.suite.checking import Check


def test_61_electrode_off(check: Check) -> None:
    check(electrode.electrode_off)
