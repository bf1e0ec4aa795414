"""The documents point at things that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_life_of_one_heel_off_names_real_functions() -> None:
    source = "\n".join(
        file.read_text()
        for folder in ("fes_ctrl", "firmware_sim", "hil")
        for file in (ROOT / folder).rglob("*.py")
    )
    text = (ROOT / "docs/explanations/life-of-one-heel-off.md").read_text()
    for name in re.findall(r"`([A-Za-z_.0-9]+)`", text):
        last = name.rpartition(".")[2]
        if "/" in name or last in ("py", "patient", "now"):
            continue
        assert re.search(rf"\b{re.escape(last)}\b", source), name


def test_the_glossary_is_sorted_and_names_each_term_once() -> None:
    terms = re.findall(r"^\*\*([^*]+)\*\*:", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    assert terms == sorted(set(terms))
