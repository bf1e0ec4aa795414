"""Effective values as text that a person reads and a file can hold, each with its origin."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, Final

from fes_ctrl.config.files import PathParts, shown
from fes_ctrl.config.layers import Layers, sha256_of
from fes_ctrl.config.wording import dotted

COMMENT_COLUMN: Final = 32


def render(layers: Layers, section: str) -> str:
    """Return a section as TOML, with the origin of each value as a comment.

    The text is a file of that section: loaded again it gives the same values.

    Parameters
    ----------
    layers : Layers
        The configuration.
    section : str
        Which part of it.

    Raises
    ------
    ConfigError
        If the section's values do not fit.
    """
    return "\n".join(_table(layers, layers.get(section), (section,), dotted((section,)))) + "\n"


def origins(layers: Layers, section: str) -> dict[str, str]:
    """Return the origin of each value of a section, by dotted key."""
    return {dotted(path): layers.origin(path) for path in _leaves(layers.get(section), (section,))}


def settings(layers: Layers) -> dict[str, object]:
    """Return all effective values and where each came from, as a run's folder keeps them.

    Returns
    -------
    dict
        ``config_sha256``, the ``files`` by section, the ``values`` by section, and the ``origins``
        by dotted key.
    """
    effective = layers.effective()
    return {
        "config_sha256": sha256_of(effective),
        "files": {section: shown(path) for section, path in layers.files.items()},
        "values": effective,
        "origins": {
            key: origin for name in effective for key, origin in origins(layers, name).items()
        },
    }


def _table(layers: Layers, value: Any, path: PathParts, name: str) -> Iterator[str]:
    yield f"[[{name}]]" if isinstance(path[-1], int) else f"[{name}]"
    below: list[tuple[str, Any]] = []
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if _is_table(item) or _is_array_of_tables(item):
            below.append((field.name, item))
            continue
        key = dotted((field.name,))
        # TOML has no null: what is not given is left out.
        text = f"# {key}: not given" if item is None else f"{key} = {toml_value(item)}"
        origin = " ".join(layers.origin((*path, field.name)).split())
        yield f"{text:<{COMMENT_COLUMN - 1}} # {origin}"
    for key, item in below:
        inner = f"{name}.{dotted((key,))}"
        if _is_table(item):
            yield ""
            yield from _table(layers, item, (*path, key), inner)
            continue
        for index, element in enumerate(item):
            yield ""
            yield from _table(layers, element, (*path, key, index), inner)


def _leaves(value: Any, path: PathParts) -> Iterator[PathParts]:
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        here = (*path, field.name)
        if _is_table(item):
            yield from _leaves(item, here)
        elif _is_array_of_tables(item):
            for index, element in enumerate(item):
                yield from _leaves(element, (*here, index))
        else:
            yield here


def _is_table(item: object) -> bool:
    return dataclasses.is_dataclass(item)


def _is_array_of_tables(item: object) -> bool:
    return isinstance(item, tuple) and bool(item) and _is_table(item[0])


def toml_value(value: object) -> str:
    """Return a value as TOML writes it.

    Parameters
    ----------
    value : bool, int, float, str or tuple of these
        Finite where it is a number.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML string, but for the one control character JSON lets stand.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return repr(value)
