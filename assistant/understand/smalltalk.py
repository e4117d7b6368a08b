"""What people type that asks nothing, and one friendly line for it: greetings, thanks, instructions, abuse."""

import re

ASK_ME = "Ask me about the document; I answer in its own words."
NONSENSE = f"I did not understand that. {ASK_ME}"
# What a whole text is, and what is said to it.
WHOLE = (
    (
        r"(?:(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))\b[\s,.!]*)+"
        r"(?:there|quoth|all|everyone|you)?",
        f"Hello! {ASK_ME}",
    ),
    (
        r"how are you(?: doing)?(?: today)?|how[’']?s it going|what[’']?s up|nice to meet you",
        f"Well, thank you. {ASK_ME}",
    ),
    (
        r"(?:ok(?:ay)?|great|perfect|cool|nice|wow|good|fine|got it|i see|alright|awesome|lovely|brilliant)"
        r"(?:[\s,.!]+(?:thanks?|thank you).*)?",
        f"Good. {ASK_ME}",
    ),
    (r"(?:many )?(?:thanks?|thank you|thx|ty|cheers|much appreciated)\b.{0,30}", f"You are welcome. {ASK_ME}"),
    (r"good ?bye|bye(?: bye)?|see (?:you|ya)(?: later)?|good ?night|farewell", "Goodbye!"),
    (
        r"(?:who|what) are you|what can (?:you do|i ask(?: you)?)|what do you do|how do(?:es)? (?:this|you|it) work"
        r"|help(?: me)?|are you (?:an? )?(?:bot|robot|human|ai|real)",
        f"I am Quoth. {ASK_ME}",
    ),
    (
        r"(?:please |now |can you |could you |would you |i want you to )*"
        r"(?:ignore|disregard|forget|pretend|act as|roleplay|you are now|write|compose|translate|draw|sing|generate"
        r"|code|repeat after|rhyme|tell (?:me |us )?a (?:joke|story))\b.*",
        f"That I cannot do. {ASK_ME}",
    ),
)
RUDE = (
    r"(?:fuck(?:ing)?|stupid|idiot|dumb|useless|moron|crap|(?:bull)?shit|garbage|asshole|rubbish|sucks?|shut up|hate)"
)
FILLING = r"(?:you(?:[’']re)?|are|this|that|is|it|bot|thing|piece|of|off|so|such|just|an?|the|i|bloody)"
ABUSE = re.compile(rf"\W*(?:{FILLING}\W+)*{RUDE}(?:\W+(?:{FILLING}|{RUDE}))*\W*", re.I)
SORRY = f"I am sorry that I was of no help. {ASK_ME}"
LINES = tuple((re.compile(rf"\W*(?:{pattern})\W*", re.I | re.S), line) for pattern, line in WHOLE)


def reply_to(text: str) -> str | None:
    """One friendly line where a text asks nothing; None where it may be a question.

    >>> reply_to("Thanks a lot!")
    'You are welcome. Ask me about the document; I answer in its own words.'
    """
    for pattern, line in LINES:
        if pattern.fullmatch(text):
            return line
    return SORRY if ABUSE.fullmatch(text) else None
