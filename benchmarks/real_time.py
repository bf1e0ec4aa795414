"""Real time for long: one JSON line a part on stdout, a line a minute on stderr.

    python benchmarks/real_time.py [--part drift|walk] [--minutes M] [--real-time]

Parts:

- *drift* (10 minutes): a tick every 10 ms on the controller's clock; how far the n-th is from n
  periods. Beside it a task that sleeps a period after each tick, and a process in C that does
  nothing but tick, with the same priority. ``--real-time`` asks for priority, locked memory and
  frozen garbage collection, as ``fes-ctrl run`` does.
- *walk* (60 minutes): ``fes-ctrl run`` in a process of its own, a heel switch at 100 Hz and a
  simulated P24 on pseudo-terminals in this one. Its processor time, its memory from the second
  minute on, and what was late: by its own log, and by what reached the device. Where a fault ends
  the output, as where this process stood still, a person clears it and arms again, after a while;
  how often is told. Beside it the lateness of a bare loop's timers in a third process.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from fes_ctrl.runtime.clock import ORDER_CONTROLLER
from fes_ctrl.runtime.realtime import RealClock, real_time_loop
from fes_ctrl.runtime.steady import PRIORITY, steadied
from fes_ctrl.stim.trains import SETPOINT_LIFE_US
from fes_ctrl.units import Us
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.output import OutputStage, Points
from hil.latency.measure import LEVEL, SAMPLE_S, Latency, Player

PERIOD_US = 10_000
WARM_S = 60.0
LOOK_S = 3.0
STEPS = ("clear\n", "arm\n", f"level {LEVEL}\n")
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


# -- drift ----------------------------------------------------------------------------------------


async def drift(seconds: float) -> dict[str, Any]:
    """Tick by absolute deadlines, and beside that by sleeping."""
    clock = RealClock(asyncio.get_running_loop())
    late_us: list[Us] = []
    over = asyncio.Event()
    count = round(seconds * 1e6) // PERIOD_US
    begin_us = clock.now_us() + PERIOD_US

    def tick(number: int) -> None:
        late_us.append(clock.now_us() - begin_us - number * PERIOD_US)
        if number + 1 == count:
            over.set()
            return
        clock.call_at_us(begin_us + (number + 1) * PERIOD_US, ORDER_CONTROLLER, tick, number + 1)

    async def sleeping() -> None:
        for _ in range(count):
            await asyncio.sleep(PERIOD_US / 1e6)

    naive = asyncio.create_task(sleeping())
    started_us = clock.now_us()
    clock.call_at_us(begin_us, ORDER_CONTROLLER, tick, 0)
    await over.wait()
    await naive
    slept_us = clock.now_us() - started_us - count * PERIOD_US
    ordered = sorted(late_us)
    return {
        "benchmark": "real_time.drift",
        "ticks": count,
        "minutes": round(seconds / 60, 2),
        "off_ms": {
            "first": late_us[0] / 1e3,
            "last": late_us[-1] / 1e3,
            "p50": ordered[count // 2] / 1e3,
            "p99": ordered[int(count * 0.99)] / 1e3,
            "max": ordered[-1] / 1e3,
        },
        "beyond_2_ms": sum(off_us > 2_000 for off_us in late_us),
        "asked": "n-th tick at n periods +- 2 ms",
        "reached": ordered[-1] <= 2_000,
        "reference_sleeping_off_ms": slept_us / 1e3,
    }


def ticking_in_c(seconds: float, priority: int, folder: Path) -> "subprocess.Popen[str]":
    """Start the same ticks in C, after compiling them."""
    program = folder / "bare_ticks"
    source = Path(__file__).with_name("bare_ticks.c")
    compiler = shutil.which("cc") or sys.exit("drift: no C compiler for what stands beside it")
    subprocess.run([compiler, "-O2", "-Wall", "-o", str(program), str(source)], check=True)
    count = str(round(seconds * 1e6) // PERIOD_US)
    command = [str(program), count, str(PERIOD_US), str(priority)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def drift_beside_c(seconds: float, *, real_time: bool) -> dict[str, Any]:
    """Tick for so long, and beside it in C."""
    asked = steadied() if real_time else contextlib.nullcontext(())
    with tempfile.TemporaryDirectory() as folder, asked as got:
        bare_c = ticking_in_c(seconds, PRIORITY if real_time else 0, Path(folder))
        with asyncio.Runner(loop_factory=real_time_loop) as runner:
            found = runner.run(drift(seconds))
        told, _ = bare_c.communicate(timeout=60)
    return {**found, "reference_in_c": json.loads(told), "conditions": [str(each) for each in got]}


# -- walk -----------------------------------------------------------------------------------------


def resident_kb(pid: int) -> int:
    """Return a process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE // 1024


