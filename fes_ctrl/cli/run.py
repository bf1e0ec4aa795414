"""``fes-ctrl run``: the controller in real time, on real sensors and a stimulator."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.detectors import choose_for_all
from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fes_ctrl.assembly import ControlConfig
    from fes_ctrl.config.layers import Layers
    from fes_ctrl.links.link import Link
    from fes_ctrl.links.url import SerialAddress, TcpAddress
    from fes_ctrl.runlog.log import RunLogWriter
    from fes_ctrl.runtime.session import ControlSession
    from fes_ctrl.sensors.source import SensorSource
    from fes_ctrl.sensors.url import SensorPlace

WATCH_LOG_S = 0.5


@click.command(
    epilog="Example: fes-ctrl run --sensor metronome: --stimulator p24:///dev/ttyACM0 "
    "--arm-allowed bench"
)
@click.option(
    "--sensor", required=True, metavar="URL", help="serial:, replay:, manual:, metronome:"
)
@click.option(
    "--stimulator",
    required=True,
    metavar="URL",
    help="p24:///dev/ttyACM0, rehastim2:///dev/ttyUSB0, feslink+tcp://HOST:PORT",
)
@click.option("--program", default="standard", show_default=True, help="Program: name or file.")
@click.option("--setup", default="standard", show_default=True, help="Thresholds: name or file.")
@click.option(
    "--detector", metavar="heel|foot-imu|shank-imu|fused", help="Default: what the sensors allow."
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="One value, dotted key.")
@click.option(
    "--arm-allowed",
    metavar="LIMITS",
    help="Permit arming by hand under these limits; without it nothing is ever given.",
)
@click.option("--duration", type=float, metavar="S", help="End after so many seconds.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep the log there.")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the exchange with the stimulator there, to make a test of it.",
)
@click.option(
    "--watchdog/--no-watchdog",
    default=True,
    show_default=True,
    help="Stop the output when this program hangs; without it a debugger can halt it.",
)
@click.option(
    "--real-time",
    is_flag=True,
    help="Ask for priority, locked memory and frozen garbage collection; say what was got.",
)
def command(
    sensor: str,
    stimulator: str,
    program: str,
    setup: str,
    detector: str | None,
    sets: tuple[str, ...],
    arm_allowed: str | None,
    duration: float | None,
    out: Path | None,
    record: Path | None,
    *,
    watchdog: bool,
    real_time: bool,
) -> int:
    """Run the controller in real time; it starts unarmed, at level zero.

    On a terminal: a arm, + and - level, t test burst at the level, p pause, r resume, c clear,
    s stop, d disarm, q quit.
    Otherwise the same as words, a line each, on standard input; its end changes nothing.
    """
    from functools import partial

    from fes_ctrl import plugins
    from fes_ctrl.cli.replay import layers_of
    from fes_ctrl.links.url import LinkUrlError, parse_link_url
    from fes_ctrl.runtime.realtime import real_time_loop
    from fes_ctrl.sensors.url import SensorUrlError, parse_sensor_url
    from fes_ctrl.stimulators.config import MODES, UNUSABLE

    if duration is not None and not 0 < duration <= 86_400:
        message = f"--duration {duration:g}: give seconds above 0 and up to a day"
        raise Refusal(message)
    try:
        place = parse_sensor_url(sensor)
        plugins.load()
        address = parse_link_url(stimulator, (*MODES, *UNUSABLE))
    except SensorUrlError as error:
        message = f"--sensor {error}"
        raise Refusal(message) from error
    except LinkUrlError as error:
        message = f"--stimulator {error}"
        raise Refusal(message) from error
    parts = {"setup": setup, "limits": arm_allowed or "bench", "stimulator": address.device}
    layers_for = partial(layers_of, program, parts=parts, sets=sets)
    layers_for("heel" if detector is None else detector)
    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        runner.run(
            _run(
                place,
                address,
                layers_for,
                chosen=detector,
                may_arm=arm_allowed is not None,
                duration_s=duration,
                out=out,
                record=record,
                watchdog=watchdog,
                real_time=real_time,
            )
        )
    return 0


async def _run(
    place: "SensorPlace",
    address: "SerialAddress | TcpAddress",
    layers_for: "Callable[[str], Layers]",
    *,
    chosen: str | None,
    may_arm: bool,
    duration_s: float | None,
    out: Path | None,
    record: Path | None,
    watchdog: bool,
    real_time: bool,
) -> None:
    from fes_ctrl.assembly import assemble
    from fes_ctrl.cli.console import listen
    from fes_ctrl.cli.record import ExchangeFile
    from fes_ctrl.cli.replay import control_of
    from fes_ctrl.links.recorder import NotedDriver, Recorder, RecordingLink
    from fes_ctrl.links.url import open_link, returning
    from fes_ctrl.recordings import RecordingError
    from fes_ctrl.runlog.log import NullLog
    from fes_ctrl.runtime.live import Hand, live
    from fes_ctrl.runtime.realtime import RealClock
    from fes_ctrl.runtime.reconnect import ReopeningLink
    from fes_ctrl.runtime.session import ControlSession
    from fes_ctrl.safety.limits import Limits
    from fes_ctrl.sensors.source import SensorError
    from fes_ctrl.sensors.url import open_source
    from fes_ctrl.stimulators.drivers import LINES, driver_for
    from fes_ctrl.stimulators.same_device import SameDevice

    clock = RealClock(asyncio.get_running_loop())
    try:
        source = open_source(place, clock.now_us)
    except (SensorError, RecordingError) as error:
        message = f"--sensor {error}"
        raise Refusal(message) from error
    try:
        worn = worn_by(source)
        legs = tuple(worn)
        control = control_of(layers_for(choose_for_all(worn, chosen, "--sensor")), legs)
        choose_for_all(worn, control.detector.name, "--sensor")
        min_interval_us = Limits(control.limits).min_interval_us
        driver = driver_for(control.stimulator, min_interval_us)
        guarded_by = driver.stop_bytes if control.stimulator.guardian else b""
        taken = ExchangeFile(record, control.stimulator, min_interval_us) if record else None
        line = LINES[driver.capabilities.device]
        first = await open_link(address, line, guarded_by)
    except OSError as error:
        source.close()
        message = f"--stimulator {error}"
        raise Refusal(message) from error
    except Refusal:
        source.close()
        raise
    link: Link = ReopeningLink(
        first, returning(address, line, guarded_by), lambda: _come_back(session)
    )
    if taken is not None:
        recorder = Recorder(clock.now_us, taken.put)
        driver, link = NotedDriver(driver, recorder), RecordingLink(link, recorder)
    log = _log(out, control)
    session = ControlSession(
        clock,
        assemble(legs, control),
        [(SameDevice(driver), link)],
        dict.fromkeys(legs, 0),
        NullLog() if log is None else log,
    )
    hand = Hand(session, clock, _say, may_arm=may_arm)
    session.listeners.append(_tell)
    listen(source, hand)
    if log is not None:
        _watch(log, 0)
    ended = "interrupted"
    try:
        with _steadied() if real_time else contextlib.nullcontext():
            await live(session, source, hand, log, duration_s, _alarm if watchdog else None)
        ended = "finished"
    except* SensorError as group:
        message = f"--sensor {group.exceptions[0]}"
        raise Refusal(message) from group
    finally:
        if taken is not None and not taken.close():
            _say(f"--record {record}: the disk did not take all of it; make room and record again")
        if log is not None:
            log.close(ended=ended)
            if log.dropped:
                _say(f"run log: {log.dropped} lines could not be written; make room on the disk")


@contextlib.contextmanager
def _steadied() -> "Iterator[None]":
    """Ask the machine for what keeps the loop on time, and tell the person what was got."""
    from fes_ctrl.runtime.steady import steadied

    with steadied() as asked:
        for each in asked:
            _say(str(each))
        yield


def _come_back(session: "ControlSession") -> None:
    """Begin anew with a device that is plugged in again."""
    _say("stimulator is back: it is stopped and asked who it is; clear the fault, then arm")
    session.reopen(0)


def worn_by(source: "SensorSource") -> dict[int, list[str]]:
    """Return the sensor kinds of a source, leg by leg."""
    worn: dict[int, list[str]] = {}
    for leg, sensor in sorted(source.sensors):
        worn.setdefault(leg, []).append(sensor)
    return worn


def _log(out: Path | None, control: "ControlConfig") -> "RunLogWriter | None":
    from dataclasses import asdict

    from fes_ctrl import __version__
    from fes_ctrl.config.layers import sha256_of
    from fes_ctrl.runlog.log import RunLogWriter

    if out is None:
        return None
    config = {"control": asdict(control)}
    header = {
        "config": config,
        "config_sha256": sha256_of(config),
        "seed": None,
        "versions": {"fes_ctrl": __version__},
        "devices": [control.stimulator.device],
        "clock": {"unit": "us", "starts_at": 0},
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        return RunLogWriter(out / "log.jsonl", header, behind=True)
    except OSError as error:
        message = f"--out {out}: {error.strerror}; choose a folder that can be written"
        raise Refusal(message) from error


def _watch(log: "RunLogWriter", known: int) -> None:
    """Tell the person while it goes on that the disk does not take the log."""
    dropped = log.dropped
    if dropped and not known:
        _say(f"fault F24 warn: {dropped} lines of the run log dropped so far; control goes on")
    asyncio.get_running_loop().call_later(WATCH_LOG_S, _watch, log, dropped)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        # A terminal that is gone must not end the run in the middle of a callback.
        click.echo(line, err=True)


def _alarm(wrong: str) -> None:
    """Say what the watchdog did, past everything that the rest of the program may hold."""
    with contextlib.suppress(OSError):
        os.write(2, f"           watchdog: {wrong}; output stopped\n".encode())


def _tell(now_us: int, records: tuple[object, ...]) -> None:
    """Tell the person what matters: faults, and changes of arming and level."""
    from fes_ctrl.model import Fault, StateChange

    for record in records:
        if isinstance(record, Fault):
            _say(f"{now_us / 1e6:9.3f} s  fault {record.id} {record.reaction}: {record.detail}")
        elif isinstance(record, StateChange):
            armed = "armed" if record.armed else "not armed"
            _say(f"{now_us / 1e6:9.3f} s  {armed}, level {record.level_percent} %: {record.reason}")
