"""Dials go as far as limits and device let them, and stand on whole steps."""

from dataclasses import replace

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from fes_ctrl.stim.config import ChannelConfig, ProgramConfig
from fes_ctrl.tuning.job import Settings
from fes_ctrl.tuning.proposals import Past, pattern, propose
from fes_ctrl.tuning.space import Dial, dials_of, given, narrowed, settings_at, shortened

RATE = Dial("program.channel.0.rate_hz", "rate", "Hz", 15, 60, 1, 40)


def keys(program: ProgramConfig, detector: str = "heel") -> list[str]:
    return [dial.key.removeprefix("program.") for dial in dials_of(program, detector)]


def test_only_dials_that_do_something_are_turned() -> None:
    assert keys(ProgramConfig()) == [
        *("delay_ms", "rise_ms", "extension_ms", "fall_ms"),
        *("channel.0.intensity", "channel.0.pulse_width_us", "channel.0.rate_hz"),
    ]
    assert "trigger_lead_ms" in keys(ProgramConfig(), "foot-imu")
    shared = keys(ProgramConfig(extension_percent_stance=8.0))
    assert "extension_percent_stance" in shared
    assert "extension_ms" not in shared
    assert "extension_ms" not in keys(ProgramConfig(end="time_out"))
    two = ProgramConfig(channel=(ChannelConfig(current_mA=30.0), ChannelConfig(channel=1)))
    assert "channel.0.current_mA" in keys(two)
    assert "channel.1.intensity" in keys(two)
    assert dials_of(two, "heel")[-1].words == "rate of channel 1"


@over(st.integers(15, 40), st.integers(40, 60))
def test_a_dial_ends_where_the_configuration_is_refused(low: int, high: int) -> None:
    def check(settings: Settings) -> str:
        rate = float(str(dict(settings)[RATE.key]))
        return "" if low <= rate <= high else "refused"

    found = narrowed([RATE], check)
    assert [(dial.low, dial.high) for dial in found] == ([(low, high)] if low < high else [])


@pytest.mark.parametrize(("now", "good", "ends"), [(40.5, 38, (38, 40.5)), (40.5, 44, (40.5, 44))])
def test_a_dial_between_its_steps_is_narrowed_too(
    now: float, good: float, ends: tuple[float, float]
) -> None:
    low, high = sorted((now, good))

    def check(settings: Settings) -> str:
        return "" if low <= float(str(dict(settings)[RATE.key])) <= high else "refused"

    (dial,) = narrowed([replace(RATE, now=now)], check)
    assert (dial.low, dial.high) == ends


ENDS = st.integers(15_000, 60_000).map(lambda thousandths: thousandths / 1000)


@over(ENDS, ENDS, st.sampled_from([0.5, 1, 7]), st.floats(-1e3, 1e3))
def test_no_position_is_beyond_an_end(one: float, other: float, step: float, value: float) -> None:
    low, high = sorted((one, other))
    dial = replace(RATE, low=low, high=high, step=step)
    assert low <= dial.nearest(value) <= high


def test_a_given_program_beyond_an_end_is_the_only_one_there() -> None:
    beyond = replace(RATE, low=20, high=30)
    points = pattern([beyond], 1)
    assert points[0] == (40,), "the given program"
    assert points[1:], "and others"
    assert all(20 <= at <= 30 for (at,) in points[1:])
    past = [Past(point, (1.0, -point[0]), {}) for point in points]
    proposed = propose([beyond], past, 8, 1)
    assert proposed
    assert all(20 <= at <= 30 for (at,) in proposed)
    assert beyond.nearest(39.9) == 30


@pytest.mark.parametrize(
    ("best", "ends"), [(35, [(20, 30)]), (45, [(20, 30)]), (25, [(20, 25)]), (19, [])]
)
def test_a_dial_that_the_given_program_is_beyond_is_narrowed_from_its_near_end(
    best: int, ends: list[tuple[float, float]]
) -> None:
    def check(settings: Settings) -> str:
        rate = float(str(dict(settings)[RATE.key]))
        return "" if 10 <= rate <= best else f"{rate:g} is above {best} (--set {RATE.key}={rate:g})"

    low = replace(RATE, low=20, high=30, now=12)
    assert [(dial.low, dial.high) for dial in narrowed([low], check)] == ends
    told = shortened([low], narrowed([low], check), check)
    assert told == {
        25: [f"{RATE.key} goes from 20 to 25: at 26, 26 is above 25"],
        19: [f"{RATE.key} cannot be turned: at 20, 20 is above 19"],
    }.get(best, [])


@over(st.integers(15, 40), st.integers(40, 60), st.sampled_from([1, 2, 7]))
def test_a_dial_that_is_cut_tells_the_first_value_that_is_refused(
    low: int, high: int, step: int
) -> None:
    def check(settings: Settings) -> str:
        rate = float(str(dict(settings)[RATE.key]))
        return "" if low <= rate <= high else f"{rate:g} is refused"

    dial = replace(RATE, step=step)
    told = shortened([dial], narrowed([dial], check), check)
    steps = [dial.at(level) for level in range(dial.levels)]
    nearest = [
        *[at for at in steps if at < low][-1:],
        *[at for at in steps if at > high][:1],
    ]
    assert [note.partition(": ")[2] for note in told] == [
        f"at {at:g}, {at:g} is refused" for at in nearest
    ]


@over(st.floats(-1e3, 1e3))
def test_whatever_is_proposed_lands_on_a_step_within_the_ends(value: float) -> None:
    dial = Dial("program.channel.0.intensity", "intensity", "", 0.1, 1.0, 0.01, 0.615)
    at = dial.nearest(value)
    assert dial.low <= at <= dial.high
    assert at == dial.now or round(at * 100, 6) == round(at * 100)
    assert dial.nearest(at) == at


def test_settings_name_what_differs_and_whole_numbers_stay_whole() -> None:
    dials = dials_of(ProgramConfig(), "heel")
    assert settings_at(dials, given(dials)) == ()
    width = next(at for at, dial in enumerate(dials) if dial.key.endswith("pulse_width_us"))
    point = (*given(dials)[:width], 200.0, *given(dials)[width + 1 :])
    ((key, value),) = settings_at(dials, point)
    assert key == "program.channel.0.pulse_width_us"
    assert isinstance(value, int)
