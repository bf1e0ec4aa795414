"""What stands between runs that are put side by side: other steps, another input, a version.

In come the runs and their settings; out go sentences for whoever reads the comparison.
"""

from collections.abc import Sequence
from typing import Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.settings import Settings
from fes_ctrl.model import LEG_NAMES

STEPS: Final = ("patient.", "way.", "duration_s", "seed")
"""What makes the steps of a walk; the length only says how many there are."""

TIMES: Final = (*STEPS, "bad_strides.")
"""What makes when they are taken as well: strides that go astray stay the same by number only."""


def same_steps(first: Run, second: Run, a: Settings, b: Settings) -> bool:
    """Return whether strides of two runs are the same steps.

    Of replays what was heard decides, and never what a file is called.

    Parameters
    ----------
    first, second : Run
        The runs.
    a, b : Settings
        Theirs.
    """
    if first.recording and second.recording:
        return _same_samples(first, second)
    if not (first.patient_is_model and second.patient_is_model):
        return False
    by_time = first.truth is None or second.truth is None
    what = TIMES if by_time else STEPS
    keys = {key for key in {*a.values, *b.values} if key.startswith(what) and key != "duration_s"}
    lengths = sorted(
        [key for key in keys if key.startswith("way.") and key.endswith("duration_s")],
        key=lambda key: int(key.split(".")[1]),
    )
    # How long a walk goes on at its end moves no step before that; a longer part before it does.
    keys -= set(lengths[-1:] if by_time else lengths)
    return all(a.values.get(key) == b.values.get(key) for key in keys)


def _same_samples(first: Run, second: Run) -> bool:
    """Return whether two replays heard the same, as far as both go."""
    common = set(first.samples) & set(second.samples)
    return bool(common) and all(
        # One of them may have been killed, or be of a piece of the recording.
        all(a == b for a, b in zip(first.samples[key], second.samples[key], strict=False))
        for key in common
    )


def input_of(runs: Sequence[Run], names: Sequence[str], paired: Sequence[bool]) -> str:
    """Return what was put through the runs; nothing where all are walks, or all are runs.

    Parameters
    ----------
    runs : sequence of Run
        The reference first.
    names : sequence of str
        What they are called.
    paired : sequence of bool
        Whether each run after the first is the same steps as the reference.
    """
    kinds = [_kind(run) for run in runs]
    told = ", ".join([f"{name} is {kind}" for name, kind in zip(names, kinds, strict=True)])
    if not all(run.recording for run in runs):
        return f"not of one kind: {told}" if len(set(kinds)) > 1 else ""
    name = runs[0].recording
    alike = len(set(kinds)) == 1
    if all(paired):
        if alike:
            return f"the same recording, {name}"
        return f"the same readings under other names{_as_far(runs)}: {told}"
    same = [each for each, together in zip(names[1:], paired, strict=True) if together]
    beside = f"; the same readings as {names[0]}: {', '.join(same)}" if same else ""
    if alike:
        told = f"all are called {name}, but they do not hold the same readings"
    return f"the recordings differ: {told}{beside}"


def _as_far(runs: Sequence[Run]) -> str:
    lengths = [{key: len(samples) for key, samples in run.samples.items()} for run in runs]
    return "" if all(each == lengths[0] for each in lengths) else ", as far as all of them go"


def scope_of(runs: Sequence[Run], settings: Sequence[Settings]) -> str:
    """Return of which steps alone a comparison speaks, in a sentence.

    Parameters
    ----------
    runs, settings : sequences
        Of the runs, the reference first.
    """
    if all(run.recording for run in runs):
        return "They speak of the steps that were recorded; another walk is other steps."
    if all(run.patient_is_model for run in runs):
        patients = [_patient(each) for each in settings]
        whose = (
            "this patient" if all(each == patients[0] for each in patients) else "these patients"
        )
        return f"They speak of these steps of {whose}; other seeds are other steps."
    return "They speak of these steps alone; another walk is other steps."


