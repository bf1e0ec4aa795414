"""An hour's page: small enough to send, and no peak of the hour is lost on it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.run import Run, read_run
from fes_ctrl.analysis.walk import Burst, LegWalk, TrueEvent
from fes_ctrl.model import RIGHT, Fault
from fes_ctrl.report.run_page import run_page
from fes_ctrl.report.series import Line, Panel, series_plot
from helpers.here import fes_ctrl_here
from helpers.unpacked import unpacked

LASTS_S = 20
HOUR = 3600 // LASTS_S
SPIKE_DEG = 77.0


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A walk of 20 s, again and again for an hour, with one spike in one reading of the ankle."""
    folder = tmp_path_factory.mktemp("long") / "walk"
    arguments = ("standard", "--duration", str(LASTS_S), "--out", str(folder), "--json")
    assert fes_ctrl_here("walk", *arguments).returncode in {0, 1}
    run = read_run(folder)
    _repeat(run, HOUR)
    assert run.truth is not None
    (true,) = run.truth.legs
    true.series["ankle_deg"][len(true.t_us) // 3] = SPIKE_DEG
    return run


def _repeat(run: Run, count: int) -> None:
    """Let a run go on as it went so many times."""
    assert run.truth is not None
    copies = [n * LASTS_S * 1_000_000 for n in range(count)]
    for leg, true in zip(run.walk.legs, run.truth.legs, strict=True):
        _lengthen(leg, copies)
        true.t_us = np.concatenate([true.t_us + shift for shift in copies])
        true.series = {name: np.tile(values, count) for name, values in true.series.items()}
        true.swings, true.events = leg.swings, leg.truth
    for key, samples in run.samples.items():
        run.samples[key] = [
            each._replace(t_meas_us=each.t_meas_us + shift, t_arrive_us=each.t_arrive_us + shift)
            for shift in copies
            for each in samples
        ]
    run.end_us += copies[-1]
    run.walk.duration_us = run.end_us - run.start_us


@pytest.fixture(scope="module")
def html(hour: Run) -> str:
    return run_page(hour)


def _lengthen(leg: LegWalk, copies: list[int]) -> None:
    count = leg.swings[-1].stride
    leg.swings = [
        replace(
            swing,
            stride=swing.stride + number * count,
            heel_off_us=swing.heel_off_us + shift,
            toe_off_us=swing.toe_off_us + shift,
            contact_us=swing.contact_us + shift,
        )
        for number, shift in enumerate(copies)
        for swing in leg.swings
    ]
    leg.truth = [TrueEvent(e.kind, e.t_us + shift) for shift in copies for e in leg.truth]
    leg.detected = [
        event._replace(t_event_us=event.t_event_us + shift, t_emit_us=event.t_emit_us + shift)
        for shift in copies
        for event in leg.detected
    ]
    leg.bursts = [
        Burst(
            burst.start._replace(t_us=burst.start.t_us + shift),
            [pulse._replace(at_us=pulse.at_us + shift) for pulse in burst.setpoints],
        )
        for shift in copies
        for burst in leg.bursts
    ]


def lines_of(html: str) -> dict[str, tuple[list[float], list[float]]]:
    """Return the instants and values of each series of a page, as its script reads them."""
    found = {}
    for text in re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL):
        for panel in json.loads(text)["panels"]:
            for line in panel["lines"]:
                found[line["name"]] = _values(line)
    return found


def _values(line: dict[str, Any]) -> tuple[list[float], list[float]]:
    at = line["t"]
    if "packed" in at:
        t_s = [at["from"] + at["step"] * step for step in unpacked(at["packed"])]
    else:
        t_s = [at["from"] + n * at["every"] for n in range(line["n"])]
    values = [line["step"] * step for step in unpacked(line["y"])]
    assert len(t_s) == len(values) == line["n"]
    return t_s, values


def test_an_hours_page_is_about_2_mb_and_shows_its_one_spike(html: str) -> None:
    assert len(html.encode()) < 2_200_000
    t_s, ankle = lines_of(html)["ankle"]
    assert max(ankle) == pytest.approx(SPIKE_DEG)
    assert t_s[int(np.argmax(ankle))] == pytest.approx(1200.0, abs=0.02)
    assert "no peak is lost" in html


def test_the_first_minutes_and_what_is_shown_at_first_are_whole(html: str) -> None:
    t_s = np.array(lines_of(html)["ankle"][0])
    every_s = np.diff(t_s)
    assert every_s[t_s[:-1] < 115.0].max() < 0.011
    assert every_s.max() > 0.05, "the rest is thinned"
    (view,) = {
        tuple(json.loads(text)["view"] or ())
        for text in re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
        if json.loads(text)["key"] == "time"
    }
    shown = (t_s[:-1] > view[0]) & (t_s[1:] < view[1])
    assert every_s[shown].max() < 0.011


