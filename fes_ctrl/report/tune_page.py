"""A search for a better program as one page: suggestion, front, trials, sensitivity, proof."""

from collections.abc import Mapping, Sequence
from typing import Any

from fes_ctrl.report.markup import Html, folded, join, number, table, tag
from fes_ctrl.report.page import Section, page
from fes_ctrl.report.tune_front import front_section, trials_section
from fes_ctrl.report.tune_turns import changes_section, sensitivity_section
from fes_ctrl.report.tune_view import TuneError, TuneView, tune_view
from fes_ctrl.tuning.promise import NONE_BETTER

__all__ = ["TuneError", "tune_page"]

SIMULATED = "Simulated walks: no person and no stimulator was involved."


def tune_page(whole: Any) -> str:
    """Return the page of a search.

    Parameters
    ----------
    whole : object
        As ``tune.json`` holds it.

    Returns
    -------
    str
        A complete HTML document that needs nothing else.

    Raises
    ------
    TuneError
        If it is not what a search writes.
    """
    view = tune_view(whole)
    try:
        sections = [
            Section("suggestion", "Suggestion", _suggestion(view)),
            Section("proof", "On unseen seeds", _proof(view)),
            Section("front", "What is bought with what", front_section(view)),
            Section("trials", "Every program that was walked", trials_section(view)),
            Section("changes", "What each change does", changes_section(view)),
            Section("sensitivity", "What turning each dial would do", sensitivity_section(view)),
            Section("about", "About this search", _about(view)),
        ]
    except (KeyError, TypeError, AttributeError, ValueError, StopIteration) as error:
        message = f"{type(error).__name__}: {error}"
        raise TuneError(message) from error
    scenario = whole["scenario"]
    proved = (
        "none of them better."
        if view.unchanged
        else f"the suggestion by {len(whole['unseen_seeds'])} more."
    )
    lead = f"{len(view.trials)} programs walked by {len(whole['seeds'])} seeds, {proved}"
    return page(
        f"Search for {scenario}", sections, lead=tag("p", lead, class_="lead"), warning=SIMULATED
    )


def _suggestion(view: TuneView) -> Html:
    whole = view.whole
    verdict = "keeps what it promises" if view.passed else "does not keep what it promises"
    kind = "good" if view.passed else "bad"
    if view.unchanged:
        verdict, kind = NONE_BETTER, "none"
    parts: list[object] = [tag("p", tag("span", verdict, class_=f"verdict {kind}"))]
    reasons = [reason for reason in whole["verdict"]["reasons"] if reason != NONE_BETTER]
    if reasons:
        parts.append(tag("ul", *[tag("li", reason) for reason in reasons], class_="reasons"))
    said = whole["suggestions"]
    if said:
        parts += [tag("h3", "In words"), tag("ul", *[tag("li", each) for each in said])]
    else:
        parts.append(tag("p", "It stays as it was given."))
    given, chosen = whole["given"], whole["chosen"]["settings"]
    rows = []
    for knob in view.knobs:
        before, after = given[knob.key], chosen[knob.key]
        new = tag("strong", _plain(after)) if before != after else _plain(after)
        rows.append((knob.words, tag("code", knob.key), _plain(before), new, knob.unit))
    parts.append(table(("dial", "key", "given", "suggested", "unit"), rows, numeric=False))
    rule = f"Chosen by the rule {whole['chosen']['rule']}: {whole['chosen']['means']}."
    back = whole["chosen"]["put_back"]
    if back:
        rule += f" Put back, for it did nothing that counts: {', '.join(back)}."
    parts.append(tag("p", rule, class_="note"))
    return join(parts)


def _proof(view: TuneView) -> Html:
    if view.unchanged:
        return tag("p", "There is no other program to prove: none was walked by unseen seeds.")
    promises: dict[str, list[str]] = {}
    for each in view.whole["verification"]["promises"]:
        promises.setdefault(each["objective"], []).append(f"{each['what']}: {each['state']}")
    rows = []
    for moved in view.proof:
        goal = view.goal(moved.objective)
        interval = None
        if moved.low is not None and moved.high is not None:
            interval = f"{number(moved.low, 2)} to {number(moved.high, 2)}"
        broken = any(": held" not in text for text in promises.get(goal.name, []))
        promised = "; ".join(promises.get(goal.name, [])) or "none"
        rows.append(
            (
                f"{goal.words}, {goal.unit}".rstrip(", "),
                number(moved.before, 2),
                number(moved.after, 2),
                number(moved.difference, 2),
                interval,
                "less" if goal.less else "more",
                tag("strong", promised) if broken else promised,
            )
        )
    note = "The suggestion and the given program, walked by seeds that the search never saw."
    head = ("objective", "given", "suggested", "difference", "95 %", "better", "promise")
    words = head.index("better"), head.index("promise")
    return join([tag("p", note, class_="note"), table(head, rows, words=words)])


def _about(view: TuneView) -> Html:
    whole = view.whole
    rows = [
        ("scenario", whole["scenario"]),
        ("seconds of a walk", _seconds(whole)),
        ("patients", _listed(str(each["patient"]) for each in whole["patients"])),
        *_astray(whole),
        ("seeds", _listed(map(str, whole["seeds"]))),
        ("unseen seeds", _listed(map(str, whole["unseen_seeds"]))),
        ("seed of the search", _plain(whole["seed"])),
        *[(f"walks: {name}", _plain(count)) for name, count in whole["walks"].items()],
        ("digest of the question", tag("code", whole["digest"])),
        ("digest of the code", tag("code", whole["code"])),
    ]
    parts: list[object] = [table(("what", "value"), rows, numeric=False)]
    objectives = [
        (
            each["words"],
            each["unit"],
            each["better"],
            _plain(each["may_lose"]) if each["may_lose"] is not None else "any amount",
            each["why"],
        )
        for each in whole["objectives"]
    ]
    head = ("objective", "unit", "better", "may lose", "why")
    parts.append(folded("Objectives", table(head, objectives, numeric=False)))
    refused = [
        (", ".join(f"{key} = {_plain(at)}" for key, at in each["point"].items()), each["why"])
        for each in whole["refused"]
    ]
    if refused:
        title = f"{len(refused)} programs that limits or device refuse"
        parts.append(folded(title, table(("program", "why"), refused, numeric=False)))
    return join(parts)


def _seconds(whole: Mapping[str, Any]) -> str:
    """Return how long a walk is; older searches do not know it where the scenario says it."""
    asked = whole["duration_s"]
    seconds = whole.get("walk_s") if asked is None else asked
    return "the scenario's own" if seconds is None else _plain(seconds)


def _astray(whole: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return with which strides astray programs were walked again; searches of before have none."""
    told = [
        f"{key.rpartition('.')[2]} {_listed(at) if isinstance(at, list) else _plain(at)}"
        for key, at in whole.get("bad_strides", {}).items()
    ]
    return [("walked again with bad strides", "; ".join(told))] if told else []


def _listed(names: Any) -> str:
    listed: Sequence[str] = list(dict.fromkeys(names))
    return ", ".join(listed)


def _plain(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
