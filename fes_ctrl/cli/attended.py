"""What a command does that stimulates with a person at the console: joined, run, kept and told."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fes_ctrl.assembly import ControlConfig
    from fes_ctrl.links.broker import Broker
    from fes_ctrl.links.link import Link
    from fes_ctrl.links.url import SerialAddress, TcpAddress
    from fes_ctrl.runlog.log import RunLogWriter
    from fes_ctrl.runtime.broadcast import Broadcast
    from fes_ctrl.runtime.live import Person
    from fes_ctrl.runtime.realtime import RealClock
    from fes_ctrl.runtime.session import ControlSession
    from fes_ctrl.runtime.sync_line import Wire
    from fes_ctrl.sensors.source import SensorSource
    from fes_ctrl.stimulators.same_device import SameDevice


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long it goes on, what is kept of it, and what keeps it safe and on time.

    Attributes
    ----------
    duration_s : float or None
        At most.
    out, record : Path or None
        Folder of the run log, file of the exchange with the stimulator.
    watchdog : bool
        Stop the output when this program hangs.
    real_time : bool
        Ask the machine for priority, memory and calm.
    sync : str
        Port, and ``:dtr`` where it is not RTS, of a line that is up while a burst is given.
    broker : Broker or None
        Whom it is told to; the path is the bench's name.
    program : str
        The program's name or file, as it is told there.
    roles : mapping of str to str
        What each leg is there for, in words: told at the start, and kept in the log.
    config_sha256 : str
        Of the effective values, told to the broker and kept in the log.
    """

    duration_s: float | None = None
    out: Path | None = None
    record: Path | None = None
    watchdog: bool = True
    real_time: bool = False
    sync: str = ""
    broker: "Broker | None" = None
    program: str = ""
    roles: "Mapping[str, str]" = field(default_factory=dict)
    config_sha256: str = ""


def stimulator_at(url: str) -> "SerialAddress | TcpAddress":
    """Return where ``--stimulator`` is, drivers from elsewhere included, or refuse it."""
    from fes_ctrl import plugins
    from fes_ctrl.links.url import LinkUrlError, parse_link_url
    from fes_ctrl.stimulators.config import MODES, UNUSABLE

    try:
        plugins.load()
        return parse_link_url(url, (*MODES, *UNUSABLE))
    except LinkUrlError as error:
        message = f"--stimulator {error}"
        raise Refusal(message) from error


async def attend(
    clock: "RealClock",
    source: "SensorSource",
    address: "SerialAddress | TcpAddress",
    legs: tuple[int, ...],
    control: "ControlConfig",
    person: "Callable[[ControlSession], Person]",
    keeping: Keeping,
) -> str:
    """Join sensors, controller and stimulator, and run them until something ends it.

    Parameters
    ----------
    clock : RealClock
        The running loop's.
    source : SensorSource
        Open; closed afterwards.
    address : SerialAddress or TcpAddress
        Of the stimulator.
    legs : tuple of int
        Those that are stimulated.
    control : ControlConfig
        What the controller is made of.
    person : callable
        Returns who is at the console of a session.
    keeping : Keeping
        The rest.

    Returns
    -------
    str
        The device that answered, in its own words.

    Raises
    ------
    Refusal
        If a part cannot be had, or the source is lost.
    """
    from fes_ctrl.assembly import assemble
    from fes_ctrl.cli.console import listen
    from fes_ctrl.cli.notices import expect_device, expect_lines, watch_log, watch_network
    from fes_ctrl.cli.record import ExchangeFile
    from fes_ctrl.links.recorder import NotedDriver, Recorder, RecordingLink
    from fes_ctrl.links.url import open_link, returning
    from fes_ctrl.runlog.log import NullLog
    from fes_ctrl.runtime.live import live
    from fes_ctrl.runtime.reconnect import ReopeningLink
    from fes_ctrl.runtime.session import ControlSession
    from fes_ctrl.safety.limits import Limits
    from fes_ctrl.sensors.arrivals import arrivals_of
    from fes_ctrl.sensors.mqtt import MqttSensors
    from fes_ctrl.sensors.serial import SerialSensors
    from fes_ctrl.sensors.several import parts_of
    from fes_ctrl.sensors.source import SensorError
    from fes_ctrl.stimulators.drivers import LINES, driver_for
    from fes_ctrl.stimulators.same_device import SameDevice

    sensed = tuple(sorted({worn.leg for worn in source.sensors}))

    record = keeping.record
    try:
        wire = _sync_wire(keeping.sync)
    except Refusal:
        source.close()
        raise
    try:
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
    device = SameDevice(driver)
    log = _log(keeping, control)
    session = ControlSession(
        clock,
        assemble(legs, control, sensed),
        [(device, link)],
        dict.fromkeys(legs, 0),
        NullLog() if log is None else log,
    )
    for side, role in keeping.roles.items():
        say(f"{side} leg: {role}")
    hand = person(session)
    expect_device(device, say)
    session.listeners.append(_tell)
    listen(source, hand)
    for part in parts_of(source):
        if isinstance(part, MqttSensors):
            watch_network(part, say)
        if isinstance(part, SerialSensors | MqttSensors):
            part.on_stop = lambda: _stop(session)
            expect_lines(part, say)
    if log is not None:
        watch_log(log, say)
    broadcast = _broadcast(session, clock, source, legs, control, sensed, device, keeping)
    ended = "interrupted"
    alarm = _alarm if keeping.watchdog else None
    try:
        with (
            _synchronised(session, wire),
            _steadied() if keeping.real_time else contextlib.nullcontext(),
        ):
            await live(session, source, hand, log, keeping.duration_s, alarm)
        ended = "finished"
    except* SensorError as group:
        message = f"--sensor {group.exceptions[0]}"
        raise Refusal(message) from group
    finally:
        if broadcast is not None:
            broadcast.close()
        arrived = arrivals_of(source)
        if arrived is not None:
            say(f"sensors: {arrived}")
        if taken is not None and not taken.close():
            say(f"--record {record}: the disk did not take all of it; make room and record again")
        if log is not None:
            log.close(ended=ended)
            if log.dropped:
                say(f"run log: {log.dropped} lines could not be written; make room on the disk")
    return device.identity


