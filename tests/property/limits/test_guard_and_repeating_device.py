"""A device that repeats by itself, a host that is held up: what the guard gave stays in steps.

The device gives its list round after round, the driver lets it linger for a round and stops it
then, or as soon as the host turns again. The witness sees every round; the guard knows of none.
"""

from pathlib import Path
from random import Random
from typing import Final

import pytest

from fes_ctrl.model import SYMMETRIC, Setpoint
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import LIFE_US, StimulatorConfig, capabilities_of
from fes_ctrl.units import NEVER_US
from hil.witness import Witness

LIMITS: Final[dict[str, float]] = {
    "current_mA": 80,
    "pulse_width_us": 300,
    "rate_hz": 100,
    "burst_ms": 3000,
    "start_mA": 20,
    "level_step_mA": 5,
    "ramp_min_ms": 100,
}
SETPOINT_US: Final = 10_000
LATENCY_US: Final = (10_000, 24_000)
STEPS_UP: Final = {"start_mA", "level_step_mA"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("limits") / "limits.toml"
    found.write_text("[limits]\n" + "".join(f"{key} = {value}\n" for key, value in LIMITS.items()))
    return found


class Desk:
    """Guard, driver, device and witness, and a host that is held up now and then."""

    def __init__(self, file: Path, period_us: int, dice: Random) -> None:
        config = StimulatorConfig(
            device="rehastim2", mode="channel_list", list_interval_ms=period_us / 1000
        )
        device = capabilities_of(config)
        assert (device.period_us, device.latency_us) == (period_us, LATENCY_US[1])
        self.guard = Guard(Limits(LimitsConfig(**LIMITS)), device)  # type: ignore[arg-type]
        self.guard.arm()
        self.witness = Witness(file)
        self.period_us = period_us
        self.dice = dice
        self.reasons: list[str] = []
        self.rounds = 0
        self.late = 0
        self._until_us = -NEVER_US
        """The driver stops the list after that."""
        self._next_us = NEVER_US
        """The device's next round."""
        self._changes: list[tuple[int, int]] = []
        """When the device carries out what it was told, and the current; 0 ends the list."""
        self._current_ua = 0
        self._skipped: list[tuple[int, int]] = []

    def _give(self, until_us: int) -> None:
        """Let the device give its rounds."""
        while True:
            change_us = self._changes[0][0] if self._changes else NEVER_US
            if min(change_us, self._next_us) > until_us:
                return
            if change_us <= self._next_us:
                self._current_ua = self._changes.pop(0)[1]
                if self._current_ua == 0:
                    self._next_us = NEVER_US
                elif self._next_us == NEVER_US:
                    self._next_us = change_us
            else:
                ua = self._current_ua
                self.witness.see(self._next_us, 0, ((200, ua), (200, -ua)))
                self.rounds += 1
                self._next_us += self.period_us

    def _tell(self, now_us: int, current_ua: int) -> None:
        # One command after the other, and after a stop its answer first.
        for t_us, ua in self._changes:
            now_us = max(now_us, t_us if ua == 0 else t_us - LATENCY_US[0])
        self._changes.append((now_us + self.dice.randint(*LATENCY_US), current_ua))

    def turn(self, now_us: int) -> None:
        """Let the driver do what is due: it stops a list that nothing holds."""
        if now_us > self._until_us != -NEVER_US:
            if now_us > self._until_us + LIFE_US:
                self.guard.outlasted(0, now_us + LATENCY_US[1])
                self.late += 1
            self._until_us = -NEVER_US
            self._tell(now_us, 0)
        while self._skipped and self._skipped[0][0] < now_us:
            self.guard.skipped(0, self._skipped.pop(0)[1])
        self._give(now_us)

    def send(self, at_us: int, now_us: int, current_ua: int, *, skipped: bool) -> None:
        """Put one setpoint to the guard, and what it gives to the device."""
        expires_us = at_us + SETPOINT_US
        self.guard.sensor_seen(0, at_us)
        self.guard.link_seen(NEVER_US)
        reason = self.guard.check(
            Setpoint(at_us, 0, 0, current_ua, 200, expires_us, SYMMETRIC), now_us
        )
        self.reasons.append(reason)
        if self.guard.given is None:
            return
        if skipped:
            self._skipped.append((expires_us, at_us))
            return
        self._until_us = expires_us + self.period_us
        self._tell(now_us, self.guard.given.current_ua)

    def walk(self) -> None:
        """Some bursts, pauses, levels, hold-ups."""
        dice, now_us, at_us = self.dice, 10_000_000, 10_000_000
        held = [dice.randint(10_000_000, 22_000_000) for _ in range(dice.randint(0, 60))]
        stalls = sorted((from_us, from_us + dice.randint(1_000, 140_000)) for from_us in held)
        for _ in range(dice.randint(3, 12)):
            at_us += dice.choice([dice.randint(0, 500_000), dice.randint(500_000, 900_000)])
            level_ua = 1_000 * dice.randint(10, 60)
            rises_us = dice.choice([1, 150_000, 300_000])
            skips = dice.choice([0.0, 0.0, 0.1, 0.4])
            begins_us = at_us
            for _ in range(dice.randint(1, 1 + 1_200_000 // self.period_us)):
                # Whenever the host turns, the driver does what is due; so it does before a stall.
                for turn_us in range(now_us, at_us, 1_000):
                    stalled = [to_us for from_us, to_us in stalls if from_us <= turn_us < to_us]
                    now_us = max([turn_us, now_us, *stalled])
                    self.turn(now_us)
                now_us = max(now_us, at_us)
                risen = min(1.0, (at_us - begins_us + 1) / rises_us)
                if now_us <= at_us + SETPOINT_US:
                    ua = 1_000 * max(1, round(level_ua * risen / 1_000))
                    self.send(at_us, now_us, ua, skipped=dice.random() < skips)
                at_us += self.period_us
        self.turn(now_us + 200_000)
        self._give(now_us + 600_000)


@pytest.mark.parametrize("period_us", [20_000, 40_000, 66_500, 90_000, 150_000])
@pytest.mark.parametrize("block", range(2))
def test_what_a_held_up_host_lets_a_device_repeat_is_taken_into_account(
    file: Path, period_us: int, block: int
) -> None:
    given = late = 0
    for seed in range(block * 60, block * 60 + 60):
        desk = Desk(file, period_us, Random(seed))
        desk.walk()
        stepped = [found for found in desk.witness.violations if found.limit in STEPS_UP]
        assert stepped == [], f"seed {seed}"
        given += desk.reasons.count(ALLOWED)
        late += desk.late
    assert given > 500
    assert late > 20
