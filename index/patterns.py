"""Regular expressions of months, dates, numbers and names, each of which stands here once."""

MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
DATE = rf"(?:{MONTH} \d{{1,2}}, \d{{4}}|\d{{1,2}} {MONTH} \d{{4}}|{MONTH} \d{{4}}|\d{{4}})"
NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|"
    r"billions?|half|thirds?|quarters?|several|many|few|none|most|once|twice|single|pair|couple|both|double|triple)"
)
CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
CAPITALISED = rf"{CAPITAL}[\w’'`-]*"
# Small words inside people's names, and inside the names of organisations and places.
PARTICLE = r"(?:de|del|della|der|den|di|da|du|des|la|le|les|el|al|van|von|zu|ter|bin|ibn|ben|ag|ould|wa|dos|e|y)"
LINK = rf"(?:of|the|for|and|in|on|to|{PARTICLE})"