def _broadcast(
    session: "ControlSession",
    clock: "RealClock",
    source: "SensorSource",
    legs: tuple[int, ...],
    control: "ControlConfig",
    sensed: tuple[int, ...],
    device: "SameDevice",
    keeping: Keeping,
) -> "Broadcast | None":
    """Tell the run to a broker, where there is to be one."""
    from fes_ctrl.runtime.broadcast import Broadcast
    from fes_ctrl.runtime.telling import About
    from fes_ctrl.sensors.arrivals import arrivals_of
    from fes_ctrl.sensors.metronome import Metronome
    from fes_ctrl.sensors.replay import Replay
    from fes_ctrl.sensors.several import parts_of

    broker = keeping.broker
    if broker is None:
        return None
    about = About(
        bench=broker.path,
        program=keeping.program,
        device=control.stimulator.device,
        legs=legs,
        control=control,
        sensed=sensed,
        simulated=any(isinstance(part, Metronome | Replay) for part in parts_of(source)),
        config_sha256=keeping.config_sha256,
    )
    audit = None if keeping.out is None else keeping.out / "audit.jsonl"
    try:
        return Broadcast(
            session,
            clock,
            broker,
            about,
            say,
            audit,
            identity=lambda: device.identity,
            arrivals=lambda: arrivals_of(source),
        )
    except OSError as error:
        session.close()
        source.close()
        message = f"--telemetry {broker}: {error.strerror or error}; no process speaks to it"
        raise Refusal(message) from error


def _stop(session: "ControlSession") -> None:
    """Stop as a person at the console does; the bytes go first."""
    session.stop_now()
    say("stop: asked for at the sensors' board")


def _sync_wire(place: str) -> "Wire | None":
    """Open the port of the sync line, where there is to be one."""
    from fes_ctrl.runtime.sync_line import LINES, PortWire, SyncError

    if not place:
        return None
    port, _, name = place.rpartition(":")
    if not port or name not in LINES:
        port, name = place, "rts"
    try:
        return PortWire(port, "dtr" if name == "dtr" else "rts")
    except SyncError as error:
        message = f"--sync {error}"
        raise Refusal(message) from error


@contextlib.contextmanager
def _synchronised(session: "ControlSession", wire: "Wire | None") -> "Iterator[None]":
    """Let a line go up and down with the bursts of a session."""
    from fes_ctrl.runtime.sync_line import SyncLine

    if wire is None:
        yield
        return
    line = SyncLine(wire, say)
    session.on_written = line.written
    session.listeners.append(line.see)
    try:
        yield
    finally:
        line.close()


@contextlib.contextmanager
def _steadied() -> "Iterator[None]":
    """Ask the machine for what keeps the loop on time, and tell the person what was got."""
    from fes_ctrl.runtime.steady import steadied

    with steadied() as asked:
        for each in asked:
            say(str(each))
        yield


def _come_back(session: "ControlSession") -> None:
    """Begin anew with a device that is plugged in again."""
    say("stimulator is back: it is stopped and asked who it is; clear the fault, then arm")
    session.reopen(0)


def _log(keeping: Keeping, control: "ControlConfig") -> "RunLogWriter | None":
    from dataclasses import asdict

    from fes_ctrl.runlog.header import header_of
    from fes_ctrl.runlog.log import RunLogWriter

    out = keeping.out
    if out is None:
        return None
    config = {"control": asdict(control)}
    header = header_of(config, keeping.config_sha256, control.stimulator.device, keeping.roles)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return RunLogWriter(out / "log.jsonl", header, behind=True)
    except OSError as error:
        message = f"--out {out}: {error.strerror}; choose a folder that can be written"
        raise Refusal(message) from error


def say(line: str) -> None:
    """Tell the person something."""
    with contextlib.suppress(OSError):
        # A terminal that is gone must not end the run in the middle of a callback.
        click.echo(line, err=True)


def _alarm(wrong: str) -> None:
    """Say what the watchdog did, past everything that the rest of the program may hold."""
    with contextlib.suppress(OSError):
        os.write(2, f"           watchdog: {wrong}; output stopped\n".encode())


def _tell(now_us: int, records: tuple[object, ...]) -> None:
    """Tell the person what matters: faults, and changes of arming and level."""
    from fes_ctrl.model import ALL_LEGS, LEG_NAMES, Fault, StateChange

    for record in records:
        if isinstance(record, Fault):
            whose = "" if record.leg == ALL_LEGS else f", {LEG_NAMES[record.leg]}"
            what = f"fault {record.id} {record.reaction}{whose}: {record.detail}"
            say(f"{now_us / 1e6:9.3f} s  {what}")
        elif isinstance(record, StateChange):
            armed = "armed" if record.armed else "not armed"
            say(f"{now_us / 1e6:9.3f} s  {armed}, level {record.level_percent} %: {record.reason}")
