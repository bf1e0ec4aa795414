"""The search for a seated wearer's thresholds, word by word."""

import pytest

from fes_ctrl.model import BurstEnd, BurstStart, Decision, Fault, Record, Setpoint
from fes_ctrl.stim.config import MuscleSetup
from fes_ctrl.stim.seated import NONE_YET, WORDS, SeatedSearch, Wish
from fes_ctrl.units import NEVER_US

SETPOINT = Setpoint(0, 1, 0, 20_000, 300, 10_000, 0)


def start(mA: float, trigger: str = "test") -> BurstStart:
    return BurstStart(0, 1, 0, trigger, 0, round(mA * 1000))


def end(by: str = "test") -> BurstEnd:
    return BurstEnd(1_000_000, 1, 0, by, 0, NEVER_US)


def decision(verdict: str = "refuse", reason: str = "ramp") -> Decision:
    return Decision(0, 1, 0, verdict, reason, SETPOINT)


class Bench:
    """A search, and a bench that gives what it asks for."""

    def __init__(self, start_ma: int = 1, most_ma: int = 80) -> None:
        self.search = SeatedSearch(start_ma, most_ma)

    def see(self, *records: Record) -> list[str]:
        return [said for record in records if (said := self.search.see(record))]

    def ask(self, word: str = "next") -> int:
        """Ask for a burst that begins, and is not over yet."""
        wish = self.search.say(word)
        assert wish.burst_ma, wish.said
        assert self.see(start(wish.burst_ma)) == []
        return wish.burst_ma

    def give(self, word: str = "next") -> int:
        burst_ma = self.ask(word)
        assert self.see(end()) == [f"{burst_ma} mA given"]
        return burst_ma

    def climb(self, to_ma: int) -> None:
        while (was_ma := self.search.current_ma) < to_ma:
            self.give()
            assert self.search.current_ma > was_ma, "it would never get there"
        assert self.search.current_ma == to_ma

    def hear(self, word: str) -> str:
        wish = self.search.say(word)
        assert wish.burst_ma == 0
        return wish.said


def marked(sensory: int, motor: int, tolerated: int, most_ma: int = 80) -> Bench:
    bench = Bench(most_ma=most_ma)
    for to_ma, word in ((sensory, "felt"), (motor, "moved"), (tolerated, "enough")):
        bench.climb(to_ma)
        bench.hear(word)
    return bench


def test_the_words_are_these() -> None:
    assert WORDS == ("next", "repeat", "back", "felt", "moved", "enough")
    assert NONE_YET == "no burst was given yet: say next"


def test_at_first_nothing_was_given_and_nothing_is_known() -> None:
    search = SeatedSearch(5, 80)
    assert (search.current_ma, search.running_ma, search.ceiling_ma) == (0, 0, 80)
    assert (search.sensory_ma, search.motor_ma, search.tolerated_ma) == (0, 0, 0)
    assert (search._asked_ma, search._spoilt, search._before) == (0, False, (0, 0))
    assert not search.done


def test_it_climbs_from_the_start_in_steps_of_one_milliampere() -> None:
    bench = Bench(start_ma=5)
    assert bench.search.current_ma == 0
    assert [bench.give() for _ in range(4)] == [5, 6, 7, 8]
    assert bench.search.say("next") == Wish(9, "9 mA")
    assert bench.search.current_ma == 8, "asking is not giving"


def test_it_repeats_and_goes_back_as_far_as_the_start() -> None:
    bench = Bench(start_ma=5)
    bench.climb(7)
    assert [bench.give("repeat") for _ in range(2)] == [7, 7]
    assert [bench.give("back") for _ in range(3)] == [6, 5, 5]
    assert bench.give() == 6


@pytest.mark.parametrize("word", ["repeat", "back", "felt", "moved", "enough"])
def test_before_the_first_burst_there_is_nothing_to_say_but_next(word: str) -> None:
    bench = Bench()
    assert bench.hear(word) == NONE_YET
    assert bench.search.told() == "felt -, moved -, enough -"
    assert bench.give() == 1


@pytest.mark.parametrize("word", ["next", "repeat", "back"])
def test_no_burst_is_asked_for_while_one_runs(word: str) -> None:
    bench = Bench()
    bench.climb(3)
    bench.ask()
    assert bench.search.running_ma == 4
    assert bench.hear(word) == "the burst of 4 mA is not over yet"
    assert bench.see(end()) == ["4 mA given"]
    assert bench.search.running_ma == 0
    assert bench.give(word) in {3, 4, 5}


