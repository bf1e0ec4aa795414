"""A remote's wishes in a walk: refused with a reason, held until the burst is over, answered."""

import json
from typing import Any
from uuid import uuid4

import pytest

from fes_ctrl.model import BurstEnd
from fes_ctrl.safety.faults import WARN
from fes_ctrl.telemetry.gate import LIFE_US, MOST_SENDERS
from fes_ctrl.telemetry.remote import REMEMBERED
from helpers.asked import NOON_US, setting, stopping
from helpers.told_walk import ToldWalk

WALKS_S = 8.0
"""By then the walk's operator has armed and raised the level, and the patient walks."""


def walking(*inject: str, **options: Any) -> ToldWalk:
    walk = ToldWalk(*inject, **options)
    walk.until(WALKS_S)
    assert walk.states()[-1].armed
    assert walk.states()[-1].level_percent > 0
    return walk


def verdicts(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["verdict"] for answer in answers]


def test_a_change_in_a_burst_holds_after_it_and_is_told_then() -> None:
    walk = walking()
    walk.until_pulse()
    leg = walk.rig.session.controller._legs[0]
    before = leg.program.config.extension_ms
    assert verdicts(walk.ask(change={"program.extension_ms": 250.0})) == ["accepted"]
    assert leg.program.burst.active
    assert leg.program.config.extension_ms == before
    assert walk.told("parameters")[-1]["waiting"] is True
    ended = len([record for record in walk.records if isinstance(record, BurstEnd)])
    walk.clock.run_until_us(
        walk.clock.now_us() + 4_000_000,
        stopped=lambda: walk.answers()[-1]["verdict"] == "effective",
    )
    ends = [record for record in walk.records if isinstance(record, BurstEnd)]
    assert len(ends) == ended + 1, "told at the end of the burst, and no later"
    assert leg.program.config.extension_ms == 250.0
    told = walk.told("parameters")[-1]
    assert told["waiting"] is False
    assert told["values"]["right"]["program.extension_ms"] == 250.0
    assert walk.answers()[-1]["version"] == told["version"] == 2


def test_a_change_between_bursts_holds_at_once() -> None:
    walk = ToldWalk()
    walk.until(0.5)
    assert verdicts(walk.ask(change={"program.rise_ms": 150.0})) == ["accepted", "effective"]


def test_who_comes_after_too_many_may_lower_and_no_more() -> None:
    walk = walking()
    for number in range(MOST_SENDERS):
        # Refused, and known all the same.
        (refused,) = walk.ask(f"s{number}", change={"program.rise_ms": 2001.0})
        assert refused["reason"].startswith("value: ")
    for level in (50, 40):
        assert "accepted" in verdicts(walk.ask("late", change={"level_percent": level}))
        assert walk.rig.session.controller._authorities[0].arming.level_percent == level
    (refused,) = walk.ask("late", change={"program.rise_ms": 150.0})
    assert refused["verdict"] == "refused"
    assert refused["reason"] == "senders: 64 have spoken in this run"
    (raised,) = walk.ask("late", change={"level_percent": 60})
    assert raised["reason"].startswith("value: ")


