"""Why a stride got what it got: sensor, event, phase, rule, decision, frame, in order of time.

It is told from the run's folder alone. A swing that got no burst is told of like any other; every
line of the configuration that had a say is named with its value and where that came from.
"""

from fes_ctrl.analysis.bad_strides import WORDS
from fes_ctrl.analysis.causes import cause_of_none, cut_by, standing
from fes_ctrl.analysis.learnt import learning_moments
from fes_ctrl.analysis.numbered import Stride, Strides, as_given, number_strides
from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.sensed import event_moments, phase_moments, truth_moments
from fes_ctrl.analysis.settings import Settings
from fes_ctrl.analysis.stimulated import (
    burst_moments,
    frame_moments,
    guard_moments,
    prediction_moments,
    rule_moments,
    surrounding_moments,
)
from fes_ctrl.analysis.story import (
    EVENT_WORDS,
    RULE,
    Cause,
    Explanation,
    Given,
    Moment,
    Scene,
    after,
    at,
    in_order,
    ms,
)
from fes_ctrl.analysis.walk import Burst, LegWalk
from fes_ctrl.model import INITIAL_CONTACT, LEG_NAMES, GaitEvent
from fes_ctrl.stim.burst import TEST
from fes_ctrl.stim.program import PREDICTED, TRIGGERS
from fes_ctrl.units import Us


class StrideError(ValueError):
    """A stride or a leg that the run does not have: which there are."""


def strides_of(run: Run, leg: int) -> Strides:
    """Return all strides of a leg, counted as everywhere.

    Raises
    ------
    StrideError
        If the run has no such leg.
    """
    return _strides(run, _leg(run, leg), Settings(run))


def explain(run: Run, leg: int, number: int) -> Explanation:
    """Return why a stride got what it got.

    Parameters
    ----------
    run : Run
        As ``read_run`` gives it.
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    number : int
        Of the stride, from 1.

    Raises
    ------
    StrideError
        If the run has no such leg or stride.
    """
    scene = _scene(run, leg, number)
    moments: list[Moment] = [
        *truth_moments(scene),
        *event_moments(scene),
        *phase_moments(scene),
    ]
    until_us = scene.stride.to_us
    for given in scene.given:
        until_us = max(until_us, given.until_us)
        moments += rule_moments(scene, given)
        moments += burst_moments(scene, given)
        moments += guard_moments(scene, given)
        moments += frame_moments(scene, given)
    moments += prediction_moments(scene, until_us)
    moments += surrounding_moments(scene, until_us)
    moments += learning_moments(scene)
    outcome, cause, notes = _outcome(scene)
    if outcome == "none":
        facts: dict[str, object] = {"code": cause.code}
        text = f"no burst: {cause.text}"
        moments.append(Moment(_asked_us(scene), RULE, text, cause.lines, facts))
    return Explanation(
        leg=leg,
        stride=scene.stride,
        strides=len(scene.strides.strides),
        counted_by=scene.strides.counted_by,
        outcome=outcome,
        cause=cause,
        notes=notes,
        moments=in_order(moments),
        given=tuple(scene.given),
    )


def _asked_us(scene: Scene) -> Us:
    """Return when it was decided that a swing gets no burst: at the last event that could start it.

    Where there was none, when the swing was over.
    """
    asked_us = [event.t_emit_us for event in scene.triggers]
    asked_us += [given.onset_us for given in scene.given if not given.setpoints]
    return max(asked_us, default=scene.stride.to_us)


# -- what belongs to a stride ---------------------------------------------------------------------


def _leg(run: Run, leg: int) -> LegWalk:
    legs = [*run.walk.legs, *run.walk.sensing]
    for each in legs:
        if each.leg == leg:
            return each
    there = ", ".join(LEG_NAMES[each.leg] for each in legs)
    message = f"{run.folder}: no {LEG_NAMES[leg]} leg in this run; there is {there}"
    raise StrideError(message)


def _source(run: Run, leg: LegWalk, settings: Settings) -> LegWalk | None:
    """Return the leg whose events trigger another's bursts."""
    if settings.text("program.trigger_side") != "contralateral":
        return leg
    return next((each for each in (*run.walk.legs, *run.walk.sensing) if each is not leg), None)


