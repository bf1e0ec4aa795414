"""From plain tables to the configuration classes, with every value checked on the way.

Types, bounds and choices stand at the fields of the classes; pydantic judges the single values,
strictly: no text for a number, no NaN, no infinity. Keys that no class knows are refused.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from fes_ctrl.config.files import PathParts
from fes_ctrl.config.wording import dotted, reason, show, telling, unknown_key

__all__ = ["UnplacedError", "build", "dotted", "element_class", "hints", "show"]

STRICT = ConfigDict(strict=True, allow_inf_nan=False)


class UnplacedError(ValueError):
    """What is wrong with one value, and its path; whoever knows its file makes a ConfigError of it.

    Attributes
    ----------
    path : tuple of str or int
        Where it is.
    what : str
        What is wrong, the path included.
    together : bool
        Each value is good, but they do not go together; a later layer may still mend that.
    """

    def __init__(self, path: PathParts, what: str, *, together: bool = False) -> None:
        super().__init__(what)
        self.path = path
        self.what = what
        self.together = together


def build(cls: type[Any], table: object, path: PathParts) -> Any:
    """Return an instance of a configuration class.

    Parameters
    ----------
    cls : type
        A frozen dataclass.
    table : object
        What the file or option gave for it.
    path : tuple
        Where that is.

    Raises
    ------
    UnplacedError
        At the first value that does not fit.
    """
    if not isinstance(table, Mapping):
        raise UnplacedError(path, f"{dotted(path)} = {show(table)}: must be a table of keys")
    fields = hints(cls)
    for key in table:
        if key not in fields:
            raise UnplacedError((*path, key), unknown_key((*path, key), list(fields)))
    values = {key: _value(fields[key], value, (*path, key)) for key, value in table.items()}
    try:
        return cls(**values)
    except TypeError as error:
        missing = [
            field.name
            for field in dataclasses.fields(cls)
            if field.name not in values
            and field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ]
        if not missing:
            raise
        what = f"{dotted(path)}: {', '.join(missing)} must be given"
        raise UnplacedError(path, what) from error
    except ValueError as error:
        # One that knows which of the values it is says so.
        place = (*path, *getattr(error, "path", ()))
        raise UnplacedError(place, f"{dotted(path)}: {error}", together=True) from error


def hints(cls: Any) -> dict[str, Any]:
    """Return the types of a configuration class's fields, bounds included."""
    return _hints(cls)


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def element_class(hint: Any) -> type[Any] | None:
    """Return the dataclass in ``tuple[Dataclass, ...]``, if the annotation is one of that kind."""
    bare = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    arguments = get_args(bare)
    if get_origin(bare) is tuple and arguments:
        first = arguments[0]
        if isinstance(first, type) and dataclasses.is_dataclass(first):
            return first
    return None


def _value(hint: Any, value: object, path: PathParts) -> object:
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return build(hint, value, path)
    element = element_class(hint)
    if element is not None:
        if not isinstance(value, list | tuple):
            what = (
                f"{dotted(path)} = {show(value)}: must be an array of tables ([[{dotted(path)}]])"
            )
            raise UnplacedError(path, what)
        items = tuple(build(element, item, (*path, index)) for index, item in enumerate(value))
        _judge(_length_only(hint), tuple(value), path)
        return items
    return _judge(_adapter(hint), _tuples(value), path)


def _tuples(value: object) -> object:
    """Return arrays, and arrays of arrays, as the classes hold them."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _judge(adapter: Callable[[object], object], value: object, path: PathParts) -> object:
    try:
        return adapter(value)
    except ValidationError as error:
        first = telling(error.errors(include_url=False))
        inside = first["loc"] if isinstance(value, tuple) else ()
        given = first["input"] if inside else value
        key = next(str(part) for part in reversed(path) if isinstance(part, str))
        what = f"{dotted((*path, *inside))} = {show(given)}: {reason(first, key, given)}"
        raise UnplacedError((*path, *inside), what) from error


@cache
def _adapter(hint: Any) -> Callable[[object], object]:
    adapter: TypeAdapter[object] = TypeAdapter(hint, config=STRICT)
    return adapter.validate_python


@cache
def _length_only(hint: Any) -> Callable[[object], object]:
    if not hasattr(hint, "__metadata__"):
        return lambda value: value
    bounded: Any = tuple[Any, ...]
    for bound in hint.__metadata__:
        bounded = Annotated[bounded, bound]
    adapter: TypeAdapter[object] = TypeAdapter(bounded, config=STRICT)
    return adapter.validate_python
