"""The clients, as Locust runs them: those that ask, and some that leave before they are answered."""

import json
import random
import socket
import time
from dataclasses import dataclass

import gevent
from locust import User, constant, task
from locust.exception import StopUser

from tests.load.asking import EVENTS, ask, post
from tests.load.ledger import Ledger

CLIENTS = 32
LEAVING = 2  # beside them
FULL = 0.4  # of the time, its middle
RATED = 0.2  # of the answers


@dataclass(slots=True)
class Load:
    """What the clients share: the server's host, the ledger, how long it goes on, and how long one alone takes."""

    host: str
    ledger: Ledger
    seconds: float
    alone: float
    began: float = 0.0

    @property
    def share(self) -> float:
        """How much of the time has passed, from 0 to 1."""
        return (time.monotonic() - self.began) / self.seconds

    @property
    def phase(self) -> str:
        """Steady at first and at the end, full between."""
        return "full" if abs(self.share - 0.5) < FULL / 2 else "steady"

    @property
    def patience(self) -> float:
        """How many seconds after the end a client still asks for its answer: enough for everyone's, several times."""
        return 60 + 4 * CLIENTS * self.alone

    @property
    def think(self) -> float:
        """How long a client thinks before it asks: so long that the server is busy six tenths of the time."""
        return 0.0 if self.phase == "full" else CLIENTS * self.alone / 0.6 * random.uniform(0.5, 1.5)


class Client(User):
    """A client; it ends when the time is over."""

    abstract = True
    wait_time = constant(0)

    @property
    def load(self) -> Load:
        """What the clients share."""
        return self.environment.load

    def rest(self, seconds: float) -> None:
        """Do nothing for so long, or until the time is over or the queue is to be filled."""
        until, phase = time.monotonic() + seconds, self.load.phase
        while time.monotonic() < until and self.load.share < 1 and self.load.phase == phase:
            gevent.sleep(0.1)


class Asking(Client):
    """A client that asks until it is answered, and rates some answers."""

    fixed_count = CLIENTS

    def on_start(self) -> None:
        """Every second client waits as long as it is told when the queue is full; the others come back at once."""
        self.obeys = random.random() < 0.5
        self.rest(self.load.think * random.random())  # not all at once

    @task
    def ask(self) -> None:
        """Think, ask until it is answered, rate."""
        load, ledger = self.load, self.load.ledger
        self.rest(load.think)
        if load.share >= 1:
            raise StopUser
        number, phase, began = random.randrange(len(ledger.cases)), load.phase, time.monotonic()
        answered = ledger.ask_until_answered(number, lambda case, id: ask(load.host, case, id), self.wait_again)
        if not answered or ledger.truths[number].status != 200:
            return
        ledger.counts["full"] += load.phase == "full"
        if not ledger.was_away(began) and phase == load.phase:
            fields = {"request_type": phase, "name": "answer", "response_length": len(answered[0].body)}
            self.environment.events.request.fire(response_time=1000 * answered[1], exception=None, context={}, **fields)
        if random.random() < RATED:
            self.rate(ledger.cases[number].question)

    def wait_again(self, why: str, seconds: int) -> bool:
        """Wait before asking again; when the time is long over, it is given up."""
        gevent.sleep(0.5 if why == "broken" else seconds if self.obeys else 0.05)
        return self.load.share < 1 + self.load.patience / self.load.seconds

    def rate(self, question: str) -> None:
        """Say that an answer was helpful, under a mark of its own."""
        began, mark = time.monotonic(), f"{random.getrandbits(128):032x}"
        given = {"question": question, "standalone_question": mark, "helpful": True}
        self.load.ledger.enter_rating(mark, post(self.load.host, "/api/feedback", given, mark), began)


class Leaving(Client):
    """A client that asks and leaves before it is answered."""

    fixed_count = LEAVING

    @task
    def leave(self) -> None:
        """Ask, wait a little, leave."""
        self.rest(10 * self.load.alone)
        if self.load.share >= 1:
            raise StopUser
        case = random.choice(self.load.ledger.cases)
        host, _, port = self.load.host.partition(":")
        body = json.dumps(case.body)
        head = f"POST /api/ask HTTP/1.1\r\nHost: {self.load.host}\r\nAccept: {EVENTS if case.stream else '*/*'}\r\n"
        sent = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        try:
            with socket.create_connection((host, int(port)), timeout=5) as line:
                line.sendall(sent.encode())
                gevent.sleep(random.uniform(0, 4 * self.load.alone))
        except OSError:
            return
        self.load.ledger.counts["left"] += 1
