"""Why a swing got no burst, as the log tells it, in the order in which the controller asks.

Nothing is run again and nothing is guessed: where the log does not say why, neither does this.
"""

from fes_ctrl.analysis.learnt import learnt_before
from fes_ctrl.analysis.settings import Setting
from fes_ctrl.analysis.standing import Standing, gait_at, standing_at
from fes_ctrl.analysis.story import EVENT_WORDS, Cause, Given, Scene, at, ms
from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.model import LEG_NAMES, Decision, GaitEvent
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.safety.limit_rows import ROWS
from fes_ctrl.safety.refusals import REFUSALS
from fes_ctrl.stim.program import SURE
from fes_ctrl.units import NEVER_US, Us


def cause_of_none(scene: Scene) -> Cause:
    """Return why no pulse was given in a stride."""
    if not scene.stimulated:
        name = LEG_NAMES[scene.leg.leg]
        return Cause("only_senses", f"the {name} leg only senses: no program stimulates it")
    planned = {given.bursts[0].start.trigger_us: given for given in scene.given}
    causes = [
        (start_us, _nothing_of(scene, given))
        for start_us, given in planned.items()
        if not given.setpoints
    ]
    causes += [
        (event.t_event_us, _not_planned(scene, event))
        for event in scene.triggers
        if event.t_event_us not in planned
    ]
    # What came last was nearest to the swing.
    return max(causes, key=lambda cause: cause[0])[1] if causes else _no_trigger(scene)


def standing(scene: Scene, at_us: Us) -> Standing:
    """Return how things stood for the stride's leg at an instant."""
    run = scene.run
    return standing_at(at_us, scene.leg.leg, run.states, run.operator, run.walk.faults)


def scripted(scene: Scene, *keys: str) -> tuple[Setting, ...]:
    """Return the lines of a scripted operator; nothing where a person was at the console."""
    values = scene.settings.values
    return tuple([scene.line(key, scene.stride.to_us) for key in keys if values.get(key)])


def limits_behind(scene: Scene, reason: str, at_us: Us) -> tuple[Setting, ...]:
    """Return the lines of the limits that hold back by a reason of the guard."""
    keys = [row.key for row in ROWS if row.held_by == reason]
    return tuple([scene.line(f"limits.{key}", at_us) for key in keys])


def refusal(decision: Decision) -> str:
    """Return a decision of the guard in words."""
    setpoint = decision.setpoint
    done = "lowered" if decision.verdict == "clip" else "refused"
    return (
        f"{done} {abs(setpoint.current_ua) / 1000:g} mA for {setpoint.width_us} us at "
        f"{at(setpoint.at_us)}: {REFUSALS[decision.reason].meaning}"
        if decision.reason in REFUSALS
        else f"{done} a pulse at {at(setpoint.at_us)}: {decision.reason}"
    )


def _nothing_of(scene: Scene, given: Given) -> Cause:
    """Return why a burst that was planned gave no pulse."""
    start = given.bursts[0].start
    if all(burst.start.set_current_ua == 0 for burst in given.bursts):
        return _no_current(scene, start.t_us)
    if given.refused:
        first = given.refused[0]
        lines = limits_behind(scene, first.reason, first.t_us)
        return Cause("refused", f"the guard {refusal(first)}", lines)
    end = given.bursts[0].end
    if end is None:
        if given.skipped_us:
            return Cause(
                "skipped", f"its pulses came too late to be written, from {at(start.t_us)}"
            )
        return Cause("log_ends", f"a burst was planned for {at(start.t_us)}; the log ends before")
    return _ended_before(scene, given, end.ended_by)


def _no_current(scene: Scene, at_us: Us) -> Cause:
    stood = standing(scene, at_us)
    planned = f"a burst of no current was planned for {at(at_us)}"
    if not stood.armed:
        if scene.settings.values.get("evaluation") is True:
            line = scene.line("evaluation", at_us)
            return Cause(
                "evaluation", f"{planned}: this run only evaluates, and never arms", (line,)
            )
        since = stood.since
        why = "nobody had armed"
        if since is not None:
            why = f"{since.reason.removeprefix('not armed: ')}, since {at(since.t_us)}"
        lines = scripted(scene, "operator.arm_at_s", "operator.hand")
        return Cause("unarmed", f"{planned}: not armed ({why})", lines)
    if stood.level_percent == 0:
        since = stood.since
        why = "" if since is None else f" ({since.reason}, since {at(since.t_us)})"
        lines = scripted(scene, "operator.level_percent", "operator.hand")
        return Cause("level_zero", f"{planned}: the operator's level was 0 %{why}", lines)
    keys = [f"program.channel.{index}.intensity" for index in range(len(scene.given[0].bursts))]
    lines = tuple([scene.line(key, at_us) for key in keys])
    return Cause("no_current", f"{planned}: the program asks for none at that level", lines)


