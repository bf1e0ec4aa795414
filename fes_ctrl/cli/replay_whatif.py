"""``fes-ctrl replay --against``: what another program would have done, burst by burst."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import write_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import JustifyMethod

    from fes_ctrl.analysis.cycle import Foot
    from fes_ctrl.analysis.walk import LegWalk
    from fes_ctrl.analysis.whatif import LegFrame, Reference, Side, WhatIf
    from fes_ctrl.cli.replay import Given, Replayed
    from fes_ctrl.recordings import Recording
    from fes_ctrl.stim.config import ProgramConfig

RECORDED: Final = "recorded"
"""Instead of a program: the current that the recording itself holds."""

LISTED: Final = 20
"""So many bursts that only moved are listed on a terminal; missing and extra ones all are."""

LONGEST_MS: Final = 1000.0
SHORT: Final = ("stride", "at, s", "onset", "end", "mA")
"""Columns of numbers that are not to be broken; others wrap, and nothing is cut."""

PAGES: Final = ("whatif.html", "whatif.json")
"""What is kept of an answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the new program is held against, how closely, and whether every burst is told.

    ``against`` is empty where nothing is to be compared.
    """

    against: str
    sets: tuple[str, ...]
    tolerance_ms: float | None
    every: bool


@dataclass(slots=True)
class Told:
    """The answer: as figures, as a comparison, and what is to be said besides."""

    whatif: "WhatIf"
    figures: dict[str, Any]
    against: dict[str, Any]
    notes: list[str]
    page: Path | None


def check_question(question: Question, signal: "Recording | None" = None) -> None:
    """Refuse what cannot be asked, before anything is replayed.

    Parameters
    ----------
    question : Question
        As the options say it.
    signal : Recording or None
        The recording, once it is read.
    """
    tolerance_ms = question.tolerance_ms
    if not question.against:
        idle = {"--bursts": question.every, "--tolerance-ms": tolerance_ms is not None}
        for name in (name for name, given in idle.items() if given):
            message = f"{name} is about a comparison; name the other program with --against"
            raise Refusal(message)
    if tolerance_ms is not None and not 0.0 <= tolerance_ms <= LONGEST_MS:
        message = f"--tolerance-ms {tolerance_ms:g}: give milliseconds from 0 to {LONGEST_MS:g}"
        raise Refusal(message)
    if signal is not None and question.against == RECORDED and signal.stim_ma is None:
        message = (
            f"--against {RECORDED}: {signal.path} has no column stim_mA; name a program to "
            f"compare with"
        )
        raise Refusal(message)


def ask(given: "Given", new: "Replayed", question: Question, out: Path | None) -> Told:
    """Compare a replayed program with another one, or with what was recorded.

    Raises
    ------
    Refusal
        If there is nothing to compare with.
    """
    from fes_ctrl.analysis.whatif import side_of, what_if
    from fes_ctrl.analysis.whatif_figures import figures

    tolerance_ms = question.tolerance_ms
    signal = given.signal
    period_us, period_from = _period_us(new.control.program), "one pulse period"
    if question.against == RECORDED and signal.stim_ma is not None:
        old, against = _recorded(given, new, signal.stim_ma)
        spacing_us = _spacing_us(signal)
        if spacing_us > period_us:
            period_us, period_from = spacing_us, "one reading of the recording"
    else:
        common = tuple(each for each in question.sets if not each.startswith("program."))
        replayed = _replay_old(given, question.against, common)
        old = side_of(_name(question.against, ()), replayed.result.walk, _muscles(replayed))
        against = replayed.summary
        period_us = max(period_us, _period_us(replayed.control.program))
    own = tuple(each for each in question.sets if each.startswith("program."))
    side = side_of(_name(new.program, own), new.result.walk, _muscles(new))
    if side.name == old.name:
        side.name, old.name = f"{side.name} (new)", f"{old.name} (old)"
    if tolerance_ms is not None:
        period_us, period_from = round(tolerance_ms * 1e3), "--tolerance-ms"
    references, source, notes = _references(given)
    frames = _frames(new, references)
    told = what_if(old, side, frames, new.result.walk.settled_from_us, period_us)
    whole = figures(told)
    whole["tolerance_from"] = period_from
    whole["reference"] = source
    whole["notes"] = notes
    notes = [_tolerance_note(period_us, period_from), *_source_note(source, given), *notes]
    page = None if out is None else _keep(told, whole, given, notes, out)
    return Told(told, whole, against, notes, page)


def _replay_old(given: "Given", against: str, sets: tuple[str, ...]) -> "Replayed":
    from fes_ctrl.cli.replay import replay_program

    return replay_program(given, against, sets, None)


def _recorded(
    given: "Given", new: "Replayed", current_ma: "NDArray[np.float64]"
) -> tuple["Side", dict[str, Any]]:
    """Return what the recorded device gave, and what a summary can tell of it."""
    from fes_ctrl.analysis.percentiles import spread
    from fes_ctrl.analysis.whatif import Side
    from fes_ctrl.analysis.windows import recorded_windows
    from fes_ctrl.model import LEG_NAMES

    signal = given.signal
    legs = [leg.leg for leg in new.result.walk.legs]
    if len(legs) > 1 and signal.meta.affected_side:
        legs = [leg for leg in legs if LEG_NAMES[leg] == signal.meta.affected_side]
    if len(legs) != 1:
        message = (
            f"--against {RECORDED}: {signal.path}: stim_mA does not say of which leg; choose one "
            f"with --leg, or write affected_side in meta.toml"
        )
        raise Refusal(message)
    windows = recorded_windows(signal.t_meas_us, current_ma)
    place = next(place for place in _muscles(new) if place[0] == legs[0])
    side = Side(RECORDED, {place: windows})
    lengths_ms = [(window.end_us - window.onset_us) / 1e3 for window in windows]
    against = {
        "recording": signal.path.name,
        "program": RECORDED,
        "detector": None,
        "duration_s": new.summary["duration_s"],
        "legs": {
            LEG_NAMES[legs[0]]: {
                "events": {},
                "bursts": len(windows),
                "setpoints": None,
                "burst": {
                    "ended_by": {},
                    "duration_ms": spread(lengths_ms, p50=50, p95=95, max=100),
                },
            }
        },
        "sensing": {},
        "charge": {"per_phase_uC_max": None, "total_mC": None, "source": RECORDED},
    }
    return side, against


def _references(
    given: "Given",
) -> tuple[dict[int, "Reference"], dict[str, Any] | None, list[str]]:
    """Return reference events by leg, which file they are of, and what to say about it."""
    from fes_ctrl.analysis.cycle import Foot
    from fes_ctrl.analysis.whatif import Reference
    from fes_ctrl.cli.replay_reference import reference_of
    from fes_ctrl.model import ALL_LEGS, LEG_NAMES

    signal = given.signal
    beside = signal.path.with_name(f"{signal.name}.events.csv")
    path = given.events
    if path is None:
        if not beside.is_file():
            return {}, None, []
        path = beside
    try:
        events, doubt = reference_of(path, signal)
    except Refusal as error:
        if given.events is not None:
            raise
        return {}, None, [f"reference events beside the recording are of no use: {error}"]
    by_leg: dict[int, list[Foot]] = {}
    unnamed = [event for event in events if event.leg == ALL_LEGS]
    notes: list[str] = [doubt] if doubt else []
    if unnamed and len(signal.legs) > 1:
        sides = " and ".join(LEG_NAMES[leg] for leg in signal.legs)
        notes.append(f"{path}: {len(unnamed)} events do not say whether {sides}, and are left out")
    for event in events:
        leg = event.leg
        if leg == ALL_LEGS:
            if len(signal.legs) > 1:
                continue
            leg = signal.legs[0]
        by_leg.setdefault(leg, []).append(Foot(event.kind, event.t_us))
    references = {leg: Reference(tuple(feet), given.excluded_us) for leg, feet in by_leg.items()}
    source = {
        "file": str(path),
        "found": "--events" if given.events is not None else "beside the recording",
        "exclude_s": [[begin / 1e6, end / 1e6] for begin, end in given.excluded_us],
    }
    return references, source, notes


def _frames(new: "Replayed", references: dict[int, "Reference"]) -> dict[int, "LegFrame"]:
    """Return what the bursts of each stimulated leg are laid over."""
    from fes_ctrl.analysis.whatif import frame_of

    walk = new.result.walk
    told = {leg.leg: _feet(leg) for leg in (*walk.legs, *walk.sensing)}
    return {
        leg.leg: frame_of(
            leg.leg,
            told[leg.leg],
            references.get(leg.leg),
            [foot for other, feet in told.items() if other != leg.leg for foot in feet],
        )
        for leg in walk.legs
    }


def _feet(leg: "LegWalk") -> list["Foot"]:
    from fes_ctrl.analysis.cycle import Foot

    return [Foot(event.kind, event.t_event_us) for event in leg.detected]


def _keep(
    told: "WhatIf", whole: dict[str, Any], given: "Given", notes: list[str], out: Path
) -> Path:
    from fes_ctrl.analysis.cycle_signal import cycle_signal
    from fes_ctrl.report.whatif import whatif_page

    signal = given.signal
    seconds = (int(signal.t_meas_us[-1]) - int(signal.t_meas_us[0])) / 1e6
    heading = f"{signal.path.name}, {seconds:.1f} s, detector {given.detector}"
    signals = {leg: cycle_signal(signal, leg, frame.strides) for leg, frame in told.frames.items()}
    write_whole(out / PAGES[1], json.dumps(whole, indent=1, allow_nan=False) + "\n")
    page = out / PAGES[0]
    write_whole(page, whatif_page(told, heading, notes, signals))
    return page


def _name(program: str, sets: tuple[str, ...]) -> str:
    """Return what people call a program: a file by its stem, and what was changed of it."""
    name = Path(program).stem if program.endswith(".toml") or "/" in program else program
    changed = ", ".join(each.removeprefix("program.") for each in sets)
    return f"{name} with {changed}" if changed else name


def _muscles(replayed: "Replayed") -> dict[tuple[int, int], str]:
    """Return what is stimulated, by leg and output of the stimulator."""
    from fes_ctrl.assembly import on_connector

    return {
        (leg.leg, channel.channel): channel.muscle
        for index, leg in enumerate(replayed.result.walk.legs)
        for channel in on_connector(replayed.control.program, index).channel
    }


def _period_us(program: "ProgramConfig") -> int:
    """Return the longest time between two pulses: an edge is known no better."""
    return math.ceil(1e6 / min(channel.rate_hz for channel in program.channel))


def _spacing_us(signal: "Recording") -> int:
    import numpy as np

    stamps_us = signal.t_meas_us
    return math.ceil(float(np.median(np.diff(stamps_us)))) if len(stamps_us) > 1 else 0


def _tolerance_note(tolerance_us: int, tolerance_from: str) -> str:
    return (
        f"An edge (first or last pulse) has moved if it did by more than {tolerance_us / 1e3:g} ms "
        f"({tolerance_from})."
    )


def _source_note(source: dict[str, Any] | None, given: "Given") -> list[str]:
    if source is None:
        return ["There are no reference events: strides and swings are the detector's."]
    spans = len(given.excluded_us)
    left_out = f"; {spans} spans left out" if spans else ""
    return [f"Reference events: {Path(source['file']).name}, {source['found']}{left_out}."]


def tell(told: Told, *, every: bool) -> None:
    """Print a what-if for people.

    Parameters
    ----------
    told : Told
        The answer.
    every : bool
        List all bursts, not those that differ.
    """
    from rich.console import Console

    from fes_ctrl.report.whatif_words import NO_DIFFERENCE

    console = Console(highlight=False, markup=False)
    console.print(f"\n{told.whatif.new} instead of {told.whatif.old}")
    if told.whatif.equal:
        console.print(NO_DIFFERENCE)
    for note in told.notes:
        console.print(note)
    for channel in told.whatif.channels:
        _tell_channel(console, told.whatif, channel, every=every)
    if told.page is not None:
        console.print(f"strides and bursts: {told.page}")


def _tell_channel(console: Any, whatif: "WhatIf", channel: Any, *, every: bool) -> None:
    from fes_ctrl.analysis.pairing import EXTRA, MISSING
    from fes_ctrl.report import whatif_words as words

    frame = whatif.frames[channel.leg]
    console.print()
    console.print(f"{words.place_of(channel)}: {words.count_line(channel)}", style="bold")
    if not channel.pairs:
        return
    rows = words.summary_rows(frame, channel)
    console.print(_table(words.summary_heads(whatif), rows, words.WORDS))
    console.print(f"{words.UNITS}; {words.told_by(frame)}")
    listed = channel.pairs if every else channel.differing
    if not every and not (channel.old and channel.new):
        whose = whatif.new if not channel.new else whatif.old
        console.print(f"{whose} gives no burst here; --bursts lists those of the other")
        return
    shown = []
    moved = 0
    for pair in listed:
        lacks = MISSING in pair.marks or EXTRA in pair.marks
        moved += not lacks
        if every or lacks or moved <= LISTED:
            shown.append(words.cells_of(frame, pair))
    if shown:
        console.print(_table(words.LIST_HEADS, shown, words.WORDS))
    if len(shown) < len(listed):
        console.print(f"and {len(listed) - len(shown)} more that moved; --bursts lists every burst")


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], words: tuple[str, ...]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        justify: JustifyMethod = "left" if head in words else "right"
        table.add_column(head, justify=justify, no_wrap=head in SHORT)
    for row in rows:
        table.add_row(*row)
    return table