def _strides(run: Run, leg: LegWalk, settings: Settings) -> Strides:
    source = _source(run, leg, settings)
    kind = TRIGGERS.get(settings.text("program.trigger"), "")
    events = [] if source is None else [each for each in source.detected if each.kind == kind]
    return number_strides(leg, run.start_us, run.end_us, events)


def _scene(run: Run, leg_number: int, number: int) -> Scene:
    leg = _leg(run, leg_number)
    settings = Settings(run)
    strides = _strides(run, leg, settings)
    stride = strides.number(number)
    if stride is None:
        raise StrideError(_no_such(run, strides, number))
    stimulated = any(each is leg for each in run.walk.legs)
    source = _source(run, leg, settings) if stimulated else None
    kind = TRIGGERS.get(settings.text("program.trigger"), "") if stimulated else ""
    groups = as_given(leg.bursts)
    own = [_given(run, leg, group) for group in groups if strides.of_burst(group) == number]
    first_us = own[0].onset_us if own else stride.to_us
    earlier = [group for group in groups if group[0].start.t_us < first_us]
    return Scene(
        run=run,
        settings=settings,
        leg=leg,
        source=source,
        stimulated=stimulated,
        strides=strides,
        stride=stride,
        trigger=kind,
        events=[event for event in leg.detected if strides.of_event(event) == number],
        triggers=_triggers(source, leg, kind, strides, stride),
        given=own,
        before=_given(run, leg, earlier[-1]) if earlier else None,
    )


def _no_such(run: Run, strides: Strides, number: int) -> str:
    name = LEG_NAMES[strides.leg]
    if not strides.strides:
        return f"{run.folder}: no stride of the {name} leg is known; the run may be too short"
    first, last = strides.strides[0].number, strides.strides[-1].number
    there = f"--stride {number}: the {name} leg of {run.folder} has strides {first} to {last}"
    return f"{there}; {run.unfinished}" if run.unfinished and number > last else there


def _triggers(
    source: LegWalk | None, leg: LegWalk, kind: str, strides: Strides, stride: Stride
) -> list[GaitEvent]:
    if source is None:
        return []
    events = [event for event in source.detected if event.kind == kind]
    if source is leg and kind == INITIAL_CONTACT:
        # The contact that ends one stride triggers in the next.
        return [event for event in events if strides.of_event(event) == stride.number - 1]
    if source is leg:
        return [event for event in events if strides.of_event(event) == stride.number]
    return [event for event in events if stride.from_us < event.t_event_us <= stride.to_us]


def _given(run: Run, leg: LegWalk, bursts: list[Burst]) -> Given:
    given = Given(bursts)
    channels = {burst.start.channel for burst in bursts}
    end_us = max([_over_us(burst, run.end_us) for burst in bursts])
    for decision in run.decisions:
        at_us = decision.setpoint.at_us
        if decision.leg == leg.leg and decision.channel in channels:
            if not given.onset_us <= at_us <= end_us:
                continue
            if decision.verdict == "clip":
                given.clipped.append(decision)
            elif decision.reason == "late":
                given.skipped_us.append(at_us)
            else:
                given.refused.append(decision)
    for _, report in run.reports:
        within = given.onset_us <= report.pulse_us <= end_us
        if report.kind == "skipped" and report.channel in channels and within:
            given.skipped_us.append(report.pulse_us)
    return given


def _over_us(burst: Burst, run_end_us: Us) -> Us:
    """Return until when a pulse may belong to a burst: a refused one comes after the last given."""
    if burst.end is None:
        return run_end_us
    return max(burst.start.t_us, burst.end.t_us) + 200_000


# -- what came of it ------------------------------------------------------------------------------


