"""The words and names of documents in tables: learned document by document, asked word by word.

lexicons   what was learned of each document, for when it is asked alone, and the hash of its text
forms      words as they are written, as they are folded, and how often they are written so
words      folded words, numbers among them;  stems: those of words and forms, `content` where no function word
short      short forms with the long ones they stand for;  names: those of several words
parts      the words of names
spelled    the commonest folded words, for putting typing errors right
questions  what the documents answer (see suggest)
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from assistant.understand.lexicon import Lexicon
from index.database import Database, create, open_database
from index.folding import FUNCTION_WORDS, fold, stem, words

SCHEMA = """
CREATE TABLE lexicons (document TEXT PRIMARY KEY, lexicon BLOB NOT NULL, text TEXT);
CREATE TABLE forms (form TEXT PRIMARY KEY, folded TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE stems (stem TEXT PRIMARY KEY, content INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE short (short TEXT PRIMARY KEY, long TEXT NOT NULL, folded TEXT NOT NULL, spoken TEXT NOT NULL);
CREATE TABLE names (name TEXT PRIMARY KEY, last TEXT NOT NULL);
CREATE TABLE parts (word TEXT, name TEXT, PRIMARY KEY (word, name)) WITHOUT ROWID;
CREATE TABLE spelled (words TEXT NOT NULL);
CREATE TABLE questions (question BLOB NOT NULL);
"""
INDEXES = """
CREATE INDEX folded_forms ON forms (folded);
CREATE INDEX folded_short ON short (folded);
CREATE INDEX spoken_long ON short (spoken);
CREATE INDEX last_words ON names (last);
"""
TABLES = ("forms", "lexicons", "names", "parts", "questions", "short", "spelled", "stems", "words")
LEXICON = TypeAdapter(Lexicon)
COUNTED = 200_000  # words and forms that are counted before they are written
SPELLED = 100_000  # of many more words only the commonest are taken for what was meant
MOST_NAMES = 2_000  # that share a word with one that is typed
LONGEST_NAME = 12  # words
REMEMBERED = 4096


class Vocabulary:
    """The words and names of some documents."""

    def __init__(self, database: Database) -> None:
        self.select = database.select
        remember = lru_cache(maxsize=REMEMBERED)
        self.knows_word, self.knows_stem = remember(self._knows_word), remember(self._knows_stem)

    @classmethod
    def of(cls, lexicons: Iterable[tuple[str, Lexicon]]) -> "Vocabulary":
        """That of some documents, kept nowhere."""
        writer = VocabularyWriter(None)
        for document, lexicon in lexicons:
            writer.add(document, lexicon)
        return writer.finish()

    @classmethod
    def open(cls, path: Path) -> "Vocabulary":
        """That in a file; raises ValueError if it holds something else."""
        return cls(open_database(path, TABLES))

    def lexicons(self, documents: Iterable[str]) -> Iterator[tuple[str, Lexicon]]:
        """What was learned of some documents."""
        for document in documents:
            for (data,) in self.select("SELECT lexicon FROM lexicons WHERE document = ?", document):
                yield document, LEXICON.validate_json(data)

    def lexicon_of(self, document: str, text: str) -> Lexicon | None:
        """What was learned of a document, if its text has this hash."""
        found = self.select("SELECT lexicon FROM lexicons WHERE document = ? AND text = ?", document, text)
        return LEXICON.validate_json(found[0][0]) if found else None

    def questions(self) -> list[bytes]:
        """What the documents answer, as it was kept."""
        return [data for (data,) in self.select("SELECT question FROM questions ORDER BY rowid")]

    def _knows_word(self, word: str) -> bool:
        """Whether a folded word is one of the documents'."""
        query = "SELECT 1 FROM words WHERE word = ? UNION ALL SELECT 1 FROM forms WHERE folded = ? LIMIT 1"
        return bool(self.select(query, word, word))

    def _knows_stem(self, stem: str, content: bool = False) -> bool:
        """Whether a stem is one of the documents', and of no function word where it is one of content."""
        return bool(self.select("SELECT 1 FROM stems WHERE stem = ? AND content >= ?", stem, content))

    def form(self, folded: str) -> str | None:
        """How a folded word is written most often."""
        rows = self.select("SELECT form FROM forms WHERE folded = ? ORDER BY count DESC, rowid LIMIT 1", folded)
        return rows[0][0] if rows else None

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """The folded words that a typing error may stand for."""
        return tuple(self.select("SELECT words FROM spelled")[0][0].split())

    def short_forms(self, spoken: Sequence[str]) -> list[tuple[str, str]]:
        """The short forms and the long ones that stand in a row of words, with each other, in the documents' order."""
        runs = {" ".join(spoken[at : at + size]) for size in range(1, LONGEST_NAME) for at in range(len(spoken))}
        marks = ", ".join("?" * len(runs))
        return self.select(
            f"SELECT short, long FROM short WHERE folded IN ({marks}) OR spoken IN ({marks}) ORDER BY rowid",
            *runs,
            *runs,
        )

    def called(self, surname: str) -> list[str]:
        """The names that end with a word."""
        return [name for (name,) in self.select("SELECT name FROM names WHERE last = ? LIMIT 2", surname)]

    def sharing(self, spoken: Sequence[str]) -> list[str]:
        """The names that share one of some words, in the documents' order."""
        marks = ", ".join("?" * len(spoken))
        named = f"SELECT name FROM parts WHERE word IN ({marks})"
        query = f"SELECT name FROM names WHERE name IN ({named}) ORDER BY rowid LIMIT ?"
        return [name for (name,) in self.select(query, *spoken, MOST_NAMES)]


class VocabularyWriter:
    """Writes what is learned of documents into a file, or into memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._connection = create(path, SCHEMA)
        self._forms: Counter[str] = Counter()
        self._words: set[str] = set()

    def add(self, document: str, lexicon: Lexicon, text: str | None = None) -> None:
        """Write what was learned of a document, whose text has the hash `text`.

        Where two explain a short form, the first one counts.
        """
        write, write_all = self._connection.execute, self._connection.executemany
        write("INSERT INTO lexicons VALUES (?, ?, ?)", (document, LEXICON.dump_json(lexicon), text))
        write_all(
            "INSERT OR IGNORE INTO short VALUES (?, ?, ?, ?)",
            ((short, long, fold(short), " ".join(words(long))) for short, long in lexicon.short.items()),
        )
        for name in lexicon.names:
            if write("INSERT OR IGNORE INTO names VALUES (?, ?)", (name, fold(name).split(" ")[-1])).rowcount:
                write_all("INSERT OR IGNORE INTO parts VALUES (?, ?)", ((word, name) for word in words(name)))
        self._forms.update(lexicon.forms)
        self._words.update(lexicon.words)
        if len(self._forms) + len(self._words) > COUNTED:
            self._write_words()

    def _write_words(self) -> None:
        write_all = self._connection.executemany
        write_all("INSERT OR IGNORE INTO words VALUES (?)", ((word,) for word in self._words))
        write_all(
            "INSERT INTO stems VALUES (?, 1) ON CONFLICT DO UPDATE SET content = 1",
            ((stem(word),) for word in self._words if word not in FUNCTION_WORDS),
        )
        write_all(
            "INSERT INTO forms VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            ((form, fold(form), count) for form, count in self._forms.items()),
        )
        write_all("INSERT OR IGNORE INTO stems VALUES (?, 0)", ((stem(fold(form)),) for form in self._forms))
        self._forms.clear()
        self._words.clear()

    def add_questions(self, questions: Iterable[bytes]) -> None:
        """Keep what the documents answer."""
        self._connection.executemany("INSERT INTO questions VALUES (?)", ((question,) for question in questions))

    def finish(self) -> Vocabulary:
        """Write what is left; what was written can be read from now on, and questions be added until it is closed."""
        self._write_words()
        ranked = "SELECT folded FROM forms GROUP BY folded ORDER BY sum(count) DESC, min(rowid) LIMIT ?"
        spelled = " ".join(folded for (folded,) in self._connection.execute(ranked, (SPELLED,)))
        self._connection.execute("INSERT INTO spelled VALUES (?)", (spelled,))
        self._connection.execute("COMMIT")
        self._connection.executescript(INDEXES)
        return Vocabulary(Database(self._connection))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
