"""What is told to be whole is whole in every series, and room goes first to what matters most."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fes_ctrl.report.detail import Detail, Series
from fes_ctrl.report.packed import thinned

Ints = NDArray[np.int64]
LASTS_US = 600_000_000


def drawn(detail: Detail, most: int, *every_us: int) -> list[Series]:
    """Return series of so many microseconds between readings, as a page draws them."""
    found = []
    for each in every_us:
        t_us = np.arange(0, LASTS_US, each, dtype=np.int64)
        kept_us, _, _ = thinned(t_us, np.zeros(len(t_us)), most, detail.spans())
        assert len(kept_us) <= most + 1
        found.append((t_us, kept_us))
    return found


def whole(series: list[Series], from_us: float, to_us: float) -> bool:
    return all(
        set(t_us[(t_us >= from_us) & (t_us < to_us)].tolist()) <= set(kept_us.tolist())
        for t_us, kept_us in series
    )


@given(
    st.integers(400, 8_000),
    st.lists(st.sampled_from([10_000, 20_000, 25_000]), min_size=1, max_size=3),
    st.lists(st.integers(0, LASTS_US), max_size=40),
    st.none() | st.tuples(st.integers(0, 500_000_000), st.integers(8_000_000, 20_000_000)),
)
def test_what_is_told_to_be_whole_is(
    most: int, every_us: list[int], wrong_us: list[int], shown: tuple[int, int] | None
) -> None:
    view = None if shown is None else (shown[0], sum(shown))
    detail = Detail(0, view, wrong_us)
    series = drawn(detail, most, *every_us)
    said = detail.kept(series)
    around = re.search(r"within ([\d.]+) s of (?:(each)|(\d+)|the) ", said)
    if around is not None:
        by_us = float(around[1]) * 1e6
        count = sum(whole(series, t_us - by_us, t_us + by_us) for t_us in wrong_us)
        assert count == (int(around[3]) if around[3] else len(wrong_us))
    start = re.search(r"in the first (\d+) s of the run", said)
    if start is not None:
        assert whole(series, 0, float(start[1]) * 1e6)
    if view is not None and "shown at first" in said:
        part = re.search(r"in the first (\d+) s of what is shown", said)
        until_us = view[1] if part is None else view[0] + float(part[1]) * 1e6
        assert whole(series, view[0], until_us)


def said(most: int, **wanted: object) -> str:
    detail = Detail(0, **wanted)  # type: ignore[arg-type]
    return detail.kept(drawn(detail, most, 10_000))


def test_room_goes_to_what_is_shown_at_first_then_to_what_went_wrong_then_to_the_start() -> None:
    view, wrong_us = (300_000_000, 315_500_000), [100_000_000, 200_000_000]
    assert said(40_000, view=view, wrong_us=wrong_us) == (
        "in what is shown at first, within 5 s of each of the 2 marked faults and injections and "
        "in the first 120 s of the run"
    )
    assert said(10_000, view=view, wrong_us=wrong_us[:1]) == (
        "in what is shown at first, within 5 s of the fault or injection that is marked and "
        "in the first 20 s of the run"
    )
    assert said(2_600, view=view) == "in the first 13 s of what is shown at first"
    many_us = [(5 + 10 * n) * 1_000_000 for n in range(50)]
    assert said(10_400, wrong_us=many_us) == (
        "within 0.5 s of each of the 50 marked faults and injections"
    )
    assert said(3_000, wrong_us=many_us) == (
        "within 0.5 s of 15 of the 50 marked faults and injections"
    )
    assert said(150, wrong_us=many_us) == ""
