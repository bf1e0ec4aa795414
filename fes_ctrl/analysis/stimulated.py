"""The second half of an explanation: from the rule that fired to the frames that went out."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from fes_ctrl.analysis.causes import cut_by, limits_behind, refusal, standing
from fes_ctrl.analysis.learnt import (
    fall_lines,
    learnt_before,
    onset_lines,
    ramp_lines,
    share_lines,
)
from fes_ctrl.analysis.settings import Setting
from fes_ctrl.analysis.standing import gait_at
from fes_ctrl.analysis.story import (
    BURST,
    EVENT_WORDS,
    FAULT,
    FRAME,
    GUARD,
    OPERATOR,
    RULE,
    Given,
    Moment,
    Scene,
    after,
    at,
    ms,
)
from fes_ctrl.analysis.wire_words import in_words
from fes_ctrl.model import (
    ALL_LEGS,
    HEEL_OFF,
    INITIAL_CONTACT,
    LEG_NAMES,
    TERMINAL_CONTACT,
    GaitEvent,
    Setpoint,
)
from fes_ctrl.safety.refusals import REFUSALS
from fes_ctrl.stim.burst import TEST
from fes_ctrl.stim.program import PREDICTED
from fes_ctrl.units import NEVER_US, Us

SLACK_US: Final = 1_000
"""What rounding up to a device's grid may add."""

SHOWN_FRAMES: Final = 2
"""So many pulses of a burst have their frames told: the first ones."""


def rule_moments(scene: Scene, given: Given) -> Iterator[Moment]:
    """Yield which rule of the program planned a burst, and for when."""
    start = given.bursts[0].start
    if start.trigger == TEST:
        text = f"a person asked for a test burst at {at(start.trigger_us)}"
        yield Moment(start.trigger_us, RULE, text)
        return
    kind = start.trigger.removeprefix(PREDICTED)
    event = next((each for each in scene.triggers if each.t_event_us == start.trigger_us), None)
    known_us = start.t_us if event is None else min(event.t_emit_us, start.t_us)
    lines = [
        scene.line("program.trigger", known_us),
        scene.line("program.trigger_side", known_us),
    ]
    if start.trigger.startswith(PREDICTED):
        lead = scene.line("program.trigger_lead_ms", known_us)
        text = (
            f"{EVENT_WORDS[kind]} is predicted for {at(start.trigger_us)}: the burst begins "
            f"{after(start.t_us - start.trigger_us, 'that')}"
        )
        yield Moment(start.t_us, RULE, text, (*lines, lead))
        for event in scene.triggers:
            if event.t_emit_us >= start.t_us:
                text = f"{EVENT_WORDS[kind]} has come: the burst that began for it goes on"
                yield Moment(event.t_emit_us, RULE, text)
                break
    else:
        why, decided = _onset_rule(scene, given, known_us)
        text = f"{EVENT_WORDS[kind]} starts a burst at {at(start.t_us)}: {why}"
        if scene.source is not None:
            _, activity, stepping = gait_at(known_us, scene.source.leg, scene.run.phases)
            if not stepping:
                text += f"; the leg was not known to walk ({activity}), but this was no doubt"
                decided = (*decided, scene.line("program.standing", known_us))
        yield Moment(known_us, RULE, text, (*lines, *decided))


def prediction_moments(scene: Scene, until_us: Us) -> Iterator[Moment]:
    """Yield what was made of predicted events within a stride, and why."""
    for told in scene.run.anticipations:
        if told.leg == scene.leg.leg and scene.stride.from_us < told.t_us <= until_us:
            when = "" if told.predicted_us == NEVER_US else f" for {at(told.predicted_us)}"
            keys = ("program.trigger_lead_ms", "program.end_lead_ms")
            yield Moment(
                told.t_us,
                RULE,
                f"prediction of {EVENT_WORDS[told.event]}{when} {told.verdict}: {told.reason}",
                tuple([scene.line(key, told.t_us) for key in keys]),
            )


