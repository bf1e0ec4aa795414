"""The shell of a page: whole, shut, and deaf to whatever a run is called."""

import base64
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.report.markup import Across, Html, breakable, number, table, tag, text
from fes_ctrl.report.page import Section, page
from fes_ctrl.report.series import Line, Mark, NumberedSpan, Panel, as_json, series_plot

EVIL = "</script><script>alert('x')</script><b onload=\"y\">&amp;"


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(html: str) -> Elements:
    elements = Elements()
    elements.feed(html)
    elements.close()
    return elements


def plot(name: str = "ankle") -> Html:
    t_us = np.arange(0, 1_000_000, 10_000, dtype=np.int64)
    line = Line(name, t_us, np.sin(t_us / 1e5), 0.01)
    return series_plot(
        "time", name, [Panel(name, "deg", [line])], from_us=0, to_us=1_000_000,
        strides=[NumberedSpan(1, 0, 900_000)], marks=[Mark(500_000, name, "fault")],
    )  # fmt: skip


def test_nothing_on_a_page_comes_from_outside() -> None:
    whole = page("A run", [Section("time", "In time", plot())])
    for name, attributes in read(whole).found:
        assert name not in {"iframe", "object", "embed", "base"}
        for key in ("src", "href", "action", "srcset", "data"):
            target = attributes.get(key) or "#"
            assert target.startswith("#") or target == "data:,"


def test_the_policy_names_every_script_and_style_by_its_hash_and_allows_no_request() -> None:
    whole = page("A run", [Section("time", "In time", plot())])
    metas = [dict(attributes) for name, attributes in read(whole).found if name == "meta"]
    (policy,) = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    for kind in ("script", "style"):
        parts = re.findall(rf"<{kind}>(.*?)</{kind}>", whole, flags=re.DOTALL)
        assert len(parts) == 2
        for part in parts:
            digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy


def test_a_page_without_time_series_has_no_script_at_all() -> None:
    whole = page("Tables", [Section("a", "A", table(["x", "y"], [["1", "2"]]))])
    assert "<script" not in whole
    assert "script-src 'none'" in unescape(whole)
    assert len(whole) < 20_000


@given(st.text())
def test_any_text_is_shown_as_it_is_and_makes_no_element(said: str) -> None:
    shown = said.replace("\r\n", "\n").replace("\r", "\n")
    elements = read(tag("p", said, title=said))
    assert [name for name, _ in elements.found] == ["p"]
    assert elements.found[0][1]["title"] == said
    assert "".join(elements.texts).replace("\r\n", "\n").replace("\r", "\n") == shown


def test_a_name_that_is_code_is_only_a_name() -> None:
    section = Section("time", EVIL, plot(EVIL))
    whole = page(EVIL, [section], lead=tag("p", EVIL), warning=EVIL)
    names = [name for name, _ in read(whole).found]
    assert names.count("script") == 3, "uPlot, ours, and the data"
    assert "b" not in names
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', whole)
    assert json.loads(data)["panels"][0]["title"] == EVIL
    assert not set("<>&") & set(as_json({"x": EVIL}))


def test_it_says_what_it_is_not_and_leads_to_every_section() -> None:
    whole = page("A", [Section("a", "First", text("1")), Section("b", "Second", text("2"))])
    elements = read(whole)
    assert "A research and bench tool, not a medical device." in elements.texts
    ids = {attributes.get("id") for _, attributes in elements.found}
    links = [a["href"] for name, a in elements.found if name == "a"]
    assert links == ["#content", "#a", "#b"]
    assert {link[1:] for link in links if link} <= ids
    assert not re.search(r'\sstyle="', whole), "the policy would forbid it"


def test_uplot_is_there_with_its_licence_and_its_version() -> None:
    vendor = files("fes_ctrl.report").joinpath("vendor/uplot")
    assert "MIT" in vendor.joinpath("LICENSE").read_text()
    script = vendor.joinpath("uPlot.iife.min.js").read_text()
    assert "(v1.6.32)" in script.splitlines()[0]
    assert "1.6.32" in vendor.joinpath("README.md").read_text()
    assert "</script" not in script.lower()


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(None, 1, None), (-0.04, 1, "0.0"), (-3.26, 1, "\N{MINUS SIGN}3.3"), (1234.5, 0, "1234")],
)
def test_numbers_are_written_as_people_read_them(
    value: float | None, digits: int, shown: str | None
) -> None:
    assert number(value, digits) == shown


def test_what_is_not_known_is_a_dash_in_a_table() -> None:
    assert "<td>\N{EN DASH}</td>" in table(["a", "b"], [["x", None]])


def test_a_cell_is_broken_before_a_bracket_that_is_no_attribute() -> None:
    cell = tag("a", "1.0 (0.5 to 1.5)", title="one (two)")
    whole = table(("a", "b", "c"), [("x (y)", cell, "2 (<)")], words=())
    assert '<a title="one (two)">1.0<span class="or"> </span>(0.5 to 1.5)</a>' in whole
    assert "<td>2<span" in whole
    assert '<th scope="row">x (y)</th>' in whole
    assert "".join(read(whole).texts) == "abcx (y)1.0 (0.5 to 1.5)2 (<)"


def test_a_cell_across_others_keeps_the_columns_of_the_table() -> None:
    rows = [("1", "2", "3"), ("4", Across("so <long>", 2))]
    whole = table(("a", "b", "c"), rows, words=(2,))
    assert '<td class="text" colspan="2">so &lt;long&gt;</td></tr>' in whole
    assert '<th scope="col" class="text">c</th>' in whole


def test_a_name_is_broken_between_its_parts_and_escaped() -> None:
    assert breakable("a.b_c<_") == "a.<wbr>b_<wbr>c&lt;_"
