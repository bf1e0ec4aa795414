"""A limiter on a RehaStim2's line: what it takes for ready, and for stopped."""

import pytest

from fes_ctrl.wire import sciencemode2 as sm2
from firmware_sim.ceilings import Ceilings
from firmware_sim.ears import ScienceMode2Ear
from firmware_sim.limiter import Limiter

PULSE = ((300, 20_000), (100, 0), (300, -20_000))


def fitted() -> tuple[Limiter, list[int]]:
    limiter = Limiter(Ceilings(None), [1_000] * 8, ScienceMode2Ear())
    given: list[int] = []
    limiter.sinks.append(lambda t_us, _channel, _points: given.append(t_us))
    limiter.hear(0, sm2.init_ack(1))
    return limiter, given


def test_a_pulse_that_no_command_asked_for_is_blocked() -> None:
    limiter, given = fitted()
    limiter.hear(1_000, sm2.get_stimulation_mode(1))
    limiter.pulse(20_000, 0, PULSE)
    assert given == []
    assert limiter.latched == "stopped"


@pytest.mark.parametrize(
    ("later_us", "passes"), [(0, True), (24_000, True), (25_000, True), (25_001, False)]
)
def test_a_pulse_that_was_on_its_way_comes_through_a_stop_and_none_after_it(
    later_us: int, *, passes: bool
) -> None:
    limiter, given = fitted()
    limiter.hear(10_000, sm2.single_pulse(1, 0, 300, 20_000))
    limiter.hear(12_000, sm2.FRAME_ENDS + sm2.stop_channel_list(2))
    limiter.pulse(12_000 + later_us, 0, PULSE)
    assert (given != []) == passes
    assert (limiter.latched == "stopped") != passes


def test_polls_after_a_stop_do_not_bring_output_back_and_a_new_pulse_does() -> None:
    limiter, given = fitted()
    limiter.hear(10_000, sm2.single_pulse(1, 0, 300, 20_000))
    limiter.hear(12_000, sm2.stop_channel_list(2))
    limiter.hear(20_000, sm2.stop_channel_list(2))
    limiter.hear(100_000, sm2.get_stimulation_mode(3))
    limiter.hear(110_000, sm2.single_pulse(4, 0, 300, 20_000))
    limiter.pulse(130_000, 0, PULSE)
    assert given == [130_000]


def test_another_protocols_frames_are_no_sign_of_a_host() -> None:
    from fes_ctrl.wire import sciencemode4 as sm4

    limiter, given = fitted()
    limiter.hear(10_000, sm2.single_pulse(1, 0, 300, 20_000))
    limiter.hear(150_000, sm4.get_stim_status(1))
    limiter.pulse(170_000, 0, PULSE)
    assert given == []
    assert limiter.latched == "dead_man"


def test_a_stop_is_heard_before_anything_else_was() -> None:
    limiter = Limiter(Ceilings(None), [1_000] * 8, ScienceMode2Ear())
    given: list[int] = []
    limiter.sinks.append(lambda t_us, _channel, _points: given.append(t_us))
    limiter.hear(0, sm2.FRAME_ENDS + sm2.stop_channel_list(2))
    limiter.hear(1_000, sm2.init_ack(1))
    limiter.hear(50_000, sm2.single_pulse(3, 0, 300, 20_000))
    limiter.pulse(70_000, 0, PULSE)
    assert given == [70_000]