def _patient(settings: Settings) -> dict[str, object]:
    return {k: v for k, v in settings.values.items() if k.startswith("patient.")}


def _kind(run: Run) -> str:
    if run.recording:
        return f"a replay of {run.recording}"
    return "a simulated walk" if run.patient_is_model else "a run in real time"


def warnings_of(
    runs: Sequence[Run],
    settings: Sequence[Settings],
    names: Sequence[str],
    paired: Sequence[bool],
) -> list[str]:
    """Return what cannot be compared, or not as closely as one may think.

    Parameters
    ----------
    runs, settings, names : sequences
        Of the runs, the reference first.
    paired : sequence of bool
        Whether each run after the first is the same steps as the reference.
    """
    first, found = runs[0], []
    for run, each, name, together in zip(runs[1:], settings[1:], names[1:], paired, strict=True):
        found += [f"{name}: {text}" for text in _apart(first, run, settings[0], each)]
        if not together:
            found.append(f"{name}: {_no_pairs(first, run, names[0])}")
    for run, name in zip(runs, names, strict=True):
        if run.log_is_cut:
            found.append(
                f"{name}: its log just stops at {run.end_us / 1e6:.1f} s, its summary is of the "
                "whole run; strides are by the log, figures by the summary"
            )
        elif not run.ended:
            found.append(f"{name}: the run was killed; what its log holds is compared")
        elif run.ended != "finished":
            found.append(f"{name}: the run was {run.ended}")
    return found


def _no_pairs(first: Run, second: Run, name: str) -> str:
    what, whose = "steps", "patient's or the way's"
    if first.recording and second.recording:
        what, whose = "recording", "walker's, the way's or the sensors'"
    elif not (first.patient_is_model and second.patient_is_model):
        whose = "walker's or the way's"
    return (
        f"not the same {what} as {name}; strides are no pairs, so a difference has to be larger "
        f"to be seen, and may be the {whose}"
    )


def _apart(first: Run, second: Run, a: Settings, b: Settings) -> list[str]:
    found: list[str] = []
    modelled = first.patient_is_model and second.patient_is_model
    if modelled and _patient(a) != _patient(b):
        found.append("another patient; what the foot did cannot be put down to the program")
    spans_s = [run.walk.duration_us / 1e6 for run in (first, second)]
    if abs(spans_s[0] - spans_s[1]) > 1.0:
        fatigue = ", and fatigue has gone another way" if modelled else ""
        found.append(
            f"{spans_s[1]:.1f} s instead of {spans_s[0]:.1f} s; totals (strides, pulses, charge) "
            f"cannot be compared{fatigue}"
        )
    legs = [[leg.leg for leg in run.walk.legs] for run in (first, second)]
    if legs[0] != legs[1]:
        told = [" and ".join([LEG_NAMES[leg] for leg in each]) or "none" for each in legs]
        found.append(
            f"stimulated on the {told[1]} instead of the {told[0]}; only common legs count"
        )
    if (first.truth is None) != (second.truth is None):
        found.append(
            "what the foot did is known of one of the two only"
            f"{_why_unknown(first, second)}; the strides of both are those that the detector told"
        )
    elif modelled and first.truth is None:
        found.append(
            "what the foot did is known of neither"
            f"{_why_unknown(first, second)}; strides are those that the detector told"
        )
    return found + _versions(first, second)


def _why_unknown(first: Run, second: Run) -> str:
    """Return why a simulated patient's truth is not there, where that is known."""
    without = [run for run in (first, second) if run.truth is None]
    killed = all(run.patient_is_model and run.summary is None and not run.ended for run in without)
    return ": no truth is kept of a killed run" if killed else ""


def _versions(first: Run, second: Run) -> list[str]:
    """Return what another version made; a log that does not say its version says nothing."""
    one, other = (run.header.get("versions") for run in (first, second))
    if not isinstance(one, dict) or not isinstance(other, dict):
        return []
    return [
        f"made by {name.replace('_', '-')} {other[name]} instead of {one[name]}"
        for name in one
        if name in other and one[name] != other[name]
    ]
