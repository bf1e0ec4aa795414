"""What is answered and written down of a command, word by word, and what the bench is asked for."""

from uuid import uuid4

from fes_ctrl.assembly import ControlConfig
from fes_ctrl.model import ALL_LEGS, LEFT, RIGHT
from fes_ctrl.telemetry.parameters import Parameters
from fes_ctrl.telemetry.remote import REMEMBERED, Answer, Entry, Remote
from fes_ctrl.telemetry.requests import MOST_BYTES, Request
from helpers.asked import NOON_US, SESSION, setting, stopping

ID = "6f1c9f0e-2c0a-4d0e-9a52-0d8b4f5d7b11"
OTHER_ID = "6f1c9f0e-2c0a-4d0e-9a52-0d8b4f5d7b12"
ODD_ID = "6F1C9F0E2C0A4D0E9A520D8B4F5D7B11"
"""The first, as somebody else may write it."""


class Bench:
    """A bench that writes down what it is asked for; a burst runs on it until one says it ends."""

    def __init__(self) -> None:
        self.level_percent = 50
        self.waiting = True
        self.asked: list[tuple[object, ...]] = []

    def stop(self) -> None:
        self.asked.append(("stop",))

    def lower(self, level_percent: int) -> None:
        self.asked.append(("lower", level_percent))
        self.level_percent = level_percent

    def change(self, leg: int, name: str, value: float) -> None:
        self.asked.append((leg, name, value))


