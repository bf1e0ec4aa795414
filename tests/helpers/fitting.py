"""Whether a page fits its window: no table is cut off, and what can be moved sideways shows it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (360, 420, 1200, 1440, 1600)
"""Of windows, pixels: phones, and what stands on desks."""

CUT_OFF = """() => {
    document.querySelectorAll('details').forEach(each => { each.open = true; });
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push('the page is wider than the window');
    const boxes = new Set();
    for (const cell of document.querySelectorAll('th, td'))
        for (let at = cell; at !== root; at = at.parentElement) boxes.add(at);
    for (const box of boxes) {
        if (!box.clientWidth || box.scrollWidth <= box.clientWidth + 1) continue;
        const style = getComputedStyle(box);
        const name = `${box.tagName}.${box.className} "${box.innerText.slice(0, 40)}"`;
        if (!['auto', 'scroll'].includes(style.overflowX)) found.push(`${name} is cut off`);
        else if (!style.backgroundImage.includes('gradient') || style.scrollbarWidth === 'none')
            found.push(`${name} does not show that there is more`);
    }
    return found;
}"""

BY_HAND = """tables => tables.filter(table => {
    const box = table.closest('.scroll');
    return box.scrollWidth > box.clientWidth;
}).map(table => table.innerText.slice(0, 60))"""


def cut_off(page: "Page") -> list[str]:
    """Return what of a page's tables is cut off, with everything unfolded."""
    found: list[str] = page.evaluate(CUT_OFF)
    return found


def moved_by_hand(page: "Page", css: str) -> list[str]:
    """Return the beginning of those tables that have to be moved sideways to be read."""
    found: list[str] = page.locator(css).evaluate_all(BY_HAND)
    return found
