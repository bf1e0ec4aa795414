"""A simulated walk that is told from afar, on the stepper: no broker, everything else is real."""

import json
from dataclasses import replace
from typing import Any

from fes_ctrl.model import BurstStart, Fault, Record, StateChange
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.telling import About, Telling
from fes_ctrl.telemetry.board import Board
from fes_ctrl.telemetry.outgoing import Message, Outgoing
from fes_ctrl.telemetry.requests import Request
from fes_ctrl.telemetry.taken import PATIENCE_US
from firmware_sim.injection_text import parse
from helpers.asked import NOON_US, SESSION, setting, stopping
from hil.rig import Rig
from hil.scenarios import load_scenario

BENCH = "bench-1"


class ToldWalk:
    """Rig, what tells it, and what would be published."""

    def __init__(
        self,
        *inject: str,
        scenario: str = "standard",
        seconds: float = 20.0,
        patience_us: int = PATIENCE_US,
        sets: tuple[str, ...] = (),
    ) -> None:
        walk = load_scenario(scenario, {}, sets).walk
        walk = replace(walk, duration_s=seconds, inject=tuple(parse(text) for text in inject))
        self.clock = Stepper()
        self.rig = Rig(walk, self.clock, NullLog())
        self.records: list[Record] = []
        self.setpoints: list[tuple[int, int]] = []
        self.lines: list[dict[str, Any]] = []
        self.messages: list[Message] = []
        self.said: list[str] = []
        self.lost = 0
        self.out = Outgoing(BENCH, SESSION)
        self.board = Board(self.out)
        session = self.rig.session
        session.listeners.append(lambda _now_us, records: self.records.extend(records))
        allowed = session.on_setpoint
        assert allowed is not None

        def note(setpoint: Any) -> None:
            self.setpoints.append((setpoint.at_us, setpoint.current_ua))
            allowed(setpoint)

        session.on_setpoint = note
        self.telling = Telling(
            session,
            self.clock,
            self,
            About(
                BENCH,
                "a program",
                "sim+p24",
                walk.legs,
                walk.control,
                walk.sensed,
                simulated=True,
                config_sha256="0" * 64,
            ),
            SESSION,
            self.said.append,
            self.utc_us,
            lambda: 0,
            patience_us=patience_us,
        )
        self.telling.begin()
        session.open()

    def utc_us(self) -> int:
        return NOON_US + self.clock.now_us()

    def send(self, text: str) -> None:
        """Take a line as the process would that speaks to the broker, and publish."""
        assert text.endswith("\n")
        line = json.loads(text)
        self.lines.append(line)
        self.board.hear(line)
        while (message := self.out.next(self.clock.now_us(), self.utc_us())) is not None:
            self.messages.append(message)

    # -- time -------------------------------------------------------------------------------------

    def until(self, seconds: float) -> None:
        self.clock.run_until_us(round(seconds * 1e6))

    def until_pulse(self) -> int:
        """Go on until a burst is under way; return when its latest pulse was."""
        known = len(self.setpoints)
        self.clock.run_until_us(60_000_000, stopped=lambda: len(self.setpoints) >= known + 5)
        return self.setpoints[-1][0]

    # -- from afar --------------------------------------------------------------------------------

    def hand_up(self, request: Request) -> None:
        """Let a request come as the process hands it up."""
        self.telling.heard({"kind": "request", **request._asdict()})

    def ask(self, sender: str = "tuner", **fields: object) -> list[dict[str, Any]]:
        """Send a command, given now on what is in force; return the answers to it at once."""
        fields.setdefault("issued_us", self.utc_us())
        fields.setdefault("seq", self.utc_us())
        fields.setdefault("base_version", self.version)
        return self._answers(setting(sender, **fields))

    def stop(self, payload: str = "") -> list[dict[str, Any]]:
        return self._answers(stopping(payload=payload))

    def _answers(self, request: Request) -> list[dict[str, Any]]:
        known = len(self.answers())
        self.hand_up(request)
        return self.answers()[known:]

    def answers(self) -> list[dict[str, Any]]:
        return [line["fields"] for line in self.lines if line["kind"] == "answer"]

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [line["fields"] for line in self.lines if line["kind"] == kind]

    @property
    def version(self) -> int:
        version = self.told("parameters")[-1]["version"]
        assert isinstance(version, int)
        return version

    # -- what became of it ------------------------------------------------------------------------

    def states(self) -> list[StateChange]:
        return [record for record in self.records if isinstance(record, StateChange)]

    def bursts(self) -> list[BurstStart]:
        return [record for record in self.records if isinstance(record, BurstStart)]

    def faults(self, id_: str) -> list[Fault]:
        return [record for record in self.records if isinstance(record, Fault) and record.id == id_]
