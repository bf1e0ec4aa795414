"""Whatever is written where, a value that fits comes back as itself and no other is taken."""

import dataclasses
import tomllib
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from annotated_types import MinLen
from hypothesis import assume, given
from hypothesis import strategies as st

from fes_ctrl.config.build import element_class, hints
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.layers import Layers, Source, sha256_of
from fes_ctrl.config.render import render, toml_value
from fes_ctrl.config.wording import dotted
from hil.scenarios import SECTIONS

Path = tuple[str | int, ...]


def tables(cls: type[Any], path: Path) -> Iterator[tuple[Path, type[Any]]]:
    """Yield every table of a section, with the class of its keys."""
    yield path, cls
    for name, hint in hints(cls).items():
        element = element_class(hint)
        if element is not None:
            yield from tables(element, (*path, name, 0))
        elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
            yield from tables(hint, (*path, name))


def keys(path: Path, cls: type[Any]) -> Iterator[Path]:
    """Yield the keys of a table that hold single values."""
    for name, hint in hints(cls).items():
        nested = isinstance(hint, type) and dataclasses.is_dataclass(hint)
        if not nested and element_class(hint) is None:
            yield (*path, name)


TABLES = [found for name, cls in SECTIONS.items() for found in tables(cls, (name,))]
KEYS = [key for path, cls in TABLES for key in keys(path, cls)]


def document(path: Path, value: str) -> str:
    """Return a file that gives one value, its table's header in the line before."""
    table: list[str | int] = []
    header = []
    for part in path[:-1]:
        if part == 0:
            header.append(f"[[{dotted(tuple(table))}]]")
        else:
            table.append(part)
    header.append(f"[{dotted(tuple(table))}]" if path[-2] != 0 else "")
    return "\n".join([*header, f"{dotted(path[-1:])} = {value}"]) + "\n"


def refusal_of(text: str, section: str) -> str:
    layers = Layers(SECTIONS)
    with pytest.raises(ConfigError) as caught:
        layers.take(section, tomllib.loads(text)[section], Source("mine.toml", text))
    return str(caught.value)


@given(st.sampled_from(KEYS), st.sampled_from(["nan", "+inf", "-inf", "[nan]", "{ x = nan }"]))
def test_no_value_anywhere_may_be_nan_or_infinite(key: Path, value: str) -> None:
    text = document(key, value)
    message = refusal_of(text, str(key[0]))
    assert dotted(key) in message
    assert message.endswith(f"(mine.toml:{text.count(chr(10))})")


@given(st.sampled_from(TABLES), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_an_unknown_key_anywhere_is_refused_by_its_name(
    table: tuple[Path, type[Any]], name: str
) -> None:
    path, cls = table
    assume(name not in hints(cls))
    key = (*path, name)
    quoted = toml_value(name)
    text = document((*path, "x"), "0").replace("x = 0\n", f"{quoted} = 0\n")
    message = refusal_of(text, str(path[0]))
    assert f"{dotted(key)}: unknown key" in message
    assert message.endswith(f"(mine.toml:{text.count(chr(10))})")


@given(
    st.sampled_from([key for key in KEYS if key[0] != "limits"]),
    st.sampled_from(["nan", "inf", "-inf", "1e999", "[nan]"]),
)
def test_no_option_may_give_what_no_file_may(key: Path, value: str) -> None:
    option = f"{dotted(key)}={value}"
    with pytest.raises(ConfigError) as caught:
        Layers(SECTIONS).set(option)
    assert dotted(key) in str(caught.value)
    assert f"--set {option}" in str(caught.value)


@given(st.sampled_from([key for key in KEYS if key[0] == "limits"]), st.integers())
def test_no_option_may_touch_a_limit(key: Path, value: int) -> None:
    with pytest.raises(ConfigError, match="limits come from files only"):
        Layers(SECTIONS).set(f"{dotted(key)}={value}")


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values that a field may hold."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return instances(hint)
    element = element_class(hint)
    if element is not None:
        return st.lists(instances(element), min_size=1, max_size=2).map(tuple)
    bare = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    if get_origin(bare) is tuple and Ellipsis not in get_args(bare):
        return st.tuples(*map(values, get_args(bare)))
    if get_origin(bare) is tuple:
        bounds = getattr(hint, "__metadata__", ())
        least = max([b.min_length for b in bounds if isinstance(b, MinLen)], default=0)
        return st.lists(values(get_args(bare)[0]), min_size=least, max_size=3).map(tuple)
    if hint is str:
        return st.text(st.characters(exclude_categories=["Cs"]))
    return st.from_type(hint)


def instances(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Return instances, each of whose fields is default or drawn, and which go together."""

    def made(given: dict[str, Any]) -> Any:
        try:
            return cls(**given)
        except ValueError:
            return None

    optional = {name: values(hint) for name, hint in hints(cls).items()}
    return st.fixed_dictionaries({}, optional=optional).map(made).filter(lambda x: x is not None)


def table_of(value: Any) -> Any:
    """Return what a TOML file would hold for an instance."""
    if isinstance(value, dict):
        return {key: table_of(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple):
        return [table_of(item) for item in value]
    return value


@given(st.data(), st.sampled_from(list(SECTIONS)))
def test_what_is_shown_loads_as_the_same_values(data: st.DataObject, section: str) -> None:
    first = Layers(SECTIONS)
    instance = data.draw(instances(SECTIONS[section]))
    first.take(section, table_of(dataclasses.asdict(instance)), Source("given"))
    assert first.get(section) == instance
    again = Layers(SECTIONS)
    text = render(first, section)
    again.take(section, tomllib.loads(text)[section], Source("shown", text))
    assert again.get(section) == instance
    assert sha256_of(again.effective()) == sha256_of(first.effective())
