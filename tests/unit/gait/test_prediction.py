"""Predictions: when the next heel-off and contact come, and how far that is usually off."""

from random import Random

import pytest

from fes_ctrl.gait.prediction import Prediction, StridePredictor
from fes_ctrl.model import LEFT, RIGHT, GaitEvent

STRIDE_US = 1_100_000
STANCE = 0.42
LIFT = 0.62


def event(kind: str, t_us: float, leg: int = RIGHT) -> GaitEvent:
    return GaitEvent(kind, leg, round(t_us), round(t_us) + 5_000, 1.0)


class Walker:
    """One leg that walks, and what was predicted of each event just before it came."""

    def __init__(self) -> None:
        self.predictor = StridePredictor(RIGHT)
        self.t_us = 0.0
        self.errors: dict[str, list[tuple[float, Prediction]]] = {"ho": [], "ic": []}

    def take(self, kind: str, t_us: float) -> None:
        coming = self.predictor.next(kind) if kind in self.errors else None
        if coming is not None:
            self.errors[kind].append((t_us - coming.t_us, coming))
        self.predictor.update(event(kind, t_us))

    def stride(self, length_us: float = STRIDE_US) -> None:
        self.take("ic", self.t_us)
        self.take("ho", self.t_us + STANCE * length_us)
        self.take("tc", self.t_us + LIFT * length_us)
        self.t_us += length_us

    def strides(self, count: int, length_us: float = STRIDE_US) -> "Walker":
        for _ in range(count):
            self.stride(length_us)
        return self


def test_regular_strides_are_predicted_and_after_three_of_them_surely() -> None:
    walker = Walker()
    sure = []
    for _ in range(8):
        walker.stride()
        coming = walker.predictor.next("ic")
        sure.append(coming is not None and coming.confidence >= 1.0)
    assert not any(sure[:3])
    assert all(sure[4:])
    walker.predictor.update(event("ic", walker.t_us))
    heel_off = walker.predictor.next("ho")
    assert heel_off is not None
    assert abs(heel_off.t_us - (walker.t_us + STANCE * STRIDE_US)) < 1_000
    assert heel_off.sd_us < 20_000


@pytest.mark.parametrize("factor", [0.75, 0.9, 1.1, 1.4])
def test_a_new_pace_is_known_after_three_strides(factor: float) -> None:
    walker = Walker().strides(10)
    walker.strides(3, factor * STRIDE_US)
    walker.predictor.update(event("ic", walker.t_us))
    coming = walker.predictor.next("ic")
    assert coming is not None
    error_us = coming.t_us - walker.t_us - factor * STRIDE_US
    assert abs(error_us) < 0.5 * abs(factor - 1.0) * STRIDE_US


def test_one_odd_stride_moves_no_prediction_and_takes_the_sureness_of_all() -> None:
    walker = Walker().strides(10)
    walker.stride(1.6 * STRIDE_US)
    walker.predictor.update(event("ic", walker.t_us))
    coming = walker.predictor.next("ic")
    assert coming is not None
    assert abs(coming.t_us - walker.t_us - STRIDE_US) < 10_000
    assert coming.confidence < 1.0
    assert walker.predictor.regular == 0


def test_nothing_is_predicted_across_a_pause_and_the_walker_is_still_known() -> None:
    walker = Walker().strides(10)
    walker.predictor.pause()
    assert walker.predictor.next("ho") is None
    assert walker.predictor.next("ic") is None
    assert walker.predictor.phase(round(walker.t_us)) is None
    walker.t_us += 60_000_000
    walker.stride()
    coming = walker.predictor.next("ic")
    assert coming is not None
    assert coming.confidence < 1.0
    assert abs(coming.t_us - walker.t_us) < 10_000


def test_a_pause_that_nobody_told_of_is_one_too() -> None:
    walker = Walker().strides(10)
    walker.t_us += 10_000_000
    walker.strides(2)
    coming = walker.predictor.next("ic")
    assert coming is not None
    assert abs(coming.t_us - walker.t_us) < 10_000, "ten seconds are no stride"
    assert coming.confidence < 1.0


def test_a_heel_off_that_comes_late_tells_that_the_contact_will() -> None:
    walker = Walker().strides(10)
    random = Random(4)
    for _ in range(12):  # stance varies, swing does not: then it is the better anchor
        walker.take("ic", walker.t_us)
        off_us = walker.t_us + STANCE * STRIDE_US + random.gauss(0.0, 50_000)
        walker.take("ho", off_us)
        walker.t_us = off_us + (1.0 - STANCE) * STRIDE_US
    walker.take("ic", walker.t_us)
    late_us = walker.t_us + STANCE * STRIDE_US + 90_000
    walker.take("ho", late_us)
    coming = walker.predictor.next("ic")
    assert coming is not None
    assert coming.anchor == "ho"
    assert abs(coming.t_us - (late_us + (1.0 - STANCE) * STRIDE_US)) < 10_000


def test_the_other_leg_tells_of_this_one() -> None:
    predictor = StridePredictor(RIGHT)
    random = Random(2)
    t_us = 0.0
    for _ in range(14):  # the heel rises as the other foot lands, whenever that is
        predictor.update(event("ic", t_us))
        landed_us = t_us + 450_000 + random.gauss(0.0, 60_000)
        predictor.update(event("ic", landed_us, LEFT))
        coming = predictor.next("ho")
        off_us = landed_us + 60_000
        predictor.update(event("ho", off_us))
        t_us += STRIDE_US
    assert coming is not None
    assert coming.anchor == "other ic"
    assert abs(coming.t_us - off_us) < 10_000


@pytest.mark.parametrize("cv", [0.015, 0.03, 0.06])
def test_as_many_events_lie_within_the_stated_uncertainty_as_it_says(cv: float) -> None:
    walker = Walker()
    random = Random(11)
    for _ in range(2_000):
        walker.stride(STRIDE_US * (1.0 + cv * random.gauss(0.0, 1.0)))
    for kind in ("ho", "ic"):
        shares = [abs(error) / p.sd_us for error, p in walker.errors[kind] if p.confidence >= 1.0]
        assert len(shares) > 500
        assert 0.60 < sum(share <= 1.0 for share in shares) / len(shares) < 0.80, kind
        assert sum(share <= 2.0 for share in shares) / len(shares) > 0.90, kind


def test_the_phase_runs_from_contact_to_contact_and_waits_for_a_late_one() -> None:
    walker = Walker().strides(10)
    walker.take("ic", walker.t_us)
    seen = [walker.predictor.phase(round(walker.t_us + k * 0.01 * STRIDE_US)) for k in range(150)]
    phases = [found[0] for found in seen if found is not None]
    assert len(phases) == 150
    assert phases == sorted(phases)
    assert phases[0] == 0.0
    assert abs(phases[50] - 0.5) < 0.01
    assert max(phases) < 1.0
    sds = [found[1] for found in seen if found is not None]
    assert sds[0] == 0.0
    assert 0.0 < sds[20] < sds[80] < 0.05