def _ended_before(scene: Scene, given: Given, ended_by: str) -> Cause:
    start, end = given.bursts[0].start, given.bursts[0].end
    planned = f"a burst was planned for {at(start.t_us)}"
    if ended_by in {"initial_contact", "foot_flat", "other_heel_off"}:
        contact_us = NEVER_US if end is None else end.contact_us
        down = "" if contact_us == NEVER_US else f" at {at(contact_us)}"
        delay = scene.line("program.delay_ms", start.t_us)
        delay_us = scene.us("program.delay_ms", start.t_us)
        delay_us += learnt_before(scene, start.trigger_us).later_us
        if start.t_us - start.trigger_us > delay_us + 1000 and scene.before is not None:
            lock_out = scene.line("program.lock_out_ms", start.t_us)
            what = f"{planned}, after the lock-out of the last one; the foot was down{down} by then"
            return Cause("lock_out", what, (lock_out, delay))
        return Cause("contact_first", f"{planned}; the foot was down{down} first", (delay,))
    if ended_by == "no_step":
        lead = scene.line("program.trigger_lead_ms", start.t_us)
        return Cause("withdrawn", f"{planned} for a predicted event that did not come", (lead,))
    what, lines = cut_by(scene, start.t_us, ended_by)
    return Cause("cut", f"{planned}; {what} before its first pulse", lines)


def cut_by(scene: Scene, at_us: Us, ended_by: str) -> tuple[str, tuple[Setting, ...]]:
    """Return what cut a burst at an instant, in words, and the lines behind it."""
    run = scene.run
    if ended_by == "refused":
        refused = [each for given in scene.given for each in given.refused]
        last = next((each for each in reversed(refused) if each.t_us <= at_us + 100_000), None)
        if last is None:
            return "the guard refused the rest", ()
        return f"the guard {refusal(last)}", limits_behind(scene, last.reason, last.t_us)
    if ended_by in {"sensor", "fault"}:
        near = [
            fault
            for fault in run.walk.faults
            if fault.reaction in {"inhibit", "stop", "latch"} and at_us <= fault.t_us + 1000
        ]
        if near:
            fault = near[0]
            keys = ("limits.sensor_max_age_ms",) if fault.id in {"F04", "F04L"} else ()
            lines = tuple([scene.line(key, fault.t_us) for key in keys])
            return f"fault {fault.id} ({BY_ID[fault.id].name}: {fault.detail}) cut it", lines
        return "a fault cut it", ()
    if ended_by in {"operator", "stop"}:
        acts = [(t_us, hand.action) for t_us, hand in run.operator if t_us >= at_us - 1000]
        done = next((act for act in acts if act[1] in {"pause", "disarm", "stop"}), None)
        return (
            "the operator ended it" if done is None else f"{done[1]} at {at(done[0])} cut it"
        ), ()
    return f"{ended_by.replace('_', ' ')} ended it", ()


