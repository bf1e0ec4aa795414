"""An imported recording as the text of its two files."""

import json
from collections.abc import Mapping, Sequence

from fes_ctrl.recordings.foreign.convert import Imported


def as_csv(imported: Imported) -> str:
    """Return the lines of ``NAME.csv``: time to the microsecond, values to seven digits."""
    clock = imported.clock
    names = ["t_s"]
    columns = [[f"{t:.6f}" for t in clock.t_s.tolist()]]
    if clock.seq is not None:
        names.append("seq")
        columns.append([str(count) for count in clock.seq.tolist()])
    for name, values in imported.columns.items():
        names.append(name)
        columns.append([f"{value:.7g}" for value in values.tolist()])
    lines = [",".join(names), *map(",".join, zip(*columns, strict=True))]
    return "\n".join(lines) + "\n"


def as_meta(worn: Mapping[str, str], origin: Mapping[str, str | Sequence[str]]) -> str:
    """Return ``NAME.meta.toml``.

    Parameters
    ----------
    worn : mapping of str to str
        ``side``, ``mounting``, ``clock``, as ``meta.Meta`` has them; empty ones are left out.
    origin : mapping of str to str or sequence of str
        Where the recording comes from, for the table ``imported``.
    """
    lines = [f"{key} = {_toml(value)}" for key, value in worn.items() if value]
    lines += ["", "[imported]"]
    lines += [f"{key} = {_toml(value)}" for key, value in origin.items()]
    return "\n".join(lines).lstrip() + "\n"


def _toml(value: str | Sequence[str]) -> str:
    # A string of JSON is one of TOML, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