def test_the_three_marks_are_the_thresholds() -> None:
    bench = Bench()
    bench.climb(10)
    assert bench.hear("felt") == "felt 10 mA, moved -, enough -"
    bench.climb(18)
    assert bench.hear("moved") == "felt 10 mA, moved 18 mA, enough -"
    assert not bench.search.done
    bench.climb(25)
    assert bench.hear("enough") == "felt 10 mA, moved 18 mA, enough 25 mA"
    assert bench.search.done
    assert bench.search.found(280) == MuscleSetup(10, 18, 25, 280)


@pytest.mark.parametrize("missing", ["felt", "moved", "enough"])
def test_two_of_three_are_not_all(missing: str) -> None:
    bench = Bench()
    for to_ma, word in ((10, "felt"), (18, "moved"), (25, "enough")):
        bench.climb(to_ma)
        if word != missing:
            bench.hear(word)
    assert not bench.search.done


def test_felt_and_moved_may_be_one_and_the_same() -> None:
    assert marked(12, 12, 13).search.done


def test_a_mark_is_made_again_by_saying_it_again() -> None:
    bench = marked(10, 18, 25)
    assert bench.give("back") == 24
    assert bench.hear("moved") == "felt 10 mA, moved 24 mA, enough 25 mA"
    assert bench.search.done


def test_a_burst_that_runs_may_be_felt_and_seen() -> None:
    bench = Bench()
    bench.climb(9)
    bench.ask()
    assert bench.hear("felt") == "felt 10 mA, moved -, enough -"
    assert bench.hear("moved") == "felt 10 mA, moved 10 mA, enough -"
    bench.see(end())
    assert bench.search.told() == "felt 10 mA, moved 10 mA, enough -"


# -- enough ---------------------------------------------------------------------------------------


def test_no_burst_is_stronger_than_what_was_enough() -> None:
    bench = marked(10, 18, 25)
    assert bench.hear("next") == "25 mA was enough: no burst is stronger"
    assert bench.give("repeat") == 25
    assert bench.give("back") == 24
    assert bench.give() == 25
    assert bench.hear("next") == "25 mA was enough: no burst is stronger"


def test_enough_can_be_said_again_lower_and_never_higher() -> None:
    bench = marked(10, 18, 25)
    bench.give("back")
    assert bench.hear("enough") == "felt 10 mA, moved 18 mA, enough 24 mA"
    assert bench.hear("next") == "24 mA was enough: no burst is stronger"
    assert bench.search.ceiling_ma == 24


def test_who_says_it_in_a_burst_has_borne_the_one_before() -> None:
    bench = Bench()
    bench.climb(24)
    bench.ask()
    assert bench.hear("enough") == "felt -, moved -, enough 24 mA"
    assert bench.see(end("stop")) == ["25 mA does not count: it was cut off (stop)"]
    assert bench.hear("next") == "24 mA was enough: no burst is stronger"


@pytest.mark.parametrize(("word", "borne_ma"), [("repeat", 23), ("back", 22)])
def test_a_burst_that_was_borne_once_and_is_not_now_was_too_much(word: str, borne_ma: int) -> None:
    bench = Bench()
    bench.climb(24)
    bench.ask(word)
    bench.hear("enough")
    assert bench.search.tolerated_ma == bench.search.ceiling_ma == borne_ma
    bench.see(end("stop"))
    assert bench.hear("repeat") == f"{borne_ma} mA was enough: no burst is stronger"


def test_who_bears_not_even_the_first_burst_gets_no_other() -> None:
    bench = Bench()
    bench.ask()
    says = "enough before any burst was borne: move the electrode, or quit"
    assert bench.hear("enough") == says
    bench.see(end("stop"))
    assert bench.hear("next") == "0 mA was enough: no burst is stronger"
    assert not bench.search.done


def test_the_limits_end_the_climb_as_well() -> None:
    bench = Bench(most_ma=12)
    bench.climb(12)
    says = "12 mA is the most that limits and stimulator allow: no burst is stronger"
    assert bench.hear("next") == says
    assert bench.give("repeat") == 12
    assert marked(10, 11, 12, most_ma=12).search.done


# -- what is out of order -------------------------------------------------------------------------


def test_what_does_not_rise_is_said_and_can_be_mended() -> None:
    bench = Bench()
    bench.climb(10)
    bench.hear("moved")
    bench.climb(12)
    says = "felt at 12 mA, but moved at 10 mA already: mark one of them again"
    assert bench.hear("felt") == says
    bench.climb(20)
    assert bench.hear("enough") == says
    assert not bench.search.done
    bench.give("back")
    assert bench.hear("moved") == "felt 12 mA, moved 19 mA, enough 20 mA"
    assert bench.search.done


