"""Commands as a remote party would send them."""

import json
from typing import Any
from uuid import UUID, uuid4

from fes_ctrl.telemetry.gate import LIFE_US
from fes_ctrl.telemetry.requests import SET, STOP, Command, Request

SESSION = "0123456789abcdef0123456789abcdef"
NOON_US = 1_800_000_000_000_000
"""The wall clock of tests."""


def body(**fields: object) -> dict[str, Any]:
    """Return a command that would be taken; ``fields`` say what is to be otherwise."""
    issued_us = fields.get("issued_us", NOON_US)
    assert isinstance(issued_us, int)
    return {
        "id": str(uuid4()),
        "session": SESSION,
        "seq": 1,
        "issued_us": issued_us,
        "not_after_us": issued_us + LIFE_US,
        "base_version": 1,
        "leg": "both",
        "change": {"program.extension_ms": 120.0},
        **fields,
    }


def setting(sender: str = "tuner", *, retained: bool = False, **fields: object) -> Request:
    """Return such a command as it comes from the broker."""
    return Request(SET, sender, retained, json.dumps(body(**fields)))


def stopping(sender: str = "viewer", *, retained: bool = False, payload: str = "") -> Request:
    """Return a stop."""
    return Request(STOP, sender, retained, payload)


def command(seq: int = 1, **fields: object) -> Command:
    """Return a command that was read."""
    found = body(seq=seq, **fields)
    return Command(
        str(UUID(found["id"])),
        *[found[key] for key in ("session", "seq", "issued_us", "not_after_us", "base_version")],
        -1,
        found["change"],
    )
