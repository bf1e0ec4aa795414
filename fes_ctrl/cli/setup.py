"""``fes-ctrl setup``: the thresholds of a seated wearer, by test bursts in steps of 1 mA."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.detectors import choose_for_all
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import write_whole

if TYPE_CHECKING:
    from fes_ctrl.assembly import ControlConfig
    from fes_ctrl.links.url import SerialAddress, TcpAddress
    from fes_ctrl.runtime.session import ControlSession
    from fes_ctrl.stim.seated import SeatedSearch

LONGEST_POSITION = 200


@click.command(
    epilog="Example: fes-ctrl setup --stimulator p24:///dev/ttyACM0 --arm-allowed bench "
    "--position '2 cm below the fibular head' --out right-leg.toml"
)
@click.option(
    "--stimulator",
    required=True,
    metavar="URL",
    help="p24:///dev/ttyACM0, rehastim2:///dev/ttyUSB0, feslink+tcp://HOST:PORT",
)
@click.option(
    "--arm-allowed", required=True, metavar="LIMITS", help="Permit stimulation under these limits."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the thresholds there, for --setup FILE.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@click.option(
    "--muscle",
    type=click.Choice(["dorsiflexors", "evertors", "hamstrings", "quadriceps", "calf"]),
    default="dorsiflexors",
    show_default=True,
    help="The muscle group, as programs name it.",
)
@click.option("--position", default="", metavar="TEXT", help="Where the electrodes are.")
@click.option(
    "--leg",
    type=click.Choice(["left", "right"]),
    default="right",
    show_default=True,
    help="The leg that wears them.",
)
@click.option("--pulse-width", type=int, default=300, show_default=True, metavar="US")
@click.option("--rate", type=float, default=40.0, show_default=True, metavar="HZ")
@click.option(
    "--start", type=int, default=1, show_default=True, metavar="MA", help="The first burst."
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="One value, dotted key.")
def command(
    stimulator: str,
    arm_allowed: str,
    out: Path,
    muscle: str,
    position: str,
    leg: str,
    pulse_width: int,
    rate: float,
    start: int,
    sets: tuple[str, ...],
    *,
    overwrite: bool,
) -> int:
    """Find what a seated person feels, what moves the foot, and what is enough.

    A bench tool, not for people. On a terminal: n one step up, r again, b one step down, each with
    a burst; f felt, m moved, x enough; c clear a fault, s stop, q quit. Otherwise the same as
    words (next, repeat, back, felt, moved, enough, clear, stop, quit), a line each, on standard
    input; its end quits. The first burst arms. Nothing is saved unless all three are known.
    """
    from fes_ctrl.cli.attended import stimulator_at
    from fes_ctrl.cli.replay import layers_of, parts_of
    from fes_ctrl.model import HEEL_SWITCH, LEG_NAMES
    from fes_ctrl.runtime.realtime import real_time_loop
    from fes_ctrl.runtime.seated import control_for_search
    from fes_ctrl.stim.seated import SeatedSearch

    _check_words(out, position, overwrite=overwrite)
    _check_numbers(pulse_width, rate)
    address = stimulator_at(stimulator)
    number = LEG_NAMES.index(leg)
    parts = {"setup": "standard", "limits": arm_allowed, "stimulator": address.device}
    control = parts_of(layers_of("standard", "heel", parts, sets))
    choose_for_all({number: [HEEL_SWITCH]}, control.detector.name, "the heel that stays down")
    try:
        control, most_ma = control_for_search(control, number, muscle, pulse_width, rate)
    except ValueError as error:
        raise Refusal(str(error)) from None
    first_ma = min(most_ma, int(control.limits.start_mA))
    if not 1 <= start <= first_ma:
        message = (
            f"--start {start}: give 1 to {first_ma} mA, the most that a first burst may reach "
            f"(limits.start_mA) and this stimulator gives"
        )
        raise Refusal(message)
    search = SeatedSearch(start, most_ma)
    with asyncio.Runner(loop_factory=real_time_loop) as runner:
        device = runner.run(_search(address, number, control, search))
    if not search.done:
        wrong = search.wrong() or "not all three are known"
        message = f"nothing saved: {wrong} ({search.told()}); start again"
        raise Refusal(message)
    _write(out, search, control, start, leg, position, device)
    click.echo(f"{out}: {search.told()}; walk with --setup {out}", err=True)
    return 0


def _check_words(out: Path, position: str, *, overwrite: bool) -> None:
    """Refuse what would be found out only after the person has been stimulated."""
    if out.suffix != ".toml":
        message = f"--out {out}: end it in .toml, so that --setup takes it for a file"
        raise Refusal(message)
    if out.exists() and not out.is_file():
        message = f"--out {out}: is no file; choose another name"
        raise Refusal(message)
    if out.exists() and not overwrite:
        message = f"--out {out}: is there already; choose another name, or add --overwrite"
        raise Refusal(message)
    if not out.parent.is_dir():
        message = f"--out {out}: there is no folder {out.parent}; make it, or choose another"
        raise Refusal(message)
    if not position.isprintable() or len(position) > LONGEST_POSITION:
        message = f"--position: one line of at most {LONGEST_POSITION} characters; shorten it"
        raise Refusal(message)


def _check_numbers(pulse_width: int, rate: float) -> None:
    if not 10 <= pulse_width <= 500:
        message = f"--pulse-width {pulse_width}: give 10 to 500 us"
        raise Refusal(message)
    # Not (rate < 1 or rate > 100): a NaN is neither.
    if not 1.0 <= rate <= 100.0:
        message = f"--rate {rate:g}: give 1 to 100 Hz"
        raise Refusal(message)


async def _search(
    address: "SerialAddress | TcpAddress",
    leg: int,
    control: "ControlConfig",
    search: "SeatedSearch",
) -> str:
    from fes_ctrl.cli.attended import Keeping, attend, say
    from fes_ctrl.runtime.realtime import RealClock
    from fes_ctrl.runtime.seated import HELP, SeatedHand
    from fes_ctrl.sensors.still import still

    clock = RealClock(asyncio.get_running_loop())

    def person(session: "ControlSession") -> SeatedHand:
        say(HELP)
        return SeatedHand(session, clock, search, say)

    source = still(leg, clock.now_us)
    return await attend(clock, source, address, (leg,), control, person, Keeping())


def _write(
    out: Path,
    search: "SeatedSearch",
    control: "ControlConfig",
    start: int,
    leg: str,
    position: str,
    device: str,
) -> None:
    from datetime import date

    from fes_ctrl.cli.setup_file import SetupRecord, as_toml

    channel = control.program.channel[0]
    found = search.found(channel.pulse_width_us)
    day = date.today()  # noqa: DTZ011 - the day on the wall of whoever did it
    write_whole(out, as_toml(SetupRecord(found, channel, start, leg, position, device, day)))