def processor_s(pid: int) -> float:
    """Return a process's processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Hour(Player):
    """Plays an hour's walk to a run, and looks at its process meanwhile."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)
        self.pulses_us: list[Us] = []
        self.sent = 0
        self.ended: list[str] = []
        self.resident: list[int] = []
        self.share = 0.0
        self._step = 0
        output = OutputStage(DEVICES["p24"].channels)
        output.sinks.append(self._given)
        self._device = DEVICES["p24"].make(output, Random(1))

    def _given(self, t_us: Us, _channel: int, _points: Points) -> None:
        self.pulses_us.append(t_us)

    def _sample(self, *, loaded: bool) -> None:
        super()._sample(loaded=loaded)
        self.sent += 1

    def _walk(self, run: "subprocess.Popen[bytes]", seconds: float) -> Latency:
        random = Random(2)
        begin = due = time.monotonic()
        looked = begin + WARM_S
        again = begin + LOOK_S
        first_s, first_at = 0.0, 0.0
        heel = self._heel(random, begin)
        until_loaded, loaded = next(heel)
        while due < begin + seconds:
            if due >= until_loaded:
                until_loaded, loaded = next(heel)
            self._serve(run, due)
            self._sample(loaded=loaded)
            if due >= again:
                again = due + LOOK_S
                self._mend(run, again - LOOK_S)
            if due >= looked:
                looked += WARM_S
                self.resident.append(resident_kb(run.pid))
                if not first_at:
                    first_s, first_at = processor_s(run.pid), due
                else:
                    self.share = (processor_s(run.pid) - first_s) / (due - first_at)
                minutes = (due - begin) / 60
                print(
                    f"{minutes:3.0f} min: {self.resident[-1]} kB, {self.share:.1%} of a core, "
                    f"{len(self.pulses_us)} pulses",
                    file=sys.stderr,
                )
            due += SAMPLE_S
        return Latency([], [], 0)

    def _mend(self, run: "subprocess.Popen[bytes]", now: float) -> None:
        """Where there was no pulse for a while, clear, arm and raise the level, a step a look."""
        last_us = self.pulses_us[-1] if self.pulses_us else 0
        quiet_s = now - self._begin - last_us / 1e6
        if quiet_s < LOOK_S:
            self._step = 0
            return
        if self._step == 0:
            self.ended.append(self._lines[-1])
        self._type(run, STEPS[self._step % len(STEPS)])
        self._step += 1

    @staticmethod
    def _heel(random: Random, at: float) -> Iterator[tuple[float, bool]]:
        """Give until when the heel is loaded, or not, stride by stride."""
        while True:
            stride = random.uniform(1.0, 1.3)
            at += stride * 0.62
            yield at, True
            at += stride * 0.38
            yield at, False


def records(log: Path, kind: str) -> list[dict[str, Any]]:
    """Return the log's records of a kind."""
    mark = f'"kind":"{kind}"'
    with log.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if mark in line.replace(" ", "")[:40]]


