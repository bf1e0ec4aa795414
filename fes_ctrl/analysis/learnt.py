"""Of an explanation: what a program that learns made of a stride, and what it gave for that."""

from collections.abc import Iterator
from math import isfinite
from typing import Final

from fes_ctrl.analysis.adaptations import UNTAUGHT, Taken, in_force, stride_of, taken_by
from fes_ctrl.analysis.settings import Setting
from fes_ctrl.analysis.story import LEARNING, Moment, Scene, ms
from fes_ctrl.learning import HELD, REVERTED
from fes_ctrl.model import Adaptation
from fes_ctrl.units import Us

DIALS: Final = "program.adaptive"

RAMP: Final = ("program.rise_ms", "limits.ramp_min_ms")
"""What a shorter ramp follows from, and the later onset that goes with it."""

BEHIND: Final = {
    "its events are sure to": (f"{DIALS}.sure",),
    "the guard gave less": ("limits.level_step_mA",),
}
"""The line that decided, by how the reason for a frozen stride begins."""


def learns(scene: Scene) -> bool:
    """Return whether the program of this run learns."""
    return scene.settings.values.get(f"{DIALS}.learn") is True


def learnt_before(scene: Scene, at_us: Us) -> Taken:
    """Return what had been learnt of this leg at an instant; all is left where nothing is."""
    if not learns(scene):
        return Taken(1.0, 0, 0)
    start = scene.settings.number(f"{DIALS}.start")
    return in_force(at_us, scene.leg.adaptations, scene.run.states, start)


def share_lines(scene: Scene, at_us: Us) -> tuple[str, tuple[Setting, ...]]:
    """Return the words on the share of a burst that begins then, and the lines behind it."""
    if not learns(scene):
        return "", ()
    told = f", learnt share {100 * learnt_before(scene, at_us).share:.1f} %"
    return told, (scene.line(f"{DIALS}.learn", at_us),)


def ramp_lines(scene: Scene, at_us: Us) -> tuple[Setting, ...]:
    """Return the lines behind the ramp of a burst that begins then."""
    keys = ["program.rise_ms"]
    if learnt_before(scene, at_us).shorter_us:
        keys = [f"{DIALS}.learn", *RAMP]
    return tuple([scene.line(key, at_us) for key in keys])


def onset_lines(scene: Scene, taken: Taken, at_us: Us) -> tuple[Setting, ...]:
    """Return the lines behind a learnt delay: the bound as well, where it goes no further."""
    keys = [f"{DIALS}.learn"]
    if taken.put_off_us == scene.us(f"{DIALS}.latest_ms", at_us):
        keys.append(f"{DIALS}.latest_ms")
    if taken.shorter_us:
        keys += RAMP
    return tuple([scene.line(key, at_us) for key in keys])


def fall_lines(scene: Scene, sooner_us: Us, extension_us: Us, at_us: Us) -> tuple[Setting, ...]:
    """Return the lines behind an extension that was learnt to be shorter, likewise."""
    left_us = scene.us(f"{DIALS}.least_extension_ms", at_us)
    bound = ("least_extension_ms",) if extension_us - sooner_us == left_us else ()
    return tuple([scene.line(f"{DIALS}.{name}", at_us) for name in ("learn", *bound)])


def learning_moments(scene: Scene) -> Iterator[Moment]:
    """Yield what came of a stride: measured, learnt or frozen and why, and what is given next."""
    strides = [each for each in scene.strides.strides if each.finished]
    ends_us = [each.to_us for each in strides]
    for told in scene.leg.adaptations:
        index = stride_of(told, ends_us, scene.leg)
        if index is None or strides[index].number != scene.stride.number:
            continue
        before = learnt_before(scene, told.t_us)
        text = f"{_measured(scene, told)}{_came(told)}; {_given(told, before)}"
        lines = tuple([scene.line(key, told.t_us) for key in _keys(told, before)])
        yield Moment(told.t_us, LEARNING, text, lines, _facts(told, before))


def _measured(scene: Scene, told: Adaptation) -> str:
    if not isfinite(told.contact_deg):
        return ""

    def wanted(key: str) -> str:
        return f"{scene.settings.number(f'{DIALS}.{key}', told.t_us, told.leg):g}"

    return (
        f"measured: pitch at contact {told.contact_deg:.1f} deg ({wanted('contact_deg')} wanted), "
        f"in mid-swing {told.mid_deg:.1f} deg ({wanted('mid_deg')} wanted), the forefoot fell at "
        f"{told.fall_dps:.0f} deg/s ({wanted('fall_deg_per_s')} allowed); "
    )


def _came(told: Adaptation) -> str:
    why = f": {told.reason}" if told.reason else ""
    if told.verdict == REVERTED:
        return f"reverted, a step back to where it began{why}"
    if told.verdict in UNTAUGHT:
        return f"frozen, nothing is learnt{why}"
    if told.verdict == HELD:
        return f"held, nothing has to change{why}"
    return f"learnt{why}"


def _given(told: Adaptation, before: Taken) -> str:
    now = taken_by(told)
    if now == before:
        return f"the next burst is given the same: {_in_words(now)}"
    return f"the next burst is given {_in_words(now)}; it was {_in_words(before)}"


def _in_words(given: Taken) -> str:
    parts = [f"{100 * given.share:.1f} % of the plateau"]
    if given.later_us:
        parts.append(f"onset {ms(given.later_us)} later")
    if given.sooner_us:
        parts.append(f"fall {ms(given.sooner_us)} sooner")
    if given.shorter_us:
        parts.append(f"ramp {ms(given.shorter_us)} shorter")
    return ", ".join(parts)


def _keys(told: Adaptation, before: Taken) -> list[str]:
    """Return the keys of the lines that had a say."""
    if told.verdict in UNTAUGHT:
        keys = [key for begins, them in BEHIND.items() if begins in told.reason for key in them]
        if told.verdict == REVERTED:
            keys += [f"{DIALS}.revert_strides", f"{DIALS}.start"]
    else:
        wanted = ("contact_deg", "mid_deg", "fall_deg_per_s", "band_deg")
        keys = [f"{DIALS}.{name}" for name in wanted]
    if told.share != before.share:
        keys.append(f"{DIALS}.step_mA")
    if (told.later_us, told.sooner_us) != (before.later_us, before.sooner_us):
        keys.append(f"{DIALS}.step_ms")
    if told.shorter_us != before.shorter_us:
        keys += RAMP
    return keys or [f"{DIALS}.learn"]


def _facts(told: Adaptation, before: Taken) -> dict[str, object]:
    return {
        "verdict": told.verdict,
        "reason": told.reason,
        "contact_deg": told.contact_deg,
        "mid_deg": told.mid_deg,
        "fall_deg_per_s": told.fall_dps,
        "share": told.share,
        "share_before": before.share,
        "later_ms": told.later_us / 1000,
        "sooner_ms": told.sooner_us / 1000,
        "shorter_ms": told.shorter_us / 1000,
    }
