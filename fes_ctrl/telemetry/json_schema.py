"""The JSON schema of each message, for whoever wants to check what a broker brings."""

from typing import Any, Final

from fes_ctrl.telemetry.schema import ENVELOPE, ROOT, Field, Topic

JSON_TYPES: Final = {
    "integer": "integer",
    "number": "number",
    "text": "string",
    "boolean": "boolean",
    "object": "object",
    "list": "array",
}


def json_schema(topic: Topic) -> dict[str, Any]:
    """Return the JSON schema of a topic's messages."""
    fields = topic.fields
    if topic.writer == "bench":
        fields = (*ENVELOPE, *fields)
    required = [field.name for field in fields]
    if topic.name.startswith("command/stop"):
        required = []
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{ROOT}/BENCH/{topic.name}",
        "description": topic.meaning,
        "type": "object",
        "properties": {field.name: _schema_of(field) for field in fields},
        "required": required,
        "additionalProperties": False,
    }


def _schema_of(field: Field) -> dict[str, Any]:
    kind: Any = JSON_TYPES[field.type]
    schema: dict[str, Any] = {"type": [kind, "null"] if field.null else kind}
    schema["description"] = f"{field.meaning} [{field.unit}]" if field.unit else field.meaning
    if field.type == "list" and field.fields:
        schema["items"] = {
            "type": "object",
            "properties": {each.name: _schema_of(each) for each in field.fields},
            "required": [each.name for each in field.fields],
            "additionalProperties": False,
        }
    return schema
