"""The reference sketch of a probe, compiled with a stand-in for its board, is understood."""

import os
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from fes_ctrl.wire.lines import seal
from fes_ctrl.wire.probe_lines import (
    VERSION,
    Alive,
    ClockRead,
    EdgePlayed,
    FromProbe,
    Identify,
    PlayEdge,
    ProbeDecoder,
    ProbeIdentity,
    PulseSeen,
    ReadClock,
    encode,
)

SKETCH = Path(__file__).resolve().parents[3] / "firmware" / "probe" / "probe.ino"
START_US = 4_294_500_000
"""It runs over after 467 ms."""

BOARD = """
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string>
enum { LOW, HIGH, INPUT, OUTPUT, CHANGE, A0 = 14 };
static uint64_t time_us = START_US;
static int level[8], load_ua;
static std::string to_probe;
static int room = 63;
static struct {
    void begin(long) {}
    int available() { return (int)to_probe.size(); }
    int read() { int byte = (unsigned char)to_probe[0]; to_probe.erase(0, 1); return byte; }
    int availableForWrite() { return room; }
    size_t write(const uint8_t *data, size_t length) {
        if ((int)length > room) abort();  // it would have waited
        room -= (int)length;
        return fwrite(data, 1, length, stdout);
    }
} Serial;
static void (*on_change)();
static uint32_t micros() { return (uint32_t)time_us; }
static void pinMode(int, int) {}
static int digitalRead(int pin) { return level[pin]; }
static void digitalWrite(int pin, int to) { level[pin] = to; }
static int analogRead(int) { return 2048 + load_ua / 59; }
static int digitalPinToInterrupt(int pin) { return pin; }
static void attachInterrupt(int, void (*handler)(), int) { on_change = handler; }
static void noInterrupts() {}
static void interrupts() {}
"""
WALK = """
static void pin(int which, int to) {
    if (level[which] != to) { level[which] = to; on_change(); }
}
static void flow(int ua) {
    load_ua = ua;
    // The one comparator falls before the other rises.
    if (ua <= 1000) pin(2, LOW);
    if (ua >= -1000) pin(3, LOW);
    if (ua > 1000) pin(2, HIGH);
    if (ua < -1000) pin(3, HIGH);
}
int main() {
    // What happens when, in order: an instant from the start, then a current or a line.
    struct Happening { uint64_t at_us; int ua; const char *line; } happenings[] = { HAPPENINGS };
    size_t next = 0, count = sizeof happenings / sizeof *happenings;
    setup();
    for (uint64_t k = 0; k < LASTS_US / 10; k++) {
        while (next < count && happenings[next].at_us <= time_us - START_US) {
            if (happenings[next].line) to_probe += happenings[next].line;
            else flow(happenings[next].ua);
            next++;
        }
        loop();
        time_us += 10;
        if (k % 9 == 0 && room < 63) room++;  // 115 200 baud
    }
    return level[4] == HIGH ? 0 : 3;
}
"""
Happening = tuple[int, int | bytes]


