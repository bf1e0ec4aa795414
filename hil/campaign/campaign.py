"""A whole campaign: its walks on several processes, in order, kept as they come."""

import json
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final, cast

from fes_ctrl import __version__
from hil.campaign.draw import numbers
from hil.campaign.invariants import Violation
from hil.campaign.reactions import Reaction
from hil.campaign.run import Outcome

MOST_HOURS: Final = 10_000.0
AHEAD: Final = 4
"""So many walks a process are waiting, so that none is idle."""

Done = Callable[[int, Outcome], None]


@dataclass(frozen=True, slots=True)
class Found:
    """One violation of one walk."""

    number: int
    violation: Violation


def walk_all(
    seed: int, todo: Iterable[int], jobs: int, on_done: Done, run: Callable[[int, int], Outcome]
) -> None:
    """Walk walks of a campaign; ``on_done`` hears of them in order.

    Parameters
    ----------
    seed : int
        Of the campaign.
    todo : iterable of int
        The walks' numbers.
    jobs : int
        Processes; what comes of a walk does not depend on it.
    on_done : callable
        Called with number and outcome of each.
    run : callable
        Walks one; travels to other processes.
    """
    if jobs == 1:
        for number in todo:
            on_done(number, run(seed, number))
        return
    waiting: deque[tuple[int, Future[Outcome]]] = deque()
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_deaf)
    try:
        for number in todo:
            waiting.append((number, pool.submit(run, seed, number)))
            if len(waiting) >= AHEAD * jobs:
                _take_one(waiting, on_done)
        while waiting:
            _take_one(waiting, on_done)
    finally:
        pool.shutdown(cancel_futures=True)


def _take_one(waiting: "deque[tuple[int, Future[Outcome]]]", on_done: Done) -> None:
    number, future = waiting.popleft()
    on_done(number, future.result())


def _deaf() -> None:
    # Ctrl-C goes to the whole group: the one that keeps the results decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def todo_of(seed: int, hours: float) -> list[tuple[int, float]]:
    """Return number and duration of a campaign's walks.

    Raises
    ------
    ValueError
        If there is no such number of hours.
    """
    if not 0.0 < hours <= MOST_HOURS:
        message = f"--hours {hours:g}: give more than 0 and at most {MOST_HOURS:g}"
        raise ValueError(message)
    return list(numbers(seed, hours))


def violations_of(outcomes: dict[int, Outcome]) -> Iterator[Found]:
    """Yield every violation, walk by walk."""
    for number in sorted(outcomes):
        for violation in outcomes[number].violations:
            yield Found(number, violation)


# -- kept as they come ----------------------------------------------------------------------------


def header(seed: int) -> dict[str, object]:
    """Return what a file of outcomes begins with: who has it all may go on from it."""
    return {"kind": "campaign", "seed": seed, "version": __version__}


def line_of(number: int, outcome: Outcome) -> str:
    """Return one outcome as a line of JSON."""
    return json.dumps({"walk": number, **asdict(outcome)}, allow_nan=False)


def read_outcomes(path: Path, seed: int) -> dict[int, Outcome]:
    """Return the outcomes that an interrupted campaign has kept; a line that is cut is left out.

    Raises
    ------
    ValueError
        If the file is of another campaign.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        first = json.loads(lines[0])
    except (IndexError, ValueError):
        first = None
    if first != header(seed):
        message = f"{path}: not of seed {seed} and version {__version__}; leave --resume out"
        raise ValueError(message)
    outcomes = {}
    for line in lines[1:]:
        try:
            values = json.loads(line)
        except ValueError:
            break
        number = values.pop("walk")
        outcomes[number] = _outcome(values)
    return outcomes


def _outcome(values: dict[str, object]) -> Outcome:
    def rows(name: str) -> list[list[object]]:
        return cast("list[list[object]]", values[name])

    values["violations"] = tuple(Violation(*row) for row in rows("violations"))  # type: ignore[arg-type]
    values["reactions"] = tuple(Reaction(*row) for row in rows("reactions"))  # type: ignore[arg-type]
    values["acknowledged"] = tuple(rows("acknowledged"))
    values["unreached"] = tuple(rows("unreached"))
    return Outcome(**values)  # type: ignore[arg-type]
