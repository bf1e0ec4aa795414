"""Records of a log that is older than a field, and of one that is damaged."""

from typing import Any

import pytest

from fes_ctrl.model import Adaptation
from fes_ctrl.runlog.decode import decode_record
from fes_ctrl.runlog.reader import RunLogError

LEARNT: dict[str, Any] = {
    "kind": "adaptation",
    "now": 5,
    "t": 4,
    "leg": 1,
    "verdict": "learnt",
    "reason": "",
    "mid_deg": -20.5,
    "contact_deg": 12.5,
    "fall_dps": None,
    "share": 0.25,
    "later": 50_000,
    "sooner": 7,
}


def test_a_log_in_which_no_ramp_was_shortened_need_not_say_so() -> None:
    for record, shorter_us in ((LEARNT, 0), ({**LEARNT, "shorter": 90_000}, 90_000)):
        told = decode_record(record)
        assert isinstance(told, Adaptation)
        assert told.shorter_us == shorter_us
        assert (told.share, told.later_us, told.sooner_us) == (0.25, 50_000, 7)


@pytest.mark.parametrize("shorter", ["90", None, 1.5, [90]])
def test_what_is_no_length_of_a_ramp_is_refused(shorter: object) -> None:
    with pytest.raises(RunLogError, match=r"^an adaptation record lacks a field or has one of a"):
        decode_record({**LEARNT, "shorter": shorter})


def test_what_is_damaged_is_named() -> None:
    with pytest.raises(RunLogError, match=r"^a burst record lacks"):
        decode_record({"kind": "burst"})
    with pytest.raises(RunLogError, match=r"^an event record lacks"):
        decode_record({"kind": "event"})
