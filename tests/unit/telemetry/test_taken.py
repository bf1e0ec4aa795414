"""What is said of telemetry that is not taken: word for word, once, and when it is over."""

from fes_ctrl.safety.faults import CLEARED, WARN
from fes_ctrl.telemetry.taken import HUNG_US, Taken, stops_come

PATIENCE_US = 10_000_000


class Judge:
    """A judge, and what it has said to the controller and to the person."""

    def __init__(self, now_us: int = 0, patience_us: int = PATIENCE_US) -> None:
        self.warned: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.taken = Taken(
            now_us,
            patience_us,
            lambda reaction, detail: self.warned.append((reaction, detail)),
            self.said.append,
        )


def test_a_broker_that_never_was_there_is_told_of_after_the_patience() -> None:
    judge = Judge(1_000_000)
    judge.taken.look(1_000_000 + PATIENCE_US - 1)
    assert judge.warned == []
    for now_us in (1_000_000 + PATIENCE_US, 2_000_000 + PATIENCE_US):
        judge.taken.look(now_us)
    assert judge.warned == [(WARN, "telemetry is not taken: not connected yet")]


def test_each_trouble_is_said_once_and_a_connection_when_it_is_made() -> None:
    judge = Judge()
    for now_us in (1, 2):
        judge.taken.linked(now_us, "no such host", up=False)
    judge.taken.linked(3, "refused", up=False)
    for now_us in (4, 5):
        judge.taken.linked(now_us, "MQTT 5", up=True)
    judge.taken.linked(6, "MQTT 5", up=False)
    trying = "telemetry: no connection, tried again while the run goes on: "
    assert judge.said == [
        f"{trying}no such host",
        f"{trying}refused",
        "telemetry: connected, MQTT 5",
        f"{trying}MQTT 5",
    ]
    assert judge.warned == []


def test_it_is_down_since_its_last_answer_and_not_since_a_later_try() -> None:
    judge = Judge()
    judge.taken.linked(1_000_000, "MQTT 5", up=True)
    judge.taken.linked(20_000_000, "timed out", 3_000_000, up=False)
    judge.taken.linked(25_000_000, "timed out", 0, up=False)
    judge.taken.look(26_999_999)
    assert judge.warned == []
    judge.taken.look(27_000_000)
    assert judge.warned == [(WARN, "telemetry is not taken: timed out")]
    judge.taken.linked(28_000_000, "MQTT 5", up=True)
    assert judge.warned[1:] == [(CLEARED, "the broker takes it again")]


def test_without_a_word_on_its_silence_it_is_down_from_when_it_is_told() -> None:
    judge = Judge(patience_us=2_000_000)
    judge.taken.linked(1_000_000, "MQTT 5", up=True)
    judge.taken.linked(5_000_000, "gone", up=False)
    judge.taken.look(6_999_999)
    assert judge.warned == []
    judge.taken.look(7_000_000)
    assert judge.warned != []


def test_a_process_that_lived_and_says_so_no_more_hangs() -> None:
    judge = Judge(patience_us=1_000_000)
    judge.taken.linked(0, "MQTT 5", up=True)
    judge.taken.look(HUNG_US * 3)
    assert judge.warned == [], "it has never said that it lives"
    judge.taken.alive(HUNG_US)
    judge.taken.look(2 * HUNG_US - 1)
    assert judge.warned == []
    judge.taken.look(2 * HUNG_US)
    hangs = "telemetry is not taken: the process that speaks to the broker hangs"
    assert judge.warned == [(WARN, hangs)]


def test_a_slow_broker_is_told_of_and_when_it_keeps_up_again() -> None:
    judge = Judge()
    judge.taken.carried(1, 0)
    judge.taken.carried(2, 1)
    slow = (WARN, "the broker is slow: 1 items dropped so far")
    assert judge.warned == [slow], "from the first on, connected or not"
    judge.taken.linked(3, "MQTT 5", up=True)
    assert judge.warned == [slow, (CLEARED, "the broker takes it again")]
    judge.taken.carried(4, 7)
    assert len(judge.warned) == 2, "what was dropped before there was a broker"
    judge.taken.carried(5, 9)
    judge.taken.carried(6, 9)
    assert judge.warned[2:] == [
        (WARN, "the broker is slow: 9 items dropped so far"),
        (CLEARED, "the broker keeps up again"),
    ]


def test_what_is_dropped_before_the_first_word_counts() -> None:
    judge = Judge()
    judge.taken.carried(1, 1)
    assert judge.warned == [(WARN, "the broker is slow: 1 items dropped so far")]


def test_what_a_broker_refuses_is_said_at_once_and_is_a_fault_when_it_lasts() -> None:
    judge = Judge()
    judge.taken.linked(0, "MQTT 5", up=True)
    judge.taken.alive(1)
    judge.taken.carried(1_000_000, 0, "it refuses fes/b/status")
    judge.taken.carried(2_000_000, 0, None)
    assert judge.said[1:] == ["telemetry: it refuses fes/b/status; the run goes on"]
    judge.taken.alive(PATIENCE_US)
    judge.taken.look(PATIENCE_US)
    assert judge.warned == []
    judge.taken.look(1_000_000 + PATIENCE_US)
    assert judge.warned == [(WARN, "telemetry is not taken: it refuses fes/b/status")]
    judge.taken.carried(2_000_000 + PATIENCE_US, 0, "")
    assert judge.said[2:] == ["telemetry: the broker takes it again"]
    assert judge.warned[1:] == [(CLEARED, "the broker takes it again")]


def test_how_stops_come_is_said_in_words() -> None:
    assert stops_come("own", "") == "stops from afar have a connection of their own again"
    assert stops_come("denied", "") == (
        "the broker lets nobody of this name hear stops, so none can come from afar; let it read "
        "fes/BENCH/command/stop/+"
    )
    assert stops_come("shared", "a reason") == (
        "stops from afar have no connection of their own (a reason); they come with all else, "
        "where a flood may hold them up; it is tried again"
    )
