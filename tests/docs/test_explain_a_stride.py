"""The page on explaining a stride names every reason there is, and no other."""

import re
from pathlib import Path

from fes_ctrl.analysis import causes

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "explain-a-stride.md"


def test_every_reason_stands_in_the_table() -> None:
    code = Path(causes.__file__).read_text()
    # The one that depends on the fault is chosen beforehand.
    chosen = re.findall(r'code = "(\w+)" if .+ else "(\w+)"', code)
    given = {*re.findall(r'Cause\(\s*"(\w+)"', code), *[word for pair in chosen for word in pair]}
    rows = PAGE.read_text().partition("| --- | --- |\n")[2].partition("\n\n")[0].splitlines()
    listed = {word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert listed == given
