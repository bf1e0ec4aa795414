"""The shell of every page: one HTML file that holds all it needs and asks nobody for anything.

Style and scripts are put into the page; its content security policy names each script by its hash
and allows no request at all. What a page says is escaped by ``markup``, before it comes here.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fes_ctrl import __version__
from fes_ctrl.report.markup import Html, tag, text

NOT_MEDICAL: Final = "A research and bench tool, not a medical device."
VENDOR: Final = "vendor/uplot"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page.

    Attributes
    ----------
    id : str
        Anchor: letters, digits and dashes.
    title : str
        Its heading, and its line in the contents.
    body : Html
        What it says.
    """

    id: str
    title: str
    body: Html


def page(
    title: str, sections: Sequence[Section], *, lead: Html | None = None, warning: str = ""
) -> str:
    """Return a page.

    Parameters
    ----------
    title : str
        Of the page, escaped here.
    sections : sequence of Section
        In order.
    lead : Html or None
        Stands below the title.
    warning : str
        What a reader must not miss, as that the run was simulated; stands above everything.

    Returns
    -------
    str
        A complete HTML document.
    """
    plots = any('class="series"' in section.body for section in sections)
    scripts = _scripts() if plots else ()
    styles = _styles(plots=plots)
    contents = [tag("li", tag("a", each.title, href=f"#{each.id}")) for each in sections]
    body = [
        tag("a", "Skip to the content", class_="skip", href="#content"),
        tag("p", warning, class_="warning", role="note") if warning else "",
        tag(
            "header",
            tag("h1", title),
            text(lead),
        ),
        tag("nav", tag("h2", "Contents"), tag("ol", *contents), aria_label="Contents"),
        tag("main", *[_section(each) for each in sections], id="content"),
        tag(
            "footer",
            tag("p", NOT_MEDICAL),
            tag("p", f"Made by fes-ctrl {__version__}."),
            tag("p", "Time series drawn by uPlot 1.6.32 (MIT).") if plots else "",
        ),
    ]
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(scripts, styles)),
        tag("meta", name_="color-scheme", content="light dark"),
        # Without it a browser asks for /favicon.ico.
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        *[Html(f"<style>{style}</style>") for style in styles],
    ]
    end = [Html(f"<script>{script}</script>") for script in scripts]
    whole = tag("html", tag("head", *head), tag("body", *body, *end), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _section(section: Section) -> Html:
    heading = tag("h2", section.title, id=f"{section.id}-title")
    return tag(
        "section", heading, section.body, id=section.id, aria_labelledby=f"{section.id}-title"
    )


def _asset(name: str) -> str:
    return files("fes_ctrl.report").joinpath(name).read_text(encoding="utf-8")


def _scripts() -> tuple[str, ...]:
    return _asset(f"{VENDOR}/uPlot.iife.min.js"), _asset("assets/series.js")


def _styles(*, plots: bool) -> tuple[str, ...]:
    ours = _asset("assets/page.css")
    return (_asset(f"{VENDOR}/uPlot.min.css"), ours) if plots else (ours,)


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    allowed = {"script-src": scripts, "style-src": styles}
    rules = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    for name, sources in allowed.items():
        rules.append(" ".join([name, *map(_hash, sources)]) if sources else f"{name} 'none'")
    return "; ".join(rules)


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
