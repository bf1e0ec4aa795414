"""What a run commanded: pulses from its log, and what its device is able to give."""

from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from fes_ctrl.model import ASYMMETRIC, ASYMMETRY, SYMMETRIC, Capabilities, Shape
from fes_ctrl.runlog.reader import RunLogError, read_log
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.shape import ShapeError, points_in, unshaped
from hil.scope.errors import TraceError

LOG: Final = "log.jsonl"


@dataclass(frozen=True, slots=True)
class AskedPulse:
    """One pulse that was commanded: its planned instant on the run's clock.

    Current and width are its first phase's; ``second_us`` is there where a shape says it.
    """

    at_us: int
    current_ua: int
    width_us: int
    waveform: int
    second_us: int | None = None

    @property
    def phases_us(self) -> tuple[int, int]:
        """How long its two phases are to last."""
        if self.second_us is not None:
            return self.width_us, self.second_us
        longer = ASYMMETRY if self.waveform == ASYMMETRIC else 1
        return self.width_us, self.width_us * longer

    @property
    def second_share(self) -> float:
        """The second phase's current, of the first's: their charges are alike."""
        first_us, second_us = self.phases_us
        return first_us / second_us


@dataclass(frozen=True, slots=True)
class Asked:
    """The pulses of one channel that reached the link, in order, and the device's terms.

    ``crowd_us`` is how long a pulse may wait for another channel's; 0 where the run used but one.
    """

    pulses: list[AskedPulse]
    channel: int
    device: Capabilities
    crowd_us: int = 0


def asked_of(run: Path, channel: int | None) -> Asked:
    """Return what a run commanded on one channel.

    Parameters
    ----------
    run : Path
        Its folder or its log.
    channel : int or None
        Needed where it used several.

    Raises
    ------
    TraceError
        If it is no run, or gave no pulse there.
    """
    path = run / LOG if run.is_dir() else run
    header: dict[str, Any] = {}
    pulses: dict[tuple[int, int], AskedPulse] = {}
    written: set[tuple[int, int]] = set()
    try:
        for record in read_log(path):
            match record:
                case {"kind": "header"}:
                    header = record
                case {
                    "kind": "setpoint",
                    "at": int(at_us),
                    "channel": int(number),
                    "uA": int(current_ua),
                    "us": int(width_us),
                    "waveform": int(waveform),
                }:
                    if current_ua:
                        pulse = AskedPulse(at_us, current_ua, width_us, waveform)
                        pulses[number, at_us] = pulse
                case {"kind": "written", "at": int(at_us), "channel": int(number)}:
                    written.add((number, at_us))
    except RunLogError as error:
        raise TraceError(str(error)) from error
    # A setpoint that never went to the link was not commanded of the device.
    if written:
        pulses = {key: pulse for key, pulse in pulses.items() if key in written}
    used = sorted({number for number, _ in pulses})
    if channel is None and len(used) > 1:
        message = f"{path}: pulses on channels {used}; say which one was probed: --channel"
        raise TraceError(message)
    chosen = used[0] if channel is None and used else channel
    mine = sorted(
        (pulse for (number, _), pulse in pulses.items() if number == chosen),
        key=lambda pulse: pulse.at_us,
    )
    if not mine or chosen is None:
        where = "" if chosen is None else f" on channel {chosen}; it used {used or 'none'}"
        message = f"{path}: the run commanded no pulse{where}; choose another run or channel"
        raise TraceError(message)
    device = _device(path, header)
    crowd_us = device.frame_spacing_us if len(used) > 1 else 0
    if device.shape is not None:
        mine = [_shaped(path, pulse, device.shape) for pulse in mine]
    return Asked(mine, chosen, unshaped(device), crowd_us)


def _shaped(path: Path, pulse: AskedPulse, shape: Shape) -> AskedPulse:
    """Return a pulse as the stimulator's shape has it given."""
    if pulse.waveform != SYMMETRIC:
        return pulse
    try:
        points = points_in(shape, pulse.current_ua, pulse.width_us)
    except ShapeError as error:
        raise TraceError(f"{path}: {error}") from error
    levels = [
        (current_ua, sum(duration_us for duration_us, _ in part))
        for current_ua, part in groupby(points, key=itemgetter(1))
        if current_ua
    ]
    # Two plateaus that bring back each other's charge are of two signs.
    if len(levels) != 2:
        message = (
            f"{path}: the run's pulses have steps (stimulator.shape), and a trace is held against "
            f"two plateaus only; measure it without --run"
        )
        raise TraceError(message)
    (current_ua, first_us), (_, second_us) = levels
    return replace(pulse, current_ua=current_ua, width_us=first_us, second_us=second_us)


def _device(path: Path, header: dict[str, Any]) -> Capabilities:
    try:
        return capabilities_of(StimulatorConfig(**header["config"]["control"]["stimulator"]))
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path}:1: the header names no stimulator that is known here ({error})"
        raise TraceError(message) from error
