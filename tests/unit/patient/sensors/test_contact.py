"""Switches and force sensors read the load on them, with the defects they claim."""

from itertools import pairwise
from random import Random

import pytest

from fes_ctrl.model import HEEL_FORCE, HEEL_SWITCH, RIGHT
from hil.patient.sensors.config import ForceConfig, SwitchConfig
from hil.patient.sensors.contact import ForceSensor, LoadSwitch
from hil.patient.sensors.injected import STUCK_CLOSED, STUCK_OPEN, Injected

CALM = SwitchConfig(close_N=40.0, open_N=20.0, bounce_ms=0.0)
FOR_EVER_US = 1 << 62


def switched(
    loads_N: list[float],
    config: SwitchConfig = CALM,
    seed: int = 1,
    stuck: tuple[Injected, ...] = (),
) -> list[float]:
    """Return what a switch reads of loads a millisecond apart."""
    switch = LoadSwitch(HEEL_SWITCH, RIGHT, config, Random(seed), list(stuck))
    return [switch.read(1000 * k, 1000 * k, load).values[0] for k, load in enumerate(loads_N)]


def test_a_switch_closes_above_its_upper_and_opens_below_its_lower_threshold() -> None:
    assert switched([0.0, 40.0, 40.1, 20.0, 19.9]) == [0.0, 0.0, 1.0, 1.0, 0.0]


def test_a_load_between_the_thresholds_changes_nothing() -> None:
    between = [21.0, 39.0, 30.0]
    assert switched([0.0, *between]) == [0.0] * 4
    assert switched([100.0, *between]) == [1.0] * 4


def test_a_hysteresis_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="open_N 40 must lie below close_N 40"):
        SwitchConfig(close_N=40.0, open_N=40.0)


@pytest.mark.parametrize(("before", "after"), [(0.0, 500.0), (500.0, 0.0)])
def test_bounce_follows_a_change_and_ends_within_its_time(before: float, after: float) -> None:
    config = SwitchConfig(bounce_ms=15.0)
    chatters = []
    for seed in range(200):
        read = switched([before] * 50 + [after] * 50, config, seed)
        assert len(set(read[:50])) == 1, "calm before the change"
        assert len(set(read[65:])) == 1, "calm when the time is over"
        assert read[99] != read[0]
        chatters.append(sum(a != b for a, b in pairwise(read)) - 1)
    assert sum(chatter > 0 for chatter in chatters) > 100
    assert sum(chatter == 0 for chatter in chatters) > 5, "up to, not always"


def test_the_first_reading_is_no_change_to_bounce_after() -> None:
    for seed in range(50):
        assert switched([500.0] * 30, SwitchConfig(bounce_ms=20.0), seed) == [1.0] * 30


@pytest.mark.parametrize(("name", "held"), [(STUCK_OPEN, 0.0), (STUCK_CLOSED, 1.0)])
def test_a_stuck_switch_keeps_its_state_whatever_bears_on_it(name: str, held: float) -> None:
    loads = [500.0, 0.0] * 20
    read = switched(loads, stuck=(Injected(name, 10_000, 30_000),))
    assert read[10:30] == [held] * 20
    assert read[:10] == [1.0, 0.0] * 5
    assert read[30:] == [1.0, 0.0] * 5, "free again"


def test_a_stuck_switch_says_when_it_was_first_wrong() -> None:
    stuck = Injected(STUCK_CLOSED, 0, FOR_EVER_US)
    switched([500.0] * 10, stuck=(stuck,))
    assert stuck.acknowledgement() is None, "it would have read closed anyway"
    switched([500.0] * 10 + [0.0] * 10, stuck=(stuck,))
    known = stuck.acknowledgement()
    assert known is not None
    assert known.t_us == 10_000


def newtons(config: ForceConfig, load_N: float, t_us: int = 0) -> float:
    (value,) = ForceSensor(HEEL_FORCE, RIGHT, config).read(t_us, t_us, load_N).values
    return value


def test_a_force_has_its_gain_error_and_offset() -> None:
    assert newtons(ForceConfig(), 400.0) == 400.0
    assert newtons(ForceConfig(gain_error_percent=10.0), 400.0) == 440.0
    assert newtons(ForceConfig(offset_N=-12.5), 400.0) == 387.5


def test_a_force_drifts_by_the_minute() -> None:
    config = ForceConfig(drift_N_per_min=6.0)
    assert newtons(config, 400.0) == 400.0
    assert newtons(config, 400.0, 60_000_000) == 406.0
    assert newtons(config, 400.0, 150_000_000) == 415.0


def test_a_force_is_read_in_quarters_of_a_newton() -> None:
    assert newtons(ForceConfig(), 100.1) == 100.0
    assert newtons(ForceConfig(), 100.13) == 100.25


def test_a_force_reads_neither_less_than_nothing_nor_more_than_its_limit() -> None:
    assert newtons(ForceConfig(offset_N=-50.0), 20.0) == 0.0
    assert newtons(ForceConfig(limit_N=600.0), 601.0) == 600.0
    assert newtons(ForceConfig(limit_N=600.0), 599.0) == 599.0
