"""A leg stimulated at its own true events, without sensors, controller or cable.

For sweeps over patients, where the physics is asked and not the controller: a train from heel-off
to shortly after contact, with a linear rise.
"""

from random import Random
from typing import Final

from hil.patient.config import LegConfig
from hil.patient.leg import PatientLeg
from hil.patient.outcome import LegSwing
from hil.patient.pace import steps_of
from hil.patient.plan import Plan
from hil.patient.train import OpenWalk, Train

POLL_US: Final = 10_000
"""Events are looked for so often."""


def walk_open(walk: OpenWalk) -> list[list[LegSwing]]:
    """Walk; return the swings of each leg.

    Parameters
    ----------
    walk : OpenWalk
        Everything it depends on.
    """
    found: list[list[LegSwing]] = []
    for index, leg in enumerate(walk.patient.leg):
        found.append(_walk_leg(walk, leg, index))
    return found


def _walk_leg(walk: OpenWalk, config: LegConfig, index: int) -> list[LegSwing]:
    leg = PatientLeg(
        walk.patient,
        config,
        Random(walk.seed * 2 + index),
        # Each leg walks by a copy of the same timetable.
        steps_of(walk.patient, Plan(walk.way), Random(walk.seed), index),
        index,
        walk.orthosis,
    )
    drive(leg, walk.train, round(walk.duration_s * 1e6))
    return leg.swings


def drive(leg: PatientLeg, train: Train, end_us: int) -> int:
    """Advance a leg from its beginning under a train; return how many pulses it was given.

    Parameters
    ----------
    leg : PatientLeg
        Just made.
    train : Train
        What it is given.
    end_us : int
        Until when.
    """
    seen = pulses = 0
    next_us = stop_us = 1 << 60
    onset_us = 0
    for t_us in range(POLL_US, end_us + 1, POLL_US):
        while next_us <= t_us:
            if next_us > stop_us:
                next_us = 1 << 60
                break
            share = 1.0
            if next_us - onset_us < train.rise_us:
                share = 0.5 + 0.5 * (next_us - onset_us) / train.rise_us
            current_ua = int(train.current_ua * share)
            if current_ua:
                leg.stimulate(
                    next_us, ((train.width_us, current_ua), (train.width_us, -current_ua))
                )
                pulses += 1
            next_us += train.period_us
        leg.advance_to(t_us)
        events = leg.events
        while seen < len(events):
            kind, at_us = events[seen]
            seen += 1
            if kind == "ho":
                # Events are seen up to one poll late, and no pulse is given in the past.
                onset_us = next_us = max(at_us + train.delay_us, t_us)
                stop_us = 1 << 60
            elif kind == "ic":
                stop_us = at_us + train.extension_us
    return pulses
