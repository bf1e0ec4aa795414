"""The intake: what is old, double or out of order never reaches a detector."""

import random

from fes_ctrl.gait.config import IntakeConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.intake import DROP, FRESH, RESTART, Intake
from fes_ctrl.model import LEFT

PERIOD_US = 5_000


def punctual(intake: Intake, from_us: int, rows: int, period_us: int = PERIOD_US) -> list[int]:
    stamps = [from_us + row * period_us for row in range(rows)]
    return [intake.judge(t_us, t_us) for t_us in stamps]


def settled() -> tuple[Intake, int]:
    intake = Intake(IntakeConfig(), Notebook(LEFT))
    punctual(intake, 0, 400)
    return intake, 400 * PERIOD_US


def test_a_regular_stream_is_fresh_from_its_second_reading() -> None:
    intake = Intake(IntakeConfig(), Notebook(LEFT))
    assert punctual(intake, 0, 1000) == [RESTART] + [FRESH] * 999


def test_duplicates_and_late_packets_are_dropped() -> None:
    intake, now_us = settled()
    assert intake.judge(now_us, now_us) == FRESH
    assert intake.judge(now_us, now_us) == DROP
    assert intake.judge(now_us - PERIOD_US, now_us) == DROP
    assert intake.judge(now_us + PERIOD_US, now_us + PERIOD_US) == FRESH


def test_a_reading_that_arrives_too_old_is_dropped_and_leaves_a_gap_behind() -> None:
    intake = Intake(IntakeConfig(max_age_ms=100.0), Notebook(LEFT))
    assert intake.judge(0, 5_000) == RESTART
    for t_us in range(10_000, 300_000, 10_000):
        assert intake.judge(t_us, t_us + 400_000) == DROP
    assert intake.judge(300_000, 305_000) == RESTART


def test_after_a_gap_the_state_is_void() -> None:
    intake = Intake(IntakeConfig(), Notebook(LEFT))
    for t_us in range(0, 500_000, 10_000):
        intake.judge(t_us, t_us + 3_000)
    assert intake.judge(700_000, 703_000) == RESTART
    assert intake.judge(710_000, 713_000) == FRESH


def test_a_backlog_is_silent_until_it_is_worked_off() -> None:
    intake, now_us = settled()
    # The host stalls for 0.5 s, then gets the 100 rows that queued up, at 2.5 x the rate.
    stalled_us = now_us + 500_000
    verdicts = []
    t_us = stalled_us
    while True:
        verdict = intake.judge(t_us, t_us)
        verdicts.append(verdict)
        if verdict != DROP:
            break
        t_us += 2_000
    late_us = (stalled_us - now_us) - (len(verdicts) - 1) * (PERIOD_US - 2_000)
    assert verdict == RESTART
    assert abs(late_us) <= 2 * PERIOD_US


def test_rows_that_were_lost_and_not_queued_cost_the_probation_only() -> None:
    intake, now_us = settled()
    verdicts = punctual(intake, now_us + 2_000_000, 200)
    silent_us = verdicts.index(RESTART) * PERIOD_US
    assert set(verdicts[: verdicts.index(RESTART)]) == {DROP}
    assert 300_000 <= silent_us <= 320_000
    assert set(verdicts[verdicts.index(RESTART) + 1 :]) == {FRESH}


def test_jitter_and_lost_rows_are_no_backlog() -> None:
    stream = random.Random("jitter")
    intake = Intake(IntakeConfig(), Notebook(LEFT))
    verdicts = []
    for row in range(40_000):
        if stream.random() >= 0.05:
            t_us = row * PERIOD_US + stream.randrange(4_000)
            verdicts.append(intake.judge(t_us, t_us))
    assert verdicts.count(FRESH) == len(verdicts) - 1


def test_a_new_rate_is_learnt() -> None:
    intake, now_us = settled()
    verdicts = punctual(intake, now_us, 400, period_us=20_000)
    assert set(verdicts[-300:]) == {FRESH}


def test_a_clock_that_is_set_back_starts_anew_and_does_not_deafen() -> None:
    intake, now_us = settled()
    assert intake.judge(now_us - 1_500_000, now_us - 1_500_000) == RESTART
    assert intake.judge(now_us - 1_495_000, now_us - 1_495_000) == FRESH


def test_a_reading_from_the_future_is_dropped_and_said_once() -> None:
    notes = Notebook(LEFT)
    intake = Intake(IntakeConfig(), notes)
    for t_us in range(0, 500_000, 10_000):
        intake.judge(t_us, t_us + 3_000)
    notes.take()
    # A clock that gains on the host's: with the jitter of the way, first some are ahead, then all.
    for t_us in range(500_000, 600_000, 10_000):
        ahead = t_us % 20_000 == 0
        assert intake.judge(t_us, t_us - 1_000 if ahead else t_us + 1_000) == (
            DROP if ahead else FRESH
        )
    for t_us in range(600_000, 900_000, 10_000):
        assert intake.judge(t_us, t_us - 40_000) == DROP
    assert [remark.text for remark in notes.take()] == [
        "stamped 1.0 ms after its arrival: not used, the clock runs ahead"
    ]
    assert intake.snapshot()["dropped"] == 35
    assert intake.judge(900_000, 903_000) == RESTART, "what was known before is old by now"
    assert intake.judge(910_000, 913_000) == FRESH
