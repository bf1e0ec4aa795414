"""Change every row, cap and default of the tables, one at a time, and see that a test notices.

    python tools/mutate_tables.py [--only TEXT] [--jobs N] [--list]

mutmut changes what functions do; it leaves constants, table rows and the defaults and bounds of
configuration classes alone. This does those: each number a little up and a little down, each truth
value over, each text by a letter. A change that no test notices is printed, and fails the run. The
tests of each module have to pass with nothing changed first: else they would notice anything.
"""

import argparse
import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).parents[1]
TIME_LIMIT_S = 180
OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0"),
    # pytest's own finder, which rewrites assertions, would come before ours, and find what is not
    # changed: so every change survived.
    "--assert=plain",
    # What is loaded before the fork, for speed, cannot be rewritten any more.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)

LOADED_BEFORE = (
    *("asyncio", "ssl", "tomllib", "unittest.mock", "xml.etree.ElementTree", "numpy", "pydantic"),
    *("annotated_types", "hypothesis", "hypothesis.stateful", "platformdirs", "pytest"),
    *("_hypothesis_pytestplugin", "pytest_asyncio.plugin", "pytest_timeout"),
)
"""Loaded once, for all that are forked; nothing of the repository itself."""

UNIT = "tests/unit/safety"
PAGES = ("tests/docs/test_reference.py", "tests/docs/test_limits_page.py")
DEVICES = "tests/unit/firmware_sim"
TARGETS: dict[str, tuple[str, ...]] = {
    "fes_ctrl/safety/account.py": (f"{UNIT}/test_account.py", f"{UNIT}/test_limits.py"),
    "fes_ctrl/safety/arming.py": (f"{UNIT}/test_arming.py",),
    "fes_ctrl/safety/axes.py": (f"{UNIT}/test_axes.py", f"{UNIT}/test_plausible.py"),
    "fes_ctrl/safety/config.py": (f"{UNIT}/test_limits.py",),
    "fes_ctrl/safety/faults.py": (PAGES[0], f"{UNIT}/test_faults.py"),
    "fes_ctrl/safety/felt.py": (f"{UNIT}/test_felt.py",),
    "fes_ctrl/safety/freshness.py": (f"{UNIT}/test_freshness.py",),
    "fes_ctrl/safety/guard.py": (f"{UNIT}/test_guard_judges.py",),
    "fes_ctrl/safety/limit_rows.py": (f"{UNIT}/test_limits.py", PAGES[1]),
    "fes_ctrl/safety/limits.py": (f"{UNIT}/test_limits.py",),
    "fes_ctrl/safety/pace.py": (f"{UNIT}/test_pace.py",),
    "fes_ctrl/safety/plausible.py": (f"{UNIT}/test_plausible.py",),
    "fes_ctrl/safety/refusals.py": (f"{UNIT}/test_refusals.py", PAGES[1]),
    "fes_ctrl/safety/roll_call.py": (f"{UNIT}/test_roll_call.py",),
    "firmware_sim/ceilings.py": (f"{DEVICES}/test_ceilings.py",),
    "firmware_sim/injection_row.py": (PAGES[0], f"{DEVICES}/test_injections.py"),
    "firmware_sim/injections.py": (PAGES[0], f"{DEVICES}/test_injections.py"),
    "firmware_sim/sensor_injections.py": (PAGES[0], f"{DEVICES}/test_injections.py"),
    "firmware_sim/limiter.py": (f"{DEVICES}/test_limiter_boundaries.py",),
    "firmware_sim/outlet.py": (f"{DEVICES}/test_outlet.py", f"{DEVICES}/test_limiter.py"),
}
"""Which tests have to notice a change of which module."""


@dataclass(frozen=True)
class Mutant:
    """One changed constant of one module."""

    path: str
    line: int
    column: int
    was: object
    now: object

    def __str__(self) -> str:
        """Return where, what it was, and what it is instead."""
        return f"{self.path}:{self.line}:{self.column}: {self.was!r} -> {self.now!r}"


def changed(value: object) -> list[object]:
    """Return what a constant is changed to."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 1.01, value * 0.99] if value else [0.01]
    if isinstance(value, str):
        return [value + "x"]
    return []


def constants(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield the constants of tables, defaults and bounds; no docstring, nothing of a body."""
    for node in tree.body:
        yield from _of(node)