REFUSALS = {
    "retained": {"retained": True},
    "expired": {"issued_us": NOON_US - LIFE_US},
    "future": {"issued_us": NOON_US + 60_000_000},
    "session": {"session": "f" * 32},
    "version": {"base_version": 7},
    "value": {"change": {"program.rise_ms": 2001.0}},
    "key": {"change": {"stimulator.mode": 1.0}},
    "limit": {"change": {"program.time_out_ms": 3000.0}},
    "leg": {"leg": "left"},
    "malformed": {"seq": "next"},
    "too large": {"change": {f"k{n}": 1 for n in range(99)}},
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_refused_is_told_why_and_changes_nothing(kind: str) -> None:
    walk = ToldWalk()
    walk.until(0.5)
    before = walk.told("parameters")[-1]
    fields = {"issued_us": walk.utc_us(), "base_version": 1, **REFUSALS[kind]}
    (answer,) = walk._answers(setting(**fields))  # type: ignore[arg-type]
    assert answer["verdict"] == "refused"
    assert answer["reason"].startswith(kind)
    assert answer["version"] == 1
    assert walk.told("parameters")[-1] == before
    entry = walk.told("audit")[-1]
    assert (entry["sender"], entry["verdict"], entry["reason"]) == (
        "tuner",
        "refused",
        answer["reason"],
    )
    stale = kind in {"retained", "expired", "future", "session"}
    assert [fault.reaction for fault in walk.faults("F26")] == [WARN] * stale


def test_one_part_that_cannot_be_had_refuses_the_whole() -> None:
    walk = ToldWalk()
    walk.until(0.5)
    change = {"program.rise_ms": 150.0, "limits.current_mA": 30.0, "level_percent": 99.0}
    (answer,) = walk.ask(change=change)
    assert answer["verdict"] == "refused"
    leg = walk.rig.session.controller._legs[0]
    assert leg.program.config.rise_ms != 150.0
    assert walk.rig.session.controller._limits.config.current_mA == 80.0


def test_the_same_command_again_gets_the_same_answer_and_changes_nothing() -> None:
    walk = ToldWalk()
    walk.until(0.5)
    request = setting(issued_us=walk.utc_us(), change={"program.rise_ms": 150.0})
    walk.hand_up(request)
    walk.hand_up(setting(issued_us=walk.utc_us(), seq=9, base_version=2))
    last = walk.answers()[1]
    assert last["verdict"] == "effective"
    (again,) = walk._answers(request)
    assert again == {**last, "again": True}
    assert walk.version == 2, "nothing of the third was taken: it was too fast"
    refused = setting(issued_us=0, not_after_us=LIFE_US)
    (first,) = walk._answers(refused)
    assert walk._answers(refused) == [{**first, "again": True}]
    walk.until(2.0)
    assert len(walk.faults("F26")) == 1, "told once a second at most"


def test_what_cannot_be_read_is_answered_by_its_name_and_replaces_no_answer() -> None:
    walk = ToldWalk()
    walk.until(0.5)
    request = setting(issued_us=walk.utc_us(), change={"program.rise_ms": 150.0})
    walk.hand_up(request)
    taken = walk.answers()[-1]
    for spoilt in (
        request._replace(retained=True),
        request._replace(payload=request.payload.replace("both", "neither")),
        request._replace(what="arm"),
    ):
        (answer,) = walk._answers(spoilt)
        assert (answer["verdict"], answer["id"]) == ("refused", taken["id"])
        assert walk._answers(request) == [{**taken, "again": True}]


def test_changes_are_a_second_apart_and_what_only_lowers_never_waits() -> None:
    walk = walking()
    assert "accepted" in verdicts(walk.ask(change={"program.extension_ms": 90.0}))
    (answer,) = walk.ask(change={"program.extension_ms": 80.0}, seq=walk.utc_us() + 1)
    assert answer["reason"].startswith("too fast")
    for after, lower in enumerate((40, 30, 30, 0), 2):
        found = walk.ask(change={"level_percent": float(lower)}, seq=walk.utc_us() + after)
        assert "accepted" in verdicts(found)
        assert walk.states()[-1].level_percent == lower


def test_lowering_asks_for_no_version() -> None:
    walk = walking()
    change = {"level_percent": 10.0, "limits.current_mA": 20.0}
    assert "accepted" in verdicts(walk.ask(change=change, base_version=0))
    assert walk.states()[-1].level_percent == 10
    walk.until(12.0)
    walk.until_pulse()
    late = [current for at_us, current in walk.setpoints if at_us > 9_000_000]
    assert late
    assert max(late) <= 20_000


def test_a_lower_level_holds_behind_a_fault_too() -> None:
    walk = walking(f"sensor_dropout@{WALKS_S + 0.1}+6")
    walk.until(WALKS_S + 3.0)
    assert walk.rig.session.controller._authorities[0].arming.latched
    level = walk.states()[-1].level_percent
    assert level > 20
    assert "accepted" in verdicts(walk.ask(change={"level_percent": 20.0}))
    walk.rig.operate("clear")
    assert walk.states()[-1].level_percent == 20


def test_a_stop_ends_a_burst_at_once_and_disarms() -> None:
    walk = walking()
    walk.until_pulse()
    (answer,) = walk.stop(f'{{"id": "{uuid4()}"}}')
    assert answer["verdict"] == "stopped"
    stopped_us = walk.clock.now_us()
    walk.until(stopped_us / 1e6 + 3.0)
    assert not [at_us for at_us, _ in walk.setpoints if at_us > stopped_us]
    assert not walk.states()[-1].armed


def test_why_somebody_stopped_is_in_the_audit_trail() -> None:
    walk = walking()
    for reason in ("the strap is loose", "x" * 999, "\x1b[2J", 7, None):
        walk.stop(json.dumps({"reason": reason}))
    told = [entry["reason"] for entry in walk.told("audit")]
    assert told == ["the strap is loose", f"{'x' * 199}…", "?[2J", "", ""]


@pytest.mark.parametrize("payload", ["", "stop", "{", "null", "[" * 3000, '{"id": 7}', "x" * 9999])
def test_a_stop_need_not_be_said_well(payload: str) -> None:
    walk = walking()
    assert verdicts(walk.stop(payload)) == ["stopped"]
    assert not walk.states()[-1].armed


def test_a_stop_that_was_kept_is_refused_or_it_would_stop_every_run_to_come() -> None:
    walk = walking()
    (answer,) = walk._answers(stopping(retained=True))
    assert answer["verdict"] == "refused"
    assert answer["reason"].startswith("retained")
    assert walk.states()[-1].armed


def test_a_change_that_a_stop_overtakes_holds_and_is_told() -> None:
    walk = walking()
    walk.until_pulse()
    walk.ask(change={"program.extension_ms": 90.0})
    walk.stop()
    walk.until(walk.clock.now_us() / 1e6 + 1.5)
    assert "effective" in verdicts(walk.answers())
    assert walk.told("parameters")[-1]["waiting"] is False


def test_memory_is_bounded_whatever_comes() -> None:
    walk = ToldWalk()
    walk.until(0.5)
    for number in range(3 * REMEMBERED):
        walk.hand_up(setting(f"s{number}", issued_us=walk.utc_us(), seq=number))
        walk.hand_up(setting("tuner", change={"level_percent": 0.0}, issued_us=walk.utc_us(),
                             seq=number, base_version=0))  # fmt: skip
    remote = walk.telling._remote
    assert len(remote._known) == REMEMBERED
    assert len(remote._gate._seqs) <= 64
    assert len(remote._pending) == 0
    assert len(remote.counts) < 20


def test_commands_are_counted_by_verdict() -> None:
    walk = ToldWalk()
    walk.until(0.5)
    walk.ask(change={"program.rise_ms": 150.0})
    walk.ask(change={"program.rise_ms": 1.0}, seq=1)
    walk.stop()
    walk.until(1.5)
    metrics = [line for line in walk.lines if line["kind"] == "metrics"]
    assert metrics[-1]["commands"] == {"accepted": 1, "replayed": 1, "stopped": 1}


def test_bursts_are_counted_as_the_summary_does() -> None:
    walk = ToldWalk(sets=("operator.level_from_s=8.0",))
    walk.until(20.5)
    metrics = [line for line in walk.lines if line["kind"] == "metrics"]
    over = [record for record in walk.records if isinstance(record, BurstEnd)]
    ends = [end for end in over if end.t_us < metrics[-1]["now"]]
    at_us = [at_us for at_us, _ in walk.setpoints]
    given = {
        end.onset_us for end in ends if any(end.onset_us <= each <= end.t_us for each in at_us)
    }
    assert 2 < len(given) < len(ends) - 2, "some were at level 0"
    assert metrics[-1]["bursts"] == {"right": len(given)}
