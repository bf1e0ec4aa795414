"""The scenarios there are, in the order of their numbers: what every driver and device must do."""

from collections.abc import Callable
from typing import Final

from hil.suite.answering import (
    answer_damaged,
    answer_late,
    answer_to_nobody,
    answer_too_late,
    answer_wrong,
    never_answer,
    never_answer_from_the_start,
)
from hil.suite.bench import Bench, Result
from hil.suite.electrode import (
    electrode_off,
)
from hil.suite.limits import (
    balance,
    beyond,
    staircase,
    too_much_for_it,
    two_at_once,
)
from hil.suite.ordinary import (
    arm,
    found_stimulating,
    identify,
    pause,
    stimulate,
    stop,
    update,
)
from hil.suite.returning import (
    come_back,
    come_back_as_another,
    come_back_early,
    come_back_restarted,
    come_back_with_other_firmware,
    host_freezes,
    lose_the_cable,
)
from hil.suite.silent import (
    off_is_off,
)
from hil.suite.timing import (
    answered,
    endurance,
    heel_to_pulse,
    ramp,
    rhythm,
    setpoint_to_pulse,
    walk,
)

Scenario = Callable[[Bench], Result]

SCENARIOS: Final[tuple[Scenario, ...]] = (
    off_is_off,
    arm,
    pause,
    stop,
    found_stimulating,
    identify,
    come_back,
    come_back_restarted,
    come_back_as_another,
    come_back_with_other_firmware,
    never_answer_from_the_start,
    staircase,
    balance,
    beyond,
    too_much_for_it,
    two_at_once,
    stimulate,
    update,
    ramp,
    rhythm,
    lose_the_cable,
    host_freezes,
    electrode_off,
    come_back_early,
    answer_late,
    answer_too_late,
    answer_damaged,
    never_answer,
    answer_to_nobody,
    answer_wrong,
    setpoint_to_pulse,
    answered,
    heel_to_pulse,
    endurance,
    walk,
)

SIMULATED_ONLY: Final[frozenset[Scenario]] = frozenset({too_much_for_it})
"""What asks, past the guard, for more than a device can give: of no real one."""


def number_of(scenario: Scenario) -> int:
    """Return a scenario's number: of the test that runs it."""
    return int(str(scenario.__doc__).split(".", maxsplit=1)[0])


def title_of(scenario: Scenario) -> str:
    """Return what a scenario demands, in one sentence."""
    first, _, _ = str(scenario.__doc__).partition("\n")
    return first.split(". ", maxsplit=1)[1]
