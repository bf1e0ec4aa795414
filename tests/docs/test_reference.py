"""The pages that are made from tables are those of the tables as they stand."""

import sys
from pathlib import Path

import pytest
from jsonschema import validate

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import mqtt_page  # noqa: E402 - they lie beside the code, not in a package
import reference_pages  # noqa: E402 - found by the path above

from fes_ctrl.telemetry.json_schema import json_schema  # noqa: E402 - found by the path above
from fes_ctrl.telemetry.schema import TOPICS  # noqa: E402 - found by the path above


@pytest.mark.parametrize("name", reference_pages.PAGES)
def test_no_reference_page_is_stale(name: str) -> None:
    page = ROOT / "docs" / "reference" / name
    assert page.read_text() == reference_pages.PAGES[name](), "run make pages"


def test_every_message_that_is_shown_is_what_its_schema_says() -> None:
    examples = mqtt_page.walked()
    assert set(examples) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        validate(examples[topic.name], json_schema(topic))
