"""One walk from its configuration to its result, on the clock of choice."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fes_ctrl.analysis.summary import summarise
from fes_ctrl.analysis.walk import Walk
from fes_ctrl.config.layers import sha256_of
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.runlog.header import header_of
from fes_ctrl.runlog.log import NullLog, RunLogWriter
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.virtual import VirtualLoop, virtual_clock
from fes_ctrl.runtime.virtual import run as run_virtual
from fes_ctrl.units import Us, us_from_s
from firmware_sim.output import Sink
from hil.config import WalkConfig
from hil.missing import Heard, Missing, missing
from hil.origin import simulated_name
from hil.rig import Rig

if TYPE_CHECKING:
    from hil.probe.across import ProbeReport

ClockName = Literal["stepper", "virtual"]
Progress = Callable[[float], None]

PROGRESS_US = 1_000_000


@dataclass(slots=True)
class WalkResult:
    """What a walk amounts to.

    Attributes
    ----------
    walk : Walk
        Everything known of it.
    figures : dict
        Its summary, as far as it depends on the walk alone.
    setpoints_sha256 : str
        Over every allowed setpoint, in order.
    setpoints : int
        How many those are.
    wall_s : float
        What it took; the only thing here that differs between equal walks.
    rig : Rig
        As the walk left it; for tests and pictures.
    missing : tuple of Missing
        Reactions to what went wrong that had to come and did not.
    probe : ProbeReport or None
        What a probe saw, where there was one.
    """

    walk: Walk
    figures: dict[str, object]
    setpoints_sha256: str
    setpoints: int
    wall_s: float
    rig: Rig = field(repr=False)
    missing: tuple[Missing, ...] = ()
    probe: "ProbeReport | None" = None


def simulate(
    config: WalkConfig,
    clock: ClockName = "stepper",
    log_file: Path | None = None,
    progress: Progress | None = None,
    watch: Sink | None = None,
    config_sha256: str = "",
) -> WalkResult:
    """Walk.

    Parameters
    ----------
    config : WalkConfig
        Everything it depends on.
    clock : str
        ``stepper``, or ``virtual`` for the asyncio loop in virtual time; the result is the same.
    log_file : Path or None
        Where to write the run log.
    progress : callable or None
        Called now and then with the simulated seconds done.
    watch : callable or None
        Sees every pulse that is delivered.
    config_sha256 : str
        For the run log: of the effective values that ``config`` was made of.

    Returns
    -------
    WalkResult
        Equal for equal configurations, apart from ``wall_s``.

    Raises
    ------
    ValueError
        If the configuration's parts do not fit together.
    """
    with recorded(config, log_file, config_sha256) as log:
        started_s = time.perf_counter()
        if clock == "virtual":
            rig, heard = run_virtual(_walk_virtually(config, log, progress, watch))
        else:
            rig, heard = _walk_by_steps(config, log, progress, watch)
        return result_of(config, rig, heard, started_s, log)


@contextmanager
def recorded(
    config: WalkConfig, log_file: Path | None, config_sha256: str, *, behind: bool = False
) -> Iterator[NullLog | RunLogWriter]:
    """Open the run log, written behind where time is real, and close it however the walk ends."""
    if log_file is None:
        yield NullLog()
        return
    log = RunLogWriter(log_file, log_header(config, config_sha256), behind=behind)
    try:
        yield log
    except BaseException:
        log.close(ended="interrupted")
        raise


def result_of(
    config: WalkConfig, rig: Rig, heard: Heard, started_s: float, log: NullLog | RunLogWriter
) -> WalkResult:
    """Return what a walk that is over amounts to, and close its log with the last of it."""
    walk = rig.finish()
    if isinstance(log, RunLogWriter):
        for known in rig.acknowledgements():
            log.other("injection", name=known.name, t=known.t_us)
        log.close(ended="finished", setpoints_sha256=rig.account.setpoints_sha256)
    return WalkResult(
        walk=walk,
        figures=summarise(walk),
        setpoints_sha256=rig.account.setpoints_sha256,
        setpoints=rig.account.setpoints,
        wall_s=time.perf_counter() - started_s,
        rig=rig,
        missing=missing(config, heard, rig.acknowledgements()),
    )


def log_header(config: WalkConfig, config_sha256: str = "") -> dict[str, object]:
    """Return the run log's header: what the walk depends on, and that it is simulated.

    A walk that was made of no files has no other values than these: then it is their hash.
    """
    values = asdict(config)
    device = simulated_name(config.control.stimulator.device, config)
    legs = {
        LEG_NAMES[leg]: "stimulated" if leg in config.legs else "only senses"
        for leg in sorted(config.sensed)
    }
    return header_of(values, config_sha256 or sha256_of(values), device, legs, config.seed)


def _walk_by_steps(
    config: WalkConfig,
    log: NullLog | RunLogWriter,
    progress: Progress | None,
    watch: Sink | None,
) -> tuple[Rig, Heard]:
    stepper = Stepper()
    rig = Rig(config, stepper, log)
    heard = Heard(config, rig, stepper)
    if watch is not None:
        rig.watch_electrodes(watch)
    rig.session.open()
    end_us = us_from_s(config.duration_s)
    done_us: Us = 0
    while done_us < end_us:
        done_us = end_us if progress is None else min(end_us, done_us + PROGRESS_US)
        stepper.run_until_us(done_us)
        if progress is not None:
            progress(done_us / 1e6)
    return rig, heard


async def _walk_virtually(
    config: WalkConfig,
    log: NullLog | RunLogWriter,
    progress: Progress | None,
    watch: Sink | None,
) -> tuple[Rig, Heard]:
    loop = virtual_clock()
    rig = Rig(config, loop, log)
    heard = Heard(config, rig, loop)
    if watch is not None:
        rig.watch_electrodes(watch)
    rig.session.open()
    await _until(loop, us_from_s(config.duration_s), progress)
    return rig, heard


async def _until(loop: VirtualLoop, end_us: Us, progress: Progress | None) -> None:
    done = loop.create_future()
    # After everything else of that instant.
    loop.call_at_us(end_us, 1 << 30, done.set_result, None)
    if progress is not None:
        for at_us in range(PROGRESS_US, end_us, PROGRESS_US):
            loop.call_at_us(at_us, 1 << 30, progress, at_us / 1e6)
    await done
