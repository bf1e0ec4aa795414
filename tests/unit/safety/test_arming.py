"""Arming, step by step: what every call leaves behind."""

import pytest

from fes_ctrl.safety.arming import ARMED, ARMING, DISARMED, Arming
from fes_ctrl.safety.faults import BY_ID


def stands(arming: Arming) -> tuple[str, int, str, bool, bool]:
    return (arming.state, arming.level_percent, arming.latched, arming.paused, arming.link_up)


def armed(level_percent: int = 60) -> Arming:
    arming = Arming()
    arming.link_up = True
    assert arming.ask_to_arm() is True
    assert arming.ready() is True
    assert arming.set_level(level_percent) is True
    return arming


def test_the_states_are_told_by_these_words() -> None:
    assert (DISARMED, ARMING, ARMED) == ("disarmed", "arming", "armed")


def test_at_first_nothing_is_known_and_nothing_allowed() -> None:
    arming = Arming()
    assert stands(arming) == ("disarmed", 0, "", False, False)
    assert arming.allows_bursts is False
    assert arming.clear() == ""


def test_a_wish_and_the_device_s_word_arm_at_level_zero() -> None:
    arming = Arming()
    assert arming.ask_to_arm() is False, "no device has answered"
    assert stands(arming) == ("disarmed", 0, "", False, False)
    arming.link_up = True
    assert arming.ask_to_arm() is True
    assert stands(arming) == ("arming", 0, "", False, True)
    assert arming.allows_bursts is False
    assert arming.ready() is True
    assert stands(arming) == ("armed", 0, "", False, True)
    assert arming.allows_bursts is True
    assert arming.ready() is False, "it is said once"
    assert arming.ask_to_arm() is False
    assert arming.why_not() == "already armed"


def test_a_pause_holds_the_bursts_and_takes_the_level() -> None:
    arming = armed()
    arming.pause()
    assert stands(arming) == ("armed", 0, "", True, True)
    assert arming.allows_bursts is False
    arming.paused = False
    assert arming.allows_bursts is True


def test_a_pause_while_arming_is_not_undone_by_the_device() -> None:
    arming = Arming()
    arming.link_up = True
    arming.ask_to_arm()
    arming.pause()
    assert arming.ready() is True
    assert stands(arming) == ("armed", 0, "", True, True)


def test_a_wish_to_arm_ends_a_pause_that_came_before_it() -> None:
    arming = Arming()
    arming.link_up = True
    arming.pause()
    assert arming.ask_to_arm() is True
    assert stands(arming) == ("arming", 0, "", False, True)


def test_disarming_takes_readiness_level_and_pause_and_leaves_the_link() -> None:
    arming = armed()
    arming.paused = True
    arming.disarm()
    assert stands(arming) == ("disarmed", 0, "", False, True)
    assert arming.allows_bursts is False


def test_a_level_is_taken_by_the_armed_alone() -> None:
    arming = armed(60)
    assert stands(arming) == ("armed", 60, "", False, True)
    arming.latch(BY_ID["F04L"])
    assert arming.set_level(70) is False
    assert arming.set_level(61) is False
    assert arming.level_percent == 60


def test_a_level_can_be_lowered_while_a_fault_holds_and_stays_so_after_it() -> None:
    arming = armed(60)
    arming.latch(BY_ID["F04L"])
    assert arming.set_level(60) is True
    assert arming.level_percent == 60
    assert arming.set_level(20) is True
    arming.clear()
    assert (arming.allows_bursts, arming.level_percent) == (True, 20)


def test_a_grave_fault_disarms_and_a_fault_of_availability_does_not() -> None:
    arming = armed()
    assert arming.latch(BY_ID["F12"]) is True
    assert stands(arming) == ("disarmed", 0, "F12", False, True)
    arming = armed()
    assert arming.latch(BY_ID["F04L"]) is False
    assert stands(arming) == ("armed", 60, "F04L", False, True)
    assert arming.allows_bursts is False
    assert arming.clear() == "F04L"
    assert stands(arming) == ("armed", 60, "", False, True)
    assert arming.allows_bursts is True


@pytest.mark.parametrize(
    ("first", "second", "held", "stops"),
    [
        ("F04L", "F12", "F12", True),
        ("F04L", "F04L", "F04L", False),
        ("F12", "F04L", "F12", False),
        ("F12", "F15", "F12", False),
    ],
)
def test_a_latch_is_taken_over_by_a_graver_fault_alone(
    first: str, second: str, held: str, stops: bool
) -> None:
    arming = armed()
    arming.latch(BY_ID[first])
    assert arming.latch(BY_ID[second]) is stops
    assert arming.latched == held
    assert arming.clear() == held
    assert arming.latched == ""


def test_a_latch_that_was_opened_is_open_for_any_fault() -> None:
    arming = armed()
    arming.latch(BY_ID["F12"])
    arming.clear()
    assert arming.latch(BY_ID["F04L"]) is False
    assert arming.latched == "F04L"


def test_why_a_wish_is_not_followed_names_the_latch_first() -> None:
    arming = Arming()
    assert arming.why_not() == "no device has answered"
    arming.latched = "F12"
    assert arming.ask_to_arm() is False
    assert arming.why_not() == "fault F12 is latched"
    arming.link_up = True
    assert arming.ask_to_arm() is False
    assert stands(arming) == ("disarmed", 0, "F12", False, True)


def test_why_nothing_may_be_given_is_said_the_gravest_first() -> None:
    arming = Arming()
    assert arming.why_silent() == "not armed"
    arming.link_up = True
    arming.ask_to_arm()
    assert arming.why_silent() == "not armed", "the device has not said that it is ready"
    arming.ready()
    assert arming.why_silent() == "the level is zero"
    arming.set_level(1)
    assert arming.why_silent() == ""
    arming.pause()
    assert arming.why_silent() == "paused"
    arming.latch(BY_ID["F18"])
    assert arming.why_silent() == "fault F18 is latched"
