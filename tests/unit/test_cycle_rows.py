"""The picture of stacked strides: ten minutes of it, and bursts where they were."""

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from fes_ctrl.analysis.cycle import Foot, Stride
from fes_ctrl.analysis.pairing import pair_bursts
from fes_ctrl.analysis.whatif import ChannelWhatIf, LegFrame, Swings
from fes_ctrl.analysis.windows import Window
from fes_ctrl.report.cycle_rows import BARS, NEW, OLD, row_height, x_of
from fes_ctrl.report.whatif import channel_svg

SVG = "{http://www.w3.org/2000/svg}"


def burst(onset_ms: int, end_ms: int) -> Window:
    onset_us, end_us = onset_ms * 1000, end_ms * 1000
    first_us, last_us = onset_us + 200_000, end_us - 100_000
    course = ((onset_us, 20_000), (first_us, 40_000), (last_us, 40_000), (end_us, 20_000))
    return Window(
        onset_us, first_us, last_us, end_us, "ho", onset_us, "initial_contact", 40_000, 4, 0, course
    )


def picture(count: int, old: list[Window], new: list[Window]) -> ET.Element:
    strides = [Stride(k + 1, k * 1_000_000, (k + 1) * 1_000_000) for k in range(count)]
    events = tuple(Foot("ho", stride.start_us + 600_000) for stride in strides)
    frame = LegFrame(0, strides, Swings((), "ho"), events, "detected")
    pairs = pair_bursts(old, new, 25_000, 500_000)
    channel = ChannelWhatIf(0, 0, "dorsiflexors", old, new, pairs, {}, {})
    return ET.fromstring(channel_svg(frame, channel, None))


def bars(row: ET.Element, kind: str) -> list[tuple[float, float]]:
    """Where bars of a kind begin and end in a row, pixels."""
    found = [rect for rect in row.iter(f"{SVG}rect") if rect.get("class") == kind]
    return [
        (float(rect.attrib["x"]), float(rect.attrib["x"]) + float(rect.attrib["width"]))
        for rect in found
    ]


def rows(svg: ET.Element) -> list[ET.Element]:
    return [group for group in svg.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]


def test_a_burst_lies_where_it_was_in_the_cycle_and_goes_on_in_the_next_row() -> None:
    first, second = rows(picture(2, [burst(600, 1200)], [burst(750, 1200)]))
    pale, full = BARS[OLD]
    assert bars(first, pale) == [pytest.approx((x_of(60), x_of(100)), abs=0.2)]
    assert bars(first, full) == [pytest.approx((x_of(80), x_of(100)), abs=0.2)]
    assert bars(second, full) == [pytest.approx((x_of(0), x_of(10)), abs=0.2)]
    assert bars(second, pale) == [pytest.approx((x_of(0), x_of(20)), abs=0.2)]
    assert bars(first, BARS[NEW][0]) == [pytest.approx((x_of(75), x_of(100)), abs=0.2)]
    words = [row.findtext(f"{SVG}title") for row in (first, second)]
    assert words == ["stride 1, 0.00 s; late (onset +150 ms, end +0 ms)", "stride 2, 1.00 s"]


def test_ten_minutes_of_strides_are_a_column_in_which_no_row_lies_over_another() -> None:
    old = [burst(k * 1000 + 600, k * 1000 + 1100) for k in range(500)]
    svg = picture(500, old, [])
    tops = [float(row.find(f"{SVG}rect").attrib["y"]) for row in rows(svg)]  # type: ignore[union-attr]
    height = row_height(500)
    assert {round(b - a, 3) for a, b in pairwise(tops)} == {height}
    box = [float(number) for number in svg.attrib["viewBox"].split()]
    assert tops[-1] + height < box[3]
    numbers = [text for text in svg.iter(f"{SVG}text") if re.fullmatch(r"\d+", text.text or "")]
    levels = sorted(
        float(text.attrib["y"]) for text in numbers if float(text.attrib["y"]) > tops[0]
    )
    beside = [level for level in levels if level <= tops[-1] + height + 4]
    assert len(beside) > 40
    assert min(b - a for a, b in pairwise(beside)) >= 12