def said(folder: Path, happenings: list[Happening], lasts_us: int) -> list[FromProbe]:
    """Return what the sketch says while currents flow and lines come."""
    compiler = os.environ.get("CXX", "c++")
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}: the sketch cannot be built")
    rows = []
    for at_us, what in sorted(happenings, key=lambda happening: happening[0]):
        if isinstance(what, bytes):
            text = what.decode().replace("\n", "\\n")
            rows.append(f'{{{at_us}, 0, "{text}"}}')
        else:
            rows.append(f"{{{at_us}, {what}, nullptr}}")
    source = folder / "board.cpp"
    walk = WALK.replace("HAPPENINGS", ", ".join(rows)).replace("LASTS_US", str(lasts_us))
    board = BOARD.replace("START_US", str(START_US))
    source.write_text(f'{board}#include "{SKETCH}"\n{walk.replace("START_US", str(START_US))}')
    options = ["-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *options, "-o", folder / "board", source], check=True, timeout=60)
    done = subprocess.run([folder / "board"], capture_output=True, check=True, timeout=60)
    reader = ProbeDecoder()
    messages = reader.feed(done.stdout)
    assert reader.bad == 0
    assert len(messages) == done.stdout.count(b"\n")
    return messages


def pulse(at_us: int, ua: int = 40_000) -> list[Happening]:
    return [(at_us, ua), (at_us + 300, 0), (at_us + 400, -ua), (at_us + 700, 0)]


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[FromProbe]:
    """A second: ten pulses, edges, questions, a line that is spoilt, and one too long."""
    happenings: list[Happening] = [
        (100_000, encode(Identify())),
        (200_000, encode(ReadClock(7))),
        (250_000, encode(PlayEdge(loaded=True, at_us=(START_US + 400_000) % (1 << 32)))),
        (300_000, encode(PlayEdge(loaded=False))),
        (310_000, b"edge,1*00\n"),
        (320_000, seal(b"edge,1,4294967296") + b"x" * 100 + b"\n"),
        (330_000, encode(PlayEdge(loaded=True, at_us=(START_US + 600_000) % (1 << 32)))),
    ]
    for k in range(10):
        happenings += pulse(340_000 + 25_000 * k, 40_000 if k < 9 else 300_000)
    return said(tmp_path_factory.mktemp("probe"), happenings, 1_000_000)


def of(messages: list[FromProbe], kind: type[FromProbe]) -> list[FromProbe]:
    return [message for message in messages if isinstance(message, kind)]


def test_it_says_who_it_is_first_and_when_it_is_asked(messages: list[FromProbe]) -> None:
    first, second = of(messages, ProbeIdentity)
    assert messages[0] == first == second
    assert isinstance(first, ProbeIdentity)
    assert first.version == VERSION


def test_it_tells_of_each_pulse_with_its_instant_and_its_phases(messages: list[FromProbe]) -> None:
    identity = messages[0]
    assert isinstance(identity, ProbeIdentity)
    pulses = [message for message in messages if isinstance(message, PulseSeen)]
    assert [seen.number for seen in pulses] == list(range(1, 11))
    for k, seen in enumerate(pulses):
        at_us = (START_US + 340_000 + 25_000 * k) % (1 << 32)
        assert 0 <= seen.t_us - at_us <= identity.time_step_us + 10, "the loop turns every 10 us"
        assert [us for us, _ in seen.points] == [300, 100, 300]
    for seen in pulses[:-1]:
        first, gap, second = [ua for _, ua in seen.points]
        assert abs(first - 40_000) <= identity.current_step_ua
        assert (gap, second) == (0, -first)
    assert pulses[-1].points[0][1] == identity.ceiling_ua, "what is beyond it reads as it"


def lives(messages: list[FromProbe]) -> list[Alive]:
    """Return its signs of life; each counts what began before, which was told of before."""
    told = 0
    last_us = START_US
    for message in messages:
        if isinstance(message, PulseSeen | Alive):
            whole_us = START_US + (message.t_us - START_US) % (1 << 32)
            assert whole_us >= last_us, "neither overtakes the other"
            last_us = whole_us
        told += isinstance(message, PulseSeen)
        if isinstance(message, Alive):
            assert message.pulses - message.unrecorded == told
    return [message for message in messages if isinstance(message, Alive)]


def test_it_lives_and_counts_every_pulse_that_began_before(messages: list[FromProbe]) -> None:
    alive = lives(messages)
    gaps = [(b.t_us - a.t_us) % (1 << 32) for a, b in pairwise(alive)]
    assert 50_000 <= min(gaps) < max(gaps) <= 100_000
    assert alive[-1][1:] == (10, 0, 3), "a wrong check, a number too large, a line too long"


def test_it_plays_edges_now_or_when_they_are_due(messages: list[FromProbe]) -> None:
    edges = [message for message in messages if isinstance(message, EdgePlayed)]
    assert [edge.loaded for edge in edges] == [False, True, True]
    late_us = [
        (edge.t_us - START_US - at_us) % (1 << 32)
        for edge, at_us in zip(edges, (300_000, 400_000, 600_000), strict=True)
    ]
    assert max(late_us) <= 20


def test_its_clock_is_read_after_the_question(messages: list[FromProbe]) -> None:
    (answer,) = [message for message in messages if isinstance(message, ClockRead)]
    assert answer.token == 7
    assert 0 <= answer.t_us - START_US - 200_000 <= 5_000, "behind the line before"


def test_what_comes_faster_than_its_line_is_counted_as_unrecorded(tmp_path: Path) -> None:
    happenings: list[Happening] = [(0, encode(PlayEdge(loaded=True)))]
    for k in range(40):
        happenings += pulse(100_000 + 2_000 * k)
    happenings += [(400_000 + 10 * k, ua) for k, ua in enumerate([9_000, 0] * 12)]
    messages = said(tmp_path, happenings, 600_000)
    pulses = [message for message in messages if isinstance(message, PulseSeen)]
    alive = lives(messages)[-1]
    assert 10 < len(pulses) < 40
    assert alive.pulses == 41
    assert alive.unrecorded == 41 - len(pulses)
    assert max(pulses).number < 41, "it has more phases than are held"
