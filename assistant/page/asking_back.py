"""A question that was not answered, kept for a person to answer."""

import logging
import time
from collections.abc import Callable

import gradio as gr

from assistant.config import MAX_QUESTION
from assistant.feedback import NOT_KEPT
from assistant.page.answers import Exchange
from assistant.page.asking import Patch
from assistant.server.auth import caller_of
from assistant.unanswered import UnansweredStore, make_unanswered
from index.errors import QuothError, StoreError


def make_ask_back(store: UnansweredStore) -> Callable[..., Patch]:
    """Return the handler of requests for a reply: with consent the question is saved; it returns a patch."""

    def ask_back(exchanges: list[Exchange], event: gr.EventData, request: gr.Request) -> Patch:
        sent = event._data if isinstance(event._data, dict) else {}
        turn = sent.get("turn")
        asked = exchanges[turn - 1] if isinstance(turn, int) and 0 < turn <= len(exchanges) else None
        own = asked and asked.by == caller_of(request).key and not asked.upload  # nobody leaves another's
        answer = asked.answer if asked and own else None
        if answer is None or answer.abstention is None:
            return {"asked_back": 0, "say": "There is no such question.", "made": time.monotonic_ns()}
        kept = False
        try:
            contact = answer.abstention.contact
            question = answer.in_context[-MAX_QUESTION:]
            store.save(make_unanswered(question, sent.get("address"), sent.get("consent"), contact))
            kept, said = True, "Your question and this address are kept until somebody has answered you."
        except StoreError as error:
            logging.getLogger("quoth").warning("%s", error)
            said = NOT_KEPT
        except QuothError as error:
            said = str(error)
        return {"asked_back": turn, "kept": kept, "say": said, "made": time.monotonic_ns()}

    return ask_back
