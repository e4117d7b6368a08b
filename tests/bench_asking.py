"""Part of make bench: what a person waits for. Warm by stage, the first answer, and a server with 8 and 32 clients.

Prints a table and writes the same as JSON to build/bench-asking.json. Times are in milliseconds.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from assistant import Assistant
from assistant.types import Answer
from eval.gold import ARTICLE_GOLD, load_gold
from index.sessions import count_cores
from tests.load.asking import Case, ask
from tests.load.server import Server

OUT = Path("build/bench-asking.json")
QUESTIONS, WARMING = 40, 12
CLIENTS, SECONDS = (8, 32), 20
ASKED = "Who leads Ansar Eddine?"


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """The median and the 95th percentile."""
    return {"p50": round(statistics.median(values), 1), "p95": round(statistics.quantiles(values, n=20)[-1], 1)}


def measure_warm(quoth: Assistant) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Wall time by stage and CPU time of the article's questions, each asked once after some others; and those."""
    gold = [item.question for item in load_gold(ARTICLE_GOLD, quoth.index.documents)]
    alone = [item.question for item in gold if not item.history][: QUESTIONS + WARMING]
    cpu: list[float] = []
    answers: list[Answer] = []
    for number, question in enumerate(alone):
        began = time.process_time()
        answer = quoth.ask(question)
        if number >= WARMING:
            cpu.append(1000 * (time.process_time() - began))
            answers.append(answer)
    stages = {stage: quantiles([answer.timings_ms[stage] for answer in answers]) for stage in answers[0].timings_ms}
    followed = [quoth.ask("Where is that?", [answer.to_turn()]).timings_ms["total"] for answer in answers]
    return {**stages, "cpu": quantiles(cpu), "follow-up": quantiles(followed)}, alone


def measure_process(*command: str) -> dict[str, float]:
    """Seconds from start to end of a process, its CPU's seconds, and the most megabytes that it held."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}.")
    used = usage.ru_utime + usage.ru_stime
    seconds = time.perf_counter() - began
    return {"s": round(seconds, 2), "cpu s": round(used, 2), "MB": usage.ru_maxrss // 1024}


def measure_server(questions: Sequence[str]) -> dict[str, float]:
    """Answers a second of a server with as many workers as cores, and the most memory that it held, in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.make_index()
        server.start()
        figures: dict[str, float] = {}
        for clients in CLIENTS:
            figures[f"answers a second, {clients} clients"] = round(
                answers_a_second(server.host, questions, clients), 2
            )
        figures["MB"] = peak_megabytes(server.process.pid)
        server.kill()
    return figures


def peak_megabytes(process: int) -> int:
    """The most memory that a process has held; Linux alone tells."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def answers_a_second(host: str, questions: Sequence[str], clients: int) -> float:
    """How many questions that many clients, who ask again at once, are answered a second."""
    until = time.monotonic() + SECONDS

    def go_on(client: int) -> int:
        answered = 0
        while time.monotonic() < until:
            question = questions[(client * 7 + answered) % len(questions)]
            status = ask(host, Case({"question": question}), f"{client}-{answered}").status
            answered += status == 200
            if status != 200:
                time.sleep(0.05)  # the queue is full
        return answered

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(go_on, range(clients))) / SECONDS


def main() -> None:
    """Measure, print, write."""
    measure_process("-m", "assistant", "ask", ASKED)  # which makes the index
    first = measure_process("-m", "assistant", "ask", ASKED)
    reference = measure_process("-c", "import sentence_transformers")
    warm, questions = measure_warm(Assistant.open())
    figures = {
        "cores": count_cores(),
        "warm": warm,
        "quoth ask": first,
        "import sentence_transformers": reference,
        "first answer against that import": round(first["s"] / reference["s"], 2),
        "follow-up against question": round(warm["follow-up"]["p50"] / warm["total"]["p50"], 2),
        "server": measure_server(questions),
    }
    for name, value in figures.items():
        print(f"{name:34} {value}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
