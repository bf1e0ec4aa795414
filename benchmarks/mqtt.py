"""What telemetry carries, loses and costs, over a real mosquitto: one JSON line on stdout.

    python benchmarks/mqtt.py [--part fleet|command|lateness] [--benches N] [--seconds S]

- *fleet*: so many benches, each with the process of its own that speaks to the broker, are handed
  the records of a simulated walk, one every 50 ms, which makes 20 messages a second each. Another
  process subscribes to all. Counted are the records that arrived of those that were handed over,
  what did not arrive between others (gaps in the numbers of each topic), and what the benches' own
  counters say was dropped or is unconfirmed; timed is from when a message was made to when it was
  received. After it in the same run: as many messages by aiomqtt alone, from one process to
  another.
- *command*: a simulated walk in real time; a remote turns its extension once a second or so, at any
  moment of the stride. From sending the command to its answer, and to when it holds, which is at
  the end of the burst.
- *lateness*: simulated walks in real time, one after the other: without telemetry, with it, with it
  and the broker halted (SIGSTOP), without again. How late timers every 5 ms ring on the loop that
  walks. Two runs without tell how much the machine varies by itself.
"""

import argparse
import asyncio
import json
import signal
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from aiomqtt import Client, ProtocolVersion
from mqtt_broker import Figures, listening, mosquitto, percentiles

from fes_ctrl.links.broker import Broker
from fes_ctrl.links.liveness import machine_ns
from fes_ctrl.model import BurstEnd, Fault, Record
from fes_ctrl.runlog.format import record_line
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.broadcast import Broadcast
from fes_ctrl.runtime.clock import ORDER_CONTROLLER
from fes_ctrl.runtime.lateness import lateness_of
from fes_ctrl.runtime.realtime import RealClock, real_time_loop
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.telling import About
from fes_ctrl.telemetry.process import AgentProcess
from hil.config import WalkConfig
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.simulate_real import simulate_real

EVERY_S = 0.05
SETTLE_S = 3.0
TICK_US = 5_000
ROOT = Path(__file__).resolve().parent.parent
ASKED = {"benches": 20, "messages_a_second": 20, "seconds": 60}


# -- a fleet --------------------------------------------------------------------------------------


def walked(seconds: float) -> list[Record]:
    """Return what the controller said in a simulated walk."""
    config = load_scenario("standard", {"duration_s": seconds}).walk
    clock = Stepper()
    rig = Rig(config, clock, NullLog())
    said: list[Record] = []
    rig.session.listeners.append(lambda _now_us, records: said.extend(records))
    rig.session.open()
    clock.run_until_us(round(seconds * 1e6))
    rig.finish()
    kinds = ("event", "phase", "burst", "burst_end")
    return [each for each in said if json.loads(record_line(0, each))["kind"] in kinds]


async def fleet(benches: int, seconds: float) -> Figures:
    """Let benches publish for a while; return what came of it."""
    said = walked(60.0)
    with mosquitto() as (port, _), listening(port) as (listener, heard):
        broker = {"host": "127.0.0.1", "port": port}
        agents = [_agent(broker, f"bench-{index}") for index in range(benches)]
        await asyncio.sleep(SETTLE_S)
        began_s = time.monotonic()
        tasks = [
            asyncio.create_task(_replay(agent, said, index / benches * EVERY_S, seconds))
            for index, agent in enumerate(agents)
        ]
        handed = sum(await asyncio.gather(*tasks))
        took_s = time.monotonic() - began_s
        await asyncio.sleep(SETTLE_S)
        for agent in agents:
            agent.close()
        bare = await _bare(port, benches, min(10.0, seconds))
        async with Client("127.0.0.1", port) as client:
            await client.publish("end", qos=1)
        await asyncio.to_thread(listener.wait, 30)
        rows = [json.loads(line) for line in heard.read_text().splitlines()[1:]]
    if not rows:
        sys.exit("nothing was received: the benches did not speak")
    return {**_received(rows, handed, took_s), "bare_aiomqtt": bare}


def _agent(broker: Figures, name: str) -> AgentProcess:
    hello = {
        "broker": broker,
        "bench": name,
        "session": uuid.uuid4().hex,
        "start_ns": machine_ns(),
        "about": {"online": True, "why": "started", "simulated": True, "device": "sim+p24",
                  "program": "standard", "legs": ["right"], "fes_ctrl": "0", "config_sha256": ""},
    }  # fmt: skip
    agent = AgentProcess(
        "fes_ctrl.telemetry.agent", hello, lambda _line: None, lambda: None, lambda: None
    )
    agent.start()
    return agent