def _not_planned(scene: Scene, event: GaitEvent) -> Cause:
    """Return why an event that could have started a burst started none."""
    told_us = event.t_emit_us
    told = f"{EVENT_WORDS[event.kind]} was told at {at(told_us)}"
    stood = standing(scene, told_us)
    if stood.faults:
        fault = stood.faults[-1]
        code = "latched" if fault.reaction == "latch" else "fault"
        what = f"fault {fault.id} held it back: {BY_ID[fault.id].name}, since {at(fault.t_us)}"
        keys = ("limits.sensor_max_age_ms",) if fault.id in {"F04", "F04L"} else ()
        lines = tuple([scene.line(key, told_us) for key in keys])
        return Cause(code, f"{told}; {what} ({fault.detail})", lines)
    if stood.paused:
        paused = [state.t_us for state in scene.run.states if state.reason == "pause"]
        since = f" at {at([t_us for t_us in paused if t_us <= told_us][-1])}"
        lines = scripted(scene, "operator.hand")
        return Cause("paused", f"{told}; the operator had paused{since}", lines)
    source = scene.source
    if source is not None:
        _, activity, stepping = gait_at(told_us, source.leg, scene.run.phases)
        doubtful = event.confidence < SURE and not stepping
        if doubtful and scene.settings.text("program.standing") == "inhibit":
            what = (
                f"the detector doubted it (confidence {event.confidence:g}, {SURE:g} needed) and "
                f"the leg was not known to walk ({activity})"
            )
            lines = (scene.line("program.standing", told_us),)
            return Cause("standing", f"{told}; {what}", lines)
    running = _running(scene, told_us)
    if running is not None:
        lines = (scene.line("program.time_out_ms", told_us), scene.line("program.end", told_us))
        what = f"the burst of {at(running.onset_us)} still went on, until {at(running.until_us)}"
        return Cause("still_on", f"{told}; {what}", lines)
    contact = next((each for each in scene.events if _down(each, told_us)), None)
    if contact is not None and contact.t_emit_us <= told_us:
        what = f"{told}, {ms(told_us - event.t_event_us)} late: the foot was down by then"
        return Cause("late_event", what, (scene.line("detector.name", told_us),))
    return Cause("unknown", f"{told}; the log does not say why no burst followed")


def _down(event: GaitEvent, told_us: Us) -> bool:
    return event.kind == "ic" and event.t_emit_us <= told_us


def _running(scene: Scene, at_us: Us) -> Given | None:
    """Return the burst of another stride that was on at an instant, or still falling silent."""
    before = scene.before
    if before is None or before.onset_us > at_us:
        return None
    rate_hz = scene.settings.number("program.channel.0.rate_hz") or 1.0
    return before if at_us <= before.until_us + round(1.5e6 / rate_hz) else None


def _no_trigger(scene: Scene) -> Cause:
    """Return why nothing could have started a burst: no event was told, and what was heard."""
    stride, source = scene.stride, scene.source
    word = EVENT_WORDS.get(scene.trigger, scene.trigger)
    lines = (
        scene.line("program.trigger", stride.to_us),
        scene.line("program.trigger_side", stride.to_us),
        scene.line("detector.name", stride.to_us),
    )
    if source is None:
        return Cause("no_source", "the leg that triggers it was not sensed", lines)
    name = LEG_NAMES[source.leg]
    what = f"no {word} of the {name} leg was told in it, so nothing triggered"
    heard_us = [t_us for t_us in (stride.lift_us, stride.to_us) if t_us is not None]
    silent = [
        fault
        for t_us in heard_us
        for fault in standing(scene, t_us).faults
        if fault.id in {"F04", "F04L"}
    ]
    if silent:
        fault = silent[-1]
        line = scene.line("limits.sensor_max_age_ms", fault.t_us)
        what += f"; fault {fault.id} was on since {at(fault.t_us)}: {fault.detail}"
        return Cause("sensor_silent", what, (*lines, line))
    heard = _heard(scene, source)
    return Cause("no_event", f"{what}; {heard}" if heard else what, lines)


def _heard(scene: Scene, source: LegWalk) -> str:
    """Return what the sensors of a leg said while the foot was in the air, in a few words."""
    stride = scene.stride
    from_us = stride.from_us if stride.lift_us is None else stride.lift_us
    found: list[str] = []
    for (leg, sensor), samples in sorted(scene.run.samples.items()):
        if leg != source.leg or sensor.endswith("_imu"):
            continue
        values = [each.values[0] for each in samples if from_us < each.t_meas_us <= stride.to_us]
        if not values:
            found.append(f"{sensor} gave no reading in the swing")
        elif sensor.endswith("_switch"):
            loaded = sum(1 for value in values if value)
            found.append(f"{sensor} read loaded in {loaded} of {len(values)} readings of the swing")
        else:
            found.append(f"{sensor} read {min(values):.0f} to {max(values):.0f} N in the swing")
    return ", ".join(found)
