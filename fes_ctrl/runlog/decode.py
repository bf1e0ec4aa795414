"""Lines of the run log back to the values of the core: what the controller said, exactly.

Inputs are decoded by ``reader.decode_input``; this is the inverse of ``format`` for the rest, but
for what no line holds: a command's instant is when it was given, a decision's setpoint has no
expiry and no form.
"""

from fes_ctrl.model import (
    Adaptation,
    Anticipation,
    Arm,
    BurstEnd,
    BurstStart,
    Command,
    Decision,
    Disarm,
    Fault,
    GaitEvent,
    PhaseChange,
    Record,
    Remark,
    Setpoint,
    StateChange,
    Stop,
)
from fes_ctrl.runlog.kinds import lacking
from fes_ctrl.runlog.reader import RunLogError
from fes_ctrl.units import NEVER_US, Us


def decode_command(record: dict[str, object]) -> Command:
    """Return the command that a line holds.

    Raises
    ------
    RunLogError
        If it is not the record of a command.
    """
    match record:
        case {
            "kind": "setpoint",
            "at": int(at),
            "leg": int(leg),
            "channel": int(channel),
            "uA": int(current_ua),
            "us": int(width_us),
            "expires": int(expires),
            "waveform": int(waveform),
        }:
            return Setpoint(at, leg, channel, current_ua, width_us, expires, waveform)
        case {
            "kind": "command",
            "now": int(now),
            "command": "stop",
            "stimulator": int(stimulator),
            "reason": str(reason),
        }:
            return Stop(now, stimulator, reason)
        case {"kind": "command", "now": int(now), "command": "arm", "stimulator": int(stimulator)}:
            return Arm(now, stimulator)
        case {
            "kind": "command",
            "now": int(now),
            "command": "disarm",
            "stimulator": int(stimulator),
        }:
            return Disarm(now, stimulator)
        case _:
            raise RunLogError(lacking(record))


def decode_record(record: dict[str, object]) -> Record:
    """Return the record that a line holds.

    Raises
    ------
    RunLogError
        If it is not one of the controller's records.
    """
    match record:
        case {
            "kind": "event",
            "event": str(kind),
            "leg": int(leg),
            "t_event": int(t_event),
            "t_emit": int(t_emit),
            "confidence": int() | float() as confidence,
        }:
            return GaitEvent(kind, leg, t_event, t_emit, float(confidence))
        case {"kind": "remark", "t": int(t_us), "leg": int(leg), "text": str(text)}:
            return Remark(t_us, leg, text)
        case {
            "kind": "phase",
            "t": int(t_us),
            "leg": int(leg),
            "phase": str(phase),
            "activity": str(activity),
        }:
            return PhaseChange(t_us, leg, phase, activity)
        case {
            "kind": "burst",
            "t": int(t_us),
            "leg": int(leg),
            "channel": int(channel),
            "trigger": str(trigger),
            "trigger_t": int(trigger_us),
            "set_uA": int(set_ua),
        }:
            return BurstStart(t_us, leg, channel, trigger, trigger_us, set_ua)
        case {
            "kind": "burst_end",
            "t": int(t_us),
            "leg": int(leg),
            "channel": int(channel),
            "ended_by": str(ended_by),
            "onset": int(onset),
            "contact": int() | None as contact,
        }:
            return BurstEnd(t_us, leg, channel, ended_by, onset, _instant(contact))
        case {
            "kind": "anticipation",
            "t": int(t_us),
            "leg": int(leg),
            "event": str(event),
            "verdict": str(verdict),
            "predicted": int() | None as predicted,
            "sd": int(sd_us),
            "reason": str(reason),
        }:
            return Anticipation(t_us, leg, event, verdict, _instant(predicted), sd_us, reason)
        case {
            "kind": "adaptation",
            "t": int(t_us),
            "leg": int(leg),
            "verdict": str(verdict),
            "reason": str(reason),
            "mid_deg": int() | float() | None as mid_deg,
            "contact_deg": int() | float() | None as contact_deg,
            "fall_dps": int() | float() | None as fall_dps,
            "share": int() | float() as share,
            "later": int(later_us),
            "sooner": int(sooner_us),
            **others,
        } if isinstance(shorter_us := others.get("shorter", 0), int):
            # Where no ramp was ever shortened the log does not say so.
            angles = _number(mid_deg), _number(contact_deg), _number(fall_dps)
            times_us = later_us, sooner_us, shorter_us
            return Adaptation(t_us, leg, verdict, reason, *angles, float(share), *times_us)
        case {
            "kind": "decision",
            "t": int(t_us),
            "leg": int(leg),
            "channel": int(channel),
            "verdict": str(verdict),
            "reason": str(reason),
            "at": int(at),
            "uA": int(current_ua),
            "us": int(width_us),
        }:
            asked = Setpoint(at, leg, channel, current_ua, width_us, NEVER_US, 0)
            return Decision(t_us, leg, channel, verdict, reason, asked)
        case {
            "kind": "fault",
            "t": int(t_us),
            "id": str(name),
            "reaction": str(reaction),
            "leg": int(leg),
            "detail": str(detail),
        }:
            return Fault(t_us, name, reaction, leg, detail)
        case {
            "kind": "state",
            "t": int(t_us),
            "armed": bool(armed),
            "level": int(level),
            "reason": str(reason),
        }:
            return StateChange(t_us, armed, level, reason)
        case _:
            raise RunLogError(lacking(record))


def _number(value: float | None) -> float:
    """Return a number; null is one that is not known."""
    return float("nan") if value is None else float(value)


def _instant(value: int | None) -> Us:
    return NEVER_US if value is None else value