def _onset_rule(scene: Scene, given: Given, known_us: Us) -> tuple[str, tuple[Setting, ...]]:
    start = given.bursts[0].start
    delay = scene.line("program.delay_ms", known_us)
    lead_us = scene.us("program.trigger_lead_ms", known_us)
    learnt = learnt_before(scene, known_us)
    delay_us = scene.us("program.delay_ms", known_us) + learnt.later_us
    due_us = start.trigger_us + delay_us - lead_us
    if start.t_us <= max(due_us, known_us) + SLACK_US:
        if due_us > known_us:
            told = f"{ms(start.t_us - start.trigger_us)} after the event, by the delay"
            if learnt.ramp_later_us:
                told += f", {ms(learnt.ramp_later_us)} for a ramp that is twice as much shorter"
            if learnt.put_off_us:
                told += f" and {ms(learnt.put_off_us)} that were learnt"
            if learnt.later_us:
                return told, (delay, *onset_lines(scene, learnt, known_us))
            return told, (delay,)
        since_us = start.t_us - start.trigger_us
        return f"at once when it was told, {ms(since_us)} after the event", (delay,)
    waited = (
        f"it waited {ms(start.t_us - max(due_us, known_us))} for the lock-out of the last burst"
    )
    return waited, (scene.line("program.lock_out_ms", known_us), delay)


def burst_moments(scene: Scene, given: Given) -> Iterator[Moment]:
    """Yield a burst's onset, plateau, fall and last pulse, and what ended it."""
    start_us = given.onset_us
    stood = standing(scene, start_us)
    for index, burst in enumerate(given.bursts):
        set_ua = burst.start.set_current_ua
        channel = f"program.channel.{index}"
        strength = (
            "current_mA" if scene.settings.values.get(f"{channel}.current_mA") else "intensity"
        )
        muscle = scene.settings.text(f"{channel}.muscle")
        keys = [f"{channel}.{strength}", f"{channel}.pulse_width_us", f"{channel}.rate_hz"]
        keys += [f"setup.{muscle}.motor_mA", f"setup.{muscle}.tolerated_mA", "program.rise_ms"]
        share, behind = share_lines(scene, start_us)
        first = burst.setpoints[0] if burst.setpoints else None
        what = (
            "no pulse was given"
            if first is None
            else f"{len(burst.setpoints)} pulses, the first of {_ma(first)}"
        )
        yield Moment(
            start_us,
            BURST,
            f"burst on channel {burst.start.channel}, {set_ua / 1000:g} mA at the plateau "
            f"(level {stood.level_percent} %{share}): {what}",
            (
                *[scene.line(key, start_us) for key in keys if key in scene.settings.values],
                *behind,
            ),
            _burst_facts(given, index),
        )
        top = next((p for p in burst.setpoints if abs(p.current_ua) >= set_ua > 0), None)
        if top is not None:
            text = (
                f"the plateau of {_ma(top)} is reached, {ms(top.at_us - start_us)} after the onset"
            )
            yield Moment(top.at_us, BURST, text, ramp_lines(scene, start_us))
    yield from _end(scene, given)


def _ma(setpoint: Setpoint) -> str:
    return f"{abs(setpoint.current_ua) / 1000:g} mA"


def _burst_facts(given: Given, index: int) -> dict[str, object]:
    burst = given.bursts[index]
    pulses = burst.setpoints
    return {
        "channel": burst.start.channel,
        "trigger": burst.start.trigger,
        "trigger_s": burst.start.trigger_us / 1e6,
        "onset_s": burst.start.t_us / 1e6,
        "set_mA": burst.start.set_current_ua / 1000,
        "pulses": len(pulses),
        "first_s": pulses[0].at_us / 1e6 if pulses else None,
        "last_s": pulses[-1].at_us / 1e6 if pulses else None,
        "largest_mA": max([abs(p.current_ua) for p in pulses], default=0) / 1000,
        "charge_uC": round(sum(abs(p.current_ua) * p.width_us for p in pulses) / 1e6, 3),
        "ended_by": None if burst.end is None else burst.end.ended_by,
    }


def _end(scene: Scene, given: Given) -> Iterator[Moment]:
    pulses = given.setpoints
    end = given.bursts[0].end
    if end is None:
        yield Moment(given.until_us, BURST, "the log ends before the burst does")
        return
    if not pulses:
        return
    fall_us, text, lines = _fall(scene, given)
    if fall_us is not None and pulses[0].at_us <= fall_us:
        yield Moment(fall_us, RULE, text, lines)
    elif fall_us is None:
        yield Moment(end.t_us, RULE, text, lines)
    fall = scene.line("program.fall_ms", given.onset_us)
    words = end.ended_by.replace("_", " ")
    yield Moment(
        pulses[-1].at_us, BURST, f"the last pulse, of {_ma(pulses[-1])}; ended by {words}", (fall,)
    )


