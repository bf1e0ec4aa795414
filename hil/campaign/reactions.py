"""How long after a fault the last pulse came, against what the fault's row allows.

The part that was hit says when; from then on the pulses at the electrode count, until stimulation
may go on: the fault has cleared, or somebody has armed again.
"""

from typing import Final, NamedTuple

from fes_ctrl.model import ALL_LEGS, Fault
from fes_ctrl.safety.faults import BY_ID, CLEARED, WARN, is_over
from fes_ctrl.units import NEVER_US, Us, us_from_ms
from firmware_sim.injections import BY_NAME, Acknowledgement
from hil.campaign.view import GAP_US, View
from hil.certain import is_certain
from hil.config import WalkConfig
from hil.missing import seen_after_ms
from hil.unheard import DISOBEYS

WAITS_FOR_MOVEMENT: Final = "axis_frozen"
"""Nothing of it is seen of a foot that rests."""


class Reaction(NamedTuple):
    """One fault that was made, and the last pulse after it.

    ``t_us`` is when it counts from, the controller's fault where what it observes may come late or
    never; ``took_us`` the time to the last pulse, ``seen_us`` to the
    controller's fault, and ``allowed_us`` what may pass at most. ``in_burst`` is whether there was
    stimulation when it began.
    """

    injection: str
    fault: str
    t_us: Us
    took_us: Us
    seen_us: Us
    allowed_us: Us
    in_burst: bool

    def __str__(self) -> str:
        """Return it as a sentence."""
        return (
            f"{self.injection}: the last pulse came {self.took_us / 1e3:.1f} ms after, "
            f"{self.fault} allows {self.allowed_us / 1e3:.0f} ms"
        )


def reactions_of(
    config: WalkConfig, view: View, acknowledgements: list[Acknowledgement]
) -> tuple[Reaction, ...]:
    """Return the reactions to the acknowledged injections whose rows name a fault that came.

    Parameters
    ----------
    config : WalkConfig
        What was walked.
    view : View
        Pulses and faults of the walk.
    acknowledgements : list of Acknowledgement
        Which injections had an effect, and when; of several of one name the first counts.
    """
    found = []
    told: set[str] = set()
    for name, t_us in acknowledgements:
        fault = BY_NAME[name].fault
        if not fault or name in told:
            continue
        told.add(name)
        reaction = _reaction(config, view, name, fault, t_us)
        if reaction is not None:
            found.append(reaction)
    return tuple(found)


def beyond(reactions: tuple[Reaction, ...]) -> Reaction | None:
    """Return the first reaction that took longer than it may."""
    for reaction in reactions:
        if reaction.took_us > reaction.allowed_us:
            return reaction
    return None


def _reaction(config: WalkConfig, view: View, name: str, fault: str, t_us: Us) -> Reaction | None:
    allowed_us = us_from_ms(BY_ID[fault].limit_ms + seen_after_ms(config, name, fault))
    to_us = max(injection.to_us for injection in config.inject if injection.name == name)
    seen = _seen(view.faults, fault, t_us, min(to_us, NEVER_US - allowed_us) + allowed_us)
    if seen is None:
        return None
    seen_us, record = seen
    if fault == DISOBEYS:
        allowed_us = us_from_ms(BY_ID[fault].limit_ms) + view.unheard_us(t_us, seen_us)
    if _comes_late(config, name):
        t_us = seen_us
    if record.reaction == WARN:
        return _burst(view, name, seen_us, record, t_us, allowed_us)
    over_us = _over_us(view.faults, seen_us, record)
    last_us = t_us
    in_burst = any(0 <= t_us - at_us <= GAP_US for at_us, _ in view.pulses)
    for at_us, channel in view.pulses:
        if not t_us <= at_us < over_us or record.leg not in (ALL_LEGS, view.leg_of.get(channel)):
            continue
        # What a device gives that was made to hear nothing is the affair of that fault alone.
        if fault == DISOBEYS or not view.disobeyed(at_us):
            last_us = at_us
    took_us = last_us - t_us
    return Reaction(name, fault, t_us, took_us, seen_us - t_us, allowed_us, in_burst)


def _comes_late(config: WalkConfig, name: str) -> bool:
    """Return whether what a fault observes need not be there in the time that its row says."""
    if not BY_NAME[name].only:
        return name == WAITS_FOR_MOVEMENT
    return not any(is_certain(config, each) for each in config.inject if each.name == name)


def _seen(
    faults: list[tuple[Us, Fault]], fault: str, from_us: Us, to_us: Us
) -> tuple[Us, Fault] | None:
    """Return the fault that answers an injection."""
    for t_us, found in faults:
        if from_us <= t_us <= to_us and found.id == fault and found.reaction != CLEARED:
            return t_us, found
    return None


def _over_us(faults: list[tuple[Us, Fault]], seen_us: Us, seen: Fault) -> Us:
    """Return when a fault has cleared after it was seen."""
    for t_us, found in faults:
        if t_us <= seen_us or found.reaction != CLEARED:
            continue
        if is_over(seen.id, seen.leg, found.id, found.leg):
            return t_us
    return NEVER_US


def _burst(
    view: View, name: str, seen_us: Us, seen: Fault, t_us: Us, allowed_us: Us
) -> Reaction | None:
    """Return how long the burst lasted in which a fault was seen that only warns."""
    first_us = last_us = -NEVER_US
    for at_us, channel in view.pulses:
        if view.leg_of.get(channel) != seen.leg:
            continue
        if at_us > seen_us + view.wire_us:
            break
        if at_us - last_us > GAP_US:
            first_us = at_us
        last_us = at_us
    if last_us < t_us:
        return None
    from_us = max(first_us, t_us)
    took_us = last_us - from_us
    return Reaction(name, seen.id, from_us, took_us, seen_us - from_us, allowed_us, in_burst=True)
