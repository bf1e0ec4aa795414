"""A run's folder read back: whatever a walk, a replay or a run on the bench has left there.

``log.jsonl`` is all that has to be there, and a run that was killed leaves it readable; the
summary, the settings with their origin and what a simulated patient did are read where they are.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from fes_ctrl.analysis.account import Account
from fes_ctrl.analysis.replay import sum_charge
from fes_ctrl.analysis.truth import Truth, TruthError, read_truth, read_twin
from fes_ctrl.analysis.walk import Charge, LegWalk, Walk
from fes_ctrl.model import (
    LEG_NAMES,
    LINK_UP,
    Adaptation,
    Anticipation,
    Decision,
    LinkReport,
    Operator,
    ParameterChange,
    PhaseChange,
    Record,
    Remark,
    Sample,
    Setpoint,
    StateChange,
)
from fes_ctrl.runlog.decode import decode_command, decode_record
from fes_ctrl.runlog.kinds import INPUT_KINDS
from fes_ctrl.runlog.reader import RunLogError, decode_input, read_log
from fes_ctrl.stimulators.models import says_simulated
from fes_ctrl.units import Us, us_from_s

LOG_FILE: Final = "log.jsonl"
SUMMARY_FILE: Final = "summary.json"
SETTINGS_FILE: Final = "settings.json"

RECORD_KINDS: Final = frozenset(
    {
        *("event", "remark", "phase", "burst", "burst_end"),
        *("anticipation", "adaptation", "decision", "fault", "state"),
    }
)


class RunError(ValueError):
    """A folder that cannot be read as a run: which, why, and what to do."""


class Frame(NamedTuple):
    """Bytes that went ``out`` to a stimulator or came ``in``, and the device's time where known."""

    now_us: Us
    direction: str
    device_us: Us | None
    data: bytes


class Written(NamedTuple):
    """When the frame of a setpoint went to its link."""

    now_us: Us
    at_us: Us
    leg: int
    channel: int


