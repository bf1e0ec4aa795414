"""Messages that a broker refuses: MQTT 5 says so of each, and aiomqtt keeps it to itself."""

import contextlib
from collections.abc import Iterator
from typing import Any

from aiomqtt.exceptions import MqttCodeError

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry.tidy import TidyClient


class RefusedMessageError(MqttCodeError):
    """A message that the broker has got and does not hand on; ``rc`` says why."""

    @property
    def why(self) -> str:
        """The broker's reason, in its words."""
        return str(self.rc)


class OutspokenClient(TidyClient):
    """A client whose ``publish`` raises ``RefusedMessageError`` where the broker refuses."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._refused: dict[int, Any] = {}

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any
    ) -> None:
        if reason_code.is_failure and mid in self._pending_publishes:
            self._refused[mid] = reason_code
        super()._on_publish(client, userdata, mid, reason_code, properties)

    @contextlib.contextmanager
    def _pending_call(self, mid: int, value: Any, pending_dict: dict[int, Any]) -> Iterator[None]:
        try:
            with super()._pending_call(mid, value, pending_dict):
                yield
        finally:
            refusal = self._refused.pop(mid, None)
        if refusal is not None:
            raise RefusedMessageError(refusal)


def who_we_are(broker: Broker) -> str:
    """Return as whom one is at a broker."""
    if broker.cert:
        # The broker chooses which of them it believes.
        return f"{broker.user} (or whom {broker.cert} names)".removeprefix(" ")
    return broker.user or "a user without a name"


def refused_in_words(topic: str, why: str, broker: Broker) -> str:
    """Return what a broker refuses to a bench and what to do, for the person at the console.

    Parameters
    ----------
    topic : str
        A topic of the bench that is refused.
    why : str
        The broker's reason.
    broker : Broker
        Where, and as whom.
    """
    return (
        f"the broker refuses {topic} ({why}): {who_we_are(broker)} may not write it; check the "
        "bench's name, the user, and the broker's access rules"
    )
