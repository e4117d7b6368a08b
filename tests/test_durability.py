"""kill -9 at any moment: the old index or the new one opens, never neither; nothing of what is kept is lost."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.rebuilding import Rebuilding, hear, rebuild, start

KILLS = 100
SEED = 20130426


@pytest.mark.slow
def test_kill_9_at_a_hundred_random_moments_of_a_rebuild(tmp_path: Path) -> None:
    rebuilding, chosen, pause = Rebuilding(tmp_path), random.Random(SEED), 0.0002
    phases = ("encoding", "saving", "removing")
    lengths: dict[str, list[float]] = {phase: [] for phase in phases}
    for _ in range(5):  # how long each phase takes
        rebuilding.prepare()
        child, told = start(rebuild, rebuilding.source, rebuilding.index_dir, pause)
        times = [time.perf_counter() for _ in hear(told)]
        child.join()
        for phase, begin, end in zip(phases, times, times[1:]):
            lengths[phase].append(end - begin)
        rebuilding.check()
    outcomes: dict[tuple[str, str], int] = {}
    for kill in range(KILLS):
        rebuilding.prepare()
        phase = phases[kill % 3]
        delay = chosen.uniform(0, sorted(lengths[phase])[2])
        child, told = start(rebuild, rebuilding.source, rebuilding.index_dir, pause)
        while told.recv() != phase:
            pass
        until = time.perf_counter() + delay
        while time.perf_counter() < until:
            pass
        child.kill()
        child.join()
        outcome = ("ended" if child.exitcode == 0 else phase), rebuilding.check()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print({phase: sorted(times)[2] for phase, times in lengths.items()}, outcomes)
    killed = [found for (when, found), count in outcomes.items() if when != "ended" for _ in range(count)]
    assert killed.count("old") >= 30
    assert killed.count("new") >= 15


@pytest.mark.slow
def test_kill_9_before_every_step_of_saving(tmp_path: Path) -> None:
    rebuilding, outcomes, step = Rebuilding(tmp_path), [], 0
    while not outcomes or outcomes[-1] != "ended":
        step += 1
        rebuilding.prepare()
        child, told = start(rebuild, rebuilding.source, rebuilding.index_dir, 0.0, step)
        heard = list(hear(told))
        child.join()
        found = rebuilding.check()
        outcomes.append(found if child.exitcode == -signal.SIGKILL else "ended")
    print(step, heard, {name: outcomes.count(name) for name in outcomes})
    assert outcomes[-1] == "ended"
    assert heard[-1] == step - 1
    assert outcomes == ["old"] * outcomes.count("old") + ["new"] * outcomes.count("new") + ["ended"]
    assert outcomes.count("old") > 40
    assert outcomes.count("new") > 10