@dataclass(slots=True)
class Run:
    """A run, read.

    Attributes
    ----------
    folder : Path
        Where it is.
    header : dict
        First record of its log: configuration, seed, versions, devices.
    summary, settings : dict or None
        ``summary.json``; and ``settings.json``: ``files`` and ``values`` by section, ``origins`` by
        dotted key.
    ended : str
        ``finished``, ``interrupted``, or nothing where it was killed.
    walk : Walk
        Detected events, bursts, setpoints, faults; swings and true events where they are known.
        Its charge is what was commanded.
    samples : dict of (int, str) to list of Sample
        By leg and sensor, in order of arrival.
    setpoints : list of Setpoint
        Every allowed one, in order.
    operator, parameters, reports : list
        What came in besides, each with when.
    injections : list of (str, int)
        What was made to go wrong, and when it first had an effect.
    start_us, end_us : int
        Of the first and the last line that has an instant.
    truth : Truth or None
        What a simulated patient really did.
    twin : Truth or None
        And without stimulation, on the same steps.
    """

    folder: Path
    header: dict[str, Any]
    walk: Walk
    summary: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    ended: str = ""
    samples: dict[tuple[int, str], list[Sample]] = field(default_factory=dict)
    setpoints: list[Setpoint] = field(default_factory=list)
    phases: list[PhaseChange] = field(default_factory=list)
    states: list[StateChange] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    anticipations: list[Anticipation] = field(default_factory=list)
    adaptations: list[Adaptation] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    operator: list[tuple[Us, Operator]] = field(default_factory=list)
    parameters: list[tuple[Us, ParameterChange]] = field(default_factory=list)
    reports: list[tuple[Us, LinkReport]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    injections: list[tuple[str, Us]] = field(default_factory=list)
    start_us: Us = 0
    end_us: Us = 0
    truth: Truth | None = None
    twin: Truth | None = None

    @property
    def devices(self) -> list[str]:
        """The stimulators, as the log's header names them."""
        devices = self.header.get("devices")
        return [str(device) for device in devices] if isinstance(devices, list) else []

    @property
    def answered(self) -> list[str]:
        """What each device that answered said of itself, once."""
        said = (report.detail for _, report in self.reports if report.kind == LINK_UP)
        return list(dict.fromkeys(said))

    @property
    def models(self) -> list[str]:
        """The devices that say that they are models: by their names, or by their serial numbers.

        A device of which neither is known, as a RehaStim 2, cannot say so at the end of a cable.
        """
        named = [device for device in self.devices if says_simulated(device)]
        return named or [identity for identity in self.answered if says_simulated(identity)]

    @property
    def recording(self) -> str:
        """What it is a replay of, by the name of its file; nothing of a walk or a run."""
        return str(self.header.get("recording") or "")

    @property
    def log_is_cut(self) -> bool:
        """Whether the log stops before its end although the run came to its own: it was summed up.

        Then the summary is of more than the log holds.
        """
        return self.summary is not None and not self.ended

    @property
    def unfinished(self) -> str:
        """Why the log does not tell of the whole run; empty where it does."""
        if self.ended:
            return ""
        return "its log is cut" if self.log_is_cut else "the run was killed"

    @property
    def patient_is_model(self) -> bool:
        """Whether nobody walked."""
        config = self.header.get("config")
        return isinstance(config, dict) and "patient" in config

    def origin(self, key: str) -> str:
        """Return where the value of a dotted key came from; nothing where that was not kept."""
        origins = (self.settings or {}).get("origins", {})
        found = origins.get(key, "") if isinstance(origins, dict) else ""
        return str(found)


def read_run(folder: Path) -> Run:
    """Read a run's folder.

    Parameters
    ----------
    folder : Path
        Of a walk, a replay or a run; or its log.

    Raises
    ------
    RunError
        If there is no run log in it, or one of its files is damaged.
    """
    if folder.name == LOG_FILE:
        folder = folder.parent
    log = folder / LOG_FILE
    if not log.is_file():
        message = f"{folder}: no {LOG_FILE} there; give the folder that --out named"
        raise RunError(message)
    try:
        run = _read_log(folder, log)
        run.truth, run.twin = read_truth(folder), read_twin(folder)
    except (RunLogError, TruthError) as error:
        raise RunError(str(error)) from error
    run.summary = _table(folder / SUMMARY_FILE)
    run.settings = _table(folder / SETTINGS_FILE)
    if run.truth is not None:
        for leg in (*run.walk.legs, *run.walk.sensing):
            true = run.truth.of(leg.leg)
            if true is not None:
                leg.truth, leg.swings = true.events, true.swings
                if run.log_is_cut:
                    # What lies behind the cut was neither missed nor left without a burst.
                    leg.truth = [each for each in leg.truth if each.t_us <= run.end_us]
                    leg.swings = [each for each in leg.swings if each.contact_us <= run.end_us]
    return run


def _table(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read ({error}); take it away, or run again"
        raise RunError(message) from error
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        message = f"{path}: damaged, or of another kind; take it away, or run again"
        raise RunError(message)
    return found


def _read_log(folder: Path, log: Path) -> Run:
    lines = enumerate(read_log(log), 1)
    _, header = next(lines)
    legs, sensing = _roles(header, log)
    walk = Walk(0, 0, [LegWalk(leg) for leg in legs], Charge(), [LegWalk(leg) for leg in sensing])
    reading = _Reading(Run(folder, header, walk))
    for number, record in lines:
        try:
            reading.take(record)
        except (RunLogError, KeyError) as error:
            what = str(error) if isinstance(error, RunLogError) else "of a leg that is not there"
            message = f"{log}:{number}: {what}; the file is damaged"
            raise RunLogError(message) from error
    return reading.finish()


def _roles(header: dict[str, Any], log: Path) -> tuple[list[int], list[int]]:
    """Return the legs that were stimulated, and those that only sensed."""
    roles = header.get("legs")
    if not isinstance(roles, dict) or any(name not in LEG_NAMES for name in roles):
        message = f"{log}:1: the header does not say which legs there are; made by another version"
        raise RunLogError(message)
    stimulated = [leg for leg, name in enumerate(LEG_NAMES) if _gives(roles.get(name))]
    known = [leg for leg, name in enumerate(LEG_NAMES) if name in roles]
    return stimulated, [leg for leg in known if leg not in stimulated]


def _gives(role: object) -> bool:
    return isinstance(role, str) and role.startswith("stimulated")


class _Reading:
    """One line after the other into a run; a step's lines are taken together, as it gave them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._account = Account(run.walk)
        self._said: list[Record] = []
        self._given: list[Setpoint] = []
        self._now_us: Us = 0
        self._begun = False

    def take(self, record: dict[str, object]) -> None:
        run, kind = self.run, record["kind"]
        now = record.get("now")
        if isinstance(now, int):
            if not self._begun:
                run.start_us, self._begun = now, True
            run.end_us = max(run.end_us, now)
            self._now_us = now
        if kind in INPUT_KINDS:
            self._step()
            self._input(record)
        elif kind in RECORD_KINDS:
            self._said.append(decode_record(record))
        elif kind in {"setpoint", "command"}:
            command = decode_command(record)
            if isinstance(command, Setpoint):
                self._given.append(command)
        elif kind == "footer":
            run.ended = str(record.get("ended", ""))
        else:
            self._beside(record)

    def _input(self, record: dict[str, object]) -> None:
        run = self.run
        match decode_input(record):
            case Sample() as sample:
                run.samples.setdefault((sample.leg, sample.sensor), []).append(sample)
            case Operator() as act:
                run.operator.append((self._now_us, act))
            case ParameterChange() as change:
                run.parameters.append((self._now_us, change))
            case LinkReport() as report:
                run.reports.append((self._now_us, report))
            case None:
                pass

    def _beside(self, record: dict[str, object]) -> None:
        """Take a line that tells neither what came in nor what the controller said."""
        match record:
            case {"kind": "written", "now": int(now), "at": int(at), "leg": int(leg)}:
                channel = record.get("channel")
                written = Written(now, at, leg, channel if isinstance(channel, int) else 0)
                self.run.written.append(written)
                self._account.written(now, Setpoint(at, leg, written.channel, 0, 0, at, 0))
            case {"kind": "frame", "now": int(now), "direction": str(way), "data": str(data)}:
                device = record.get("device_t")
                device_us = device if isinstance(device, int) else None
                try:
                    self.run.frames.append(Frame(now, way, device_us, bytes.fromhex(data)))
                except ValueError as error:
                    message = "a frame whose bytes are no hexadecimal digits"
                    raise RunLogError(message) from error
            case {"kind": "injection", "name": str(name), "t": int(t_us)}:
                self.run.injections.append((name, t_us))
            case _:
                pass

    def _step(self) -> None:
        """Hand on what one step of the controller gave: the commands, then the records."""
        run = self.run
        for setpoint in self._given:
            self._account.setpoint(setpoint)
            run.setpoints.append(setpoint)
        self._account.records(self._now_us, tuple(self._said))
        for record in self._said:
            match record:
                case PhaseChange():
                    run.phases.append(record)
                case StateChange():
                    run.states.append(record)
                case Remark():
                    run.remarks.append(record)
                case Anticipation():
                    run.anticipations.append(record)
                case Adaptation():
                    run.adaptations.append(record)
                case Decision():
                    run.decisions.append(record)
                case _:
                    pass
        self._given.clear()
        self._said.clear()

    def finish(self) -> Run:
        self._step()
        self._account.finish()
        run = self.run
        run.walk.duration_us = run.end_us - run.start_us
        run.walk.settled_from_us = _settled_from(run)
        area = _at(run.header, "config", "limits", "electrode_area_cm2") or _at(
            run.header, "config", "control", "limits", "electrode_area_cm2"
        )
        if isinstance(area, int | float):
            run.walk.charge.electrode_area_cm2 = float(area)
        sum_charge(run.walk)
        return run


def _settled_from(run: Run) -> Us:
    """Return when the operator's last planned level was set, or the last one that rose."""
    operator = _at(run.header, "config", "operator")
    if isinstance(operator, dict):
        steps = max(0, len(operator.get("level_percent", ())) - 1)
        from_s, every_s = operator.get("level_from_s"), operator.get("level_every_s")
        if isinstance(from_s, int | float) and isinstance(every_s, int | float):
            return run.start_us + us_from_s(from_s + steps * every_s)
    settled_us, level = run.start_us, 0
    for state in run.states:
        if state.level_percent > level:
            settled_us = state.t_us
        level = state.level_percent
    return settled_us


def _at(table: object, *path: str) -> object:
    for part in path:
        table = table.get(part) if isinstance(table, dict) else None
    return table
