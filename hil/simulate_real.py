"""One walk in real time: the same rig, on a clock that waits.

Ctrl-C stops the output first: the signal's handler writes the stop itself, whether or not the
loop still turns, and only then lets the interruption take its way.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from fes_ctrl.links.link import Link
from fes_ctrl.runlog.log import NullLog, RunLogWriter
from fes_ctrl.runtime.broadcast import Broadcast
from fes_ctrl.runtime.interrupt import stop_on_failure, stop_on_interrupt
from fes_ctrl.runtime.realtime import RealClock, real_time_loop
from fes_ctrl.units import Us
from hil.config import WalkConfig
from hil.missing import Heard
from hil.probe.across import Across, ProbeReport
from hil.probe.probe import Probe
from hil.real_cable import DeskCable, RealCable
from hil.rig import Rig
from hil.simulate import Progress, WalkResult, recorded, result_of

FLUSH_S = 0.25

OpenProbe = Callable[[Callable[[], Us]], Awaitable[Probe]]
"""Opens a probe, on a host's clock."""

Tell = Callable[[Rig, RealClock], Broadcast]
"""Begins to tell a walk to a broker."""


def simulate_real(
    config: WalkConfig,
    log_file: Path | None = None,
    progress: Progress | None = None,
    *,
    over_pty: bool = False,
    desk: Callable[[], Awaitable[Link]] | None = None,
    probe: OpenProbe | None = None,
    tell: Tell | None = None,
    config_sha256: str = "",
) -> WalkResult:
    """Walk in real time.

    Parameters
    ----------
    config : WalkConfig
        As for ``simulate``.
    log_file : Path or None
        Where to write the run log.
    progress : callable or None
        Called now and then with the seconds done.
    over_pty : bool
        Carry the bytes through a pseudo-terminal and the serial link instead of in memory.
    desk : callable or None
        Opens the link to the stimulator at ``config.address``.
    probe : callable or None
        Opens the probe at ``config.probe``, which is across that stimulator's load.
    tell : callable or None
        Tells the walk to a broker.
    config_sha256 : str
        As for ``simulate``.

    Raises
    ------
    ValueError
        If the configuration's parts do not fit together.
    OSError
        If the stimulator on the desk cannot be reached.
    ProbeError
        If the probe cannot be used.
    KeyboardInterrupt
        On Ctrl-C, after the output was stopped and the log closed.
    """
    with recorded(config, log_file, config_sha256, behind=True) as log:
        started_s = time.perf_counter()
        with asyncio.Runner(loop_factory=real_time_loop) as runner:
            rig, heard, seen = runner.run(
                _walk(config, log, progress, desk, probe, tell, over_pty=over_pty)
            )
        return replace(result_of(config, rig, heard, started_s, log), probe=seen)


async def _walk(
    config: WalkConfig,
    log: NullLog | RunLogWriter,
    progress: Progress | None,
    desk: Callable[[], Awaitable[Link]] | None,
    open_probe: OpenProbe | None,
    tell: Tell | None,
    *,
    over_pty: bool,
) -> tuple[Rig, Heard, ProbeReport | None]:
    loop = asyncio.get_running_loop()
    # Opened first: however long that takes, the walk's time has not begun.
    bench = RealClock(loop)
    probe = None if open_probe is None else await open_probe(bench.now_us)
    try:
        link = None if desk is None else await desk()
    except BaseException:
        if probe is not None:
            probe.close()
        raise
    clock = RealClock(loop)
    began_us = bench.now_us()
    cable: RealCable | DeskCable | None = RealCable.pty(clock.now_us) if over_pty else None
    if link is not None:
        cable = DeskCable(link)
    rig = Rig(config, clock, log, cable=cable)
    heard = Heard(config, rig, clock)
    across = None if probe is None else Across(probe, rig, clock, began_us)
    broadcast = None if tell is None else tell(rig, clock)
    try:
        with stop_on_interrupt(rig.session), stop_on_failure(loop, rig.session) as failed:
            rig.session.open()
            while clock.now_us() < config.duration_s * 1e6:
                left_s = config.duration_s - clock.now_us() / 1e6
                await asyncio.sleep(min(FLUSH_S, max(0.0, left_s)))
                if isinstance(log, RunLogWriter):
                    log.flush()
                if failed.done():
                    failed.result()
                if progress is not None:
                    progress(min(config.duration_s, clock.now_us() / 1e6))
    finally:
        if broadcast is not None:
            # Whoever watches is told that it is over: what was told last is what stays.
            rig.session.stop_now()
            rig.session.settle()
        rig.session.close()
        if broadcast is not None:
            broadcast.close()
        if isinstance(cable, RealCable):
            cable.unplug()
        if across is not None:
            await across.told()
            across.close()
    return rig, heard, None if across is None else across.report()