async def _replay(agent: AgentProcess, said: list[Record], begin_s: float, seconds: float) -> int:
    """Hand a record over every 50 ms, and metrics every second, as a run does."""
    start_s = time.monotonic() + begin_s
    count = round(seconds / EVERY_S)
    for index in range(count):
        await asyncio.sleep(max(0.0, start_s + index * EVERY_S - time.monotonic()))
        now_us = round(1e6 * (time.monotonic() - start_s))
        agent.send(record_line(now_us, said[index % len(said)]))
        if index % 20 == 0:
            metrics = {"kind": "metrics", "now": now_us, "pulses": index, "refused": 0,
                       "contacts": {}, "bursts": {}, "activity": {}, "arrivals": None,
                       "late_us_max": 0, "lines_lost": agent.lost, "commands": {}}  # fmt: skip
            agent.send(json.dumps(metrics) + "\n")
    return count


def _received(rows: list[list[Any]], handed: int, took_s: float) -> Figures:
    seen: dict[str, list[int]] = {}
    late_s = []
    items: dict[tuple[str, int], int] = {}
    health: dict[str, list[Any]] = {}
    for topic, seq, delay_s, retained, count, *rest in rows:
        if retained or not topic.startswith("fes/"):
            continue
        if not topic.endswith("/status"):
            # The good-bye and the last will have no number of their own.
            seen.setdefault(topic, []).append(seq)
            items[topic, seq] = count
        late_s.append(delay_s)
        if rest:
            health[topic] = rest[0]
    gaps = sum(max(seqs) - len(set(seqs)) for seqs in seen.values())
    counted = [
        sum(sum(dropped.values()) for dropped, _, _ in health.values()),
        sum(unconfirmed for _, unconfirmed, _ in health.values()),
        sum(lost for _, _, lost in health.values()),
    ]
    names = ("dropped", "unconfirmed", "lines")
    return {
        "records_handed_over": handed,
        "records_received": sum(items.values()),
        "messages_received": len(late_s),
        "messages_a_second": round(len(late_s) / took_s, 1),
        "missing": gaps,
        "counted_by_the_benches": dict(zip(names, counted, strict=True)),
        "publish_to_receive": percentiles(late_s),
    }  # fmt: skip