def _fall(scene: Scene, given: Given) -> tuple[Us | None, str, tuple[Setting, ...]]:
    """Return when the fall of a burst began, by which rule, and the lines; ``None``: it was cut."""
    start_us, end = given.onset_us, given.bursts[0].end
    ended_by = "" if end is None else end.ended_by
    time_out = scene.line("program.time_out_ms", start_us)
    if ended_by in {"time_out", TEST}:
        fall_us = start_us + scene.us("program.time_out_ms", start_us)
        if ended_by == TEST:
            return None, "the test burst ends by itself", ()
        return fall_us, "no contact has ended it: the fall begins by the time-out", (time_out,)
    if ended_by == "predicted_contact":
        used = [
            each
            for each in scene.run.anticipations
            if (each.verdict, each.reason) == ("used", "fall")
        ]
        used = [each for each in used if start_us <= each.t_us <= given.until_us]
        if used:
            lead = scene.line("program.end_lead_ms", start_us)
            return used[-1].t_us, "the fall begins for a predicted contact", (lead,)
    if end is None or ended_by not in {"initial_contact", "foot_flat", "other_heel_off"}:
        what, lines = cut_by(scene, given.until_us, ended_by)
        return None, f"{what}, without a fall", lines
    event = _ending_event(scene, given, ended_by)
    if event is None:
        return None, f"it was ended by {ended_by.replace('_', ' ')}", ()
    after_us, by = _extension(scene, event, start_us)
    min_on = scene.line("program.min_on_ms", start_us)
    candidates = (
        (event.t_event_us + after_us, f"{ms(after_us)} after {EVENT_WORDS[event.kind]}", by),
        (
            start_us + scene.us("program.min_on_ms", start_us),
            "the least time on is over",
            (min_on,),
        ),
        (event.t_emit_us, f"{EVENT_WORDS[event.kind]} was told only then", by),
    )
    fall_us, why, lines = max(candidates, key=lambda candidate: candidate[0])
    return fall_us, f"the fall begins: {why}", (scene.line("program.end", start_us), *lines)


def _ending_event(scene: Scene, given: Given, ended_by: str) -> GaitEvent | None:
    end = given.bursts[0].end
    walk = scene.run.walk
    if ended_by == "other_heel_off":
        others = [leg for leg in (*walk.legs, *walk.sensing) if leg.leg != scene.leg.leg]
        heard = [each for leg in others for each in leg.detected if each.kind == HEEL_OFF]
        heard = [each for each in heard if given.onset_us <= each.t_emit_us <= given.until_us]
        return heard[-1] if heard else None
    contact_us = NEVER_US if end is None else end.contact_us
    for event in scene.leg.detected:
        if event.t_event_us == contact_us and event.kind not in {HEEL_OFF, TERMINAL_CONTACT}:
            return event
    return None


def _extension(scene: Scene, event: GaitEvent, at_us: Us) -> tuple[Us, tuple[Setting, ...]]:
    """Return how long after its contact a burst goes on, and the lines that say so."""
    lead = scene.line("program.end_lead_ms", at_us)
    lead_us = scene.us("program.end_lead_ms", at_us)
    lines = [lead] if lead_us else []
    percent = scene.line("program.extension_percent_stance", at_us)
    stance_us = _last_stance(scene, event.t_emit_us)
    if isinstance(percent.value, int | float) and stance_us > 0:
        extension_us = round(stance_us * percent.value / 100)
        return max(0, extension_us - lead_us), (percent, *lines)
    extension = scene.line("program.extension_ms", at_us)
    extension_us = scene.us("program.extension_ms", at_us)
    sooner_us = learnt_before(scene, at_us).sooner_us
    if sooner_us:
        lines += fall_lines(scene, sooner_us, extension_us, at_us)
    return max(0, extension_us - sooner_us - lead_us), (extension, *lines)


def _last_stance(scene: Scene, before_us: Us) -> Us:
    """Return the leg's last stance as its phase machine measured it; 0 where it had none."""
    contact_us, stance_us = NEVER_US, 0
    for event in scene.leg.detected:
        if event.t_emit_us >= before_us:
            break
        if event.kind == INITIAL_CONTACT:
            contact_us = event.t_event_us
        elif event.kind in {HEEL_OFF, TERMINAL_CONTACT} and event.t_event_us > contact_us:
            stance_us = event.t_event_us - contact_us
    return stance_us


