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


def start(*arguments: object) -> subprocess.Popen[str]:
    """This module in a process of its own."""
    command = [sys.executable, "-m", "tests.growth.sharing", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def count(index_dir: Path) -> int:
    """How many pieces there are."""
    return len(list(index_dir.glob(f"*/pieces/[0-9a-f]*/{MANIFEST}")))


def make_shared(source: Path, index_dir: Path) -> dict[str, Any]:
    """Have two processes make pieces, and kill the second one twice, each time some pieces on."""
    start_time, kills = time.perf_counter(), []
    processes = {number: start(source, index_dir, number) for number in range(1, SHARES + 1)}
    while any(process.poll() is None for process in processes.values()):
        time.sleep(0.2)
        if len(kills) < KILLS and count(index_dir) > 10 * (len(kills) + 1):
            processes[SHARES].kill()
            processes[SHARES].wait()
            kills.append(count(index_dir))
            processes[SHARES] = start(source, index_dir, SHARES)
    shares = [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes.values()]
    unfinished = len(list(index_dir.glob("*/pieces/making-*")))
    figures = {"pieces": count(index_dir), "killed_at": kills, "half_made": unfinished, "shares": shares}
    return {**figures, "pieces_s": round(time.perf_counter() - start_time, 1), **open_index(source, index_dir)}


def open_index(source: Path, index_dir: Path) -> dict[str, Any]:
    """Open the index, made of pieces where there are some: the last step, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.growth.making", str(source), str(index_dir), str(MANY)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def compare(source: Path, alone_dir: Path, shared_dir: Path) -> dict[str, Any]:
    """Which files of the two differ, and how many of the passages found and of the answers given are the same."""
    from assistant import Assistant
    from assistant.config import Config
    from index.minilm import MiniLmEncoder

    dirs = (alone_dir, shared_dir)
    files = [read_manifest(generations(next(index_dir.glob("*-*")))[0])["files"] for index_dir in dirs]
    differ = [name for name in sorted({*files[0], *files[1]}) if files[0][name]["sha256"] != files[1][name]["sha256"]]
    encoder = MiniLmEncoder()
    alone, shared = (Assistant.from_config(Config(source, index_dir), encoder, print) for index_dir in dirs)
    questions = [question for question, _ in make_questions(alone.index)]
    hits = sum(alone.index.search(question, 10) == shared.index.search(question, 10) for question in questions)
    answers = [(alone.ask(question), shared.ask(question)) for question in questions[:READ]]
    same = sum((a.evidence, a.confidence) == (b.evidence, b.confidence) for a, b in answers)
    counts = [(len(q.index.documents), len(q.index.passages), q.index.sentences) for q in (alone, shared)]
    return {"counts": counts, "differ": differ, "hits": f"{hits}/{len(questions)}", "answers": f"{same}/{len(answers)}"}


def main(source: Path, work: Path) -> None:
    """Make both, compare, print."""
    alone, shared = work / "alone", work / "shared"
    work.mkdir(parents=True, exist_ok=True)
    StaticEncoder(work / "words.npy")
    figures = {"alone": open_index(source, alone), "shared": make_shared(source, shared)}
    print(json.dumps({**figures, **compare(source, alone, shared)}, indent=1))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        share(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
