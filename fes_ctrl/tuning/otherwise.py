"""What a search is asked otherwise than before, in words: what was, what is.

What only follows is not told: another patient or another setting of the program turns other dials
and changes what is walked, and whoever asks again has to know what he did otherwise himself.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

PLAIN: Final = ("scenario", "duration_s", "seed", "together")
RULES: Final = {"front": "knee", "charge": "keep"}
"""What is asked for, by where it steers a search; a number of the front steers nothing."""

DIGITS: Final = 12
"""So much of a digest is said."""

Tell = Callable[..., None]
_MISSING: Final = object()


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what differs between two questions, as JSON holds them.

    Parameters
    ----------
    before, now : mapping
        The question of the search that there is, and the one that is asked; in ``read``, where it
        is there, the values of each file that it was made from.

    Returns
    -------
    list of str
        The first value that differs of each part, old and new; never empty.
    """
    found: dict[str, str] = {}

    def tell(part: str, old: Mapping[str, Any], new: Mapping[str, Any], of: str = "") -> None:
        keys = [key for key in {**old, **new} if _differ(old, new, key)]
        if keys:
            key = keys[0]
            was, is_ = (_shown(values.get(key, _MISSING)) for values in (old, new))
            more = f", and {len(keys) - 1} more of its kind" if len(keys) > 1 else ""
            found[part] = f"{of}{key} was {was}, is {is_}{more}"

    for key in PLAIN:
        tell(key, {key: before.get(key)}, {key: now.get(key)})
    tell("choose", _rule(before), _rule(now))
    _tell_members(tell, before, now)
    tell("base", dict(before.get("base", ())), dict(now["base"]))
    tell("astray", dict(before.get("astray", ())), dict(now["astray"]))
    if "seed" not in found:
        tell("seeds", _count(before, "seeds"), _count(now, "seeds"))
    _tell_named(tell, before, now, "objectives", "name")
    tell("reach", dict(before.get("reach", ())), dict(now["reach"]), "to be reached: ")
    was, is_ = ({"code": str(each.get("code"))[:DIGITS]} for each in (before, now))
    tell("code", was, is_, "this program's ")
    if not found.keys() & {"scenario", "base", "members", "code"}:
        _tell_named(tell, before, now, "dials", "key")
    follows = {"scenario", "duration_s", "base", "members", "astray", "code"}
    if "dials" in found and ".now " in found["dials"]:
        follows.add("dials")
    if not found.keys() & follows:
        _tell_files(tell, before, now)
        if not any(part.startswith("file ") for part in found):
            tell("files", _files(before), _files(now), "a file was changed: the walk of ")
    return list(found.values()) or ["in what does not show"]


def _rule(question: Mapping[str, Any]) -> dict[str, Any]:
    return {"choose": RULES.get(question.get("steer", ""))}


def _tell_members(tell: Tell, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Tell who walks; of the same patients, how those alike differ from their file."""
    who = [
        list(dict.fromkeys(member["patient"] for member in each.get("members", ())))
        for each in (before, now)
    ]
    if who[0] != who[1]:
        tell("members", *[{"patient": ", ".join(names)} for names in who])
        return
    counts = [_count(each, "members") for each in (before, now)]
    tell("members", *counts)
    if counts[0] == counts[1] and before.get("seed") == now["seed"]:
        tell("members", *[_varied(each) for each in (before, now)])


def _varied(question: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{key} of {member['patient']} ({number})": value
        for number, member in enumerate(question.get("members", ()), 1)
        for key, value in member["settings"]
    }


def _count(question: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {f"number of {key}": len(question.get(key, ()))}


def _tell_named(
    tell: Tell, before: Mapping[str, Any], now: Mapping[str, Any], table: str, name: str
) -> None:
    """Tell which objectives or dials there are; of the same ones, what each is set to."""
    names = [[each[name] for each in question.get(table, ())] for question in (before, now)]
    if names[0] != names[1]:
        tell(table, *[{table: ", ".join(those)} for those in names])
        return
    told = [
        {
            f"{each[name]}.{key}": value
            for each in question.get(table, ())
            for key, value in each.items()
        }
        for question in (before, now)
    ]
    tell(table, *told, "dial " if table == "dials" else "")


def _tell_files(tell: Tell, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Tell which files that both were made from hold other values than they did."""
    files = before.get("read", {})
    if before.get("files") != now.get("files"):
        for path, values in now.get("read", {}).items():
            tell(f"file {path}", files.get(path, values), values, f"{path} was changed: ")


def values_of(tables: object, path: str = "") -> dict[str, object]:
    """Return the values of a file by dotted key, as ``--set`` takes it.

    Parameters
    ----------
    tables : object
        As TOML holds them.
    path : str
        Where they are in the file.
    """
    if isinstance(tables, Mapping):
        parts = list(tables.items())
    elif isinstance(tables, list) and any(isinstance(each, Mapping) for each in tables):
        parts = list(enumerate(tables))
    else:
        return {path: tables}
    found: dict[str, object] = {}
    for key, part in parts:
        found |= values_of(part, f"{path}.{key}" if path else str(key))
    return found


def _files(question: Mapping[str, Any]) -> dict[str, Any]:
    members: Sequence[Mapping[str, Any]] = question.get("members", ())
    names = [f"{member['patient']} ({number})" for number, member in enumerate(members, 1)]
    digests = [str(each)[:DIGITS] for each in question.get("files", ())]
    return {
        names[at] if at < len(names) else f"walk {at + 1}": digest
        for at, digest in enumerate(digests)
    }


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], key: str) -> bool:
    # By their text: true, 1 and 1.0 are equal to Python, and not to a configuration.
    return key not in old or key not in new or json.dumps(old[key]) != json.dumps(new[key])


def _shown(value: object) -> str:
    if value is _MISSING:
        return "not given"
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)
