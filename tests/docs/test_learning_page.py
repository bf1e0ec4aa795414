"""The page on learning names every reason why a stride teaches nothing, as it is worded."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from fes_ctrl import learning
from fes_ctrl.gait import swing_pitch

PAGE = Path(__file__).parents[2] / "docs" / "explanations" / "learning.md"
BOUND = {"unsure", "odd", "GAVE_LESS", "NOT_SEEN"}


def reasons() -> Iterator[ast.expr]:
    """Yield what the program gives as a reason: what it binds, begins a swing with, returns."""
    for module in (learning, swing_pitch):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in BOUND:
                    yield value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant() as value):
                    if name in BOUND:
                        yield value
                case ast.Call(func=ast.Attribute(attr="_begin"), args=[_, value]):
                    yield value
                case ast.FunctionDef(name="_why_frozen"):
                    for each in ast.walk(node):
                        if isinstance(each, ast.Return) and each.value is not None:
                            yield each.value


def words(reason: ast.expr) -> str:
    """Return a reason as the page has it, *n* for a number; empty where it is none."""
    if isinstance(reason, ast.Constant):
        return str(reason.value)
    parts = reason.values if isinstance(reason, ast.JoinedStr) else []
    return "".join([str(p.value) if isinstance(p, ast.Constant) else "*n*" for p in parts])


def test_every_reason_stands_in_the_table_and_no_other() -> None:
    table = PAGE.read_text().partition("| reason | what it is |\n| --- | --- |\n")[2]
    cells = [row.split("|")[1] for row in table.partition("\n\n")[0].splitlines()]
    listed = [each.strip() for cell in cells for each in re.split(r"[,;] ", cell)]
    given = {words(reason) for reason in reasons()} - {""}
    assert sorted(listed) == sorted(given)