class Table:
    """A remote, its bench, and all that it has said."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.answers: list[tuple[Request, Answer]] = []
        self.entries: list[Entry] = []
        parameters = Parameters((LEFT, RIGHT), ControlConfig(), (LEFT, RIGHT))
        self.remote = Remote(
            self.bench,
            parameters,
            SESSION,
            lambda request, answer: self.answers.append((request, answer)),
            self.entries.append,
        )

    def take(self, request: Request, now_us: int = 0) -> str:
        return self.remote.take(request, now_us, NOON_US)


def test_what_is_accepted_is_answered_twice_and_written_down_once() -> None:
    table = Table()
    request = setting(id=ODD_ID)
    assert table.take(request) == ""
    accepted = (request, Answer(ID, "accepted", "", 2))
    assert table.answers == [accepted]
    assert table.remote.look() is False
    table.bench.waiting = False
    assert table.remote.look() is True
    assert table.remote.look() is False
    assert table.answers == [accepted, (request, Answer(ID, "effective", "", 2))]
    change: dict[str, tuple[object, float]] = {"program.extension_ms": (100.0, 120.0)}
    assert table.entries == [Entry("tuner", "accepted", "", change, 2)]
    assert table.remote.counts == {"accepted": 1}


def test_the_bench_is_asked_to_lower_first_and_for_each_of_it() -> None:
    table = Table()
    change = {"program.rise_ms": 150.0, "limits.current_mA": 30.0, "level_percent": 20.0}
    table.take(setting(change=change))
    assert table.bench.asked == [
        ("lower", 20),
        (ALL_LEGS, "limits.current_mA", 30.0),
        (ALL_LEGS, "rise_ms", 150.0),
    ]
    table.take(
        setting(change={"program.rise_ms": 160.0}, leg="right", seq=2, base_version=2), 10**6
    )
    assert table.bench.asked[3:] == [(RIGHT, "rise_ms", 160.0)]


def test_what_was_accepted_is_answered_again_to_who_asked_and_to_nobody_else() -> None:
    table = Table()
    request = setting(id=ID)
    table.take(request)
    repeated = "repeated: the answer was given before, and is given again"
    assert table.take(request) == repeated
    assert table.answers[1:] == [(request, Answer(ID, "accepted", "", 2, again=True))]
    table.bench.waiting = False
    table.remote.look()
    assert table.take(request) == repeated
    assert table.answers[-1] == (request, Answer(ID, "effective", "", 2, again=True))
    assert table.take(setting("another", id=ID)) == ""
    assert table.answers[-1][1].reason == "version: version 1 was changed since; 2 is in force"
    assert len(table.entries) == 2, "what is answered again is not written down again"
    assert table.remote.counts == {"accepted": 1, "again": 2, "version": 1}


def test_what_is_refused_is_answered_and_written_down_with_the_reason() -> None:
    table = Table()
    table.take(setting(id=ID))
    late = setting(id=OTHER_ID, seq=2)
    assert table.take(late) == ""
    why = "version: version 1 was changed since; 2 is in force"
    assert table.answers[-1] == (late, Answer(OTHER_ID, "refused", why, 2))
    change: dict[str, tuple[object, float]] = {"program.extension_ms": (None, 120.0)}
    assert table.entries[-1] == Entry("tuner", "refused", why, change, 2)
    assert len(table.bench.asked) == 1


def test_what_was_kept_or_is_nothing_to_ask_for_is_refused_unread() -> None:
    table = Table()
    kept = "retained: a command is for now; nobody may keep it"
    request = setting(id=ID, retained=True)
    assert table.take(request) == kept
    assert table.answers[-1] == (request, Answer(ID, "refused", kept, 1))
    assert table.entries[-1] == Entry("tuner", "refused", kept, {}, 1)
    odd = setting(id=ID)._replace(what="x" * 70)
    why = f"malformed: '{'x' * 60}' is nothing that can be asked for"
    assert table.take(odd) == ""
    assert table.answers[-1] == (odd, Answer(ID, "refused", why, 1))
    assert table.remote.counts == {"retained": 1, "malformed": 1}


def test_a_stop_is_answered_and_written_down() -> None:
    table = Table()
    table.take(setting(id=ID))
    named, bare = stopping(payload=f'{{"id": "{ODD_ID}"}}'), stopping()
    for request, id_ in ((named, ID), (bare, None)):
        assert table.take(request) == ""
        assert table.answers[-1] == (request, Answer(id_, "stopped", "", 2))
        assert table.entries[-1] == Entry("viewer", "stopped", "", {}, 2)
        assert table.bench.asked[-1] == ("stop",)
    why = "retained: a stop that is kept would stop every run to come; publish it without retain"
    for request, id_ in ((named, ID), (bare, None)):
        kept = request._replace(retained=True)
        assert table.take(kept) == why
        assert table.answers[-1] == (kept, Answer(id_, "refused", why, 2))
        assert table.entries[-1] == Entry("viewer", "refused", why, {}, 2)
    assert table.bench.asked.count(("stop",)) == 2
    assert table.remote.counts == {"accepted": 1, "stopped": 2, "retained": 2}


def test_a_stop_that_comes_again_stops_again_and_is_written_down_once() -> None:
    table = Table()
    request = stopping(payload=f'{{"id": "{ID}"}}')
    assert [table.take(request) for _ in range(3)] == ["", "", ""]
    assert table.bench.asked == [("stop",)] * 3
    first = Answer(ID, "stopped", "", 1)
    again = first._replace(again=True)
    assert table.answers == [(request, first), (request, again), (request, again)]
    assert table.entries == [Entry("viewer", "stopped", "", {}, 1)]
    assert table.remote.counts == {"stopped": 1, "again": 2}
    # What has no name of its own, or another sender's, is another one.
    table.take(request._replace(sender="anna"))
    table.take(stopping())
    table.take(stopping())
    assert len(table.entries) == 4


def test_a_stop_of_any_length_stops_and_is_searched_for_its_name_as_far_as_a_command_goes() -> None:
    table = Table()
    said = f'{{"id": "{ID}"}}'
    for length, id_ in ((MOST_BYTES, ID), (MOST_BYTES + 1, None)):
        table.take(stopping(payload=said.ljust(length)))
        assert table.answers[-1][1] == Answer(id_, "stopped", "", 1)
    assert table.bench.asked == [("stop",)] * 2


def test_of_too_many_answers_the_oldest_is_forgotten() -> None:
    table = Table()
    wrong = [setting(session="") for _ in range(REMEMBERED + 1)]
    for request in wrong:
        assert table.take(request).startswith("session")
    for request in wrong[1:]:
        assert table.take(request).startswith("repeated")
    assert table.take(wrong[0]).startswith("session")


def test_of_too_many_stops_the_oldest_is_forgotten() -> None:
    table = Table()
    stops = [stopping(payload=f'{{"id": "{uuid4()}"}}') for _ in range(REMEMBERED + 1)]
    for request in stops[:REMEMBERED]:
        table.take(request)
    table.take(stops[0])
    assert table.answers[-1][1].again, "as many as that are remembered"
    table.take(stops[REMEMBERED])
    table.take(stops[1])
    assert table.answers[-1][1].again
    table.take(stops[0])
    assert not table.answers[-1][1].again
