"""What others say, read with care: whoever may write to a broker may write anything.

Nothing here raises: what is no message is ``None``, and what is no value of its kind is left out.
Text that a terminal would obey has lost that power when it leaves here.
"""

import json
import math
from typing import Any, Final

from fes_ctrl.telemetry.schema import VERSION

MOST_BYTES: Final = 1 << 18
"""No bench says as much at once."""
MOST_TEXT: Final = 200
MOST_KEYS: Final = 64
LARGEST: Final = 1 << 62
REPLACED: Final = "?"


def message_of(payload: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a message is, or ``None`` where it is none of a bench's."""
    if len(payload) > MOST_BYTES:
        return None
    try:
        # A recursion of a thousand brackets, a number of a thousand digits: no message of ours.
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or integer(found.get("v")) is None:
        return None
    return found


def newer(message: dict[str, Any]) -> bool:
    """Return whether it is of a later version than ours; what we know of it is read."""
    return (integer(message.get("v")) or 0) > VERSION


def text(found: object, most: int = MOST_TEXT) -> str:
    """Return a text that can be shown: no control characters, no direction marks, not too long."""
    if not isinstance(found, str):
        return ""
    shown = "".join(each if each.isprintable() else REPLACED for each in found[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def integer(found: object) -> int | None:
    """Return a whole number of a size that occurs, or ``None``."""
    if type(found) is int and -LARGEST < found < LARGEST:
        return found
    return None


def number(found: object) -> float | None:
    """Return a finite number, or ``None``."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if abs(found) < LARGEST and math.isfinite(found) else None


def flag(found: object) -> bool | None:
    """Return true or false, or ``None``."""
    return found if isinstance(found, bool) else None


def parts(found: object) -> dict[str, Any]:
    """Return an object's fields with names that can be shown; empty where it is none."""
    if not isinstance(found, dict):
        return {}
    return {text(key, 60): value for key, value in list(found.items())[:MOST_KEYS]}
