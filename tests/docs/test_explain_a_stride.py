"""The page on explaining a stride names every reason there is, and no other."""

import re
from pathlib import Path

from fes_ctrl.analysis import causes

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "explain-a-stride.md"


def test_every_reason_stands_in_the_table() -> None:
    code = Path(causes.__file__).read_text()
    given = set(re.findall(r'Cause\(\s*"(\w+)"', code)) | set(re.findall(r'code = "(\w+)"', code))
    given |= set(re.findall(r'else "(\w+)"', code)) & {"fault"}
    table = PAGE.read_text().partition("| --- | --- |")[2].partition("\n\n")[0]
    listed = {word for row in table.splitlines() for word in re.findall(r"`(\w+)`", row[:100].rsplit("|", 2)[-2] if row.count("|") > 3 else row.split("|")[1] if "|" in row else "")}
    assert given
    assert listed == given
