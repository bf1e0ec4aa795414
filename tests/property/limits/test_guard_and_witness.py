"""Of when a pulse is felt the guard knows bounds, the witness the instant: they part bursts alike.

Trains of any rate go through the guard and over a line that delays each pulse within its time, or
skips it and tells so; the witness sees what comes out. Both were written apart.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.model import SYMMETRIC, Setpoint
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.felt import DRAWN_OUT_US
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US
from hil.witness import Witness
from hil.witness.witness import JITTER_US

LIMITS: Final[dict[str, float]] = {
    "current_mA": 80,
    "pulse_width_us": 300,
    "rate_hz": 100,
    "charge_per_phase_uC": 24,
    "burst_ms": 1500,
    "start_mA": 20,
    "level_step_mA": 5,
    "ramp_min_ms": 100,
}
LINE_US: Final = 1_100
"""What every pulse takes; nobody knows it, and it does not matter."""

STEPS_UP: Final = {"start_mA", "level_step_mA"}
"""What a pause taken for a train, or a train for a pause, lets through."""


class Sent(NamedTuple):
    """One pulse of a program, and what becomes of it."""

    gap_us: int
    current_ua: int
    late_us: int = 0
    delay: float = 0.0
    """Of the time that it may take: 0 is written at once, 1 as late as can be."""
    skipped: bool = False
    from_zero: bool = False


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("limits") / "limits.toml"
    found.write_text("[limits]\n" + "".join(f"{key} = {value}\n" for key, value in LIMITS.items()))
    return found


class Walk:
    """A guard, a line and a witness."""

    def __init__(self, file: Path, life_us: int, wavers_us: int) -> None:
        self.guard = Guard(Limits(LimitsConfig(**LIMITS)), P24_MODES["low_level"])  # type: ignore[arg-type]
        self.guard.arm()
        self.witness = Witness(file)
        self.at_us = 10_000_000
        self.now_us = 0
        self.reasons: list[str] = []
        self.felt_us = 0
        self._life_us = life_us
        self._wavers_us = wavers_us
        self._reports: list[tuple[int, int]] = []

    def send(self, sent: Sent) -> bool:
        """Put one pulse to the guard, and what it gives onto the line."""
        guard = self.guard
        if sent.from_zero:
            guard.start_over()
            on_its_way_us = self._life_us + DRAWN_OUT_US + LINE_US
            self.witness.from_zero(self.at_us, on_its_way_us)
            # A hand needs longer to raise it again.
            self.at_us += on_its_way_us
        self.at_us += sent.gap_us
        now_us = max(self.now_us, self.at_us + sent.late_us)
        if now_us > self.at_us + self._life_us:
            return True
        self.now_us = now_us
        while self._reports and self._reports[0][0] < now_us:
            guard.skipped(0, self._reports.pop(0)[1])
        guard.sensor_seen(0, self.at_us)
        guard.link_seen(NEVER_US)
        expires_us = self.at_us + self._life_us
        setpoint = Setpoint(self.at_us, 0, 0, sent.current_ua, 200, expires_us, SYMMETRIC)
        self.reasons.append(guard.check(setpoint, now_us))
        if guard.given is None:
            return False
        wavers_us = min(self._wavers_us, expires_us - now_us + DRAWN_OUT_US)
        felt_us = now_us + LINE_US + round(sent.delay * wavers_us)
        # No driver brings two pulses of a channel closer together than the limits have it.
        felt_us = max(felt_us, self.felt_us + 10_000)
        if sent.skipped or felt_us > now_us + LINE_US + wavers_us:
            self._reports.append((expires_us, self.at_us))
            return True
        current_ua = guard.given.current_ua
        self.witness.see(felt_us, 0, ((200, current_ua), (200, -current_ua)))
        self.felt_us = felt_us
        return True

    def burst(self, train: Iterator[Sent]) -> None:
        for sent in train:
            if not self.send(sent):
                # As the program does: a burst that was refused is over.
                self.at_us += 300_000
                break

    def stepped_up(self) -> list[object]:
        return [found for found in self.witness.violations if found.limit in STEPS_UP]

    def longest_ms(self) -> float:
        return max(
            [found.got for found in self.witness.violations if found.limit == "burst_ms"], default=0
        )


def trains(dice: Random) -> Iterator[list[Sent]]:
    """Bursts of one rate each, with pauses, line jams, levels that change."""
    for _ in range(dice.randint(3, 12)):
        rate_hz = dice.choice([dice.uniform(5, 60), dice.uniform(5, 14), dice.uniform(1.8, 5)])
        gap_us = round(1e6 / rate_hz)
        pause_us = dice.choice([dice.randint(10_000, 1_200_000), 2 * gap_us, 3 * gap_us])
        level_ua = 500 * dice.randint(10, 120)
        rises_us = dice.choice([0, 100_000, 300_000])
        crowded, skips = dice.choice([0.0, 0.2, 1.0]), dice.choice([0.0, 0.0, 0.1, 0.4])
        jam = range(0)
        burst = []
        for index in range(dice.randint(1, min(80, 1 + 1_700_000 // gap_us))):
            if dice.random() < 0.04:
                jam = range(index, index + dice.randint(1, 9))
            risen = min(1.0, index * gap_us / rises_us) if rises_us else 1.0
            burst.append(
                Sent(
                    gap_us + pause_us * (index == 0),
                    500 * max(1, round(level_ua * risen / 500)),
                    dice.choice([0, 0, 0, dice.randint(0, 12_000)]),
                    dice.random() if dice.random() < crowded else 0.0,
                    index in jam or dice.random() < skips,
                    index == 0 and dice.random() < 0.1,
                )
            )
        yield burst


@pytest.mark.parametrize("life_us", [10_000, 20_000])
@pytest.mark.parametrize("block", range(4))
def test_no_pause_is_taken_for_a_train_however_slow_and_however_late(
    file: Path, life_us: int, block: int
) -> None:
    rose = 0
    for seed in range(block * 60, block * 60 + 60):
        walk = Walk(file, life_us, life_us + DRAWN_OUT_US)
        for burst in trains(Random(seed)):
            walk.burst(iter(burst))
        assert walk.stepped_up() == [], f"seed {seed}"
        # Ends may shift by what a pulse may be late; two bursts that are taken for one would show.
        allowed_ms = LIMITS["burst_ms"] + (life_us + DRAWN_OUT_US) / 1e3
        assert walk.longest_ms() <= allowed_ms, f"seed {seed}"
        rose += walk.reasons.count(ALLOWED)
    assert rose > 1_000


@pytest.mark.parametrize("block", range(4))
def test_on_a_line_within_its_jitter_the_witness_has_nothing_against_what_the_guard_gave(
    file: Path, block: int
) -> None:
    for seed in range(block * 60, block * 60 + 60):
        walk = Walk(file, 10_000, JITTER_US)
        for burst in trains(Random(seed)):
            walk.burst(sent._replace(late_us=0) for sent in burst)
        assert walk.witness.violations == [], f"seed {seed}"


BORDERS_US = [10_000, 20_000, 40_000, 66_667, 75_000, 84_999, 85_000, 85_001, 99_999, 100_000]
BORDERS_US += [100_001, 117_509, 150_000, 150_001, 235_018, 333_333, 485_000, 499_999, 500_000]
BORDERS_US += [500_001, 515_001, 1_000_000]


@given(
    st.lists(
        st.builds(
            Sent,
            st.sampled_from(BORDERS_US) | st.integers(10_000, 600_000),
            st.sampled_from([10_000, 20_000, 25_000, 40_000, 60_000]),
            st.sampled_from([0, 0, 0, 4_000, 10_000]),
            st.sampled_from([0.0, 0.0, 1.0]) | st.floats(0, 1),
            st.sampled_from([False, False, False, True]),
            st.sampled_from([False] * 9 + [True]),
        ),
        max_size=60,
    ),
    st.integers(1, 4),
)
@settings(max_examples=300, deadline=None)
def test_no_pause_is_taken_for_a_train_at_the_borders(
    file: Path, train: list[Sent], repeats: int
) -> None:
    walk = Walk(file, 10_000, 10_000 + DRAWN_OUT_US)
    for sent in train * repeats:
        walk.send(sent)
    assert walk.stepped_up() == []
    assert walk.longest_ms() <= LIMITS["burst_ms"] + (10_000 + DRAWN_OUT_US) / 1e3


def test_a_regular_train_that_a_line_delays_reaches_its_level_at_any_rate(file: Path) -> None:
    dice = Random(975)
    for gap_us in (*range(20_000, 480_000, 2_500), 117_509):
        walk = Walk(file, 10_000, 10_000 + DRAWN_OUT_US)
        for _ in range(3):
            walk.at_us += 600_000
            for index in range(1 + 1_400_000 // gap_us):
                walk.send(
                    Sent(gap_us, 20_000 + 5_000 * (index * gap_us > 200_000), 0, dice.random())
                )
        assert walk.guard.given is not None
        assert walk.guard.given.current_ua == 25_000, gap_us
        assert walk.stepped_up() == []
