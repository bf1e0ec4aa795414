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
from hil.suite.ordinary import arm, found_stimulating, identify, pause, stimulate, stop, update
from hil.suite.returning import (
    come_back,
    come_back_as_another,
    come_back_early,
    come_back_restarted,
    come_back_with_other_firmware,
    lose_the_cable,
)

Scenario = Callable[[Bench], Result]

SCENARIOS: Final[tuple[Scenario, ...]] = (
    identify,
    arm,
    stimulate,
    update,
    pause,
    stop,
    lose_the_cable,
    come_back,
    come_back_early,
    come_back_as_another,
    come_back_with_other_firmware,
    answer_late,
    answer_too_late,
    answer_damaged,
    never_answer,
    answer_to_nobody,
    answer_wrong,
    never_answer_from_the_start,
    found_stimulating,
    come_back_restarted,
)
