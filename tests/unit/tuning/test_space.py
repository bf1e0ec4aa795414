"""Dials go as far as limits and device let them, and stand on whole steps."""

from dataclasses import replace

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from fes_ctrl.stim.config import ChannelConfig, ProgramConfig
from fes_ctrl.tuning.job import Settings
from fes_ctrl.tuning.space import Dial, dials_of, given, narrowed, settings_at

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
