"""What was learnt as lines of steps: from the program's start, and anew from it after arming."""

from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.walk import Charge, LegWalk, Walk
from fes_ctrl.export.learnt import ADAPTATIONS, learnt_lines
from fes_ctrl.export.topics import log_lines
from fes_ctrl.model import LEFT, RIGHT, Adaptation, GaitEvent, StateChange

NAN = float("nan")


def told(t_us: int, share: float, verdict: str = "learnt", reason: str = "") -> Adaptation:
    return Adaptation(t_us, RIGHT, verdict, reason, NAN, 12.0, 400.0, share, 6_000, 10_000)


def run_of(config: dict[str, Any], *records: Adaptation) -> Run:
    """Return a run with contacts at 1, 2, ... 6 s, armed at 0.5 and again at 3.5 s.

    It ends in the swing after the last of them.
    """
    leg = LegWalk(RIGHT, adaptations=list(records))
    leg.detected = [
        GaitEvent("ic", RIGHT, t_us, t_us, 1.0) for t_us in range(1_000_000, 7_000_000, 1_000_000)
    ]
    leg.detected.append(GaitEvent("ho", RIGHT, 6_200_000, 6_200_000, 1.0))
    walk = Walk(0, 0, [LegWalk(LEFT), leg], Charge())
    run = Run(Path("runs/learnt"), {"config": config}, walk)
    run.start_us, run.end_us = 400_000, 6_400_000
    run.adaptations = list(records)
    run.states = [
        StateChange(500_000, True, 0, "device ready"),
        StateChange(1_500_000, True, 50, "level"),
        StateChange(3_500_000, True, 0, "device ready"),
    ]
    return run


@pytest.mark.parametrize("nested", [True, False])
def test_it_begins_with_what_is_configured_and_arming_anew_goes_back_to_it(nested: bool) -> None:
    program = {"program": {"adaptive": {"learn": True, "start": 0.6}}}
    config = {"control": program} if nested else program
    run = run_of(config, told(1_200_000, 0.5), told(2_200_000, 0.4), told(5_200_000, 0.55))
    t_us, values = learnt_lines(run, run.walk.legs[1])
    steps = dict(zip(t_us.tolist(), values["Share"].tolist(), strict=True))
    assert steps == {
        400_000: 0.6,
        500_000: 0.6,
        1_200_000: 0.5,
        2_200_000: 0.4,
        3_500_000: 0.6,
        5_200_000: 0.55,
    }
    assert values["Later"].tolist() == [0, 0, 6, 6, 0, 6]
    assert values["Sooner"].tolist() == [0, 0, 10, 10, 0, 10]


def test_a_row_says_which_stride_it_is_about_and_leaves_out_what_was_not_measured() -> None:
    run = run_of({}, *[told(t_us, 0.5) for t_us in (900_000, 1_200_000, 5_200_000, 6_400_000)])
    places = [ADAPTATIONS.column(name) for name in ("leg", "stride", "mid_deg", "contact_deg")]
    rows = [tuple(row[place] for place in places) for row in ADAPTATIONS.rows(run)]
    assert rows == [
        ("right", None, None, 12.0),
        ("right", 1, None, 12.0),
        ("right", 5, None, 12.0),
        ("right", 6, None, 12.0),
    ]


def test_the_log_panel_shows_strides_that_taught_nothing_above_the_others() -> None:
    run = run_of({}, told(1_200_000, 0.5), told(2_200_000, 0.5, "frozen", "it turned"))
    lines = [line for line in log_lines(run) if line[2] == "learning, right"]
    (_, learnt, _, said), (_, frozen, _, why) = lines
    assert frozen > learnt
    assert (said, why) == ("learnt; next share 50.0 %", "frozen: it turned; next share 50.0 %")