def guard_moments(scene: Scene, given: Given) -> Iterator[Moment]:
    """Yield what the guard made of a burst's pulses, and which of them were not written."""
    for decisions, verb in ((given.refused, "refused"), (given.clipped, "lowered")):
        for reason in dict.fromkeys(decision.reason for decision in decisions):
            these = [decision for decision in decisions if decision.reason == reason]
            first = these[0]
            more = f", and {len(these) - 1} more" if len(these) > 1 else ""
            lines = limits_behind(scene, reason, first.t_us)
            facts: dict[str, object] = {
                "verdict": first.verdict,
                "reason": reason,
                "pulses": len(these),
            }
            ends = verb == "refused" and reason in REFUSALS and REFUSALS[reason].ends_burst
            rest = "; the rest of the burst goes with it" if ends else ""
            yield Moment(first.setpoint.at_us, GUARD, f"{refusal(first)}{more}{rest}", lines, facts)
    pulses = given.setpoints
    lowered = f", {len(given.clipped)} of them lowered" if given.clipped else ""
    if pulses:
        yield Moment(
            pulses[0].at_us,
            GUARD,
            f"the guard let {len(pulses)} pulses through{lowered}",
            facts={"verdict": "allow", "pulses": len(pulses), "lowered": len(given.clipped)},
        )
    if given.skipped_us:
        text = f"{len(given.skipped_us)} pulses were too late to be written, and were left out"
        yield Moment(given.skipped_us[0], GUARD, text, facts={"skipped": len(given.skipped_us)})


def frame_moments(scene: Scene, given: Given) -> Iterator[Moment]:
    """Yield the frames of a burst's first pulses, and what was answered."""
    run = scene.run
    devices = run.header.get("devices")
    device = str(devices[0]) if isinstance(devices, list) and devices else ""
    pulses = given.setpoints
    if pulses and not run.frames:
        text = f"no frame was kept: nothing went out to {device or 'a device'}"
        yield Moment(pulses[0].at_us, FRAME, text)
        return
    for setpoint in pulses[:SHOWN_FRAMES]:
        written = next((each for each in run.written if each[1:] == setpoint[:3]), None)
        if written is None:
            text = f"the pulse of {at(setpoint.at_us)} was never written"
            yield Moment(setpoint.at_us, FRAME, text)
            continue
        now_us = written.now_us
        index = bisect_left(run.frames, now_us, key=_now)
        # Bytes go out before it is noted that they have.
        here = [f for f in run.frames[index:] if f.now_us == now_us and f.direction == "out"]
        sent = here or [f for f in run.frames[:index] if f.direction == "out"][-1:]
        late_us = now_us - setpoint.at_us
        words = "; ".join([in_words(device, frame.data) for frame in sent]) or "no bytes"
        yield Moment(
            now_us,
            FRAME,
            f"out, {ms(late_us)} after the pulse's instant: {words}",
            facts={"direction": "out", "data": [frame.data.hex() for frame in sent]},
        )
        answers = [f for f in run.frames[index:] if f.direction == "in" and f.now_us > now_us]
        if answers:
            answer = answers[0]
            yield Moment(
                answer.now_us,
                FRAME,
                f"in, {ms(answer.now_us - now_us)} later: {in_words(device, answer.data)}",
                facts={"direction": "in", "data": [answer.data.hex()]},
            )


def _now(frame: tuple[Us, str, Us | None, bytes]) -> Us:
    return frame[0]


def surrounding_moments(scene: Scene, until_us: Us) -> Iterator[Moment]:
    """Yield what the operator did and which faults came and went within a stride."""
    run, from_us = scene.run, scene.stride.from_us
    for state in run.states:
        if from_us < state.t_us <= until_us:
            armed = "armed" if state.armed else "not armed"
            text = f"{armed}, level {state.level_percent} % ({state.reason})"
            yield Moment(state.t_us, OPERATOR, text)
    for now_us, change in run.parameters:
        if from_us < now_us <= until_us and change.leg in (ALL_LEGS, scene.leg.leg):
            yield Moment(now_us, OPERATOR, f"{change.name} is turned to {change.value:g}")
    for fault in run.walk.faults:
        if from_us < fault.t_us <= until_us and fault.leg in (ALL_LEGS, scene.leg.leg):
            whose = "" if fault.leg == ALL_LEGS else f" on the {LEG_NAMES[fault.leg]}"
            text = f"fault {fault.id}{whose}, {fault.reaction}: {fault.detail}"
            yield Moment(fault.t_us, FAULT, text)
