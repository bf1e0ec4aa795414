"""The how-to's test, as it stands on its page, on an exchange that was recorded here."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from helpers.exchanges import FOLDER

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "record-an-exchange.md").read_text()


def test_the_pages_test_runs_and_fails_where_the_exchange_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    page: dict[str, Any] = {}
    exec(compile(code, "the page", "exec"), page)  # noqa: S102 - our own page
    (test,) = (value for name, value in page.items() if name.startswith("test_"))
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "p24.jsonl"
    shutil.copy(FOLDER / "p24_burst.jsonl", kept)
    test()
    lines = kept.read_text().splitlines(keepends=True)
    out = next(index for index, line in enumerate(lines) if '"out"' in line)
    kept.write_text("".join(lines[:out] + lines[out + 1 :]))
    with pytest.raises(AssertionError, match=r"p24\.jsonl"):
        test()
