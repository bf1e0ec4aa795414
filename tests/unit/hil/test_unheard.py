"""A device that falls silent is cut off in the time that is reckoned, whatever it was doing."""

from collections.abc import Iterable
from random import Random

import pytest

from fes_ctrl.stimulators.config import StimulatorConfig
from fes_ctrl.stimulators.conversation import STOP_REPEAT_US, TRIES
from fes_ctrl.stimulators.drivers import DRIVERS
from helpers.deaf import WIRE_US, DeafBench
from hil.unheard import first_stop_us

BEGIN_US = 3_000_000
"""By then it is up."""

Script = tuple[tuple[int, str], ...]

IDLE: Script = ()
STOPPED: Script = tuple((137_000 * k, "stop") for k in range(20))
GIVING: Script = ((0, "arm"), *[(600_000 + 450_000 * k, "give") for k in range(4)])
ARMED_OFTEN: Script = tuple(
    (310_000 * k + (0 if what == "arm" else 210_000), what)
    for k in range(8)
    for what in ("arm", "stop")
)

TERMS = [(100.0, 100.0), (151.6, 67.83), (100.0, 300.0), (400.0, 40.0), (20.0, 20.0)]
"""Poll and deadline, ms."""


def config(device: str, mode: str, poll_ms: float, deadline_ms: float) -> StimulatorConfig:
    return StimulatorConfig(device, mode, ack_deadline_ms=deadline_ms, poll_ms=poll_ms)


def deaf(stimulator: StimulatorConfig, script: Script, deaf_us: int, late_us: int) -> DeafBench:
    """Return a bench whose device became deaf then, when its line has been cut."""
    bench = DeafBench(stimulator, late_us)
    bench.run(BEGIN_US)
    assert bench.up_us < BEGIN_US
    for after_us, what in script:
        bench.at(BEGIN_US + after_us, what)
    bench.deaf_us = deaf_us
    bench.run(deaf_us + 5_000_000)
    return bench


def silences(
    stimulator: StimulatorConfig, script: Script, at_us: Iterable[int], late_us: int = 0
) -> list[int]:
    """Return how long the device had been silent when its line was cut, for each instant."""
    found = [deaf(stimulator, script, deaf_us, late_us) for deaf_us in at_us]
    return [bench.silent_us for bench in found if bench.cut_us > bench.deaf_us]


def cut_us(stimulator: StimulatorConfig, *, asked: bool) -> int:
    return first_stop_us(stimulator, asked=asked) + TRIES * STOP_REPEAT_US + WIRE_US


@pytest.mark.parametrize(("device", "mode"), DRIVERS)
@pytest.mark.parametrize(("poll_ms", "deadline_ms"), TERMS)
@pytest.mark.parametrize("late", [0.0, 0.7])
def test_nothing_that_goes_on_lets_a_silent_device_go_on_for_longer(
    device: str, mode: str, poll_ms: float, deadline_ms: float, late: float
) -> None:
    stimulator = config(device, mode, poll_ms, deadline_ms)
    late_us = round(late * deadline_ms * 1000)
    if device == "rehastim2" and late_us + 24_000 >= deadline_ms * 1000:
        late_us = 0  # it would never be greeted
    random = Random(f"{device} {mode} {poll_ms} {deadline_ms} {late}")
    for script, asked in ((IDLE, False), (STOPPED, False), (GIVING, False), (ARMED_OFTEN, True)):
        # Armed at the beginning, and no more, where nobody asks.
        from_us = BEGIN_US + (600_000 if script == GIVING else 0) + 5 * asked
        at_us = [from_us + random.randrange(2_000_000) for _ in range(6)]
        found = silences(stimulator, script, at_us, late_us)
        assert len(found) == len(at_us), "each was cut off"
        assert max(found) <= cut_us(stimulator, asked=asked)
    # Pulses go on there, but from a feslink, whose clock cannot be told by answers so late, and
    # from a RehaStim2 that takes longer to answer than it may.
    gives = not (device == "feslink" and late_us) and (device, deadline_ms) != ("rehastim2", 20)
    assert (deaf(stimulator, GIVING, BEGIN_US + 2_000_000, late_us).given > 0) is gives


@pytest.mark.parametrize(("device", "mode"), DRIVERS)
def test_the_time_is_taken_where_the_device_falls_silent_right_after_a_poll(
    device: str, mode: str
) -> None:
    stimulator = config(device, mode, 151.6, 67.83)
    at_us = range(BEGIN_US, BEGIN_US + 160_000, 1_000)
    # Less what its answer to the poll takes: 2 ms, or the 24 ms of a RehaStim2.
    assert max(silences(stimulator, IDLE, at_us)) > cut_us(stimulator, asked=False) - 26_000


def test_the_time_is_longer_where_it_is_armed_just_before_it_is_missed() -> None:
    stimulator = config("p24", "low_level", 100.0, 100.0)
    worst = 0
    for arm_us in range(0, 220_000, 5_000):
        worst = max(worst, *silences(stimulator, ((arm_us, "arm"),), [BEGIN_US]))
    assert cut_us(stimulator, asked=False) < worst <= cut_us(stimulator, asked=True)
    assert worst > cut_us(stimulator, asked=True) - 110_000


def test_a_device_that_was_stopped_just_before_is_stopped_at_the_next_silence() -> None:
    stimulator = config("p24", "low_level", 20.0, 20.0)
    at_us = range(BEGIN_US + 100_000, BEGIN_US + 250_000, 1_000)
    worst = max(silences(stimulator, ((100_000, "lose"),), at_us))
    assert worst > 20_000 + 20_000 + TRIES * STOP_REPEAT_US + WIRE_US
    assert worst <= cut_us(stimulator, asked=False)


def test_a_list_of_long_rounds_is_not_polled_and_takes_its_time() -> None:
    stimulator = StimulatorConfig("rehastim2", "channel_list", list_interval_ms=400.0)
    script = ((0, "arm"), *[(600_000 + 150_000 * k, "give") for k in range(8)])
    at_us = range(BEGIN_US + 700_000, BEGIN_US + 2_500_000, 37_000)
    assert deaf(stimulator, script, max(at_us), 0).given >= 3, "one a round"
    worst = max(silences(stimulator, script, at_us))
    assert worst > 100_000 + 100_000 + TRIES * STOP_REPEAT_US + WIRE_US
    assert worst <= cut_us(stimulator, asked=False)
