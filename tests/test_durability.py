"""kill -9 at any moment: the old index or the new one opens, never neither; nothing of what is kept is lost."""

import random
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.feedback import FeedbackStore
from assistant.server.tokens import TokenFile
from index.generation import generations
from tests.rebuilding import (
    TEXTS,
    Rebuilding,
    add_tokens,
    check_whole,
    folder_in,
    hear,
    read_on,
    rebuild,
    save_feedback,
    start,
)

KILLS = 100
SEED = 20130426


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_kill_9_at_a_hundred_random_moments_of_a_rebuild(tmp_path: Path) -> None:
    rebuilding, chosen, pause = Rebuilding(tmp_path), random.Random(SEED), 0.0002
    phases = ("encoding", "saving", "removing")
    lengths: dict[str, list[float]] = {phase: [] for phase in phases}
    for _ in range(5):  # how long each phase takes
        rebuilding.prepare()
        child, pipe = start(rebuild, rebuilding.source, rebuilding.index_dir, pause)
        times = [time.perf_counter() for _ in hear(pipe)]
        child.join()
        for phase, begin, end in zip(phases, times, times[1:]):
            lengths[phase].append(end - begin)
        rebuilding.check()
    outcomes: dict[tuple[str, str], int] = {}
    for kill in range(KILLS):
        rebuilding.prepare()
        phase = phases[kill % 3]
        delay = chosen.uniform(0, sorted(lengths[phase])[2])
        child, pipe = start(rebuild, rebuilding.source, rebuilding.index_dir, pause)
        while pipe.recv() != phase:
            pass
        until = time.perf_counter() + delay
        while time.perf_counter() < until:
            pass
        child.kill()
        child.join()
        outcome = ("ended" if child.exitcode == 0 else phase), rebuilding.check()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print({phase: sorted(times)[2] for phase, times in lengths.items()}, outcomes)
    killed = [outcome for (when, outcome), count in outcomes.items() if when != "ended" for _ in range(count)]
    assert killed.count("old") >= 30
    assert killed.count("new") >= 15


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_kill_9_before_every_step_of_saving(tmp_path: Path) -> None:
    rebuilding, outcomes, step = Rebuilding(tmp_path), [], 0
    while not outcomes or outcomes[-1] != "ended":
        step += 1
        rebuilding.prepare()
        child, pipe = start(rebuild, rebuilding.source, rebuilding.index_dir, 0.0, step)
        heard = list(hear(pipe))
        child.join()
        outcome = rebuilding.check()
        outcomes.append(outcome if child.exitcode == -signal.SIGKILL else "ended")
    print(step, heard, {name: outcomes.count(name) for name in outcomes})
    assert outcomes[-1] == "ended"
    assert heard[-1] == step - 1
    assert outcomes == ["old"] * outcomes.count("old") + ["new"] * outcomes.count("new") + ["ended"]
    assert outcomes.count("old") > 40
    assert outcomes.count("new") > 10


def swap_texts(source: Path, seconds: float, chosen: random.Random) -> None:
    """Have one text after another at a path, each put there whole."""
    until, other = time.monotonic() + seconds, source.with_suffix(".new")
    while time.monotonic() < until:
        other.write_text(chosen.choice(TEXTS), encoding="utf-8")
        other.replace(source)
        time.sleep(chosen.uniform(0, 0.1))


@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_whoever_opens_while_others_rebuild_and_are_killed_gets_an_index(tmp_path: Path, seconds: float) -> None:
    source, index_dir, chosen = tmp_path / "doc.txt", tmp_path / "idx", random.Random(SEED)
    source.write_text(TEXTS[0], encoding="utf-8")
    readers = [start(read_on, source, index_dir, seconds) for _ in range(3)]
    until = time.monotonic() + seconds
    kills = 0
    while time.monotonic() < until:
        doomed, _ = start(read_on, source, index_dir, seconds)
        swap_texts(source, chosen.uniform(0.2, 0.6), chosen)
        doomed.kill()
        doomed.join()
        kills += 1
    heard = []
    for child, pipe in readers:
        heard += list(hear(pipe))
        child.join()
    print(kills, "killed; loaded, made:", heard)
    assert [child.exitcode for child, _ in readers] == [0, 0, 0]
    assert all(loaded > 0 for loaded, _ in heard)
    assert sum(times_made for _, times_made in heard) > 2
    for generation in generations(folder_in(index_dir)):
        check_whole(generation)


KILLS_OF_KEEPING = [3, pytest.param(50, marks=pytest.mark.slow)]


@pytest.mark.parametrize("kills", KILLS_OF_KEEPING)
def test_kill_9_while_tokens_are_made_loses_none(tmp_path: Path, kills: int) -> None:
    chosen, path, pipe = random.Random(SEED), tmp_path / "tokens.json", []
    for kill in range(kills):
        heard = killed(add_tokens, path, f"t{kill}", chosen)
        pipe += heard
        names = [token.name for token in TokenFile(path).read().tokens]
        assert [name for name in names if name in pipe] == pipe
        assert set(names) - set(pipe) <= {f"t{kill}-{len(heard)}"}  # kept, but killed before it was told
        pipe = names
        assert len(list(tmp_path.iterdir())) <= 3
    TokenFile(path).revoke(pipe[0])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["tokens.json", "tokens.lock"]
    print(kills, "kills,", len(pipe), "tokens")


@pytest.mark.parametrize("kills", KILLS_OF_KEEPING)
def test_kill_9_while_feedback_is_kept_loses_none(tmp_path: Path, kills: int) -> None:
    chosen, path, pipe = random.Random(SEED), tmp_path / "feedback.sqlite", []
    for kill in range(kills):
        heard = killed(save_feedback, path, f"r{kill}", chosen)
        pipe += heard
        kept = [record.id for record in FeedbackStore(path).list()]
        assert set(pipe) <= set(kept)
        assert set(kept) - set(pipe) <= {f"r{kill}-{len(heard)}"}
        pipe = kept
    print(kills, "kills,", len(pipe), "records")
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def killed(target: Callable[..., None], path: Path, tag: str, chosen: random.Random) -> list[str]:
    """What a child told until it was killed, some time after the first."""
    child, pipe = start(target, path, tag)
    first = pipe.recv()
    time.sleep(chosen.uniform(0, 0.05))
    child.kill()
    child.join()
    return [first, *map(str, hear(pipe))]