def test_enough_has_to_lie_above_what_moves_the_foot() -> None:
    bench = Bench()
    bench.climb(10)
    bench.hear("felt")
    bench.climb(18)
    bench.hear("moved")
    says = "moved at 18 mA, but enough at 18 mA: mark lower, or quit"
    assert bench.hear("enough") == says
    assert not bench.search.done
    assert bench.hear("next") == "18 mA was enough: no burst is stronger"
    bench.give("back")
    bench.hear("moved")
    assert bench.search.found(300) == MuscleSetup(10, 17, 18, 300)


def test_enough_has_to_lie_above_what_is_felt() -> None:
    bench = Bench()
    bench.climb(10)
    bench.hear("felt")
    assert bench.hear("enough") == "felt at 10 mA, but enough at 10 mA: mark lower, or quit"
    bench.give("back")
    assert bench.hear("felt") == "felt 9 mA, moved -, enough 10 mA"


# -- what was not given ---------------------------------------------------------------------------


@pytest.mark.parametrize(("verdict", "verb"), [("clip", "clips"), ("refuse", "refuses")])
def test_what_the_guard_changes_is_told_once_and_does_not_count(verdict: str, verb: str) -> None:
    bench = Bench()
    bench.climb(4)
    bench.ask()
    told = f"5 mA does not count: the guard {verb} it (level_step)"
    assert bench.see(decision(verdict, "level_step"), decision(verdict, "level_step")) == [told]
    says = "the burst of 5 mA does not count: say next when it is over"
    assert bench.hear("felt") == bench.hear("moved") == says
    assert bench.see(end()) == []
    assert bench.search.current_ma == 4
    assert bench.search.told() == "felt -, moved -, enough -"
    assert bench.give() == 5


def test_what_ends_for_another_reason_does_not_count() -> None:
    bench = Bench()
    bench.climb(4)
    bench.ask()
    assert bench.see(end("fault")) == ["5 mA does not count: it was cut off (fault)"]
    assert bench.search.current_ma == 4
    assert bench.search.running_ma == 0
    assert bench.give() == 5


def test_what_was_said_of_a_burst_that_does_not_count_is_taken_back() -> None:
    bench = Bench()
    bench.climb(3)
    bench.hear("felt")
    bench.climb(4)
    bench.hear("moved")
    bench.ask()
    bench.hear("felt")
    bench.hear("moved")
    bench.see(decision(), end("refused"))
    assert bench.search.told() == "felt 3 mA, moved 4 mA, enough -"
    bench.ask()
    bench.hear("moved")
    bench.see(end("sensor"))
    assert bench.search.told() == "felt 3 mA, moved 4 mA, enough -"


def test_what_the_device_or_the_program_cannot_give_does_not_count() -> None:
    bench = Bench()
    bench.climb(4)
    assert bench.search.say("next").burst_ma == 5
    assert bench.see(start(4.5)) == ["5 mA does not count: only 4.5 mA can be given"]
    assert bench.see(decision()) == [], "it is told already"
    assert bench.see(end()) == []
    assert bench.search.current_ma == 4


def test_a_spoilt_burst_spoils_no_other() -> None:
    bench = Bench()
    bench.ask()
    bench.see(decision(), end("refused"))
    assert bench.search.current_ma == 0
    assert bench.give() == 1
    assert bench.hear("felt") == "felt 1 mA, moved -, enough -"


def test_steps_and_what_else_happens_are_no_bursts_of_the_search() -> None:
    bench = Bench()
    bench.climb(4)
    fault = Fault(0, "F30", "warn", -1, "")
    assert bench.see(start(18, "ho"), decision(), end("time_out"), fault) == []
    assert bench.search.running_ma == 0
    assert bench.search.current_ma == 4
    bench.ask()
    assert bench.see(fault) == []
    assert bench.see(end()) == ["5 mA given"]


def test_who_begins_anew_climbs_again_and_keeps_the_marks() -> None:
    bench = marked(2, 3, 5)
    bench.search.begin_anew()
    assert bench.search.current_ma == 0
    assert bench.hear("felt") == NONE_YET
    assert bench.give() == 1
    assert bench.search.told() == "felt 2 mA, moved 3 mA, enough 5 mA"
    bench.climb(5)
    assert bench.hear("next") == "5 mA was enough: no burst is stronger"
