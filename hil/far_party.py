"""A broker and a remote party that are simulated: telemetry on the walk's own clock.

The lines are those that a real run hands over, and the requests pass the same judge; only the
network is missing. It exists in walks alone in which something is to go wrong with it.
"""

import json
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from fes_ctrl.runtime.clock import ORDER_INJECTION, Clock
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.telling import About, Telling
from fes_ctrl.telemetry.requests import SET
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.injections import Acknowledgement
from hil.config import WalkConfig

DOWN: Final = "broker_down"
SLOW: Final = "broker_slow"
RETAINED: Final = "command_retained"
LATE: Final = "command_late"
REPEATED: Final = "command_repeated"
REPLAYED: Final = "command_replayed"

NONCE: Final = "simulated"
SENDER: Final = "somebody"
EPOCH_US: Final = 1_000_000_000_000_000
"""The wall clock at the walk's begin; any would do."""
LIFE_US: Final = 2_000_000
DIAL: Final = "program.extension_ms"


class FarParty:
    """Who carries telemetry in a simulated walk, and who asks for something from afar.

    Parameters
    ----------
    config : WalkConfig
        What is walked.
    session : ControlSession
        Its session, not begun.
    clock : Clock
        The session's.
    device : str
        The stimulator's name.

    Attributes
    ----------
    acknowledgements : list of Acknowledgement
        Injections that have had an effect.
    lost : int
        Lines that were not taken.
    refused : list of str
        Answers to requests that were refused.
    """

    def __init__(
        self, config: WalkConfig, session: ControlSession, clock: Clock, device: str
    ) -> None:
        self._clock = clock
        self._down = ""
        self._parameters: dict[str, Any] = {}
        self._asked = 0
        self.acknowledgements: list[Acknowledgement] = []
        self.lost = 0
        self.refused: list[str] = []
        legs, sensed = config.legs, config.sensed
        about = About(
            "simulated", "", device, legs, config.control, sensed, simulated=True, config_sha256=""
        )
        self._telling = Telling(
            session,
            clock,
            self,
            about,
            NONCE,
            _nobody,
            self._utc_us,
            lambda: 0,
        )
        self._telling.begin()
        self._telling.heard({"kind": "link", "up": True, "why": NONCE})

    def _utc_us(self) -> int:
        return EPOCH_US + self._clock.now_us()

    # -- a Carrier --------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Take a line, or lose it."""
        if self._down:
            self.lost += 1
            self._hit(self._down)
            return
        line = json.loads(text)
        if line["kind"] == "parameters":
            self._parameters = line["fields"]
        elif line["kind"] == "answer" and line["fields"]["verdict"] == "refused":
            self.refused.append(line["fields"]["reason"])

    # -- what goes wrong --------------------------------------------------------------------------

    def inject(self, name: str, from_us: Us, to_us: Us) -> None:
        """Let something go wrong at an instant of the walk."""
        wrong: dict[str, Callable[[], None]] = {
            DOWN: lambda: self._break(DOWN, to_us),
            SLOW: lambda: self._break(SLOW, to_us),
            RETAINED: lambda: self._ask(RETAINED, retained=True),
            LATE: lambda: self._ask(LATE, late_us=LIFE_US + 1),
            REPEATED: self._repeat,
            REPLAYED: lambda: self._ask(REPLAYED, session="a run before this one"),
        }
        self._clock.call_at_us(from_us, ORDER_INJECTION, wrong[name])

    def _break(self, name: str, to_us: Us) -> None:
        self._down = name
        if name == DOWN:
            self._telling.heard({"kind": "link", "up": False, "why": "the broker is gone"})
        else:
            self._clock.call_at_us(self._clock.now_us(), ORDER_INJECTION, self._fall_behind)
        if to_us != NEVER_US:
            self._clock.call_at_us(to_us, ORDER_INJECTION, self._mend)

    def _fall_behind(self) -> None:
        """Tell every two seconds how much had to give way, as the process does."""
        self._telling.heard({"kind": "carried", "dropped": self.lost, "sent": 0})
        if self._down:
            self._clock.call_at_us(
                self._clock.now_us() + LIFE_US, ORDER_INJECTION, self._fall_behind
            )

    def _mend(self) -> None:
        was, self._down = self._down, ""
        if was == DOWN:
            self._telling.heard({"kind": "link", "up": True, "why": "the broker is back"})
        else:
            self._telling.heard({"kind": "carried", "dropped": self.lost, "sent": 0})
        self._telling.begin()

    def _repeat(self) -> None:
        """Ask twice in the same words for what is set already."""
        request = self._request(REPEATED)
        self._telling.heard(request)
        self._telling.heard(request)

    def _ask(
        self, name: str, *, retained: bool = False, late_us: Us = 0, session: str = NONCE
    ) -> None:
        self._telling.heard(
            self._request(name, retained=retained, late_us=late_us, session=session)
        )

    def _request(
        self, name: str, *, retained: bool = False, late_us: Us = 0, session: str = NONCE
    ) -> dict[str, Any]:
        self._hit(name)
        self._asked += 1
        issued_us = self._utc_us() - late_us
        side, values = next(iter(self._parameters["values"].items()))
        command = {
            "id": str(UUID(int=self._asked)),
            "session": session,
            "seq": self._asked,
            "issued_us": issued_us,
            "not_after_us": issued_us + LIFE_US,
            "base_version": self._parameters["version"],
            "leg": side,
            # Were it taken, the walk would show it; what is repeated asks for what is set.
            "change": {DIAL: values[DIAL] if name == REPEATED else 0.0},
        }
        return {
            "kind": "request",
            "what": SET,
            "sender": SENDER,
            "retained": retained,
            "payload": json.dumps(command),
            "correlation": "",
        }

    def _hit(self, name: str) -> None:
        if all(known != name for known, _ in self.acknowledgements):
            self.acknowledgements.append(Acknowledgement(name, self._clock.now_us()))


def _nobody(_line: str) -> None:
    """Tell nobody: there is no console."""
