"""A run as one page: verdict, strides, time, events, course, learning, safety, settings.

A page is to be sent and opened anywhere, so it has a largest size: what makes it large is the
course in time, whose series give up points, all alike, until the whole page fits.
"""

from typing import Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.report.markup import tag
from fes_ctrl.report.packed import POINTS
from fes_ctrl.report.page import Section, page
from fes_ctrl.report.run_course import course_section
from fes_ctrl.report.run_cycle import cycle_section
from fes_ctrl.report.run_events import events_section
from fes_ctrl.report.run_learning import learning_section
from fes_ctrl.report.run_safety import safety_section
from fes_ctrl.report.run_settings import about_section, settings_section
from fes_ctrl.report.run_time import time_section
from fes_ctrl.report.run_verdict import verdict_section
from fes_ctrl.report.run_view import Check, lead_of, title_of, view_of, warning_of

LARGEST: Final = 3_000_000
"""Bytes that a page stays below."""

FEWEST: Final = 3_000
"""Points that a series keeps, however large the page."""

STEP: Final = 0.97
"""So much less than in proportion: a thinned series needs more bytes a point, for its instants."""


def run_page(run: Run, checks: list[Check] | None = None) -> str:
    """Return the page of a run.

    Parameters
    ----------
    run : Run
        As ``read_run`` gives it: of a walk, a replay or a run, whole or killed.
    checks : list of Check or None
        How the scenario's bounds came out.

    Returns
    -------
    str
        A complete HTML document that needs nothing else.
    """
    view = view_of(run, checks or [])
    before = [
        Section("verdict", "Verdict", verdict_section(view)),
        Section("cycle", "Strides on the gait cycle", cycle_section(view)),
    ]
    after = [
        Section("events", "Timing of events", events_section(view)),
        Section("course", "Charge, compensation, fatigue", course_section(view)),
        *([Section("learning", "Learning", learning_section(view))] if view.learns else []),
        Section("safety", "Safety events", safety_section(view)),
        Section("settings", "Settings and their origin", settings_section(view)),
        Section("about", "About this run", about_section(view)),
    ]
    lead = tag("p", lead_of(view), class_="lead")
    most = POINTS
    while True:
        course = time_section(view, most)
        sections = [*before, Section("time", "Course in time", course), *after]
        whole = page(title_of(view), sections, lead=lead, warning=warning_of(view))
        excess = len(whole.encode()) - LARGEST
        if excess < 0 or most == FEWEST:
            return whole
        share = max(0.0, 1.0 - excess / len(course))
        most = max(FEWEST, int(STEP * share * most))
