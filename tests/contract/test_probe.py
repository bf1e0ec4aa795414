"""A probe that is a process of its own, on a pseudo-terminal and over TCP, and walks with it."""

import asyncio
import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.walk import command
from fes_ctrl.runtime.realtime import RealClock
from fes_ctrl.units import Us
from fes_ctrl.wire.probe_lines import ClockRead, HostDecoder, ProbeIdentity, ReadClock, encode
from helpers.far_end import FarEnd
from helpers.served import Told, served
from hil.probe import ProbeError, open_probe

pytestmark = pytest.mark.real_time

LOAD = ("--dummy-load", "1000")
LATER = ProbeIdentity(2, "later", "9.0", 1000, 100, 4, 120_000, 200, 500)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("on", "place"), [(("--pty",), "serial://"), (("--tcp", "127.0.0.1:0"), "tcp://")]
)
async def test_a_probe_answers_lives_and_plays_edges(on: tuple[str, ...], place: str) -> None:
    with served("--probe", on=on) as told:
        clock = RealClock(asyncio.get_running_loop())
        probe = await open_probe(place + told["probe"], clock.now_us)
        edges: list[tuple[Us, bool]] = []
        played = asyncio.Event()

        def take(t_us: Us, loaded: bool) -> None:
            edges.append((t_us, loaded))
            if len(edges) == 2:
                played.set()

        probe.on_edge = take
        due_us = probe.on_probe(clock.now_us() + 200_000)
        probe.edge(loaded=False, at_probe_us=due_us)
        probe.edge(loaded=True)
        async with asyncio.timeout(10):
            await played.wait()
        assert [loaded for _, loaded in edges] == [True, False]
        assert edges[1][0] >= due_us - 4
        assert probe.identity is not None
        assert probe.identity.name == "sim+probe", "a simulated one says so"
        assert probe.alive(clock.now_us())
        assert probe.silent_since(clock.now_us()) < probe.told_until_us, "it has seen nothing"
        assert probe.problems() == []
        probe.close()


class Desk:
    """A probe at the far end of a pseudo-terminal that answers as it is told to."""

    def __init__(self, identity: ProbeIdentity | None) -> None:
        self._end = FarEnd()
        self._identity = identity
        self._heard = HostDecoder()
        self.url = f"serial://{self._end.port}"
        asyncio.get_running_loop().add_reader(self._end.fd, self._answer)

    def _answer(self) -> None:
        for question in self._heard.feed(self._end.take()):
            if self._identity is None:
                continue
            answer = ClockRead(question.token, 5) if isinstance(question, ReadClock) else None
            os.write(self._end.fd, encode(answer or self._identity))

    def unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._end.fd)
        self._end.unplug()


async def refusal(identity: ProbeIdentity | None) -> str:
    desk = Desk(identity)
    try:
        with pytest.raises(ProbeError) as refused:
            await open_probe(desk.url, RealClock(asyncio.get_running_loop()).now_us)
    finally:
        desk.unplug()
    return str(refused.value)


@pytest.mark.asyncio
async def test_who_answers_nothing_within_two_seconds_is_no_probe() -> None:
    assert "no probe answered within 2 s (0 lines were none of a probe's)" in await refusal(None)


@pytest.mark.asyncio
async def test_a_probe_of_a_later_version_is_refused() -> None:
    assert "later speaks version 2 of the lines, and this release 1" in await refusal(LATER)


@pytest.mark.asyncio
async def test_a_port_that_is_not_there_is_refused() -> None:
    with pytest.raises(OSError, match="there is no such port"):
        await open_probe("serial:///dev/ttyNowhere", lambda: 0)


def walk(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--clock", "real", "--json"])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Told]:
    with served("--probe", "--pulses", str(tmp_path / "pulses")) as told:
        yield told


def test_what_a_probe_measures_is_what_the_patient_is_given(bench: Told, tmp_path: Path) -> None:
    link = ("--link", f"p24://{bench['port']}", "--probe", f"serial://{bench['probe']}", *LOAD)
    refused = walk(*link, "--dummy-load", "1120")
    assert "measures across 1000 ohm, and the dummy load is said to be 1120" in refused.output
    done = walk(*link, "--duration", "6", "--out", str(tmp_path / "run"))
    summary = json.loads(done.stdout)
    reasons = summary["verdict"]["reasons"]
    assert [reason for reason in reasons if reason.startswith("the probe")] == []
    assert summary["charge"]["source"] == "probe"
    given = [json.loads(line) for line in (tmp_path / "pulses").read_text().splitlines()]
    gaps_us = [second["t_us"] - first["t_us"] for first, second in pairwise(given)]
    if min(gaps_us) > 19_000:
        # None came too soon after the last, by a machine that was busy.
        assert summary["safety"]["witness_violations"] == []
    seen = summary["probe"]
    assert len(given) == seen["pulses"] == summary["legs"]["right"]["pulses"] > 50
    assert seen["missing"] == 0
    assert 0 < seen["doubt_ms"] < 100
    charges_uC = [pulse["points"][0][0] * pulse["points"][0][1] / 1e6 for pulse in given]
    assert summary["charge"]["total_mC"] == pytest.approx(sum(charges_uC) / 1e3, rel=0.02)
    assert summary["charge"]["rms_mA_per_cm2_max"] > 0.0, "nobody knows it of a command"
    header = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[0])
    assert header["config"]["probe"] == f"serial://{bench['probe']}"


def test_a_probe_that_sees_nothing_and_is_gone_in_the_middle_fails_the_walk(bench: Told) -> None:
    with served("--probe", "--inject", "cable_pulled@3") as other:
        link = ("--link", f"p24://{bench['port']}", "--probe", f"serial://{other['probe']}")
        done = walk(*link, *LOAD, "--duration", "4")
    summary = json.loads(done.stdout)
    assert not summary["verdict"]["passed"]
    assert summary["legs"]["right"]["pulses"] == 0, "what was commanded does not stand in"
    reasons = summary["verdict"]["reasons"]
    first, silent, none = [reason for reason in reasons if reason.startswith("the probe")]
    assert first.startswith("the probe was lost: ")
    assert silent.startswith("the probe was silent at the end: what came in the last ")
    assert none.startswith("the probe saw none of ")
