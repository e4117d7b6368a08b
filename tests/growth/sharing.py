"""python -m tests.growth.sharing TEXTS WORK: the index of many passages made by two processes, of which one is killed twice.

It is made by one process, too, and the two are compared file by file and answer by answer. Texts are written by
`python -m tests.growth`; sentences and vectors are made as cheaply as there. Prints figures as JSON.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from index.generation import MANIFEST, generations, read_manifest
from tests.growth.making import StaticEncoder, parse_plainly
from tests.growth.measuring import READ, make_questions, peak_mb

KILLS = 2
SHARES = 2
MANY = 1_000_000  # passages: for all of these vectors are cheap


def share(source: Path, index_dir: Path, number: int) -> None:
    """Make the pieces of a share."""
    from index.sharing import Share, make_pieces

    encoder = StaticEncoder(index_dir.parent / "words.npy")
    with patch("index.building.parse", parse_plainly):
        left = make_pieces(source, index_dir, share=Share(number, SHARES), open_encoder=lambda: encoder)
    print(json.dumps({"left": left, "memory_mb": peak_mb()}))


def start(*given: object) -> subprocess.Popen[str]:
    """This module in a process of its own."""
    command = [sys.executable, "-m", "tests.growth.sharing", *map(str, given)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def count(index_dir: Path) -> int:
    """How many pieces there are."""
    return len(list(index_dir.glob(f"*/pieces/[0-9a-f]*/{MANIFEST}")))


def make_shared(source: Path, index_dir: Path) -> dict[str, Any]:
    """Have two processes make pieces, and kill the second one twice, each time some pieces on."""
    began, kills = time.perf_counter(), []
    crew = {number: start(source, index_dir, number) for number in range(1, SHARES + 1)}
    while any(one.poll() is None for one in crew.values()):
        time.sleep(0.2)
        if len(kills) < KILLS and count(index_dir) > 10 * (len(kills) + 1):
            crew[SHARES].kill()
            crew[SHARES].wait()
            kills.append(count(index_dir))
            crew[SHARES] = start(source, index_dir, SHARES)
    told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in crew.values()]
    half = len(list(index_dir.glob("*/pieces/making-*")))
    made = {"pieces": count(index_dir), "killed_at": kills, "half_made": half, "shares": told}
    return {**made, "pieces_s": round(time.perf_counter() - began, 1), **told_of(source, index_dir)}


def told_of(source: Path, index_dir: Path) -> dict[str, Any]:
    """Open the index, made of pieces where there are some: the last step, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.growth.making", str(source), str(index_dir), str(MANY)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def compare(source: Path, alone: Path, shared: Path) -> dict[str, Any]:
    """Which files of the two differ, and how many of the passages found and of the answers given are the same."""
    from assistant import Assistant
    from assistant.config import Config
    from index.minilm import MiniLmEncoder

    files = [read_manifest(generations(next(one.glob("*-*")))[0])["files"] for one in (alone, shared)]
    differ = [name for name in sorted({*files[0], *files[1]}) if files[0][name]["sha256"] != files[1][name]["sha256"]]
    encoder = MiniLmEncoder()
    one, two = (Assistant.from_config(Config(source, index_dir), encoder, print) for index_dir in (alone, shared))
    asked = [question for question, _ in make_questions(one.index)]
    hits = sum(one.index.search(question, 10) == two.index.search(question, 10) for question in asked)
    answers = [(one.ask(question), two.ask(question)) for question in asked[:READ]]
    same = sum((a.evidence, a.confidence) == (b.evidence, b.confidence) for a, b in answers)
    counts = [(len(q.index.documents), len(q.index.passages), q.index.sentences) for q in (one, two)]
    return {"counts": counts, "differ": differ, "hits": f"{hits}/{len(asked)}", "answers": f"{same}/{len(answers)}"}


def main(source: Path, work: Path) -> None:
    """Make both, compare, print."""
    alone, shared = work / "alone", work / "shared"
    work.mkdir(parents=True, exist_ok=True)
    StaticEncoder(work / "words.npy")
    figures = {"alone": told_of(source, alone), "shared": make_shared(source, shared)}
    print(json.dumps({**figures, **compare(source, alone, shared)}, indent=1))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        share(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
