"""A line to a broker carries less than there is to tell: the oldest gives way, and is counted."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.links.broker import parse_broker_url
from fes_ctrl.links.liveness import machine_ns
from fes_ctrl.runtime.broadcast import AGENT
from fes_ctrl.telemetry.outgoing import MOST_ITEMS
from fes_ctrl.telemetry.process import AgentProcess
from helpers import brokers
from helpers.real_bench import BENCH, Far, far, resident_mb

pytestmark = pytest.mark.real_time

COUNT = 6000
A_SECOND = 3000
ABOUT = {
    "online": True,
    "why": "started",
    "simulated": True,
    "device": "sim+p24",
    "program": "standard",
    "legs": ["right"],
    "fes_ctrl": "0",
    "config_sha256": "0" * 64,
}


def event(number: int) -> str:
    told = {"kind": "event", "now": number, "t_event": number, "t_emit": number, "leg": 1}
    return json.dumps({**told, "event": "ho", "confidence": 1.0}) + "\n"


def numbers(viewer: Far) -> list[int]:
    return [item["t_us"] for body in viewer.on("events") for item in body["items"]]


async def until(known: Callable[[], object], seconds: float = brokers.DEADLINE_S) -> None:
    async with asyncio.timeout(seconds):
        while not known():  # noqa: ASYNC110 - what is waited for is in another thread
            await asyncio.sleep(0.02)


async def told_over(line: brokers.Proxy, viewer: Far) -> tuple[list[dict[str, Any]], int, float]:
    """Tell of more than the line carries; return what was heard, lines lost, and memory grown."""
    heard: list[dict[str, Any]] = []
    broker = asdict(parse_broker_url(f"mqtt://{brokers.HERE}:{line.port}/{BENCH}"))
    hello = {"broker": broker, "bench": BENCH, "session": "s" * 32, "about": ABOUT}
    hello["start_ns"] = machine_ns()
    agent = AgentProcess(AGENT, hello, heard.append, lambda: None, lambda: None)
    agent.start()
    try:
        await until(lambda: any(said.get("up") for said in heard))
        assert agent.pid is not None
        before_mb = resident_mb(agent.pid)
        line.mode = brokers.SLOW
        begun_s = time.monotonic()
        for number in range(COUNT):
            agent.send(event(number))
            ahead_s = begun_s + number / A_SECOND - time.monotonic()
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
        await until(lambda: any(said.get("dropped") for said in heard))
        grown_mb = resident_mb(agent.pid) - before_mb
        line.mode = brokers.OPEN
        await until(lambda: numbers(viewer)[-1:] == [COUNT - 1])
        dropped = viewer.on("events")[-1]["dropped"]
        await until(lambda: viewer.on("health")[-1]["dropped"] == {"events": dropped})
        return heard, agent.lost, grown_mb
    finally:
        agent.close()


def test_what_a_slow_line_does_not_carry_is_counted_to_the_last_item(tmp_path: Path) -> None:
    with (
        brokers.mosquitto(tmp_path) as port,
        brokers.proxy(port) as line,
        far(port) as viewer,
    ):
        heard, lines_lost, grown_mb = asyncio.run(told_over(line, viewer))
        came = numbers(viewer)
        dropped = viewer.on("events")[-1]["dropped"]
        assert came == sorted(set(came)), "in order, and none twice"
        assert came[-MOST_ITEMS:] == list(range(COUNT - MOST_ITEMS, COUNT)), "the newest come"
        assert dropped > 0
        assert len(came) + dropped + lines_lost == COUNT
        assert max(said.get("dropped", 0) for said in heard) > 0, "and the control loop is told"
        assert grown_mb < 10.0
