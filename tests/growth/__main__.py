"""python -m tests.growth [FOLDER ...]: make, open and ask indexes of growing size, and compare with others.

The text is that of the HTML, text and manual pages in the folders, of the system's documentation by default; a size for
which there is too little is left out. Figures go to `growth.json` in the work folder, where indexes are kept too, the
plot and the tables beside it. A million passages take a quarter of an hour and 6 GB of disk.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.growth.showing import draw, tables
from tests.growth.texts import find_passages, write_documents

FOLDERS = (Path("/usr/share/doc"), Path("/usr/share/man"))
SIZES = (1_000, 10_000, 100_000, 1_000_000)
PEER_SIZE = 10_000  # passages with which others are compared, all with MiniLM's own vectors


def run_module(module: str, *given: object) -> Any:
    """What a module prints as JSON on its last line, in a process of its own, so that memory is its own too."""
    ran = subprocess.run(
        [sys.executable, "-m", f"tests.growth.{module}", *map(str, given)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def grow(folders: Sequence[Path], size: int, work: Path) -> dict[str, Any] | None:
    """The figures of one size; None where there is too little text."""
    source, index_dir = work / str(size) / "texts", work / str(size) / "index"
    figures_file = work / str(size) / "made.json"
    if not source.exists() and write_documents(find_passages(folders), source, size) < size:
        return None
    if not figures_file.exists():
        figures_file.write_text(json.dumps(run_module("making", source, index_dir, size)))
    return {"size": size, **json.loads(figures_file.read_text()), **run_module("measuring", source, index_dir)}


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.growth", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--work", type=Path, default=Path("build/growth"))
    parser.add_argument("--without-peers", action="store_true", help="they are an extra: pip install -e '.[peers]'")
    options = parser.parse_args()
    grown = [row for size in options.sizes if (row := grow(options.folders, size, options.work))]
    figures: dict[str, Any] = {"grown": grown, "bm25": {}, "vectors": {}, "peers": {}}
    for row in grown:
        size = row["size"]
        folders = options.work / str(size) / "texts", options.work / str(size) / "index"
        if not options.without_peers and size >= PEER_SIZE:
            figures["bm25"][size] = run_module("comparing", "bm25", *folders)
        if not options.without_peers and size == PEER_SIZE:
            figures["peers"][size] = run_module("comparing", "peers", *folders)
        if row is grown[-1]:
            figures["vectors"] = run_module("comparing", "vectors", *folders)
        (options.work / "growth.json").write_text(json.dumps(figures, indent=1))
    draw(figures, options.work / "growth.svg")
    (options.work / "growth.md").write_text(tables(figures), encoding="utf-8")
    print(tables(figures))


if __name__ == "__main__":
    main()
