"""Events one by one: what was told, missed and extra adds up."""

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.event_errors import TOLERANCE_US, errors_of
from fes_ctrl.analysis.walk import TrueEvent
from fes_ctrl.model import RIGHT, GaitEvent

instants = st.lists(st.integers(0, 5_000_000), unique=True, max_size=12).map(sorted)


def told(t_us: int, kind: str = "ic") -> GaitEvent:
    return GaitEvent(kind, RIGHT, t_us, t_us + 4_000, 1.0)


def test_late_is_positive_and_what_is_too_far_off_belongs_to_none() -> None:
    truth = [TrueEvent("ic", t) for t in (1_000_000, 2_000_000, 3_000_000)]
    truth.append(TrueEvent("ho", 1_500_000))
    found = [told(1_012_000), told(2_150_000), told(2_990_000)]
    errors = errors_of(found, truth, "ic")
    assert errors.errors_ms == (12.0, -10.0)
    assert errors.missed_us == (2_000_000,)
    assert errors.extra_us == (2_150_000,)
    assert errors.latency_ms == (4.0, 4.0, 4.0)
    assert errors.f1 == round(2 * 2 / 6, 4)
    assert (errors.mean_ms, errors.sd_ms) == (1.0, 11.0)


@given(instants, instants)
def test_every_event_is_counted_once(found_us: list[int], true_us: list[int]) -> None:
    errors = errors_of([told(t) for t in found_us], [TrueEvent("ic", t) for t in true_us], "ic")
    assert len(errors.errors_ms) + len(errors.missed_us) == errors.true == len(true_us)
    assert len(errors.errors_ms) + len(errors.extra_us) == errors.found == len(found_us)
    assert sorted([*errors.at_us, *errors.missed_us]) == true_us
    assert all(abs(each) <= TOLERANCE_US / 1e3 for each in errors.errors_ms)


def test_of_nothing_no_figure_is_known() -> None:
    errors = errors_of([], [], "ic")
    assert (errors.f1, errors.mean_ms, errors.sd_ms) == (None, None, None)