def test_a_table_of_strides_that_is_cut_says_so(hour: Run, html: str) -> None:
    rows = html.count('<th scope="row"><a href="#stride-')
    strides = len(hour.walk.legs[0].swings)
    assert rows == 1000 < strides
    assert "between them are too many for a page" in html


EVERYTHING = '["heel_switch","forefoot_switch","heel_force","fore_force","foot_imu","shank_imu"]'


def test_a_page_of_ten_minutes_is_below_3_mb_with_everything_worn_and_no_peak_is_lost(
    tmp_path: Path,
) -> None:
    worn = [f"patient.leg.{leg}.sensors.worn={EVERYTHING}" for leg in (0, 1)]
    sets = [word for value in (*worn, "detector.name=fused") for word in ("--set", value)]
    arguments = ("both_legs", "--duration", str(LASTS_S), "--out", str(tmp_path / "walk"), *sets)
    assert fes_ctrl_here("walk", *arguments, "--json").returncode in {0, 1}
    run = read_run(tmp_path / "walk")
    _repeat(run, 600 // LASTS_S)
    samples = run.samples[RIGHT, "heel_force"]
    samples[20_003] = samples[20_003]._replace(values=(1e5,))
    html = run_page(run)
    assert len(html.encode()) < 3_000_000
    points, greatest = [], []
    for text in re.findall(r'<script type="application/json">(.*?)</script>', html):
        told = json.loads(text)
        lines = [line for panel in told["panels"] for line in panel["lines"]]
        if told["key"] == "time":
            points.append(sum(line["n"] for line in lines))
            greatest.append(max(max(_values(line)[1]) for line in lines))
    assert max(greatest) == 1e5
    assert min(points) > 0.95 * max(points), "both legs give up as much"


@given(
    st.lists(st.integers(0, 10**10), max_size=60, unique=True), st.sampled_from([1, 100, 10_000])
)
def test_instants_come_back_to_a_tenth_of_a_millisecond(at: list[int], grid: int) -> None:
    t_us = np.array(sorted({each // grid * grid for each in at}), dtype=np.int64)
    panel = Panel("one", "", [Line("one", t_us, np.zeros(len(t_us)), 1.0)])
    html = series_plot("time", "one", [panel], from_us=0, to_us=10**10)
    t_s, _ = lines_of(html)["one"]
    assert np.abs(np.array(t_s) - t_us / 1e6).max(initial=0.0) < 1.01e-4


def page_with_faults(run: Run, wrong_us: list[int]) -> str:
    """Return the page of a run in which readings were missing at these instants."""
    run.walk.faults.extend(Fault(t_us, "F04", "inhibit", RIGHT, "silent") for t_us in wrong_us)
    try:
        return run_page(run)
    finally:
        run.walk.faults.clear()


def test_around_more_faults_than_there_is_room_for_the_page_says_how_much_is_whole(
    hour: Run,
) -> None:
    wrong_us = [(40 * n + 20) * 1_000_000 for n in range(1, 88)]
    html = page_with_faults(hour, wrong_us)
    t_s = np.array(lines_of(html)["ankle"][0])
    note = "no peak is lost. Nothing is left out within 1 s of each of the 87 marked faults"
    assert f"{note} and injections.<" in html
    for t_us in wrong_us:
        around = t_s[np.abs(t_s - t_us / 1e6) < 1.0]
        assert len(around) == pytest.approx(200, abs=2)
        assert np.diff(around).max() < 0.011


def test_room_that_faults_leave_goes_to_the_start_as_far_as_it_goes(hour: Run) -> None:
    wrong_us = [(100 * n + 200) * 1_000_000 for n in range(25)]
    html = page_with_faults(hour, wrong_us)
    t_s = np.array(lines_of(html)["ankle"][0])
    told = re.search(r"within 5 s of each of the 25 [a-z ]* and in the first (\d+) s of", html)
    assert told is not None
    first_s = float(told[1])
    assert first_s in {40.0, 50.0}
    assert np.diff(t_s[t_s < first_s]).max() < 0.011
    assert np.diff(t_s[(t_s > first_s + 10.0) & (t_s < 180.0)]).max() > 0.011


def test_around_a_fault_nothing_is_left_out(hour: Run) -> None:
    at_us = 2_000_000_000
    hour.walk.faults.append(Fault(at_us, "F04", "inhibit", RIGHT, "silent"))
    try:
        t_s = np.array(lines_of(run_page(hour))["ankle"][0])
    finally:
        hour.walk.faults.clear()
    around = t_s[np.abs(t_s - at_us / 1e6) < 5.0]
    assert len(around) == pytest.approx(1000, abs=2)
    assert np.diff(around).max() < 0.011
