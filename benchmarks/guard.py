"""What the guard costs a setpoint: one JSON line on stdout, a table on stderr.

    python benchmarks/guard.py [--runs N]

A minute of a channel's bursts goes through ``Guard.check``, told of samples and answers as in a
walk; beside it the same calls of a method that does nothing. Processor time of ``check`` alone,
median (least, most) of the runs.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

from fes_ctrl.model import Setpoint
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US

ASKED_US = 4.0
PERIOD_US = 25_000
STRIDE_US = 1_200_000
BURST_US = 700_000
BATCH = 4
"""Setpoints between two samples, so that the clock is read rarely."""


class Idle:
    """A guard that says yes and looks at nothing."""

    def check(self, _setpoint: Setpoint, _now_us: int) -> str:
        """Allow."""
        return ALLOWED


def bursts() -> list[list[Setpoint]]:
    """Return the setpoints of a minute, a few between two samples each."""
    found: list[list[Setpoint]] = []
    batch: list[Setpoint] = []
    for onset_us in range(0, 60_000_000, STRIDE_US):
        peak_ua = min(43_000, 28_000 + 5_000 * (onset_us // STRIDE_US))
        for since_us in range(0, BURST_US, PERIOD_US):
            at_us = onset_us + since_us
            rise_ua = 18_000 + (peak_ua - 18_000) * min(200_000, since_us) // 200_000
            batch.append(Setpoint(at_us, 0, 0, rise_ua // 500 * 500, 300, at_us + 10_000, 0))
            if len(batch) == BATCH:
                found.append(batch)
                batch = []
    return found


def cost_us(
    check: Callable[[Setpoint, int], str], guard: Guard, minute: list[list[Setpoint]]
) -> float:
    """Return the microseconds of processor time that a setpoint takes."""
    taken_s = 0.0
    count = 0
    for batch in minute:
        guard.sensor_seen(0, batch[0].at_us)
        guard.link_seen(NEVER_US)
        started_s = time.process_time()
        for setpoint in batch:
            reason = check(setpoint, setpoint.at_us)
        taken_s += time.process_time() - started_s
        count += len(batch)
        if reason != ALLOWED:
            sys.exit(f"the guard refused or clipped what it should let through: {reason}")
    return taken_s / count * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    minute = bursts()
    costs: dict[str, list[float]] = {"guard": [], "nothing": []}
    for _ in range(runs):
        guard = Guard(Limits(LimitsConfig()), P24_MODES["low_level"])
        guard.arm()
        costs["guard"].append(cost_us(guard.check, guard, minute))
        costs["nothing"].append(cost_us(Idle().check, guard, minute))
    line: dict[str, object] = {
        "benchmark": "guard",
        "compiled": not Guard.__module__ or not hasattr(Guard.check, "__code__"),
        "setpoints": sum(len(batch) for batch in minute),
        "asked_us": ASKED_US,
    }
    for name, values in costs.items():
        middle = statistics.median(values)
        line[f"{name}_us"] = round(middle, 3)
        spread = f"({min(values):.2f}, {max(values):.2f})"
        print(f"{name:10s} {middle:6.2f} us a setpoint {spread}", file=sys.stderr)
    line["met"] = statistics.median(costs["guard"]) <= ASKED_US
    print(json.dumps(line))


if __name__ == "__main__":
    main()
