"""Write docs/reference/limits.md from the classes and tables that hold the limits.

python tools/limits_page.py
"""

from pathlib import Path

from fes_ctrl.report.limits_page import limits_page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "limits.md"

if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(limits_page(), encoding="utf-8")
    print(PAGE)
