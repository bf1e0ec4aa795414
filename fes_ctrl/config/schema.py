"""JSON schemas of configuration files, for editors that complete and check while one types."""

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
REFERENCE: Final = "#/$defs/{model}"
ENTRY: Final = re.compile(r"(?P<names>\w+(?:, \w+)*) : .*")


def schema_of(tables: Mapping[str, type[Any]], title: str) -> dict[str, Any]:
    """Return the JSON schema of a file.

    Parameters
    ----------
    tables : mapping of str to type
        The file's tables, and the frozen dataclass of each.
    title : str
        What the file is.

    Returns
    -------
    dict
        With the bounds, choices and defaults of the classes, and what their docstrings say of
        each key. No other key is allowed anywhere.
    """
    inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (name, "validation", TypeAdapter(cls)) for name, cls in tables.items()
    ]
    schemas, shared = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE)
    whole: dict[str, Any] = {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": {name: schemas[name, "validation"] for name in tables},
        "additionalProperties": False,
        "$defs": shared.get("$defs", {}),
    }
    for node in (*whole["properties"].values(), *whole["$defs"].values()):
        _tidy(node)
    return whole


def _tidy(node: dict[str, Any]) -> None:
    node.pop("title", None)
    if node.get("type") == "object":
        # A table whose keys are free says of what kind its values are.
        node.setdefault("additionalProperties", False)
        summary, attributes = described(node.get("description", ""))
        node["description"] = summary
        for key, inner in node.get("properties", {}).items():
            _tidy(inner)
            if key in attributes:
                inner["description"] = attributes[key]
    choices = [choice for choice in node.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        # TOML has no null: a value that may be absent is left out.
        del node["anyOf"], node["default"]
        node.update(choices[0])


def described(docstring: str) -> tuple[str, dict[str, str]]:
    """Return the summary of a numpydoc docstring, and its attributes by name."""
    head, _, rest = inspect.cleandoc(docstring).partition("\n\nAttributes\n----------\n")
    attributes: dict[str, str] = {}
    names: list[str] = []
    for line in rest.splitlines():
        entry = ENTRY.fullmatch(line)
        if entry is not None:
            names = entry["names"].split(", ")
        elif line.startswith(" "):
            for name in names:
                attributes[name] = f"{attributes.get(name, '')} {line.strip()}".strip()
        else:
            names = []
    return " ".join(head.split("\n\n")[0].split()), attributes
