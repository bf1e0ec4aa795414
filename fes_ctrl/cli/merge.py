"""``fes-ctrl merge``: the shards of a sweep joined to one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import search_folder, write_whole
from fes_ctrl.cli.sweep_results import CLEARED, Figure, finish, table_format, tell

if TYPE_CHECKING:
    from fes_ctrl.tuning.job import Job
    from fes_ctrl.tuning.manifest import Manifest
    from fes_ctrl.tuning.store import Store

NAMED: Final = 8
"""So many of a long list are said."""


@click.command(epilog="Example: fes-ctrl merge runs/timing runs/timing-1 runs/timing-2")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument(
    "shards", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SHARD..."
)
@click.option("--by", metavar="FIGURE", help="Order candidates by it; its end will do.")
@click.option("--best", type=click.Choice(["lowest", "highest"]), help="Which end is wanted.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Rows shown.")
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["parquet", "csv"]),
    help="Of the results; default: parquet where pyarrow is there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    out: Path,
    shards: tuple[Path, ...],
    by: str | None,
    best: str | None,
    top: int,
    wanted: str | None,
    *,
    as_json: bool,
) -> int:
    """Join the --out folders of a sweep's shards in OUT, and write its results.

    Shards of another sweep, or walked by other code, are refused. Where walks are missing it says
    which, and joins what there is: more shards can follow, or the sweep itself with --out OUT.
    """
    kind = table_format(wanted)
    manifests = [_manifest(shard) for shard in shards]
    first = manifests[0]
    for shard, manifest in zip(shards, manifests, strict=True):
        _same(first, manifest, shards[0], shard)
    whole = replace(first, shard=None)
    search_folder(out, "sweep", "")
    if any(out.samefile(shard) for shard in shards):
        message = f"{out}: is one of the shards; choose another folder for the whole"
        raise Refusal(message)
    if (out / "sweep.json").is_file():
        _same(first, _manifest(out), shards[0], out)
    with ExitStack() as stack:
        store = stack.enter_context(_opened(out, read_only=False))
        parts = [stack.enter_context(_opened(shard, read_only=True)) for shard in shards]
        write_whole(out / "sweep.json", whole.text(), "OUT", own="sweep")
        differ = _join(whole, store, parts)
        _warn(differ, manifests)
        missing = whole.missing(store)
        if missing:
            raise Refusal(_missing(missing, manifests, len(whole), out))
        asked = whole.asked
        figure = Figure(by) if by else Figure(str(asked["by"]), str(shards[0] / "sweep.json"))
        figure = _judged(figure, whole, store)
        for name in CLEARED:
            (out / name).unlink(missing_ok=True)
        result = finish(whole, store, out, kind, figure, best or str(asked["best"]))
        return tell(result, {"walked": 0, "wall_s": 0.0}, out, top, as_json=as_json)


def _manifest(folder: Path) -> "Manifest":
    from fes_ctrl.tuning.manifest import Manifest, ManifestError

    try:
        return Manifest.read(folder)
    except ManifestError as error:
        raise Refusal(str(error)) from error


@contextmanager
def _opened(folder: Path, *, read_only: bool) -> "Iterator[Store]":
    from fes_ctrl.tuning.manifest import ROWS
    from fes_ctrl.tuning.store import Store, StoreError

    try:
        store = Store(folder / ROWS, read_only=read_only)
    except StoreError as error:
        raise Refusal(str(error)) from error
    with store:
        yield store


def _same(first: "Manifest", other: "Manifest", here: Path, there: Path) -> None:
    if first.code != other.code:
        message = (
            f"{there}: walked by other code than {here} ({other.code[:12]}, {first.code[:12]}); "
            "walk it again with the same version"
        )
        raise Refusal(message)
    if first.sha256 != other.sha256:
        message = f"{there}: of another sweep than {here}; give the shards of one sweep"
        raise Refusal(message)


def _join(whole: "Manifest", store: "Store", parts: "list[Store]") -> int:
    """Take over every row of the sweep; return how many walks came out differently."""
    differ = 0
    for key, _ in whole.jobs():
        for part in parts:
            row = part.get(key)
            if row is None:
                continue
            known = store.get(key)
            if known is None or (row["ok"] and not known["ok"]):
                store.put(row)
            elif row["ok"] and known["ok"]:
                differ += row["setpoints_sha256"] != known["setpoints_sha256"]
    return differ


def _warn(differ: int, manifests: "list[Manifest]") -> None:
    if differ:
        click.echo(f"note: {differ} walks came out differently in two shards", err=True)
    found = {tuple(sorted(manifest.versions.items())) for manifest in manifests}
    if len(found) > 1:
        click.echo(
            "note: shards were walked on different machines or with different libraries; figures "
            "may differ in their last digits",
            err=True,
        )


def _judged(figure: Figure, whole: "Manifest", store: "Store") -> Figure:
    """Return a figure as it is, where some walk has it; else as the sweep judges it, or refuse it.

    What the walks have needs nothing but them; what they might have had, files of the sweep.
    """
    from fes_ctrl.config.errors import ConfigError
    from fes_ctrl.tuning.statistics import names_in

    rows = (row for row in whole.rows(store) if row["ok"])
    names = list(dict.fromkeys(name for row in rows for name in names_in(row)))
    if not names:
        return figure
    try:
        figure.whole(names)
    except Refusal as refusal:
        from hil.sweep_names import one_of_each

        try:
            judged = figure.judged(one_of_each(whole))
        except ConfigError:
            raise refusal from None
        if not judged.sure:
            raise
        return judged
    return figure


def _missing(
    missing: "list[tuple[int, Job]]", manifests: "list[Manifest]", walks: int, out: Path
) -> str:
    from fes_ctrl.tuning.job import candidate_of

    count = max(manifest.shard[1] if manifest.shard else 1 for manifest in manifests)
    shards = sorted({index % count + 1 for index, _ in missing})
    where = ", ".join(f"{shard}/{count}" for shard in shards[:NAMED])
    where += f" and {len(shards) - NAMED} more" if len(shards) > NAMED else ""
    jobs = [job for _, job in missing[:NAMED]]
    which = ", ".join(f"{candidate_of(job.settings)} {job.patient} {job.seed}" for job in jobs)
    which += ", ..." if len(missing) > NAMED else ""
    return (
        f"{len(missing)} of {walks} walks are missing, of shard {where} (candidate, patient, seed: "
        f"{which}); what there is is joined in {out}: merge again with the rest, or go on with "
        f"fes-ctrl sweep SWEEP --out {out}"
    )
