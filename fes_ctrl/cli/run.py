"""``fes-ctrl run``: the controller in real time, on real sensors and a stimulator."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.detectors import choose_for_all
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_settings, new_run
from fes_ctrl.cli.legs import LEG_CHOICES, legs_to_stimulate, roles

if TYPE_CHECKING:
    from collections.abc import Callable

    from fes_ctrl.assembly import ControlConfig
    from fes_ctrl.cli.attended import Keeping
    from fes_ctrl.config.layers import Layers
    from fes_ctrl.links.url import SerialAddress, TcpAddress
    from fes_ctrl.runtime.session import ControlSession
    from fes_ctrl.sensors.arrivals import Arrivals
    from fes_ctrl.sensors.source import SensorSource
    from fes_ctrl.sensors.url import SensorPlace


LONG_LOG = 20_000_000
"""Bytes of a log that takes seconds to go through."""
NO_ARMING = "it senses, decides and logs: --arm-allowed LIMITS would permit arming"


@click.command(
    epilog="Example: fes-ctrl run --sensor metronome: --stimulator p24:///dev/ttyACM0 "
    "--arm-allowed bench"
)
@click.option(
    "--sensor",
    "sensors",
    required=True,
    multiple=True,
    metavar="URL",
    help="serial:, mqtt://HOST/TOPIC, replay:, manual:, metronome:; once for each board.",
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
@click.option(
    "--leg",
    type=click.Choice(LEG_CHOICES),
    help="The leg to stimulate; another that wears a sensor only senses. Default: the setup's, "
    "else every leg that wears one.",
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
    "--telemetry",
    metavar="URL",
    help="Tell the run to a broker, and take guarded parameters from there: "
    "mqtts://USER@HOST/BENCH?ca=FILE.",
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
@click.option(
    "--sync",
    default="",
    metavar="PORT[:dtr]",
    help="A serial port whose RTS (or DTR) is up while a burst is given: for EMG, motion capture.",
)
def command(
    sensors: tuple[str, ...],
    stimulator: str,
    program: str,
    setup: str,
    detector: str | None,
    leg: str | None,
    sets: tuple[str, ...],
    arm_allowed: str | None,
    duration: float | None,
    out: Path | None,
    record: Path | None,
    sync: str,
    telemetry: str | None,
    *,
    watchdog: bool,
    real_time: bool,
) -> int:
    """Run the controller in real time; it starts unarmed, at level zero.

    On a terminal: a arm, + and - level, t test burst at the level, p pause, r resume, c clear,
    s stop, d disarm, i how it stands, q quit.
    Otherwise the same as words, a line each, on standard input; its end changes nothing.
    """
    from functools import partial

    from fes_ctrl.cli.attended import Keeping, stimulator_at
    from fes_ctrl.cli.brokers import bench_at
    from fes_ctrl.cli.replay import layers_of
    from fes_ctrl.runtime.realtime import real_time_loop
    from fes_ctrl.sensors.url import SensorUrlError, parse_sensor_url

    if duration is not None and not 0 < duration <= 86_400:
        message = f"--duration {duration:g}: give seconds above 0 and up to a day"
        raise Refusal(message)
    try:
        places = [parse_sensor_url(sensor) for sensor in sensors]
    except SensorUrlError as error:
        message = f"--sensor {error}"
        raise Refusal(message) from error
    broker = None if telemetry is None else bench_at(telemetry, "--telemetry")
    address = stimulator_at(stimulator)
    parts = {"setup": setup, "limits": arm_allowed or "bench", "stimulator": address.device}
    layers_for = partial(layers_of, program, parts=parts, sets=sets)
    layers_for("heel" if detector is None else detector)
    keeping = Keeping(
        duration,
        out,
        record,
        watchdog=watchdog,
        real_time=real_time,
        sync=sync,
        broker=broker,
        program=program,
    )
    may_arm = arm_allowed is not None
    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        runner.run(_run(places, address, layers_for, detector, leg, keeping, may_arm=may_arm))
    return 0


async def _run(
    places: "list[SensorPlace]",
    address: "SerialAddress | TcpAddress",
    layers_for: "Callable[[str], Layers]",
    chosen: str | None,
    leg: str | None,
    keeping: "Keeping",
    *,
    may_arm: bool,
) -> None:
    from fes_ctrl.cli.attended import attend, say
    from fes_ctrl.cli.replay import control_of
    from fes_ctrl.config.layers import sha256_of
    from fes_ctrl.recordings import RecordingError
    from fes_ctrl.runtime.live import HELP, Hand
    from fes_ctrl.runtime.realtime import RealClock
    from fes_ctrl.runtime.tally import Tally
    from fes_ctrl.sensors.arrivals import arrivals_of
    from fes_ctrl.sensors.source import SensorError
    from fes_ctrl.sensors.url import open_sources

    clock = RealClock(asyncio.get_running_loop())
    try:
        source = open_sources(places, clock.now_us)
    except (SensorError, RecordingError) as error:
        message = f"--sensor {error}"
        raise Refusal(message) from error
    try:
        worn = worn_by(source)
        layers = layers_for(choose_for_all(worn, chosen, "--sensor"))
        legs = legs_to_stimulate(worn, leg, layers.get("setup").leg)
        control = control_of(layers, legs, tuple(worn))
        choose_for_all(worn, control.detector.name, "--sensor")
        if keeping.out is not None:
            new_run(keeping.out)
            keep_settings(keeping.out, layers)
    except Refusal:
        source.close()
        raise
    told = roles(legs, worn)
    tallies: list[Tally] = []

    def person(session: "ControlSession") -> Hand:
        tally = Tally(session, told)
        tallies.append(tally)
        say(f"not armed, level 0 %; {HELP if may_arm else NO_ARMING}")

        def info() -> str:
            arrived = arrivals_of(source)
            return str(tally) if arrived is None else f"{tally}; sensors: {arrived}"

        return Hand(session, clock, say, may_arm=may_arm, info=info)

    device = ""
    try:
        kept = replace(keeping, roles=told, config_sha256=sha256_of(layers.effective()))
        device = await attend(clock, source, address, legs, control, person, kept)
    finally:
        if keeping.out is not None and tallies:
            _summarise(keeping.out, device, legs, control, tuple(worn), arrivals_of(source))
        for tally in tallies:
            say(str(tally))


def _summarise(
    out: Path,
    device: str,
    legs: tuple[int, ...],
    control: "ControlConfig",
    sensed: tuple[int, ...],
    arrivals: "Arrivals | None",
) -> None:
    """Write what the run amounts to beside its log, or say why not."""
    import json

    from fes_ctrl.analysis.again import once_more
    from fes_ctrl.analysis.summary import FORMAT
    from fes_ctrl.cli.attended import say
    from fes_ctrl.cli.files import write_whole
    from fes_ctrl.cli.replay import figures_of
    from fes_ctrl.runlog.reader import RunLogError, read_log

    log = out / "log.jsonl"
    try:
        if log.stat().st_size > LONG_LOG:
            say("summing up the log")
        header = next(read_log(log))
        result = once_more(log, legs, control, sensed)
    except (OSError, RunLogError) as error:
        say(f"no summary: {error}")
        return
    summary = {
        "format": FORMAT,
        "stimulator": {"device": control.stimulator.device, "identity": device or None},
        "detector": control.detector.name,
        "config_sha256": header["config_sha256"],
        **figures_of(result),
        # What did not count is in no log: it never came to the controller.
        "arrivals": None if arrivals is None else arrivals._asdict(),
    }
    text = json.dumps(summary, indent=1, allow_nan=False) + "\n"
    write_whole(out / "summary.json", text, own="run")
    say(f"run kept in {out}: log.jsonl, summary.json")


def worn_by(source: "SensorSource") -> dict[int, list[str]]:
    """Return the sensor kinds of a source, leg by leg."""
    worn: dict[int, list[str]] = {}
    for leg, sensor in sorted(source.sensors):
        worn.setdefault(leg, []).append(sensor)
    return worn
