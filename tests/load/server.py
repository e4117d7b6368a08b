"""The server under load: `quoth serve` as its own process, killed and started again, its memory watched."""

import json
import signal
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the server: (time, megabytes) of its resident memory while clients ask."""

    memory: list[tuple[float, float]] = field(default_factory=list)

    def after(self, seconds: float) -> list[tuple[float, float]]:
        """The memory once it has been watched for so long."""
        return [sample for sample in self.memory if sample[0] >= self.memory[0][0] + seconds]


def slope(memory: list[tuple[float, float]]) -> float:
    """Megabytes a minute, by least squares."""
    times, sizes = zip(*memory)
    return 60 * statistics.linear_regression(times, sizes).slope


class Server:
    """A process that serves what is in source_docs, its files in a folder."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.host = f"127.0.0.1:{free.getsockname()[1]}"
        self.log, self.feedback = folder / "log.jsonl", folder / "feedback.sqlite"
        self.index = ("--index-dir", str(folder / "index"))
        options = ("--port", self.host.split(":")[1], "--quota", "", "--quota-address", "", "--metrics",
                   "--feedback", str(self.feedback))  # fmt: skip
        self.command = (sys.executable, "-m", "assistant", "serve", *self.index, *options)
        self.lives: list[Life] = []

    def make_index(self) -> None:
        """Make the index, so that each life of the server only loads it."""
        subprocess.run([sys.executable, "-m", "assistant", "index", *self.index], check=True, capture_output=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        self.lives.append(Life())
        deadline = time.monotonic() + START_SECONDS
        while self.get("/healthz") is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def settle(self) -> None:
        """Wait until it has found the questions to begin with, which it looks for when it starts."""
        while self.get("/api/suggestions", START_SECONDS) is None:
            time.sleep(0.5)

    def kill(self) -> None:
        """kill -9"""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it as Ctrl+C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def get(self, path: str, patience: float = 2) -> str | None:
        """The body of a path; None where nobody answers 200."""
        line = HTTPConnection(self.host, timeout=patience)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.read().decode() if answer.status == 200 else None
        except (OSError, HTTPException):
            return None
        finally:
            line.close()

    def waiting(self) -> int:
        """How many questions hold a place in the queue."""
        return int(float((self.get("/metrics") or "").split("\nquoth_questions_waiting ")[1].split("\n")[0]))

    def weigh(self) -> None:
        """Note how much memory it holds now, if it is there."""
        import psutil  # only where it is weighed: the extra `load`

        if self.process.poll() is None:
            held = psutil.Process(self.process.pid).memory_info().rss / 2**20
            self.lives[-1].memory.append((time.monotonic(), held))

    def errors(self) -> list[str]:
        """What its log tells of errors."""
        tracebacks = []
        for line in self.log.read_text(encoding="utf-8").splitlines():
            if not line.startswith("{"):
                tracebacks += [line] if "Traceback" in line else []
            elif line.endswith("}") and json.loads(line)["level"] in ("error", "critical"):
                tracebacks.append(line)
        return tracebacks
