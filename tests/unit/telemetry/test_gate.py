"""Only a command that is new, given now, to this run, by someone who is in turn, passes."""

import pytest

from fes_ctrl.telemetry.gate import (
    APART_US,
    FUTURE_US,
    LIFE_US,
    MOST_SENDERS,
    STALE,
    Gate,
    RefusedError,
)
from helpers.asked import NOON_US, SESSION, command


def refusal(gate: Gate, sender: str = "tuner", utc_us: int = NOON_US, **fields: object) -> str:
    """Return the kind of refusal, or nothing where it passed."""
    try:
        gate.admit(sender, command(**fields), utc_us)  # type: ignore[arg-type]
    except RefusedError as refused:
        return refused.kind
    return ""


def test_a_new_command_passes_until_its_time_is_over() -> None:
    assert refusal(Gate(SESSION)) == ""
    assert refusal(Gate(SESSION), utc_us=NOON_US + LIFE_US) == ""
    assert refusal(Gate(SESSION), utc_us=NOON_US + LIFE_US + 1) == "expired"


def test_a_command_from_the_future_is_refused_beyond_what_clocks_differ() -> None:
    assert refusal(Gate(SESSION), utc_us=NOON_US - FUTURE_US) == ""
    assert refusal(Gate(SESSION), utc_us=NOON_US - FUTURE_US - 1) == "future"


def test_nobody_gives_a_command_a_longer_life() -> None:
    after = NOON_US + LIFE_US + 1
    assert refusal(Gate(SESSION), not_after_us=after) == "expired"
    assert refusal(Gate(SESSION), issued_us=0, not_after_us=NOON_US) == "expired"


def test_a_command_of_another_run_is_refused() -> None:
    assert refusal(Gate(SESSION), session=SESSION[::-1]) == "session"
    assert refusal(Gate(SESSION), session="") == "session"


def test_a_command_that_comes_again_or_out_of_order_is_refused() -> None:
    gate = Gate(SESSION)
    assert refusal(gate, seq=5) == ""
    assert refusal(gate, seq=5) == "replayed"
    assert refusal(gate, seq=4) == "replayed"
    assert refusal(gate, seq=0) == "replayed"
    assert refusal(gate, seq=6) == ""


def test_senders_count_for_themselves() -> None:
    gate = Gate(SESSION)
    assert refusal(gate, seq=9) == ""
    assert refusal(gate, "another", seq=1) == ""
    assert refusal(gate, "another", seq=1) == "replayed"


def test_who_was_refused_for_another_reason_has_not_had_his_turn() -> None:
    gate = Gate(SESSION)
    assert refusal(gate, seq=1 << 60, session="") == "session"
    assert refusal(gate, seq=1 << 60, utc_us=NOON_US + 10 * LIFE_US) == "expired"
    assert refusal(gate, seq=1) == ""


def test_so_many_senders_are_known_and_their_numbers_are_never_forgotten() -> None:
    gate = Gate(SESSION)
    for number in range(MOST_SENDERS):
        assert gate.admit(f"s{number}", command(seq=3), NOON_US) is True
    for _ in range(2):
        assert gate.admit("one-more", command(seq=3), NOON_US) is False, "nothing of it is kept"
    for number in range(MOST_SENDERS):
        assert refusal(gate, f"s{number}", seq=3) == "replayed"
    assert refusal(gate, "s0", seq=4) == ""


def test_changes_are_a_second_apart() -> None:
    gate = Gate(SESSION)
    gate.pace(0)
    gate.accepted(0)
    with pytest.raises(RefusedError, match="too fast"):
        gate.pace(APART_US - 1)
    gate.pace(APART_US)


def test_what_counts_as_not_new_is_this() -> None:
    assert STALE == ("retained", "expired", "future", "session", "replayed")


LONG_US = 864_000_000_000
"""Ten days."""


@pytest.mark.parametrize(
    ("late_us", "fields", "says"),
    [
        (0, {"session": ""}, "session: meant for another run; read its parameters"),
        (0, {"issued_us": 0}, "expired: would hold for longer than 2 s"),
        (
            LIFE_US + LONG_US,
            {},
            "expired: its time was over 864000.0 s ago by the bench's clock",
        ),
        (
            -LONG_US,
            {},
            "future: given 864000.0 s from now by the bench's clock; set the clocks",
        ),
        (0, {"seq": 5}, "replayed: seq 5 is not above the last, 7"),
    ],
)
def test_a_refusal_says_what_is_wrong(late_us: int, fields: dict[str, int], says: str) -> None:
    gate = Gate(SESSION)
    gate.admit("tuner", command(seq=7), NOON_US)
    asked = command(**{"seq": 8, "not_after_us": NOON_US + LIFE_US, **fields})
    with pytest.raises(RefusedError) as refused:
        gate.admit("tuner", asked, NOON_US + late_us)
    assert str(refused.value) == says


def test_numbers_begin_at_nought() -> None:
    assert refusal(Gate(SESSION), seq=0) == ""
    assert refusal(Gate(SESSION), seq=-1) == "replayed"


@pytest.mark.parametrize(("now_us", "wait"), [(0, "1.0"), (700_000, "0.3"), (950_000, "0.1")])
def test_who_is_too_fast_is_told_how_long_to_wait(now_us: int, wait: str) -> None:
    gate = Gate(SESSION)
    gate.accepted(0)
    with pytest.raises(RefusedError) as refused:
        gate.pace(now_us)
    assert str(refused.value) == f"too fast: one change a second; wait {wait} s"
    assert refused.value.kind == "too fast"
