"""One run of a simulated device for all: its log, and what it emitted."""

from pathlib import Path

import pytest

from helpers.scope_traces import Emitted, walked


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Emitted]:
    folder = tmp_path_factory.mktemp("run")
    return folder, walked(folder / "log.jsonl")
