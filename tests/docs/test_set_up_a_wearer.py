"""The how-to's keys, commands and script are those of the program."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.cli.setup import command
from fes_ctrl.runtime.operator import parse_act
from fes_ctrl.runtime.seated import KEYS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "set-up-a-wearer.md").read_text()


def test_the_keys_of_the_page_are_the_programs() -> None:
    assert dict(re.findall(r"^\| `(\w)` \| `(\w+)` \|", PAGE, re.MULTILINE)) == KEYS


def test_the_options_of_the_page_are_the_commands() -> None:
    known = {option for param in command.params for option in param.opts}
    shown = PAGE.split("Walk with them:")[0]
    assert set(re.findall(r"--[a-z][a-z-]*", shown)) <= known


def test_the_hand_of_the_page_can_do_it() -> None:
    (script,) = re.findall(r"operator\.hand =\n(\[.*?\])", PAGE)
    acts = [parse_act(text) for text in re.findall(r'"(.*?)"', script)]
    assert acts == [(12_000_000, "test", 0), (15_000_000, "test", 25)]


def test_the_command_says_that_it_is_no_thing_for_people() -> None:
    shown = CliRunner().invoke(command, ["--help"])
    assert "A bench tool, not for people." in shown.output
    assert "not for people" in PAGE


@pytest.mark.parametrize("word", KEYS.values())
def test_the_help_names_every_word(word: str) -> None:
    assert word in " ".join(CliRunner().invoke(command, ["--help"]).output.split())