async def _bare(port: int, benches: int, seconds: float) -> Figures:
    """Publish as many by aiomqtt alone, and receive them in another process."""
    with listening(port, "bare") as (process, heard):
        async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as client:
            start_s = time.monotonic()
            count = round(seconds / EVERY_S * benches)
            for index in range(count):
                wait_s = start_s + index * EVERY_S / benches - time.monotonic()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                body = {"seq": index, "utc_us": time.time_ns() // 1000, "items": ["x" * 200]}
                await client.publish("bare", json.dumps(body), qos=1)
            await client.publish("end", qos=1)
        await asyncio.to_thread(process.wait, 30)
        rows = [json.loads(line) for line in heard.read_text().splitlines()[1:]]
    return percentiles([delay_s for _, _, delay_s, *_ in rows])


# -- commands -------------------------------------------------------------------------------------


def told(port: int, bench: str, config: WalkConfig) -> Any:
    """Return what begins to tell a walk to the broker."""

    def tell(rig: Rig, clock: RealClock) -> Broadcast:
        about = About(
            bench,
            "standard",
            "sim+p24",
            config.legs,
            config.control,
            config.sensed,
            simulated=True,
            config_sha256="",
        )
        broker = Broker("127.0.0.1", port, bench)
        return Broadcast(rig.session, clock, broker, about, _quiet)

    return tell


def _quiet(_line: str) -> None:
    """Say nothing."""


async def command(seconds: float) -> Figures:
    """Turn a dial of a walking bench again and again; return how long that takes."""
    with mosquitto() as (port, _):
        walking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fes_ctrl", "walk", "standard", "--json", "--clock", "real"),
            *("--duration", f"{seconds + 12.0:g}", "--telemetry", f"mqtt://127.0.0.1:{port}/bench"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        answered: list[float] = []
        effective: list[float] = []
        refused = 0
        async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as client:
            await client.subscribe([("fes/bench/parameters", 1), ("fes/bench/answer/desk", 1)])
            news = aiter(client.messages)
            present = json.loads((await anext(news)).payload)
            await asyncio.sleep(8.0)
            begin_s = time.monotonic()
            index = 0
            while time.monotonic() - begin_s < seconds:
                index += 1
                utc_us = time.time_ns() // 1000
                body = {
                    "id": str(uuid.uuid4()), "session": present["session"], "seq": utc_us,
                    "issued_us": utc_us, "not_after_us": utc_us + 2_000_000,
                    "base_version": present["version"], "leg": "both",
                    "change": {"program.extension_ms": 50 + index % 100},
                }  # fmt: skip
                sent_s = time.perf_counter()
                await client.publish("fes/bench/command/set/desk", json.dumps(body), qos=1)
                async for message in client.messages:
                    found = json.loads(message.payload)
                    took_s = time.perf_counter() - sent_s
                    if str(message.topic).endswith("parameters"):
                        present = found
                        continue
                    if found["id"] != body["id"]:
                        continue
                    present["version"] = found["version"]
                    if found["verdict"] == "accepted":
                        answered.append(took_s)
                    elif found["verdict"] == "effective":
                        effective.append(took_s)
                        break
                    else:
                        refused += 1
                        break
                # Not in step with the strides, which take 1.1 s.
                await asyncio.sleep(1.03 + 0.37 * (index % 5) / 5)
        await walking.wait()
    return {
        "accepted": percentiles(answered),
        "effective": percentiles(effective),
        "refused": refused,
    }


# -- lateness -------------------------------------------------------------------------------------


def late(seconds: float, port: int | None, halted: "subprocess.Popen[bytes] | None") -> Figures:
    """Walk in real time, and return how late timers of the walk's loop rang."""
    config = load_scenario("standard", {"duration_s": seconds}).walk
    late_us: list[int] = []
    said: list[Record] = []
    tell = None if port is None else told(port, "bench", config)

    def begin(rig: Rig, clock: RealClock) -> Any:
        def tick(planned_us: int) -> None:
            if planned_us > seconds * 1e6:
                return
            late_us.append(clock.now_us() - planned_us)
            clock.call_at_us(planned_us + TICK_US, ORDER_CONTROLLER, tick, planned_us + TICK_US)

        clock.call_at_us(TICK_US, ORDER_CONTROLLER, tick, TICK_US)
        rig.session.listeners.append(lambda _now_us, records: said.extend(records))
        if halted is not None:
            asyncio.get_running_loop().call_later(2.0, halted.send_signal, signal.SIGSTOP)
        return Nothing() if tell is None else tell(rig, clock)

    simulate_real(config, tell=begin)
    if halted is not None:
        halted.send_signal(signal.SIGCONT)
    found = lateness_of(late_us)
    faults = sorted({each.id for each in said if isinstance(each, Fault)})
    return {"ticks": found.ticks, "p50_us": found.p50, "p99_us": found.p99,
            "max_us": found.most, "faults": faults,
            "bursts": sum(isinstance(each, BurstEnd) for each in said)}  # fmt: skip


class Nothing:
    """A walk that is told to nobody."""

    def close(self) -> None:
        """Do nothing."""


def lateness(seconds: float) -> Figures:
    """Return the lateness of walks without telemetry, with it, with a halted broker, without."""
    with mosquitto() as (port, process):
        runs = {
            "without": late(seconds, None, None),
            "with": late(seconds, port, None),
            "stalled": late(seconds, port, process),
            "without_again": late(seconds, None, None),
        }
    bare = sorted((runs["without"]["p99_us"], runs["without_again"]["p99_us"]))
    noise_us = bare[1] - bare[0]
    return {
        "runs": runs,
        "noise_of_p99_us": noise_us,
        "above_without_us": {
            name: runs[name]["p99_us"] - round(statistics.fmean(bare))
            for name in ("with", "stalled")
        },
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["fleet", "command", "lateness"], action="append")
    parser.add_argument("--benches", type=int, default=ASKED["benches"])
    parser.add_argument("--seconds", type=float, default=ASKED["seconds"])
    asked = parser.parse_args()
    figures: Figures = {"benchmark": "mqtt", "asked": ASKED}
    for part in asked.part or ["fleet", "command", "lateness"]:
        if part == "lateness":
            figures[part] = lateness(asked.seconds)
        else:
            with asyncio.Runner(loop_factory=real_time_loop) as runner:
                if part == "fleet":
                    figures[part] = runner.run(fleet(asked.benches, asked.seconds))
                else:
                    figures[part] = runner.run(command(asked.seconds))
        print(json.dumps({part: figures[part]}), file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