def _of(node: ast.stmt) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        if ast.unparse(node).startswith("__all__ ="):
            return  # ruff sees a name that there is not
        parts: list[ast.AST] = [node.value] if node.value is not None else []
        if isinstance(node, ast.AnnAssign) and _bounded(node.annotation):
            parts.append(node.annotation)
        for part in parts:
            for inner in ast.walk(part):
                if isinstance(inner, ast.Constant):
                    yield inner
    elif isinstance(node, ast.ClassDef):
        for inner_node in node.body:
            names = getattr(inner_node, "targets", [])
            if not any(isinstance(name, ast.Name) and name.id == "__slots__" for name in names):
                yield from _of(inner_node)
    elif isinstance(node, ast.FunctionDef):
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if isinstance(default, ast.Constant):
                yield default


def _bounded(annotation: ast.expr) -> bool:
    """Return whether an annotation carries bounds, and not only a type."""
    return any(isinstance(inner, ast.Call) for inner in ast.walk(annotation))


def mutants(path: str) -> list[Mutant]:
    """Return every mutant of one module."""
    tree = ast.parse((ROOT / path).read_text())
    return [
        Mutant(path, node.lineno, node.col_offset, node.value, value)
        for node in constants(tree)
        for value in changed(node.value)
    ]


def mutated(mutant: Mutant) -> CodeType:
    """Return the module's code with that one constant changed."""
    tree = ast.parse((ROOT / mutant.path).read_text())
    for node in constants(tree):
        if (node.lineno, node.col_offset) == (mutant.line, mutant.column):
            node.value = mutant.now  # type: ignore[assignment] # of the kinds that changed() gives
            break
    return compile(tree, str(ROOT / mutant.path), "exec")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module in its changed form."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = mutant.path.removesuffix(".py").replace("/", ".")
        self._path = str(ROOT / mutant.path)
        self._code = mutated(mutant)

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the one module."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        """Run its changed code."""
        exec(self._code, module.__dict__)  # noqa: S102 - our own source, one constant changed


def survives(mutant: Mutant) -> str:
    """Run the tests on one mutant; return what became of it."""
    signal.alarm(TIME_LIMIT_S)
    sys.meta_path.insert(0, Finder(mutant))
    tests = TARGETS[mutant.path]
    import pytest

    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        code = pytest.main([*OPTIONS, *tests])
    return "survived" if code == 0 else "killed"


def judged(mutant: Mutant) -> tuple[Mutant, str]:
    """Judge one mutant in a process of its own, so that nothing of it is left."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            verdict = survives(mutant)
        except BaseException:  # noqa: BLE001 - a module that does not load is noticed as well
            verdict = "killed"
        os.write(write, verdict.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        verdict = pipe.read()
    os.waitpid(child, 0)
    return mutant, verdict or "timed out"


def main() -> None:
    """Judge every mutant of every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="modules or lines that hold this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print the mutants and end")
    arguments = parser.parse_args()
    every = [
        mutant for path in TARGETS for mutant in mutants(path) if arguments.only in str(mutant)
    ]
    if arguments.list:
        for mutant in every:
            print(mutant)
        return
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for name in LOADED_BEFORE:
        importlib.import_module(name)

    for path in dict.fromkeys(mutant.path for mutant in every):
        first = next(mutant for mutant in every if mutant.path == path)
        _, verdict = judged(replace(first, now=first.was))
        if verdict != "survived":
            sys.exit(f"the tests of {path} fail, or take too long, with nothing changed")
    counts = {"killed": 0, "survived": 0, "timed out": 0}
    started_s = time.monotonic()
    with multiprocessing.get_context("fork").Pool(arguments.jobs, maxtasksperchild=None) as pool:
        for done, (mutant, verdict) in enumerate(pool.imap_unordered(judged, every), start=1):
            counts[verdict] += 1
            if verdict != "killed":
                print(f"{verdict}: {mutant}", file=sys.stderr, flush=True)
            if done % 50 == 0:
                spent_s = time.monotonic() - started_s
                print(f"{done} of {len(every)} in {spent_s:.0f} s", file=sys.stderr, flush=True)
    print(json.dumps({"tables": len(every), **counts}))
    sys.exit(counts["killed"] != len(every))


if __name__ == "__main__":
    main()
