"""Small talk: replies to greetings, thanks, instructions and abuse, which ask nothing.

A greeting or thanks in front of a question is dropped. What looks like an instruction is still looked up, since "code
of the gate" is none; it gets its reply if nothing was found.
"""

import re

ASK_ME = "Ask me about the document; I answer in its own words."
NONSENSE = f"I did not understand that. {ASK_ME}"
GREETING = (
    r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: (?:there|quoth|all|everyone|you))?"
)
THANKS = (
    r"(?:many )?(?:thanks?(?: you)?|thx|ty|cheers|much appreciated)"
    r"(?: (?:you|again|a lot|so much|very much|a million|for (?:that|this|(?:all )?(?:your|the) \w+)|in advance))*"
)
APPROVAL = (
    r"(?:ok(?:ay)?|great|perfect|cool|nice|wow|good|fine|got it|i see|alright|awesome|lovely|brilliant)"
    r"(?: (?:one|job|answer|work))?"
)
POLITE = re.compile(rf"\W*(?:{GREETING}|{THANKS}|{APPROVAL})\s*[,.!;:\u2014-]+\s*(?=\w)", re.I)
# Patterns of a whole text, and the reply to each.
WHOLE = (
    (rf"(?:{GREETING}[\s,.!]*)+", f"Hello! {ASK_ME}"),
    (
        r"how are you(?: doing)?(?: today)?|how[’']?s it going|what[’']?s up|nice to meet you",
        f"Well, thank you. {ASK_ME}",
    ),
    (rf"{APPROVAL}(?:[\s,.!]+{THANKS})?", f"Good. {ASK_ME}"),
    (THANKS, f"You are welcome. {ASK_ME}"),
    (r"good ?bye|bye(?: bye)?|see (?:you|ya)(?: later)?|good ?night|farewell", "Goodbye!"),
    (
        r"(?:who|what) are you|what can (?:you do|i ask(?: you)?)|what do you do|how do(?:es)? (?:this|you|it) work"
        r"|help(?: me)?|are you (?:an? )?(?:bot|robot|human|ai|real)",
        f"I am Quoth. {ASK_ME}",
    ),
)
INSTRUCTION = re.compile(
    r"\W*(?:please |now |can you |could you |would you |i want you to )*"
    r"(?:ignore|disregard|forget|pretend|act as|roleplay|you are now|write|compose|translate|draw|sing|generate"
    r"|code|repeat after|rhyme|tell (?:me |us )?a (?:joke|story))\b.*",
    re.I | re.S,
)
CANNOT = f"That I cannot do. {ASK_ME}"
RUDE = (
    r"(?:fuck(?:ing)?|stupid|idiot|dumb|useless|moron|crap|(?:bull)?shit|garbage|asshole|rubbish|sucks?|shut up|hate)"
)
FILLING = r"(?:you(?:[’']re)?|are|this|that|is|it|bot|thing|piece|of|off|so|such|just|an?|the|i|bloody)"
ABUSE = re.compile(rf"\W*(?:{FILLING}\W+)*{RUDE}(?:\W+(?:{FILLING}|{RUDE}))*\W*", re.I)
SORRY = f"I am sorry that I was of no help. {ASK_ME}"
REPLIES = tuple((re.compile(rf"\W*(?:{pattern})\W*", re.I | re.S), reply) for pattern, reply in WHOLE)


def reply_to(text: str) -> str | None:
    """Return a reply to a text that asks nothing; None if it may be a question.

    >>> reply_to("Thanks a lot!")
    'You are welcome. Ask me about the document; I answer in its own words.'
    """
    for pattern, reply in REPLIES:
        if pattern.fullmatch(text):
            return reply
    return SORRY if ABUSE.fullmatch(text) else None


def without_greeting(text: str) -> str:
    """Drop greeting, thanks or approval in front of a question.

    >>> without_greeting("Great, thanks! And when is it due?")
    'And when is it due?'
    """
    while polite := POLITE.match(text):
        text = text[polite.end() :]
    return text


def is_instruction(text: str) -> bool:
    """Whether a text looks like an instruction to write or do something."""
    return bool(INSTRUCTION.fullmatch(text))
