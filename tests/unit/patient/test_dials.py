"""Every dial of a program has a price, or a best value inside its range; and the page says so."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from hil.dials import (
    CHARGE,
    CLEARANCE,
    CONTACT,
    DIALS,
    EVERSION,
    FALL,
    FOOT_FLAT,
    FRESH,
    PUSH_OFF,
    REFLEX,
    SLAP,
    TIRED,
    Curve,
    turn,
)

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "explanations" / "dials.md"


@cache
def turned(name: str, every: int = 1) -> Curve:
    """Return the curve of one dial, at every so many of its values; the page shows its figures."""
    dial = next(dial for dial in DIALS if dial.name == name)
    curve = turn(replace(dial, values=dial.values[::every]))
    check_page(curve, every)
    return curve


def check_page(curve: Curve, every: int) -> None:
    """The page is made by ``make pages``: a number that moved means that it must be made again."""
    dial = curve.dial
    text = PAGE.read_text()
    assert dial.price in text
    assert (PAGE.parent / "dials" / f"{dial.name}.svg").is_file()
    section = text[text.index(f"![{dial.label}]") :]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    for value, row, line in zip(dial.values, curve.rows, lines[::every], strict=False):
        shown = [float(cell) for cell in line.strip("|").split("|")]
        assert shown[0] == value
        assert shown[1:] == pytest.approx(row, rel=0.02, abs=0.06), "run `make pages`"


def rises(values: list[float], by: float = 0.0) -> bool:
    return all(b > a for a, b in pairwise(values)) and values[-1] - values[0] >= by


def falls(values: list[float], by: float = 0.0) -> bool:
    return rises([-value for value in values], by)


def test_a_late_onset_drags_and_an_early_one_costs_push_off() -> None:
    curve = turned("onset")
    assert falls(curve.of(CLEARANCE), by=60.0)
    assert falls(curve.of(PUSH_OFF)[:3], by=2.5)
    assert curve.of(CLEARANCE)[0] > 10.0
    assert curve.of(CLEARANCE)[-1] < 0.0


def test_a_fast_rise_calls_the_spastic_calf_and_a_slow_one_lowers_the_toe() -> None:
    curve = turned("rise")
    assert falls(curve.of(CLEARANCE), by=10.0)
    assert falls(curve.of(REFLEX), by=0.5)
    assert falls(curve.of(PUSH_OFF))


def test_an_end_long_before_contact_slaps_and_one_after_it_only_costs_charge() -> None:
    curve = turned("end")
    assert 1.0 in curve.of(SLAP)
    # 700 ms is just after contact.
    late = curve.dial.values.index(700)
    assert max(curve.of(SLAP)[late:]) == 0.0
    assert max(curve.of(FALL)) > 1.3 * curve.of(FALL)[late]
    assert curve.of(FALL)[-1] == pytest.approx(curve.of(FALL)[late], rel=0.02)
    assert curve.of(CONTACT)[late] - curve.of(CONTACT)[0] > 5.0
    assert rises(curve.of(CHARGE), by=100.0)


def test_a_strong_extension_holds_the_forefoot_up_and_a_long_one_spoils_the_next_swing() -> None:
    curve = turned("extension")
    assert curve.of(FOOT_FLAT)[2] > curve.of(FOOT_FLAT)[0] + 10.0
    assert curve.of(FALL)[2] < curve.of(FALL)[0]
    assert rises(curve.of(CHARGE)[:5], by=100.0)
    assert curve.of(CLEARANCE)[0] - curve.of(CLEARANCE)[-1] > 20.0


def test_a_ramp_at_the_end_lets_the_forefoot_down_more_slowly_for_more_charge() -> None:
    curve = turned("fall")
    assert falls(curve.of(FALL), by=150.0)
    assert curve.of(SLAP)[0] == 1.0
    assert curve.of(SLAP)[-1] == 0.0
    assert rises(curve.of(CHARGE), by=30.0)


def test_intensity_lifts_less_and_less_and_everts_and_takes_push_off() -> None:
    curve = turned("intensity")
    clearance = curve.of(CLEARANCE)
    assert rises(clearance, by=15.0)
    assert clearance[1] - clearance[0] > 2.0 * (clearance[-1] - clearance[-2])
    assert rises(curve.of(CONTACT), by=3.0)
    assert rises(curve.of(EVERSION), by=5.0)
    # Between inverted and everted there is a current at which the foot lands straight.
    assert curve.of(EVERSION)[0] < 0.0 < curve.of(EVERSION)[-1]
    assert rises(curve.of(PUSH_OFF), by=2.5)


def test_a_higher_rate_gives_more_moment_and_loses_more_of_it() -> None:
    # Eight minutes each: the least, the middle and the highest will do.
    curve = turned("rate", every=2)
    assert rises(curve.of(FRESH), by=5.0)
    lost = [fresh - tired for fresh, tired in zip(curve.of(FRESH), curve.of(TIRED), strict=True)]
    assert rises(lost, by=2.0)
    assert rises(curve.of(CHARGE), by=200.0)


def test_an_electrode_balances_lift_against_the_side_to_which_the_foot_turns() -> None:
    curve = turned("electrode")
    assert falls(curve.of(CLEARANCE), by=10.0)
    assert rises(curve.of(EVERSION), by=8.0)
    straight = min(curve.dial.values, key=lambda at: abs(curve.of(EVERSION)[index(curve, at)]))
    assert min(curve.dial.values) < straight < max(curve.dial.values)


def index(curve: Curve, value: float) -> int:
    return curve.dial.values.index(value)


def test_every_dial_of_the_program_is_among_them() -> None:
    settings = {dial.setting.rpartition(".")[2] for dial in DIALS}
    assert settings >= {
        *("delay_ms", "rise_ms", "extension_ms", "fall_ms"),
        *("intensity", "rate_hz", "position_mm"),
    }


def test_the_number_of_workers_changes_nothing() -> None:
    curve = turned("fall")
    assert turn(curve.dial, workers=2) == curve
