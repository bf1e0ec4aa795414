"""The electrode comes off, and is put on again."""

from typing import Final

from fes_ctrl.model import LINK_ELECTRODE, LINK_ERROR
from hil.suite.bench import Bench, NotProvenError, Result
from hil.suite.steps import (
    QUIET_US,
    TRAIN_US,
    fine,
    lingers_us,
    pulse_us,
    questions_us,
    quiet,
    ready,
    require,
    silent_by,
    train,
    wait,
)

STEP_MA: Final = 4
"""Below the most that limits let a burst's peak rise at once."""

UNSAID_MA: Final = 20
"""Tried where a device's protocol does not say from which current it looks."""


def electrode_off(bench: Bench) -> Result:
    """61. A device that sees no electrode says so; output ends, and stays ended until cleared."""
    detected_ma = -(-bench.capabilities.electrode_detection_ua // 1000) or UNSAID_MA
    if bench.source != "electrode" and bench.more_ma < detected_ma:
        raise NotProvenError(f"it looks from {detected_ma} mA up: current_mA, and a dummy load")
    train(bench)
    for current_ma in range(bench.current_ma, detected_ma + STEP_MA, STEP_MA):
        bench.operate("pause")
        bench.run(QUIET_US)
        bench.operate("level", min(current_ma, detected_ma))
        bench.run(TRAIN_US)
    fine(bench, 0)
    from_us = bench.now_us()
    bench.electrode(on=False)
    allowed_us = pulse_us(bench) + questions_us(bench)
    _, ms = wait(bench, frozenset({LINK_ELECTRODE, LINK_ERROR}), from_us, allowed_us)
    said_us = bench.now_us()
    silent_by(bench, said_us, lingers_us(bench), "the last pulse after the electrode was off")
    silent_us = bench.now_us()
    bench.electrode(on=True)
    bench.operate("level", bench.current_ma)
    bench.run(TRAIN_US)
    quiet(bench, silent_us, "were given before a person had cleared the fault")
    bench.operate("pause")
    bench.operate("clear")
    ready(bench)
    bench.operate("level", bench.current_ma)
    bench.run(TRAIN_US)
    require(any(pulse.t_us > silent_us for pulse in bench.pulses), "output did not come back")
    origin = "the next pulse, its latency, and the device's answer"
    return Result("told", ms, allowed_us / 1000, origin)
