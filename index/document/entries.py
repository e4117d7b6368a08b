"""Entries of reference lists, one work each: names, date, title and what follows, in the order of the common styles.

Roe A, Lund P. 2006. Rain. Weather Review 3: 4-9.         Roe, A., & Lund, P. (2006). Rain. Weather Review, 3, 4–9.
Roe A, Lund P. Rain. Weather Rev. 2006;3:4-9.             Roe A, Lund P: Rain. Weather Rev 2006, 3:4-9.
Roe, Anna (3 May 2006). Rain. Hull: Quay Press.           Roe, Anna. “Rain.” Weather Review 3 (2006): 4–9.
"Rain". Weather Review. 3 May 2006.
"""

import re

from index.patterns import CAPITAL, PARTICLE

YEAR = r"(?:1[5-9]|20)\d\d[a-z]?"
DATE = rf"(?:\d{{1,2}} )?(?:{CAPITAL}[a-z]+\.? )?(?:\d{{1,2}}, )?{YEAR}(?:, [^()]{{1,20}})?"
SURNAME = rf"(?:{PARTICLE} ){{0,2}}{CAPITAL}[\w’'-]+(?: {CAPITAL}[\w’'-]+)?"
BARE = rf"{SURNAME} {CAPITAL}{{1,3}}(?!\w)"  # Roe AB
PERSON = rf"{SURNAME},? {CAPITAL}\.?(?:[ -]?{CAPITAL}\.?){{0,3}}(?!\w)"  # Roe, A. B.
MORE = r"(?:,? et al\.?)?(?:,? \(?[Ee]ds?\.?\)?)?"
ANY = rf"(?:{BARE}|{PERSON})"
PEOPLE = rf"{ANY}(?:(?:, |; |,? and |,? & ){ANY}){{0,30}}{MORE}"
BARE_PEOPLE = rf"{BARE}(?:, {BARE}){{0,30}}{MORE}"
WORD = rf"(?:{CAPITAL}[\w’'.-]*|{PARTICLE}|and|&|et al\.|eds?\.|of|the|for)"
FULL_NAMES = rf"{CAPITAL}[\w’'.-]*(?:[,;]{{0,1}} {WORD}){{0,30}}?"
TITLE = r"(?P<title>[^.?!“”\"]{3,300}[?!]?)(?:\.|(?<=[?!])|$)\s?"
REST = rf"(?P<rest>.*\b{YEAR}\b.*)"
STYLES = tuple(
    re.compile(style, re.DOTALL)
    for style in (
        rf"(?P<names>{PEOPLE})[.,]? \(?(?P<date>{YEAR})(?:, [^()]{{1,20}})?\)?[.,:]? {TITLE}(?P<rest>.*)$",
        rf"(?P<names>{FULL_NAMES})[.,]? \((?P<date>{DATE})\)[.,:] {TITLE}(?P<rest>.*)$",
        rf"(?P<names>{BARE_PEOPLE})[.:] {TITLE}(?P<rest>.*(?:\b{YEAR}\b[^.]{{0,12}}[;,:] ?\d|; {YEAR}\b).*)$",
        rf"(?:(?P<names>{FULL_NAMES})(?:\.| \((?P<date>{DATE})\)\.) )?"
        rf"[“\"](?P<title>[^“”\"]{{3,300}}?)(?:[”\"]\.|[.?!][”\"]) (?=[^\W_a-z]){REST}$",
    )
)
OTHERS = re.compile(r";(?!\s?\d)")  # another citation; "2006;3:4" is none


def match_entry(text: str) -> re.Match[str] | None:
    """Match an entry, with groups for its names, date, title and the rest; None if it has another style.

    >>> match_entry("Falkow S. 2006. Rest and motion. Back Journal.")["title"]
    'Rest and motion'
    """
    match = next((match for style in STYLES if (match := style.match(text))), None)
    return match if match and not OTHERS.search(match["rest"]) else None
