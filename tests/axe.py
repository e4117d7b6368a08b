"""axe-core, installed by npm beside the virtual environment on first use."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

VERSION = "4.14.1"
FOLDER = Path(sys.prefix) / "axe"


def serious(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds serious or critical in a page, shadow trees included: each rule and an element."""
    script = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if not npm:
            pytest.skip("npm is not installed: apt-get install npm")
        command = [npm, "install", "--silent", "--prefix", str(FOLDER), f"axe-core@{VERSION}"]
        subprocess.run(command, check=True, capture_output=True)
    page.evaluate(script.read_text(encoding="utf-8"))  # by the debugger: the page's own policy lets no script in
    found: dict[str, Any] = page.evaluate(
        "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )
    bad = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in bad]
