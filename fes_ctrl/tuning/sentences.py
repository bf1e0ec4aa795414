"""Plain sentences of what a change does: only what is beyond noise, the greatest first."""

from collections.abc import Sequence

from fes_ctrl.tuning.around import Change, Effect
from fes_ctrl.tuning.objectives import Objective


def sentence(change: Change, objectives: Sequence[Objective]) -> str:
    """Return what a change does: ``extension +60 ms: foot slap down from 31 % to 4 % of strides``.

    Parameters
    ----------
    change : Change
        A dial, from where to where, and its effects.
    objectives : sequence of Objective
        With steps in their own units.
    """
    turned = f"{change.dial.words} {signed(change.after - change.before, change.dial.step)}"
    head = f"{turned} {change.dial.unit}".rstrip()
    if change.problem:
        return f"{head}: {change.problem}"
    if any(effect.difference.low is None for effect in change.effects):
        return f"{head}: unknown, for one seed tells no noise"
    said = []
    for objective, effect in zip(objectives, change.effects, strict=True):
        if effect.matters:
            weight = abs(effect.difference.mean) / objective.step
            last = objective.name == "charge"
            said.append((last, -weight, moved(objective, effect)))
    words = ", ".join(text for *_, text in sorted(said))
    return f"{head}: {words or 'no effect beyond noise'}"


def moved(objective: Objective, effect: Effect) -> str:
    """Return from where to where an objective went; charge as a share."""
    if objective.name == "charge" and effect.before:
        percent = 100.0 * effect.difference.mean / effect.before
        return f"charge {signed(percent, 1.0 if abs(percent) >= 1.0 else 0.1)} %"
    way = "up" if effect.difference.mean > 0 else "down"
    digits = digits_of(objective.step)
    unit, _, rest = objective.unit.partition(" ")
    before, after = [
        f"{round(value, digits) + 0.0:.{digits}f}" for value in (effect.before, effect.after)
    ]
    if unit == "%":
        before = f"{before} %"
    return f"{objective.words} {way} from {before} to {after} {unit} {rest}".rstrip()


def signed(value: float, step: float) -> str:
    """Return a number with its sign, and as many digits as its step has."""
    return f"{value:+.{digits_of(step)}f}"


def digits_of(step: float) -> int:
    """Return how many digits after the point a step needs: 0 for 1, 1 for 0.5, 2 for 0.01."""
    digits = 0
    while digits < 6 and abs(round(step, digits) - step) > 1e-9:
        digits += 1
    return digits