def _outcome(scene: Scene) -> tuple[str, Cause, tuple[str, ...]]:
    stride = scene.stride
    given = [each for each in scene.given if each.setpoints]
    swing = [each for each in given if stride.overlap_us(each.onset_us, each.until_us) > 0]
    if swing:
        lines = (
            scene.line("program.trigger", swing[0].onset_us),
            scene.line("program.end", swing[0].onset_us),
        )
        cause = Cause("stimulated", _in_words(scene, swing[0]), lines)
        return "burst", cause, tuple(_notes(scene, given, swing))
    late = [each for each in given if stride.finished and each.onset_us >= stride.to_us]
    if late:
        start = late[0].bursts[0].start
        event = next((e for e in scene.triggers if e.t_event_us == start.trigger_us), None)
        text = f"only after the foot was down: {_in_words(scene, late[0])}"
        if event is not None:
            late_us = event.t_emit_us - event.t_event_us
            text = f"{EVENT_WORDS[event.kind]} was told {ms(late_us)} late; {text}"
        keys = ("program.delay_ms", "program.lock_out_ms", "detector.name")
        behind = tuple([scene.line(key, start.t_us) for key in keys])
        return "late", Cause("late_event", text, behind), tuple(_notes(scene, given, late))
    return "none", cause_of_none(scene), tuple(_notes(scene, given, []))


def _in_words(scene: Scene, given: Given) -> str:
    stride, start, end = scene.stride, given.bursts[0].start, given.bursts[0].end
    since = ""
    if stride.lift_us is not None:
        left = "the told heel-off" if stride.truth is None else "the heel left"
        since = f", {after(given.onset_us - stride.lift_us, left)}"
    until = at(given.until_us)
    if stride.finished:
        down = "the told contact" if stride.truth is None else "the foot was down"
        until += f", {after(given.until_us - stride.to_us, down)}"
    peak_ua = max(abs(setpoint.current_ua) for setpoint in given.setpoints)
    kind = start.trigger.removeprefix(PREDICTED)
    asked = "a person" if kind == TEST else EVENT_WORDS.get(kind, kind)
    predicted = "predicted " if start.trigger.startswith(PREDICTED) else ""
    ended = "the log ends in it" if end is None else f"ended by {end.ended_by.replace('_', ' ')}"
    return (
        f"{len(given.setpoints)} pulses of up to {peak_ua / 1000:g} mA, from "
        f"{at(given.onset_us)}{since}, to {until}; started by {predicted}{asked}, {ended}"
    )


def _astray(scene: Scene) -> list[str]:
    """Return what went astray on purpose in a stride, or in the one before."""
    number = scene.stride.number
    found = []
    for where, stride in (
        ("this stride", scene.stride),
        ("the stride before", scene.strides.number(number - 1)),
    ):
        truth = None if stride is None else stride.truth
        if truth is not None and truth.bad:
            found.append(f"{where} went astray on purpose: {WORDS.get(truth.bad, truth.bad)}")
    return found


def _notes(scene: Scene, given: list[Given], told: list[Given]) -> list[str]:
    """Return what made a stride's bursts less than planned, and those that nobody asked for."""
    notes = _astray(scene)
    if told:
        level = standing(scene, told[0].onset_us).level_percent
        if level < 100:
            notes.append(f"the operator's level was {level} %")
    for each in given:
        asked = len(each.setpoints)
        if each.clipped:
            notes.append(f"the guard lowered {len(each.clipped)} of {asked} pulses")
        if each.refused:
            notes.append(f"the guard refused {len(each.refused)} pulses: {each.refused[0].reason}")
        if each.skipped_us:
            notes.append(f"{len(each.skipped_us)} pulses came too late to be written")
        end = each.bursts[0].end
        if end is not None and end.ended_by in {"fault", "sensor", "operator", "stop", "no_step"}:
            notes.append(cut_by(scene, each.until_us, end.ended_by)[0])
        if each not in told:
            notes.append(f"another burst, outside its swing: {_in_words(scene, each)}")
    before, stride = scene.before, scene.stride
    if before is not None and stride.overlap_us(before.onset_us, before.until_us) > 0:
        pulses = [p for p in before.setpoints if stride.overlap_us(p.at_us, p.at_us + 1) > 0]
        if pulses:
            until = min(before.until_us, stride.to_us)
            notes.append(
                f"the burst of {at(before.onset_us)}, of an earlier stride, still went on in this "
                f"swing until {at(until)}: {len(pulses)} pulses"
            )
    if len(told) > 1:
        notes.append(f"{len(told)} bursts in this swing; the first is told of")
    if not scene.stride.finished:
        notes.append("the run ends before the foot is down")
    return notes