def unshown(log: Path, pulses_us: list[Us]) -> dict[str, Any]:
    """Hold what reached the device against what the log says of each setpoint."""
    planned = {(row["at"], row["channel"]) for row in records(log, "setpoint")}
    written = {(row["at"], row["channel"]): row["now"] for row in records(log, "written")}
    skipped = [row for row in records(log, "report") if row["report"] == "skipped"]
    told = {(row["pulse"], row["channel"]) for row in skipped}
    untold = [key for key in planned if key not in written and key not in told]
    late_us = sorted(now - at for (at, _), now in written.items())
    # One clock has another zero than the other: what all pulses are late by is not looked at.
    at_us = sorted(at for at, _ in written)
    shift_us = _shift(at_us, pulses_us)
    by_plan = {at: now - at for (at, _), now in written.items()}
    answers_us = [row["now"] for row in records(log, "report") if row["report"] == "answer"]
    hidden = 0
    device_late: list[Us] = []
    for pulse_us in pulses_us:
        moved_us = pulse_us - shift_us
        at = at_us[max(0, bisect_left(at_us, moved_us + 1_000) - 1)]
        off_us = moved_us - at
        device_late.append(off_us)
        # A deadline that is missed: the pulse comes when its setpoint is over. The log shows it by
        # when the frame was written, or by when it was answered.
        if off_us > SETPOINT_LIFE_US:
            written_us = at + by_plan[at]
            index = bisect_left(answers_us, written_us)
            told_us = answers_us[index] - at if index < len(answers_us) else 0
            hidden += max(by_plan[at], told_us) < off_us
    device_late.sort()
    return {
        "setpoints": len(planned),
        "written": len(written),
        "pulses": len(pulses_us),
        "skipped_and_told": len(told),
        "untold": len(untold),
        "late_by_log_ms": {
            "p50": late_us[len(late_us) // 2] / 1e3,
            "p99": late_us[int(len(late_us) * 0.99)] / 1e3,
            "max": late_us[-1] / 1e3,
        },
        "later_than_a_setpoint_lives": sum(us > SETPOINT_LIFE_US for us in late_us),
        "at_device_after_the_median_ms": {
            "p99": device_late[int(len(device_late) * 0.99)] / 1e3,
            "max": device_late[-1] / 1e3,
        },
        "missed_at_device_and_not_by_log": hidden,
    }


def _shift(at_us: list[Us], pulses_us: list[Us]) -> Us:
    """Return by how much the device's clock is ahead, and every pulse late in the middle."""
    count = min(len(at_us), len(pulses_us))
    return round(median([pulses_us[k] - at_us[k] for k in range(min(count, 200))]))


def first_in_line() -> bool:
    """Let what measures not be late itself, where that is allowed; what it starts is as usual."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except PermissionError:
        return False
    return True


def walk(minutes: float) -> dict[str, Any]:
    """Walk for so long."""
    seconds = minutes * 60
    instrument = first_in_line()
    hour = Hour()
    with tempfile.TemporaryDirectory() as folder:
        reference = subprocess.Popen(
            [sys.executable, __file__, "--part", "bare", "--minutes", str(minutes)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            hour.measure(seconds, "--out", folder)
        finally:
            hour.close()
        bare, _ = reference.communicate(timeout=60)
        log = next(Path(folder).rglob("*.jsonl"))
        found = unshown(log, hour.pulses_us)
        numbers = [row["seq"] for row in records(log, "sample")]
        log_mb = log.stat().st_size / 1e6
    growth_kb = hour.resident[-1] - hour.resident[0]
    return {
        "benchmark": "real_time.walk",
        "minutes": minutes,
        "instrument_has_priority": instrument,
        "samples_sent": hour.sent,
        "samples_in_log": len(numbers),
        "samples_missing_between": numbers[-1] - numbers[0] + 1 - len(numbers),
        **found,
        "ended_by_faults": hour.ended,
        "resident_kb": {"first": hour.resident[0], "last": hour.resident[-1]},
        "growth_kb": growth_kb,
        "core_share": round(hour.share, 4),
        "log_mb": round(log_mb, 1),
        "asked": "nothing late that the log does not show, growth < 1 MB, < 15 % of a core",
        "reached": not found["untold"]
        and not found["missed_at_device_and_not_by_log"]
        and growth_kb < 1024
        and hour.share < 0.15,
        "reference_bare_timers_late_ms": json.loads(bare),
    }


async def bare(seconds: float) -> dict[str, float]:
    """Return how late a bare loop's timers ring in that time."""
    from fes_ctrl.runtime.lateness import measured

    late = await measured(seconds)
    return {"p50": late.p50 / 1e3, "p99": late.p99 / 1e3, "max": late.most / 1e3}


def main() -> None:
    """Run the parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["drift", "walk", "bare"], help="all by default")
    parser.add_argument("--minutes", type=float, help="10 of drift, 60 of walking by default")
    parser.add_argument("--real-time", action="store_true", help="drift with priority")
    arguments = parser.parse_args()
    if arguments.part == "bare":
        with asyncio.Runner(loop_factory=real_time_loop) as runner:
            print(json.dumps(runner.run(bare(arguments.minutes * 60))))
        return
    if arguments.part in {None, "drift"}:
        minutes = arguments.minutes or 10
        found = drift_beside_c(minutes * 60, real_time=arguments.real_time)
        print(json.dumps(found), flush=True)
    if arguments.part in {None, "walk"}:
        print(json.dumps(walk(arguments.minutes or 60)), flush=True)


if __name__ == "__main__":
    main()
