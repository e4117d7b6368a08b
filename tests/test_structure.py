"""The arrows point one way: source_docs <- index <- assistant <- eval, and nothing happens at import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

OURS = ("index", "assistant", "eval", "training", "tests")
MAY_IMPORT = {
    "index": {"index"},
    "assistant": {"index", "assistant"},
    "eval": {"index", "assistant", "eval"},
    "training": {"index", "assistant", "eval", "training"},
}
MODULES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))
WEB = {"gradio", "fastapi", "uvicorn", "starlette"}


def imports(path: Path, top_level: bool = False) -> Iterator[str]:
    """The modules that a file imports; with `top_level` only those imported when it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = {name.split(".")[0] for name in imports(path)} & set(OURS)
    assert ours <= MAY_IMPORT[package]
    if path.name == "types.py":
        assert not {name for name in imports(path) if name.split(".")[0] in OURS and not name.endswith(".types")}
    if not {"page", "server"} & set(path.relative_to(ROOT).parts):
        assert not WEB & {name.split(".")[0] for name in imports(path)}


def test_importing_does_nothing_and_loads_no_web_or_model_library(tmp_path: Path) -> None:
    code = (
        "import sys, threading\nimport assistant, assistant.cli\n"
        "heavy = ('gradio', 'fastapi', 'torch', 'transformers', 'faiss')\n"
        "print([name for name in heavy if name in sys.modules], threading.active_count())"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.strip() == "[] 1"
    assert list(tmp_path.iterdir()) == []
