"""Of a run's page: every setting with where it came from, and what else makes the run this one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fes_ctrl.analysis.run import Run
from fes_ctrl.report.markup import Html, folded, join, table, tag
from fes_ctrl.report.run_view import RunView

DEFAULT = "default"
NOT_KEPT = "not kept"


def settings_section(view: RunView) -> Html:
    """Return what the section says."""
    run = view.run
    values = (run.settings or {}).get("values")
    kept = isinstance(values, dict)
    sections: Mapping[str, Any] = values if isinstance(values, dict) else _of_header(run.header)
    leaves = {name: list(_leaves(value, name)) for name, value in sections.items()}
    given = [
        (key, value)
        for each in leaves.values()
        for key, value in each
        if run.origin(key).startswith("--")
    ]
    parts: list[Html] = []
    if not kept:
        parts.append(tag("p", "Where the values came from was not kept with this run."))
    elif given:
        parts.append(_table(run, given, "Given on the command line"))
    else:
        parts.append(tag("p", "Nothing was given on the command line but names of files."))
    parts += [_section(run, name, each) for name, each in leaves.items()]
    return join(parts)


def _of_header(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a log's header says of its configuration, by section."""
    config = header.get("config")
    tables = dict(config) if isinstance(config, Mapping) else {}
    control = tables.pop("control", {})
    single = {key: value for key, value in tables.items() if not isinstance(value, Mapping)}
    others = {key: value for key, value in tables.items() if key not in single}
    return {**({"walk": single} if single else {}), **control, **others}


def _section(run: Run, name: str, leaves: list[tuple[str, object]]) -> Html:
    other = sum(run.origin(key) not in {DEFAULT, ""} for key, _ in leaves)
    said = f"{name}: {len(leaves)} value{'s' if len(leaves) != 1 else ''}"
    if run.settings is not None:
        said += f", {other} not left at the default" if other else ", all at their defaults"
    return folded(said, _table(run, leaves, None))


def _table(run: Run, leaves: list[tuple[str, object]], caption: str | None) -> Html:
    lines = [
        (
            tag("code", key)
            if run.origin(key) in {DEFAULT, ""}
            else tag("strong", tag("code", key)),
            tag("code", _shown(value)),
            run.origin(key) or NOT_KEPT,
        )
        for key, value in leaves
    ]
    return table(("setting", "value", "from"), lines, caption, numeric=False)


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}.{index}")
    else:
        yield path, value


def _shown(value: object) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)


def about_section(view: RunView) -> Html:
    """Return what identifies the run."""
    run, header = view.run, view.run.header
    summary = run.summary or {}
    machine = summary.get("run") or {}
    files = (run.settings or {}).get("files") or {}
    versions = header.get("versions") or {}
    facts: list[tuple[str, object]] = [
        ("folder", run.folder.name or str(run.folder)),
        ("scenario", summary.get("scenario")),
        ("recording", header.get("recording")),
        ("devices", view.devices),
        ("seed", header.get("seed")),
        ("version", versions.get("fes_ctrl")),
        ("clock", machine.get("clock")),
        ("machine", machine.get("machine")),
        ("configuration, SHA-256", summary.get("config_sha256") or header.get("config_sha256")),
        ("setpoints, SHA-256", summary.get("setpoints_sha256")),
        *[(f"file of {name}", path) for name, path in files.items()],
    ]
    lines = [(what, tag("code", value)) for what, value in facts if value is not None]
    return table(("", ""), lines, None, numeric=False)
