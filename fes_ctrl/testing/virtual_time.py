"""Virtual time for asyncio tests: by marker, or for every test of a project by its option.

``@pytest.mark.virtual_time`` on a coroutine runs it on a virtual loop of its own and needs no
other plugin. ``fes_virtual_time = true`` in pytest's configuration gives pytest-asyncio the virtual
loop, fixtures included, for every test that is not marked ``real_time``.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

OPTION = "fes_virtual_time"
MARKERS = (
    "virtual_time: a coroutine that runs in virtual time: sleeping takes none",
    f"real_time: runs on the real loop where {OPTION} is set",
)
HOOK = "pytest_asyncio_loop_factories"


class VirtualLoops:
    """Has pytest-asyncio run tests in virtual time, or in real time where they are marked so."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_asyncio_loop_factories(
        self, item: pytest.Item
    ) -> "Mapping[str, Callable[[], AbstractEventLoop]]":
        """Return the loop that a test runs on."""
        import asyncio

        if item.get_closest_marker("real_time"):
            return {"real": asyncio.new_event_loop}
        from fes_ctrl.runtime.virtual import VirtualLoop

        return {"virtual": VirtualLoop}


def configure(config: pytest.Config) -> None:
    """Tell pytest of the markers, and pytest-asyncio of the loop where that is asked for."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getini(OPTION):
        hook = getattr(config.hook, HOOK, None)
        if hook is None or hook.spec is None:
            message = f"{OPTION}: install pytest-asyncio 1.5 or later beside it, or leave it out"
            raise pytest.UsageError(message)
        config.pluginmanager.register(VirtualLoops(), "fes_ctrl.testing.virtual_loops")


def run(item: pytest.Function) -> bool | None:
    """Run a coroutine that is marked ``virtual_time``; ``None`` for any other test."""
    if item.get_closest_marker("virtual_time") is None or item.config.getini(OPTION):
        return None
    if item.get_closest_marker("asyncio") is not None:
        message = (
            f"virtual_time: pytest-asyncio runs this test in real time; leave its marker out, or "
            f"set {OPTION} = true in pytest's configuration"
        )
        pytest.fail(message, pytrace=False)
    function = item.obj
    if not inspect.iscoroutinefunction(function):
        message = "virtual_time: this test is no coroutine; make it async, or leave the marker out"
        pytest.fail(message, pytrace=False)
    from fes_ctrl.runtime.virtual import run as run_virtually

    names = inspect.signature(function).parameters
    run_virtually(function(**{name: item.funcargs[name] for name in names}))
    return True
