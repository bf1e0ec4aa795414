"""Lines of the run log from the values of the core, by hand where they are many.

Numbers are written as they are; only free text goes through the JSON encoder. A float is written
by its ``repr``, which reads back exactly; one that is not a number becomes null, and an infinite
one a number beyond all floats, so that every line is JSON.
"""

import json
import math

from fes_ctrl.model import (
    Adaptation,
    Anticipation,
    BurstEnd,
    BurstStart,
    Command,
    Decision,
    Fault,
    GaitEvent,
    Input,
    LinkReport,
    Operator,
    PhaseChange,
    Record,
    Remark,
    Sample,
    Setpoint,
    StateChange,
    Stop,
)
from fes_ctrl.units import NEVER_US, Us


def instant(t_us: Us) -> str:
    """Return an instant as JSON; null for one that does not come."""
    return "null" if t_us == NEVER_US else str(t_us)


def text(value: str) -> str:
    """Return free text as JSON."""
    return json.dumps(value)


def number(value: float) -> str:
    """Return any float as JSON."""
    if math.isnan(value):
        return "null"
    if math.isinf(value):
        return "1e999" if value > 0.0 else "-1e999"
    # A float of numpy's is one too, but its repr is not JSON.
    return repr(float(value))


def input_line(now_us: Us, item: Input) -> str:
    """Return the line of one controller input."""
    if isinstance(item, Sample):
        meas_us, arrive_us, seq, leg, sensor, values = item
        listed = repr(values[0]) if len(values) == 1 else repr(values)[1:-1]
        # "nan", "inf" and names of numpy's types hold an n, and no number does.
        if "n" in listed:
            listed = ",".join([number(value) for value in values])
        return (
            f'{{"kind":"sample","now":{now_us},"meas":{meas_us},"arrive":{arrive_us},'
            f'"seq":{seq},"leg":{leg},"sensor":"{sensor}","values":[{listed}]}}\n'
        )
    if isinstance(item, LinkReport):
        detail = text(item.detail) if item.detail else '""'
        return (
            f'{{"kind":"report","now":{now_us},"t":{item.t_us},"stimulator":{item.stimulator},'
            f'"report":{text(item.kind)},"pending":{instant(item.pending_since_us)},'
            f'"detail":{detail},"channel":{item.channel},"pulse":{instant(item.pulse_us)}}}\n'
        )
    if isinstance(item, Operator):
        return (
            f'{{"kind":"operator","now":{now_us},"t":{item.t_us},"action":{text(item.action)},'
            f'"value":{item.value}}}\n'
        )
    return (
        f'{{"kind":"parameter","now":{now_us},"t":{item.t_us},"leg":{item.leg},'
        f'"name":{text(item.name)},"value":{number(item.value)}}}\n'
    )


def command_line(now_us: Us, command: Command) -> str:
    """Return the line of one command."""
    if isinstance(command, Setpoint):
        at_us, leg, channel, current_ua, width_us, expires_us, waveform = command
        return (
            f'{{"kind":"setpoint","now":{now_us},"at":{at_us},"leg":{leg},"channel":{channel},'
            f'"uA":{current_ua},"us":{width_us},"expires":{expires_us},"waveform":{waveform}}}\n'
        )
    name = type(command).__name__.lower()
    reason = text(command.reason) if isinstance(command, Stop) else '""'
    return (
        f'{{"kind":"command","now":{now_us},"command":"{name}",'
        f'"stimulator":{command.stimulator},"reason":{reason}}}\n'
    )


def record_line(now_us: Us, record: Record) -> str:
    """Return the line of one record."""
    head = f'"now":{now_us}'
    if isinstance(record, GaitEvent):
        return (
            f'{{"kind":"event",{head},"event":"{record.kind}","leg":{record.leg},'
            f'"t_event":{record.t_event_us},"t_emit":{record.t_emit_us},'
            f'"confidence":{record.confidence!r}}}\n'
        )
    if isinstance(record, Remark):
        return (
            f'{{"kind":"remark",{head},"t":{record.t_us},"leg":{record.leg},'
            f'"text":{text(record.text)}}}\n'
        )
    if isinstance(record, PhaseChange):
        return (
            f'{{"kind":"phase",{head},"t":{record.t_us},"leg":{record.leg},'
            f'"phase":"{record.phase}","activity":"{record.activity}"}}\n'
        )
    if isinstance(record, BurstStart):
        return (
            f'{{"kind":"burst",{head},"t":{record.t_us},"leg":{record.leg},'
            f'"channel":{record.channel},"trigger":"{record.trigger}",'
            f'"trigger_t":{record.trigger_us},"set_uA":{record.set_current_ua}}}\n'
        )
    if isinstance(record, BurstEnd):
        return (
            f'{{"kind":"burst_end",{head},"t":{record.t_us},"leg":{record.leg},'
            f'"channel":{record.channel},"ended_by":"{record.ended_by}",'
            f'"onset":{record.onset_us},"contact":{instant(record.contact_us)}}}\n'
        )
    if isinstance(record, Decision):
        setpoint = record.setpoint
        return (
            f'{{"kind":"decision",{head},"t":{record.t_us},"leg":{record.leg},'
            f'"channel":{record.channel},"verdict":"{record.verdict}",'
            f'"reason":"{record.reason}","at":{setpoint.at_us},"uA":{setpoint.current_ua},'
            f'"us":{setpoint.width_us}}}\n'
        )
    if isinstance(record, Fault):
        return (
            f'{{"kind":"fault",{head},"t":{record.t_us},"id":"{record.id}",'
            f'"reaction":"{record.reaction}","leg":{record.leg},"detail":{text(record.detail)}}}\n'
        )
    if isinstance(record, Anticipation):
        return (
            f'{{"kind":"anticipation",{head},"t":{record.t_us},"leg":{record.leg},'
            f'"event":"{record.event}","verdict":"{record.verdict}",'
            f'"predicted":{instant(record.predicted_us)},"sd":{record.sd_us},'
            f'"reason":{text(record.reason)}}}\n'
        )
    if isinstance(record, Adaptation):
        return (
            f'{{"kind":"adaptation",{head},"t":{record.t_us},"leg":{record.leg},'
            f'"verdict":"{record.verdict}","reason":{text(record.reason)},'
            f'"mid_deg":{number(record.mid_deg)},"contact_deg":{number(record.contact_deg)},'
            f'"fall_dps":{number(record.fall_dps)},"share":{number(record.share)},'
            f'"later":{record.later_us},"sooner":{record.sooner_us},'
            f'"shorter":{record.shorter_us}}}\n'
        )
    return _state_line(head, record)


def _state_line(head: str, record: StateChange) -> str:
    armed = "true" if record.armed else "false"
    return (
        f'{{"kind":"state",{head},"t":{record.t_us},"armed":{armed},'
        f'"level":{record.level_percent},"reason":{text(record.reason)}}}\n'
    )


def written_line(now_us: Us, setpoint: Setpoint) -> str:
    """Return the line that says when a setpoint went to its link."""
    return (
        f'{{"kind":"written","now":{now_us},"at":{setpoint.at_us},"leg":{setpoint.leg},'
        f'"channel":{setpoint.channel}}}\n'
    )


def frame_line(direction: str, now_us: Us, device_us: Us | None, data: bytes) -> str:
    """Return the line of bytes that went to a link or came from one."""
    device = "null" if device_us is None else str(device_us)
    return (
        f'{{"kind":"frame","now":{now_us},"direction":"{direction}","device_t":{device},'
        f'"data":"{data.hex()}"}}\n'
    )
