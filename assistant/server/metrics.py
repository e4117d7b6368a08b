"""Prometheus metrics of one server, in a registry of its own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from assistant.types import Answer

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What is counted: requests by route and status, refusals by kind, answers by outcome and time, the queue."""

    def __init__(self, waiting: Callable[[], float]) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter("quoth_requests", "Requests answered", ["route", "status"], registry=registry)
        self.refusals = Counter("quoth_refusals", "Requests refused", ["kind"], registry=registry)
        self.answers = Counter("quoth_answers", "Questions, by what came of them", ["outcome"], registry=registry)
        self.seconds = Histogram("quoth_answer_seconds", "Time from question to answer", registry=registry)
        Gauge("quoth_questions_waiting", "Questions waiting or being answered", registry=registry).set_function(waiting)

    def observe(self, answer: Answer, seconds: float) -> None:
        """Count an answer, by what came of the question and how long it took."""
        self.seconds.observe(seconds)
        self.answers.labels(answer.abstention.reason if answer.abstention else "answered").inc()

    def text(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self.registry)
