"""Many patients at once: alike on any number of workers, and fit to travel."""

import pickle
from dataclasses import replace

from hil.patient.batch import walk_batch
from hil.patient.config import CompensationConfig, LegConfig, PatientConfig
from hil.patient.open_loop import walk_open
from hil.patient.train import OpenWalk, Train

LEARNS = LegConfig(compensation=CompensationConfig(max_mm=80, noise_mm=2, habit_mm=30))
PATIENT = PatientConfig(stride_cv_percent=4, leg=(LEARNS, replace(LEARNS, side="left", channel=1)))
WALKS = [OpenWalk(PATIENT, Train(), seed, duration_s=8.0) for seed in range(5)]


def test_the_number_of_workers_changes_nothing() -> None:
    alone = list(walk_batch(WALKS))
    assert alone == list(walk_batch(WALKS, workers=2))
    assert len({swings[-1] for legs in alone for swings in legs}) == 10, "seeds and legs differ"


def test_a_walk_travels_to_another_process_whole() -> None:
    assert pickle.loads(pickle.dumps(WALKS)) == WALKS  # noqa: S301 - our own


def test_a_train_is_felt_and_a_train_without_current_is_not() -> None:
    (stimulated, _) = walk_open(WALKS[0])
    (without, _) = walk_open(replace(WALKS[0], train=Train(current_ua=0)))
    assert stimulated[-1].peak_dorsiflexion_deg > without[-1].peak_dorsiflexion_deg + 10
