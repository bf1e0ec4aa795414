"""A real browser for our pages: Chromium, driven by Playwright, that hears what a page asks for."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Seen:
    """An open page, and what it said and asked for."""

    page: "Page"
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


# Not for the session: while Playwright runs, its loop is the running one of this thread, and no
# test of asyncio could have one of its own.
@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: install the extra test"
    )
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium: install Debian's package chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


Opened = Callable[..., Any]


@pytest.fixture
def opened(browser: "Browser") -> Opened:
    """Open a file in a window of that width: ``with opened(path, width=360) as seen``."""

    @contextmanager
    def open_file(
        path: Path,
        width: int = 1000,
        fragment: str = "",
        *,
        scheme: str = "light",
        drawn: bool = True,
    ) -> "Iterator[Seen]":
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        seen = Seen(page)
        page.on("console", lambda message: seen.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.said.append(f"error: {error}"))
        page.on("request", lambda request: seen.asked.append(request.url))
        page.goto(f"{path.absolute().as_uri()}{fragment}")
        if drawn:
            page.wait_for_selector("html[data-drawn=yes]", timeout=30_000)
        try:
            yield seen
        finally:
            context.close()

    return open_file
