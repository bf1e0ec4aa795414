"""Where a patient of a campaign goes, what the operator does, and what goes wrong.

Cables are as rough as the witness allows for: two pulses may come 2 ms closer together than they
were sent. A cable that shifts pulses by more breaks the least interval by itself.
"""

from random import Random
from typing import Any, Final

from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.injections import EVERYWHERE, Injection, InjectionRow
from hil.config import CableConfig
from hil.patient.way import LEAST_SEATED_S, SegmentConfig, SegmentKind

MOST_INJECTIONS: Final = 4

SEGMENTS: Final[tuple[SegmentKind, ...]] = (
    "walk",
    "walk",
    "walk",
    "walk",
    "stand",
    "turn",
    "shuffle",
    "slope_up",
    "slope_down",
    "stairs_up",
    "stairs_down",
    "sit",
    "tap",
    "turn_on_spot",
)


def way_of(random: Random, lasts_s: float) -> tuple[SegmentConfig, ...]:
    """Return where the patient goes."""
    parts = [SegmentConfig("stand", round(random.uniform(0.5, 4.0), 2))]
    if random.random() < 0.5:
        return (*parts, SegmentConfig("walk", lasts_s, round(random.uniform(60.0, 140.0), 1)))
    parts.extend(
        SegmentConfig(
            kind=random.choice(SEGMENTS),
            duration_s=round(random.uniform(LEAST_SEATED_S, 20.0), 2),
            speed_percent=round(random.uniform(60.0, 140.0), 1),
            slope_percent=round(random.uniform(0.0, 12.0), 1),
            weight_shifts_per_min=round(random.uniform(0.0, 30.0), 1),
            taps_with=random.choice(("toe", "heel")),
            on_chair=random.random() < 0.5,
            pivots_per_min=random.choice((0.0, 20.0)),
        )
        for _ in range(random.randint(2, 5))
    )
    return tuple(parts)


def cable_of(random: Random) -> CableConfig:
    """Return the terms of a cable that is as rough as the witness allows for."""
    return CableConfig(
        byte_us=round(random.uniform(1.0, 15.0), 2),
        latency_us=int(10 ** random.uniform(0.0, 3.5)),
        jitter_us=int(random.uniform(0.0, 1000.0)),
        loss=_rarely(random),
        corruption=_rarely(random),
    )


def _rarely(random: Random) -> float:
    """Return a probability for each write; one in a hundred soon ends a walk."""
    return random.choice((1e-4, 1e-3, 1e-2)) if random.random() < 0.15 else 0.0


def injections_of(random: Random, lasts_s: float) -> tuple[Injection, ...]:
    """Return what goes wrong, and when: rows of the table, several at once."""
    if random.random() < 0.05:
        return ()
    rows = random.sample(EVERYWHERE, min(len(EVERYWHERE), random.randint(1, MOST_INJECTIONS)))
    found = []
    cluster_s = random.uniform(0.1, 0.9) * lasts_s
    for row in rows:
        if random.random() < 0.25:
            # Several at once.
            at_s = min(0.98 * lasts_s, cluster_s + 10 ** random.uniform(-3.0, 0.0))
        else:
            at_s = random.uniform(0.1, 0.98) * lasts_s
        if row.lasts_s is None:
            # What is broken for good ends a walk: rather later.
            at_s = max(at_s, random.uniform(0.1, 0.98) * lasts_s)
        for_good = row.lasts_s is None and random.random() < 0.3
        length_s = 10 ** random.uniform(-2.0, 1.2)
        if row.lasts_s is not None and random.random() < 0.3:
            length_s = row.lasts_s
        from_us = round(at_s * 1e6)
        to_us = NEVER_US if for_good or row.at_once else from_us + round(length_s * 1e6)
        found.append(_injection(random, row, from_us, to_us))
    return tuple(found)


def _injection(random: Random, row: InjectionRow, from_us: Us, to_us: Us) -> Injection:
    # Where a row has an amount, an injection has one.
    if not getattr(row, "unit", ""):
        return Injection(row.name, from_us, to_us)
    least, most = (float(getattr(row, bound, 1.0)) for bound in ("least", "most"))
    amount = random.choice((least, most, least * (most / least) ** random.random()))
    values: tuple[Any, ...] = (row.name, from_us, to_us, float(f"{amount:.4g}"))
    return Injection(*values)


def operator_of(random: Random, lasts_s: float, inject: tuple[Injection, ...]) -> OperatorConfig:
    """Return what the operator does: in order, at random, and again after what went wrong."""
    hand: list[str] = []

    def do(action: str, at_s: float) -> None:
        if at_s < lasts_s:
            hand.append(f"{action}@{at_s:.4f}")

    def level() -> str:
        return f"level={random.choice((0, 1, 30, 60, 100, 100, 100, 100))}"

    def start_again(at_s: float) -> None:
        do("clear", at_s)
        do("arm", at_s + random.uniform(0.0, 0.3))
        do("resume", at_s + random.uniform(0.0, 0.3))
        do(level(), at_s + random.uniform(0.2, 0.6))

    for _ in range(int(random.expovariate(0.7))):
        at_s = random.uniform(0.0, lasts_s)
        soon_s = at_s + (0.0 if random.random() < 0.2 else 10 ** random.uniform(-3.0, 0.7))
        match random.randrange(4):
            case 0:
                do("pause", at_s)
                do("resume", soon_s)
                do(level(), soon_s + random.choice((0.0, 0.3)))
            case 1:
                do(random.choice(("stop", "disarm")), at_s)
                do("arm", soon_s)
                do(level(), soon_s + random.choice((0.0, 0.005, 0.3)))
            case _:
                do(random.choice(("arm", "disarm", "stop", "clear", "pause", "resume")), at_s)
                do(level(), soon_s)
    for injection in inject:
        # Whatever it was, somebody comes and starts again.
        if random.random() < 0.9:
            start_again(injection.from_us / 1e6 + random.uniform(0.2, 6.0))
    for _ in range(random.randint(0, 3)):
        start_again(random.uniform(3.0, lasts_s))
    steps = random.randint(1, 5)
    arm_at_s = round(random.uniform(0.1, 2.0), 3)
    return OperatorConfig(
        arm_at_s=3600.0 if random.random() < 0.03 else arm_at_s,
        level_percent=tuple(round(100 * (step + 1) / steps) for step in range(steps)),
        level_from_s=round(arm_at_s + random.uniform(0.0, 1.0), 3),
        level_every_s=round(random.uniform(0.0, 1.5), 3),
        clear_after_s=round(random.uniform(0.2, 4.0), 3),
        hand=tuple(hand),
    )
