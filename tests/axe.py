"""axe-core, where `make test` has installed it with npm."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT

AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }"


def serious(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds serious or critical in a page, shadow trees included: each rule and an element."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make test installs it with npm")
    page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger: the page's own policy lets no script in
    result: dict[str, Any] = page.evaluate(f"axe.run({RULES})")
    bad = [violation for violation in result["violations"] if violation["impact"] in ("serious", "critical")]
    return [(violation["id"], violation["nodes"][0]["html"][:200]) for violation in bad]
