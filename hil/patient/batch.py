"""Many patients at once: the same kernel, one walk after the other, on as many cores as wanted.

A second kernel over arrays would be a second copy of the equations; the compiled one is as fast,
and equal to the last bit. Results come in the order of the walks, whatever the number of workers.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from hil.patient.open_loop import walk_open
from hil.patient.outcome import LegSwing
from hil.patient.train import OpenWalk

CHUNK = 8


def walk_batch(walks: Sequence[OpenWalk], workers: int = 1) -> Iterator[list[list[LegSwing]]]:
    """Walk them all.

    Parameters
    ----------
    walks : sequence of OpenWalk
        Who walks how.
    workers : int
        Processes; 1 walks in this one.

    Yields
    ------
    list of list of LegSwing
        The swings of each leg, walk by walk in the order given.
    """
    if workers == 1:
        yield from map(walk_open, walks)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        yield from pool.map(walk_open, walks, chunksize=CHUNK)
